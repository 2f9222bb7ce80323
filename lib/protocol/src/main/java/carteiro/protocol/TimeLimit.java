package carteiro.protocol;

import carteiro.wire.Watchdog;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.SocketTimeoutException;
import java.time.Duration;

/**
 * A limit for each read and each write of a connection, which is closed when one takes longer.
 *
 * @param limit for one of them
 * @param connection what is closed
 */
record TimeLimit(Watchdog watchdog, Duration limit, Closeable connection) {
    /** A stream under the limit. */
    InputStream over(InputStream in) {
        return new InputStream() {
            @Override
            public int read() throws IOException {
                byte[] one = new byte[1];
                return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
            }

            @Override
            public int read(byte[] into, int from, int length) throws IOException {
                return inTime(() -> in.read(into, from, length));
            }

            @Override
            public int available() throws IOException {
                return in.available();
            }
        };
    }

    /** A stream under the limit. */
    OutputStream over(OutputStream out) {
        return new OutputStream() {
            @Override
            public void write(int octet) throws IOException {
                write(new byte[] {(byte) octet}, 0, 1);
            }

            @Override
            public void write(byte[] octets, int from, int length) throws IOException {
                int _ = inTime(() -> {
                    out.write(octets, from, length);
                    return length;
                });
            }

            @Override
            public void flush() throws IOException {
                int _ = inTime(() -> {
                    out.flush();
                    return 0;
                });
            }
        };
    }

    /** One read or write. */
    private interface Transfer {
        int run() throws IOException;
    }

    private int inTime(Transfer transfer) throws IOException {
        long end = System.nanoTime() + limit.toNanos();
        try (var _ = watchdog.closeAfter(limit, connection)) {
            return transfer.run();
        } catch (IOException e) {
            if (System.nanoTime() - end < 0) {
                throw e;
            }
            var late = new SocketTimeoutException("nothing within " + limit.toSeconds() + " s");
            late.initCause(e);
            throw late;
        }
    }
}
