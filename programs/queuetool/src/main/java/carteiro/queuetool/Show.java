package carteiro.queuetool;

import carteiro.control.Installation;
import carteiro.log.EventLog;
import carteiro.log.LogText;
import carteiro.mail.Attributes;
import carteiro.mail.MailDate;
import carteiro.mail.Octets;
import carteiro.posix.Invocation;
import carteiro.protocol.Inspection;
import carteiro.protocol.SocketWires;
import carteiro.protocol.Waiting.Page;
import carteiro.queuetool.ExportedEnvelope.ExportedRecipient;
import carteiro.segments.FileDisk;
import carteiro.segments.QueueFolder;
import carteiro.segments.Snapshot;
import carteiro.segments.Snapshot.QueueRunState;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.util.Collections;
import java.util.List;

/** {@code carteiro queue show}: messages as they wait, for people; or one as it is, octet for octet. */
final class Show {
    private static final int FAULTS = 1;
    private static final int PIECE = 64 * 1024;

    private final Invocation call;
    private final FileDisk disk;
    private final QueueRunState state;
    private final Snapshot snapshot;
    private final Inspection queue;

    private Show(Invocation call, FileDisk disk, QueueRunState state, Snapshot snapshot, Inspection queue) {
        this.queue = queue;
        this.call = call;
        this.disk = disk;
        this.state = state;
        this.snapshot = snapshot;
    }

    /** What is shown. */
    enum What {
        /** Envelope, state and header, with nothing in it that a terminal would obey. */
        DESCRIPTION,
        /** The message alone, as it is. */
        OCTETS
    }

    static int run(Invocation call, Installation installation, What what, List<Long> numbers) throws IOException {
        Path folder = installation.queue();
        FileDisk disk = FileDisk.forReading(folder);
        var _ = QueueFolder.version(disk);
        QueueRunState state = disk.isLocked(QueueFolder.LOCK) ? QueueRunState.RUNNING : QueueRunState.STOPPED;
        try (var log = new EventLog(call.err(), EventLog.LogFormat.PLAIN, Clock.systemUTC());
                var wires = new SocketWires(installation, log);
                var snapshot = new Snapshot(disk, state, log)) {
            var show = new Show(call, disk, state, snapshot, wires.inspection());
            int exit = 0;
            for (long number : numbers) {
                exit = Math.max(exit, show.message(number, what));
            }
            return exit;
        }
    }

    private int message(long number, What what) throws IOException {
        try {
            boolean waits = SnapshotMessage.read(
                    disk,
                    state,
                    snapshot,
                    number,
                    message -> message.withOctets(source -> {
                        switch (what) {
                            case DESCRIPTION -> describe(message, header(message, source));
                            case OCTETS -> copy(message, source);
                        }
                    }));
            if (!waits) {
                call.complain("carteiro queue: message " + number + " does not wait in this queue\n");
                return FAULTS;
            }
            return 0;
        } catch (SnapshotMessage.UnreadableMessageException e) {
            call.complain("carteiro queue: " + LogText.reason(e) + "; see carteiro queue check\n");
            return FAULTS;
        }
    }

    private void describe(SnapshotMessage message, String header) throws IOException {
        var text = new StringBuilder(1000);
        text.append("message ").append(message.number()).append('\n');
        text.append("  arrived: ").append(MailDate.format(message.arrived())).append('\n');
        text.append("  size: ").append(message.octets()).append(" octets\n");
        text.append("  sender: ").append(shown(message.envelope().sender())).append('\n');
        append(text, "  ", message.envelope().attributes());
        List<ExportedRecipient> recipients = message.recipients();
        List<String> reasons = List.of();
        for (int i = 0; i < recipients.size(); i++) {
            ExportedRecipient recipient = recipients.get(i);
            if (i % Page.MOST == 0) {
                call.print(text.toString());
                text.setLength(0);
                reasons = reasons(message.number(), i, Math.min(Page.MOST, recipients.size() - i));
            }
            text.append("  recipient: ").append(shown(recipient.address())).append(": ");
            text.append(
                    switch (recipient.state()) {
                        case ExportedEnvelope.ExportedState.AlreadyDelivered() -> "delivered";
                        case ExportedEnvelope.ExportedState.AwaitingBounce(var report) ->
                            "failed, the bounce is to come: " + LogText.sentence(report.strip());
                        case ExportedEnvelope.ExportedState.AwaitingDelivery(var at)
                        when at.equals(Instant.EPOCH) -> "not tried yet";
                        case ExportedEnvelope.ExportedState.AwaitingDelivery(var at) ->
                            "tried again from " + MailDate.format(at) + " on"
                                    + ShowOwn.because(reasons.get(i % Page.MOST));
                    });
            text.append('\n');
            append(text, "    ", recipient.recipient().attributes());
        }
        header.lines()
                .forEach(line -> text.append("  | ")
                        .append(LogText.sentence(line.replace('\t', ' ')))
                        .append('\n'));
        call.print(text.toString());
    }

    private static void append(StringBuilder text, String indent, Attributes attributes) {
        attributes.describe((name, value) -> text.append(indent)
                .append(name)
                .append(": ")
                .append(LogText.sentence(value))
                .append('\n'));
    }

    /** What was said last of recipients; a queue that does not run knows nothing of it. */
    private List<String> reasons(long message, int from, int count) {
        if (state == QueueRunState.RUNNING) {
            try {
                return queue.reasons(message, from, count);
            } catch (IOException e) {
                // it is stopping, or too busy: the rest is told all the same
            }
        }
        return Collections.nCopies(count, "");
    }

    private static String shown(carteiro.mail.Address address) {
        return "<" + LogText.sentence(address.octets()) + ">";
    }

    /** Up to the first empty line. */
    private static String header(SnapshotMessage message, SnapshotMessage.OctetSource source) throws IOException {
        byte[] begin = new byte[(int) Math.min(PIECE, message.octets())];
        source.get(begin, 0, begin.length);
        String text = Octets.text(begin);
        int end = text.startsWith("\n") ? 0 : text.indexOf("\n\n");
        return end < 0 ? text : text.substring(0, end);
    }

    private void copy(SnapshotMessage message, SnapshotMessage.OctetSource source) throws IOException {
        OutputStream out = new BufferedOutputStream(call.out(), PIECE);
        byte[] piece = new byte[(int) Math.min(PIECE, message.octets())];
        for (long left = message.octets(); left > 0; left -= piece.length) {
            piece = left < piece.length ? new byte[(int) left] : piece;
            source.get(piece, 0, piece.length);
            out.write(piece);
        }
        out.flush();
    }
}
