package carteiro.send;

import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Which destinations share a limit though their names differ: send cannot know that two addresses lead to one user, so the
 * program that delivers says it ({@link carteiro.protocol.BusyException}), and it is remembered here. Owned by its scheduler.
 */
final class SharedLimits {
    /** Names of destinations whose share is remembered; the one that was learned first is forgotten first. */
    static final int REMEMBERED = 10_000;

    /** The longest pause before a destination is tried again whose share others hold of whom that is not known yet. */
    static final long LONGEST_PAUSE = 15;

    private final LinkedHashMap<String, SharedLimit> byName = new LinkedHashMap<>();
    private final Map<String, SharedLimit> byKey = new HashMap<>();

    /** A limit that several destinations share. */
    static final class SharedLimit {
        final String key;
        int atOnce;
        int running;

        /** Those that could start but for this limit. */
        final ArrayDeque<Destination> waiting = new ArrayDeque<>();

        private int names;

        SharedLimit(String key) {
            this.key = key;
        }

        int left() {
            return Math.max(0, atOnce - running);
        }
    }

    /** Gives a new destination the share that is remembered of its name. */
    void recall(Destination destination) {
        destination.share = byName.get(destination.name);
    }

    /** A destination turns out to belong to a share. */
    void learn(Destination destination, String key, int atOnce) {
        SharedLimit share = byKey.computeIfAbsent(key, SharedLimit::new);
        share.atOnce = atOnce;
        SharedLimit before = destination.share;
        if (before != share) {
            if (before != null) {
                before.running -= destination.running;
            }
            share.running += destination.running;
            destination.share = share;
        }
        SharedLimit remembered = byName.remove(destination.name);
        byName.put(destination.name, share); // the last
        share.names++;
        if (remembered != null) {
            forget(remembered);
        }
        if (byName.size() > REMEMBERED) {
            forget(byName.pollFirstEntry().getValue());
        }
    }

    private void forget(SharedLimit share) {
        share.names--;
        if (share.names == 0) {
            byKey.remove(share.key, share);
        }
    }

    /** How many names are remembered. */
    int size() {
        return byName.size();
    }
}
