package carteiro.tools;

import carteiro.posix.Invocation;
import carteiro.protocol.Enqueue;
import carteiro.tools.CommandSubmission.SubmissionResult;
import java.io.IOException;

/** forward: in {@code .qmail}, forwards the message (docs/programs/forward.md). */
public final class Forward {
    private Forward() {}

    /** The command. */
    public static void main(String[] arguments) {
        Invocation.runAndExit("forward", arguments, call -> CommandSubmission.withQueue(call, Forward::run));
    }

    static int run(Invocation call, Enqueue queue) throws IOException {
        if (call.arguments().isEmpty()) {
            call.complain("forward: usage: forward newaddress ...\n");
            return Exit.PERMANENT;
        }
        for (String variable : new String[] {"NEWSENDER", "DTLINE"}) {
            if (!call.environment().containsKey(variable)) {
                call.complain("forward: fatal: " + variable + " not set; forward is for .qmail files\n");
                return Exit.PERMANENT;
            }
        }
        SubmissionResult result = CommandSubmission.queue(
                call, queue, call.variable("DTLINE"), call.in(), call.variable("NEWSENDER"), call.arguments());
        return switch (result) {
            case SubmissionResult.MessageQueued(long message) -> {
                call.complain("forward: qp " + message + "\n");
                yield 0;
            }
            case SubmissionResult.MessageRefused(int code, String text) -> {
                call.complain("forward: fatal: unable to forward message: " + text + "\n");
                yield code;
            }
        };
    }
}
