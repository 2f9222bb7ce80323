package carteiro.inject;

import carteiro.mail.Octets;
import carteiro.posix.Invocation;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.SequenceInputStream;
import java.util.List;

/** mailsubj: a message of a subject, recipients and a body from standard input (docs/programs/mailsubj.md). */
public final class Mailsubj {
    private Mailsubj() {}

    /** The command. */
    public static void main(String[] arguments) {
        Invocation.runAndExit("mailsubj", arguments, Mailsubj::run);
    }

    static int run(Invocation call) throws IOException {
        return run(call, QmailInject::inject);
    }

    static int run(Invocation call, Sendmail.Inject inject) throws IOException {
        if (call.arguments().size() < 2) {
            call.complain("mailsubj: usage: mailsubj subject recip ...\n");
            return QmailInject.PERMANENT;
        }
        List<String> recipients = call.arguments().subList(1, call.arguments().size());
        String header = "Subject: " + oneLine(call.arguments().getFirst()) + "\nTo: "
                + oneLine(String.join(", ", recipients)) + "\n\n";
        var message = new SequenceInputStream(new ByteArrayInputStream(Octets.bytes(header)), call.in());
        return inject.run(call.withArguments(List.of("-h")).withInput(message));
    }

    /** A line end in an argument must not begin a field. */
    private static String oneLine(String text) {
        return text.replace('\n', ' ').replace('\r', ' ');
    }
}
