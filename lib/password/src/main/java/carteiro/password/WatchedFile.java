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
import java.util.Objects;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A file that may be replaced at any time, and is kept in memory until then. Any number of threads.
 *
 * @param <T> what is made of it
 */
public final class WatchedFile<T> {
    /** The most octets of the file. */
    public static final int MOST_SIZE = 16 * 1024 * 1024;

    private final Path file;
    private final Duration trust;
    private final Function<String, T> parse;
    private volatile @Nullable FileVersion<T> seen;

    /** How a file looked. */
    private record FileLook(@Nullable Object inode, FileTime changed, long size) {
        boolean isSame(FileLook other) {
            return Objects.equals(inode, other.inode) && changed.equals(other.changed) && size == other.size;
        }
    }

    /**
     * What was there.
     *
     * @param at when, in nanoseconds of the system's timer
     */
    private record FileVersion<T>(long at, FileLook look, T content) {}

    /**
     * Reads nothing yet.
     *
     * @param trust how long the file is taken to be the same without looking; zero: look each time
     * @param parse the whole content, a character for each octet; empty if there is no file
     */
    public WatchedFile(Path file, Duration trust, Function<String, T> parse) {
        this.file = file;
        this.trust = trust;
        this.parse = parse;
    }

    /**
     * What it is now.
     *
     * @throws IOException if it cannot be read now: never to be taken for an empty file
     */
    public T now() throws IOException {
        FileVersion<T> last = seen;
        long at = System.nanoTime();
        if (last != null && at - last.at < trust.toNanos()) {
            return last.content;
        }
        FileLook look = look();
        T content = last != null && last.look.isSame(look) ? last.content : parse.apply(content(look));
        seen = new FileVersion<>(at, look, content); // two threads may both read it; either one is right
        return content;
    }

    private FileLook look() throws IOException {
        try {
            BasicFileAttributes attributes = Files.readAttributes(file, BasicFileAttributes.class);
            if (!attributes.isRegularFile()) {
                throw new IOException(file + " is no regular file; remove it and make it again");
            }
            return new FileLook(attributes.fileKey(), attributes.lastModifiedTime(), attributes.size());
        } catch (NoSuchFileException e) {
            return new FileLook(null, FileTime.fromMillis(0), -1);
        }
    }

    private String content(FileLook look) throws IOException {
        if (look.size < 0) {
            return "";
        }
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
