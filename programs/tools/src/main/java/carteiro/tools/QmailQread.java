package carteiro.tools;

import carteiro.control.ControlException;
import carteiro.control.Installation;
import carteiro.log.LogText;
import carteiro.mail.Address;
import carteiro.mail.MailDate;
import carteiro.posix.Invocation;
import carteiro.protocol.Inspection;
import carteiro.protocol.LookupExplanation.RoutingView;
import carteiro.protocol.Route;
import carteiro.protocol.Waiting.Page;
import carteiro.protocol.Waiting.RecipientState;
import carteiro.protocol.Waiting.WaitingMessage;
import java.io.IOException;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.util.Collections;
import java.util.List;

/** qmail-qread: the messages in the queue and their recipients (docs/programs/qmail-qread.md). */
public final class QmailQread {
    private static final int PAGE = 200;

    private QmailQread() {}

    /** The command. */
    public static void main(String[] arguments) {
        Invocation.runAndExit("qmail-qread", arguments, call -> QueueView.with(call, "qmail-qread", QmailQread::run));
    }

    static int run(Invocation call, Installation installation, Inspection queue) throws IOException {
        SpoolView.tell(call, "qmail-qread", installation);
        RoutingView routes;
        try {
            routes = RoutesOfNow.of(installation);
        } catch (ControlException e) {
            throw new IOException("unable to read controls: " + e.getMessage(), e);
        }
        List<WaitingMessage> page = queue.page(0, PAGE);
        while (!page.isEmpty()) {
            var text = new StringBuilder();
            for (WaitingMessage message : page) {
                writeHead(text, message, isBouncing(queue, message));
                write(
                        text,
                        message.envelope().addresses(),
                        message.states(),
                        reasons(queue, message.message(), 0, message.states()),
                        routes);
                int told = message.states().size();
                while (told < message.recipients()) {
                    call.print(text.toString()); // of many recipients, some at a time
                    text.setLength(0);
                    Page more = queue.recipients(message.message(), told);
                    if (more.recipients().isEmpty()) {
                        break; // it has ended meanwhile
                    }
                    write(
                            text,
                            more.addresses(),
                            more.states(),
                            reasons(queue, message.message(), told, more.states()),
                            routes);
                    told += more.states().size();
                }
            }
            call.print(text.toString());
            page = queue.page(page.getLast().message(), PAGE);
        }
        return 0;
    }

    /** What was said last of recipients, if any of them was deferred. */
    private static List<String> reasons(Inspection queue, long message, int from, List<RecipientState> states)
            throws IOException {
        return states.stream().anyMatch(QmailQread::isDeferred)
                ? queue.reasons(message, from, states.size())
                : Collections.nCopies(states.size(), "");
    }

    private static boolean isDeferred(RecipientState state) {
        return state instanceof RecipientState.Due(var at) && at.getEpochSecond() > 0;
    }

    private static boolean isBouncing(Inspection queue, WaitingMessage message) throws IOException {
        List<RecipientState> states = message.states();
        for (int told = states.size(); ; told += states.size()) {
            if (states.stream().anyMatch(RecipientState.ToBounce.class::isInstance)) {
                return true;
            }
            states = told < message.recipients()
                    ? queue.recipients(message.message(), told).states()
                    : List.of();
            if (states.isEmpty()) {
                return false;
            }
        }
    }

    private static void writeHead(StringBuilder text, WaitingMessage message, boolean bouncing) {
        var birth = LocalDateTime.ofEpochSecond(message.birth().getEpochSecond(), 0, ZoneOffset.UTC);
        text.append(MailDate.format(birth, "GMT"))
                .append("  #")
                .append(message.message())
                .append("  ")
                .append(message.octets())
                .append("  <")
                .append(printable(message.envelope().sender().octets()))
                .append("> ");
        text.append(bouncing ? " bouncing\n" : "\n");
    }

    private static void write(
            StringBuilder text,
            List<Address> recipients,
            List<RecipientState> states,
            List<String> reasons,
            RoutingView routes) {
        for (int i = 0; i < states.size(); i++) {
            Address recipient = recipients.get(i);
            text.append(
                    switch (states.get(i)) {
                        case RecipientState.Due _ -> "";
                        case RecipientState.Done _, RecipientState.ToBounce _ -> "  done";
                    });
            Route route = routes.route(recipient);
            text.append(route instanceof Route.ToLocal ? "\tlocal\t" : "\tremote\t")
                    .append(printable(route.recipient().octets()))
                    .append('\n');
            if (states.get(i) instanceof RecipientState.Due(var at) && isDeferred(states.get(i))) {
                text.append("\t\tnext try ")
                        .append(MailDate.format(LocalDateTime.ofInstant(at, ZoneOffset.UTC), "GMT"));
                if (!reasons.get(i).isEmpty()) {
                    text.append(": ").append(LogText.sentence(reasons.get(i)));
                }
                text.append('\n');
            }
        }
    }

    /** As one word: scripts split the line at blanks. */
    private static String printable(String octets) {
        return LogText.printable(octets).replace(' ', '_');
    }
}
