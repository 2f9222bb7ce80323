package carteiro.tools;

import carteiro.control.Installation;
import carteiro.log.EventLog;
import carteiro.posix.Invocation;
import carteiro.protocol.Inspection;
import carteiro.protocol.NotRunningException;
import carteiro.protocol.SocketWires;
import java.io.IOException;
import java.time.Clock;
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
        try (var log = new EventLog(call.err(), EventLog.Form.PLAIN, Clock.systemUTC());
                var wires = new SocketWires(installation, log)) {
            return look.at(call, installation, wires.inspection());
        } catch (NotRunningException e) {
            throw e;
        } catch (IOException e) {
            throw new IOException(
                    e.getMessage()
                            + "; queue answers root and its own users alone, and says in its log whom it refused",
                    e);
        }
    }
}
