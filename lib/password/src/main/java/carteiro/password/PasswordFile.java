package carteiro.password;

import carteiro.posix.RegularFile;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * users/passwd: lines {@code name:{SCHEME}hash}, perhaps with further fields behind a second colon; comments begin with #. It may be
 * replaced at any time, and is kept in memory until then. Any number of threads.
 *
 * <p>Names are octets, a character for each, and those that differ only in the case of ASCII letters are the same. Of two lines of one
 * name the first counts.
 */
public final class PasswordFile {
    /** The most octets of the file. */
    public static final int MOST_SIZE = 16 * 1024 * 1024;

    private static final int MOST_PROBLEMS = 100;

    private final Path file;
    private final Duration trust;
    private final Function<String, StoredPassword> parse;
    private volatile @Nullable PasswordVersion seen;

    /**
     * What was there.
     *
     * @param at when, in nanoseconds of the system's timer
     * @param size -1 if nothing
     */
    private record PasswordVersion(
            long at,
            @Nullable Object inode,
            FileTime changed,
            long size,
            Map<String, String> values,
            List<String> problems) {
        boolean isStill(PasswordVersion now) {
            return Objects.equals(inode, now.inode) && changed.equals(now.changed) && size == now.size;
        }
    }

    /**
     * Reads nothing yet.
     *
     * @param trust how long the file is taken to be the same without looking; zero: look each time
     * @param parse {@link StoredPassword#parse} or {@link StoredPassword#parseWithClearText}
     */
    public PasswordFile(Path file, Duration trust, Function<String, StoredPassword> parse) {
        this.file = file;
        this.trust = trust;
        this.parse = parse;
    }

    /**
     * What is stored for that name; empty if there is nothing, or no file.
     *
     * @throws IOException if the file cannot be read now: never to be taken for a missing name
     */
    public Optional<StoredPassword> of(String name) throws IOException {
        return Optional.ofNullable(now().values.get(PasswordLine.key(name))).map(parse);
    }

    /**
     * Lines that do not count, with file, number and reason, the first hundred.
     *
     * @throws IOException if the file cannot be read now
     */
    public List<String> problems() throws IOException {
        return now().problems;
    }

    private PasswordVersion now() throws IOException {
        PasswordVersion last = seen;
        long at = System.nanoTime();
        if (last != null && at - last.at < trust.toNanos()) {
            return last;
        }
        PasswordVersion look = look(at);
        if (last != null && last.isStill(look)) {
            look = new PasswordVersion(at, look.inode, look.changed, look.size, last.values, last.problems);
        } else if (look.size >= 0) {
            look = read(look);
        }
        seen = look; // two threads may both read it; either one is right
        return look;
    }

    private PasswordVersion look(long at) throws IOException {
        try {
            BasicFileAttributes attributes = Files.readAttributes(file, BasicFileAttributes.class);
            if (!attributes.isRegularFile()) {
                throw new IOException(file + " is no regular file; remove it and make it again");
            }
            return new PasswordVersion(
                    at, attributes.fileKey(), attributes.lastModifiedTime(), attributes.size(), Map.of(), List.of());
        } catch (NoSuchFileException e) {
            return new PasswordVersion(at, null, FileTime.fromMillis(0), -1, Map.of(), List.of());
        }
    }

    private PasswordVersion read(PasswordVersion look) throws IOException {
        var values = new HashMap<String, String>();
        var problems = new ArrayList<String>();
        int number = 0;
        for (String line : content().split("\n", -1)) {
            number++;
            Optional<String> problem = switch (PasswordLine.parse(line)) {
                case PasswordLine.PasswordComment _ -> Optional.empty();
                case PasswordLine.WrongEntry(var reason) -> Optional.of(reason);
                case PasswordLine.PasswordEntry entry ->
                    values.putIfAbsent(PasswordLine.key(entry.name()), entry.value()) == null
                            ? Optional.empty()
                            : Optional.of("its name stands in a line above, which counts");
            };
            if (problem.isPresent() && problems.size() < MOST_PROBLEMS) {
                problems.add(file + ":" + number + ": " + problem.get());
            }
        }
        return new PasswordVersion(
                look.at, look.inode, look.changed, look.size, Map.copyOf(values), List.copyOf(problems));
    }

    private String content() throws IOException {
        try (RegularFile open =
                RegularFile.open(file).orElseThrow(() -> new IOException(file + " has just been removed"))) {
            return content(open, file);
        }
    }

    /** All of it, a character for each octet. */
    static String content(RegularFile open, Path name) throws IOException {
        byte[] octets = open.read(MOST_SIZE + 1);
        if (octets.length > MOST_SIZE) {
            throw new IOException(name + " has more than " + MOST_SIZE + " octets");
        }
        return new String(octets, StandardCharsets.ISO_8859_1);
    }
}
