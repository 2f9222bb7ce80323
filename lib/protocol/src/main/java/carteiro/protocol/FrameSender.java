package carteiro.protocol;

import carteiro.wire.FrameWriter;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The frames of many threads on their way into one connection. They are written by a thread of its own: what is put while it
 * waits for its turn, or for the connection, goes out in one write. Safe for any number of threads.
 */
final class FrameSender {
    /** Octets that gather before those who put more wait. */
    static final int FULL = 256 * 1024;

    /** Octets of a frame beside its fields, at most. */
    private static final int LENGTH = 16;

    /** How long they wait; then the other side is given up. */
    private static final Duration LONGEST_WAIT = Duration.ofMinutes(5);

    /** Octets of frames. */
    private static final class FrameBuffer extends ByteArrayOutputStream {
        private boolean secret;

        ByteBuffer octets() {
            return ByteBuffer.wrap(buf, 0, count);
        }

        /** It may grow: what it was before is overwritten. */
        void put(FrameWriter frame) throws IOException {
            if (frame.isSecret()) {
                secret = true;
                int needed = count + frame.octets() + LENGTH;
                if (needed > buf.length) {
                    byte[] smaller = buf;
                    buf = Arrays.copyOf(smaller, Math.max(needed, 2 * smaller.length));
                    Arrays.fill(smaller, (byte) 0);
                }
            }
            try {
                frame.write(this);
            } finally {
                if (frame.isSecret()) {
                    frame.wipe();
                }
            }
        }

        /** For the next frames. */
        void empty() {
            if (secret) {
                Arrays.fill(buf, (byte) 0);
                secret = false;
            }
            reset();
        }
    }

    private final WritableByteChannel connection;
    private final Duration longestWait;
    private final Thread writer;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final Condition room = lock.newCondition();
    private FrameBuffer gathering = new FrameBuffer(); // guarded by lock
    private FrameBuffer spare = new FrameBuffer(); // guarded by lock
    private long gathered; // octets in all; guarded by lock
    private boolean ended; // guarded by lock
    private volatile long written;

    /** @param connection blocks while it takes no more; closed when it cannot be written to */
    FrameSender(String name, WritableByteChannel connection) {
        this(name, connection, LONGEST_WAIT);
    }

    FrameSender(String name, WritableByteChannel connection, Duration longestWait) {
        this.connection = connection;
        this.longestWait = longestWait;
        this.writer = Thread.ofVirtual().name(name).start(this::write);
    }

    /**
     * Puts a frame. It waits while too much has gathered.
     *
     * @return where the frame ends, counted in octets from the beginning of the connection
     * @throws InterruptedIOException if interrupted while it waits
     * @throws IOException if the box is closed: nothing of the frame will go out
     */
    long put(FrameWriter frame) throws IOException {
        lock.lock();
        try {
            awaitRoom();
            if (ended) {
                throw new IOException("the connection is closed");
            }
            int before = gathering.size();
            write(frame);
            gathered += gathering.size() - before;
            changed.signal();
            return gathered;
        } finally {
            lock.unlock();
        }
    }

    private void write(FrameWriter frame) throws IOException {
        boolean whole = false;
        try {
            gathering.put(frame);
            whole = true;
        } finally {
            if (!whole) { // out of memory: what would follow half a frame makes no sense
                ended = true;
                close();
            }
        }
    }

    private void awaitRoom() throws IOException {
        long left = longestWait.toNanos();
        try {
            while (gathering.size() > FULL && !ended) {
                if (left <= 0) {
                    ended = true;
                    close();
                }
                left = room.awaitNanos(left);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw (InterruptedIOException)
                    new InterruptedIOException("interrupted while the other side took nothing").initCause(e);
        }
    }

    private void write() {
        long total = 0;
        try {
            for (FrameBuffer next = take(null); next != null; next = take(next)) {
                ByteBuffer octets = next.octets();
                while (octets.hasRemaining()) {
                    total += connection.write(octets);
                    written = total;
                }
            }
        } catch (IOException e) {
            // whoever reads from the connection tells
        } catch (RuntimeException | Error e) {
            VitalThread.endProcessIfOutOfMemory(e);
            throw e;
        } finally { // after an Error too: nobody shall wait for what nobody writes
            end();
            close();
        }
    }

    /** Whoever reads from the connection learns that it has ended. */
    private void close() {
        try {
            connection.close();
        } catch (IOException e) {
            // it has ended either way
        }
    }

    /** What has gathered; null when the box is closed and empty. */
    private @Nullable FrameBuffer take(@Nullable FrameBuffer done) {
        lock.lock();
        try {
            if (done != null) {
                boolean kept = done.size() <= FULL; // a large one is not
                done.empty();
                spare = kept ? done : new FrameBuffer();
            }
            while (gathering.size() == 0) {
                if (ended) {
                    return null;
                }
                changed.awaitUninterruptibly();
            }
            FrameBuffer taken = gathering;
            gathering = spare;
            room.signalAll();
            return taken;
        } finally {
            lock.unlock();
        }
    }

    /** Takes no more frames. */
    void end() {
        lock.lock();
        try {
            ended = true;
            changed.signalAll();
            room.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** Takes no more frames, and waits until all that were put are written or the connection is lost. */
    void finish() {
        end();
        boolean interrupted = false;
        while (writer.isAlive()) {
            try {
                writer.join();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /** Whether everything up to there has left, so that the other side may have got it. Certain after {@link #finish}. */
    boolean hasLeft(long end) {
        return written >= end;
    }
}
