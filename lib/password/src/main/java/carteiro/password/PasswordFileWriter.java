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
 * Changes users/passwd, one name at a time. Whoever reads it meanwhile sees the old file or the new one; of two writers one waits. Other
 * lines stay as they are, octet for octet. The folder is trusted: nobody else may write in it.
 *
 * <p>The new file has mode 0600, and the owner and group that the old one had; if that was closed to others and open to its group, so is
 * the new one.
 */
public final class PasswordFileWriter {
    private static final Duration PATIENCE = Duration.ofSeconds(10);
    private static final Duration PAUSE = Duration.ofMillis(50);

    private final Path file;
    private final @Nullable FileOwner owner;

    /** Who has a file. */
    private record FileOwner(int uid, int gid) {}

    private PasswordFileWriter(Path file, @Nullable FileOwner owner) {
        this.file = file.toAbsolutePath();
        this.owner = owner;
    }

    /** The owner stays; a new file is whoever's this process is. */
    public static PasswordFileWriter keepingOwner(Path file) {
        return new PasswordFileWriter(file, null);
    }

    /** The file gets that owner. */
    public static PasswordFileWriter givingTo(Path file, int uid, int gid) {
        return new PasswordFileWriter(file, new FileOwner(uid, gid));
    }

    /**
     * Stores a value for a name, in place of what is stored for it; further fields of its line stay. Returns when it is on the medium.
     *
     * @param name octets, a character for each, without a colon
     * @throws IllegalArgumentException if the name or the value cannot stand in the file
     * @throws IOException if it cannot be written now; the old file stays
     */
    public void set(String name, StoredPassword password) throws IOException {
        String made = name + ":" + password.octets();
        if (!(PasswordLine.parse(made) instanceof PasswordLine.PasswordEntry read
                && read.name().equals(name)
                && read.value().equals(password.octets())
                && made.chars().allMatch(c -> c <= 0xFF))) {
            throw new IllegalArgumentException(
                    "a name with a colon, or a name or value with an octet that the file cannot hold");
        }
        change(old -> with(old, name, password.octets(), made));
    }

    /**
     * Removes all lines of a name; false if there are none.
     *
     * @throws IOException if the file cannot be written now; the old one stays
     */
    public boolean remove(String name) throws IOException {
        return change(old -> without(old, name));
    }

    private static String with(String old, String name, String value, String made) {
        var all = new StringBuilder(old.length() + made.length() + 1);
        boolean done = false;
        for (String line : lines(old)) {
            PasswordLine.PasswordEntry entry = done ? null : entry(line, name);
            if (entry != null) {
                done = true;
                all.append(line, 0, entry.start()).append(value).append(line, entry.end(), line.length());
            } else {
                all.append(line);
            }
        }
        if (!done) {
            if (!all.isEmpty() && all.charAt(all.length() - 1) != '\n') {
                all.append('\n');
            }
            all.append(made).append('\n');
        }
        return all.toString();
    }

    private static String without(String old, String name) {
        var all = new StringBuilder(old.length());
        for (String line : lines(old)) {
            if (entry(line, name) == null) {
                all.append(line);
            }
        }
        return all.toString();
    }

    /** With their ends. */
    private static String[] lines(String text) {
        return text.isEmpty() ? new String[0] : text.split("(?<=\n)");
    }

    /** What a line has for that name; null if it is not one of that name. */
    private static PasswordLine.@Nullable PasswordEntry entry(String line, String name) {
        String text = line.endsWith("\n") ? line.substring(0, line.length() - 1) : line;
        return PasswordLine.parse(text) instanceof PasswordLine.PasswordEntry entry
                        && PasswordLine.key(entry.name()).equals(PasswordLine.key(name))
                ? entry
                : null;
    }

    private boolean change(UnaryOperator<String> change) throws IOException {
        try (LockableFile lock = LockableFile.open(sibling(".lock"))) {
            take(lock);
            String old = "";
            FileOwner given = owner;
            boolean forGroup = false;
            Optional<RegularFile> found = RegularFile.open(file);
            if (found.isPresent()) {
                try (RegularFile open = found.get()) {
                    FileStatus status = open.status();
                    old = PasswordFile.content(open, file);
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
            if (changed.length() > PasswordFile.MOST_SIZE) {
                throw new IOException(file + " would have more than " + PasswordFile.MOST_SIZE + " octets");
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
