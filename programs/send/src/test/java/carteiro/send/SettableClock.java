package carteiro.send;

import java.time.Clock;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.concurrent.atomic.AtomicLong;

/** A clock that stands until it is set. */
final class SettableClock extends Clock {
    private final AtomicLong seconds = new AtomicLong(1_795_489_290);

    long seconds() {
        return seconds.get();
    }

    void advance(long by) {
        seconds.addAndGet(by);
    }

    @Override
    public Instant instant() {
        return Instant.ofEpochSecond(seconds.get());
    }

    @Override
    public ZoneId getZone() {
        return ZoneOffset.UTC;
    }

    @Override
    public Clock withZone(ZoneId zone) {
        return this;
    }
}
