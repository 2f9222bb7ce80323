package carteiro.smtpd;

import carteiro.protocol.NotRunningException;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/**
 * Waits for lookup and queue for a while after the start: all programs begin at once, and who comes first to a client must
 * not send it away for that. Later it is told at once that one is away. Any number of threads.
 */
final class Startup {
    /** How long after the start one that is away is waited for. */
    static final Duration LENGTH = Duration.ofSeconds(10);

    /** Between two looks. */
    private static final Duration PAUSE = Duration.ofMillis(50);

    /** That of a program that does not start together with others. */
    static final Startup OVER = new Startup(System.nanoTime(), () -> true);

    private final long end;
    private final BooleanSupplier stopping;

    private Startup(long end, BooleanSupplier stopping) {
        this.end = end;
        this.stopping = stopping;
    }

    /** It begins now. */
    static Startup begin(Duration length, BooleanSupplier stopping) {
        return new Startup(System.nanoTime() + length.toNanos(), stopping);
    }

    /** What another program is asked. */
    interface Question<T> {
        T ask() throws IOException;
    }

    /** Asks, again and again as long as the other is not there and this is not over. */
    <T> T ask(Question<T> question) throws IOException {
        while (true) {
            try {
                return question.ask();
            } catch (NotRunningException e) {
                if (System.nanoTime() - end >= 0
                        || stopping.getAsBoolean()
                        || Thread.currentThread().isInterrupted()) {
                    throw e;
                }
                LockSupport.parkNanos(PAUSE.toNanos());
            }
        }
    }
}
