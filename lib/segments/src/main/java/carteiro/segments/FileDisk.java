package carteiro.segments;

import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The disk itself. Any thread. */
public class FileDisk implements Disk {
    private static final FileAttribute<?> OWN_FILE =
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"));
    private static final FileAttribute<?> OWN_FOLDER =
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"));

    private final Path folder;
    private final Set<StandardOpenOption> opening;

    private FileDisk(Path folder, Set<StandardOpenOption> opening) {
        this.folder = folder;
        this.opening = opening;
    }

    /** @param folder HOME/queue */
    public FileDisk(Path folder) {
        this(folder, Set.of(StandardOpenOption.READ, StandardOpenOption.WRITE));
    }

    /** A queue to look at: what is there is opened for reading alone. */
    public static FileDisk forReading(Path folder) {
        return new FileDisk(folder, Set.of(StandardOpenOption.READ));
    }

    private Path path(String name) {
        return folder.resolve(name);
    }

    @Override
    public void makeFolder(String name) throws IOException {
        if (!Files.isDirectory(path(name))) {
            Files.createDirectory(path(name), OWN_FOLDER);
        }
    }

    @Override
    public List<String> list(String name) throws IOException {
        var names = new ArrayList<String>();
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(path(name))) {
            for (Path entry : entries) {
                names.add(String.valueOf(entry.getFileName()));
            }
        } catch (java.nio.file.DirectoryIteratorException e) {
            throw e.getCause();
        }
        return names;
    }

    @Override
    public OpenFile create(String name) throws IOException {
        return new ChannelFile(
                path(name),
                FileChannel.open(
                        path(name),
                        Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.READ, StandardOpenOption.WRITE),
                        OWN_FILE),
                opening);
    }

    @Override
    public OpenFile open(String name) throws IOException {
        return new ChannelFile(path(name), FileChannel.open(path(name), opening), opening);
    }

    @Override
    public long size(String name) throws IOException {
        return Files.size(path(name));
    }

    @Override
    public void rename(String from, String to) throws IOException {
        Files.move(path(from), path(to), StandardCopyOption.ATOMIC_MOVE);
    }

    @Override
    public void delete(String name) throws IOException {
        Files.deleteIfExists(path(name));
    }

    @Override
    public void forceFolder(String name) throws IOException {
        try (FileChannel channel = FileChannel.open(path(name), StandardOpenOption.READ)) {
            channel.force(true);
        }
    }

    @Override
    public long usable() throws IOException {
        long usable = folder.toFile().getUsableSpace(); // statvfs alone; a FileStore would read the table of mounts
        if (usable == 0 && !Files.isDirectory(folder)) { // it has no other way to say that it failed
            throw new java.nio.file.NoSuchFileException(folder.toString());
        }
        return usable;
    }

    @Override
    public Closeable lock(String name) throws IOException {
        // Closing any channel of a file drops all locks this process has on it (POSIX), so that a second queue in this
        // process must not even open the file.
        String held = held(name);
        if (System.getProperties().putIfAbsent(held, "held") != null) {
            throw heldByAnother(name);
        }
        try {
            Closeable lock = lockFile(name);
            return () -> {
                lock.close();
                System.clearProperty(held);
            };
        } catch (IOException | RuntimeException e) {
            System.clearProperty(held);
            throw e;
        }
    }

    private String held(String name) {
        return "carteiro.queue.lock " + path(name).toAbsolutePath().normalize();
    }

    /**
     * Keeps others from taking the lock of this name, as long as nobody has it; needs no permission to write.
     *
     * @return what ends it; null if somebody has the lock
     */
    @Nullable
    public Closeable shareLock(String name) throws IOException {
        if (System.getProperty(held(name)) != null) {
            return null;
        }
        FileChannel channel;
        try {
            channel = FileChannel.open(path(name), StandardOpenOption.READ);
        } catch (NoSuchFileException e) {
            return () -> {}; // no queue has ever run here
        }
        try {
            if (channel.tryLock(0, Long.MAX_VALUE, true) != null) {
                return channel;
            }
        } catch (IOException | RuntimeException e) {
            channel.close();
            throw e;
        }
        channel.close();
        return null;
    }

    /** Whether somebody has the lock of this name now. Shares it for an instant if nobody has. */
    public boolean isLocked(String name) throws IOException {
        try (Closeable share = shareLock(name)) {
            return share == null;
        }
    }

    private IOException heldByAnother(String name) {
        return new IOException(path(name) + ": another queue is running on this HOME; stop it first");
    }

    private Closeable lockFile(String name) throws IOException {
        FileChannel channel =
                FileChannel.open(path(name), Set.of(StandardOpenOption.CREATE, StandardOpenOption.WRITE), OWN_FILE);
        try {
            FileLock lock = channel.tryLock();
            if (lock != null) {
                return channel;
            }
        } catch (OverlappingFileLockException e) {
            // held within this process: the same answer
        } catch (IOException | RuntimeException e) {
            channel.close();
            throw e;
        }
        channel.close();
        throw heldByAnother(name);
    }

    /**
     * A file through a channel. A thread that is interrupted while it reads closes the channel for everybody: the others
     * open it again.
     */
    private static final class ChannelFile implements OpenFile {
        private final Path path;
        private final Set<StandardOpenOption> opening;
        private volatile FileChannel channel;
        private volatile boolean closed;

        ChannelFile(Path path, FileChannel channel, Set<StandardOpenOption> opening) {
            this.path = path;
            this.channel = channel;
            this.opening = opening;
        }

        private interface ChannelAction<T> {
            T with(FileChannel channel) throws IOException;
        }

        private <T> T uninterrupted(ChannelAction<T> work) throws IOException {
            while (true) {
                FileChannel now = channel;
                try {
                    return work.with(now);
                } catch (ClosedByInterruptException e) {
                    throw new InterruptedIOException(path + ": interrupted");
                } catch (ClosedChannelException e) {
                    reopen(now, e);
                }
            }
        }

        @SuppressWarnings("ReferenceEquality") // the very channel that was closed
        private synchronized void reopen(FileChannel gone, ClosedChannelException why) throws IOException {
            if (closed) {
                throw why;
            }
            if (Thread.currentThread().isInterrupted()) {
                throw new InterruptedIOException(path + ": interrupted");
            }
            if (channel == gone) {
                channel = FileChannel.open(path, opening);
            }
        }

        @Override
        public void write(ByteBuffer octets, long at) throws IOException {
            int start = octets.position();
            uninterrupted(now -> {
                while (octets.hasRemaining()) {
                    if (now.write(octets, at + octets.position() - start) == 0) {
                        throw new EOFException(path + ": nothing could be written");
                    }
                }
                return 0;
            });
        }

        @Override
        public int read(ByteBuffer into, long at) throws IOException {
            return uninterrupted(now -> now.read(into, at));
        }

        @Override
        public void force() throws IOException {
            uninterrupted(now -> {
                now.force(false);
                return 0;
            });
        }

        @Override
        public long size() throws IOException {
            return uninterrupted(FileChannel::size);
        }

        @Override
        public void truncate(long size) throws IOException {
            uninterrupted(now -> now.truncate(size));
        }

        @Override
        public synchronized void close() throws IOException {
            closed = true;
            channel.close();
        }
    }
}
