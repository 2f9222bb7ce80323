package carteiro.start;

import carteiro.control.Installation;
import carteiro.control.Setting;
import carteiro.control.Settings;
import carteiro.log.LogText;
import carteiro.protocol.Control;
import carteiro.protocol.Program;
import carteiro.protocol.ReloadScope;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.zip.CRC32C;

/**
 * Which control files have changed since each program read them, for whoever asks for a reload. One that a reload is not enough for is
 * named until its program is started again. Safe for any thread.
 */
final class ControlChanges {
    /** Of the larger ones size and time count, in octets. */
    private static final long LARGEST_READ = 1 << 20;

    /** The most files looked at. */
    private static final int MOST = 1_000;

    /** Stands for whoever started the programs, and for nobody: what no program reads. */
    private static final String ITSELF = "start";

    private final Installation installation;
    private final Set<String> absent; // programs that nobody wanted at the start
    private final Map<String, ReloadScope> scopes;
    private final Map<String, String> first;
    /** By program: what it has read, and {@link #first} if it is not here. */
    private final Map<String, Map<String, String>> read = new HashMap<>();

    /** @param programs those that may be asked about */
    ControlChanges(Installation installation, List<String> programs) {
        this.installation = installation;
        this.absent = InstalledPrograms.all().stream()
                .filter(each -> !each.isWanted(installation))
                .map(Program::name)
                .collect(Collectors.toUnmodifiableSet());
        this.scopes = InstalledPrograms.all().stream()
                .collect(Collectors.toUnmodifiableMap(Program::name, Program::reloadScope));
        this.first = look();
        read.put(ITSELF, new TreeMap<>(first));
        programs.forEach(program -> read.put(program, new TreeMap<>(first)));
    }

    /** Takes that a program reads all of its files now. */
    synchronized void started(String program) {
        read.put(program, look());
    }

    /**
     * What has changed, in words, after a reload.
     *
     * @param program whose files are meant; {@link Control#ALL} for all
     */
    synchronized String tell(String program) {
        Map<String, String> now = look();
        var waiting = new TreeMap<String, String>();
        read.forEach((reader, before) -> {
            boolean asked = program.equals(Control.ALL) || program.equals(reader);
            compare(reader, before, now, waiting, name -> asked || scope(reader).rereadsWith(program, name));
        });
        var words = new ArrayList<String>();
        waiting.forEach(
                (name, what) -> words.add(LogText.safe(name) + (what.isEmpty() ? "" : " (waits for: " + what + ")")));
        return words.isEmpty() ? "no control file has changed" : "changed: " + String.join(", ", words);
    }

    /**
     * Adds the files of one reader that have changed to those that are told, and takes them as read if a reload is enough.
     *
     * @param reread whether a file, by its name, is read at this reload
     */
    private void compare(
            String reader,
            Map<String, String> before,
            Map<String, String> now,
            Map<String, String> told,
            Predicate<String> reread) {
        var names = new TreeSet<String>(now.keySet());
        names.addAll(before.keySet());
        for (String name : names) {
            String state = now.getOrDefault(name, "");
            if (state.equals(before.getOrDefault(name, "")) || !concerns(name, reader) || !reread.test(name)) {
                continue;
            }
            String waits = waitsFor(name, reader);
            told.merge(name, waits, (one, other) -> one.isEmpty() ? other : one);
            if (waits.isEmpty() || readers(name).isEmpty()) {
                before.put(name, state);
            }
        }
    }

    private static List<String> readers(String name) {
        Setting<?> file = Settings.all().get(name);
        return file == null ? List.of() : List.of(file.readers().split("[, ]+"));
    }

    private boolean concerns(String name, String reader) {
        List<String> readers = readers(name);
        return readers.isEmpty() || isOfAbsentAlone(readers)
                ? reader.equals(ITSELF)
                : readers.contains(reader) || readers.contains("all") && !reader.equals(ITSELF);
    }

    private boolean isOfAbsentAlone(List<String> readers) {
        return readers.stream().anyMatch(absent::contains)
                && readers.stream().noneMatch(reader -> reader.equals("all") || read.containsKey(reader));
    }

    /** The command after which a changed file counts; empty if a reload is enough. */
    private String waitsFor(String name, String reader) {
        return switch (name) {
            case "me" -> "carteiro restart";
            case "logformat" -> "carteiro stop, and a new start";
            default ->
                readers(name).isEmpty()
                        ? "nothing, no program reads it"
                        : isOfAbsentAlone(readers(name))
                                ? "carteiro stop, and a new start"
                                : scope(reader).rereads(name) ? "" : "carteiro restart " + reader;
        };
    }

    private ReloadScope scope(String program) {
        return scopes.getOrDefault(program, ReloadScope.WHOLE);
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
            return new TreeMap<>();
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
