package carteiro.pop3;

import carteiro.mail.Octets;
import java.io.Flushable;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;

/** Reads commands, which end in LF or CR LF as qmail's do, through one buffer that is cleared behind them. One thread. */
final class Pop3Input {
    /** Octets in one line, its end included; RFC 2449 section 4 asks for 255, a password may be long. */
    static final int LIMIT = 1000;

    /** What is read of a line over the limit before it is given up, in octets. */
    static final int SKIPPED = 64 * 1024;

    /** No verb is longer. */
    private static final int VERB = 16;

    private static final Pop3Line TOO_LONG = new Pop3Line.Pop3Malformed("line too long");
    private static final Pop3Line NUL = new Pop3Line.Pop3Malformed("syntax error");
    private static final Pop3Line ENDLESS = new Pop3Line.Pop3Endless();
    private static final Pop3Line END = new Pop3Line.Pop3End();

    private final InputStream in;
    private final Flushable answers;
    private final byte[] block;
    private final byte[] line = new byte[LIMIT];
    private int at;
    private int end;

    /**
     * @param answers flushed before each read that may wait: answers to commands that came together leave together
     * @param atOnce how many octets are read at once; 1 where somebody else reads on behind a line
     */
    Pop3Input(InputStream in, Flushable answers, int atOnce) {
        this.in = in;
        this.answers = answers;
        this.block = new byte[atOnce];
    }

    /** The next line. */
    Pop3Line next() throws IOException {
        int length = 0;
        try {
            for (int octet = octet(); octet >= 0; octet = octet()) {
                if (octet == '\n') {
                    return length < LIMIT ? command(length) : TOO_LONG;
                }
                if (length < LIMIT) {
                    line[length] = (byte) octet;
                } else if (length == SKIPPED) {
                    return ENDLESS;
                }
                length++;
            }
            return END;
        } finally {
            Arrays.fill(line, 0, Math.min(length, LIMIT), (byte) 0);
        }
    }

    private int octet() throws IOException {
        if (at == end) {
            answers.flush();
            at = 0;
            end = Math.max(0, in.read(block));
            if (end == 0) {
                return -1;
            }
        }
        int octet = block[at] & 0xff;
        block[at++] = 0;
        return octet;
    }

    private Pop3Line command(int count) {
        int length = count > 0 && line[count - 1] == '\r' ? count - 1 : count;
        int verb = 0;
        for (int i = 0; i < length; i++) {
            if (line[i] == 0) {
                return NUL; // the end of a text for everybody behind us
            }
        }
        while (verb < length && line[verb] != ' ') {
            verb++;
        }
        int from = verb;
        while (from < length && line[from] == ' ') {
            from++;
        }
        return new Pop3Line.Pop3Command(
                verb <= VERB ? Octets.lowerCase(Octets.text(line, 0, verb)) : "",
                Arrays.copyOfRange(line, from, length));
    }
}
