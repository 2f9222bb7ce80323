package carteiro.tools;

import carteiro.control.ControlException;
import carteiro.control.ControlFiles;
import carteiro.control.Installation;
import carteiro.control.Routing;
import carteiro.log.LogText;
import carteiro.mail.Address;
import carteiro.mail.MailDate;
import carteiro.posix.Invocation;
import carteiro.protocol.Inspection;
import carteiro.protocol.Waiting.RecipientState;
import carteiro.protocol.Waiting.WaitingMessage;
import java.io.IOException;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.util.List;

/** qmail-qread: the messages in the queue and their recipients (docs/programs/qmail-qread.md). */
public final class QmailQread {
    private static final int PAGE = 200;

    private QmailQread() {}

    /** The command. */
    public static void main(String[] arguments) {
        System.exit(Invocation.ofThisProcess(arguments)
                .run("qmail-qread", call -> QueueView.with(call, "qmail-qread", QmailQread::run)));
    }

    static int run(Invocation call, Installation installation, Inspection queue) throws IOException {
        SpoolView.tell(call, "qmail-qread", installation);
        Routing routing;
        try {
            var files = new ControlFiles(installation);
            routing = Routing.read(files);
            files.check();
        } catch (ControlException e) {
            throw new IOException("unable to read controls: " + e.getMessage(), e);
        }
        List<WaitingMessage> page = queue.page(0, PAGE);
        while (!page.isEmpty()) {
            var text = new StringBuilder();
            for (WaitingMessage message : page) {
                write(text, message, routing);
            }
            call.print(text.toString());
            page = queue.page(page.getLast().message(), PAGE);
        }
        return 0;
    }

    private static void write(StringBuilder text, WaitingMessage message, Routing routing) {
        var birth = LocalDateTime.ofEpochSecond(message.birth().getEpochSecond(), 0, ZoneOffset.UTC);
        text.append(MailDate.format(birth, "GMT"))
                .append("  #")
                .append(message.message())
                .append("  ")
                .append(message.octets())
                .append("  <")
                .append(printable(message.envelope().sender().octets()))
                .append("> ");
        for (RecipientState state : message.states()) {
            if (state instanceof RecipientState.ToBounce) {
                text.append(" bouncing");
                break;
            }
        }
        text.append('\n');
        for (int i = 0; i < message.states().size(); i++) {
            Address recipient = message.envelope().recipients().get(i);
            text.append(
                    switch (message.states().get(i)) {
                        case RecipientState.Due _ -> "";
                        case RecipientState.Done _, RecipientState.ToBounce _ -> "  done";
                    });
            Routing.Route route = routing.route(recipient);
            text.append(route instanceof Routing.Route.Local ? "\tlocal\t" : "\tremote\t")
                    .append(printable(route.recipient().octets()))
                    .append('\n');
        }
    }

    /** As one word: scripts split the line at blanks. */
    private static String printable(String octets) {
        return LogText.printable(octets).replace(' ', '_');
    }
}
