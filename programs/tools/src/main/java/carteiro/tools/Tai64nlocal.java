package carteiro.tools;

import carteiro.mail.Octets;
import carteiro.posix.Invocation;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZonedDateTime;

/** tai64nlocal: turns the TAI64N stamps of log lines into local time (docs/programs/tai64nlocal.md). */
public final class Tai64nlocal {
    private static final int STAMP = 25; // @ and 24 hexadecimal digits
    static final long EPOCH = (1L << 62) + 10; // 1970-01-01 in the labels that tai64n writes

    private Tai64nlocal() {}

    /** The command. */
    public static void main(String[] arguments) {
        Invocation.runAndExit("tai64nlocal", arguments, call -> run(call, ZoneId.systemDefault()));
    }

    static int run(Invocation call, ZoneId zone) throws IOException {
        var out = new BufferedOutputStream(call.out(), 32 * 1024);
        InputStream in = call.in();
        byte[] buffer = new byte[32 * 1024];
        var stamp = new StringBuilder(STAMP);
        boolean lineStart = true;
        for (int count; (count = in.read(buffer)) >= 0; ) {
            for (int i = 0; i < count; i++) {
                char c = (char) (buffer[i] & 0xff);
                boolean belongs = lineStart && (stamp.isEmpty() ? c == '@' : Character.digit(c, 16) >= 0);
                if (belongs) {
                    stamp.append(c);
                    if (stamp.length() == STAMP) {
                        out.write(Octets.bytes(local(stamp.toString(), zone)));
                        stamp.setLength(0);
                        lineStart = false;
                    }
                    continue;
                }
                flush(stamp, out);
                out.write(c);
                lineStart = c == '\n';
            }
            if (in.available() == 0) {
                out.flush(); // for whoever follows a log
            }
        }
        flush(stamp, out);
        out.flush();
        return 0;
    }

    private static void flush(StringBuilder stamp, OutputStream out) throws IOException {
        out.write(Octets.bytes(stamp.toString()));
        stamp.setLength(0);
    }

    /** {@code 2026-11-24 04:48:51.123456789}; the stamp itself if it is none. */
    private static String local(String stamp, ZoneId zone) {
        long seconds = Long.parseUnsignedLong(stamp, 1, 17, 16) - EPOCH;
        long nanos = Long.parseLong(stamp, 17, 25, 16);
        if (nanos > 999_999_999) {
            return stamp;
        }
        try {
            ZonedDateTime time = Instant.ofEpochSecond(seconds, nanos).atZone(zone);
            return time.toLocalDate() + " " + digits(time.getHour(), 2) + ":" + digits(time.getMinute(), 2) + ":"
                    + digits(time.getSecond(), 2) + "." + digits(time.getNano(), 9);
        } catch (DateTimeException | ArithmeticException e) {
            return stamp; // of a time that no calendar here has
        }
    }

    private static String digits(int number, int width) {
        return Long.toString(10L * pow(width - 1) + number).substring(1);
    }

    private static long pow(int exponent) {
        long power = 1;
        for (int i = 0; i < exponent; i++) {
            power *= 10;
        }
        return power;
    }
}
