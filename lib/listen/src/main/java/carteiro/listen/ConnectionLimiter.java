package carteiro.listen;

import java.net.InetAddress;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.atomic.AtomicInteger;

/** How many conversations there are, in all and with each client. Safe for any number of threads. */
final class ConnectionLimiter {
    private final AtomicInteger taken = new AtomicInteger();
    private final ConcurrentMap<Long, Integer> ofClients = new ConcurrentHashMap<>();

    /** Whether there was a place. */
    enum Admission {
        TAKEN,
        ALL_TAKEN,
        ENOUGH_FOR_ONE
    }

    int taken() {
        return taken.get();
    }

    /** Takes a place if there is one; then {@link #giveBack} must follow. */
    Admission take(InetAddress client, int most, int mostOfOne) {
        if (taken.incrementAndGet() > most) {
            taken.decrementAndGet();
            return Admission.ALL_TAKEN;
        }
        long key = Client.key(client);
        if (ofClients.merge(key, 1, Integer::sum) > mostOfOne) {
            giveBack(client);
            return Admission.ENOUGH_FOR_ONE;
        }
        return Admission.TAKEN;
    }

    void giveBack(InetAddress client) {
        ofClients.computeIfPresent(Client.key(client), (_, count) -> count == 1 ? null : count - 1);
        taken.decrementAndGet();
    }
}
