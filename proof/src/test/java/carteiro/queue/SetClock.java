package carteiro.queue;

import java.time.Clock;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.Random;

/** The clock of a history: it stands still but where it is told to go on, or is set, forth or back. Any thread. */
final class SetClock extends Clock {
    /** What it says at first. */
    private static final Instant START = Instant.ofEpochSecond(1_800_000_000);

    private static final int DAY = 86_400;

    /** What it may be set to, in seconds from the start on: also to times that it has said already, and to before 2026. */
    static final Integer[] TIMES = {0, 0, 0, 1, -1, DAY, -DAY, 400 * DAY, -400 * DAY};

    private volatile Instant now;

    /** One that says so many seconds after the start, or before it. */
    SetClock(int seconds) {
        now = START.plusSeconds(seconds);
    }

    /** What a clock may say when the power is there again. */
    static SetClock drawn(Random random) {
        return new SetClock(TIMES[random.nextInt(TIMES.length)]);
    }

    /** It is set to so many seconds after the start, or before it. */
    void set(int seconds) {
        now = START.plusSeconds(seconds);
    }

    /** A millisecond passes. */
    Instant next() {
        Instant next = now.plusMillis(1);
        now = next;
        return next;
    }

    @Override
    public Instant instant() {
        return now;
    }

    @Override
    public ZoneId getZone() {
        return ZoneOffset.UTC;
    }

    @Override
    public Clock withZone(ZoneId zone) {
        throw new UnsupportedOperationException();
    }
}
