package carteiro.inject;

import carteiro.posix.Invocation;
import java.io.IOException;
import java.time.ZoneId;
import java.time.ZonedDateTime;

/** datemail: sendmail with a Date field of local time (docs/programs/predate.md). */
public final class Datemail {
    private Datemail() {}

    /** The command. */
    public static void main(String[] arguments) {
        Invocation.runAndExit("datemail", arguments, Datemail::run);
    }

    static int run(Invocation call) throws IOException {
        return Sendmail.send(call.withInput(Predate.dated(call.in(), ZonedDateTime.now(ZoneId.systemDefault()))));
    }
}
