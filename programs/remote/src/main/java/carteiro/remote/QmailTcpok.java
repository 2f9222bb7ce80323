package carteiro.remote;

import carteiro.control.ChosenHome;
import carteiro.control.Installation;
import carteiro.log.LogText;
import carteiro.posix.Invocation;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;

/** The command {@code qmail-tcpok}: forgets every address that did not answer; remote tries them again at once. */
public final class QmailTcpok {
    private static final int USAGE = 100;

    private QmailTcpok() {}

    /** Runs the command. */
    public static void main(String[] arguments) {
        Invocation.runAndExit("qmail-tcpok", arguments, QmailTcpok::run);
    }

    static int run(Invocation call) {
        ChosenHome chosen = ChosenHome.ofOctets(call.arguments(), call.environment());
        if (!chosen.problem().isEmpty() || !chosen.rest().isEmpty()) {
            call.complain("qmail-tcpok: usage: qmail-tcpok [--home DIR]\n");
            return USAGE;
        }
        return run(chosen.installation(), System.err);
    }

    static int run(Installation installation, PrintStream errors) {
        Path table = Remote.deadHosts(installation);
        try {
            DeadHosts.clear(table);
            return 0;
        } catch (IOException e) {
            errors.println("qmail-tcpok: " + table + " cannot be emptied: " + LogText.reason(e)
                    + "; run it as root or qmailr");
            return 111;
        }
    }
}
