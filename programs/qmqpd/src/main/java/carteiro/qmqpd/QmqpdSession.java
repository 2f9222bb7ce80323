package carteiro.qmqpd;

import carteiro.control.TcpRules;
import carteiro.listen.Budgets;
import carteiro.listen.Client;
import carteiro.listen.ClientBudget;
import carteiro.listen.ClientConnection;
import carteiro.listen.HeaderScan;
import carteiro.listen.ListenerRole;
import carteiro.listen.ListenerRole.RoleWord;
import carteiro.listen.ReceivedField;
import carteiro.listen.TlsKey;
import carteiro.listen.TransactionId;
import carteiro.log.EventLog;
import carteiro.mail.Address;
import carteiro.mail.Envelope;
import carteiro.mail.Envelope.AddressForm;
import carteiro.mail.Envelope.BodyType;
import carteiro.mail.Octets;
import carteiro.mail.Status;
import carteiro.protocol.Enqueue;
import carteiro.protocol.Enqueue.Receipt;
import carteiro.protocol.Enqueue.Submission;
import carteiro.protocol.ExternalQueueProgram;
import carteiro.protocol.LocalSubmission;
import carteiro.protocol.MessageEvent;
import carteiro.protocol.StartupGrace;
import carteiro.qmqpd.QmqpInput.NotQmqpException;
import carteiro.qmqpd.QmqpInput.QmqpFault;
import java.io.EOFException;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** One message by QMQP, from its first octet to the answer; one virtual thread runs it. */
final class QmqpdSession {
    /** Fields Received and Delivered-To in one message, from which on it is taken to be in a loop. */
    static final int HOPS = 100;

    /** The least that is read and dropped of a message that is refused before its client is answered, in octets. */
    private static final long DROPPED = 64L << 20;

    private static final int BLOCK = 16 * 1024;

    /** Of what is refused, and has no part of the budget. */
    private static final int DROPPED_BLOCK = 1024;

    private static final QmqpReply TOO_BIG =
            QmqpReply.of(new Status(5, 3, 4), "the message is over the limit of octets here");
    private static final QmqpReply NOT_QMQP = QmqpReply.of(new Status(5, 5, 2), "this is not QMQP");
    private static final QmqpReply BAD_ADDRESS = QmqpReply.of(
            new Status(5, 1, 3), "an address has over " + (QmqpInput.ADDRESS_LIMIT - 1) + " octets, or one of value 0");
    private static final QmqpReply RECIPIENTS = QmqpReply.of(new Status(5, 5, 3), "there are too many recipients");
    private static final QmqpReply LOOPS = QmqpReply.of(new Status(5, 4, 6), "too many hops, this message is looping");
    private static final QmqpReply NO_MEMORY =
            QmqpReply.of(new Status(4, 3, 1), "too much is under way, try again later");
    private static final QmqpReply NO_QUEUE = QmqpReply.of(new Status(4, 3, 0), "messages cannot be taken now");
    private static final QmqpReply QUEUE_LOST = QmqpReply.of(new Status(4, 3, 0), "the message cannot be kept now");
    private static final QmqpReply SILENT = QmqpReply.of(new Status(4, 4, 2), "timeout, nothing heard for too long");
    private static final QmqpReply TOO_LONG = QmqpReply.of(new Status(4, 4, 2), "this has lasted too long");
    private static final QmqpReply STOPPING = QmqpReply.of(new Status(4, 3, 2), "the service is being stopped");
    private static final QmqpReply FAULT =
            QmqpReply.of(new Status(4, 3, 0), "something is wrong here, try again later");

    /**
     * What a session needs of the rest.
     *
     * @param home where a program of QMAILQUEUE is run
     * @param budgets what all conversations may hold together
     * @param startup waits for queue if it is not there yet
     * @param uid the user this process runs as, for the envelope
     */
    record QmqpContext(
            Enqueue enqueue, EventLog log, Clock clock, Path home, Budgets budgets, StartupGrace startup, int uid) {}

    /** How a session ended. */
    enum QmqpEnd {
        /** The client was answered. */
        ANSWERED,
        /** It has gone before that, or was too slow. */
        LOST,
        /** What it sent is not QMQP. */
        NOT_QMQP,
        /** A length was over the largest. */
        LENGTH
    }

    private final ClientConnection connection;
    private final Client client;
    private final QmqpdSettings settings;
    private final QmqpContext context;
    private final QmqpInput in;
    private final String id = TransactionId.next();
    private final long databytes;
    private final HeaderScan header = new HeaderScan();
    private final ClientBudget.ClientReservation tlsMemory;
    private final ClientBudget.ClientReservation recipientMemory;
    private final ClientBudget.ClientReservation buffers;
    private final ClientBudget.ClientReservation text;

    private @Nullable Submission submission;
    private @Nullable QmqpReply refusal; // the rest is read and dropped
    private String why = ""; // it is refused
    private String sender = "";
    private long octets;
    private boolean eightBit;

    QmqpdSession(ClientConnection connection, Client client, QmqpdSettings settings, QmqpContext context) {
        this.connection = connection;
        this.client = client;
        this.settings = settings;
        this.context = context;
        this.in = new QmqpInput(connection.input());
        this.databytes = settings.databytesOf(client, context.budgets().text().mostOfOne());
        this.tlsMemory = context.budgets().tls().share(client.key());
        this.recipientMemory = context.budgets().recipients().share(client.key());
        this.buffers = context.budgets().messages().share(client.key());
        this.text = context.budgets().text().share(client.key());
    }

    /** Takes the message, answers, closes the connection. */
    QmqpEnd run(ListenerRole role) {
        try {
            if (role.has(RoleWord.TLS)) {
                beginWithTls();
            }
            return converse();
        } catch (IOException e) {
            return lost("connection lost (" + e.getMessage() + ")");
        } catch (RuntimeException e) {
            context.log().bug("qmqpd", e);
            return answerInternalError();
        } finally {
            withdraw();
            tlsMemory.giveBack();
            recipientMemory.giveBack();
            buffers.giveBack();
            close();
        }
    }

    private void close() {
        try {
            connection.close();
        } catch (IOException e) {
            // the client has gone
        }
    }

    private QmqpEnd answerInternalError() {
        try {
            connection.send(FAULT.octets());
            connection.closeGently();
        } catch (IOException e) {
            // the client has gone
        }
        return QmqpEnd.LOST;
    }

    /** Who cannot have TLS cannot be told so. */
    private void beginWithTls() throws IOException {
        Optional<TlsKey> key = settings.tls();
        if (key.isEmpty() || !tlsMemory.take(Budgets.TLS)) {
            throw new IOException(key.isEmpty() ? "no TLS: no key" : "no TLS: its part of the heap is taken");
        }
        connection.startTls(key.get().identity());
    }

    private QmqpEnd converse() throws IOException {
        try {
            in.begin();
            message();
            List<Address> recipients = envelope();
            in.end();
            answer(keep(recipients));
            return QmqpEnd.ANSWERED;
        } catch (NotQmqpException e) {
            boolean tooLong = e.fault() == QmqpFault.LENGTH;
            refuse(tooLong ? TOO_BIG : NOT_QMQP, String.valueOf(e.getMessage()));
            answer(tooLong ? TOO_BIG : NOT_QMQP);
            return tooLong ? QmqpEnd.LENGTH : QmqpEnd.NOT_QMQP;
        } catch (TooMuchToDropException e) {
            answer(e.reply);
            return QmqpEnd.ANSWERED;
        } catch (EOFException e) {
            return endOfInput();
        }
    }

    /** So much of a refused message is to come, or so little room for it, that its client is told at once. */
    private static final class TooMuchToDropException extends IOException {
        private static final long serialVersionUID = 1L;

        private final transient QmqpReply reply;

        TooMuchToDropException(QmqpReply reply) {
            super("the client sends without end");
            this.reply = reply;
        }
    }

    // ---- The parts, in the order in which they come

    private void message() throws IOException {
        long length = in.next();
        if (length > databytes) {
            refuse(TOO_BIG, length + " octets, over " + databytes);
        } else {
            open();
        }
        byte[] block = new byte[refusal == null ? BLOCK : DROPPED_BLOCK];
        long counted = Budgets.TEXT_STEP; // the first step is free
        while (octets < length) {
            checkWorthReading();
            int count = in.read(block, length - octets);
            octets += count;
            header.take(block, 0, count);
            while (refusal == null && octets > counted) {
                if (text.take(Budgets.TEXT_STEP)) {
                    counted += Budgets.TEXT_STEP;
                } else {
                    refuse(NO_MEMORY, "what the client has under way is too much");
                }
            }
            store(block, count);
        }
        in.comma();
        if (header.hops() >= HOPS) {
            refuse(LOOPS, header.hops() + " fields Received and Delivered-To");
        }
    }

    private void checkWorthReading() throws TooMuchToDropException {
        if (refusal != null && in.left() > Math.max(DROPPED, databytes)) {
            throw new TooMuchToDropException(refusal);
        }
    }

    private void open() throws TooMuchToDropException {
        if (!buffers.take(Budgets.MESSAGE)) {
            throw new TooMuchToDropException(refuse(NO_MEMORY, "messages under way fill their part of the heap"));
        }
        try {
            submission = context.startup().ask(queue()::open);
            byte[] received = ReceivedField.of(
                    client,
                    "",
                    settings.me(),
                    ReceivedField.Protocol.QMQP,
                    id,
                    connection.cipher(),
                    context.clock().instant());
            store(received, received.length);
        } catch (IOException e) {
            refuse(NO_QUEUE, String.valueOf(e.getMessage()));
        }
    }

    /** queue, or what QMAILQUEUE names in its place. */
    private Enqueue queue() {
        String program = client.variables().getOrDefault(TcpRules.QMAILQUEUE, "");
        return program.isEmpty()
                ? context.enqueue()
                : new ExternalQueueProgram(program, context.home(), client.environment());
    }

    private void store(byte[] block, int count) {
        for (int i = 0; !eightBit && i < count; i++) {
            eightBit = block[i] < 0;
        }
        Submission open = submission;
        if (open != null) {
            try {
                open.write(block, 0, count);
            } catch (IOException e) {
                refuse(QUEUE_LOST, String.valueOf(e.getMessage()));
            }
        }
    }

    /** Sender and recipients; as soon as the message is refused, no recipients. */
    private List<Address> envelope() throws IOException {
        String from = in.address();
        if (from.equals(QmqpInput.UNFIT)) {
            refuse(BAD_ADDRESS, "");
        } else {
            sender = from;
        }
        var recipients = new ArrayList<Address>();
        long length = from.length();
        while (in.hasNext()) {
            checkWorthReading();
            String recipient = in.address();
            length += recipient.length() + 6L; // as LocalSubmission counts
            if (recipient.equals(QmqpInput.UNFIT)) {
                refuse(BAD_ADDRESS, "");
            } else if (refusal == null) {
                if (recipients.size() == Envelope.MOST_RECIPIENTS
                        || length > LocalSubmission.ENVELOPE_LIMIT - 64 * 1024) {
                    refuse(RECIPIENTS, "over " + recipients.size());
                } else if (!recipientMemory.take(Budgets.RECIPIENT + recipient.length())) {
                    refuse(NO_MEMORY, "recipients fill their part of the heap");
                } else {
                    recipients.add(new Address(recipient));
                }
            }
            if (refusal != null) {
                recipients.clear();
            }
        }
        return recipients;
    }

    /** Has queue keep it; then it is on disk. */
    private QmqpReply keep(List<Address> recipients) {
        Submission whole = submission;
        QmqpReply refused = refusal;
        if (refused != null || whole == null) {
            return refused == null ? FAULT : refused;
        }
        connection.settle();
        try {
            return switch (whole.commit(envelope(recipients))) {
                case Receipt.Accepted(long number) -> {
                    context.log().log(new MessageEvent.MessageAccepted(
                            "qmqpd",
                            number,
                            sender,
                            recipients.size(),
                            octets,
                            client.ip(),
                            id,
                            header.messageId(),
                            ""));
                    yield QmqpReply.kept(context.clock().millis() / 1000, number);
                }
                case Receipt.TemporaryFailure(var status, var reason) -> refuse(QmqpReply.of(status, reason), "queue");
                case Receipt.PermanentFailure(var status, var reason) -> refuse(QmqpReply.of(status, reason), "queue");
            };
        } catch (IOException e) {
            return refuse(QUEUE_LOST, String.valueOf(e.getMessage()));
        }
    }

    private Envelope envelope(List<Address> recipients) {
        var from = new Address(sender);
        boolean ascii = Octets.areAscii(sender);
        for (Address recipient : recipients) {
            ascii &= Octets.areAscii(recipient.octets());
        }
        var envelope = new Envelope(
                from,
                recipients,
                eightBit ? BodyType.EIGHT_BIT_MIME : BodyType.SEVEN_BIT,
                ascii ? AddressForm.ASCII : AddressForm.SMTPUTF8,
                context.uid());
        return envelope.with(client.attributes(envelope.attributes(), "", connection.cipher()));
    }

    // ---- Answers and ends

    /** The first refusal is the one that the client is told. */
    private QmqpReply refuse(QmqpReply reply, String reason) {
        QmqpReply before = refusal;
        if (before != null) {
            return before;
        }
        refusal = reply;
        why = reason;
        withdraw();
        return reply;
    }

    private void withdraw() {
        Submission begun = submission;
        if (begun != null) {
            begun.close();
            submission = null;
        }
        text.giveBack();
    }

    private void answer(QmqpReply reply) throws IOException {
        if (refusal != null) {
            context.log().log(new QmqpdEvent.QmqpRefused(sender, client.ip(), reply.toString(), why));
        }
        connection.send(reply.octets());
        connection.closeGently();
    }

    /** The client closed, which is no message; or we ended its input. */
    private QmqpEnd endOfInput() throws IOException {
        Optional<ClientConnection.Ending> ending = connection.ending();
        if (ending.isEmpty()) {
            return lost("it ended before its message was whole; nothing is queued");
        }
        QmqpReply reply = switch (ending.get()) {
            case SILENT -> SILENT;
            case TOO_LONG -> TOO_LONG;
            case STOPPING -> STOPPING;
        };
        refusal = null; // what was wrong before counts no more
        refuse(reply, "");
        answer(reply);
        return QmqpEnd.LOST;
    }

    private QmqpEnd lost(String how) {
        context.log().log(new QmqpdEvent.QmqpLost(client.ip(), how));
        return QmqpEnd.LOST;
    }
}
