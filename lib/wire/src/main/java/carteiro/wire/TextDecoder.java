package carteiro.wire;

/**
 * Turns text as it travels (lines ended by CRLF, with or without doubled dots) into text as we keep it (lines ended by
 * LF), in place and in blocks of any size. It ends only at CRLF {@code .} CRLF, and stops at a CR or an LF that stands
 * alone (RFC 5321 section 2.3.8): whoever guesses there can be made to see one message where the next host sees two.
 */
public final class TextDecoder {
    /** How text travels. */
    public enum TransferForm {
        /** After DATA: a dot at the begin of a line is doubled, a dot alone ends it (RFC 5321 section 4.5.2). */
        DOTTED,
        /** After BDAT: counted octets (RFC 3030). */
        COUNTED
    }

    /** How far it is. */
    public enum DecoderState {
        /** More is to come. */
        OPEN,
        /** The line with the dot alone was seen. */
        ENDED,
        /** An LF without CR before it was seen. */
        BARE_LF,
        /** A CR without LF after it was seen. */
        BARE_CR
    }

    private enum LinePosition {
        LINE_START,
        IN_LINE,
        AFTER_CR,
        AFTER_DOT,
        AFTER_DOT_CR
    }

    private final TransferForm form;
    private DecoderState state = DecoderState.OPEN;
    private LinePosition place = LinePosition.LINE_START;
    private int next;
    private long line;
    private long longest;
    private boolean nul;

    /** A decoder at the begin of a text. */
    public TextDecoder(TransferForm form) {
        this.form = form;
    }

    /** How far it is. */
    public DecoderState state() {
        return state;
    }

    /** Where the last {@link #decode} stopped: at the end it was given, or after what ended it. */
    public int next() {
        return next;
    }

    /** The longest line so far in octets, with its CRLF, without a doubled dot; the unfinished line counts. */
    public long longestLine() {
        return Math.max(longest, line + 2);
    }

    /** Whether an octet of value 0 was seen. */
    public boolean sawNul() {
        return nul;
    }

    /** Whether the text so far ends in the middle of a line. */
    public boolean endsInsideLine() {
        return place == LinePosition.IN_LINE;
    }

    /** For counted text: the last octet has come. A CR as the last octet is then a fault. */
    public void end() {
        if (place == LinePosition.AFTER_CR) {
            state = DecoderState.BARE_CR;
        } else if (state == DecoderState.OPEN) {
            state = DecoderState.ENDED;
        }
    }

    /**
     * Decodes the octets from {@code from} to {@code to} in place.
     *
     * @return how many octets of text now stand at {@code from}
     */
    public int decode(byte[] octets, int from, int to) {
        int in = from;
        int out = from;
        while (in < to && state == DecoderState.OPEN) {
            switch (place) {
                case LINE_START -> {
                    if (form == TransferForm.DOTTED && octets[in] == '.') {
                        in++;
                        place = LinePosition.AFTER_DOT;
                    } else {
                        place = LinePosition.IN_LINE;
                    }
                }
                case IN_LINE -> {
                    int start = in;
                    while (in < to && (octets[in] & 0xff) > '\r') {
                        in++;
                    }
                    int run = in - start;
                    if (out != start) {
                        System.arraycopy(octets, start, octets, out, run);
                    }
                    out += run;
                    line += run;
                    if (in < to) {
                        byte octet = octets[in++];
                        if (octet == '\r') {
                            place = LinePosition.AFTER_CR;
                        } else if (octet == '\n') {
                            state = DecoderState.BARE_LF;
                        } else {
                            nul |= octet == 0;
                            octets[out++] = octet;
                            line++;
                        }
                    }
                }
                case AFTER_CR -> {
                    if (octets[in++] == '\n') {
                        octets[out++] = '\n';
                        longest = Math.max(longest, line + 2);
                        line = 0;
                        place = LinePosition.LINE_START;
                    } else {
                        state = DecoderState.BARE_CR;
                    }
                }
                case AFTER_DOT -> {
                    if (octets[in] == '\r') {
                        in++;
                        place = LinePosition.AFTER_DOT_CR;
                    } else if (octets[in] == '\n') {
                        in++;
                        state = DecoderState.BARE_LF;
                    } else {
                        place = LinePosition.IN_LINE;
                    }
                }
                case AFTER_DOT_CR -> state = octets[in++] == '\n' ? DecoderState.ENDED : DecoderState.BARE_CR;
            }
        }
        next = in;
        return out - from;
    }
}
