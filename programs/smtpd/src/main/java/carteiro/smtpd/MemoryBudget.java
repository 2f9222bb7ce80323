package carteiro.smtpd;

import java.util.concurrent.atomic.AtomicLong;

/**
 * The memory that clients can make all conversations hold together, beyond what each has anyway: recipients, and TLS. A
 * thousand clients with a thousand long recipients each would otherwise fill the heap. Safe for any number of threads.
 */
final class MemoryBudget {
    /** What one recipient costs beside its octets. */
    static final long RECIPIENT = 100;

    /** What TLS costs a conversation: buffers for a record each way, keys, session. */
    static final long TLS = 64 * 1024;

    private final long most;
    private final AtomicLong taken = new AtomicLong();

    /** @param most octets */
    MemoryBudget(long most) {
        this.most = most;
    }

    /** A quarter of the heap. */
    static MemoryBudget ofThisProcess() {
        return new MemoryBudget(Runtime.getRuntime().maxMemory() / 4);
    }

    /** What one conversation has taken; one thread. */
    final class Share {
        private long held;

        /** Takes so many octets if there are; otherwise nothing. */
        boolean take(long octets) {
            if (taken.addAndGet(octets) > most) {
                taken.addAndGet(-octets);
                return false;
            }
            held += octets;
            return true;
        }

        /** What it holds. */
        long held() {
            return held;
        }

        /** Gives back all but so much. */
        void giveBackTo(long octets) {
            taken.addAndGet(octets - held);
            held = octets;
        }
    }

    /** The share of a new conversation: nothing yet. */
    Share share() {
        return new Share();
    }

    /** What all hold. */
    long taken() {
        return taken.get();
    }
}
