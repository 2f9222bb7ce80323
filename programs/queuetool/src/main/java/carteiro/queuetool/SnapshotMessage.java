package carteiro.queuetool;

import carteiro.mail.Envelope;
import carteiro.protocol.BounceParagraph;
import carteiro.queuetool.ExportedEnvelope.ExportedRecipient;
import carteiro.segments.DamagedRecordException;
import carteiro.segments.Disk;
import carteiro.segments.Disk.OpenFile;
import carteiro.segments.FieldsOnTop;
import carteiro.segments.Framing;
import carteiro.segments.Framing.RecordKind;
import carteiro.segments.Index;
import carteiro.segments.Index.FailedAt;
import carteiro.segments.Index.IndexEntry;
import carteiro.segments.LargeFiles;
import carteiro.segments.Payload;
import carteiro.segments.SegmentPosition;
import carteiro.segments.Snapshot;
import carteiro.segments.Snapshot.QueueRunState;
import carteiro.segments.StoredRecord;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.NoSuchFileException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.CRC32C;

/** A message as a {@link Snapshot} has it, read from its files and found to be what was written. */
final class SnapshotMessage {
    private static final int PIECE = 64 * 1024;

    private final Disk disk;
    private final Snapshot snapshot;
    private final IndexEntry entry;
    private final StoredRecord stored;
    private final Envelope envelope;
    private final List<ExportedRecipient> recipients;

    /** What is done with it, perhaps twice: a message of a running queue may move meanwhile. */
    interface Use {
        void with(SnapshotMessage message) throws IOException;
    }

    /** Its octets, in order. */
    interface OctetSource {
        void get(byte[] into, int from, int length) throws IOException;
    }

    /** What is done with its octets. */
    interface SourceUse {
        void with(OctetSource source) throws IOException;
    }

    /** It is not there, or not what was written. */
    static final class UnreadableMessageException extends IOException {
        private static final long serialVersionUID = 1L;

        UnreadableMessageException(long message, String why, Exception cause) {
            super("message " + message + " cannot be read: " + why, cause);
        }
    }

    /**
     * Reads a message.
     *
     * @return false if it does not wait, or does no longer
     */
    static boolean read(Disk disk, QueueRunState state, Snapshot snapshot, long number, Use use) throws IOException {
        for (boolean again = false; ; again = true) {
            IndexEntry entry = snapshot.index().entry(number);
            if (entry == null) {
                return false;
            }
            try {
                use.with(new SnapshotMessage(disk, snapshot, entry));
                return true;
            } catch (NoSuchFileException | DamagedRecordException | Payload.MalformedPayloadException e) {
                if (again || state == QueueRunState.STOPPED) {
                    String why =
                            e instanceof NoSuchFileException ? e.getMessage() + " is missing" : e.getMessage() + "";
                    throw new UnreadableMessageException(number, why, e);
                }
                snapshot.catchUp(); // it may have ended or moved meanwhile
            }
        }
    }

    private SnapshotMessage(Disk disk, Snapshot snapshot, IndexEntry entry)
            throws IOException, Payload.MalformedPayloadException {
        this.disk = disk;
        this.snapshot = snapshot;
        this.entry = entry;
        this.stored = stored(entry.place());
        ByteBuffer payload = stored.payload();
        if (stored.header().kind() == RecordKind.MOVED) {
            var _ = Payload.states(payload);
        }
        this.envelope = Payload.envelope(payload, stored.header().version());
        if (envelope.addresses().size() != entry.recipients()) {
            throw new DamagedRecordException(entry.place(), "another envelope stands here");
        }
        this.recipients = readRecipients();
    }

    /** Its number. */
    long number() {
        return entry.message();
    }

    /** When it was accepted. */
    Instant arrived() {
        return Instant.ofEpochMilli(entry.birth());
    }

    /** Its size. */
    long octets() {
        return entry.octets();
    }

    Envelope envelope() {
        return envelope;
    }

    /** How far each recipient is, in the order of the envelope. */
    List<ExportedRecipient> recipients() {
        return recipients;
    }

    /** Gives its octets, once all of them are known to be what was written. */
    void withOctets(SourceUse use) throws IOException {
        try (OpenFile large = entry.file() == 0 ? null : disk.open(LargeFiles.name(entry.file()))) {
            if (large == null) {
                byte[] body = body();
                use.with(ByteBuffer.wrap(body)::get);
                return;
            }
            FieldsOnTop top = fieldsOnTop(snapshot, entry, stored);
            verify(large, top);
            ByteBuffer fields = ByteBuffer.wrap(top.fields());
            var at = new long[1];
            use.with((into, from, length) -> {
                int ofFields = Math.min(length, fields.remaining());
                fields.get(into, from, ofFields);
                ByteBuffer piece = StoredRecord.fill(
                        large,
                        ByteBuffer.wrap(into, from + ofFields, length - ofFields)
                                .slice(),
                        at[0]);
                if (piece.limit() < length - ofFields) {
                    throw new IOException(LargeFiles.name(entry.file()) + " changed while it was read");
                }
                at[0] += piece.limit();
            });
        }
    }

    /** Those of a large message. */
    static FieldsOnTop fieldsOnTop(Snapshot snapshot, IndexEntry entry, StoredRecord stored) throws IOException {
        return snapshot.segments()
                .reading(entry.place().segment(), file -> FieldsOnTop.read(file, stored.header(), stored.place()));
    }

    private StoredRecord stored(SegmentPosition place) throws IOException {
        StoredRecord found = snapshot.segments().reading(place.segment(), file -> StoredRecord.read(file, place));
        if (found.header().message() != entry.message()) {
            throw new DamagedRecordException(place, "another message stands here");
        }
        return found;
    }

    private List<ExportedRecipient> readRecipients() throws IOException, Payload.MalformedPayloadException {
        Map<Integer, String> reports = new HashMap<>();
        for (FailedAt at : entry.failures()) {
            ByteBuffer failed = stored(at.place()).payload();
            if (Payload.recipient(failed) == at.recipient()) {
                reports.put(at.recipient(), Payload.paragraph(failed));
            }
        }
        var all = new ArrayList<ExportedRecipient>();
        for (int i = 0; i < entry.recipients(); i++) {
            int code = entry.state(i);
            ExportedEnvelope.ExportedState now = switch (code) {
                case Index.UNTRIED -> new ExportedEnvelope.ExportedState.AwaitingDelivery(Instant.EPOCH);
                case Index.DONE -> new ExportedEnvelope.ExportedState.AlreadyDelivered();
                case Index.BOUNCE ->
                    new ExportedEnvelope.ExportedState.AwaitingBounce(reports.getOrDefault(
                            i, BounceParagraph.lost(envelope.addresses().get(i))));
                default ->
                    new ExportedEnvelope.ExportedState.AwaitingDelivery(
                            Instant.ofEpochSecond(Integer.toUnsignedLong(code)));
            };
            all.add(new ExportedRecipient(envelope.recipients().get(i), now));
        }
        return List.copyOf(all);
    }

    private byte[] body() throws IOException {
        int size = stored.header().body();
        ByteBuffer body = snapshot.segments()
                .reading(
                        entry.place().segment(),
                        file -> StoredRecord.fill(file, ByteBuffer.allocate(size), stored.bodyOffset()));
        if (size != entry.octets()
                || body.limit() < size
                || Framing.sum(body.array()) != stored.header().bodySum()) {
            throw new DamagedRecordException(entry.place(), "its octets are not what was written");
        }
        return body.array();
    }

    /** A large message is read twice: none of it is given out if any of it is damaged. */
    private void verify(OpenFile file, FieldsOnTop top) throws IOException {
        var sum = new CRC32C();
        ByteBuffer piece = ByteBuffer.allocate(PIECE);
        long at = 0;
        while (StoredRecord.fill(file, piece.clear(), at).hasRemaining()) {
            at += piece.limit();
            sum.update(piece);
        }
        if (at != entry.octets() - top.fields().length || (int) sum.getValue() != top.fileSum()) {
            throw new DamagedRecordException(entry.place(), LargeFiles.name(entry.file()) + " is not what was written");
        }
    }
}
