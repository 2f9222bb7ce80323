package carteiro.mail;

import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;

/** Dates as qmail writes them: UTC, {@code 24 Nov 2026 03:48:51 -0000} (RFC 5322 section 3.3). */
public final class MailDate {
    private static final DateTimeFormatter FORM = DateTimeFormatter.ofPattern(
                    "d MMM yyyy HH:mm:ss '-0000'", Locale.ROOT)
            .withZone(ZoneOffset.UTC);

    private MailDate() {}

    /** The instant in that form. */
    public static String format(Instant instant) {
        return FORM.format(instant);
    }
}
