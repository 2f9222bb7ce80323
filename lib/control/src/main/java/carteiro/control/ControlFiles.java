package carteiro.control;

import carteiro.log.LogText;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.Set;

/**
 * Reads control files by qmail's rules (docs/control/README.md) and collects every problem, so that all are reported at
 * once. A file that exists but cannot be read is a problem, never a missing file.
 *
 * <p>One thread reads one set: make it, read, then call {@link #check}.
 */
public final class ControlFiles {
    /** The largest control file, in octets; cdb files are read elsewhere. */
    static final long LIMIT = 64L << 20;

    private final Path folder;
    private final Set<String> problems = new LinkedHashSet<>(); // a file that is read twice has its problems once
    private final Set<String> unreadable = new HashSet<>();

    /** Reads from {@code home}/control. */
    public ControlFiles(Installation installation) {
        this.folder = installation.control();
    }

    /** The whole file, one character an octet; empty if there is none. */
    public Optional<String> text(String name) {
        Path file = folder.resolve(name);
        try {
            long size = Files.size(file);
            if (size > LIMIT) {
                problem(name, 0, "has " + size + " octets, over the limit of " + LIMIT);
                return Optional.empty();
            }
            return Optional.of(Files.readString(file, StandardCharsets.ISO_8859_1));
        } catch (NoSuchFileException e) {
            return Optional.empty();
        } catch (IOException e) {
            problem(name, 0, "cannot be read (" + LogText.reason(e) + "); make it readable for the program's user");
            unreadable.add(name);
            return Optional.empty();
        }
    }

    /** The first line without trailing blanks; empty if there is no file. An empty file is the empty string. */
    public Optional<String> line(String name) {
        return text(name).map(text -> {
            int end = text.indexOf('\n');
            return trimEnd(end < 0 ? text : text.substring(0, end));
        });
    }

    /** The first line, or {@code control/me}, or else the name of the file itself, which makes the mistake visible. */
    public String lineOrMe(String name) {
        return line(name).or(() -> line("me")).orElse(name);
    }

    /**
     * The leading digits of the first line, as qmail reads numbers ({@code 30abc} is 30); no file or no digits means the
     * default. A number outside the range is a problem.
     */
    public long number(String name, long least, long most, long otherwise) {
        String line = line(name).orElse("");
        int digits = 0;
        while (digits < line.length() && line.charAt(digits) >= '0' && line.charAt(digits) <= '9') {
            digits++;
        }
        if (digits == 0) {
            return otherwise;
        }
        long number = digits > 18 ? Long.MAX_VALUE : Long.parseLong(line.substring(0, digits));
        if (number < least || number > most) {
            problem(name, 1, "\"" + line.substring(0, digits) + "\" is not a number from " + least + " to " + most);
            return otherwise;
        }
        return number;
    }

    /** All lines without trailing blanks, empty ones and {@code #} comments left out; empty if there is no file. */
    public Optional<List<String>> list(String name) {
        return text(name).map(text -> List.copyOf(lines(text).values()));
    }

    /** The lines of {@link #list} by their number, from 1, in order; none if there is no file. */
    public SequencedMap<Integer, String> numbered(String name) {
        return text(name).map(ControlFiles::lines).orElseGet(LinkedHashMap::new);
    }

    private static SequencedMap<Integer, String> lines(String text) {
        var lines = new LinkedHashMap<Integer, String>();
        int number = 0;
        for (String line : text.split("\n")) {
            number++;
            String trimmed = trimEnd(line);
            if (!trimmed.isEmpty() && trimmed.charAt(0) != '#') {
                lines.put(number, trimmed);
            }
        }
        return lines;
    }

    /** A list of {@code key:value} split at the first colon; lines without one are ignored, the last of a key wins. */
    public Optional<Map<String, String>> map(String name) {
        return list(name).map(lines -> {
            var map = new LinkedHashMap<String, String>();
            for (String line : lines) {
                int colon = line.indexOf(':');
                if (colon >= 0) {
                    map.put(line.substring(0, colon), line.substring(colon + 1));
                }
            }
            return Map.copyOf(map);
        });
    }

    /**
     * Notes a problem. Of a file that could not be read that is all there is to say: what seems to be missing may be there.
     *
     * @param line the line it stands in, from 1; 0 for the whole file
     * @param sentence what is wrong and how to mend it
     */
    public void problem(String name, int line, String sentence) {
        if (unreadable.contains(name)) {
            return;
        }
        problems.add("control/" + name + (line > 0 ? ":" + line : "") + ": " + sentence);
    }

    /** @throws ControlException if any file read so far had a problem */
    public void check() throws ControlException {
        if (!problems.isEmpty()) {
            throw new ControlException(List.copyOf(problems));
        }
    }

    private static String trimEnd(String line) {
        int end = line.length();
        while (end > 0 && (line.charAt(end - 1) == ' ' || line.charAt(end - 1) == '\t')) {
            end--;
        }
        return line.substring(0, end);
    }
}
