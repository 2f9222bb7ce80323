package carteiro.segments;

import carteiro.segments.Disk.OpenFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * Header fields that were given when a large message had come to its end: they are the body of its record, behind the sum of the file,
 * so that the file need not be written anew (docs/protocols/queue.md).
 *
 * @param fileSum CRC32C of the file in large/
 * @param fields what goes before the octets of the file; empty if the record has no body
 */
@SuppressWarnings("ArrayRecordComponent") // handed over, never compared
public record FieldsOnTop(int fileSum, byte[] fields) {
    private static final int SUM = 4;

    /** The body of the record. */
    public byte[] body() {
        return ByteBuffer.allocate(SUM + fields.length)
                .putInt(fileSum)
                .put(fields)
                .array();
    }

    /** Of a record of a large message, which it verifies. */
    public static FieldsOnTop read(OpenFile file, Framing.RecordHeader header, SegmentPosition place)
            throws IOException {
        if (header.body() == 0) {
            return new FieldsOnTop(header.bodySum(), new byte[0]);
        }
        ByteBuffer body = StoredRecord.fill(
                file, ByteBuffer.allocate(header.body()), place.offset() + (long) Framing.HEADER + header.payload());
        if (header.body() < SUM || body.limit() < header.body() || Framing.sum(body.array()) != header.bodySum()) {
            throw new DamagedRecordException(place, "the fields on top of it are not what was written");
        }
        return new FieldsOnTop(body.getInt(0), Arrays.copyOfRange(body.array(), SUM, header.body()));
    }
}
