package carteiro.maildir;

import static carteiro.posix.LockableFile.LockResult.BUSY;
import static carteiro.posix.LockableFile.LockResult.LOCKED;

import carteiro.posix.LockableFile;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Appends to mbox files. They are locked by flock(2), as qmail does, and by fcntl(2), as Dovecot, mutt and procmail do; where a file
 * system has neither, they are written unlocked. Safe for any number of platform threads.
 */
public final class Mbox {
    /** How long others may hold the lock; qmail's limit. */
    public static final Duration PATIENCE = Duration.ofSeconds(30);

    private static final long PAUSE = 50;
    private static final int BUFFER = 128 * 1024;

    private final DirectorySync sync;
    private final Duration patience;
    private final Set<Path> uncut = ConcurrentHashMap.newKeySet(); // end in what could be neither forced nor cut off

    /** Deliveries that wait for a lock for at most {@code patience}. */
    public Mbox(DirectorySync sync, Duration patience) {
        this.sync = sync;
        this.patience = patience;
    }

    /** How a delivery ended that no {@link IOException} stopped. */
    public enum MboxResult {
        /** On disk. */
        DELIVERED,
        /** Somebody else held the lock all the time; nothing was written. */
        LOCKED,
        /** The name leads to something that is no regular file; nothing was written. */
        NO_FILE
    }

    /**
     * Appends one message, and forces it to disk.
     *
     * @param header the From_, Return-Path and Delivered-To lines
     * @throws IOException if the disk, or its permissions, refuse; what was written of the message is cut off again
     */
    public MboxResult deliver(Path file, byte[] header, MessageOctets message) throws IOException {
        long deadline = System.nanoTime() + patience.toNanos();
        if (isSomethingElse(file)) {
            return MboxResult.NO_FILE; // some devices do something when they are opened
        }
        try (LockableFile opened = LockableFile.open(file)) {
            if (!Files.isRegularFile(opened.path())) {
                return MboxResult.NO_FILE;
            }
            try (FileChannel in = readable(opened.path());
                    FileChannel out =
                            FileChannel.open(opened.path(), StandardOpenOption.WRITE, StandardOpenOption.APPEND)) {
                LockableFile.LockResult flock = await(opened::tryLock, deadline);
                LockableFile.LockResult fcntl = flock == BUSY ? BUSY : await(() -> tryLock(out), deadline);
                if (fcntl == BUSY) {
                    return MboxResult.LOCKED;
                }
                Repair repair = flock == LOCKED || fcntl == LOCKED ? Repair.CUT : Repair.LEAVE;
                append(file, isTorn(in, out.size()) || uncut.contains(file), out, header, message, repair);
            }
        }
        if (file.getParent() != null) {
            force(file.getParent()); // also if it is not new: that may have failed when it was
        }
        return MboxResult.DELIVERED;
    }

    private static boolean isSomethingElse(Path file) {
        try {
            return !Files.readAttributes(file, BasicFileAttributes.class).isRegularFile();
        } catch (IOException e) {
            return false; // nothing is there yet, or the open will tell
        }
    }

    private void force(Path parent) throws IOException {
        try (FileChannel folder = DirectorySync.open(parent)) {
            sync.force(parent, folder);
        } catch (AccessDeniedException e) {
            // a folder that may be written but not read: delivered all the same, as qmail does
        }
    }

    /** What happens to half a message. */
    private enum Repair {
        /** It is cut off. */
        CUT,
        /** It stays: without a lock, what follows may be somebody else's. */
        LEAVE
    }

    /** The file for reading, which is not closed before it is unlocked: that would unlock it; null if it may not be read. */
    private static @Nullable FileChannel readable(Path file) throws IOException {
        try {
            return FileChannel.open(file, StandardOpenOption.READ);
        } catch (AccessDeniedException e) {
            return null;
        }
    }

    /** Whether what is there ends in half a line, left by a crash, into which no reader would see a message begin. */
    private static boolean isTorn(@Nullable FileChannel in, long size) throws IOException {
        ByteBuffer last = ByteBuffer.allocate(1);
        return in != null && size > 0 && in.read(last, size - 1) == 1 && last.get(0) != '\n';
    }

    private void append(Path file, boolean torn, FileChannel out, byte[] header, MessageOctets message, Repair repair)
            throws IOException {
        long before = out.size();
        try {
            var buffered = new BufferedOutputStream(Channels.newOutputStream(out), BUFFER);
            if (torn) {
                buffered.write('\n');
                buffered.write('\n');
            }
            MboxEntry.write(buffered, header, message);
            buffered.flush();
            out.force(true);
            uncut.remove(file);
        } catch (IOException | RuntimeException e) {
            if (repair == Repair.CUT) {
                try {
                    out.truncate(before);
                } catch (IOException worse) {
                    e.addSuppressed(worse);
                    uncut.add(file); // whatever it ends in now may be something else after a power failure
                }
            }
            throw e;
        }
    }

    private interface MboxLock {
        LockableFile.LockResult attempt();
    }

    private static LockableFile.LockResult await(MboxLock lock, long deadline) throws IOException {
        LockableFile.LockResult attempt = lock.attempt();
        while (attempt == BUSY && System.nanoTime() - deadline < 0) {
            pause();
            attempt = lock.attempt();
        }
        return attempt;
    }

    private static LockableFile.LockResult tryLock(FileChannel out) {
        try {
            FileLock lock = out.tryLock();
            return lock == null ? BUSY : LOCKED;
        } catch (OverlappingFileLockException e) {
            return BUSY; // another thread of ours, where there is no flock
        } catch (IOException e) {
            return LockableFile.LockResult.UNSUPPORTED;
        }
    }

    private static void pause() throws IOException {
        try {
            Thread.sleep(PAUSE);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while waiting for a lock", e);
        }
    }
}
