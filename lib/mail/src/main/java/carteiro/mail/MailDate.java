package carteiro.mail;

import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;

/**
 * Dates as qmail writes them: UTC, {@code 24 Nov 2026 03:48:51 -0000} (RFC 5322 section 3.3).
 *
 * <p>Written by hand: a formatter of java.time loads locale data, which costs the short commands more than the rest of
 * their work.
 */
public final class MailDate {
    private static final String MONTHS = "JanFebMarAprMayJunJulAugSepOctNovDec";

    private MailDate() {}

    /** The instant in that form. */
    public static String format(Instant instant) {
        return format(LocalDateTime.ofEpochSecond(instant.getEpochSecond(), 0, ZoneOffset.UTC), "-0000");
    }

    /**
     * A local time in that form.
     *
     * @param zone the offset as it stands at the end, such as {@code +0100}
     */
    public static String format(LocalDateTime time, String zone) {
        int month = 3 * (time.getMonthValue() - 1);
        var text = new StringBuilder(28)
                .append(time.getDayOfMonth())
                .append(' ')
                .append(MONTHS, month, month + 3)
                .append(' ')
                .append(time.getYear());
        twoDigits(text.append(' '), time.getHour());
        twoDigits(text.append(':'), time.getMinute());
        twoDigits(text.append(':'), time.getSecond());
        return text.append(' ').append(zone).toString();
    }

    private static void twoDigits(StringBuilder text, int number) {
        if (number < 10) {
            text.append('0');
        }
        text.append(number);
    }
}
