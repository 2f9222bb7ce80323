package carteiro.wire;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** Builds a frame: fields one after another, each a netstring, the whole again a netstring on the wire. */
public final class FrameWriter {
    private final WipedOctets fields = new WipedOctets();
    private boolean secret;

    /** What grows leaves nothing behind, and what is over can be overwritten. */
    private static final class WipedOctets extends ByteArrayOutputStream {
        WipedOctets() {
            super(256);
        }

        @Override
        public synchronized void write(byte[] octets, int from, int length) {
            if (length > buf.length - count) {
                byte[] smaller = buf;
                buf = Arrays.copyOf(smaller, Math.max(2 * smaller.length, Math.addExact(count, length)));
                Arrays.fill(smaller, 0, count, (byte) 0);
            }
            super.write(octets, from, length);
        }

        synchronized void wipe() {
            Arrays.fill(buf, 0, count, (byte) 0);
            reset();
        }
    }

    /** A frame without fields. */
    public FrameWriter() {}

    /** A frame that begins with a mark, an octet before its first field. */
    public static FrameWriter marked(char mark) {
        var frame = new FrameWriter();
        frame.fields.write(mark);
        return frame;
    }

    /** Appends octets as a field. */
    public FrameWriter put(byte[] octets, int from, int length) {
        netstring(fields, octets, from, length);
        return this;
    }

    /** Appends a text of octets (characters below 256) as a field. */
    public FrameWriter put(String octets) {
        byte[] bytes = octets.getBytes(StandardCharsets.ISO_8859_1);
        return put(bytes, 0, bytes.length);
    }

    /** Appends a number as a field, in decimal. */
    public FrameWriter put(long number) {
        return put(Long.toString(number));
    }

    /** Appends a frame as one field: an item of a list, say, which may get further fields of its own. */
    public FrameWriter put(FrameWriter nested) {
        byte[] octets = nested.fields.toByteArray();
        return put(octets, 0, octets.length);
    }

    /**
     * Appends a tagged field, after all fields that have no tag. A reader that does not know the tag passes over it.
     *
     * @param tag from 1 to {@link TaggedFields#MOST_TAG}, never used again for anything else in frames of that kind
     */
    public FrameWriter putTagged(int tag, String octets) {
        return put(Integer.toString(tag) + TaggedFields.OPTIONAL + octets);
    }

    /**
     * Appends octets that nobody else shall see as a field. Whoever sends the frame overwrites it, and its own copies, when they have
     * been written; see {@link #isSecret} and {@link #wipe}.
     */
    public FrameWriter putSecret(byte[] octets) {
        secret = true;
        return put(octets, 0, octets.length);
    }

    /** Whether there is a field that nobody else shall see. */
    public boolean isSecret() {
        return secret;
    }

    /** Overwrites all of it: the frame is empty. */
    public void wipe() {
        fields.wipe();
    }

    /** How many octets the frame has, its length and comma on the wire not counted. */
    public int octets() {
        return fields.size();
    }

    /** Writes the frame and flushes. */
    public void send(OutputStream out) throws IOException {
        write(out);
        out.flush();
    }

    /** Writes the frame; what follows it goes the same way. */
    public void write(OutputStream out) throws IOException {
        out.write((fields.size() + ":").getBytes(StandardCharsets.ISO_8859_1));
        fields.writeTo(out);
        out.write(',');
    }

    private static void netstring(ByteArrayOutputStream out, byte[] octets, int from, int length) {
        byte[] prefix = (length + ":").getBytes(StandardCharsets.ISO_8859_1);
        out.write(prefix, 0, prefix.length);
        out.write(octets, from, length);
        out.write(',');
    }
}
