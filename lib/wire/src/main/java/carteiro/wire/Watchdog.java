package carteiro.wire;

import java.io.Closeable;
import java.io.IOException;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;

/**
 * Ends what takes too long by closing what it is done over: reads can time out, writes cannot. A limit may end a quarter of a
 * second late, since nearly every one is closed in time and so none has a timer of its own. Safe for any thread.
 */
public final class Watchdog implements Closeable {
    private static final long TICK = Duration.ofMillis(200).toNanos();

    private final Set<RunningLimit> running = ConcurrentHashMap.newKeySet();
    private final Thread thread =
            Thread.ofPlatform().name("watchdog").daemon(true).unstarted(this::watch);
    private final AtomicBoolean started = new AtomicBoolean();
    private volatile boolean resting;
    private volatile boolean closed;

    /** A watchdog with a thread of its own, which starts with the first limit. */
    public Watchdog() {}

    /** A limit that is running; close it when the work is done in time. */
    public interface Limit extends AutoCloseable {
        /** Ends the limit: nothing will be closed. */
        @Override
        void close();
    }

    private final class RunningLimit implements Limit {
        final long deadline;
        final Closeable target;

        RunningLimit(long deadline, Closeable target) {
            this.deadline = deadline;
            this.target = target;
        }

        @Override
        public void close() {
            running.remove(this);
        }

        void endIfOver(long now) {
            if (deadline - now <= 0 && running.remove(this)) {
                try {
                    target.close();
                } catch (IOException | RuntimeException | Error e) {
                    // it is of no further use either way, and the thread that ends all the others must live
                }
            }
        }
    }

    /** Closes {@code target} when {@code limit} has passed, unless the answer is closed before. */
    public Limit closeAfter(Duration limit, Closeable target) {
        var added = new RunningLimit(System.nanoTime() + limit.toNanos(), target);
        running.add(added);
        if (started.compareAndSet(false, true)) {
            thread.start();
        } else if (resting) {
            LockSupport.unpark(thread);
        }
        return added;
    }

    private void watch() {
        while (!closed) {
            resting = true; // before the look: who adds one later sees it
            if (running.isEmpty()) {
                LockSupport.park(this);
            }
            resting = false;
            LockSupport.parkNanos(this, TICK);
            long now = System.nanoTime();
            running.forEach(limit -> limit.endIfOver(now));
        }
    }

    /** Ends the thread; limits still running are forgotten. */
    @Override
    public void close() {
        closed = true;
        LockSupport.unpark(thread);
    }
}
