package carteiro.tools;

import carteiro.posix.Invocation;
import java.io.IOException;

/** except: turns a program's exit code round (docs/programs/except.md). */
public final class Except {
    private Except() {}

    /** The command. */
    public static void main(String[] arguments) {
        Invocation.runAndExit("except", arguments, Except::run);
    }

    static int run(Invocation call) throws IOException {
        if (call.arguments().isEmpty()) {
            call.complain("except: usage: except program [ arg ... ]\n");
            return Exit.PERMANENT;
        }
        return switch (ChildProcess.onOurInput(call.arguments())) {
            case 0 -> Exit.PERMANENT;
            case Exit.TEMPORARY -> Exit.TEMPORARY;
            default -> 0;
        };
    }
}
