package carteiro.control;

import carteiro.log.LogText;
import carteiro.mail.Octets;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.SequencedMap;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Reads control files by qmail's rules (docs/control/README.md) and collects every problem, so that all are reported at
 * once. A file that exists but cannot be read is a problem, never a missing file.
 *
 * <p>One thread reads one set: make it, read, then call {@link #check}.
 */
public final class ControlFiles {
    /** The largest control file, in octets; cdb files are read elsewhere. */
    static final int LIMIT = 64 << 20;

    private static final Pattern SIZE = Pattern.compile("([0-9]{1,6}) ?([kKmMgG])[iI]?[bB]?");

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
            BasicFileAttributes status = Files.readAttributes(file, BasicFileAttributes.class);
            if (status.isOther()) { // to open a pipe is to wait for ever
                problem(name, 0, "is a pipe, a socket or a device; write a plain file");
                unreadable.add(name);
                return Optional.empty();
            }
            byte[] octets;
            try (InputStream in = Files.newInputStream(file)) {
                octets = in.readNBytes(LIMIT + 1);
            }
            if (octets.length > LIMIT) {
                problem(name, 0, "has over " + LIMIT + " octets, which is the limit");
                unreadable.add(name);
                return Optional.empty();
            }
            String text = Octets.text(octets);
            int nul = text.indexOf(0);
            if (nul >= 0) {
                int line = text.substring(0, nul).split("\n", -1).length;
                problem(name, line, "has an octet of value 0; write the file as plain text");
                unreadable.add(name);
                return Optional.empty();
            }
            return Optional.of(text);
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

    /**
     * The value of a setting that is one text: the first line, or of a file with a form of its own all of it; without the file what
     * {@link ControlCatalog} declares. Where control/me would stand in and is missing too, that is a problem, or the name of the file
     * itself makes the mistake visible.
     *
     * @throws IllegalArgumentException if the catalog knows no such file, or says that without it nothing is set
     */
    public String value(String name) {
        ControlFile file = ControlCatalog.file(name);
        Optional<String> written = file.kind() == ControlFile.ControlFileFormat.LINE ? line(name) : text(name);
        return written.orElseGet(() -> switch (file.absence()) {
            case ME_ELSE_NAME -> line("me").orElse(name);
            case ME_ELSE_REFUSED ->
                line("me").orElseGet(() -> {
                    problem(
                            "me",
                            0,
                            "is missing, and so is control/" + name + "; write the host's full name into control/me");
                    return "";
                });
            case STANDARD -> file.standard();
            case NOTHING -> throw new IllegalArgumentException("control/" + name + " has no value if it is missing");
        });
    }

    /**
     * The number in the first line, with the range and the default that {@link ControlCatalog} says; no file or an empty
     * line means the default. Anything but digits, with a comment perhaps, is a problem, and so is a number outside the
     * range.
     *
     * @throws IllegalArgumentException if the catalog knows no such number, or it has no default of its own
     */
    public long number(String name) {
        return number(name, Long.parseLong(ControlCatalog.file(name).standard()));
    }

    /** The same with a default that depends on other settings. */
    public long number(String name, long otherwise) {
        ControlFile file = ControlCatalog.file(name);
        String line = line(name).orElse("");
        if (line.isEmpty()) {
            return otherwise;
        }
        OptionalLong read = digits(line);
        if (read.isPresent()
                && read.getAsLong() > file.most()
                && file.kind() == ControlFile.ControlFileFormat.NUMBER_CUT) {
            return file.most();
        }
        if (read.isPresent()
                && read.getAsLong() < file.least()
                && file.kind() == ControlFile.ControlFileFormat.NUMBER_RAISED) {
            return file.least();
        }
        if (read.isEmpty() || read.getAsLong() < file.least() || read.getAsLong() > file.most()) {
            problem(
                    name,
                    1,
                    "\"" + line + "\" is not a number from " + file.least() + " to " + file.most()
                            + "; write digits alone, such as " + example(file, line, otherwise));
            return otherwise;
        }
        return read.getAsLong();
    }

    /**
     * A number as settings hold one: digits, then blanks or a comment; nothing else, so that {@code 10M} is never 10.
     * What needs over 18 digits is {@link Long#MAX_VALUE}.
     */
    public static OptionalLong digits(String text) {
        int digits = 0;
        while (digits < text.length() && text.charAt(digits) >= '0' && text.charAt(digits) <= '9') {
            digits++;
        }
        String rest = trimStart(text.substring(digits));
        if (digits == 0 || !rest.isEmpty() && rest.charAt(0) != '#') {
            return OptionalLong.empty();
        }
        return OptionalLong.of(digits > 18 ? Long.MAX_VALUE : Long.parseLong(text.substring(0, digits)));
    }

    /** What was probably meant by 10M, or else the default. */
    private static long example(ControlFile file, String line, long otherwise) {
        Matcher size = SIZE.matcher(line);
        if (file.meaning().startsWith("octets") && size.matches()) {
            int unit = 10 * ("kmg".indexOf(Octets.lowerCase(size.group(2))) + 1);
            long octets = Long.parseLong(size.group(1)) << unit;
            if (octets >= file.least() && octets <= file.most()) {
                return octets;
            }
        }
        return Math.clamp(digits(file.standard()).orElse(otherwise), file.least(), file.most());
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

    /** The lines of {@link #map} by their number, from 1, in order: what repeats an earlier key goes before it. */
    public SequencedMap<Integer, Map.Entry<String, String>> pairs(String name) {
        var pairs = new LinkedHashMap<Integer, Map.Entry<String, String>>();
        numbered(name).forEach((number, line) -> {
            int colon = line.indexOf(':');
            if (colon >= 0) {
                pairs.put(number, Map.entry(line.substring(0, colon), line.substring(colon + 1)));
            }
        });
        return pairs;
    }

    /**
     * A list of {@code key:value} split at the first colon; lines without one are ignored, the last of a key wins. In the
     * order of the lines that count: whoever takes several spellings for one key lets the later one win too.
     */
    public Optional<SequencedMap<String, String>> map(String name) {
        return list(name).map(lines -> {
            var map = new LinkedHashMap<String, String>();
            for (String line : lines) {
                int colon = line.indexOf(':');
                if (colon >= 0) {
                    map.putLast(line.substring(0, colon), line.substring(colon + 1));
                }
            }
            return Collections.unmodifiableSequencedMap(map);
        });
    }

    /**
     * Notes a problem. Of a file that could not be read that is all there is to say: what seems to be missing may be there.
     *
     * @param line the line it stands in, from 1; 0 for the whole file
     * @param sentence what is wrong and how to mend it; what it quotes of the file is made printable here
     */
    public void problem(String name, int line, String sentence) {
        if (unreadable.contains(name)) {
            return;
        }
        problems.add(LogText.printable("control/" + name + (line > 0 ? ":" + line : "") + ": " + sentence));
    }

    /** @throws ControlException if any file read so far had a problem */
    public void check() throws ControlException {
        if (!problems.isEmpty()) {
            throw new ControlException(List.copyOf(problems));
        }
    }

    private static String trimStart(String text) {
        int from = 0;
        while (from < text.length() && (text.charAt(from) == ' ' || text.charAt(from) == '\t')) {
            from++;
        }
        return text.substring(from);
    }

    private static String trimEnd(String line) {
        int end = line.length();
        while (end > 0 && (line.charAt(end - 1) == ' ' || line.charAt(end - 1) == '\t')) {
            end--;
        }
        return line.substring(0, end);
    }
}
