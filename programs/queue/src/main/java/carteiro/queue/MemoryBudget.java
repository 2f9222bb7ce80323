package carteiro.queue;

import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;

/** The memory that all messages being received share. Nobody waits for it: who gets none writes to a file. */
final class MemoryBudget {
    private final LongSupplier octets;
    private final AtomicLong used = new AtomicLong();

    MemoryBudget(LongSupplier octets) {
        this.octets = octets;
    }

    /** Takes so many octets, or none. */
    boolean take(long wanted) {
        if (used.addAndGet(wanted) <= octets.getAsLong()) {
            return true;
        }
        used.addAndGet(-wanted);
        return false;
    }

    void giveBack(long taken) {
        used.addAndGet(-taken);
    }
}
