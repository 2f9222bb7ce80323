package carteiro.protocol;

import carteiro.mail.Envelope;
import carteiro.posix.UntrustedFile;
import carteiro.wire.FrameReader;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;
import java.util.zip.CRC32C;

/**
 * A message on its way into the spool, in a file of its own. One thread.
 *
 * <table>
 * <caption>The order of writes, and what a crash leaves</caption>
 * <tr><td>new-NAME, written</td><td>a draft: the caller was told nothing; queue removes it when it is old</td></tr>
 * <tr><td>synced, then renamed to NAME</td><td>a draft or the message: the caller was told nothing</td></tr>
 * <tr><td>the file system synced, the name too</td><td>the message: now the caller hears 0</td></tr>
 * </table>
 */
final class SpoolDraft implements Closeable {
    /** For its owner, and for queue by the folder's group. */
    private static final Set<PosixFilePermission> MODE = PosixFilePermissions.fromString("rw-r-----");

    /** A long message looks at the room on the disk as often as it has grown by this. */
    private static final long LOOK_EVERY = 1 << 20;

    private final Spool spool;
    private final String name;
    private final Path path;
    private final FileChannel file;
    private final CRC32C sum = new CRC32C();
    private final byte[] chunk = new byte[SpooledMessage.CHUNK];
    private int filled;
    private long octets;
    private long written;
    private long lookAt = LOOK_EVERY;
    private boolean ended;

    private SpoolDraft(Spool spool, String name, Path path, FileChannel file) {
        this.spool = spool;
        this.name = name;
        this.path = path;
        this.file = file;
    }

    /** @throws IOException saying why nothing can be kept here */
    static SpoolDraft begin(Spool spool) throws IOException {
        String name = Spool.freshName();
        Path path = spool.folder().resolve(Spool.draftOf(name));
        if (!spool.hasRoom()) {
            throw new IOException(
                    spool.folder() + ": there is no such folder, or disk space is low (control/queuediskfloor)");
        }
        FileChannel file = FileChannel.open(
                path,
                Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE),
                PosixFilePermissions.asFileAttribute(MODE));
        var draft = new SpoolDraft(spool, name, path, file);
        try {
            Files.setPosixFilePermissions(path, MODE); // whatever the umask
            var beginning = new ByteArrayOutputStream();
            SpooledMessage.begin(beginning);
            draft.append(beginning);
            return draft;
        } catch (IOException e) {
            draft.close();
            throw e;
        }
    }

    /** Whether so many octets more can be kept, with an envelope. */
    boolean hasRoom(int more) {
        long octets = written + filled + more;
        if (octets + SpooledMessage.ENVELOPE_LIMIT + SpooledMessage.CHUNK > Spool.LARGEST) {
            return false;
        }
        if (octets >= lookAt) {
            lookAt = octets + LOOK_EVERY;
            return spool.hasRoom();
        }
        return true;
    }

    /** How many octets of the message are here, those too whose {@link #write} failed in the middle. */
    long octets() {
        return octets;
    }

    /** @throws IOException if it cannot be kept; {@link #octets} tells how much of it is here and can be {@linkplain #replay replayed} */
    void write(byte[] octets, int from, int length) throws IOException {
        for (int done = 0; done < length; ) {
            int count = Math.min(length - done, chunk.length - filled);
            System.arraycopy(octets, from + done, chunk, filled, count);
            filled += count;
            done += count;
            this.octets += count;
            if (filled == chunk.length) {
                appendChunk();
            }
        }
    }

    private void appendChunk() throws IOException {
        if (filled > 0) {
            var frame = new ByteArrayOutputStream(filled + 16);
            SpooledMessage.octets(frame, chunk, filled);
            append(frame);
            filled = 0;
        }
    }

    private void append(ByteArrayOutputStream octets) throws IOException {
        byte[] all = octets.toByteArray();
        sum.update(all);
        ByteBuffer left = ByteBuffer.wrap(all);
        while (left.hasRemaining()) {
            file.write(left);
        }
        written += all.length;
    }

    /** Gives all that was written so far to queue. */
    void replay(Enqueue.Submission submission) throws IOException {
        var beginning = new ByteArrayOutputStream();
        SpooledMessage.begin(beginning);
        try (InputStream in = new BufferedInputStream(Files.newInputStream(path), SpooledMessage.CHUNK)) {
            in.skipNBytes(beginning.size());
            for (long at = beginning.size(); at < written; ) {
                int length = FrameReader.announced(in, SpooledMessage.CHUNK + 1);
                byte[] frame = FrameReader.receiveRest(in, length);
                submission.write(frame, 1, length - 1);
                at += Integer.toString(length).length() + 1 + length + 1;
            }
        }
        submission.write(chunk, 0, filled);
    }

    /** Ends the message: when this returns, it is on the disk, and queue will find it. */
    void finish(Envelope envelope) throws IOException {
        appendChunk();
        var frame = new ByteArrayOutputStream();
        SpooledMessage.envelope(frame, envelope);
        append(frame);
        var last = new ByteArrayOutputStream();
        SpooledMessage.end(last, sum.getValue());
        append(last);
        file.force(true);
        Path whole = spool.folder().resolve(name);
        try (UntrustedFile synced = UntrustedFile.open(path)) {
            Files.move(path, whole, StandardCopyOption.ATOMIC_MOVE);
            try {
                synced.syncFileSystem();
            } catch (IOException e) {
                Files.deleteIfExists(whole);
                throw e;
            }
        }
        ended = true;
        file.close();
    }

    /** Removes it, unless it was ended. */
    @Override
    public void close() {
        if (!ended) {
            ended = true;
            try {
                file.close();
            } catch (IOException e) {
                // it is removed either way
            }
            try {
                Files.deleteIfExists(path);
            } catch (IOException e) {
                // queue removes it when it is old
            }
        }
    }
}
