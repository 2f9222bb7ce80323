package carteiro.segments;

import carteiro.segments.Disk.OpenFile;
import carteiro.segments.Framing.RecordHeader;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * A record read back, its header and payload verified.
 *
 * @param header the header
 * @param payload the payload, from its start
 * @param place where it stands
 */
public record StoredRecord(RecordHeader header, ByteBuffer payload, SegmentPosition place) {
    /** Reads header and payload. One read, if the payload is not much longer than usual. */
    public static StoredRecord read(OpenFile file, SegmentPosition place) throws IOException {
        ByteBuffer start = fill(file, ByteBuffer.allocate(1024), place.offset());
        RecordHeader header = Framing.read(start, 0, place);
        if (header == null) {
            throw new DamagedRecordException(place, "no record stands here");
        }
        ByteBuffer payload;
        if (Framing.HEADER + header.payload() <= start.limit()) {
            payload = start.slice(Framing.HEADER, header.payload());
        } else if (place.offset() + (long) header.length() > file.size()) {
            throw new DamagedRecordException(place, "the segment ends within the record");
        } else {
            payload = fill(file, ByteBuffer.allocate(header.payload()), place.offset() + (long) Framing.HEADER);
        }
        if (payload.limit() < header.payload()
                || Framing.sum(payload.array(), payload.arrayOffset(), header.payload()) != header.payloadSum()) {
            throw new DamagedRecordException(place, "its payload is not what was written");
        }
        return new StoredRecord(header, payload, place);
    }

    /** Reads the header alone. */
    public static RecordHeader header(OpenFile file, SegmentPosition place) throws IOException {
        RecordHeader header = Framing.read(fill(file, ByteBuffer.allocate(Framing.HEADER), place.offset()), 0, place);
        if (header == null) {
            throw new DamagedRecordException(place, "no record stands here");
        }
        return header;
    }

    /** Where the body begins in the segment. */
    public long bodyOffset() {
        return place.offset() + (long) Framing.HEADER + header.payload();
    }

    /** Reads until the buffer is full or the file ends; the buffer is then ready to be read from 0. */
    public static ByteBuffer fill(OpenFile file, ByteBuffer into, long at) throws IOException {
        int start = into.position();
        while (into.hasRemaining() && file.read(into, at + into.position() - start) >= 0) {
            // the rest
        }
        return into.flip();
    }
}
