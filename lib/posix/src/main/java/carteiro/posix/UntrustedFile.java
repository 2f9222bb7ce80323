package carteiro.posix;

import java.io.Closeable;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.channels.FileChannel;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Locale;

/**
 * A file in a folder that others may write, opened for reading: no link is followed in its last component, nothing is waited
 * for (a named pipe, a lease), and what is told of it is told of the very file that is open. Linux. One thread at a time.
 */
public final class UntrustedFile implements Closeable {
    private static final int READ_NOW = 04000 | 02000000 | 0400; // nonblocking, close on exec, no controlling terminal
    private static final int EMPTY_PATH = 0x1000;
    private static final int BASIC = 0x7ff;
    private static final int STATX = 256; // nlink 16, uid 20, gid 24, mode 28, size 40
    private static final int ENOENT = 2;
    private static final int ENXIO = 6;
    private static final int EACCES = 13;
    private static final int ELOOP = 40;

    private static final class Functions {
        static final MethodHandle OPEN = Calls.variadicWithErrno(
                "open",
                FunctionDescriptor.of(
                        ValueLayout.JAVA_INT, ValueLayout.ADDRESS, ValueLayout.JAVA_INT, ValueLayout.JAVA_INT),
                2);
        static final MethodHandle STATUS = Calls.withErrno(
                "statx",
                FunctionDescriptor.of(
                        ValueLayout.JAVA_INT,
                        ValueLayout.JAVA_INT,
                        ValueLayout.ADDRESS,
                        ValueLayout.JAVA_INT,
                        ValueLayout.JAVA_INT,
                        ValueLayout.ADDRESS));
        static final MethodHandle SYNC_ALL = Calls.withErrno("syncfs", Calls.intOfInt());
        static final MethodHandle CLOSE = Calls.withErrno("close", Calls.intOfInt());
    }

    /** What stands there can never be read as a file: a link, a socket, or it is closed to us. */
    public static final class UnusableException extends IOException {
        private static final long serialVersionUID = 1L;

        UnusableException(String reason) {
            super(reason);
        }
    }

    /**
     * What it is.
     *
     * @param regular whether it is a file with octets in it
     * @param links how many names it has
     * @param uid whose it is
     * @param gid its group
     * @param size octets
     */
    public record Status(boolean regular, int links, int uid, int gid, long size) {}

    private final Path path;
    private final int descriptor;

    private UntrustedFile(Path path, int descriptor) {
        this.path = path;
        this.descriptor = descriptor;
    }

    /**
     * Opens it.
     *
     * @throws NoSuchFileException if it is not there any more
     * @throws UnusableException if it is no file that we can read, nor will be by waiting
     * @throws IOException if it cannot be opened now
     */
    public static UntrustedFile open(Path path) throws IOException {
        int descriptor;
        int error;
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment state = Calls.state(arena);
            descriptor = (int) Functions.OPEN.invokeExact(state, Calls.path(arena, path), READ_NOW | noFollow(), 0);
            error = Calls.errno(state);
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new IllegalStateException(e);
        }
        if (descriptor < 0) {
            throw switch (error) {
                case ENOENT -> new NoSuchFileException(path.toString());
                case ELOOP -> new UnusableException("it is a symbolic link");
                case ENXIO -> new UnusableException("it is a socket or a device");
                case EACCES -> new UnusableException("its mode keeps us from reading it");
                default -> new IOException(path + ": cannot be opened now (error " + error + ")");
            };
        }
        return new UntrustedFile(path, descriptor);
    }

    /** O_NOFOLLOW, which differs between machines. */
    private static int noFollow() {
        String machine = System.getProperty("os.arch", "").toLowerCase(Locale.ROOT);
        return machine.startsWith("aarch64") || machine.startsWith("arm") || machine.startsWith("ppc")
                ? 0100000
                : 0400000;
    }

    /** What the open file is now. */
    public Status status() throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment status = arena.allocate(STATX, 8);
            MemorySegment state = Calls.state(arena);
            int result = (int)
                    Functions.STATUS.invokeExact(state, descriptor, arena.allocateFrom(""), EMPTY_PATH, BASIC, status);
            if (result != 0) {
                throw new IOException(path + ": cannot be examined (error " + Calls.errno(state) + ")");
            }
            int mode = Short.toUnsignedInt(status.get(ValueLayout.JAVA_SHORT, 28));
            return new Status(
                    (mode & 0170000) == 0100000,
                    status.get(ValueLayout.JAVA_INT, 16),
                    status.get(ValueLayout.JAVA_INT, 20),
                    status.get(ValueLayout.JAVA_INT, 24),
                    status.get(ValueLayout.JAVA_LONG, 40));
        } catch (IOException | RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new IllegalStateException(e);
        }
    }

    /** A channel that reads the open file from its beginning, for a regular one. */
    public FileChannel channel() throws IOException {
        return FileChannel.open(Path.of("/proc/self/fd/" + descriptor), StandardOpenOption.READ);
    }

    /**
     * Returns when all that was written to the file system it is on is on the medium, its name too: who may not read a folder
     * cannot sync that alone (syncfs).
     */
    public void syncFileSystem() throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment state = Calls.state(arena);
            if ((int) Functions.SYNC_ALL.invokeExact(state, descriptor) != 0) {
                throw new IOException(path + ": cannot be synced (error " + Calls.errno(state) + ")");
            }
        } catch (IOException | RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    public void close() {
        try (Arena arena = Arena.ofConfined()) {
            int _ = (int) Functions.CLOSE.invokeExact(Calls.state(arena), descriptor);
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new IllegalStateException(e);
        }
    }
}
