package carteiro.qmqpd;

import java.time.Duration;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;

/** Waiting for an event. */
final class Waiting {
    private static final Duration LIMIT = Duration.ofSeconds(20);

    private Waiting() {}

    /** Asks until the answer is not null. */
    static <T> T until(Supplier<T> question, Supplier<String> otherwise) {
        long deadline = System.nanoTime() + LIMIT.toNanos();
        while (true) {
            T answer = question.get();
            if (answer != null) {
                return answer;
            }
            if (System.nanoTime() - deadline > 0) {
                throw new AssertionError(otherwise.get());
            }
            LockSupport.parkNanos(5_000_000);
        }
    }

    /** Asks until the answer is yes. */
    static void until(Supplier<Boolean> question, String otherwise) {
        until(() -> question.get() ? true : null, () -> otherwise);
    }
}
