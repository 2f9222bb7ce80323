package carteiro.lookup;

import carteiro.mail.Octets;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Which server's files a path leads to, as the kernel lists them (proc(5), mountinfo). The path itself is not touched, which could
 * hang; where it goes through a symbolic link, the answer is that of the link. Any thread.
 */
final class MountTable {
    private static final Path FILE = Path.of("/proc/self/mountinfo");

    /** How long what was read is taken for true. */
    private static final Duration TRUST = Duration.ofSeconds(5);

    private static final Pattern ESCAPE = Pattern.compile("\\\\([0-7]{3})");

    /** {@code host:/path} and {@code [address]:/path} as NFS has it, {@code //host/share} as CIFS does. */
    private static final Pattern SERVER = Pattern.compile("(\\[[^\\]]+\\]|[^/:\\[]+):.*|//([^/]+).*");

    private volatile @Nullable MountList read;

    private record Mount(String point, String server) {}

    private record MountList(List<Mount> mounts, long at) {}

    /** The name of the host that has the file, or the place where a file system of this host is mounted. */
    String server(String path) {
        MountList now = read;
        if (now == null || System.nanoTime() - now.at >= TRUST.toNanos()) {
            now = new MountList(parse(text()), System.nanoTime());
            read = now;
        }
        return server(now.mounts, path);
    }

    private static String text() {
        try {
            return Octets.text(Files.readAllBytes(FILE));
        } catch (IOException e) {
            return ""; // then all is one file system
        }
    }

    /** The same by a table that is given as text. */
    static String server(String table, String path) {
        return server(parse(table), path);
    }

    private static String server(List<Mount> mounts, String path) {
        Mount best = new Mount("/", "/");
        for (Mount mount : mounts) {
            boolean below = mount.point.equals("/") || path.equals(mount.point) || path.startsWith(mount.point + "/");
            if (below && mount.point.length() >= best.point.length()) { // of two at one place the later is on top
                best = mount;
            }
        }
        return best.server;
    }

    private static List<Mount> parse(String table) {
        var mounts = new ArrayList<Mount>();
        for (String line : table.split("\n")) {
            String[] words = line.split(" ");
            int dash = List.of(words).indexOf("-");
            if (dash >= 5 && words.length > dash + 2) {
                String point = unescaped(words[4]);
                Matcher remote = SERVER.matcher(unescaped(words[dash + 2]));
                mounts.add(new Mount(
                        point,
                        !remote.matches() ? point : remote.group(1) == null ? remote.group(2) : remote.group(1)));
            }
        }
        return mounts;
    }

    private static String unescaped(String word) {
        return ESCAPE.matcher(word)
                .replaceAll(
                        octal -> Matcher.quoteReplacement(String.valueOf((char) Integer.parseInt(octal.group(1), 8))));
    }
}
