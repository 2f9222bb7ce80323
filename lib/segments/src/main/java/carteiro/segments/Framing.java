package carteiro.segments;

import java.nio.ByteBuffer;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * The frame of a record in a segment (docs/protocols/queue.md). All numbers are big-endian.
 *
 * <pre>
 *   0  "CQ"                 2   magic
 *   2  version              1   2; 1 is read
 *   3  kind                 1
 *   4  sum of the header    4   CRC32C of segment (8), offset (8), then the header without these four octets
 *   8  payload's length     4
 *  12  payload's sum        4   CRC32C
 *  16  body's length        4   octets of a message kept in the segment
 *  20  body's sum           4   CRC32C of the message, wherever it is kept
 *  24  message              8   number of the message
 *  32  synced               4   what lies before this offset of the segment had been synced when this was written
 *  36  reserved             4   0
 *  40  payload, body, then zeros up to a multiple of 8
 * </pre>
 *
 * The header's sum contains where the header stands, so that stale octets never pass for a record.
 */
public final class Framing {
    /** Octets of a header. */
    public static final int HEADER = 40;

    /** Records begin at multiples of this. */
    public static final int ALIGNMENT = 8;

    /** The format that is written, and the newest that is read. */
    static final int VERSION = 2;

    /** The oldest that is read: there an envelope has no attributes but body type, form and uid. */
    static final int FIRST_VERSION = 1;

    private static final int MAGIC = 'C' << 8 | 'Q';

    private Framing() {}

    /** What a record says. The codes are the format's. */
    public enum RecordKind {
        /** A message and its envelope. */
        ACCEPTED(1),
        /** A message written again, with its state, so that the segment it was in can die. */
        MOVED(2),
        /** A recipient is delivered. */
        DONE(3),
        /** A recipient failed; the paragraph for the bounce. */
        FAILED(4),
        /** Recipients are to be tried again. */
        DEFERRED(5),
        /** The message is finished. */
        ENDED(6),
        /** The first record of a segment: which segment came before, and where it ends. */
        SEGMENT(7);

        final int code;

        RecordKind(int code) {
            this.code = code;
        }

        static @Nullable RecordKind of(int code) {
            for (RecordKind kind : values()) {
                if (kind.code == code) {
                    return kind;
                }
            }
            return null;
        }
    }

    /** A header that was read and whose sum was right. */
    public record RecordHeader(
            int version,
            RecordKind kind,
            int payload,
            int payloadSum,
            int body,
            int bodySum,
            long message,
            int synced) {
        /** Of a record that is to be written. */
        public RecordHeader(
                RecordKind kind, int payload, int payloadSum, int body, int bodySum, long message, int synced) {
            this(VERSION, kind, payload, payloadSum, body, bodySum, message, synced);
        }

        /** Octets of the whole record, padding included. */
        public int length() {
            return Framing.length(payload, body);
        }
    }

    /** Octets of a record, padding included. */
    public static int length(int payload, int body) {
        return Math.toIntExact((HEADER + (long) payload + body + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT);
    }

    /** Writes a header at the buffer's position. */
    public static void put(ByteBuffer into, RecordHeader header, SegmentPosition place) {
        int start = into.position();
        into.putShort((short) MAGIC).put((byte) header.version()).put((byte) header.kind().code);
        into.putInt(0);
        into.putInt(header.payload()).putInt(header.payloadSum());
        into.putInt(header.body()).putInt(header.bodySum());
        into.putLong(header.message());
        into.putInt(header.synced()).putInt(0);
        into.putInt(start + 4, headerSum(into, start, place));
    }

    /** Reads the header at an index of the buffer; null if there is none that belongs to this place. */
    public static @Nullable RecordHeader read(ByteBuffer from, int index, SegmentPosition place) {
        if (from.limit() - index < HEADER
                || from.getShort(index) != (short) MAGIC
                || from.get(index + 2) < FIRST_VERSION
                || from.get(index + 2) > VERSION
                || from.getInt(index + 4) != headerSum(from, index, place)) {
            return null;
        }
        RecordKind kind = RecordKind.of(from.get(index + 3));
        int payload = from.getInt(index + 8);
        int body = from.getInt(index + 16);
        if (kind == null || payload < 0 || body < 0 || (long) payload + body > Integer.MAX_VALUE - 64) {
            return null;
        }
        return new RecordHeader(
                from.get(index + 2),
                kind,
                payload,
                from.getInt(index + 12),
                body,
                from.getInt(index + 20),
                from.getLong(index + 24),
                from.getInt(index + 32));
    }

    private static int headerSum(ByteBuffer octets, int index, SegmentPosition place) {
        var sum = new CRC32C();
        ByteBuffer where = ByteBuffer.allocate(16).putLong(place.segment()).putLong(place.offset());
        sum.update(where.flip());
        ByteBuffer header = octets.duplicate();
        header.limit(index + 4).position(index);
        sum.update(header);
        header.limit(index + HEADER).position(index + 8);
        sum.update(header);
        return (int) sum.getValue();
    }

    /** The CRC32C of octets. */
    public static int sum(byte[] octets, int from, int length) {
        var sum = new CRC32C();
        sum.update(octets, from, length);
        return (int) sum.getValue();
    }

    /** The CRC32C of octets. */
    public static int sum(byte[] octets) {
        return sum(octets, 0, octets.length);
    }
}
