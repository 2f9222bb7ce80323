package carteiro.queuetool;

import carteiro.control.Installation;
import carteiro.log.EventLog;
import carteiro.log.LogText;
import carteiro.posix.Invocation;
import carteiro.protocol.BounceParagraph;
import carteiro.protocol.NoGreetingException;
import carteiro.protocol.NotRunningException;
import carteiro.protocol.RefusedException;
import carteiro.protocol.SocketWires;
import carteiro.protocol.StoppedQueue;
import carteiro.protocol.Waiting;
import carteiro.protocol.Waiting.RecipientState;
import carteiro.protocol.Waiting.Report;
import carteiro.protocol.Waiting.WaitingMessage;
import carteiro.protocol.Waiting.WaitingSession;
import carteiro.protocol.Withdrawal;
import carteiro.protocol.Withdrawal.WithdrawalAction;
import carteiro.protocol.Withdrawal.WithdrawalOutcome;
import carteiro.protocol.Withdrawal.WithdrawalRequest;
import carteiro.segments.FileDisk;
import carteiro.segments.QueueFolder;
import java.io.IOException;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;

/**
 * {@code carteiro queue remove} and {@code bounce}: asks send, which alone knows what is being delivered; with both send
 * and queue stopped, writes into the queue itself.
 */
final class Withdraw {
    private static final int FAULTS = 1;

    private final Invocation call;
    private final Installation installation;
    private final WithdrawalRequest order;
    private int exit;

    Withdraw(Invocation call, Installation installation, WithdrawalRequest order) {
        this.call = call;
        this.installation = installation;
        this.order = order;
    }

    int run(List<Long> numbers) throws IOException {
        int from = 0;
        try (var log = new EventLog(call.err(), EventLog.LogFormat.PLAIN, Clock.systemUTC());
                var wires = new SocketWires(installation, log)) {
            Withdrawal send = wires.withdrawal();
            for (; from < numbers.size(); from += Withdrawal.MOST_MESSAGES) {
                List<Long> some = numbers.subList(from, Math.min(numbers.size(), from + Withdrawal.MOST_MESSAGES));
                List<WithdrawalOutcome> results = asked(send, some);
                for (int i = 0; i < some.size(); i++) {
                    say(some.get(i), results.get(i));
                }
            }
            return exit;
        } catch (NotRunningException e) {
            return inStoppedQueue(numbers.subList(from, numbers.size()));
        }
    }

    private List<WithdrawalOutcome> asked(Withdrawal send, List<Long> numbers) throws IOException {
        try {
            return send.withdraw(order, System.getProperty("user.name", ""), numbers);
        } catch (NotRunningException | NoGreetingException | RefusedException e) {
            throw e;
        } catch (IOException e) {
            throw new IOException(
                    LogText.reason(e)
                            + "; send is stopping, or does not serve this user: it serves root, the user it runs as,"
                            + " and qmailq, and says in its log whom it refused",
                    e);
        }
    }

    private void say(long number, WithdrawalOutcome result) throws IOException {
        String message = "message " + number + ": ";
        switch (result) {
            case WITHDRAWN -> call.print(message + done());
            case RUNNING ->
                call.print(message + "is being delivered to some recipients now; the others are not tried any more, and"
                        + " when that has ended it is " + done());
            case ENDING -> undone(message + "nothing of it was left to be tried: its end or its bounce is on the way");
            case UNKNOWN -> undone(message + "does not wait in this queue");
            case NOT_YET ->
                undone(
                        message
                                + "send has not taken it yet; try again in a moment, and see by carteiro status that lookup runs");
            case PENDING ->
                undone(message + "not yet: queue does not answer; send tells it when it does, unless send is stopped"
                        + " before (see carteiro status)");
        }
    }

    private String done() {
        return switch (order.way()) {
            case REMOVE -> "removed\n";
            case BOUNCE -> "given up, its sender is told\n";
        };
    }

    private void undone(String text) {
        call.complain("carteiro queue: " + text + "\n");
        exit = FAULTS;
    }

    private int inStoppedQueue(List<Long> numbers) throws IOException {
        QueueCommand.becomeOwner(installation.queue());
        if (new FileDisk(installation.queue()).isLocked(QueueFolder.LOCK)) {
            throw new IOException("queue runs and send does not; only send may say now that a message is not tried any"
                    + " more: start send, or stop queue too, then try again");
        }
        try (var log = new EventLog(call.err(), EventLog.LogFormat.PLAIN, Clock.systemUTC());
                StoppedQueue queue = QueueCommand.openStopped(installation, log);
                WaitingSession session = queue.waiting().open()) {
            for (long number : numbers) {
                say(number, withdraw(queue, session, number));
            }
            return exit;
        }
    }

    private WithdrawalOutcome withdraw(StoppedQueue queue, WaitingSession session, long number) throws IOException {
        List<WaitingMessage> page = queue.inspection().page(number - 1, 1);
        if (page.isEmpty() || page.getFirst().message() != number) {
            return WithdrawalOutcome.UNKNOWN;
        }
        WaitingMessage waiting = page.getFirst();
        if (order.way() == WithdrawalAction.REMOVE) {
            session.report(List.of(new Report.MessageEnded(number)));
            return WithdrawalOutcome.WITHDRAWN;
        }
        boolean any = false;
        for (int from = 0; from < waiting.recipients(); ) {
            Waiting.Page some = session.recipients(number, from);
            if (some.recipients().isEmpty()) {
                throw new IOException("message " + number + " cannot be read; see \"carteiro queue check\"");
            }
            var reports = new ArrayList<Report>();
            for (int i = 0; i < some.states().size(); i++) {
                if (some.states().get(i) instanceof RecipientState.Due) {
                    String paragraph = BounceParagraph.of(some.addresses().get(i), order.report());
                    reports.add(new Report.RecipientFailed(number, from + i, paragraph));
                }
            }
            if (!reports.isEmpty()) {
                session.report(reports); // a page is no more than may be reported at once
                any = true;
            }
            from += some.recipients().size();
        }
        return any ? WithdrawalOutcome.WITHDRAWN : WithdrawalOutcome.ENDING;
    }
}
