package carteiro.local;

import carteiro.control.Settings;
import carteiro.protocol.BusyException;
import java.io.Closeable;
import java.util.HashMap;
import java.util.Map;

/**
 * How many deliveries one user may have at once, whatever the addresses, and how many deliveries that run programs there may be: for
 * one user and in all, so that some slots are always left for mailboxes. Any number of threads.
 */
final class DeliveryLimiter {
    private final Map<Integer, Count> users = new HashMap<>(); // guarded by this
    private int programs; // guarded by this
    private DeliveryLimits limits; // guarded by this

    DeliveryLimiter(DeliveryLimits limits) {
        this.limits = limits;
    }

    /**
     * The limits, each at least 1.
     *
     * @param perUser deliveries for one user
     * @param programs deliveries with programs, in all
     * @param programsPerUser of those for one user
     */
    record DeliveryLimits(int perUser, int programs, int programsPerUser) {
        /**
         * @param concurrency control/concurrencylocal
         * @param perUser control/concurrencyperuser
         */
        static DeliveryLimits of(long concurrency, long perUser) {
            int all = Math.clamp(concurrency, 1, LocalDeliveries.MOST);
            int user = Math.clamp(perUser, 1, all);
            int programs = Settings.usualShare(all);
            return new DeliveryLimits(user, programs, Math.min(user, Settings.usualShare(programs)));
        }
    }

    private static final class Count {
        int deliveries;
        int programs;
    }

    void use(DeliveryLimits changed) {
        synchronized (this) {
            limits = changed;
        }
    }

    /** A delivery for a user begins; its place is given back by {@link DeliverySlot#close}. */
    DeliverySlot enter(int uid) throws BusyException {
        synchronized (this) {
            Count count = users.computeIfAbsent(uid, _ -> new Count());
            if (count.deliveries >= limits.perUser()) {
                throw busy(uid, limits.perUser());
            }
            count.deliveries++;
            return new DeliverySlot(uid, count);
        }
    }

    private static BusyException busy(int uid, int atOnce) {
        return new BusyException("user " + Integer.toUnsignedString(uid), atOnce);
    }

    /** One delivery's place; one thread at a time. */
    final class DeliverySlot implements Closeable {
        private final int uid;
        private final Count count;
        private boolean withProgram;

        private DeliverySlot(int uid, Count count) {
            this.uid = uid;
            this.count = count;
        }

        /** The delivery will run programs. To be called before anything of it is done. */
        void forPrograms() throws BusyException {
            synchronized (DeliveryLimiter.this) {
                if (count.programs >= limits.programsPerUser()) {
                    throw new BusyException(
                            "programs of user " + Integer.toUnsignedString(uid), limits.programsPerUser());
                }
                if (programs >= limits.programs()) {
                    throw new BusyException("programs", limits.programs());
                }
                programs++;
                count.programs++;
                withProgram = true;
            }
        }

        @Override
        public void close() {
            synchronized (DeliveryLimiter.this) {
                if (withProgram) {
                    programs--;
                    count.programs--;
                }
                count.deliveries--;
                if (count.deliveries == 0) {
                    users.remove(uid);
                }
            }
        }
    }
}
