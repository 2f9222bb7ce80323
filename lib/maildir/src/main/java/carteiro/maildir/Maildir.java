package carteiro.maildir;

import carteiro.mail.SentSize;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.InstantSource;
import java.util.Set;

/**
 * Delivers into Maildirs. The order of writes, and what a crash after each leaves:
 *
 * <table>
 * <caption>states</caption>
 * <tr><td>tmp/NAME made, written</td><td>a draft that no reader looks at; readers remove it after 36 hours</td></tr>
 * <tr><td>tmp/NAME forced</td><td>the same</td></tr>
 * <tr><td>linked as new/NAME,S=OCTETS,W=OCTETS</td><td>whole or absent: the name never leads to half a file</td></tr>
 * <tr><td>tmp/NAME unlinked</td><td>the same</td></tr>
 * <tr><td>new/ forced</td><td>delivered, and only now is it answered</td></tr>
 * </table>
 *
 * A link, not a rename, because it fails rather than overwrites. Safe for any number of threads.
 */
public final class Maildir {
    private static final FileAttribute<Set<PosixFilePermission>> OWNER_ONLY =
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"));
    private static final Set<StandardOpenOption> NEW_FILE =
            Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);

    private static final int TRIES =
            3; // names are unique; only a clock set back beside a reused process id repeats one
    private static final int CHUNK = 128 * 1024;

    private final MaildirNames names;
    private final DirectorySync sync;
    private final InstantSource clock;

    /** Deliveries with those names. */
    public Maildir(MaildirNames names, DirectorySync sync, InstantSource clock) {
        this.names = names;
        this.sync = sync;
        this.clock = clock;
    }

    /** How a delivery ended that no {@link IOException} stopped. */
    public enum MaildirResult {
        /** On disk, in new/. */
        DELIVERED,
        /** The folder, its tmp/ or its new/ is missing or is no folder. */
        NO_MAILDIR
    }

    /**
     * Delivers one message. When this returns {@link MaildirResult#DELIVERED} it survives a crash.
     *
     * @param folder the Maildir
     * @param header what stands before the message: the Return-Path and Delivered-To lines
     * @throws IOException if the disk, or its permissions, refuse; then there is nothing new in the folder, unless
     *     forcing it failed
     */
    public MaildirResult deliver(Path folder, byte[] header, MessageOctets message) throws IOException {
        Path newFolder = folder.resolve("new");
        Path tmp = folder.resolve("tmp");
        try (FileChannel place = DirectorySync.open(newFolder)) { // before there is a name in it
            var size = new SentSize();
            Path draft = write(tmp, header, message, size);
            try {
                Files.createLink(newFolder.resolve(draft.getFileName() + sizes(header, message, size)), draft);
            } finally {
                remove(draft);
            }
            sync.force(newFolder, place);
            return MaildirResult.DELIVERED;
        } catch (AccessDeniedException e) {
            throw e;
        } catch (FileSystemException e) {
            if (Files.isDirectory(newFolder) && Files.isDirectory(tmp)) {
                throw e;
            }
            return MaildirResult.NO_MAILDIR;
        }
    }

    /**
     * What readers need not look for in the message: S, its octets, and W, its octets as they are sent (Maildir++). Where the last line
     * has no end, readers do not agree on W.
     */
    private static String sizes(byte[] header, MessageOctets message, SentSize size) {
        String sent = size.octets() == size.octetsOfLines() ? ",W=" + size.octets() : "";
        return ",S=" + (header.length + message.count()) + sent;
    }

    private Path write(Path tmp, byte[] header, MessageOctets message, SentSize size) throws IOException {
        for (int attempt = 1; true; attempt++) {
            Path draft = tmp.resolve(names.next(clock.instant()));
            FileChannel out;
            try {
                out = FileChannel.open(draft, NEW_FILE, OWNER_ONLY);
            } catch (FileAlreadyExistsException e) {
                if (attempt == TRIES) {
                    throw e;
                }
                continue;
            }
            try (out) {
                write(out, header, message, size);
                out.force(true);
            } catch (IOException | RuntimeException e) {
                remove(draft);
                throw e;
            }
            return draft;
        }
    }

    /** Removes a draft. One that stays is harmless: readers remove it after 36 hours. */
    private static void remove(Path draft) {
        try {
            Files.deleteIfExists(draft);
        } catch (IOException e) {
            // whether the message is delivered does not hang on it
        }
    }

    private static void write(FileChannel out, byte[] header, MessageOctets message, SentSize size) throws IOException {
        size.add(header, 0, header.length);
        switch (message) {
            case MessageOctets.InMemory inMemory -> {
                inMemory.countIn(size);
                ByteBuffer[] both = {ByteBuffer.wrap(header), inMemory.buffer()}; // one call for both
                while (both[0].hasRemaining() || both[1].hasRemaining()) {
                    out.write(both);
                }
            }
            case MessageOctets.InFile inFile -> {
                writeAll(out, ByteBuffer.wrap(header));
                byte[] chunk = new byte[CHUNK];
                try (InputStream in = inFile.open()) {
                    for (int count = in.read(chunk); count >= 0; count = in.read(chunk)) {
                        size.add(chunk, 0, count);
                        writeAll(out, ByteBuffer.wrap(chunk, 0, count));
                    }
                }
            }
        }
    }

    private static void writeAll(FileChannel out, ByteBuffer octets) throws IOException {
        while (octets.hasRemaining()) {
            out.write(octets);
        }
    }
}
