package carteiro.segments;

import carteiro.log.EventLog;
import carteiro.segments.Index.IndexEntry;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;

/** Applies what a checkpoint and the records behind it say to an index. One thread. */
public final class Replay {
    private final Index index;
    private final Segments segments;
    private final LargeFiles files;
    private final EventLog log;
    private long greatestMessage;

    /**
     * Nothing is applied yet.
     *
     * @param log gets what a record says against the format though its sum is right
     */
    public Replay(Index index, Segments segments, LargeFiles files, EventLog log) {
        this.index = index;
        this.segments = segments;
        this.files = files;
        this.log = log;
    }

    /** The greatest number of a message seen so far; 0 if none was. */
    public long greatestMessage() {
        return greatestMessage;
    }

    /** Takes an entry of a checkpoint. */
    public void load(IndexEntry entry) {
        index.put(entry);
        greatestMessage = Math.max(greatestMessage, entry.message());
    }

    /** Where the segments before this one end, by this one's first record. */
    public List<SegmentPosition> endsBefore(int segment) throws IOException {
        return segments.reading(segment, file -> {
            try {
                StoredRecord first = StoredRecord.read(file, new SegmentPosition(segment, 0));
                return first.header().kind() == Framing.RecordKind.SEGMENT ? Payload.ends(first.payload()) : List.of();
            } catch (DamagedRecordException | Payload.MalformedPayloadException e) {
                return List.of(); // the scan will say what is wrong
            }
        });
    }

    /** Takes a record. */
    public void apply(StoredRecord record) {
        Framing.RecordHeader header = record.header();
        long message = header.message();
        greatestMessage = Math.max(greatestMessage, message);
        ByteBuffer payload = record.payload().duplicate();
        try {
            switch (header.kind()) {
                case ACCEPTED -> put(record, payload, new int[] {Index.UNTRIED});
                case MOVED -> put(record, payload, Payload.states(payload));
                case DONE -> index.done(message, Payload.recipient(payload));
                case FAILED -> index.failed(message, Payload.recipient(payload), record.place(), header.length());
                case DEFERRED -> {
                    Payload.Deferral deferral = Payload.deferral(payload);
                    index.deferred(message, deferral.recipients(), Index.seconds(deferral.due()));
                }
                case ENDED -> index.ended(message);
                case SEGMENT -> {
                    // read before
                }
            }
        } catch (Payload.MalformedPayloadException e) {
            log.bug("queue", e); // the sum is right: an older or newer queue wrote what it should not have
        }
    }

    private void put(StoredRecord record, ByteBuffer accepted, int[] states) throws Payload.MalformedPayloadException {
        Payload.Facts facts = Payload.facts(accepted, record.header().version());
        files.used(facts.file());
        if (states.length != 1 && states.length != facts.recipients()) {
            throw new Payload.MalformedPayloadException(
                    states.length + " states for " + facts.recipients() + " recipients");
        }
        index.put(new IndexEntry(
                record.header().message(),
                record.place(),
                record.header().length(),
                facts.octets(),
                facts.birth(),
                facts.recipients(),
                facts.file(),
                states,
                List.of()));
    }
}
