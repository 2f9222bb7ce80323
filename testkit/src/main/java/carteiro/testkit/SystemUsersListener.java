package carteiro.testkit;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.platform.launcher.LauncherSession;
import org.junit.platform.launcher.LauncherSessionListener;

/** Removes the system's users and groups that a module's tests made for Carteiro: a host that had none has none afterwards. */
public final class SystemUsersListener implements LauncherSessionListener {
    private static final List<String> USERS =
            List.of("qmaild", "qmailq", "qmails", "qmailr", "qmailp", "qmaill", "alias");
    private static final List<String> GROUPS = List.of("qmail", "nofiles");

    private Set<String> users = Set.of();
    private Set<String> groups = Set.of();

    /** For the service loader. */
    public SystemUsersListener() {}

    @Override
    public void launcherSessionOpened(LauncherSession session) {
        users = names("/etc/passwd");
        groups = names("/etc/group");
    }

    @Override
    public void launcherSessionClosed(LauncherSession session) {
        if (!System.getProperty("user.name").equals("root")) {
            return;
        }
        remove("userdel", USERS, users, names("/etc/passwd"));
        remove("groupdel", GROUPS, groups, names("/etc/group"));
    }

    private static void remove(String command, List<String> ours, Set<String> before, Set<String> now) {
        for (String name : ours) {
            if (now.contains(name) && !before.contains(name)) {
                try {
                    Process process = new ProcessBuilder(command, name)
                            .redirectErrorStream(true)
                            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                            .start();
                    if (!process.waitFor(30, TimeUnit.SECONDS) || process.exitValue() != 0) {
                        System.err.println(command + " " + name + " failed: the tests leave it on this host");
                    }
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                    return;
                }
            }
        }
    }

    private static Set<String> names(String file) {
        try (var lines = Files.lines(Path.of(file), StandardCharsets.ISO_8859_1)) {
            return lines.map(line -> line.substring(0, Math.max(0, line.indexOf(':'))))
                    .collect(Collectors.toCollection(TreeSet::new));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
