package carteiro.queue;

import carteiro.mail.Address;
import carteiro.mail.AddressList;
import carteiro.mail.Envelope;
import carteiro.mail.Envelope.AddressForm;
import carteiro.mail.Envelope.BodyType;
import carteiro.mail.Octets;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** What stands in the payload of each kind of record, format version 1 (docs/protocols/queue.md). */
final class Payload {
    static final int EIGHT_BIT = 1;
    static final int UTF8 = 2;

    /** Octets of an accepted payload before its addresses: flags, birth, octets, file, uid, recipients. */
    static final int FIXED = 1 + 8 + 8 + 8 + 4 + 4;

    /** Where the uid stands among them. */
    static final int UID_AT = 1 + 8 + 8 + 8;

    private Payload() {}

    /** A payload that is not what its kind says, though its sum is right: written by something else than queue. */
    static final class MalformedPayloadException extends Exception {
        private static final long serialVersionUID = 1L;

        MalformedPayloadException(String message) {
            super(message);
        }
    }

    /**
     * What an accepted payload says before its addresses.
     *
     * @param birth milliseconds since 1970
     * @param octets the message's size
     * @param file the number of the file in large/ that holds the message; 0 if it is in the record
     * @param recipients how many
     */
    record Facts(long birth, long octets, long file, int recipients) {}

    /** The payload of an accepted record. */
    static byte[] accepted(Envelope envelope, long birth, long octets, long file) {
        long size = FIXED + 2L + envelope.sender().octets().length();
        for (Address recipient : envelope.addresses()) {
            size += 2L + recipient.octets().length();
        }
        ByteBuffer payload = ByteBuffer.allocate(Math.toIntExact(size));
        int flags = (envelope.body() == BodyType.EIGHT_BIT_MIME ? EIGHT_BIT : 0)
                | (envelope.form() == AddressForm.SMTPUTF8 ? UTF8 : 0);
        payload.put((byte) flags).putLong(birth).putLong(octets).putLong(file);
        payload.putInt(envelope.uid()).putInt(envelope.addresses().size());
        put(payload, envelope.sender());
        for (Address recipient : envelope.addresses()) {
            put(payload, recipient);
        }
        return payload.array();
    }

    private static void put(ByteBuffer payload, Address address) {
        byte[] octets = Octets.bytes(address.octets());
        payload.putShort((short) octets.length).put(octets);
    }

    /** The facts of an accepted payload at the buffer's position, which moves behind them. */
    static Facts facts(ByteBuffer payload) throws MalformedPayloadException {
        try {
            payload.get();
            long birth = payload.getLong();
            long octets = payload.getLong();
            long file = payload.getLong();
            payload.getInt();
            int recipients = payload.getInt();
            if (octets < 0 || octets > Index.LARGEST || file < 0 || recipients < 0) {
                throw new MalformedPayloadException("size, file or number of recipients out of range");
            }
            if (recipients > Envelope.MOST_RECIPIENTS) {
                throw new MalformedPayloadException(recipients + " recipients");
            }
            return new Facts(birth, octets, file, recipients);
        } catch (BufferUnderflowException e) {
            throw new MalformedPayloadException("accepted record is too short");
        }
    }

    /** The envelope in an accepted payload that starts at the buffer's position. */
    static Envelope envelope(ByteBuffer payload) throws MalformedPayloadException {
        try {
            int flags = payload.get(payload.position());
            int uid = payload.getInt(payload.position() + UID_AT);
            int recipients = facts(payload).recipients();
            Address sender = address(payload);
            var addresses = new AddressList.AddressListBuilder();
            for (int i = 0; i < recipients; i++) {
                addresses.add(address(payload));
            }
            return new Envelope(
                    sender,
                    addresses.build(),
                    (flags & EIGHT_BIT) != 0 ? BodyType.EIGHT_BIT_MIME : BodyType.SEVEN_BIT,
                    (flags & UTF8) != 0 ? AddressForm.SMTPUTF8 : AddressForm.ASCII,
                    uid);
        } catch (BufferUnderflowException | IndexOutOfBoundsException | IllegalArgumentException e) {
            throw new MalformedPayloadException("envelope: " + e);
        }
    }

    private static Address address(ByteBuffer payload) {
        byte[] octets = new byte[payload.getShort() & 0xffff];
        payload.get(octets);
        return new Address(new String(octets, StandardCharsets.ISO_8859_1));
    }

    /**
     * The payload of a moved record: the state, then the accepted payload.
     *
     * @param states the state of each recipient as {@link Index} codes it
     */
    static byte[] moved(int[] states, byte[] accepted) {
        ByteBuffer payload = ByteBuffer.allocate(4 + 4 * states.length + accepted.length);
        payload.putInt(states.length);
        for (int state : states) {
            payload.putInt(state);
        }
        return payload.put(accepted).array();
    }

    /** The states in a moved payload; the buffer's position moves to the accepted payload. */
    static int[] states(ByteBuffer payload) throws MalformedPayloadException {
        try {
            int count = payload.getInt();
            if (count < 1 || count > Envelope.MOST_RECIPIENTS) {
                throw new MalformedPayloadException(count + " states");
            }
            int[] states = new int[count];
            for (int i = 0; i < count; i++) {
                states[i] = payload.getInt();
            }
            return states;
        } catch (BufferUnderflowException e) {
            throw new MalformedPayloadException("moved record is too short");
        }
    }

    /** The payload of a done record. */
    static byte[] done(int recipient) {
        return ByteBuffer.allocate(4).putInt(recipient).array();
    }

    /** The payload of a failed record. */
    static byte[] failed(int recipient, String paragraph) {
        byte[] octets = Octets.bytes(paragraph);
        return ByteBuffer.allocate(4 + octets.length)
                .putInt(recipient)
                .put(octets)
                .array();
    }

    /** The recipient in a done or failed payload; the buffer's position moves behind it. */
    static int recipient(ByteBuffer payload) throws MalformedPayloadException {
        try {
            return payload.getInt();
        } catch (BufferUnderflowException e) {
            throw new MalformedPayloadException("record of an outcome is too short");
        }
    }

    /** The paragraph of a failed payload, behind the recipient. */
    static String paragraph(ByteBuffer payload) {
        return StandardCharsets.ISO_8859_1.decode(payload).toString();
    }

    /**
     * The payload of a deferred record.
     *
     * @param due milliseconds since 1970
     */
    static byte[] deferred(long due, List<Integer> recipients) {
        ByteBuffer payload = ByteBuffer.allocate(8 + 4 * recipients.size()).putLong(due);
        recipients.forEach(payload::putInt);
        return payload.array();
    }

    /** What a deferred payload says. */
    record Deferral(long due, List<Integer> recipients) {}

    /** Reads a deferred payload. */
    static Deferral deferral(ByteBuffer payload) throws MalformedPayloadException {
        try {
            long due = payload.getLong();
            var recipients = new ArrayList<Integer>();
            while (payload.hasRemaining()) {
                recipients.add(payload.getInt());
            }
            return new Deferral(due, recipients);
        } catch (BufferUnderflowException e) {
            throw new MalformedPayloadException("deferred record is cut");
        }
    }

    /** The payload of a segment's first record: where segments before it end. */
    static byte[] segment(List<SegmentPosition> ends) {
        ByteBuffer payload = ByteBuffer.allocate(8 * ends.size());
        ends.forEach(end -> payload.putInt(end.segment()).putInt(end.offset()));
        return payload.array();
    }

    /** Reads the payload of a segment's first record. */
    static List<SegmentPosition> ends(ByteBuffer payload) throws MalformedPayloadException {
        var ends = new ArrayList<SegmentPosition>();
        try {
            while (payload.hasRemaining()) {
                ends.add(new SegmentPosition(payload.getInt(), payload.getInt()));
            }
            return ends;
        } catch (BufferUnderflowException e) {
            throw new MalformedPayloadException("segment record is cut");
        }
    }
}
