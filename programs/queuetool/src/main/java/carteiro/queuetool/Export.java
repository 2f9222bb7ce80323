package carteiro.queuetool;

import carteiro.log.LogText;
import carteiro.mail.Envelope;
import carteiro.segments.Disk;
import carteiro.segments.Snapshot;
import carteiro.segments.Snapshot.QueueRunState;
import java.io.IOException;
import java.io.OutputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.util.HexFormat;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;

/**
 * Writes what waits in a queue to an archive (docs/protocols/export.md): of each message its octets, then its envelope, and
 * at the end how many there were. Changes nothing. Once: make it, {@link #run}.
 */
final class Export {
    private static final int PIECE = 64 * 1024;

    private final Disk disk;
    private final QueueRunState state;
    private final Snapshot snapshot;
    private final TarWriter tar;
    private final int format;
    private final Consumer<String> complaints;
    private final Map<String, Integer> lost = new TreeMap<>();
    private final MessageDigest all = sha256();
    private long messages;
    private long octets;
    private int unreadable;
    private int ended;

    /**
     * @param format of the archive, see {@link ExportedEnvelope#VERSION}
     * @param complaints takes a line for each message that cannot be read
     */
    Export(
            Disk disk,
            QueueRunState state,
            Snapshot snapshot,
            OutputStream out,
            int format,
            Consumer<String> complaints) {
        this.format = format;
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
     * @param lost attributes that the format has no place for, each with the number of messages that had it
     */
    record ExportResult(long messages, long octets, int ended, int unreadable, Map<String, Integer> lost) {}

    ExportResult run() throws IOException {
        for (long message : snapshot.index().numbers()) {
            export(message);
        }
        byte[] end = new ExportedEnvelope.ExportEnd(messages, HexFormat.of().formatHex(all.digest())).json(format);
        tar.begin("end.json", end.length, Instant.EPOCH);
        tar.write(end, 0, end.length);
        tar.finish();
        return new ExportResult(messages, octets, ended, unreadable, lost);
    }

    private void export(long number) throws IOException {
        try {
            if (!SnapshotMessage.read(disk, state, snapshot, number, this::export)) {
                ended++;
            }
        } catch (SnapshotMessage.UnreadableMessageException e) {
            unreadable++;
            complaints.accept(LogText.reason(e) + "; it is not exported: see carteiro queue check");
        }
    }

    private void export(SnapshotMessage message) throws IOException {
        if (message.recipients().stream()
                .allMatch(recipient -> recipient.state() instanceof ExportedEnvelope.ExportedState.AlreadyDelivered)) {
            ended++;
            return;
        }
        message.withOctets(source -> write(message, source));
    }

    private void write(SnapshotMessage message, SnapshotMessage.OctetSource source) throws IOException {
        String name = String.format(Locale.ROOT, "%012d", message.number());
        var sum = sha256();
        tar.begin(name + ".eml", message.octets(), message.arrived());
        byte[] piece = new byte[(int) Math.min(PIECE, message.octets())];
        for (long left = message.octets(); left > 0; ) {
            int count = (int) Math.min(piece.length, left);
            source.get(piece, 0, count);
            sum.update(piece, 0, count);
            tar.write(piece, 0, count);
            left -= count;
        }
        Envelope envelope = message.envelope();
        var exported = new ExportedEnvelope(
                message.number(),
                message.arrived(),
                message.octets(),
                HexFormat.of().formatHex(sum.digest()),
                envelope.sender(),
                envelope.attributes(),
                message.recipients());
        byte[] json = exported.json(format);
        exported.lostIn(format).forEach(attribute -> lost.merge(attribute, 1, Integer::sum));
        all.update(json);
        tar.begin(name + ".json", json.length, message.arrived());
        tar.write(json, 0, json.length);
        messages++;
        octets += message.octets();
    }

    static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e); // every Java has it
        }
    }
}
