package carteiro.tools;

import carteiro.control.Installation;
import carteiro.log.EventLog;
import carteiro.mail.Address;
import carteiro.mail.Octets;
import carteiro.posix.Invocation;
import carteiro.posix.ProcessCredentials;
import carteiro.protocol.Enqueue;
import carteiro.protocol.Enqueue.Receipt;
import carteiro.protocol.ExternalQueueProgram;
import carteiro.protocol.LocalSubmission;
import carteiro.protocol.SocketWires;
import carteiro.protocol.Spool;
import java.io.IOException;
import java.io.InputStream;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/** Hands a message that a {@code .qmail} command makes or passes on to queue. */
final class CommandSubmission {
    private CommandSubmission() {}

    /** Work with the way into the queue of the installation that the environment names. */
    @FunctionalInterface
    interface QueueWork {
        int run(Invocation call, Enqueue queue) throws IOException;
    }

    static int withQueue(Invocation call, QueueWork work) throws IOException {
        var installation = Installation.ofEnvironment(call.environment());
        try (var log = new EventLog(call.err(), EventLog.LogFormat.PLAIN, Clock.systemUTC());
                var wires = new SocketWires(installation, log)) {
            return work.run(
                    call, ExternalQueueProgram.orElse(wires.enqueue(), call.environment(), installation.home()));
        }
    }

    /** What came of it. */
    sealed interface SubmissionResult {
        /** @param message its number in the queue */
        record MessageQueued(long message) implements SubmissionResult {}

        /** @param code 100 or 111 */
        record MessageRefused(int code, String text) implements SubmissionResult {}
    }

    /** Queues {@code head} and the rest of {@code message}, from {@code sender} to {@code recipients}. */
    static SubmissionResult queue(
            Invocation call, Enqueue queue, String head, InputStream message, String sender, List<String> recipients) {
        Address from;
        var to = new ArrayList<Address>();
        try {
            from = new Address(sender);
            for (String recipient : recipients) {
                to.add(new Address(recipient));
            }
        } catch (IllegalArgumentException e) {
            return new SubmissionResult.MessageRefused(Exit.PERMANENT, String.valueOf(e.getMessage()));
        }
        var spool = Spool.of(Installation.ofEnvironment(call.environment()), call.environment());
        try (var submission = new LocalSubmission(queue, spool, ProcessCredentials.current(), Instant.now())) {
            submission.write(Octets.bytes(head));
            message.transferTo(submission);
            return switch (submission.commit(from, to)) {
                case Receipt.Accepted(long number) -> new SubmissionResult.MessageQueued(number);
                case Receipt.TemporaryFailure(var status, String reason) ->
                    new SubmissionResult.MessageRefused(Exit.TEMPORARY, reason + " (#" + status + ")");
                case Receipt.PermanentFailure(var status, String reason) ->
                    new SubmissionResult.MessageRefused(Exit.PERMANENT, reason + " (#" + status + ")");
            };
        } catch (IOException e) {
            return new SubmissionResult.MessageRefused(Exit.TEMPORARY, e.getMessage() + " (#4.3.0)");
        }
    }
}
