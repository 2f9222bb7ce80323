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
import org.jspecify.annotations.Nullable;
import org.junit.platform.launcher.LauncherSession;
import org.junit.platform.launcher.LauncherSessionListener;

/**
 * Removes the system's users and groups that tests run by root made for Carteiro: a host that had none has none afterwards.
 * Modules are tested at the same time, and one must not remove what another works with: the last to end does it.
 */
public final class SystemUsersListener implements LauncherSessionListener {
    private static final List<String> USERS =
            List.of("qmaild", "qmailq", "qmails", "qmailr", "qmailp", "qmailpop", "qmailo", "qmaill", "alias");
    private static final List<String> GROUPS = List.of("qmail", "nofiles");
    private static final Path BEFORE = Path.of("/run/carteiro-tests-users"); // a folder that is root's alone

    private @Nullable SessionCount sessions;

    /** For the service loader. */
    public SystemUsersListener() {}

    @Override
    public void launcherSessionOpened(LauncherSession session) {
        if (System.getProperty("user.name").equals("root")) {
            sessions = SessionCount.join(BEFORE, SystemUsersListener::present);
        }
    }

    @Override
    public void launcherSessionClosed(LauncherSession session) {
        SessionCount joined = sessions;
        if (joined != null) {
            joined.leave(SystemUsersListener::removeAllBut);
        }
    }

    private static List<String> present() {
        Set<String> users = names("/etc/passwd");
        Set<String> groups = names("/etc/group");
        return List.of(
                "users "
                        + String.join(
                                " ", USERS.stream().filter(users::contains).toList()),
                "groups "
                        + String.join(
                                " ", GROUPS.stream().filter(groups::contains).toList()));
    }

    private static void removeAllBut(List<String> before) {
        remove("userdel", USERS, words(before, "users"), names("/etc/passwd"));
        remove("groupdel", GROUPS, words(before, "groups"), names("/etc/group"));
    }

    private static Set<String> words(List<String> lines, String first) {
        return lines.stream()
                .map(line -> List.of(line.split(" ", -1)))
                .filter(words -> words.getFirst().equals(first))
                .flatMap(List::stream)
                .collect(Collectors.toSet());
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
