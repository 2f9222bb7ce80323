package carteiro.inject;

import carteiro.wire.Watchdog;
import java.io.Closeable;
import java.io.IOException;
import java.io.OutputStream;
import java.time.Duration;

/**
 * Writes that end in time: one that takes too long is ended by closing the connection, since Java's own have no limit. Much is
 * written in slices with a limit each, so that a slow line that moves is not taken for a peer that does not read. One thread.
 */
final class LimitedOutput extends OutputStream {
    /** Octets of one slice. */
    static final int SLICE = 4 * 1024;

    private final OutputStream out;
    private final Duration limit;
    private final Closeable connection;
    private final Watchdog watchdog;

    LimitedOutput(OutputStream out, Duration limit, Closeable connection, Watchdog watchdog) {
        this.out = out;
        this.limit = limit;
        this.connection = connection;
        this.watchdog = watchdog;
    }

    @Override
    public void write(int octet) throws IOException {
        write(new byte[] {(byte) octet}, 0, 1);
    }

    @Override
    public void write(byte[] octets, int from, int length) throws IOException {
        for (int at = 0; at < length; at += SLICE) {
            try (var _ = watchdog.closeAfter(limit, connection)) {
                out.write(octets, from + at, Math.min(SLICE, length - at));
            }
        }
    }
}
