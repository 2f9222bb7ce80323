package carteiro.posix;

import java.io.Closeable;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Optional;

/**
 * A regular file that is open for reading. Whoever owns the folder may put a named pipe or a device at its name at any time: it is
 * opened without waiting, and looked at by its descriptor before anything is read. Symbolic links are followed. One thread at a time.
 */
public final class RegularFile implements Closeable {
    private final Descriptor descriptor;
    private final FileStatus status;

    private RegularFile(Descriptor descriptor, FileStatus status) {
        this.descriptor = descriptor;
        this.status = status;
    }

    /**
     * Opens it; empty if there is none, or something else.
     *
     * @throws IOException if it cannot be opened for another reason, such as permissions
     */
    public static Optional<RegularFile> open(Path file) throws IOException {
        Descriptor descriptor;
        try {
            descriptor = Descriptor.open(file, Descriptor.READ | Descriptor.NO_WAIT, 0);
        } catch (NoSuchFileException e) {
            return Optional.empty();
        }
        try {
            FileStatus status = descriptor.status();
            if (status.kind() == FileStatus.FileKind.REGULAR) {
                return Optional.of(new RegularFile(descriptor, status));
            }
        } catch (IOException | RuntimeException e) {
            descriptor.close();
            throw e;
        }
        descriptor.close();
        return Optional.empty();
    }

    /** What it was when it was opened. */
    public FileStatus status() {
        return status;
    }

    /** The next octets, as many as there are up to a limit. */
    public byte[] read(int limit) throws IOException {
        return descriptor.read(limit);
    }

    @Override
    public void close() {
        descriptor.close();
    }
}
