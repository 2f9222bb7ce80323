package carteiro.local;

import carteiro.maildir.MessageOctets;
import carteiro.protocol.AccountPrivilege;
import carteiro.protocol.Messages.MessageBody;
import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Comparator;
import java.util.Set;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * Keeps messages while they are delivered: small ones in memory within a common budget, others in files of a folder that
 * is closed to everybody else. A program gets a file that belongs to its user.
 */
final class MessageSpool {
    /** The largest message kept in memory, in octets. */
    static final int SMALL = 256 * 1024;

    private static final int BUDGET = 64 * 1024; // KiB of all messages in memory
    private static final int CHUNK = 128 * 1024;
    private static final FileAttribute<Set<PosixFilePermission>> OWNER_ONLY =
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"));

    private final AccountPrivilege privilege;
    private final Path folder;
    private final Semaphore memory = new Semaphore(BUDGET);
    private final AtomicLong counter = new AtomicLong();

    private MessageSpool(AccountPrivilege privilege, Path folder) {
        this.privilege = privilege;
        this.folder = folder;
    }

    /** A spool in that folder, which is made if there is none, and emptied of what a crash left. */
    static MessageSpool in(Path folder, AccountPrivilege privilege) throws IOException {
        Files.createDirectories(folder);
        Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwx------"));
        try (var left = Files.walk(folder)) {
            for (Path file : left.sorted(Comparator.reverseOrder()).toList()) {
                if (!file.equals(folder)) {
                    Files.delete(file);
                }
            }
        }
        return new MessageSpool(privilege, folder);
    }

    /** A message that is being delivered; one thread at a time. */
    final class HeldMessage implements Closeable {
        private final MessageOctets octets;
        private final int budget;
        private @Nullable Path file;
        private @Nullable FileChannel channel;

        private HeldMessage(MessageOctets octets, int budget, @Nullable Path file, @Nullable FileChannel channel) {
            this.octets = octets;
            this.budget = budget;
            this.file = file;
            this.channel = channel;
        }

        MessageOctets octets() {
            return octets;
        }

        /** The message as the standard input of a program of that user: a file at its first octet. */
        Redirect input(int uid, int gid) throws IOException {
            Path known = file;
            if (known == null) {
                known = newName();
                file = known;
                try (FileChannel out = create(known)) {
                    copy(octets.open(), out, octets.count());
                }
            }
            switch (privilege) {
                case AccountPrivilege.EveryUser _ -> {
                    Files.setAttribute(known, "unix:uid", uid);
                    Files.setAttribute(known, "unix:gid", gid);
                }
                case AccountPrivilege.OneUser _ -> {}
            }
            return Redirect.from(known.toFile());
        }

        @Override
        public void close() throws IOException {
            memory.release(budget);
            try {
                if (channel != null) {
                    channel.close();
                }
            } finally {
                if (file != null) {
                    Files.deleteIfExists(file);
                }
            }
        }
    }

    /** Reads a message to its end. */
    HeldMessage take(MessageBody body) throws IOException {
        long count = body.octets();
        int budget = (int) Math.min(count / 1024 + 1, Integer.MAX_VALUE);
        if (count <= SMALL && memory.tryAcquire(budget)) {
            try {
                byte[] octets = body.readNBytes((int) count);
                if (octets.length < count) {
                    throw new EOFException("queue gave " + octets.length + " octets of " + count);
                }
                return new HeldMessage(new MessageOctets.InMemory(octets), budget, null, null);
            } catch (IOException | RuntimeException e) {
                memory.release(budget);
                throw e;
            }
        }
        Path file = newName();
        FileChannel channel = create(file);
        try {
            copy(body, channel, count);
            return new HeldMessage(new MessageOctets.InFile(channel, count), 0, file, channel);
        } catch (IOException | UncheckedIOException e) {
            channel.close();
            Files.deleteIfExists(file);
            throw e;
        }
    }

    private Path newName() {
        return folder.resolve("message." + counter.incrementAndGet());
    }

    private static FileChannel create(Path file) throws IOException {
        return FileChannel.open(
                file,
                Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.READ, StandardOpenOption.WRITE),
                OWNER_ONLY);
    }

    private static void copy(java.io.InputStream in, FileChannel out, long count) throws IOException {
        byte[] chunk = new byte[CHUNK];
        long left = count;
        while (left > 0) {
            int read = in.read(chunk, 0, (int) Math.min(chunk.length, left));
            if (read < 0) {
                throw new EOFException("a message came short by " + left + " octets");
            }
            ByteBuffer octets = ByteBuffer.wrap(chunk, 0, read);
            while (octets.hasRemaining()) {
                out.write(octets);
            }
            left -= read;
        }
    }
}
