package carteiro.control;

import carteiro.control.NumberRange.OutOfRange;
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

    /** What a program uses: as {@link Settings} declares it. What is wrong is noted, and something usable given. */
    public <T> T get(Setting<T> setting) {
        return setting.read(this);
    }

    /** Whether there is a file. One that cannot be read is there. */
    public boolean isThere(Setting<?> setting) {
        return text(setting).isPresent() || unreadable.contains(setting.name());
    }

    /** The whole file, one character an octet; empty if there is none. */
    public Optional<String> text(Setting<?> setting) {
        return text(setting.name());
    }

    private Optional<String> text(String name) {
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
    public Optional<String> line(Setting<?> setting) {
        return text(setting).map(text -> {
            int end = text.indexOf('\n');
            return trimEnd(end < 0 ? text : text.substring(0, end));
        });
    }

    /**
     * The value of a setting that is one text: the first line, or of a file with a form of its own all of it; without the file what
     * is declared. Where control/me would stand in and is missing too, that is a problem, or the name of the file itself makes the
     * mistake visible.
     */
    String value(Setting<?> setting) {
        Optional<String> written = setting.format() == SettingFormat.LINE ? line(setting) : text(setting);
        return written.orElseGet(() -> switch (setting.absence()) {
            case ME_ELSE_NAME -> line(Settings.ME).orElse(setting.name());
            case ME_ELSE_REFUSED -> meInPlaceOf(setting).orElse("");
            case STANDARD -> setting.standard();
            case ME_ELSE_NOTHING, NOTHING ->
                throw new IllegalArgumentException(setting + " may have no value if it is missing");
        });
    }

    /** This host's name, where a program cannot do without it; that it is missing is noted. */
    Optional<String> meInPlaceOf(Setting<?> setting) {
        Optional<String> me = line(Settings.ME);
        if (me.isEmpty()) {
            problem(
                    Settings.ME,
                    0,
                    "is missing, and so is " + setting + "; write the host's full name into control/me");
        }
        return me;
    }

    /** One of the declared words, written in any case; the standard if it is none, which is noted. */
    String word(Setting<?> setting) {
        return word(setting, Octets.lowerCase(value(setting)));
    }

    /** The same, written as it is declared. */
    String exactWord(Setting<?> setting) {
        return word(setting, value(setting));
    }

    private String word(Setting<?> setting, String written) {
        if (setting.words().contains(written)) {
            return written;
        }
        problem(setting, 1, "\"" + written + "\" is none of " + String.join(", ", setting.words()));
        return setting.standard();
    }

    /**
     * The number in the first line, with the range and the default that are declared; no file or an empty line means the
     * default. Anything but digits, with a comment perhaps, is a problem, and so is a number outside the range.
     */
    long number(Setting<?> setting) {
        return number(setting, Long.parseLong(setting.standard()));
    }

    /** The same with a default that depends on other settings. */
    public long number(Setting<?> setting, long otherwise) {
        NumberRange range = setting.range();
        String line = line(setting).orElse("");
        if (line.isEmpty()) {
            return otherwise;
        }
        OptionalLong read = digits(line);
        if (read.isPresent() && read.getAsLong() > range.most() && range.outside() == OutOfRange.CUT) {
            return range.most();
        }
        if (read.isPresent() && read.getAsLong() < range.least() && range.outside() == OutOfRange.RAISED) {
            return range.least();
        }
        if (read.isEmpty() || read.getAsLong() < range.least() || read.getAsLong() > range.most()) {
            problem(
                    setting,
                    1,
                    "\"" + line + "\" is not a number from " + range.least() + " to " + range.most()
                            + "; write digits alone, such as " + example(setting, line, otherwise));
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
    private static long example(Setting<?> setting, String line, long otherwise) {
        NumberRange range = setting.range();
        Matcher size = SIZE.matcher(line);
        if (range.unit() == SettingUnit.OCTETS && size.matches()) {
            int unit = 10 * ("kmg".indexOf(Octets.lowerCase(size.group(2))) + 1);
            long octets = Long.parseLong(size.group(1)) << unit;
            if (octets >= range.least() && octets <= range.most()) {
                return octets;
            }
        }
        return Math.clamp(digits(setting.standard()).orElse(otherwise), range.least(), range.most());
    }

    /** All lines without trailing blanks, empty ones and {@code #} comments left out; empty if there is no file. */
    public Optional<List<String>> list(Setting<?> setting) {
        return text(setting).map(text -> List.copyOf(lines(text).values()));
    }

    /** The lines of {@link #list} by their number, from 1, in order; none if there is no file. */
    public SequencedMap<Integer, String> numbered(Setting<?> setting) {
        return text(setting).map(ControlFiles::lines).orElseGet(LinkedHashMap::new);
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
    public SequencedMap<Integer, Map.Entry<String, String>> pairs(Setting<?> setting) {
        var pairs = new LinkedHashMap<Integer, Map.Entry<String, String>>();
        numbered(setting).forEach((number, line) -> {
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
    SequencedMap<String, String> map(Setting<?> setting) {
        var map = new LinkedHashMap<String, String>();
        for (Map.Entry<String, String> pair : pairs(setting).values()) {
            map.putLast(pair.getKey(), pair.getValue());
        }
        return Collections.unmodifiableSequencedMap(map);
    }

    /**
     * Notes a problem. Of a file that could not be read that is all there is to say: what seems to be missing may be there.
     *
     * @param line the line it stands in, from 1; 0 for the whole file
     * @param sentence what is wrong and how to mend it; what it quotes of the file is made printable here
     */
    public void problem(Setting<?> setting, int line, String sentence) {
        problem(setting.name(), line, sentence);
    }

    private void problem(String name, int line, String sentence) {
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
