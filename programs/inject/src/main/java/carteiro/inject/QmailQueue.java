package carteiro.inject;

import carteiro.control.Installation;
import carteiro.log.EventLog;
import carteiro.log.LogText;
import carteiro.mail.Address;
import carteiro.mail.Envelope;
import carteiro.mail.Octets;
import carteiro.mail.Status;
import carteiro.posix.Invocation;
import carteiro.posix.ProcessCredentials;
import carteiro.protocol.Enqueue;
import carteiro.protocol.LocalSubmission;
import carteiro.protocol.SocketWires;
import carteiro.protocol.Spool;
import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/**
 * qmail-queue: queues the message on descriptor 0 for the envelope on descriptor 1 (docs/programs/qmail-queue.md). Its
 * exit codes are an interface: filters and servers know them.
 */
public final class QmailQueue {
    /** After this long it gives up, as qmail-queue does. */
    private static final Duration DEATH = Duration.ofHours(24);

    /** The exit codes. */
    enum QueueExitCode {
        QUEUED(0),
        ADDRESS_TOO_LONG(11),
        REFUSED(31),
        OUT_OF_MEMORY(51),
        TIMEOUT(52),
        DISK_FULL(53),
        UNREADABLE(54),
        NO_HOME(61),
        NO_QUEUE(62),
        NOT_NOW(71),
        QUEUE_LOST(74),
        BUG(81),
        BAD_ENVELOPE(91);

        final int code;

        QueueExitCode(int code) {
            this.code = code;
        }
    }

    /** An end before the message was queued. */
    private static final class QueueExitException extends Exception {
        private static final long serialVersionUID = 1L;

        private final QueueExitCode ended;

        QueueExitException(QueueExitCode ended, String text) {
            super(text, null, false, false); // no stack trace: it is an answer
            this.ended = ended;
        }
    }

    private final Invocation call;
    private final InputStream envelopeInput;
    private final Installation installation;
    private final Enqueue queue;

    QmailQueue(Invocation call, InputStream envelope, Installation installation, Enqueue queue) {
        this.call = call;
        this.envelopeInput = envelope;
        this.installation = installation;
        this.queue = queue;
    }

    /** The command. */
    public static void main(String[] arguments) {
        int code = QueueExitCode.BUG.code;
        try {
            Thread.ofPlatform().daemon(true).start(QmailQueue::endInTime);
            int ended = Invocation.ofThisProcess(arguments).run("qmail-queue", QmailQueue::queue);
            code = ended == QmailInject.TEMPORARY ? code : ended; // 111 is none of its codes
        } finally {
            System.exit(code);
        }
    }

    private static void endInTime() {
        try {
            Thread.sleep(DEATH);
            Runtime.getRuntime().halt(QueueExitCode.TIMEOUT.code);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static int queue(Invocation call) throws IOException {
        Installation installation = Installation.ofEnvironment(call.environment());
        try (var log = new EventLog(call.err(), EventLog.LogFormat.PLAIN, Clock.systemUTC());
                var wires = new SocketWires(installation, log)) {
            var envelope = new FileInputStream(FileDescriptor.out); // descriptor 1, open for reading
            return new QmailQueue(call, envelope, installation, wires.enqueue()).run();
        }
    }

    int run() {
        try {
            return queue().code;
        } catch (QueueExitException e) {
            call.complain("qmail-queue: fatal: " + LogText.sentence(String.valueOf(e.getMessage())) + "\n");
            return e.ended.code;
        } catch (OutOfMemoryError e) {
            call.complain("qmail-queue: fatal: out of memory\n");
            return QueueExitCode.OUT_OF_MEMORY.code;
        }
    }

    private QueueExitCode queue() throws QueueExitException {
        if (!Files.isDirectory(installation.home())) {
            throw new QueueExitException(
                    QueueExitCode.NO_HOME,
                    installation.home() + " is no folder; set CARTEIRO_HOME to the installation's");
        }
        var spool = Spool.of(installation, call.environment());
        try (var submission = new LocalSubmission(queue, spool, ProcessCredentials.current(), Instant.now())) {
            return queue(submission);
        } catch (IOException e) {
            throw new QueueExitException(QueueExitCode.NO_QUEUE, String.valueOf(e.getMessage()));
        }
    }

    private QueueExitCode queue(LocalSubmission submission) throws IOException, QueueExitException {
        try {
            message(submission);
            Envelope envelope = envelope();
            return switch (submission.commit(envelope.sender(), envelope.addresses())) {
                case Enqueue.Receipt.Accepted _ -> QueueExitCode.QUEUED;
                case Enqueue.Receipt.TemporaryFailure(var status, String reason) ->
                    throw new QueueExitException(
                            status.equals(new Status(4, 3, 1)) ? QueueExitCode.DISK_FULL : QueueExitCode.NOT_NOW,
                            reason);
                case Enqueue.Receipt.PermanentFailure(var _, String reason) ->
                    throw new QueueExitException(QueueExitCode.REFUSED, reason);
            };
        } catch (IOException e) {
            if (submission.reachedQueue()) {
                throw new QueueExitException(QueueExitCode.QUEUE_LOST, "queue was lost: " + e.getMessage());
            }
            throw e;
        }
    }

    private void message(LocalSubmission submission) throws IOException, QueueExitException {
        byte[] octets = new byte[32 * 1024];
        while (true) {
            int count;
            try {
                count = call.in().read(octets);
            } catch (IOException e) {
                throw new QueueExitException(QueueExitCode.UNREADABLE, "cannot read the message: " + e.getMessage());
            }
            if (count < 0) {
                return;
            }
            submission.write(octets, 0, count);
        }
    }

    private Envelope envelope() throws QueueExitException {
        try {
            var in = new BufferedInputStream(envelopeInput, 8 * 1024);
            if (required(in) != 'F') {
                throw new QueueExitException(QueueExitCode.BAD_ENVELOPE, "the envelope does not begin with F");
            }
            Address sender = address(in);
            List<Address> recipients = new ArrayList<>();
            long octets = sender.octets().length();
            for (int letter; (letter = required(in)) != 0; ) {
                if (letter != 'T') {
                    throw new QueueExitException(
                            QueueExitCode.BAD_ENVELOPE, "the envelope has neither T nor its end after an address");
                }
                if (recipients.size() == Envelope.MOST_RECIPIENTS) {
                    throw new QueueExitException(
                            QueueExitCode.REFUSED, "over " + Envelope.MOST_RECIPIENTS + " recipients");
                }
                Address recipient = address(in);
                octets += recipient.octets().length();
                if (octets > LocalSubmission.ENVELOPE_LIMIT) {
                    throw new QueueExitException(
                            QueueExitCode.REFUSED, "addresses of over " + LocalSubmission.ENVELOPE_LIMIT + " octets");
                }
                recipients.add(recipient);
            }
            return new Envelope(
                    sender,
                    recipients,
                    Envelope.BodyType.SEVEN_BIT,
                    Envelope.AddressForm.ASCII,
                    0); // only sender and recipients count
        } catch (EOFException e) {
            throw new QueueExitException(
                    QueueExitCode.UNREADABLE, "the envelope ends before its last NUL; nothing is queued");
        } catch (IOException e) {
            throw new QueueExitException(QueueExitCode.UNREADABLE, "cannot read the envelope: " + e.getMessage());
        }
    }

    private static int required(InputStream in) throws IOException {
        int octet = in.read();
        if (octet < 0) {
            throw new EOFException();
        }
        return octet;
    }

    private static Address address(InputStream in) throws IOException, QueueExitException {
        byte[] octets = new byte[Address.LIMIT];
        int length = 0;
        for (int octet; (octet = required(in)) != 0; ) {
            if (length == Address.LIMIT) {
                throw new QueueExitException(
                        QueueExitCode.ADDRESS_TOO_LONG, "an address over " + Address.LIMIT + " octets");
            }
            octets[length++] = (byte) octet;
        }
        return new Address(Octets.text(octets, 0, length));
    }
}
