package carteiro.posix;

import java.io.Closeable;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.FileSystems;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.jspecify.annotations.Nullable;

/**
 * A file opened for appending, made with mode 0600 if there is none, that can be locked by flock(2), which Java lacks. Opening never
 * waits for the other end of a named pipe. One thread at a time. Linux. A path that is not the system's own has no such locks.
 */
public final class LockableFile implements Closeable {
    private static final int APPENDING = Descriptor.WRITE | Descriptor.APPEND | Descriptor.CREATE | Descriptor.NO_WAIT;
    private static final int OWNER_ONLY = 0600;
    private static final int EXCLUSIVE_NOW = 2 | 4;
    private static final int EWOULDBLOCK = 11;
    private static final int EINTR = 4;

    private final @Nullable Descriptor descriptor; // null: a file system without locks
    private final Path path;

    private LockableFile(@Nullable Descriptor descriptor, Path path) {
        this.descriptor = descriptor;
        this.path = path;
    }

    /** How an attempt to lock ended. */
    public enum LockResult {
        /** It is ours until it is closed. */
        LOCKED,
        /** Somebody else has it. */
        BUSY,
        /** This file system has no such locks. */
        UNSUPPORTED
    }

    private static final class FlockFunction {
        static final CFunction FLOCK = CFunction.named("flock");
    }

    /** Opens it. */
    public static LockableFile open(Path file) throws IOException {
        if (!file.getFileSystem().equals(FileSystems.getDefault())) {
            FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.APPEND)
                    .close();
            return new LockableFile(null, file);
        }
        Descriptor descriptor = Descriptor.open(file, APPENDING, OWNER_ONLY);
        return new LockableFile(descriptor, descriptor.path());
    }

    /** A name for the very file that is open, whatever the name it was opened by leads to now. */
    public Path path() {
        return path;
    }

    /** Tries to get the exclusive lock; never waits. */
    public LockResult tryLock() {
        if (descriptor == null) {
            return LockResult.UNSUPPORTED;
        }
        CFunction.CallResult answer = FlockFunction.FLOCK.call(descriptor.number(), EXCLUSIVE_NOW);
        if (answer.result() == 0) {
            return LockResult.LOCKED;
        }
        return answer.errno() == EWOULDBLOCK || answer.errno() == EINTR ? LockResult.BUSY : LockResult.UNSUPPORTED;
    }

    /** Gives up the lock with the file. */
    @Override
    public void close() {
        if (descriptor != null) {
            descriptor.close();
        }
    }
}
