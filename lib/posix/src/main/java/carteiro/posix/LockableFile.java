package carteiro.posix;

import java.io.Closeable;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.FileSystems;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * A file opened for appending, made with mode 0600 if there is none, that can be locked by flock(2), which Java lacks. Opening never
 * waits for the other end of a named pipe. One thread at a time. Linux. A path that is not the system's own has no such locks.
 */
public final class LockableFile implements Closeable {
    private static final int APPEND_CREATE_NONBLOCKING = 01 | 02000 | 0100 | 04000 | 02000000; // and close on exec
    private static final int OWNER_ONLY = 0600;
    private static final int EXCLUSIVE_NOW = 2 | 4;
    private static final int ENOENT = 2;
    private static final int EACCES = 13;
    private static final int ENOSPC = 28;
    private static final int EROFS = 30;
    private static final int EDQUOT = 122;
    private static final int EWOULDBLOCK = 11;
    private static final int EINTR = 4;

    private static final int NONE = -1;

    private final int descriptor;
    private final Path path;

    private LockableFile(int descriptor, Path path) {
        this.descriptor = descriptor;
        this.path = path;
    }

    /** How an attempt to lock ended. */
    public enum Attempt {
        /** It is ours until it is closed. */
        LOCKED,
        /** Somebody else has it. */
        BUSY,
        /** This file system has no such locks. */
        UNSUPPORTED
    }

    private static final class Functions {
        static final MethodHandle OPEN = Calls.variadicWithErrno(
                "open",
                FunctionDescriptor.of(
                        ValueLayout.JAVA_INT, ValueLayout.ADDRESS, ValueLayout.JAVA_INT, ValueLayout.JAVA_INT),
                2);
        static final MethodHandle FLOCK = Calls.withErrno(
                "flock", FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT, ValueLayout.JAVA_INT));
        static final MethodHandle CLOSE = Calls.withErrno("close", Calls.intOfInt());
    }

    /** Opens it. */
    public static LockableFile open(Path file) throws IOException {
        if (!file.getFileSystem().equals(FileSystems.getDefault())) {
            FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.APPEND)
                    .close();
            return new LockableFile(NONE, file);
        }
        int descriptor;
        int error;
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment state = Calls.state(arena);
            descriptor = (int)
                    Functions.OPEN.invokeExact(state, Calls.path(arena, file), APPEND_CREATE_NONBLOCKING, OWNER_ONLY);
            error = Calls.errno(state);
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new IllegalStateException(e);
        }
        if (descriptor < 0) {
            switch (error) {
                case ENOENT -> throw new NoSuchFileException(file.toString());
                case EACCES -> throw new AccessDeniedException(file.toString());
                case EROFS -> throw new FileSystemException(file.toString(), null, "the file system is read-only");
                case ENOSPC -> throw new FileSystemException(file.toString(), null, "no space left on device");
                case EDQUOT -> throw new FileSystemException(file.toString(), null, "disk quota exceeded");
                default -> throw new IOException(file + ": cannot be opened for appending (error " + error + ")");
            }
        }
        return new LockableFile(descriptor, Path.of("/proc/self/fd/" + descriptor));
    }

    /** A name for the very file that is open, whatever the name it was opened by leads to now. */
    public Path path() {
        return path;
    }

    /** Tries to get the exclusive lock; never waits. */
    public Attempt tryLock() {
        if (descriptor == NONE) {
            return Attempt.UNSUPPORTED;
        }
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment state = Calls.state(arena);
            if ((int) Functions.FLOCK.invokeExact(state, descriptor, EXCLUSIVE_NOW) == 0) {
                return Attempt.LOCKED;
            }
            int error = Calls.errno(state);
            return error == EWOULDBLOCK || error == EINTR ? Attempt.BUSY : Attempt.UNSUPPORTED;
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new IllegalStateException(e);
        }
    }

    /** Gives up the lock with the file. */
    @Override
    public void close() {
        if (descriptor == NONE) {
            return;
        }
        try (Arena arena = Arena.ofConfined()) {
            int _ = (int) Functions.CLOSE.invokeExact(Calls.state(arena), descriptor);
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new IllegalStateException(e);
        }
    }
}
