package carteiro.tools;

import carteiro.posix.Invocation;
import carteiro.protocol.Inspection;
import java.io.IOException;

/** qmail-qstat: how many messages wait (docs/programs/qmail-qstat.md). */
public final class QmailQstat {
    private QmailQstat() {}

    /** The command. */
    public static void main(String[] arguments) {
        Invocation.runAndExit(
                "qmail-qstat", arguments, call -> QueueView.with(call, "qmail-qstat", (c, _, queue) -> run(c, queue)));
    }

    static int run(Invocation call, Inspection queue) throws IOException {
        Inspection.QueueCounts counts = queue.counts();
        call.print("messages in queue: " + counts.messages() + "\nmessages in queue but not yet preprocessed: "
                + counts.unseen() + "\n");
        return 0;
    }
}
