package carteiro.smtp;

import carteiro.mail.Octets;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;

/**
 * Reads replies. Lines end in LF, with or without CR before it; NUL is kept as {@code ?}; of one reply {@link #KEPT}
 * octets are kept and the rest is read and dropped, up to {@link #LIMIT}. How long it may take is the affair of the stream.
 * One thread.
 */
public final class ReplyReader {
    /** The most octets of a reply that are kept, line ends included. */
    public static final int KEPT = 5000;

    /** The most octets of a reply, line ends included: what never ends is no reply. */
    public static final int LIMIT = 1 << 20;

    private static final int BUFFER = 4096;

    private final InputStream in;
    private final byte[] buffer = new byte[BUFFER];
    private int at;
    private int end;
    private int left;

    /** @param in read in blocks; a timeout on it must be fatal for the connection, since octets may be in here */
    public ReplyReader(InputStream in) {
        this.in = in;
    }

    /**
     * Reads one reply.
     *
     * @throws EOFException if the connection ends before the reply does
     * @throws MalformedReplyException if its first line does not begin with three digits from 200 to 599, or if it has more
     *     than {@link #LIMIT} octets
     */
    public SmtpReply read() throws IOException {
        var lines = new ArrayList<String>(4);
        int room = KEPT; // from 0 up, whatever comes
        left = LIMIT;
        var cut = SmtpReply.Completeness.WHOLE;
        int code = 0;
        while (true) {
            var line = new ReplyLine(Math.max(room, 4));
            read(line);
            if (code == 0) {
                code = code(line.text());
            }
            if (room > 0) {
                String text = line.text();
                lines.add(text.length() > room ? text.substring(0, room) : text);
            }
            if (line.dropped || room <= 0) {
                cut = SmtpReply.Completeness.CUT;
            }
            room = Math.max(0, room - line.text.length() - 1);
            if (line.text.length() < 4 || line.text.charAt(3) != '-') {
                return new SmtpReply(code, lines, cut);
            }
        }
    }

    /** Whether octets have come that no {@link #read} has taken: a reply nobody asked for, or more than one. */
    public boolean hasMore() throws IOException {
        return at < end || in.available() > 0;
    }

    private static final class ReplyLine {
        private final StringBuilder text = new StringBuilder(80);
        private final int limit;
        private boolean dropped;

        ReplyLine(int limit) {
            this.limit = limit;
        }

        String text() {
            return text.toString();
        }

        void append(byte[] octets, int from, int length) {
            int kept = Math.min(length, limit - text.length());
            text.append(Octets.text(octets, from, kept).replace('\0', '?'));
            dropped |= kept < length;
        }
    }

    private void read(ReplyLine line) throws IOException {
        while (true) {
            if (at == end) {
                end = Math.max(in.read(buffer, 0, BUFFER), 0);
                at = 0;
                if (end == 0) {
                    throw new EOFException("the connection was closed");
                }
            }
            int from = at;
            while (at < end && buffer[at] != '\n') {
                at++;
            }
            left -= at - from + (at < end ? 1 : 0); // by a buffer at most: never far below 0
            if (left < 0) {
                throw new MalformedReplyException("over " + LIMIT + " octets");
            }
            line.append(buffer, from, at - from);
            if (at < end) {
                at++;
                int last = line.text.length() - 1;
                if (last >= 0 && line.text.charAt(last) == '\r') {
                    line.text.setLength(last);
                }
                return;
            }
        }
    }

    private static int code(String line) throws MalformedReplyException {
        if (line.length() >= 3
                && line.charAt(0) >= '2'
                && line.charAt(0) <= '5'
                && isDigit(line.charAt(1))
                && isDigit(line.charAt(2))
                && (line.length() == 3 || !isDigit(line.charAt(3)))) {
            return Integer.parseInt(line.substring(0, 3));
        }
        throw new MalformedReplyException(line.length() > 100 ? line.substring(0, 100) : line);
    }

    private static boolean isDigit(char c) {
        return c >= '0' && c <= '9';
    }

    /** The lines of an EHLO reply after the first, each a keyword with its parameters (RFC 5321 section 4.1.1.1). */
    public static List<String> keywords(SmtpReply ehlo) {
        var keywords = new ArrayList<String>();
        for (int i = 1; i < ehlo.lines().size(); i++) {
            keywords.add(ehlo.textOf(i).strip());
        }
        return List.copyOf(keywords);
    }
}
