package carteiro.posix;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalInt;
import java.util.OptionalLong;

/**
 * Who runs this process, read from /proc: commands that live for milliseconds do without the foreign function interface.
 *
 * @param pid the process id
 * @param uid the real user id; the effective one if /proc does not say
 * @param user the name of that user; its number, or {@code ?}, if it has none
 */
public record ProcessCredentials(long pid, int uid, String user) {
    /** This process. */
    public static ProcessCredentials current() {
        try {
            return of(Files.readAllLines(Path.of("/proc/self/status"), StandardCharsets.ISO_8859_1));
        } catch (IOException e) {
            return of(List.of()); // no /proc here
        }
    }

    /** @param status the lines of /proc/self/status; what they do not tell, the system is asked */
    static ProcessCredentials of(List<String> status) {
        OptionalLong pid = OptionalLong.empty();
        OptionalInt uid = OptionalInt.empty();
        for (String line : status) {
            String[] words = line.split("\t");
            if (words.length > 1 && words[0].equals("Pid:") && words[1].matches("[0-9]{1,10}")) {
                pid = OptionalLong.of(Long.parseLong(words[1]));
            } else if (words.length > 1 && words[0].equals("Uid:")) {
                uid = UnixId.parse(words[1]);
            }
        }
        return new ProcessCredentials(
                pid.orElseGet(() -> ProcessHandle.current().pid()),
                uid.orElseGet(SystemAccount::effectiveUid),
                System.getProperty("user.name", "?"));
    }
}
