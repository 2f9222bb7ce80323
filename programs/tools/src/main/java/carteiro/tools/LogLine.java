package carteiro.tools;

import carteiro.idna.DomainName;
import carteiro.protocol.MessageEvent;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * One line of a log without what the logger put in front of it.
 *
 * @param stamp when, as it is shown: local time to the millisecond, or what a stamp without a year says; empty if the
 *     line has none
 * @param text the event, as a program wrote it
 */
record LogLine(String stamp, String text) {
    /** Stamps and names that are taken off one after the other, such as syslog's and within it that of tai64n. */
    private static final int LAYERS = 3;

    private static final int TAI64N = 25; // @ and 24 hexadecimal digits

    /** Of tai64nlocal and s6-log (with a blank), svlogd (with an underscore), syslog and journalctl (with a T and a zone). */
    private static final Pattern CALENDAR = Pattern.compile(
            "(\\d{4}-\\d\\d-\\d\\d)([ T_])(\\d\\d:\\d\\d:\\d\\d)(?:[.,](\\d{1,9}))?(Z|[+-]\\d\\d:?\\d\\d)? {1,2}");

    private static final Pattern SECONDS = Pattern.compile("(\\d{9,11})\\.(\\d{1,9}) ");
    private static final Pattern SYSLOG = Pattern.compile("([A-Z][a-z]{2} [ \\d]\\d \\d\\d:\\d\\d:\\d\\d) ");
    private static final Pattern HOST_AND_TAG =
            Pattern.compile("[^ ]{0,254}[^ :] [A-Za-z][^ :\\[]{0,99}(?:\\[\\d{1,10}\\])?: ");

    static LogLine of(String line, Stamps stamps) {
        String stamp = "";
        String text = withoutSeverity(line);
        for (int layer = 0; layer < LAYERS; layer++) {
            Peeled peeled = peel(text, stamps);
            if (peeled == null) {
                break;
            }
            stamp = peeled.stamp;
            text = withoutSeverity(peeled.rest);
        }
        return text.startsWith("{") ? ofJson(stamp, text, stamps) : new LogLine(stamp, text);
    }

    /** Takes off {@code <4>}, which the journal was meant to take off. */
    private static String withoutSeverity(String text) {
        boolean prefixed = text.length() > 3
                && text.charAt(0) == '<'
                && text.charAt(1) >= '0'
                && text.charAt(1) <= '7'
                && text.charAt(2) == '>';
        return prefixed ? text.substring(3) : text;
    }

    private record Peeled(String stamp, String rest) {}

    /** Takes off one stamp, and the host and tag behind that of a syslog; null if there is none. */
    private static @Nullable Peeled peel(String text, Stamps stamps) {
        if (text.startsWith("@")) {
            String stamp = text.length() > TAI64N && text.charAt(TAI64N) == ' ' ? tai64n(text, stamps) : "";
            return stamp.isEmpty() ? null : new Peeled(stamp, text.substring(TAI64N + 1));
        }
        Matcher calendar = CALENDAR.matcher(text);
        if (calendar.lookingAt()) {
            String rest = text.substring(calendar.end());
            return new Peeled(calendar(calendar, stamps), calendar.group(5) == null ? rest : withoutHost(rest));
        }
        Matcher seconds = SECONDS.matcher(text);
        if (seconds.lookingAt()) {
            return new Peeled(
                    stamps.shown(Long.parseLong(seconds.group(1)), nanos(seconds.group(2))),
                    text.substring(seconds.end()));
        }
        Matcher syslog = SYSLOG.matcher(text);
        return syslog.lookingAt() ? new Peeled(syslog.group(1), withoutHost(text.substring(syslog.end()))) : null;
    }

    private static String withoutHost(String text) {
        Matcher names = HOST_AND_TAG.matcher(text);
        boolean there = MessageEvent.read(text).isEmpty() && names.lookingAt();
        return there ? text.substring(names.end()) : text;
    }

    /** An object of control/logformat json; a line that is none stays as it is. */
    private static LogLine ofJson(String stamp, String json, Stamps stamps) {
        var fields = new JsonFields(json);
        String text = "";
        String time = "";
        while (fields.next()) {
            switch (fields.name()) {
                case "line" -> text = fields.value();
                case "time" -> time = fields.value();
                default -> {} // the values of the event stand in its line
            }
        }
        if (!fields.complete() || text.isEmpty()) {
            return new LogLine(stamp, json);
        }
        Matcher matcher = CALENDAR.matcher(time + " ");
        return new LogLine(matcher.matches() ? calendar(matcher, stamps) : stamp, text);
    }

    private static String tai64n(String line, Stamps stamps) {
        for (int i = 1; i < TAI64N; i++) {
            if (Character.digit(line.charAt(i), 16) < 0) {
                return "";
            }
        }
        long seconds = Long.parseUnsignedLong(line, 1, 17, 16) - Tai64nlocal.EPOCH;
        return stamps.shown(seconds, Long.parseLong(line, 17, TAI64N, 16));
    }

    private static String calendar(Matcher stamp, Stamps stamps) {
        String millis = stamp.group(4) == null ? "000" : (stamp.group(4) + "00").substring(0, 3);
        String local = stamp.group(1) + " " + stamp.group(3) + "." + millis;
        String offset = stamp.group(5);
        if (offset == null) {
            return local;
        }
        try {
            String colon = offset.length() == 5 ? offset.substring(0, 3) + ":" + offset.substring(3) : offset;
            Instant instant =
                    OffsetDateTime.parse(local.replace(' ', 'T') + colon).toInstant();
            return stamps.shown(instant.getEpochSecond(), instant.getNano());
        } catch (DateTimeException e) {
            return local + offset; // no such day: shown as it stands
        }
    }

    private static long nanos(String digits) {
        return Long.parseLong((digits + "00000000").substring(0, 9));
    }

    /** An address as two of them are compared: the domain without case, in either of its forms. */
    static String comparable(String address) {
        int at = address.lastIndexOf('@');
        return at < 0 ? address : address.substring(0, at + 1) + DomainName.key(address.substring(at + 1));
    }
}
