package carteiro.inject;

import carteiro.control.Installation;
import carteiro.log.EventLog;
import carteiro.mail.Envelope;
import carteiro.mail.Status;
import carteiro.posix.Invocation;
import carteiro.posix.ProcessCredentials;
import carteiro.protocol.Enqueue;
import carteiro.protocol.LocalSubmission;
import carteiro.protocol.SocketWires;
import carteiro.protocol.Spool;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.time.Clock;
import java.time.Instant;

/**
 * qmail-queue: queues the message on descriptor 0 for the envelope on descriptor 1 (docs/programs/qmail-queue.md). Its
 * exit codes are an interface: filters and servers know them.
 */
public final class QmailQueue {
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
        QueueInterface.runAndExit("qmail-queue", arguments, QmailQueue::queue);
    }

    private static int queue(Invocation call, InputStream envelope) throws IOException {
        Installation installation = Installation.ofEnvironment(call.environment());
        try (var log = new EventLog(call.err(), EventLog.LogFormat.PLAIN, Clock.systemUTC());
                var wires = new SocketWires(installation, log)) {
            return new QmailQueue(call, envelope, installation, wires.enqueue()).run();
        }
    }

    int run() throws IOException {
        return QueueInterface.run("qmail-queue", call, this::queue);
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
            Envelope envelope = new EnvelopeInput(envelopeInput).read();
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
}
