package carteiro.tools;

import java.time.DateTimeException;
import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.Locale;

/** Writes instants as local time. It keeps the latest second, since most lines of a log share theirs. One thread. */
final class Stamps {
    private static final DateTimeFormatter SECOND = DateTimeFormatter.ofPattern("uuuu-MM-dd HH:mm:ss.", Locale.ROOT);

    private final ZoneId zone;
    private long second = Long.MIN_VALUE;
    private String text = "";

    Stamps(ZoneId zone) {
        this.zone = zone;
    }

    /** {@code 2026-11-24 04:48:51.123}; empty for a time that no calendar here has. */
    String shown(long seconds, long nanos) {
        if (nanos > 999_999_999) {
            return "";
        }
        if (seconds != second) {
            try {
                text = SECOND.format(Instant.ofEpochSecond(seconds).atZone(zone));
            } catch (DateTimeException e) {
                text = "";
            }
            second = seconds;
        }
        return text.isEmpty()
                ? ""
                : text + Long.toString(1000 + nanos / 1_000_000).substring(1);
    }
}
