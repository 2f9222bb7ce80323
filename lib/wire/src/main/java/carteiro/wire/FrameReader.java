package carteiro.wire;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** Reads the fields of one frame in order. Every limit is the caller's; anything else than was agreed is malformed. */
public final class FrameReader {
    private static final int LONGEST_START = 11; // nine digits, the colon, the mark

    private final byte[] octets;
    private final int end;
    private int at;

    private FrameReader(byte[] octets) {
        this(octets, 0, octets.length);
    }

    private FrameReader(byte[] octets, int from, int end) {
        this.octets = octets;
        this.at = from;
        this.end = end;
    }

    /**
     * Reads one frame.
     *
     * @param limit the most octets it may have
     * @throws EOFException at the end of the stream before the first octet
     * @throws MalformedFrameException if it is longer, cut short, or no netstring
     */
    public static FrameReader receive(InputStream in, int limit) throws IOException {
        return new FrameReader(receiveRaw(in, limit));
    }

    /** As {@link #receive}, the octets as they are. Memory grows with what arrives, not with what was announced. */
    public static byte[] receiveRaw(InputStream in, int limit) throws IOException {
        return receiveRest(in, announced(in, limit));
    }

    /** The octets of a frame whose length was read by {@link #announced}. */
    public static byte[] receiveRest(InputStream in, int length) throws IOException {
        byte[] octets = in.readNBytes(length);
        if (octets.length < length || in.read() != ',') {
            throw new MalformedFrameException("frame of " + length + " octets is cut short or has no comma");
        }
        return octets;
    }

    /** Reads fields from octets that were received by {@link #receiveRaw}. */
    public static FrameReader of(byte[] octets) {
        return new FrameReader(octets);
    }

    /**
     * Reads the length of a frame and no more: its octets and a comma follow.
     *
     * @param limit the most octets it may have
     * @throws EOFException at the end of the stream before the first octet
     * @throws MalformedFrameException if it is longer, or no netstring
     */
    public static int announced(InputStream in, int limit) throws IOException {
        int length = 0;
        for (int digits = 0; ; digits++) {
            int c = in.read();
            if (c < 0 && digits == 0) {
                throw new EOFException("the other side closed the connection");
            }
            if (c == ':' && digits > 0) {
                return length;
            }
            if (c < '0' || c > '9' || digits == 9) {
                throw new MalformedFrameException("frame does not begin with a length");
            }
            length = length * 10 + (c - '0');
            if (length > limit) {
                throw new MalformedFrameException("frame of over " + limit + " octets");
            }
        }
    }

    /**
     * Whether the next frame begins with that mark. Nothing is read.
     *
     * @param in supports {@link InputStream#mark}
     */
    public static boolean markFollows(InputStream in, char mark) throws IOException {
        in.mark(LONGEST_START);
        announced(in, Integer.MAX_VALUE);
        boolean marked = in.read() == mark;
        in.reset();
        return marked;
    }

    /** Whether the frame begins with that mark, an octet before the first field; if so it is passed over. */
    public boolean marked(char mark) {
        boolean marked = at == 0 && end > 0 && octets[0] == mark;
        at += marked ? 1 : 0;
        return marked;
    }

    /** Whether a further field follows. */
    public boolean more() {
        return at < end;
    }

    /** The next field, at most {@code limit} octets. */
    public byte[] octets(int limit) throws MalformedFrameException {
        int length = pass(limit);
        return Arrays.copyOfRange(octets, at - 1 - length, at - 1);
    }

    /** The next field as a frame of its own, at most {@code limit} octets; see {@link FrameWriter#put(FrameWriter)}. */
    public FrameReader nested(int limit) throws MalformedFrameException {
        int length = pass(limit);
        return new FrameReader(octets, at - 1 - length, at - 1);
    }

    /** Passes over the next field; its octets end before the comma that was passed last. */
    private int pass(int limit) throws MalformedFrameException {
        int length = 0;
        int digits = 0;
        while (at < end && octets[at] != ':') {
            int digit = octets[at++] - '0';
            if (digit < 0 || digit > 9 || ++digits > 9) {
                throw new MalformedFrameException("field does not begin with a length");
            }
            length = length * 10 + digit;
        }
        if (digits == 0 || length > limit || at + 1 + length >= end || octets[at + 1 + length] != ',') {
            throw new MalformedFrameException("field is missing, cut short, or over " + limit + " octets");
        }
        at += length + 2;
        return length;
    }

    /** The next field as text, one character an octet, at most {@code limit} of them. */
    public String text(int limit) throws MalformedFrameException {
        int length = pass(limit);
        return new String(octets, at - 1 - length, length, StandardCharsets.ISO_8859_1);
    }

    /** The next field as a whole number from {@code least} to {@code most}. */
    public long number(long least, long most) throws MalformedFrameException {
        String text = text(20);
        try {
            long number = Long.parseLong(text);
            if (number >= least && number <= most) {
                return number;
            }
        } catch (NumberFormatException e) {
            throw new MalformedFrameException("field is no number");
        }
        throw new MalformedFrameException("number " + text + " is not from " + least + " to " + most);
    }

    /** The tagged fields, which come last: what a newer build may have added among them is passed over. */
    public TaggedFields tagged() throws MalformedFrameException {
        return TaggedFields.of(this);
    }

    /** Overwrites the whole frame, of which nothing can be read afterwards: it held a secret. */
    public void wipe() {
        Arrays.fill(octets, (byte) 0);
        at = end;
    }

    /** Checks that nothing follows but tagged fields that may be passed over. */
    public void end() throws MalformedFrameException {
        if (more()) {
            tagged().end();
        }
    }
}
