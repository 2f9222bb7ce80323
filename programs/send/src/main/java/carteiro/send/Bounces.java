package carteiro.send;

import carteiro.mail.Address;
import carteiro.mail.Attribute;
import carteiro.mail.Envelope;
import carteiro.mail.Envelope.AddressForm;
import carteiro.mail.Envelope.BodyType;
import carteiro.mail.Octets;
import carteiro.protocol.BounceParagraph;
import carteiro.protocol.Enqueue.Receipt;
import carteiro.protocol.Enqueue.Submission;
import carteiro.protocol.NotRunningException;
import carteiro.protocol.Route;
import carteiro.protocol.Waiting.Failure;
import carteiro.protocol.Waiting.Report;
import carteiro.protocol.Waiting.UnreadableException;
import carteiro.protocol.Wires;
import carteiro.wire.MalformedFrameException;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.time.Clock;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** Writes the bounce of a finished message and hands it to queue. Any number of threads at once. */
final class Bounces {
    private static final int BUFFER = 64 * 1024;

    /** How often the original may be impossible to read, {@link Schedule#BOUNCE_PAUSE} apart, before the bounce goes without it. */
    static final int UNREADABLE = 20;

    private final SendSettings settings;
    private final Wires wires;
    private final ReportSender reports;
    private final Clock clock;
    private final int uid;

    /** By a message's number: how often its original could not be read. */
    private final RouteFinder routes;

    private final Map<Long, Integer> unreadable = new ConcurrentHashMap<>();

    /** @param uid the user of this process, for the bounce's envelope */
    Bounces(SendSettings settings, Wires wires, ReportSender reports, RouteFinder routes, Clock clock, int uid) {
        this.routes = routes;
        this.settings = settings;
        this.wires = wires;
        this.reports = reports;
        this.clock = clock;
        this.uid = uid;
    }

    /** What became of a bounce. */
    sealed interface BounceResult {
        /** It is in the queue under this number. */
        record Queued(long number) implements BounceResult {}

        /** A bounce that bounces is told to nobody here: control/doublebounceto is empty. */
        record DoubleDiscarded() implements BounceResult {}

        /** A double bounce that bounces is told to nobody. */
        record TripleDiscarded() implements BounceResult {}

        /** Not now. */
        record BounceDeferred(String reason) implements BounceResult {}
    }

    /** Writes the bounce. The message is finished, so that nobody else changes it. */
    BounceResult write(ScheduledMessage message) {
        Address sender = VerpSender.bare(message.sender());
        if (sender.equals(Address.DOUBLE_BOUNCE)) {
            return new BounceResult.TripleDiscarded();
        }
        BounceText.BounceKind kind = sender.isNull() ? BounceText.BounceKind.DOUBLE : BounceText.BounceKind.SINGLE;
        if (kind == BounceText.BounceKind.DOUBLE && settings.doubleBounceTo().isEmpty()) {
            return new BounceResult.DoubleDiscarded();
        }
        try {
            return write(message, kind, sender, settings.doubleBounceTo().orElse(sender));
        } catch (IOException e) {
            return new BounceResult.BounceDeferred(String.valueOf(e.getMessage()));
        }
    }

    private BounceResult write(ScheduledMessage message, BounceText.BounceKind kind, Address sender, Address postmaster)
            throws IOException {
        Address to = kind == BounceText.BounceKind.SINGLE ? sender : postmaster;
        boolean utf8 = !Octets.areAscii(to.octets())
                || !Octets.areAscii(settings.bounceFrom().octets());
        boolean eightBit = message.body() == BodyType.EIGHT_BIT_MIME || message.form() == AddressForm.SMTPUTF8;
        try (var submission = wires.enqueue().open()) {
            eightBit |= write(
                    BounceText.head(
                            kind,
                            ProcessHandle.current().pid(),
                            clock.instant(),
                            settings.bounceFrom(),
                            settings.bounceHost(),
                            to),
                    submission);
            eightBit |= writeParagraphs(message, submission);
            eightBit |= write(BounceText.tail(kind, sender), submission);
            copy(message.number(), submission);
            var envelope = new Envelope(
                            kind == BounceText.BounceKind.SINGLE ? Address.NULL : Address.DOUBLE_BOUNCE,
                            List.of(to),
                            eightBit ? BodyType.EIGHT_BIT_MIME : BodyType.SEVEN_BIT,
                            utf8 ? AddressForm.SMTPUTF8 : AddressForm.ASCII,
                            uid)
                    .with(Attribute.PARENT, message.number());
            return switch (submission.commit(envelope)) {
                case Receipt.Accepted(long number) -> {
                    unreadable.remove(message.number());
                    yield new BounceResult.Queued(number);
                }
                case Receipt.TemporaryFailure(var _, var reason) -> new BounceResult.BounceDeferred(reason);
                case Receipt.PermanentFailure(var _, var reason) ->
                    new BounceResult.BounceDeferred("refused: " + reason);
            };
        }
    }

    /** Whether it holds octets above 127. */
    private static boolean write(String text, Submission submission) throws IOException {
        write(Octets.bytes(text), submission);
        return !Octets.areAscii(text);
    }

    /** Copies the original, as far as it can be read. */
    private void copy(long message, Submission submission) throws IOException {
        try (var original = wires.messages().open(message)) {
            long left = settings.bounceMaxBytes() == 0 ? Long.MAX_VALUE : settings.bounceMaxBytes();
            byte[] buffer = new byte[BUFFER];
            while (left > 0) {
                int read = original.read(buffer, 0, (int) Math.min(BUFFER, left));
                if (read < 0) {
                    return;
                }
                write(buffer, read, submission);
                left -= read;
            }
            if (original.read() >= 0) {
                write(Octets.bytes(BounceText.cut(original.octets())), submission);
            }
        } catch (BounceNotTakenException | NotRunningException e) {
            throw e;
        } catch (IOException e) {
            goWithout(message, e);
            write(Octets.bytes(BounceText.UNREADABLE), submission);
        }
    }

    /** The sender is told of the failure even if the message is lost; but trouble that passes is waited for. */
    private void goWithout(long message, IOException why) throws IOException {
        boolean gone = why instanceof FileNotFoundException;
        if (!gone && unreadable.merge(message, 1, Integer::sum) < UNREADABLE) {
            throw why;
        }
    }

    /** It is not the original that is in trouble. */
    private static final class BounceNotTakenException extends IOException {
        private static final long serialVersionUID = 1L;

        BounceNotTakenException(IOException cause) {
            super(cause.getMessage(), cause);
        }
    }

    private static void write(byte[] octets, Submission submission) throws BounceNotTakenException {
        write(octets, octets.length, submission);
    }

    private static void write(byte[] octets, int length, Submission submission) throws BounceNotTakenException {
        try {
            submission.write(octets, 0, length);
        } catch (IOException e) {
            throw new BounceNotTakenException(e);
        }
    }

    /**
     * The paragraphs queue kept, some at a time; a recipient it has none for still gets one, so that no failure goes untold.
     *
     * @return whether one holds octets above 127
     */
    private boolean writeParagraphs(ScheduledMessage message, Submission submission) throws IOException {
        boolean eightBit = false;
        var kept = new ArrayDeque<Failure>();
        var lost = new LostParagraphs(message);
        int after = -1;
        boolean all = false;
        for (int recipient : message.failed()) {
            while (!kept.isEmpty() && kept.getFirst().recipient() < recipient) {
                kept.removeFirst();
            }
            while (!all && kept.isEmpty()) {
                int asked = Math.max(after, recipient - 1);
                List<Failure> more = reports.failures(message.number(), asked);
                all = more.isEmpty();
                for (Failure failure : more) {
                    if (failure.recipient() <= asked) {
                        throw new MalformedFrameException("queue tells failures that were not asked for");
                    }
                    after = Math.max(after, failure.recipient());
                    if (failure.recipient() >= recipient) {
                        kept.addLast(failure);
                    }
                }
            }
            Failure failure = kept.peekFirst();
            eightBit |= write(
                    failure != null
                                    && failure.recipient() == recipient
                                    && failure.paragraph().length() <= Report.PARAGRAPH_LIMIT
                            ? failure.paragraph()
                            : lost.of(recipient),
                    submission);
        }
        return eightBit;
    }

    /** Paragraphs of recipients, in their order, whose own are lost: their addresses are asked for a page at a time. */
    private final class LostParagraphs {
        private final ScheduledMessage message;
        private int from;
        private List<Route> page = List.of();

        LostParagraphs(ScheduledMessage message) {
            this.message = message;
        }

        String of(int recipient) throws IOException {
            return BounceParagraph.of(
                    message.paged() ? paged(recipient) : message.visible(recipient),
                    "The delivery failed; the report is lost.\n");
        }

        private Address paged(int recipient) throws IOException {
            if (recipient < from || recipient >= from + page.size()) {
                from = recipient;
                try {
                    page = routes.routes(
                            reports.recipients(message.number(), recipient).addresses());
                } catch (UnreadableException e) {
                    goWithout(message.number(), e);
                    page = List.of();
                }
            }
            return page.isEmpty()
                    ? new Address("recipient " + (recipient + 1))
                    : page.get(recipient - from).visible();
        }
    }
}
