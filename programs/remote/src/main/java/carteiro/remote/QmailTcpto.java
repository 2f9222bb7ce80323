package carteiro.remote;

import carteiro.control.ChosenHome;
import carteiro.control.Installation;
import carteiro.log.LogText;
import carteiro.posix.Invocation;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;

/** The command {@code qmail-tcpto}: a line for each address that did not answer of late. */
public final class QmailTcpto {
    private static final int USAGE = 100;

    private QmailTcpto() {}

    /** Runs the command. */
    public static void main(String[] arguments) {
        Invocation.runAndExit("qmail-tcpto", arguments, QmailTcpto::run);
    }

    static int run(Invocation call) {
        ChosenHome chosen = ChosenHome.ofOctets(call.arguments(), call.environment());
        if (!chosen.problem().isEmpty() || !chosen.rest().isEmpty()) {
            call.complain("qmail-tcpto: usage: qmail-tcpto [--home DIR]\n");
            return USAGE;
        }
        return run(chosen.installation(), Clock.systemUTC(), System.out, System.err);
    }

    static int run(Installation installation, Clock clock, PrintStream out, PrintStream errors) {
        Path table = Remote.deadHosts(installation);
        try {
            Instant now = clock.instant();
            for (DeadHosts.DeadHost entry : DeadHosts.list(table)) {
                long age = Math.max(0, Duration.between(entry.last(), now).toSeconds());
                out.print(AddressLiteral.text(entry.address()) + " timed out " + age
                        + " seconds ago; # recent timeouts: " + entry.count() + "\n");
            }
            out.flush();
            return 0;
        } catch (NoSuchFileException e) {
            return 0; // nothing was ever noted
        } catch (IOException e) {
            errors.println("qmail-tcpto: " + table + " cannot be read: " + LogText.reason(e));
            return 111;
        }
    }
}
