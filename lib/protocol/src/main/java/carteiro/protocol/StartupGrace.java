package carteiro.protocol;

import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/**
 * Waits for other programs for a while after the start: all begin at once, and who comes first must not be sent away or put off for
 * that. Later it is told at once that one is away. Any number of threads.
 */
public final class StartupGrace {
    /** How long after the start one that is away is waited for where a client waits. */
    public static final Duration LENGTH = Duration.ofSeconds(10);

    /** Between two looks. */
    private static final Duration PAUSE = Duration.ofMillis(50);

    /** That of a program that does not start together with others. */
    public static final StartupGrace OVER = new StartupGrace(System.nanoTime(), () -> true);

    private final long end;
    private final BooleanSupplier stopping;

    private StartupGrace(long end, BooleanSupplier stopping) {
        this.end = end;
        this.stopping = stopping;
    }

    /**
     * It begins now.
     *
     * @param stopping when it is over before its time
     */
    public static StartupGrace begin(Duration length, BooleanSupplier stopping) {
        return new StartupGrace(System.nanoTime() + length.toNanos(), stopping);
    }

    /** What another program is asked. */
    public interface StartupRequest<T> {
        /** @throws NotRunningException if the other is not there */
        T ask() throws IOException;
    }

    /** Asks, again and again as long as the other is not there and this is not over. */
    public <T> T ask(StartupRequest<T> question) throws IOException {
        return ask(question, () -> false);
    }

    /** @param enough when no answer is wanted any more */
    public <T> T ask(StartupRequest<T> question, BooleanSupplier enough) throws IOException {
        while (true) {
            try {
                return question.ask();
            } catch (NotRunningException e) {
                if (System.nanoTime() - end >= 0
                        || stopping.getAsBoolean()
                        || enough.getAsBoolean()
                        || Thread.currentThread().isInterrupted()) {
                    throw e;
                }
                LockSupport.parkNanos(PAUSE.toNanos());
            }
        }
    }
}
