package carteiro.tools;

import carteiro.mail.Octets;
import carteiro.posix.Invocation;
import java.io.IOException;
import java.util.List;

/** bouncesaying: in {@code .qmail}, bounces the message, perhaps if a program says so (docs/programs/bouncesaying.md). */
public final class Bouncesaying {
    private Bouncesaying() {}

    /** The command. */
    public static void main(String[] arguments) {
        Invocation.runAndExit("bouncesaying", arguments, Bouncesaying::run);
    }

    static int run(Invocation call) throws IOException {
        List<String> arguments = call.arguments();
        if (arguments.isEmpty()) {
            call.complain("bouncesaying: usage: bouncesaying error [ program [ arg ... ] ]\n");
            return Exit.PERMANENT;
        }
        int code = arguments.size() == 1 ? 0 : ChildProcess.onOurInput(arguments.subList(1, arguments.size()));
        return switch (code) {
            case 0 -> {
                call.err().write(Octets.bytes(arguments.getFirst() + "\n")); // it goes into the bounce as it is
                yield Exit.PERMANENT;
            }
            case Exit.TEMPORARY -> Exit.TEMPORARY;
            default -> 0;
        };
    }
}
