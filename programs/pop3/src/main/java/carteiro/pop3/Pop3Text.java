package carteiro.pop3;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;

/** A message on its way to the client: line ends become CR LF, a dot at the start of a line is doubled (RFC 1939 section 3). */
final class Pop3Text {
    /** Lines of the body: all of them. */
    static final long ALL = -1;

    private static final byte[] LINE_END = {'\r', '\n'};

    /** qmail's: an empty line, then the dot. */
    private static final byte[] END = {'\r', '\n', '.', '\r', '\n'};

    private static final byte[] DOT = {'.', '\r', '\n'};

    private static final int BLOCK = 32 * 1024;

    private final OutputStream out;
    private final Pop3Session.Pop3Style style;
    private long left;
    private final boolean limited;
    private boolean atStart = true;
    private boolean afterCr;
    private boolean inHeader = true;

    private Pop3Text(OutputStream out, long lines, Pop3Session.Pop3Style style) {
        this.style = style;
        this.out = out;
        this.left = lines;
        this.limited = lines != ALL;
    }

    /**
     * Sends a message and its end.
     *
     * @param lines how many of the body, behind the whole header; or {@link #ALL}
     * @throws IOException if the message cannot be read to its end, or the client has gone
     */
    static void send(InputStream message, long lines, OutputStream out, Pop3Session.Pop3Style style)
            throws IOException {
        var text = new Pop3Text(out, lines, style);
        byte[] block = new byte[BLOCK];
        boolean more = true;
        for (int count = message.read(block); more && count >= 0; count = more ? message.read(block) : -1) {
            more = text.take(block, count);
        }
        if (!text.atStart) {
            text.endLine();
        }
        out.write(style == Pop3Session.Pop3Style.QMAIL ? END : DOT);
    }

    /** Whether more is wanted. */
    private boolean take(byte[] block, int count) throws IOException {
        for (int at = 0; at < count; ) {
            if (atStart && !beginLine(block[at])) {
                return false;
            }
            int end = at;
            while (end < count && block[end] != '\n') {
                end++;
            }
            out.write(block, at, end - at);
            afterCr = end > at ? block[end - 1] == '\r' : afterCr && at == 0;
            atStart = end < count;
            if (atStart) {
                endLine();
            }
            at = end + 1;
        }
        return true;
    }

    /** A line that ends in CR LF stays as it is; qmail's gets a second CR. */
    private void endLine() throws IOException {
        if (afterCr && style == Pop3Session.Pop3Style.EXACT) {
            out.write('\n');
        } else {
            out.write(LINE_END);
        }
        afterCr = false;
    }

    private boolean beginLine(byte first) throws IOException {
        if (limited && !inHeader && left-- == 0) {
            return false;
        }
        if (first == '\n') {
            inHeader = false;
        } else if (first == '.') {
            out.write('.');
        }
        return true;
    }
}
