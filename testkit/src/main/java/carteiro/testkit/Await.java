package carteiro.testkit;

import java.time.Duration;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;

/** Waiting for an event, 20 seconds at most. Any thread. */
public final class Await {
    private static final Duration LIMIT = Duration.ofSeconds(20);

    private Await() {}

    /**
     * Asks until the answer is not null.
     *
     * @param otherwise what to say if it never is
     * @throws AssertionError if it never is
     */
    public static <T> T until(Supplier<T> question, Supplier<String> otherwise) {
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

    /**
     * Asks until the answer is yes.
     *
     * @param otherwise what to say if it never is
     * @throws AssertionError if it never is
     */
    public static void until(Supplier<Boolean> question, String otherwise) {
        until(() -> question.get() ? true : null, () -> otherwise);
    }
}
