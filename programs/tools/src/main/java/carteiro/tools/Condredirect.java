package carteiro.tools;

import carteiro.posix.Invocation;
import carteiro.protocol.Enqueue;
import carteiro.tools.CommandSubmission.SubmissionResult;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;

/** condredirect: in {@code .qmail}, forwards the message if a program says so (docs/programs/condredirect.md). */
public final class Condredirect {
    private Condredirect() {}

    /** The command. */
    public static void main(String[] arguments) {
        Invocation.runAndExit("condredirect", arguments, call -> CommandSubmission.withQueue(call, Condredirect::run));
    }

    static int run(Invocation call, Enqueue queue) throws IOException {
        List<String> arguments = call.arguments();
        if (arguments.size() < 2) {
            call.complain("condredirect: usage: condredirect newaddress program [ arg ... ]\n");
            return Exit.PERMANENT;
        }
        for (String variable : new String[] {"SENDER", "DTLINE"}) {
            if (!call.environment().containsKey(variable)) {
                call.complain("condredirect: fatal: " + variable + " not set; condredirect is for .qmail files\n");
                return Exit.PERMANENT;
            }
        }
        List<String> program = arguments.subList(1, arguments.size());
        Path message = Files.createTempFile("condredirect", ""); // it is read twice, and a pipe can be read but once
        try {
            Files.copy(call.in(), message, StandardCopyOption.REPLACE_EXISTING);
            return switch (ChildProcess.onFile(program, message)) {
                case 0 -> redirect(call, queue, message);
                case Exit.TEMPORARY -> Exit.TEMPORARY;
                default -> 0;
            };
        } finally {
            Files.deleteIfExists(message);
        }
    }

    private static int redirect(Invocation call, Enqueue queue, Path message) throws IOException {
        SubmissionResult result;
        try (InputStream in = Files.newInputStream(message)) {
            result = CommandSubmission.queue(
                    call,
                    queue,
                    call.variable("DTLINE"),
                    in,
                    call.variable("SENDER"),
                    List.of(call.arguments().getFirst()));
        }
        return switch (result) {
            case SubmissionResult.MessageQueued(long number) -> {
                call.complain("condredirect: qp " + number + "\n");
                yield Exit.STOP;
            }
            case SubmissionResult.MessageRefused(int code, String text) -> {
                call.complain("condredirect: fatal: unable to forward message: " + text + "\n");
                yield code;
            }
        };
    }
}
