package carteiro.segments;

import carteiro.segments.Disk.OpenFile;
import carteiro.segments.Framing.RecordHeader;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * Reads the records of one segment in order, and finds its way behind what is none.
 *
 * <p>Once for each segment: make it, {@link #run}, look at {@link #end} and {@link #bad}.
 */
public final class SegmentScan {
    private static final int WINDOW = 1 << 20;

    /** Takes what is found. */
    public interface ScanListener {
        /** A good record; its payload is valid until this returns. */
        void record(StoredRecord record);
    }

    /** How much is verified. */
    public enum Bodies {
        /** Everything: what may have been torn by a crash. */
        VERIFIED,
        /** Headers and payloads; messages are skipped by their length. */
        SKIPPED
    }

    /**
     * Octets that are no record.
     *
     * @param offset of the first, from the start of the segment
     * @param why in words, for the log
     */
    public record Bad(int offset, int length, String why) {}

    private final OpenFile file;
    private final int segment;
    private final long limit;
    private final Bodies bodies;
    private final List<Bad> bad = new ArrayList<>();
    private final ByteBuffer window;
    private long windowAt;
    private int end;
    private int synced;
    private long octetsRead;

    /** @param limit where the segment ends: its size, or what the next segment says */
    public SegmentScan(OpenFile file, int segment, long limit, Bodies bodies) {
        this.file = file;
        this.segment = segment;
        this.limit = limit;
        this.bodies = bodies;
        this.window = ByteBuffer.allocate(Math.clamp(limit, 4096, WINDOW)).limit(0);
    }

    /** The end of the last good record. */
    public int end() {
        return end;
    }

    /** What lay between good records or, last, behind them all. Zeros at the end of a segment are not bad. */
    public List<Bad> bad() {
        return bad;
    }

    /** What lies before this offset had been synced, by the word of the records themselves. */
    public int synced() {
        return synced;
    }

    /** Octets read from the disk. */
    public long octetsRead() {
        return octetsRead;
    }

    /**
     * Reads from an offset to the end. Damage is no exception: see {@link #bad}.
     *
     * @throws IOException if the segment cannot be read, or by the listener
     */
    public void run(int from, ScanListener sink) throws IOException {
        int at = from;
        end = from;
        while (at < limit) {
            RecordHeader header = header(at);
            if (header == null || at + (long) header.length() > limit) {
                int next = resume(at + Framing.ALIGNMENT);
                int to = next < 0 ? (int) limit : next;
                if (next >= 0 || !isZero(at)) {
                    bad.add(new Bad(at, to - at, "no record begins here"));
                }
                at = to;
                continue;
            }
            String wrong = take(header, at, sink);
            if (wrong != null) {
                bad.add(new Bad(at, header.length(), wrong));
            } else {
                end = at + header.length();
                synced = Math.max(synced, header.synced());
            }
            at += header.length();
        }
    }

    private @Nullable String take(RecordHeader header, int at, ScanListener sink) throws IOException {
        var place = new SegmentPosition(segment, at);
        long payloadAt = at + (long) Framing.HEADER;
        ByteBuffer payload;
        if (header.payload() <= window.capacity()) {
            int index = load(payloadAt, header.payload());
            if (index < 0) {
                return "message " + header.message() + ": its record is cut";
            }
            payload = window.slice(index, header.payload());
        } else {
            payload = StoredRecord.fill(file, ByteBuffer.allocate(header.payload()), payloadAt);
            octetsRead += payload.limit();
            if (payload.limit() < header.payload()) {
                return "message " + header.message() + ": its record is cut";
            }
        }
        if (Framing.sum(payload.array(), payload.arrayOffset(), header.payload()) != header.payloadSum()) {
            return header.kind() + " of message " + header.message() + ": its payload is not what was written";
        }
        if (bodies == Bodies.VERIFIED && header.body() > 0) {
            payload = ByteBuffer.wrap(java.util.Arrays.copyOfRange(
                    payload.array(), payload.arrayOffset(), payload.arrayOffset() + header.payload()));
            if (bodySum(payloadAt + header.payload(), header.body()) != header.bodySum()) {
                return "message " + header.message() + ": its octets are not what was written";
            }
        }
        sink.record(new StoredRecord(header, payload, place));
        return null;
    }

    private int bodySum(long from, int length) throws IOException {
        var sum = new CRC32C();
        for (int done = 0; done < length; ) {
            int piece = Math.min(window.capacity(), length - done);
            int index = load(from + done, piece);
            if (index < 0) {
                return ~(int) sum.getValue();
            }
            sum.update(window.array(), index, piece);
            done += piece;
        }
        return (int) sum.getValue();
    }

    private @Nullable RecordHeader header(int at) throws IOException {
        int index = load(at, Framing.HEADER);
        return index < 0 ? null : Framing.read(window, index, new SegmentPosition(segment, at));
    }

    /** The offset of the next record at or behind that one; -1 if there is none. */
    private int resume(int from) throws IOException {
        for (int at = from; at + Framing.HEADER <= limit; at += Framing.ALIGNMENT) {
            int index = load(at, Framing.HEADER);
            if (index < 0) {
                return -1;
            }
            if (window.get(index) == 'C') {
                RecordHeader header = Framing.read(window, index, new SegmentPosition(segment, at));
                if (header != null && at + (long) header.length() <= limit) {
                    return at;
                }
            }
        }
        return -1;
    }

    private boolean isZero(int from) throws IOException {
        for (long at = from; at < limit; ) {
            int count = (int) Math.min(window.capacity(), limit - at);
            int index = load(at, count);
            if (index < 0) {
                return true;
            }
            for (int i = index; i < index + count; i++) {
                if (window.get(i) != 0) {
                    return false;
                }
            }
            at += count;
        }
        return true;
    }

    /** Brings octets into the window; the index of the first, or -1 if the file ends before the last. */
    private int load(long at, int length) throws IOException {
        if (at < windowAt || at + length > windowAt + window.limit()) {
            window.clear();
            int most = (int) Math.min(window.capacity(), Math.max(limit - at, 0));
            if (bodies == Bodies.SKIPPED) {
                most = Math.min(most, Math.max(length, 16 * 1024)); // what follows is mostly a body
            }
            StoredRecord.fill(file, window.limit(most), at);
            windowAt = at;
            octetsRead += window.limit();
            if (length > window.limit()) {
                return -1;
            }
        }
        return (int) (at - windowAt);
    }
}
