package carteiro.password;

import carteiro.posix.FileStatus;
import carteiro.posix.LockableFile;
import carteiro.posix.LockableFile.LockResult;
import carteiro.posix.RegularFile;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.EnumSet;
import java.util.Optional;
import java.util.Set;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * A file of secrets that is changed as a whole. Whoever reads it meanwhile sees the old one or the new one; of two writers one waits. The
 * folder is trusted: nobody else may write in it.
 *
 * <p>The new file has mode 0600, and the owner and group that the old one had; if that was closed to others and open to its group, so is
 * the new one.
 */
public final class RewrittenFile {
    private static final Duration PATIENCE = Duration.ofSeconds(10);
    private static final Duration PAUSE = Duration.ofMillis(50);

    private final Path file;
    private final @Nullable FileOwner owner;

    /** Who has a file. */
    private record FileOwner(int uid, int gid) {}

    private RewrittenFile(Path file, @Nullable FileOwner owner) {
        this.file = file.toAbsolutePath();
        this.owner = owner;
    }

    /** The owner stays; a new file is whoever's this process is. */
    public static RewrittenFile keepingOwner(Path file) {
        return new RewrittenFile(file, null);
    }

    /** The file gets that owner. */
    public static RewrittenFile givingTo(Path file, int uid, int gid) {
        return new RewrittenFile(file, new FileOwner(uid, gid));
    }

    /**
     * Changes it. Returns when it is on the medium.
     *
     * @param change of the whole content, a character for each octet; empty if there is no file
     * @return false if that changes nothing
     * @throws IOException if it cannot be written now; the old file stays
     */
    public boolean change(UnaryOperator<String> change) throws IOException {
        try (LockableFile lock = LockableFile.open(sibling(".lock"))) {
            take(lock);
            String old = "";
            FileOwner given = owner;
            boolean forGroup = false;
            Optional<RegularFile> found = RegularFile.open(file);
            if (found.isPresent()) {
                try (RegularFile open = found.get()) {
                    FileStatus status = open.status();
                    old = WatchedFile.content(open, file);
                    given = owner != null ? owner : new FileOwner(status.uid(), status.gid());
                    forGroup = (status.mode() & 047) == 040;
                }
            } else if (Files.exists(file, LinkOption.NOFOLLOW_LINKS)) {
                throw new IOException(file + " is no regular file; remove it and make it again");
            }
            String changed = change.apply(old);
            if (changed.equals(old)) {
                return false;
            }
            if (changed.length() > WatchedFile.MOST_SIZE) {
                throw new IOException(file + " would have more than " + WatchedFile.MOST_SIZE + " octets");
            }
            replace(StoredPassword.latin1(changed), given, forGroup);
            return true;
        }
    }

    private void take(LockableFile lock) throws IOException {
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        while (true) {
            switch (lock.tryLock()) {
                case LockResult.LOCKED -> {
                    return;
                }
                case LockResult.UNSUPPORTED -> throw new IOException(sibling(".lock") + " cannot be locked");
                case LockResult.BUSY -> {
                    if (System.nanoTime() - deadline > 0) {
                        throw new IOException("somebody else has had " + sibling(".lock") + " locked for "
                                + PATIENCE.toSeconds() + " seconds; try again");
                    }
                    try {
                        Thread.sleep(PAUSE);
                    } catch (InterruptedException e) {
                        Thread.currentThread().interrupt();
                        throw new InterruptedIOException("interrupted while " + sibling(".lock") + " was locked");
                    }
                }
            }
        }
    }

    private void replace(byte[] content, @Nullable FileOwner given, boolean forGroup) throws IOException {
        Path draft = sibling(".tmp");
        Files.deleteIfExists(draft); // of one that was killed: the lock is ours
        Set<PosixFilePermission> mode = EnumSet.of(PosixFilePermission.OWNER_READ, PosixFilePermission.OWNER_WRITE);
        try {
            try (FileChannel channel = FileChannel.open(
                    draft,
                    Set.of(StandardOpenOption.WRITE, StandardOpenOption.CREATE_NEW),
                    PosixFilePermissions.asFileAttribute(mode))) {
                own(draft, given);
                if (forGroup) {
                    mode.add(PosixFilePermission.GROUP_READ);
                    Files.setPosixFilePermissions(draft, mode);
                }
                ByteBuffer left = ByteBuffer.wrap(content);
                while (left.hasRemaining()) {
                    channel.write(left);
                }
                channel.force(true); // before the name
            }
            Files.move(draft, file, StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException | RuntimeException e) {
            Files.deleteIfExists(draft);
            throw e;
        }
        try (FileChannel folder = FileChannel.open(folder(), StandardOpenOption.READ)) {
            folder.force(true);
        }
    }

    private static void own(Path draft, @Nullable FileOwner given) throws IOException {
        if (given == null) {
            return;
        }
        if (!Integer.valueOf(given.gid).equals(Files.getAttribute(draft, "unix:gid"))) {
            Files.setAttribute(draft, "unix:gid", given.gid);
        }
        if (!Integer.valueOf(given.uid).equals(Files.getAttribute(draft, "unix:uid"))) {
            Files.setAttribute(draft, "unix:uid", given.uid);
        }
    }

    private Path sibling(String end) {
        return file.resolveSibling(file.getFileName() + end);
    }

    private Path folder() {
        Path folder = file.getParent();
        return folder == null ? Path.of("/") : folder;
    }
}
