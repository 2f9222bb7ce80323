package carteiro.listen;

import java.util.HashMap;
import java.util.Map;

/**
 * Something that all clients together may make a program hold. Each has a share: no client ever holds more than is left for
 * the others. The first gets half at most, the next half of what that leaves, and so on. Safe for any number of threads.
 */
public final class ClientBudget {
    private final long most;
    private final Map<Long, Long> heldByClients = new HashMap<>(); // guarded by this, as is the next
    private long taken;

    /** @param most of it, in octets */
    public ClientBudget(long most) {
        this.most = most;
    }

    /** What one use of it, such as one conversation, holds for its client; one thread. */
    public final class ClientReservation {
        private final long client;
        private long held;

        private ClientReservation(long client) {
            this.client = client;
        }

        /** Takes so many octets if that leaves as much for the others as the client then holds; otherwise nothing. */
        public boolean take(long octets) {
            boolean given = ClientBudget.this.take(client, octets);
            held += given ? octets : 0;
            return given;
        }

        /** Gives back some of what it holds. */
        public void giveBack(long octets) {
            long some = Math.min(octets, held);
            ClientBudget.this.giveBack(client, some);
            held -= some;
        }

        /** Gives back all. */
        public void giveBack() {
            ClientBudget.this.giveBack(client, held);
            held = 0;
        }
    }

    /** @param client its {@link Client#key} */
    public ClientReservation share(long client) {
        return new ClientReservation(client);
    }

    /** What one client gets if no other holds anything. */
    public long mostOfOne() {
        return most / 2;
    }

    /** What all hold. */
    public synchronized long taken() {
        return taken;
    }

    private synchronized boolean take(long client, long octets) {
        long held = heldByClients.getOrDefault(client, 0L) + octets;
        if (held > most - taken - octets) {
            return false;
        }
        heldByClients.put(client, held);
        taken += octets;
        return true;
    }

    private synchronized void giveBack(long client, long octets) {
        if (octets > 0) {
            heldByClients.computeIfPresent(client, (_, held) -> held == octets ? null : held - octets);
            taken -= octets;
        }
    }
}
