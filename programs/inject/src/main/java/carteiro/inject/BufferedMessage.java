package carteiro.inject;

import java.io.ByteArrayOutputStream;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.jspecify.annotations.Nullable;

/**
 * A message that has come in whole, so that its length is known: in memory while it is small, else in a temporary file that
 * has lost its name, so that nothing is left of it however the process ends. One thread.
 */
final class BufferedMessage implements Closeable {
    /** Octets that are kept in memory. */
    static final int IN_MEMORY = 4 << 20;

    private static final int BLOCK = 32 * 1024;

    private final ByteArrayOutputStream memory = new ByteArrayOutputStream(BLOCK);
    private final Path folder;
    private @Nullable FileChannel file;
    private long length;

    private BufferedMessage(Path folder) {
        this.folder = folder;
    }

    /**
     * Reads to the end of the input.
     *
     * @param most the most octets
     * @param folder for a temporary file
     */
    static BufferedMessage read(InputStream in, long most, Path folder) throws QueueExitException {
        var message = new BufferedMessage(folder);
        try {
            message.fill(in, most);
            return message;
        } catch (QueueExitException | RuntimeException | Error e) {
            message.close();
            throw e;
        }
    }

    private void fill(InputStream in, long most) throws QueueExitException {
        byte[] block = new byte[BLOCK];
        for (int count; (count = read(in, block)) >= 0; ) {
            length += count;
            if (length > most) {
                throw new QueueExitException(QueueExitCode.REFUSED, "the message has over " + most + " octets");
            }
            try {
                keep(block, count);
            } catch (IOException e) {
                throw new QueueExitException(
                        QueueExitCode.DISK_FULL,
                        "a message of over " + IN_MEMORY + " octets needs room in " + folder + ": " + e.getMessage());
            }
        }
    }

    private static int read(InputStream in, byte[] block) throws QueueExitException {
        try {
            return in.read(block);
        } catch (IOException e) {
            throw new QueueExitException(QueueExitCode.UNREADABLE, "cannot read the message: " + e.getMessage());
        }
    }

    private void keep(byte[] block, int count) throws IOException {
        if (file == null && memory.size() + count <= IN_MEMORY) {
            memory.write(block, 0, count);
            return;
        }
        if (file == null) {
            Path path = Files.createTempFile(folder, "qmail-qmqpc", ""); // its mode is 0600
            try {
                file = FileChannel.open(path, StandardOpenOption.READ, StandardOpenOption.WRITE);
            } finally {
                Files.delete(path);
            }
        }
        ByteBuffer octets = ByteBuffer.wrap(block, 0, count);
        while (octets.hasRemaining()) {
            var _ = file.write(octets);
        }
    }

    /** Its octets. */
    long length() {
        return length;
    }

    /** Writes it. @throws IOException if it cannot be read any more, or the output fails */
    void copyTo(OutputStream out) throws IOException {
        memory.writeTo(out);
        if (file != null) {
            file.position(0);
            long copied = memory.size() + Channels.newInputStream(file).transferTo(out);
            if (copied != length) {
                throw new IOException("of " + length + " octets of the message only " + copied + " are left");
            }
        }
    }

    @Override
    public void close() {
        if (file != null) {
            try {
                file.close();
            } catch (IOException e) {
                // its octets are of no further use
            }
        }
    }
}
