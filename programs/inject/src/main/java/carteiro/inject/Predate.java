package carteiro.inject;

import carteiro.mail.MailDate;
import carteiro.mail.Octets;
import carteiro.posix.ChildCommand;
import carteiro.posix.Invocation;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.SequenceInputStream;
import java.lang.ProcessBuilder.Redirect;
import java.time.ZoneId;
import java.time.ZonedDateTime;

/** predate: runs a program with a Date field of local time before its input (docs/programs/predate.md). */
public final class Predate {
    private Predate() {}

    /** The command. */
    public static void main(String[] arguments) {
        Invocation.runAndExit("predate", arguments, Predate::run);
    }

    static int run(Invocation call) throws IOException {
        if (call.arguments().isEmpty()) {
            call.complain("predate: usage: predate child\n");
            return QmailInject.PERMANENT;
        }
        InputStream input = dated(call.in(), ZonedDateTime.now(ZoneId.systemDefault()));
        try {
            Process child = ChildCommand.withOurVariables(call.arguments())
                    .redirectInput(Redirect.PIPE)
                    .redirectOutput(Redirect.INHERIT)
                    .redirectError(Redirect.INHERIT)
                    .start();
            ChildCommand.feed(child, input);
            return ChildCommand.exitCode(child);
        } catch (IOException e) {
            throw new IOException("unable to run " + call.arguments().getFirst() + ": " + e.getMessage(), e);
        }
    }

    /** The input with a Date field before it. */
    static InputStream dated(InputStream input, ZonedDateTime now) {
        return new SequenceInputStream(new ByteArrayInputStream(Octets.bytes(field(now))), input);
    }

    /** The field with its line end; the zone's offset is cut to minutes. */
    static String field(ZonedDateTime now) {
        int minutes = now.getOffset().getTotalSeconds() / 60;
        int digits = Math.abs(minutes) / 60 * 100 + Math.abs(minutes) % 60;
        String zone =
                (minutes < 0 ? "-" : "+") + Integer.toString(10_000 + digits).substring(1);
        return "Date: " + MailDate.format(now.toLocalDateTime(), zone) + "\n";
    }
}
