package carteiro.log;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/** How the reader of a log is told how bad a line is. */
public enum Severity {
    /** By the words in front: {@code alert: }, {@code warning: }. */
    IN_WORDS,
    /** By the prefix too that systemd's journal takes off ({@code sd-daemon}): {@code <1>}, {@code <4>}, {@code <6>}. */
    PREFIXED;

    /**
     * {@link #PREFIXED} if systemd connected this descriptor to its journal: JOURNAL_STREAM has its device and inode. A
     * descriptor that was led elsewhere meanwhile has others.
     *
     * @param environment of this process
     * @param descriptor of the log, such as {@code /proc/self/fd/1}
     */
    public static Severity of(Map<String, String> environment, Path descriptor) {
        String stream = environment.getOrDefault("JOURNAL_STREAM", "");
        if (stream.isEmpty()) {
            return IN_WORDS;
        }
        try {
            Map<String, Object> file = Files.readAttributes(descriptor, "unix:dev,ino");
            return stream.equals(file.get("dev") + ":" + file.get("ino")) ? PREFIXED : IN_WORDS;
        } catch (IOException | UnsupportedOperationException e) {
            return IN_WORDS; // no /proc here, so no systemd
        }
    }

    /** A line as this reader wants it: with the prefix, or as it is. */
    public String of(String line) {
        return of(line, line);
    }

    /** The same of a line that is written in another form. */
    String of(String line, String written) {
        return switch (this) {
            case IN_WORDS -> written;
            case PREFIXED -> prefix(line) + written;
        };
    }

    /** Alerts are 1, warnings 4, all else 6 (syslog's alert, warning, info). */
    private static String prefix(String line) {
        return line.startsWith("alert: ") ? "<1>" : line.startsWith("warning: ") ? "<4>" : "<6>";
    }
}
