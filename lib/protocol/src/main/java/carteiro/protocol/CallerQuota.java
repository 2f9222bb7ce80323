package carteiro.protocol;

import java.util.HashMap;
import java.util.Map;

/**
 * Connections of users an endpoint is open to but not made for. Each user has some places, all of them together have half of the
 * endpoint's, so that no user keeps the programs of Carteiro out. Safe for any thread.
 */
final class CallerQuota {
    /** Connections of one user. */
    static final int MOST_OF_ONE = 500;

    /** Connections of all guests. */
    static final int MOST = 2_000;

    private final Map<Integer, Integer> counts = new HashMap<>();
    private int all;

    /** Takes a place, if there is one. */
    synchronized boolean enter(int uid) {
        if (all == MOST || of(uid) == MOST_OF_ONE) {
            return false;
        }
        counts.merge(uid, 1, Integer::sum);
        all++;
        return true;
    }

    /** Gives back a place that was taken. */
    synchronized void leave(int uid) {
        counts.computeIfPresent(uid, (_, count) -> count == 1 ? null : count - 1);
        all--;
    }

    /** Places a user has taken. */
    synchronized int of(int uid) {
        return counts.getOrDefault(uid, 0);
    }

    /** Places taken by all. */
    synchronized int all() {
        return all;
    }
}
