package carteiro.tools;

import carteiro.control.Installation;
import carteiro.log.EventLog;
import carteiro.mail.Address;
import carteiro.mail.Octets;
import carteiro.posix.Caller;
import carteiro.posix.Invocation;
import carteiro.protocol.Enqueue;
import carteiro.protocol.Enqueue.Receipt;
import carteiro.protocol.Handover;
import carteiro.protocol.QueueProgram;
import carteiro.protocol.SocketWires;
import carteiro.protocol.Spool;
import java.io.IOException;
import java.io.InputStream;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/** Hands a message that a {@code .qmail} command makes or passes on to queue. */
final class Forwarding {
    private Forwarding() {}

    /** Work with the way into the queue of the installation that the environment names. */
    @FunctionalInterface
    interface QueueWork {
        int run(Invocation call, Enqueue queue) throws IOException;
    }

    static int withQueue(Invocation call, QueueWork work) throws IOException {
        var installation = Installation.ofEnvironment(call.environment());
        try (var log = new EventLog(call.err(), EventLog.Form.PLAIN, Clock.systemUTC());
                var wires = new SocketWires(installation, log)) {
            return work.run(call, QueueProgram.orElse(wires.enqueue(), call.environment(), installation.home()));
        }
    }

    /** What came of it. */
    sealed interface Result {
        /** @param message its number in the queue */
        record Queued(long message) implements Result {}

        /** @param code 100 or 111 */
        record Refused(int code, String text) implements Result {}
    }

    /** Queues {@code head} and the rest of {@code message}, from {@code sender} to {@code recipients}. */
    static Result queue(
            Invocation call, Enqueue queue, String head, InputStream message, String sender, List<String> recipients) {
        Address from;
        var to = new ArrayList<Address>();
        try {
            from = new Address(sender);
            for (String recipient : recipients) {
                to.add(new Address(recipient));
            }
        } catch (IllegalArgumentException e) {
            return new Result.Refused(Exit.PERMANENT, String.valueOf(e.getMessage()));
        }
        var spool = Spool.of(Installation.ofEnvironment(call.environment()), call.environment());
        try (var handover = new Handover(queue, spool, Caller.current(), Instant.now())) {
            handover.write(Octets.bytes(head));
            message.transferTo(handover);
            return switch (handover.commit(from, to)) {
                case Receipt.Accepted(long number) -> new Result.Queued(number);
                case Receipt.NotNow(var status, String reason) ->
                    new Result.Refused(Exit.TEMPORARY, reason + " (#" + status + ")");
                case Receipt.Never(var status, String reason) ->
                    new Result.Refused(Exit.PERMANENT, reason + " (#" + status + ")");
            };
        } catch (IOException e) {
            return new Result.Refused(Exit.TEMPORARY, e.getMessage() + " (#4.3.0)");
        }
    }
}
