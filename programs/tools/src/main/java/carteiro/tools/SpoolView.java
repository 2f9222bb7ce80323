package carteiro.tools;

import carteiro.control.Installation;
import carteiro.log.LogText;
import carteiro.posix.Invocation;
import carteiro.protocol.Spool;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.Set;

/** What lies in the spool of an installation, and whether local mail can be left there (docs/protocols/spool.md). */
final class SpoolView {
    private SpoolView() {}

    /** Says on standard error how much waits there, to who may know. */
    static void tell(Invocation call, String name, Installation installation) {
        Path folder = Spool.folder(installation);
        try {
            Spool.Content content = Spool.look(folder);
            if (content.messages() > 0) {
                call.complain(name + ": " + content.messages() + " more in " + LogText.path(folder)
                        + ", handed in while queue was down; queue takes them in when it runs\n");
            }
        } catch (IOException e) {
            // there is none, or its content is not for this user
        }
    }

    /** Adds what is wrong with it. */
    static void look(Installation installation, Set<String> warnings) {
        Path folder = Spool.folder(installation);
        if (!Files.exists(folder, LinkOption.NOFOLLOW_LINKS)) {
            if (Files.isDirectory(installation.queue())
                    && installation.queueOfQmail().isEmpty()) {
                warnings.add(LogText.path(folder)
                        + ": is missing, so local mail is refused while queue is down; make it by: carteiro"
                        + " init --home " + LogText.path(installation.home()) + " --me HOST");
            }
            return;
        }
        try {
            if (!Files.isDirectory(folder, LinkOption.NOFOLLOW_LINKS)) {
                warnings.add(LogText.path(folder)
                        + ": is no folder; local mail is refused while queue is down; move it away");
                return;
            }
            mode(folder, installation, warnings);
            content(folder, warnings);
        } catch (IOException e) {
            warnings.add(LogText.path(folder) + ": cannot be looked at (" + LogText.reason(e) + ")");
        }
    }

    private static void mode(Path folder, Installation installation, Set<String> warnings) throws IOException {
        Path queue = installation.queue();
        int mode = Spool.mode(folder);
        boolean ofOne = mode == Spool.MODE_OF_ONE && uid(folder) != 0 && uid(folder) == uid(installation.home());
        if (mode != Spool.MODE && !ofOne) {
            warnings.add(LogText.path(folder) + ": has mode " + Integer.toOctalString(mode)
                    + ", so that not every user's mail can wait" + " there while queue is down; mend it by: chmod "
                    + Integer.toOctalString(Spool.MODE) + " " + LogText.path(folder));
        }
        if (Files.isDirectory(queue)) {
            if (uid(folder) != uid(queue)) {
                String owner = Files.getOwner(folder, LinkOption.NOFOLLOW_LINKS).getName();
                String queues = Files.getOwner(queue, LinkOption.NOFOLLOW_LINKS).getName();
                warnings.add(LogText.path(folder) + ": belongs to " + owner + ", and queue works as " + queues
                        + "; mend it by: chown " + queues + " " + LogText.path(folder) + " && chmod "
                        + Integer.toOctalString(Spool.MODE) + " " + LogText.path(folder));
            }
        }
    }

    private static int uid(Path file) throws IOException {
        return (int) Files.getAttribute(file, "unix:uid", LinkOption.NOFOLLOW_LINKS);
    }

    private static void content(Path folder, Set<String> warnings) throws IOException {
        try {
            Spool.Content content = Spool.look(folder);
            if (content.messages() > 0) {
                warnings.add(LogText.path(folder) + ": messages that were handed in while queue was down: "
                        + content.messages() + "; they are taken in when queue runs");
            }
            if (content.setAside() > 0) {
                warnings.add(LogText.path(folder) + ": files that cannot be taken in (damaged-...): "
                        + content.setAside() + "; queue's log says why; look at them, then remove them");
            }
        } catch (AccessDeniedException e) {
            // for its owner and root alone
        }
    }
}
