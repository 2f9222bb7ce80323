package carteiro.posix;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * Who a process is, as the kernel tells it (proc(5)). Linux.
 *
 * @param session the process id of its session's leader
 * @param uid its real user
 * @param gid its real group
 * @param hasOneIdentity whether its effective, saved and file-system ids are the same
 */
public record ProcessStatus(long session, int uid, int gid, boolean hasOneIdentity) {
    /** Where the session stands in /proc/PID/stat, behind the name: state, parent, group, session. */
    private static final int SESSION = 3;

    /**
     * Looks at a process; empty if there is none of that number.
     *
     * @throws IOException if the system does not tell
     */
    public static Optional<ProcessStatus> of(long pid) throws IOException {
        Path folder = Path.of("/proc", Long.toString(pid));
        try {
            String stat = Files.readString(folder.resolve("stat"), StandardCharsets.ISO_8859_1);
            String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ");
            List<String> status = Files.readAllLines(folder.resolve("status"), StandardCharsets.ISO_8859_1);
            List<Integer> users = ids(status, "Uid:");
            List<Integer> groups = ids(status, "Gid:");
            boolean one = users.stream().distinct().count() == 1
                    && groups.stream().distinct().count() == 1;
            return Optional.of(
                    new ProcessStatus(Long.parseLong(fields[SESSION]), users.getFirst(), groups.getFirst(), one));
        } catch (NoSuchFileException e) {
            return Optional.empty();
        } catch (RuntimeException e) {
            throw new IOException(folder + " has not the form that we know", e);
        }
    }

    private static List<Integer> ids(List<String> status, String name) {
        return status.stream()
                .filter(line -> line.startsWith(name))
                .flatMap(line ->
                        Arrays.stream(line.substring(name.length()).strip().split("\\s+")))
                .map(Integer::parseUnsignedInt)
                .toList();
    }
}
