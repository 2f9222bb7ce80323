package carteiro.tools;

import carteiro.mail.Octets;
import carteiro.posix.Invocation;
import carteiro.posix.Options;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.SequenceInputStream;

/** preline: in {@code .qmail}, puts From_, Return-Path and Delivered-To before the message (docs/programs/preline.md). */
public final class Preline {
    private Preline() {}

    /** The command. */
    public static void main(String[] arguments) {
        Invocation.runAndExit("preline", arguments, Preline::run);
    }

    static int run(Invocation call) throws IOException {
        boolean from = true;
        boolean returnPath = true;
        boolean deliveredTo = true;
        var options = new Options(call.arguments(), "frdFRD");
        for (char letter; (letter = options.next()) != Options.END; ) {
            switch (letter) {
                case 'f', 'F' -> from = letter == 'F';
                case 'r', 'R' -> returnPath = letter == 'R';
                case 'd', 'D' -> deliveredTo = letter == 'D';
                default -> {
                    return usage(call);
                }
            }
        }
        if (options.rest().isEmpty()) {
            return usage(call);
        }
        var lines = new StringBuilder();
        if (from && !append(lines, call, "UFLINE")
                || returnPath && !append(lines, call, "RPLINE")
                || deliveredTo && !append(lines, call, "DTLINE")) {
            return Exit.PERMANENT;
        }
        var message = new SequenceInputStream(new ByteArrayInputStream(Octets.bytes(lines.toString())), call.in());
        return ChildProcess.onInput(options.rest(), message);
    }

    private static int usage(Invocation call) {
        call.complain("preline: usage: preline [ -frdFRD ] cmd [ arg ... ]\n");
        return Exit.PERMANENT;
    }

    private static boolean append(StringBuilder lines, Invocation call, String variable) {
        if (!call.environment().containsKey(variable)) {
            call.complain("preline: fatal: " + variable + " not set; preline is for .qmail files\n");
            return false;
        }
        lines.append(call.variable(variable));
        return true;
    }
}
