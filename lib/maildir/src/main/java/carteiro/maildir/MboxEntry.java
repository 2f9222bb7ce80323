package carteiro.maildir;

import carteiro.mail.Address;
import carteiro.mail.Octets;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;

/**
 * A message as it stands in an mbox: the From_ line; {@code >} before every line that begins with any number of {@code >} and {@code From }
 * (mboxrd); an ended last line; an empty line. Linear, and without memory of the line.
 */
public final class MboxEntry {
    private static final DateTimeFormatter DATE =
            DateTimeFormatter.ofPattern("EEE MMM dd HH:mm:ss yyyy", Locale.ROOT).withZone(ZoneOffset.UTC);

    private static final byte[] FROM = Octets.bytes("From ");
    private static final int IN_LINE = -1;
    private static final int CHUNK = 64 * 1024;

    private MboxEntry() {}

    /** The From_ line with its LF: the sender, in which blanks become {@code -}, and a date of 24 characters in UTC. */
    public static String fromLine(Address sender, Instant now) {
        String name = sender.isNull()
                ? "MAILER-DAEMON"
                : sender.octets().replace(' ', '-').replace('\t', '-').replace('\n', '-');
        return "From " + name + " " + DATE.format(now) + "\n";
    }

    /** Writes header and message quoted, the last line ended, and an empty line. */
    static void write(OutputStream out, byte[] header, MessageOctets message) throws IOException {
        out.write(header);
        byte[] chunk = new byte[CHUNK];
        int matched = 0; // octets of FROM at the start of the line that are withheld; IN_LINE past the start
        boolean ended = true;
        try (InputStream in = message.open()) {
            for (int count = in.read(chunk); count >= 0; count = in.read(chunk)) {
                int from = 0; // from here on the chunk is not written yet
                for (int i = 0; i < count; i++) {
                    byte octet = chunk[i];
                    if (matched != IN_LINE) {
                        if (octet == FROM[matched]) {
                            if (matched == 0) {
                                out.write(chunk, from, i - from);
                            }
                            matched++;
                            from = i + 1;
                            ended = false;
                            if (matched == FROM.length) {
                                out.write('>'); // behind the '>' that may be there already, which is the same
                                out.write(FROM);
                                matched = IN_LINE;
                            }
                            continue;
                        }
                        if (octet == '>' && matched == 0) {
                            ended = false;
                            continue;
                        }
                        out.write(FROM, 0, matched);
                        matched = IN_LINE;
                    }
                    ended = octet == '\n';
                    if (ended) {
                        matched = 0;
                    }
                }
                out.write(chunk, from, count - from);
            }
        }
        if (matched != IN_LINE) {
            out.write(FROM, 0, matched);
        }
        if (!ended) {
            out.write('\n');
        }
        out.write('\n');
    }
}
