package carteiro.maildir;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.FileSystems;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Forces folders to disk, once for many callers: a force that began after a caller's name was made covers it, so whoever comes
 * while one is running shares the next. Any number of platform threads.
 */
public final class DirectorySync {
    private final ConcurrentMap<Path, Rounds> folders = new ConcurrentHashMap<>();

    /**
     * Opens a folder for {@link #force}. It is opened as {@code folder/.}, which the kernel refuses at once for anything else: the open
     * of a named pipe, which a user may have put there, would wait for its other end.
     */
    static FileChannel open(Path folder) throws IOException {
        boolean system = folder.getFileSystem().equals(FileSystems.getDefault());
        return FileChannel.open(system ? folder.resolve(".") : folder, StandardOpenOption.READ);
    }

    /** No folder yet. */
    public DirectorySync() {}

    /** The rounds of one folder, kept while anybody uses it. */
    private static final class Rounds {
        private final ReentrantLock lock = new ReentrantLock();
        private final Condition ended = lock.newCondition();
        private int users; // guarded by the map's bin
        private long begun;
        private long completed; // rounds end in order: one runs at a time
        private long failed; // the last that failed
        private @Nullable IOException failure;

        void join(FileChannel folder) throws IOException {
            lock.lock();
            try {
                long mine = begun + 1; // the one that runs may have begun before my name was made
                while (completed < mine) {
                    if (begun > completed) {
                        ended.awaitUninterruptibly();
                    } else {
                        run(folder);
                    }
                }
                if (failed >= mine && failure != null) {
                    throw new IOException("cannot force a folder to disk: " + failure.getMessage(), failure);
                }
            } finally {
                lock.unlock();
            }
        }

        private void run(FileChannel folder) {
            long round = ++begun;
            lock.unlock();
            IOException trouble = null;
            try {
                folder.force(true);
            } catch (IOException e) {
                trouble = e;
            } finally {
                lock.lock();
                if (trouble != null) {
                    failed = round;
                    failure = trouble;
                }
                completed = round;
                ended.signalAll();
            }
        }
    }

    /**
     * Returns when every name made in the folder before the call is on disk.
     *
     * @param name the folder's path: callers with the same one share rounds
     * @param folder the same folder, open for reading
     * @throws IOException if the disk refuses
     */
    public void force(Path name, FileChannel folder) throws IOException {
        Rounds rounds = folders.compute(name, (_, known) -> {
            Rounds used = known == null ? new Rounds() : known;
            used.users++;
            return used;
        });
        try {
            rounds.join(folder);
        } finally {
            folders.computeIfPresent(name, (_, used) -> --used.users == 0 ? null : used);
        }
    }
}
