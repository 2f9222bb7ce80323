package carteiro.remote;

import carteiro.mail.Envelope.BodyType;
import java.io.BufferedInputStream;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** A message from standard input, kept so that every next hop can be given it from its first octet. One thread. */
final class StandardInputMessage implements Closeable {
    /** Up to this many octets are kept in memory, more in a temporary file. */
    private static final int IN_MEMORY = 1 << 20;

    private final byte[] start;
    private final @Nullable Path file;
    private final long octets;
    private final BodyType body;
    private final byte last;

    private StandardInputMessage(byte[] start, @Nullable Path file, long octets, BodyType body, byte last) {
        this.start = start;
        this.file = file;
        this.octets = octets;
        this.body = body;
        this.last = last;
    }

    static StandardInputMessage read(InputStream in) throws IOException {
        var start = new ByteArrayOutputStream();
        Path file = null;
        OutputStream out = start;
        long octets = 0;
        BodyType body = BodyType.SEVEN_BIT;
        byte last = '\n';
        byte[] block = new byte[64 * 1024];
        try {
            for (int read = in.read(block); read >= 0; read = in.read(block)) {
                if (file == null && octets + read > IN_MEMORY) {
                    file = Files.createTempFile("qmail-remote", ".message");
                    out = Files.newOutputStream(file);
                    start.writeTo(out);
                    start.reset();
                }
                out.write(block, 0, read);
                octets += read;
                for (int i = 0; i < read && body == BodyType.SEVEN_BIT; i++) {
                    body = block[i] < 0 ? BodyType.EIGHT_BIT_MIME : body;
                }
                last = read > 0 ? block[read - 1] : last;
            }
            out.close();
        } catch (IOException e) {
            out.close();
            if (file != null) {
                Files.deleteIfExists(file);
            }
            throw e;
        }
        return new StandardInputMessage(start.toByteArray(), file, octets, body, last);
    }

    InputStream open() throws IOException {
        return file == null ? new ByteArrayInputStream(start) : new BufferedInputStream(Files.newInputStream(file));
    }

    long octets() {
        return octets;
    }

    BodyType body() {
        return body;
    }

    boolean endsInPartialLine() {
        return last != '\n';
    }

    @Override
    public void close() throws IOException {
        if (file != null) {
            Files.deleteIfExists(file);
        }
    }
}
