package carteiro.remote;

import java.io.IOException;
import java.io.InputStream;

/**
 * What is to be known of a message's octets before MAIL is said: read to the point where it is sure, once a delivery, and
 * nearly always within the first block. One thread.
 */
final class MessageText {
    private static final int BLOCK = 64 * 1024;

    /** So much of a long message is read for octets above 127: no long message is read twice to its end. */
    static final int LOOKED_THROUGH = 256 * 1024;

    private final OutgoingMessage.MessageOpener message;
    private long seen;
    private byte before = '\n';
    private boolean headerEnded;
    private boolean wideHeader;
    private boolean wide;
    private boolean whole;

    MessageText(OutgoingMessage.MessageOpener message) {
        this.message = message;
    }

    /** Takes note of the first octets, which somebody has read anyway. */
    void begins(byte[] octets, int length, boolean all) {
        if (seen == 0) {
            examine(octets, 0, length);
            whole = all;
        }
    }

    private void examine(byte[] octets, int from, int length) {
        seen += length - from;
        for (int i = from; i < length; i++) {
            byte c = octets[i];
            if (c < 0) {
                wide = true;
                wideHeader |= !headerEnded;
            }
            if (headerEnded) {
                if (wide) {
                    return; // all is known
                }
                continue;
            }
            if (c == '\n' && before == '\n') {
                headerEnded = true;
            }
            before = c == '\r' ? before : c; // an empty line may end in CR LF too
        }
    }

    /** Whether no octet of the header is above 127. */
    boolean headerIsAscii() throws IOException {
        if (!headerEnded && !wideHeader) {
            readOn(Until.END_OF_HEADER);
        }
        return !wideHeader;
    }

    /**
     * Whether an octet above 127 is to be reckoned with: there is one within the first {@link #LOOKED_THROUGH}, or there is more
     * than that.
     */
    boolean mayBeEightBit() throws IOException {
        if (!wide) {
            readOn(Until.END);
        }
        return wide || !whole;
    }

    private enum Until {
        END_OF_HEADER,
        END
    }

    private void readOn(Until until) throws IOException {
        if (whole || until == Until.END && seen >= LOOKED_THROUGH) {
            return;
        }
        try (InputStream in = message.open()) {
            in.skipNBytes(seen);
            byte[] block = new byte[BLOCK];
            while (!wide && (until == Until.END_OF_HEADER ? !headerEnded : seen < LOOKED_THROUGH)) {
                int read = in.readNBytes(block, 0, BLOCK);
                examine(block, 0, read);
                if (read < BLOCK) {
                    whole = true;
                    return;
                }
            }
        }
    }
}
