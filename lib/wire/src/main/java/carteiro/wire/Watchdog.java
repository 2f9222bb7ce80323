package carteiro.wire;

import java.io.Closeable;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/**
 * Ends what takes too long by closing what it is done over: reads can time out, writes cannot. Safe for any thread.
 */
public final class Watchdog implements Closeable {
    private final ScheduledThreadPoolExecutor timer;

    /** A watchdog with a thread of its own. */
    public Watchdog() {
        timer = new ScheduledThreadPoolExecutor(
                1, Thread.ofPlatform().name("watchdog").daemon(true).factory());
        timer.setRemoveOnCancelPolicy(true);
    }

    /** A limit that is running; close it when the work is done in time. */
    public interface Limit extends AutoCloseable {
        /** Ends the limit: nothing will be closed. */
        @Override
        void close();
    }

    /** Closes {@code target} when {@code limit} has passed, unless the answer is closed before. */
    public Limit closeAfter(Duration limit, Closeable target) {
        ScheduledFuture<?> alarm = timer.schedule(
                () -> {
                    try {
                        target.close();
                    } catch (IOException e) {
                        // it is of no further use either way
                    }
                },
                limit.toMillis(),
                TimeUnit.MILLISECONDS);
        return () -> alarm.cancel(false);
    }

    /** Ends the thread; limits still running are forgotten. */
    @Override
    public void close() {
        timer.shutdownNow();
    }
}
