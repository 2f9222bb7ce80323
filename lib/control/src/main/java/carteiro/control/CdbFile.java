package carteiro.control;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A cdb that may be replaced at any time: opened when first asked for, and again when another file stands in its place.
 * Safe for any number of threads.
 */
public final class CdbFile {
    private final Path file;
    private final Duration trust;
    private volatile @Nullable CdbVersion seen;

    /**
     * What was there.
     *
     * @param at when, in nanoseconds of the system's timer
     */
    private record CdbVersion(
            long at,
            @Nullable Object inode,
            FileTime changed,
            long size,
            @Nullable Cdb cdb) {
        boolean isStill(CdbVersion now) {
            return Objects.equals(inode, now.inode) && changed.equals(now.changed) && size == now.size;
        }
    }

    /** @param trust how long the file is taken to be the same without looking; zero: look each time */
    public CdbFile(Path file, Duration trust) {
        this.file = file;
        this.trust = trust;
    }

    /**
     * The database as it stands now; empty if there is no file.
     *
     * @throws IOException if it cannot be read or is no cdb: never to be taken for a missing file
     */
    public Optional<Cdb> now() throws IOException {
        CdbVersion last = seen;
        long at = System.nanoTime();
        if (last != null && at - last.at < trust.toNanos()) {
            return Optional.ofNullable(last.cdb);
        }
        CdbVersion look = look(at);
        if (last != null && last.isStill(look)) {
            look = new CdbVersion(at, look.inode, look.changed, look.size, last.cdb);
        } else if (look.size >= 0) {
            look = new CdbVersion(at, look.inode, look.changed, look.size, Cdb.open(file));
        }
        seen = look; // two threads may both open it; either one is right
        return Optional.ofNullable(look.cdb);
    }

    private CdbVersion look(long at) throws IOException {
        try {
            BasicFileAttributes attributes = Files.readAttributes(file, BasicFileAttributes.class);
            if (!attributes.isRegularFile()) { // the opening of a named pipe would wait for ever
                throw new IOException(file + " is no regular file; remove it and make it again");
            }
            return new CdbVersion(at, attributes.fileKey(), attributes.lastModifiedTime(), attributes.size(), null);
        } catch (NoSuchFileException e) {
            return new CdbVersion(at, null, FileTime.fromMillis(0), -1, null);
        }
    }
}
