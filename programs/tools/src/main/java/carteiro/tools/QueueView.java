package carteiro.tools;

import carteiro.control.Installation;
import carteiro.log.EventLog;
import carteiro.posix.Invocation;
import carteiro.protocol.Inspection;
import carteiro.protocol.NoGreetingException;
import carteiro.protocol.NotRunningException;
import carteiro.protocol.RefusedException;
import carteiro.protocol.SocketWires;
import carteiro.protocol.Waiting.Page;
import carteiro.protocol.Waiting.WaitingMessage;
import java.io.IOException;
import java.time.Clock;
import java.util.List;
import java.util.Optional;

/** A look into the queue of an installation, named by {@code --home} or the environment. */
final class QueueView {
    private QueueView() {}

    /** What is done with it. */
    @FunctionalInterface
    interface Look {
        int at(Invocation call, Installation installation, Inspection queue) throws IOException;
    }

    static int with(Invocation call, String name, Look look) throws IOException {
        Optional<Installation> named = HomeOption.of(call);
        if (named.isEmpty()) {
            call.complain(name + ": usage: " + name + " [ --home DIR ]\n");
            return Exit.PERMANENT;
        }
        Installation installation = named.get();
        try (var log = new EventLog(call.err(), EventLog.LogFormat.PLAIN, Clock.systemUTC());
                var wires = new SocketWires(installation, log)) {
            return look.at(call, installation, told(wires.inspection()));
        }
    }

    /** Says whom queue answers when it answers no more. */
    private static Inspection told(Inspection queue) {
        return new Inspection() {
            @Override
            public QueueCounts counts() throws IOException {
                try {
                    return queue.counts();
                } catch (IOException e) {
                    throw told(e);
                }
            }

            @Override
            public List<WaitingMessage> page(long after, int most) throws IOException {
                try {
                    return queue.page(after, most);
                } catch (IOException e) {
                    throw told(e);
                }
            }

            @Override
            public List<String> reasons(long message, int from, int count) throws IOException {
                try {
                    return queue.reasons(message, from, count);
                } catch (IOException e) {
                    throw told(e);
                }
            }

            @Override
            public Page recipients(long message, int from) throws IOException {
                try {
                    return queue.recipients(message, from);
                } catch (IOException e) {
                    throw told(e);
                }
            }
        };
    }

    private static IOException told(IOException e) {
        return e instanceof NotRunningException || e instanceof NoGreetingException || e instanceof RefusedException
                ? e
                : new IOException(
                        e.getMessage()
                                + "; queue answers root and its own users alone, and says in its log whom it refused",
                        e);
    }
}
