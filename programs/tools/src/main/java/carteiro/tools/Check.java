package carteiro.tools;

import carteiro.control.Installation;
import carteiro.log.LogText;
import carteiro.posix.Invocation;
import carteiro.protocol.Program;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Optional;
import java.util.ServiceLoader;

/** check: finds every mistake in the settings of an installation at once (docs/programs/carteiro-check.md). */
public final class Check {
    /** Only what keeps programs from starting: for units of systemd, before the start. */
    private static final String BEFORE_START = "--before-start";

    private Check() {}

    /** The command. */
    public static void main(String[] arguments) {
        Invocation.runAndExit("carteiro check", arguments, call -> run(call, ServiceLoader.load(Program.class)));
    }

    /** @param programs those that check their own settings */
    static int run(Invocation call, Iterable<Program> programs) throws IOException {
        var words = new ArrayList<>(call.arguments());
        boolean beforeStart = words.remove(BEFORE_START);
        Optional<Installation> installation = HomeOption.of(call.withArguments(words));
        if (installation.isEmpty()) {
            call.complain("carteiro check: usage: carteiro check [ --before-start ] [ --home DIR ]\n");
            return Exit.PERMANENT;
        }
        Findings findings = beforeStart
                ? Findings.beforeStart(installation.get(), programs)
                : Findings.of(installation.get(), programs);
        var text = new StringBuilder();
        findings.mistakes().forEach(mistake -> text.append(mistake).append('\n'));
        findings.warnings()
                .forEach(warning -> text.append("warning: ").append(warning).append('\n'));
        text.append(LogText.path(installation.get().home()))
                .append(": ")
                .append(
                        findings.mistakes().isEmpty()
                                ? "no mistakes"
                                : count(findings.mistakes().size(), "mistake"))
                .append(
                        findings.warnings().isEmpty()
                                ? ""
                                : ", " + count(findings.warnings().size(), "warning"))
                .append('\n');
        call.print(text.toString()); // the findings are octets
        return findings.mistakes().isEmpty() ? 0 : Exit.PERMANENT;
    }

    private static String count(int number, String noun) {
        return number + " " + noun + (number == 1 ? "" : "s");
    }
}
