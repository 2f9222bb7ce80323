package carteiro.remote;

/**
 * Turns a message with LF line ends into what follows DATA (RFC 5321 section 4.5.2), block by block: every line ends in
 * CR LF, a dot at the start of a line is doubled, and no CR or LF ever stands alone: CR LF counts as one line end, and so
 * does a lone CR, which some receivers would take for the end of a line anyway. A last line without an end gets one.
 */
final class DataEncoder {
    private boolean atLineStart = true;
    private boolean afterCr;

    /** The room that {@code length} octets may need. */
    static int room(int length) {
        return 2 * length + 5;
    }

    /**
     * Converts one block.
     *
     * @return how many octets were put into {@code wire}, which has {@link #room} for them from {@code at}
     */
    int put(byte[] octets, int from, int length, byte[] wire, int at) {
        int out = at;
        int end = from + length;
        int next = from;
        while (next < end) {
            byte c = octets[next];
            if (c == '\n') {
                if (!afterCr) {
                    out = lineEnd(wire, out);
                }
                afterCr = false;
                next++;
                continue;
            }
            if (c == '\r') {
                out = lineEnd(wire, out);
                afterCr = true;
                next++;
                continue;
            }
            if (atLineStart && c == '.') {
                wire[out++] = '.';
            }
            atLineStart = false;
            afterCr = false;
            int run = next + 1;
            while (run < end && octets[run] != '\n' && octets[run] != '\r') {
                run++;
            }
            System.arraycopy(octets, next, wire, out, run - next);
            out += run - next;
            next = run;
        }
        return out - at;
    }

    private int lineEnd(byte[] wire, int out) {
        wire[out] = '\r';
        wire[out + 1] = '\n';
        atLineStart = true;
        return out + 2;
    }

    /** Ends the last line if it has no end, and the message; the wire has room for five octets. */
    int end(byte[] wire, int at) {
        int out = atLineStart ? at : lineEnd(wire, at);
        wire[out] = '.';
        out = lineEnd(wire, out + 1);
        return out - at;
    }
}
