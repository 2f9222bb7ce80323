package carteiro.protocol;

import carteiro.mail.Address;
import carteiro.mail.Envelope;
import carteiro.mail.Envelope.AddressForm;
import carteiro.mail.Envelope.BodyType;
import carteiro.wire.FrameReader;
import carteiro.wire.FrameWriter;
import carteiro.wire.MalformedFrameException;
import carteiro.wire.TaggedFields;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.zip.CRC32C;
import java.util.zip.CheckedInputStream;

/**
 * The form of a message in the spool (docs/protocols/spool.md): a line that names it, the frames of enqueue, and a sum of all
 * octets before it.
 */
public final class SpooledMessage {
    /** The octets of one frame of the message. */
    static final int CHUNK = 32 * 1024;

    /** The most octets of an envelope. */
    static final int ENVELOPE_LIMIT = 8 << 20;

    private static final byte[] BEGINNING = "carteiro spool 2\n".getBytes(StandardCharsets.US_ASCII);

    /** As it was written before envelopes had attributes. It is as long as {@link #BEGINNING}. */
    private static final byte[] FIRST_BEGINNING = "carteiro spool 1\n".getBytes(StandardCharsets.US_ASCII);

    private static final int PIECE = 16 * 1024;
    private static final int LAST = 64;

    private SpooledMessage() {}

    static void begin(OutputStream out) throws IOException {
        out.write(BEGINNING);
    }

    static void octets(OutputStream out, byte[] chunk, int length) throws IOException {
        out.write(((length + 1) + ":M").getBytes(StandardCharsets.US_ASCII));
        out.write(chunk, 0, length);
        out.write(',');
    }

    static void envelope(OutputStream out, Envelope envelope) throws IOException {
        var frame = new FrameWriter().put("E");
        Frames.put(frame, envelope);
        frame.write(out);
    }

    static void end(OutputStream out, long sum) throws IOException {
        new FrameWriter().put("S").put(sum).write(out);
    }

    /**
     * Reads a message once, from its first octet to its last, and trusts nothing in it.
     *
     * @param file ends where the message does
     * @param message takes its octets; what it has got is worth nothing unless this returns
     * @return the envelope as it claims to be: its uid is the file's to say, and its attributes are to be checked
     * @throws MalformedFrameException if it is not what was written whole
     */
    public static Envelope read(InputStream file, Enqueue.Submission message) throws IOException {
        var sum = new CRC32C();
        var in = new CheckedInputStream(new BufferedInputStream(file, PIECE), sum);
        byte[] beginning = in.readNBytes(BEGINNING.length);
        boolean first = Arrays.equals(beginning, FIRST_BEGINNING);
        if (!first && !Arrays.equals(beginning, BEGINNING)) {
            throw new MalformedFrameException("it does not begin as a message of a spool");
        }
        byte[] piece = new byte[PIECE];
        while (true) {
            int length = announced(in, ENVELOPE_LIMIT);
            int kind = in.read();
            if (kind == 'M' && length <= CHUNK + 1) {
                copy(in, length - 1, piece, message);
            } else if (length > 0 && kind >= 0) {
                FrameReader frame = envelopeFrame(in, kind, length);
                Envelope envelope = first ? firstEnvelope(frame) : Frames.envelope(frame);
                TaggedFields tagged = frame.tagged();
                if (!tagged.take(EnqueueWire.FIELDS, Enqueue.Submission.MOST_FIELDS)
                        .isEmpty()) {
                    throw new MalformedFrameException("fields on top have no place in a spool");
                }
                tagged.end();
                long expected = sum.getValue();
                var last = FrameReader.of(FrameReader.receiveRest(in, announced(in, LAST)));
                if (!last.text(1).equals("S") || last.number(0, 0xffff_ffffL) != expected) {
                    throw new MalformedFrameException("its sum is not that of what was written");
                }
                last.end();
                if (in.read() >= 0) {
                    throw new MalformedFrameException("something follows behind its end");
                }
                return envelope;
            } else {
                throw new MalformedFrameException("it is cut short");
            }
        }
    }

    private static int announced(InputStream in, int limit) throws IOException {
        try {
            return FrameReader.announced(in, limit);
        } catch (java.io.EOFException e) {
            throw new MalformedFrameException("it is cut short");
        }
    }

    private static FrameReader envelopeFrame(InputStream in, int first, int length) throws IOException {
        byte[] frame = new byte[length];
        frame[0] = (byte) first;
        if (in.readNBytes(frame, 1, length - 1) < length - 1 || in.read() != ',') {
            throw new MalformedFrameException("it is cut short");
        }
        var reader = FrameReader.of(frame);
        if (!reader.text(1).equals("E")) {
            throw new MalformedFrameException("it has a frame that is neither message nor envelope");
        }
        return reader;
    }

    /** An envelope before it had attributes. */
    private static Envelope firstEnvelope(FrameReader frame) throws MalformedFrameException {
        Address sender = Frames.address(frame);
        List<Address> recipients = Frames.addresses(frame, Envelope.MOST_RECIPIENTS);
        BodyType body = Frames.constant(frame, BodyType.class);
        AddressForm form = Frames.constant(frame, AddressForm.class);
        return new Envelope(sender, recipients, body, form, (int) frame.number(Envelope.NO_UID, 0xffff_fffeL));
    }

    private static void copy(InputStream in, int length, byte[] piece, Enqueue.Submission message) throws IOException {
        for (int left = length; left > 0; ) {
            int count = in.read(piece, 0, Math.min(left, piece.length));
            if (count < 0) {
                throw new MalformedFrameException("it is cut short");
            }
            message.write(piece, 0, count);
            left -= count;
        }
        if (in.read() != ',') {
            throw new MalformedFrameException("it has a frame without its end");
        }
    }
}
