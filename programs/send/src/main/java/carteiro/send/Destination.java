package carteiro.send;

import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/**
 * What shares one limit: a domain in remote, an account in local. Exists while something of it is due, and while what was
 * begun counts against its rate. Owned by its ChannelScheduler.
 */
final class Destination {
    final String name;
    final ArrayDeque<DueRecipients> ready = new ArrayDeque<>(1);
    int running;

    /** Those of its recipients that were running when their program was lost, and are to be tried alone. */
    int suspects;

    /** Recipients in running deliveries, at least 1. */
    int atOnce;

    /** The limit that it shares with others; null if none is known. */
    SharedLimits.@Nullable SharedLimit share;

    boolean awaitsShare;

    /** How long to wait before the next try when its share is used up by others who are not known. */
    long busyPause;

    /** Until when it waits for that. */
    long heldUntil;

    /** What counts against its rate; null if it has none. */
    @Nullable
    RateWindow window;

    /** When its scheduler looks at it again, while {@link #timed}. */
    long lookAt;

    boolean timed;

    /** Its last delivery was deferred: it gets fewer slots, and new mail for others does not queue behind it. */
    boolean troubled;

    boolean inRing;

    /** Whether a message of few recipients has brought it, so that its memory is counted by its scheduler and not by a page. */
    boolean counted;

    Destination(String name) {
        this.name = name;
    }

    /** Whether something of it runs or waits for its turn. */
    boolean busy() {
        return running > 0 || suspects > 0 || !ready.isEmpty();
    }
}
