package carteiro.segments;

import carteiro.mail.Address;
import carteiro.mail.AddressList;
import carteiro.mail.Attributes;
import carteiro.mail.Envelope;
import carteiro.mail.Octets;
import carteiro.mail.RecipientList.RecipientListBuilder;
import carteiro.segments.Disk.OpenFile;
import carteiro.segments.Framing.RecordHeader;
import carteiro.segments.Framing.RecordKind;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.zip.CRC32C;

/**
 * An envelope with some of its recipients, read from an accepted or moved record piece by piece: all of it is verified, and
 * the memory it takes does not grow with the number of its recipients. One thread.
 */
public final class EnvelopePage {
    private static final int PIECE = 64 * 1024;
    private static final int SMALLEST_PIECE = 2 * Attributes.MOST_OCTETS; // above the longest field

    private final OpenFile file;
    private final SegmentPosition place;
    private final ByteBuffer piece;
    private final CRC32C sum = new CRC32C();
    private long at;
    private long left;

    private EnvelopePage(OpenFile file, SegmentPosition place, int payload) {
        this.file = file;
        this.place = place;
        this.at = place.offset() + (long) Framing.HEADER;
        this.left = payload;
        this.piece =
                ByteBuffer.allocate(Math.clamp(payload, SMALLEST_PIECE, PIECE)).limit(0);
    }

    /**
     * What was read.
     *
     * @param envelope with the wanted recipients alone
     * @param recipients how many there are
     */
    public record PartialEnvelope(Envelope envelope, int recipients) {}

    /**
     * Which recipients.
     *
     * @param from the index of the first
     * @param most of them
     * @param octets of addresses after which no further one is wanted
     */
    public record RecipientRange(int from, int most, int octets) {}

    /** Reads the record of a message at a place. */
    public static PartialEnvelope read(OpenFile file, SegmentPosition place, long message, RecipientRange wanted)
            throws IOException {
        RecordHeader header = StoredRecord.header(file, place);
        if (header.message() != message || header.kind() != RecordKind.ACCEPTED && header.kind() != RecordKind.MOVED) {
            throw new DamagedRecordException(place, "another message stands here");
        }
        if (place.offset() + (long) header.length() > file.size()) {
            throw new DamagedRecordException(place, "the segment ends within the record");
        }
        var page = new EnvelopePage(file, place, header.payload());
        PartialEnvelope read;
        try {
            read = page.read(header.kind(), header.version(), wanted);
        } catch (IllegalArgumentException e) {
            page.verify(header.payloadSum()); // if it is what was written, it is not damaged: another build makes sense
            // of it
            throw new IOException(
                    "message " + message + " has an envelope that this build cannot read: " + e.getMessage(), e);
        }
        page.verify(header.payloadSum());
        return read;
    }

    private PartialEnvelope read(RecordKind kind, int version, RecipientRange wanted) throws IOException {
        if (kind == RecordKind.MOVED) {
            need(4);
            int states = piece.getInt();
            for (int i = 0; i < states; i++) {
                need(4);
                var _ = piece.getInt();
            }
        }
        need(Payload.fixed(version));
        Payload.Facts facts;
        try {
            facts = Payload.facts(piece, version);
        } catch (Payload.MalformedPayloadException e) {
            throw new DamagedRecordException(place, String.valueOf(e.getMessage()));
        }
        int recipients = facts.recipients();
        Attributes attributes = facts.attributeOctets() == 0 ? facts.attributes() : attributes(facts.attributeOctets());
        Address sender = new Address(text(length()));
        var page = new AddressList.AddressListBuilder();
        int count = 0;
        int octets = 0;
        boolean full = false; // what follows the first one left out is left out too
        for (int i = 0; i < recipients; i++) {
            int length = length();
            full |= count == wanted.most() || count > 0 && octets + length > wanted.octets();
            if (i >= wanted.from() && !full) {
                page.add(new Address(text(length)));
                count++;
                octets += length;
            } else {
                pass(length);
            }
        }
        var told = new RecipientListBuilder(page.build());
        while (left > 0 || piece.hasRemaining()) {
            need(4);
            int recipient = piece.getInt() - wanted.from();
            Attributes some = attributes(length());
            if (recipient >= 0 && recipient < count) {
                told.add(recipient, some);
            }
        }
        return new PartialEnvelope(new Envelope(sender, told.build(), attributes), recipients);
    }

    private Attributes attributes(int length) throws IOException {
        if (length > Attributes.MOST_OCTETS) {
            throw new DamagedRecordException(place, "attributes of " + length + " octets");
        }
        need(length);
        byte[] octets = new byte[length];
        piece.get(octets);
        return Attributes.of(octets);
    }

    private int length() throws IOException {
        need(2);
        return piece.getShort() & 0xffff;
    }

    private String text(int length) throws IOException {
        if (length > Address.LIMIT) {
            throw new DamagedRecordException(place, "an address has " + length + " octets");
        }
        need(length);
        String text = Octets.text(piece.array(), piece.position(), length);
        piece.position(piece.position() + length);
        return text;
    }

    private void pass(int length) throws IOException {
        if (length > Address.LIMIT) {
            throw new DamagedRecordException(place, "an address has " + length + " octets");
        }
        need(length);
        piece.position(piece.position() + length);
    }

    /** Has so many octets in the piece, or more. */
    private void need(int octets) throws IOException {
        if (piece.remaining() < octets) {
            fill();
            if (piece.remaining() < octets) {
                throw new DamagedRecordException(place, "the payload ends within a field");
            }
        }
    }

    private void fill() throws IOException {
        piece.compact();
        int before = piece.position();
        piece.limit((int) Math.min(piece.capacity(), before + left));
        while (piece.hasRemaining()) {
            if (file.read(piece, at + piece.position() - before) < 0) {
                throw new DamagedRecordException(place, "the segment ends within the record");
            }
        }
        int count = piece.position() - before;
        sum.update(piece.array(), before, count);
        at += count;
        left -= count;
        piece.flip();
    }

    private void verify(int expected) throws IOException {
        while (left > 0) {
            piece.position(piece.limit());
            fill();
        }
        if ((int) sum.getValue() != expected) {
            throw new DamagedRecordException(place, "its payload is not what was written");
        }
    }
}
