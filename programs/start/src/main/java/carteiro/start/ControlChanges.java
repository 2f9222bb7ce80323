package carteiro.start;

import carteiro.control.ControlCatalog;
import carteiro.control.ControlFile;
import carteiro.control.Installation;
import carteiro.log.LogText;
import carteiro.protocol.Control;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;
import java.util.zip.CRC32C;

/** Which control files have changed since they were read, for whoever asks for a reload. Safe for any thread. */
final class ControlChanges {
    /** Of the larger ones size and time count, in octets. */
    private static final long LARGEST_READ = 1 << 20;

    /** The most files looked at. */
    private static final int MOST = 1_000;

    /** What send reads on a reload; everything else that it reads waits until it is started again. */
    private static final Set<String> REREAD_BY_SEND = Set.of("locals", "virtualdomains");

    private final Installation installation;
    private Map<String, String> read;

    ControlChanges(Installation installation) {
        this.installation = installation;
        this.read = look();
    }

    /**
     * What has changed, in words; the next call compares with what there is now.
     *
     * @param program whose files are meant; {@link Control#ALL} for all
     */
    synchronized String tell(String program) {
        Map<String, String> now = look();
        var names = new TreeSet<String>(now.keySet());
        names.addAll(read.keySet());
        names.removeIf(name -> now.getOrDefault(name, "").equals(read.getOrDefault(name, "")));
        if (program.equals(Control.ALL)) {
            read = now;
        } else {
            names.removeIf(
                    name -> !readers(name).contains(program) && !readers(name).contains("all"));
        }
        var words = new ArrayList<String>();
        for (String name : names) {
            String waits = waitsFor(name);
            words.add(LogText.safe(name) + (waits.isEmpty() ? "" : " (waits for: " + waits + ")"));
        }
        return words.isEmpty() ? "no control file has changed" : "changed: " + String.join(", ", words);
    }

    private static List<String> readers(String name) {
        ControlFile file = ControlCatalog.files().get(name);
        return file == null ? List.of() : List.of(file.readers().split("[, ]+"));
    }

    /** The command after which a changed file counts; empty if a reload is enough. */
    static String waitsFor(String name) {
        List<String> readers = readers(name);
        if (readers.isEmpty()) {
            return "nothing, no program reads it";
        }
        if (name.equals("logformat") || name.equals("me")) {
            return "carteiro restart";
        }
        return readers.contains("send") && !REREAD_BY_SEND.contains(name) ? "carteiro restart send" : "";
    }

    private Map<String, String> look() {
        var seen = new TreeMap<String, String>();
        try (Stream<Path> files = Files.list(installation.control())) {
            for (Path file : files.limit(MOST).toList()) {
                String state = state(file);
                if (!state.isEmpty()) {
                    seen.put(String.valueOf(file.getFileName()), state);
                }
            }
        } catch (IOException e) {
            return Map.of(); // then nothing is told of changes
        }
        return seen;
    }

    private static String state(Path file) {
        try {
            if (!Files.isRegularFile(file)) {
                return "";
            }
            long size = Files.size(file);
            if (size > LARGEST_READ) {
                return size + " " + Files.getLastModifiedTime(file);
            }
            var sum = new CRC32C();
            sum.update(Files.readAllBytes(file));
            return size + " " + sum.getValue();
        } catch (IOException e) {
            return "unreadable";
        }
    }
}
