package carteiro.segments;

import carteiro.mail.Address;
import carteiro.mail.AddressList;
import carteiro.mail.Attribute;
import carteiro.mail.Attributes;
import carteiro.mail.Envelope;
import carteiro.mail.Envelope.AddressForm;
import carteiro.mail.Envelope.BodyType;
import carteiro.mail.Octets;
import carteiro.mail.RecipientList;
import carteiro.mail.RecipientList.RecipientListBuilder;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** What stands in the payload of each kind of record (docs/protocols/queue.md). */
public final class Payload {
    /** Octets of an accepted payload before what has no fixed length: birth, octets, file, recipients, length of the attributes. */
    static final int FIXED = 8 + 8 + 8 + 4 + 2;

    /** The same in the first version: flags, birth, octets, file, uid, recipients. */
    private static final int FIRST_FIXED = 1 + 8 + 8 + 8 + 4 + 4;

    private static final int FIRST_EIGHT_BIT = 1;
    private static final int FIRST_UTF8 = 2;

    /** Octets before the attributes of a recipient: its index, their length. */
    private static final int ATTRIBUTED = 4 + 2;

    private Payload() {}

    /** A payload that is not what its kind says, though its sum is right: written by something else than queue. */
    public static final class MalformedPayloadException extends Exception {
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
     * @param attributes of the first version; others follow
     * @param attributeOctets how many octets of attributes follow
     */
    record Facts(long birth, long octets, long file, int recipients, Attributes attributes, int attributeOctets) {}

    /** Octets of an accepted payload of a version before what has no fixed length. */
    static int fixed(int version) {
        return version == Framing.FIRST_VERSION ? FIRST_FIXED : FIXED;
    }

    /** The payload of an accepted record. */
    public static byte[] accepted(Envelope envelope, long birth, long octets, long file) {
        RecipientList recipients = envelope.recipients();
        byte[] attributes = envelope.attributes().octets();
        var size = new long[] {
            FIXED + attributes.length + 2L + envelope.sender().octets().length()
        };
        for (Address recipient : recipients.addresses()) {
            size[0] += 2L + recipient.octets().length();
        }
        recipients.forEachAttributed((_, some) -> size[0] += ATTRIBUTED + some.size());
        ByteBuffer payload = ByteBuffer.allocate(Math.toIntExact(size[0]));
        payload.putLong(birth).putLong(octets).putLong(file).putInt(recipients.size());
        payload.putShort((short) attributes.length).put(attributes);
        put(payload, envelope.sender());
        for (Address recipient : recipients.addresses()) {
            put(payload, recipient);
        }
        recipients.forEachAttributed((index, some) ->
                payload.putInt(index).putShort((short) some.size()).put(some.octets()));
        return payload.array();
    }

    private static void put(ByteBuffer payload, Address address) {
        byte[] octets = Octets.bytes(address.octets());
        payload.putShort((short) octets.length).put(octets);
    }

    /** The facts of an accepted payload at the buffer's position, which moves behind them. */
    static Facts facts(ByteBuffer payload, int version) throws MalformedPayloadException {
        try {
            boolean first = version == Framing.FIRST_VERSION;
            int flags = first ? payload.get() : 0;
            long birth = payload.getLong();
            long octets = payload.getLong();
            long file = payload.getLong();
            int uid = first ? payload.getInt() : Envelope.NO_UID;
            int recipients = payload.getInt();
            int attributeOctets = first ? 0 : payload.getShort() & 0xffff;
            if (octets < 0 || octets > Index.LARGEST || file < 0 || recipients < 0) {
                throw new MalformedPayloadException("size, file or number of recipients out of range");
            }
            if (recipients > Envelope.MOST_RECIPIENTS) {
                throw new MalformedPayloadException(recipients + " recipients");
            }
            return new Facts(birth, octets, file, recipients, firstAttributes(flags, uid), attributeOctets);
        } catch (BufferUnderflowException e) {
            throw new MalformedPayloadException("accepted record is too short");
        }
    }

    private static Attributes firstAttributes(int flags, int uid) {
        Attributes attributes = Envelope.attributes(
                (flags & FIRST_EIGHT_BIT) != 0 ? BodyType.EIGHT_BIT_MIME : BodyType.SEVEN_BIT,
                (flags & FIRST_UTF8) != 0 ? AddressForm.SMTPUTF8 : AddressForm.ASCII);
        return uid == Envelope.NO_UID ? attributes : attributes.with(Attribute.UID, uid);
    }

    /** The envelope in an accepted payload that starts at the buffer's position. */
    public static Envelope envelope(ByteBuffer payload, int version) throws MalformedPayloadException {
        try {
            Facts facts = facts(payload, version);
            Attributes attributes =
                    facts.attributeOctets() == 0 ? facts.attributes() : attributes(payload, facts.attributeOctets());
            Address sender = address(payload);
            var addresses = new AddressList.AddressListBuilder();
            for (int i = 0; i < facts.recipients(); i++) {
                addresses.add(address(payload));
            }
            var all = new RecipientListBuilder(addresses.build());
            while (payload.hasRemaining()) {
                all.add(payload.getInt(), attributes(payload, payload.getShort() & 0xffff));
            }
            return new Envelope(sender, all.build(), attributes);
        } catch (BufferUnderflowException | IndexOutOfBoundsException | IllegalArgumentException e) {
            throw new MalformedPayloadException("envelope: " + e);
        }
    }

    private static Attributes attributes(ByteBuffer payload, int length) {
        byte[] octets = new byte[length];
        payload.get(octets);
        return Attributes.of(octets);
    }

    /** An accepted payload of any version as one of the version that is written. */
    public static byte[] renewed(byte[] accepted, int version) throws MalformedPayloadException {
        if (version == Framing.VERSION) {
            return accepted;
        }
        Facts facts = facts(ByteBuffer.wrap(accepted), version);
        return accepted(envelope(ByteBuffer.wrap(accepted), version), facts.birth(), facts.octets(), facts.file());
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
    public static byte[] moved(int[] states, byte[] accepted) {
        ByteBuffer payload = ByteBuffer.allocate(4 + 4 * states.length + accepted.length);
        payload.putInt(states.length);
        for (int state : states) {
            payload.putInt(state);
        }
        return payload.put(accepted).array();
    }

    /** The states in a moved payload; the buffer's position moves to the accepted payload. */
    public static int[] states(ByteBuffer payload) throws MalformedPayloadException {
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
    public static byte[] done(int recipient) {
        return ByteBuffer.allocate(4).putInt(recipient).array();
    }

    /** The payload of a failed record. */
    public static byte[] failed(int recipient, String paragraph) {
        byte[] octets = Octets.bytes(paragraph);
        return ByteBuffer.allocate(4 + octets.length)
                .putInt(recipient)
                .put(octets)
                .array();
    }

    /** The recipient in a done or failed payload; the buffer's position moves behind it. */
    public static int recipient(ByteBuffer payload) throws MalformedPayloadException {
        try {
            return payload.getInt();
        } catch (BufferUnderflowException e) {
            throw new MalformedPayloadException("record of an outcome is too short");
        }
    }

    /** The paragraph of a failed payload, behind the recipient. */
    public static String paragraph(ByteBuffer payload) {
        return StandardCharsets.ISO_8859_1.decode(payload).toString();
    }

    /**
     * The payload of a deferred record.
     *
     * @param due milliseconds since 1970
     */
    public static byte[] deferred(long due, List<Integer> recipients) {
        ByteBuffer payload = ByteBuffer.allocate(8 + 4 * recipients.size()).putLong(due);
        recipients.forEach(payload::putInt);
        return payload.array();
    }

    /** What a deferred payload says. */
    public record Deferral(long due, List<Integer> recipients) {}

    /** Reads a deferred payload. */
    public static Deferral deferral(ByteBuffer payload) throws MalformedPayloadException {
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
    public static byte[] segment(List<SegmentPosition> ends) {
        ByteBuffer payload = ByteBuffer.allocate(8 * ends.size());
        ends.forEach(end -> payload.putInt(end.segment()).putInt(end.offset()));
        return payload.array();
    }

    /** Reads the payload of a segment's first record. */
    public static List<SegmentPosition> ends(ByteBuffer payload) throws MalformedPayloadException {
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
