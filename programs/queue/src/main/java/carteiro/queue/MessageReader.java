package carteiro.queue;

import carteiro.log.EventLog;
import carteiro.log.LogText;
import carteiro.mail.Address;
import carteiro.mail.Envelope;
import carteiro.mail.RecipientList;
import carteiro.protocol.BounceParagraph;
import carteiro.protocol.MessageEvent;
import carteiro.protocol.Messages;
import carteiro.protocol.Waiting.Failure;
import carteiro.protocol.Waiting.Page;
import carteiro.protocol.Waiting.UnreadableException;
import carteiro.protocol.Waiting.WaitingMessage;
import carteiro.segments.DamagedRecordException;
import carteiro.segments.Disk.OpenFile;
import carteiro.segments.EnvelopePage;
import carteiro.segments.EnvelopePage.RecipientRange;
import carteiro.segments.FieldsOnTop;
import carteiro.segments.Framing;
import carteiro.segments.Framing.RecordHeader;
import carteiro.segments.Framing.RecordKind;
import carteiro.segments.Index;
import carteiro.segments.Index.FailedAt;
import carteiro.segments.Index.IndexEntry;
import carteiro.segments.LargeFiles;
import carteiro.segments.Payload;
import carteiro.segments.SegmentPosition;
import carteiro.segments.Segments;
import carteiro.segments.StoredRecord;
import java.io.EOFException;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongConsumer;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * Reads messages, envelopes and failures back. Everything is verified: what is damaged is set aside and its message
 * given up, what cannot be read now is tried again later.
 */
final class MessageReader implements Messages {
    /** A record up to this many octets is read by one call and served from memory. */
    private static final int AT_ONCE = 64 * 1024;

    private static final int PIECE = 64 * 1024;

    /** A message may be rewritten to another segment while we read; twice in a row is unlikely, more is a mistake. */
    private static final int TRIES = 4;

    private final Index index;
    private final Segments segments;
    private final LargeFiles files;
    private final Quarantine quarantine;
    private final EventLog log;
    private LongConsumer giveUp = message -> {};

    MessageReader(Index index, Segments segments, LargeFiles files, Quarantine quarantine, EventLog log) {
        this.index = index;
        this.segments = segments;
        this.files = files;
        this.quarantine = quarantine;
        this.log = log;
    }

    /** What ends a message that can never be read. Before anything else is called. */
    void giveUpBy(LongConsumer end) {
        giveUp = end;
    }

    /** What is read of a record. */
    private interface EntryReader<T> {
        @Nullable
        T from(IndexEntry entry) throws IOException;
    }

    /** Reads, again if the message was moved meanwhile; null if the message has ended or was given up. */
    private <T> @Nullable T current(long message, EntryReader<T> reading) throws IOException {
        for (int tries = 0; ; tries++) {
            IndexEntry entry = index.brief(message);
            if (entry == null) {
                return null;
            }
            try {
                return reading.from(entry);
            } catch (IOException e) {
                IndexEntry now = index.brief(message);
                if (now == null) {
                    return null;
                }
                if (now.place().equals(entry.place()) || tries == TRIES) {
                    if (e instanceof DamagedRecordException && giveUp(entry, e)) {
                        return null;
                    }
                    log.log(new MessageEvent.MessageUnreadable(message, LogText.reason(e)));
                    throw e;
                }
            }
        }
    }

    private boolean giveUp(IndexEntry entry, IOException why) {
        if (!setAside(entry.place(), entry.length(), "message " + entry.message() + ", " + why.getMessage())) {
            return false;
        }
        giveUp.accept(entry.message());
        return true;
    }

    private boolean setAside(SegmentPosition place, int octets, String why) {
        try {
            segments.reading(place.segment(), file -> {
                quarantine.setAside(file, place, octets, why);
                return 0;
            });
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    /**
     * A message as send is told of it; null if it has ended.
     *
     * @throws UnreadableException if it cannot be read now; it has been logged
     */
    @Nullable
    WaitingMessage waiting(long message) throws UnreadableException {
        try {
            return current(message, entry -> {
                Envelope envelope =
                        envelope(entry, new RecipientRange(0, WaitingMessage.MOST_TOLD, WaitingMessage.MOST_OCTETS));
                int told = envelope.addresses().size();
                int[] states = index.states(message, 0, told);
                return states == null
                        ? null
                        : new WaitingMessage(
                                message,
                                Instant.ofEpochMilli(entry.birth()),
                                entry.octets(),
                                envelope,
                                WaitingQueue.states(states),
                                entry.recipients());
            });
        } catch (IOException e) {
            throw new UnreadableException(message);
        }
    }

    /**
     * Recipients of a message; none if it has no such recipient or has ended.
     *
     * @throws UnreadableException if they cannot be read now; it has been logged
     */
    Page recipients(long message, int from) throws UnreadableException {
        try {
            Page page = current(message, entry -> {
                if (from >= entry.recipients()) {
                    return Page.NONE;
                }
                RecipientList recipients = envelope(entry, new RecipientRange(from, Page.MOST, Page.MOST_OCTETS))
                        .recipients();
                int[] states = index.states(message, from, recipients.size());
                return states == null ? Page.NONE : new Page(recipients, WaitingQueue.states(states));
            });
            return page == null ? Page.NONE : page;
        } catch (IOException e) {
            throw new UnreadableException(message);
        }
    }

    /** As send is told of it. */
    private Envelope envelope(IndexEntry entry, RecipientRange wanted) throws IOException {
        EnvelopePage.PartialEnvelope read = segments.reading(
                entry.place().segment(), file -> EnvelopePage.read(file, entry.place(), entry.message(), wanted));
        if (read.recipients() != entry.recipients()) {
            throw new DamagedRecordException(entry.place(), "another message stands here");
        }
        return read.envelope().told();
    }

    /** The record at a place, which must be of that message. */
    private StoredRecord stored(SegmentPosition place, long message) throws IOException {
        StoredRecord stored = segments.reading(place.segment(), file -> StoredRecord.read(file, place));
        if (stored.header().message() != message) {
            throw new DamagedRecordException(place, "another message stands here");
        }
        return stored;
    }

    /** Failures of a message behind a recipient, in order of recipient. One that is lost is replaced: the bounce must go out. */
    List<Failure> failures(long message, int after) {
        IndexEntry entry = index.brief(message);
        if (entry == null) {
            return List.of();
        }
        var failures = new ArrayList<Failure>();
        var addresses = new Addresses(message);
        int octets = 0;
        for (FailedAt at : index.failures(message, after, Failure.PAGE)) {
            var failure = new Failure(at.recipient(), paragraph(entry, at, addresses));
            octets += failure.paragraph().length();
            failures.add(failure);
            if (octets > Failure.PAGE_OCTETS) {
                break;
            }
        }
        return List.copyOf(failures);
    }

    /** A message with all that is needed to write it again. */
    @SuppressWarnings("ArrayRecordComponent") // handed over, never compared
    record WholeMessage(SegmentPosition place, byte[] accepted, byte[] body, int bodySum) {}

    /** Reads all of a record; null if the message has ended or was given up. */
    @Nullable
    WholeMessage whole(long message) throws IOException {
        return current(message, entry -> {
            StoredRecord stored = stored(entry.place(), entry.message());
            byte[] accepted = accepted(entry, stored);
            int size = stored.header().body();
            ByteBuffer body = segments.reading(
                    entry.place().segment(),
                    file -> StoredRecord.fill(file, ByteBuffer.allocate(size), stored.bodyOffset()));
            int sum = stored.header().bodySum();
            if (size > 0 && (body.remaining() < size || Framing.sum(body.array()) != sum)) {
                throw new DamagedRecordException(entry.place(), "its octets are not what was written");
            }
            return new WholeMessage(entry.place(), accepted, body.array(), sum);
        });
    }

    /** The accepted payload of a record, in the version that is written. */
    private static byte[] accepted(IndexEntry entry, StoredRecord stored) throws DamagedRecordException {
        try {
            ByteBuffer payload = stored.payload();
            if (stored.header().kind() == RecordKind.MOVED) {
                var _ = Payload.states(payload);
            }
            byte[] accepted = new byte[payload.remaining()];
            payload.get(accepted);
            return Payload.renewed(accepted, stored.header().version());
        } catch (Payload.MalformedPayloadException e) {
            throw new DamagedRecordException(entry.place(), String.valueOf(e.getMessage()));
        }
    }

    /** The paragraph of a failure, for a bounce, which must go out: where it cannot be read, words that say so. */
    private String paragraph(IndexEntry entry, FailedAt at, Addresses addresses) {
        try {
            return paragraphToKeep(entry, at, addresses);
        } catch (IOException e) {
            log.log(new MessageEvent.MessageUnreadable(entry.message(), LogText.reason(e)));
            return BounceParagraph.lost(addresses.of(at.recipient()));
        }
    }

    /**
     * The same, for who writes it again in place of the first.
     *
     * @throws IOException if it cannot be read now, and perhaps another time; what is damaged is given up
     */
    String paragraphToKeep(IndexEntry entry, FailedAt at, Addresses addresses) throws IOException {
        try {
            StoredRecord stored = stored(at.place(), entry.message());
            if (stored.header().kind() == RecordKind.FAILED && Payload.recipient(stored.payload()) == at.recipient()) {
                return Payload.paragraph(stored.payload());
            }
            throw new DamagedRecordException(at.place(), "another record stands here");
        } catch (DamagedRecordException | Payload.MalformedPayloadException e) {
            String about = "what was said of a recipient of message " + entry.message() + ", " + e.getMessage();
            if (!setAside(at.place(), at.length(), about)) {
                log.log(new MessageEvent.MessageUnreadable(entry.message(), String.valueOf(e.getMessage())));
            }
            return BounceParagraph.lost(addresses.of(at.recipient()));
        }
    }

    /** Addresses of recipients of a message. Asked for in their order, each is read once, a page at a time. One thread. */
    final class Addresses {
        private final long message;
        private int from;
        private List<Address> page = List.of();

        Addresses(long message) {
            this.message = message;
        }

        /** That of a recipient, or what stands for it if it cannot be read. */
        Address of(int recipient) {
            if (recipient < from || recipient >= from + page.size()) {
                from = recipient;
                try {
                    page = recipients(message, recipient).addresses();
                } catch (UnreadableException e) {
                    page = List.of();
                }
            }
            return page.isEmpty() ? new Address("recipient " + (recipient + 1)) : page.get(recipient - from);
        }
    }

    @Override
    public MessageBody open(long message) throws IOException {
        MessageBody body = current(message, this::body);
        if (body == null) {
            throw new FileNotFoundException("queue has no message " + message);
        }
        return body;
    }

    private MessageBody body(IndexEntry entry) throws IOException {
        if (entry.file() == 0 && entry.length() <= AT_ONCE) {
            return atOnce(entry);
        }
        RecordHeader header =
                segments.reading(entry.place().segment(), file -> StoredRecord.header(file, entry.place()));
        if (header.message() != entry.message()
                || entry.file() == 0 && (header.length() != entry.length() || header.body() != entry.octets())) {
            throw new DamagedRecordException(entry.place(), "its record is not what was written");
        }
        if (entry.file() == 0) {
            long from = entry.place().offset() + (long) Framing.HEADER + header.payload();
            int segment = entry.place().segment();
            var none = new FieldsOnTop(header.bodySum(), new byte[0]);
            return new Streamed(entry, segments.pin(segment), from, none, () -> segments.unpin(segment));
        }
        FieldsOnTop top =
                segments.reading(entry.place().segment(), stored -> FieldsOnTop.read(stored, header, entry.place()));
        OpenFile file = files.pin(entry.file());
        return new Streamed(entry, file, 0, top, () -> {
            try {
                file.close();
            } catch (IOException e) {
                // it was only read
            }
            files.unpin(entry.file());
        });
    }

    private MessageBody atOnce(IndexEntry entry) throws IOException {
        ByteBuffer octets = segments.reading(
                entry.place().segment(),
                file -> StoredRecord.fill(
                        file, ByteBuffer.allocate(entry.length()), entry.place().offset()));
        RecordHeader header = Framing.read(octets, 0, entry.place());
        if (header == null
                || header.message() != entry.message()
                || header.length() != octets.limit()
                || header.body() != entry.octets()) {
            throw new DamagedRecordException(entry.place(), "its record is not what was written");
        }
        int from = Framing.HEADER + header.payload();
        if (Framing.sum(octets.array(), from, header.body()) != header.bodySum()) {
            throw new DamagedRecordException(entry.place(), "its octets are not what was written");
        }
        return MessageBody.of(octets.array(), from, header.body());
    }

    /** A message that is read piece by piece; its last octets are handed out only if all are right. */
    private final class Streamed extends MessageBody {
        private final IndexEntry entry;
        private final OpenFile file;
        private final long start;
        private final FieldsOnTop top;
        private final Runnable release;
        private final CRC32C sum = new CRC32C();
        private long done;
        private boolean closed;

        /** @param start where the octets behind the fields begin in the file */
        Streamed(IndexEntry entry, OpenFile file, long start, FieldsOnTop top, Runnable release) {
            this.entry = entry;
            this.file = file;
            this.start = start;
            this.top = top;
            this.release = release;
        }

        @Override
        public long octets() {
            return entry.octets();
        }

        @Override
        public int read() throws IOException {
            byte[] one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
        }

        @Override
        public int read(byte[] into, int from, int length) throws IOException {
            if (closed) {
                throw new IOException("closed");
            }
            long left = entry.octets() - done;
            if (left == 0 || length == 0) {
                return length == 0 ? 0 : -1;
            }
            int fields = top.fields().length;
            if (done < fields) {
                int count = (int) Math.min(Math.min(length, left), fields - done);
                System.arraycopy(top.fields(), (int) done, into, from, count);
                done += count;
                return count;
            }
            int count = file.read(ByteBuffer.wrap(into, from, (int) Math.min(length, left)), start + done - fields);
            if (count < 0) {
                throw damaged(new EOFException("message " + entry.message() + " is cut"));
            }
            sum.update(into, from, count);
            done += count;
            if (done == entry.octets() && (int) sum.getValue() != top.fileSum()) {
                throw damaged(new DamagedRecordException(entry.place(), "its octets are not what was written"));
            }
            return count;
        }

        private IOException damaged(IOException why) {
            if (entry.file() != 0 || !giveUp(entry, why)) {
                log.log(new MessageEvent.MessageUnreadable(entry.message(), why.toString()));
            }
            return why;
        }

        @Override
        public long transferTo(OutputStream out) throws IOException {
            byte[] piece = new byte[(int) Math.min(PIECE, Math.max(entry.octets() - done, 1))];
            long before = done;
            for (int count = read(piece, 0, piece.length); count >= 0; count = read(piece, 0, piece.length)) {
                out.write(piece, 0, count);
            }
            return done - before;
        }

        @Override
        public void close() {
            if (!closed) {
                closed = true;
                release.run();
            }
        }
    }
}
