package carteiro.posix;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Who runs this process, read from /proc: commands that live for milliseconds do without the foreign function interface.
 *
 * @param pid the process id
 * @param uid the real user id; -1 if the system does not say
 * @param user the name of that user; its number, or {@code ?}, if it has none
 */
public record ProcessCredentials(long pid, int uid, String user) {
    /** This process. */
    public static ProcessCredentials current() {
        long pid = -1;
        int uid = -1;
        try {
            for (String line :
                    Files.readAllLines(Path.of("/proc/self/status"), java.nio.charset.StandardCharsets.ISO_8859_1)) {
                if (line.startsWith("Pid:\t")) {
                    pid = Long.parseLong(line.substring(5));
                } else if (line.startsWith("Uid:\t")) {
                    uid = (int) Long.parseLong(line.substring(5, line.indexOf('\t', 5)));
                }
            }
        } catch (IOException | NumberFormatException e) {
            uid = -1; // no /proc here
        }
        return new ProcessCredentials(
                pid >= 0 ? pid : ProcessHandle.current().pid(),
                uid >= 0 ? uid : SystemAccount.effectiveUid(),
                System.getProperty("user.name", "?"));
    }
}
