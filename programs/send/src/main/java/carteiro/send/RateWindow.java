package carteiro.send;

/**
 * What was begun lately at one destination, so that no stretch of a limit's period sees more than the limit. Counts by
 * slots, of one second for periods up to a minute and of a 60th of the period above: at most 61 numbers whatever the
 * rate is. What begins in a slot counts until the whole slot is over the period. Times are seconds; a clock that is set
 * back leaves to all that was counted the age that it had. Owned by its {@link Destination}.
 */
final class RateWindow {
    private static final int SLOTS = 60;

    private final int most;
    private final int seconds;
    private final int width;

    /** By age from {@link #newest} backwards, as a ring. */
    private final int[] begun;

    private int total;
    private int newest;

    /** The slot that {@link #newest} stands for: that of the last look at the clock. */
    private long slot;

    /** @param limit one with a rate */
    RateWindow(DestinationLimit limit) {
        this.most = limit.most();
        this.seconds = limit.seconds();
        this.width = Math.ceilDiv(seconds, SLOTS);
        // one more than the period has: the first of them may have been begun at its last second
        this.begun = new int[Math.ceilDiv(seconds - 1, width) + 1];
    }

    /** Whether this is what that limit asks for. */
    boolean keeps(DestinationLimit limit) {
        return most == limit.most() && seconds == limit.seconds();
    }

    /** How many may begin now. */
    int left(long now) {
        long current = Math.floorDiv(now, width);
        for (long steps = Math.min(current - slot, begun.length); steps > 0 && total > 0; steps--) {
            newest = (newest + 1) % begun.length;
            total -= begun[newest];
            begun[newest] = 0;
        }
        slot = current;
        return most - total;
    }

    /** So many have begun; at most {@link #left}. */
    void begin(int recipients, long now) {
        int _ = left(now);
        begun[newest] += recipients;
        total += recipients;
    }

    /** From when on something may begin, as far as is known since the last look at the clock. */
    long opens() {
        int age = begun.length - 1;
        while (age > 0 && begun[Math.floorMod(newest - age, begun.length)] == 0) {
            age--;
        }
        return total < most ? Long.MIN_VALUE : (slot - age + begun.length) * width;
    }

    /** From when on nothing counts any more, if nothing else begins. */
    long ends() {
        return (slot + begun.length) * width;
    }
}
