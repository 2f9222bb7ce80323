package carteiro.wire;

import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;

/**
 * Reads lines ended by CRLF and the text between them from one stream, through one buffer that begins small, since most
 * connections are idle. One thread.
 */
public final class LineReader {
    /** What is read of a line over the limit before it is given up, in octets. */
    public static final int SKIPPED = 64 * 1024;

    private static final int SMALL = 512;

    /** The buffer while text is read. */
    private static final int LARGE = 8 * 1024;

    private static final byte[] NOTHING = new byte[0];
    private static final Line BARE_LF = new Line.BareLineFeed();
    private static final Line BARE_CR = new Line.BareCarriageReturn();
    private static final Line END = new Line.End();

    private final InputStream in;
    private final int limit;
    private byte[] buffer = new byte[SMALL];
    private byte[] secret = NOTHING;
    private int at;
    private int end;

    /**
     * @param in read in blocks; it decides how long that may take
     * @param limit octets in one line, CRLF included; RFC 5321 section 4.5.3.1.4 asks for at least 512
     */
    public LineReader(InputStream in, int limit) {
        this.in = in;
        this.limit = limit;
    }

    /** Takes octets of text; may keep nothing of the array. */
    @FunctionalInterface
    public interface Sink {
        /** Takes {@code length} octets from {@code from}. */
        void take(byte[] octets, int from, int length) throws IOException;
    }

    /**
     * Which part of a line is a secret, such as a password: it becomes no text, is kept until the next line is read or somebody takes
     * it, and overwritten where it stood.
     */
    @FunctionalInterface
    public interface SecretPart {
        /** No part. */
        SecretPart NONE = (_, _, length) -> length;

        /** All of it. */
        SecretPart ALL = (_, _, _) -> 0;

        /**
         * Where the secret begins.
         *
         * @param octets has the line, or its beginning while more is to come, at {@code from}
         * @return from the beginning of the line on; its length if there is none
         */
        int begins(byte[] octets, int from, int length);
    }

    /** The most octets of a line with a secret, CRLF included (RFC 4954 section 4: at least 12288 for a response). */
    public static final int SECRET_LIMIT = 12_288 + 2 + 64;

    /**
     * As {@link #next()}; a line may be longer if that is because of a secret. {@link Line.Text} has what stands before the secret.
     */
    public Line next(SecretPart part) throws IOException {
        return next(part, SECRET_LIMIT);
    }

    /** The secret of the last line; whoever takes it overwrites it. Empty if there was none. */
    public byte[] takeSecret() {
        byte[] taken = secret;
        secret = NOTHING;
        return taken;
    }

    private void wipeSecret() {
        Arrays.fill(secret, (byte) 0);
        secret = NOTHING;
    }

    /** Whether octets have come that nobody has taken. */
    public boolean hasBuffered() {
        return at < end;
    }

    /** The next line, or what stood in its place. */
    public Line next() throws IOException {
        return next(SecretPart.NONE, limit);
    }

    /** @param secretLimit of a line with a secret, CRLF included */
    private Line next(SecretPart part, int secretLimit) throws IOException {
        wipeSecret();
        int scan = at;
        int most = limit;
        while (true) {
            while (scan < end && buffer[scan] != '\r' && buffer[scan] != '\n') {
                scan++;
            }
            if (scan + 1 < end || scan < end && buffer[scan] == '\n') {
                if (buffer[scan] == '\n') {
                    return BARE_LF;
                }
                if (buffer[scan + 1] != '\n') {
                    return BARE_CR;
                }
                int from = at;
                at = scan + 2;
                if (most == limit && at - from > limit && hasSecret(part, from, scan - from)) {
                    most = secretLimit;
                }
                return at - from > most ? new Line.TooLong(most) : text(part, from, scan - from);
            }
            if (most == limit && scan - at >= limit && hasSecret(part, at, scan - at)) {
                most = secretLimit;
            }
            if (scan - at >= most) {
                return skip(scan, most);
            }
            if (at == end && buffer.length > SMALL) { // it may be long until the next line: idle connections are many
                buffer = new byte[SMALL];
                at = 0;
                end = 0;
                scan = 0;
            }
            int moved = at;
            if (!fill(most + 2)) {
                return END;
            }
            scan -= moved - at;
        }
    }

    private boolean hasSecret(SecretPart part, int from, int length) {
        return part.begins(buffer, from, length) < length;
    }

    private Line text(SecretPart part, int from, int length) {
        int begins = part.begins(buffer, from, length);
        if (begins < length) {
            secret = Arrays.copyOfRange(buffer, from + begins, from + length);
            Arrays.fill(buffer, from + begins, from + length, (byte) 0);
        }
        return new Line.Text(new String(buffer, from, begins, java.nio.charset.StandardCharsets.ISO_8859_1));
    }

    /** Drops the line that does not fit. What was scanned holds no line end, but for a CR as the last octet. */
    private Line skip(int scanned, int most) throws IOException {
        int skipped = scanned - at;
        boolean afterCr = scanned < end;
        at = end;
        while (skipped <= SKIPPED) {
            if (at == end && !fill(buffer.length)) {
                return END;
            }
            byte octet = buffer[at++];
            skipped++;
            if (afterCr) {
                return octet == '\n' ? new Line.TooLong(most) : BARE_CR;
            }
            if (octet == '\n') {
                return BARE_LF;
            }
            afterCr = octet == '\r';
        }
        return new Line.Endless(most);
    }

    /**
     * Reads text through a decoder until it ends, up to {@link TextDecoder#state}. What the decoder gives is handed on in
     * runs as long as the buffer.
     *
     * @return whether the decoder reached its end or a fault; false: the stream ended before
     */
    public boolean text(TextDecoder decoder, Sink sink) throws IOException {
        if (buffer.length < LARGE) {
            buffer = Arrays.copyOf(buffer, LARGE);
        }
        while (decoder.state() == TextDecoder.DecoderState.OPEN) {
            if (at == end && !fill(buffer.length)) {
                return false;
            }
            int from = at;
            int length = decoder.decode(buffer, at, end);
            at = decoder.next();
            if (length > 0) {
                sink.take(buffer, from, length);
            }
        }
        return true;
    }

    /**
     * Reads a counted piece of text (BDAT) through a decoder, until the count or a fault.
     *
     * @return false if the stream ended before
     */
    public boolean text(TextDecoder decoder, long count, Sink sink) throws IOException {
        if (buffer.length < LARGE) {
            buffer = Arrays.copyOf(buffer, LARGE);
        }
        long left = count;
        while (left > 0 && decoder.state() == TextDecoder.DecoderState.OPEN) {
            if (at == end && !fill(buffer.length)) {
                return false;
            }
            int from = at;
            int length = decoder.decode(buffer, at, at + (int) Math.min(left, end - at));
            left -= decoder.next() - at;
            at = decoder.next();
            if (length > 0) {
                sink.take(buffer, from, length);
            }
        }
        return true;
    }

    /**
     * Reads and drops octets.
     *
     * @return false if the stream ended before
     */
    public boolean drop(long count) throws IOException {
        long left = count;
        while (left > 0) {
            if (at == end && !fill(buffer.length)) {
                return false;
            }
            int taken = (int) Math.min(left, end - at);
            at += taken;
            left -= taken;
        }
        return true;
    }

    /** Reads more behind what is there, which it may move to the front; the buffer grows to {@code most} octets. */
    private boolean fill(int most) throws IOException {
        if (at == end) {
            at = 0;
            end = 0;
        } else if (end == buffer.length && at > 0) {
            System.arraycopy(buffer, at, buffer, 0, end - at);
            Arrays.fill(buffer, end - at, end, (byte) 0); // there may be a password in it, as below
            end -= at;
            at = 0;
        }
        if (end == buffer.length) {
            byte[] smaller = buffer;
            buffer = Arrays.copyOf(smaller, Math.min(2 * smaller.length, Math.max(most, smaller.length + 1)));
            Arrays.fill(smaller, (byte) 0);
        }
        int came = in.read(buffer, end, buffer.length - end);
        if (came <= 0) {
            return false;
        }
        end += came;
        return true;
    }
}
