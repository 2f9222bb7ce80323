package carteiro.queuetool;

import carteiro.control.Installation;
import carteiro.log.EventLog;
import carteiro.log.LogText;
import carteiro.mail.Address;
import carteiro.mail.MailDate;
import carteiro.posix.Invocation;
import carteiro.protocol.Inspection;
import carteiro.protocol.SocketWires;
import carteiro.protocol.Waiting.Page;
import carteiro.protocol.Waiting.RecipientState;
import carteiro.protocol.Waiting.WaitingMessage;
import java.io.IOException;
import java.time.Clock;
import java.util.List;

/**
 * {@code carteiro queue show} for users who may not read the queue: their own messages, as queue tells them, without what is in
 * them.
 */
final class ShowOwn {
    private static final int FAULTS = 1;

    private final Invocation call;
    private final Inspection queue;

    private ShowOwn(Invocation call, Inspection queue) {
        this.call = call;
        this.queue = queue;
    }

    static int run(Invocation call, Installation installation, List<Long> numbers) throws IOException {
        try (var log = new EventLog(call.err(), EventLog.LogFormat.PLAIN, Clock.systemUTC());
                var wires = new SocketWires(installation, log)) {
            var show = new ShowOwn(call, wires.inspection());
            int exit = 0;
            for (long number : numbers) {
                exit = Math.max(exit, show.message(number));
            }
            return exit;
        }
    }

    private int message(long number) throws IOException {
        List<WaitingMessage> found = queue.page(number - 1, 1);
        if (found.isEmpty() || found.getFirst().message() != number) {
            call.complain("carteiro queue: message " + number + " does not wait in this queue, or is not yours\n");
            return FAULTS;
        }
        WaitingMessage message = found.getFirst();
        var text = new StringBuilder(1000);
        text.append("message ").append(number).append('\n');
        text.append("  arrived: ").append(MailDate.format(message.birth())).append('\n');
        text.append("  size: ").append(message.octets()).append(" octets\n");
        text.append("  sender: ").append(shown(message.envelope().sender())).append('\n');
        add(text, number, 0, message.envelope().addresses(), message.states());
        int told = message.states().size();
        while (told < message.recipients()) {
            call.print(text.toString());
            text.setLength(0);
            Page more = queue.recipients(number, told);
            if (more.recipients().isEmpty()) {
                break; // it has ended meanwhile
            }
            add(text, number, told, more.addresses(), more.states());
            told += more.states().size();
        }
        call.print(text.toString());
        return 0;
    }

    private void add(StringBuilder text, long number, int from, List<Address> recipients, List<RecipientState> states)
            throws IOException {
        List<String> reasons = queue.reasons(number, from, states.size());
        for (int i = 0; i < states.size(); i++) {
            text.append("  recipient: ").append(shown(recipients.get(i))).append(": ");
            text.append(
                            switch (states.get(i)) {
                                case RecipientState.Done() -> "delivered";
                                case RecipientState.ToBounce() -> "failed, the bounce is to come";
                                case RecipientState.Due(var at) when at.getEpochSecond() == 0 -> "not tried yet";
                                case RecipientState.Due(var at) ->
                                    "tried again from " + MailDate.format(at) + " on" + because(reasons.get(i));
                            })
                    .append('\n');
        }
    }

    /** What was said last, behind a colon. */
    static String because(String reason) {
        return reason.isEmpty() ? "" : ": " + LogText.sentence(reason);
    }

    private static String shown(Address address) {
        return "<" + LogText.sentence(address.octets()) + ">";
    }
}
