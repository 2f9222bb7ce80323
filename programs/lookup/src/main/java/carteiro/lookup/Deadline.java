package carteiro.lookup;

import java.time.Duration;

/** When a question must be answered, however many steps that takes. */
record Deadline(long nanos) {
    /** How long one question may take in all. Must stay below the two minutes of the wire (docs/protocols/lookup.md). */
    static final Duration QUESTION = Duration.ofSeconds(90);

    static Deadline in(Duration time) {
        return new Deadline(System.nanoTime() + time.toNanos());
    }

    boolean over() {
        return left().isZero();
    }

    /** The time that is left, zero at least. */
    Duration left() {
        return Duration.ofNanos(Math.max(0, nanos - System.nanoTime()));
    }

    /** The time for one step that may take so long where there is enough left. */
    Duration most(Duration wanted) {
        Duration left = left();
        return left.compareTo(wanted) < 0 ? left : wanted;
    }
}
