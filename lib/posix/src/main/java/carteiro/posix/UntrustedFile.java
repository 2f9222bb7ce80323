package carteiro.posix;

import java.io.Closeable;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * A file in a folder that others may write: no link is followed in its last component, nothing is waited for (a named pipe, a
 * lease), and what is told of it is told of the very file that is open. Linux. One thread at a time.
 */
public final class UntrustedFile implements Closeable {
    private static final int NO_SUCH_DEVICE = 6;
    private static final int CAREFULLY = Descriptor.NO_WAIT | Descriptor.NO_FOLLOW;
    private static final int READING = Descriptor.READ | CAREFULLY;
    private static final int APPENDING = Descriptor.WRITE | Descriptor.APPEND | CAREFULLY;
    private static final String NOT_READABLE = "its mode keeps us from reading it";

    private final Descriptor descriptor;

    private UntrustedFile(Descriptor descriptor) {
        this.descriptor = descriptor;
    }

    private static final class SyncfsFunction {
        static final CFunction SYNC_ALL = CFunction.named("syncfs");
    }

    /** What stands there can never be read as a file: a link, a socket, or it is closed to us. */
    public static final class UnusableException extends IOException {
        private static final long serialVersionUID = 1L;

        UnusableException(String reason) {
            super(reason);
        }
    }

    /**
     * Opens it for reading.
     *
     * @throws NoSuchFileException if it is not there any more
     * @throws UnusableException if it is no file that we can read, nor will be by waiting
     * @throws IOException if it cannot be opened now
     */
    public static UntrustedFile open(Path path) throws IOException {
        return opened(() -> Descriptor.open(path, READING, 0), NOT_READABLE);
    }

    /**
     * Opens a regular file for reading.
     *
     * @throws NoSuchFileException if it is not there any more
     * @throws UnusableException if it is something else, or its mode keeps us from reading
     * @throws IOException if it cannot be opened now
     */
    public static UntrustedFile openRegular(Path path) throws IOException {
        return open(path).regular();
    }

    /**
     * The same below a folder that is held.
     *
     * @param path relative
     */
    public static UntrustedFile openRegular(SafeFolder folder, Path path) throws IOException {
        return opened(() -> folder.open(path, READING), NOT_READABLE).regular();
    }

    /**
     * Opens a regular file for writing behind what is in it.
     *
     * @throws NoSuchFileException if there is none
     * @throws UnusableException if it is something else, or its mode keeps us from writing
     * @throws IOException if it cannot be opened now
     */
    public static UntrustedFile openToAppend(Path path) throws IOException {
        return opened(() -> Descriptor.open(path, APPENDING, 0), "its mode keeps us from writing it")
                .regular();
    }

    private UntrustedFile regular() throws IOException {
        boolean regular = false;
        try {
            regular = status().kind() == FileStatus.FileKind.REGULAR;
        } finally {
            if (!regular) {
                close();
            }
        }
        if (!regular) {
            throw new UnusableException("it is no regular file");
        }
        return this;
    }

    private interface DescriptorOpening {
        Descriptor open() throws IOException;
    }

    private static UntrustedFile opened(DescriptorOpening opening, String denied) throws IOException {
        try {
            return new UntrustedFile(opening.open());
        } catch (Descriptor.SymbolicLinkException e) {
            throw new UnusableException("it is a symbolic link");
        } catch (AccessDeniedException e) {
            throw new UnusableException(denied);
        } catch (Descriptor.SystemCallException e) {
            if (e.errno() == NO_SUCH_DEVICE) {
                throw new UnusableException("it is a socket, a device, or a pipe that nobody reads");
            }
            throw e;
        }
    }

    /** What the open file is now. */
    public FileStatus status() throws IOException {
        return descriptor.status();
    }

    /** A channel that reads the open file from its beginning, for a regular one. */
    public FileChannel channel() throws IOException {
        return FileChannel.open(descriptor.path(), StandardOpenOption.READ);
    }

    /** The next octets, as many as there are up to a limit. */
    public byte[] read(int limit) throws IOException {
        return descriptor.read(limit);
    }

    /** A channel that writes behind the end of a file that was opened for that. */
    public FileChannel appending() throws IOException {
        return FileChannel.open(descriptor.path(), StandardOpenOption.WRITE, StandardOpenOption.APPEND);
    }

    /**
     * Returns when all that was written to the file system it is on is on the medium, its name too: who may not read a folder
     * cannot sync that alone (syncfs).
     */
    public void syncFileSystem() throws IOException {
        CFunction.CallResult answer = SyncfsFunction.SYNC_ALL.call(descriptor.number());
        if (answer.result() != 0) {
            throw Descriptor.trouble(descriptor.name(), "be synced", answer.errno());
        }
    }

    @Override
    public void close() {
        descriptor.close();
    }
}
