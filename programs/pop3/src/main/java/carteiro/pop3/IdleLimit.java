package carteiro.pop3;

import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.time.Duration;
import java.util.concurrent.locks.LockSupport;

/**
 * Ends a conversation when its client has said nothing, or read nothing, for too long, or when it has lasted too long. A blocked read
 * or write of a standard stream cannot be ended from outside, so what ends is the process.
 */
final class IdleLimit implements Closeable {
    private final long silence;
    private final long deadline;
    private final Runnable end;
    private volatile boolean waiting;
    private volatile long since;
    private volatile boolean closed;

    /**
     * Begins to look.
     *
     * @param silence for how long a read or a write may wait
     * @param whole how long the conversation may last
     * @param end run by a thread of its own, once, when a limit is reached
     */
    IdleLimit(Duration silence, Duration whole, Runnable end) {
        this.silence = silence.toNanos();
        this.deadline = System.nanoTime() + whole.toNanos();
        this.end = end;
        Thread.ofPlatform().name("idle limit").daemon(true).start(this::watch);
    }

    private void watch() {
        while (!closed) {
            long now = System.nanoTime();
            long left = Math.min(deadline - now, waiting ? since + silence - now : silence);
            if (left <= 0) {
                end.run();
                return;
            }
            LockSupport.parkNanos(left); // whatever begins to wait meanwhile may wait at least as long
        }
    }

    private void begin() {
        since = System.nanoTime();
        waiting = true; // behind the time, which the other thread reads after it
    }

    private void ended() {
        waiting = false;
    }

    /** A stream whose reads are under the limit. */
    InputStream over(InputStream in) {
        return new InputStream() {
            @Override
            public int read() throws IOException {
                byte[] one = new byte[1];
                return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
            }

            @Override
            public int read(byte[] into, int from, int length) throws IOException {
                begin();
                try {
                    return in.read(into, from, length);
                } finally {
                    ended();
                }
            }

            @Override
            public int available() throws IOException {
                return in.available();
            }
        };
    }

    /** A stream whose writes are under the limit. */
    OutputStream over(OutputStream out) {
        return new OutputStream() {
            @Override
            public void write(int octet) throws IOException {
                write(new byte[] {(byte) octet}, 0, 1);
            }

            @Override
            public void write(byte[] octets, int from, int length) throws IOException {
                begin();
                try {
                    out.write(octets, from, length);
                } finally {
                    ended();
                }
            }

            @Override
            public void flush() throws IOException {
                out.flush();
            }
        };
    }

    /** No limit from here on. */
    @Override
    public void close() {
        closed = true;
    }
}
