package carteiro.queue;

import carteiro.mail.Envelope;
import carteiro.queue.Disk.OpenFile;
import carteiro.queue.ExportedEnvelope.Recipient;
import carteiro.queue.Framing.Kind;
import carteiro.queue.Index.Entry;
import carteiro.queue.Index.FailedAt;
import carteiro.queue.Snapshot.State;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.file.NoSuchFileException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Consumer;
import java.util.zip.CRC32C;

/**
 * Writes what waits in a queue to an archive (docs/protocols/export.md): of each message its octets, then its envelope, and
 * at the end how many there were. Changes nothing. Once: make it, {@link #run}.
 */
final class Export {
    private static final int PIECE = 64 * 1024;

    private final Disk disk;
    private final State state;
    private final Snapshot snapshot;
    private final TarWriter tar;
    private final Consumer<String> complaints;
    private final MessageDigest all = sha256();
    private long messages;
    private long octets;
    private int unreadable;
    private int ended;

    /** @param complaints takes a line for each message that cannot be read */
    Export(Disk disk, State state, Snapshot snapshot, OutputStream out, Consumer<String> complaints) {
        this.disk = disk;
        this.state = state;
        this.snapshot = snapshot;
        this.tar = new TarWriter(out);
        this.complaints = complaints;
    }

    /**
     * What was done.
     *
     * @param messages exported
     * @param octets of those
     * @param ended messages whose recipients were all done, or that ended meanwhile: nothing is left to do for them
     * @param unreadable messages that are damaged: not in the export
     */
    record Result(long messages, long octets, int ended, int unreadable) {}

    Result run() throws IOException {
        for (long message : snapshot.index().numbers()) {
            export(message);
        }
        byte[] end = new ExportedEnvelope.End(messages, HexFormat.of().formatHex(all.digest())).json();
        tar.begin("end.json", end.length, Instant.EPOCH);
        tar.write(end, 0, end.length);
        tar.finish();
        return new Result(messages, octets, ended, unreadable);
    }

    private void export(long message) throws IOException {
        for (boolean again = false; ; again = true) {
            Entry entry = snapshot.index().entry(message);
            if (entry == null) {
                ended++;
                return;
            }
            try {
                export(entry);
                return;
            } catch (NoSuchFileException | DamagedRecordException | Payload.Misshapen e) {
                if (again || state == State.STOPPED) {
                    unreadable++;
                    complaints.accept("message " + message + " cannot be read and is not exported: "
                            + (e instanceof NoSuchFileException ? e.getMessage() + " is missing" : e.getMessage())
                            + "; see carteiro queue check");
                    return;
                }
                snapshot.catchUp(); // it may have ended or moved meanwhile
            }
        }
    }

    private void export(Entry entry) throws IOException, Payload.Misshapen {
        Stored stored = stored(entry.place(), entry.message());
        ByteBuffer payload = stored.payload();
        if (stored.header().kind() == Kind.MOVED) {
            var _ = Payload.states(payload);
        }
        Envelope envelope = Payload.envelope(payload);
        if (envelope.recipients().size() != entry.recipients()) {
            throw new DamagedRecordException(entry.place(), "another envelope stands here");
        }
        var recipients = recipients(entry, envelope);
        if (recipients.stream().allMatch(recipient -> recipient.state() instanceof ExportedEnvelope.State.Done)) {
            ended++;
            return;
        }
        try (OpenFile large = entry.file() == 0 ? null : disk.open(LargeFiles.name(entry.file()))) {
            if (large == null) {
                byte[] body = body(stored, entry);
                write(entry, envelope, recipients, ByteBuffer.wrap(body)::get);
            } else {
                verify(entry, large, stored.header().bodySum());
                var at = new long[1];
                write(entry, envelope, recipients, (into, from, length) -> {
                    ByteBuffer piece = Stored.fill(
                            large, ByteBuffer.wrap(into, from, length).slice(), at[0]);
                    if (piece.limit() < length) {
                        throw new IOException(LargeFiles.name(entry.file()) + " changed while it was read");
                    }
                    at[0] += length;
                });
            }
        }
    }

    private Stored stored(Place place, long message) throws IOException {
        Stored stored = snapshot.segments().reading(place.segment(), file -> Stored.read(file, place));
        if (stored.header().message() != message) {
            throw new DamagedRecordException(place, "another message stands here");
        }
        return stored;
    }

    private List<Recipient> recipients(Entry entry, Envelope envelope) throws IOException, Payload.Misshapen {
        Map<Integer, String> reports = new HashMap<>();
        for (FailedAt at : entry.failures()) {
            ByteBuffer failed = stored(at.place(), entry.message()).payload();
            if (Payload.recipient(failed) == at.recipient()) {
                reports.put(at.recipient(), Payload.paragraph(failed));
            }
        }
        var recipients = new ArrayList<Recipient>();
        for (int i = 0; i < entry.recipients(); i++) {
            int code = entry.state(i);
            ExportedEnvelope.State now = switch (code) {
                case Index.UNTRIED -> new ExportedEnvelope.State.Due(Instant.EPOCH);
                case Index.DONE -> new ExportedEnvelope.State.Done();
                case Index.BOUNCE ->
                    new ExportedEnvelope.State.Bounce(reports.getOrDefault(
                            i,
                            MessageReader.lostParagraph(
                                    envelope.recipients().get(i).toString())));
                default -> new ExportedEnvelope.State.Due(Instant.ofEpochSecond(Integer.toUnsignedLong(code)));
            };
            recipients.add(new Recipient(envelope.recipients().get(i), now));
        }
        return recipients;
    }

    private byte[] body(Stored stored, Entry entry) throws IOException {
        int size = stored.header().body();
        ByteBuffer body = snapshot.segments()
                .reading(
                        entry.place().segment(),
                        file -> Stored.fill(file, ByteBuffer.allocate(size), stored.bodyOffset()));
        if (size != entry.octets()
                || body.limit() < size
                || Framing.sum(body.array()) != stored.header().bodySum()) {
            throw new DamagedRecordException(entry.place(), "its octets are not what was written");
        }
        return body.array();
    }

    /** A large message is read twice: what is damaged must not be half in the archive. */
    private static void verify(Entry entry, OpenFile file, int expected) throws IOException {
        var sum = new CRC32C();
        ByteBuffer piece = ByteBuffer.allocate(PIECE);
        long at = 0;
        while (Stored.fill(file, piece.clear(), at).hasRemaining()) {
            at += piece.limit();
            sum.update(piece);
        }
        if (at != entry.octets() || (int) sum.getValue() != expected) {
            throw new DamagedRecordException(entry.place(), LargeFiles.name(entry.file()) + " is not what was written");
        }
    }

    private interface Source {
        void get(byte[] into, int from, int length) throws IOException;
    }

    private void write(Entry entry, Envelope envelope, List<Recipient> recipients, Source source) throws IOException {
        String name = String.format(Locale.ROOT, "%012d", entry.message());
        Instant arrived = Instant.ofEpochMilli(entry.birth());
        var sum = sha256();
        tar.begin(name + ".eml", entry.octets(), arrived);
        byte[] piece = new byte[(int) Math.min(PIECE, entry.octets())];
        for (long left = entry.octets(); left > 0; ) {
            int count = (int) Math.min(piece.length, left);
            source.get(piece, 0, count);
            sum.update(piece, 0, count);
            tar.write(piece, 0, count);
            left -= count;
        }
        byte[] json = new ExportedEnvelope(
                        entry.message(),
                        arrived,
                        entry.octets(),
                        HexFormat.of().formatHex(sum.digest()),
                        envelope.sender(),
                        envelope.body(),
                        envelope.form(),
                        envelope.uid(),
                        recipients)
                .json();
        all.update(json);
        tar.begin(name + ".json", json.length, arrived);
        tar.write(json, 0, json.length);
        messages++;
        octets += entry.octets();
    }

    static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e); // every Java has it
        }
    }
}
