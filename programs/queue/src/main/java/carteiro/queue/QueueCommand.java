package carteiro.queue;

import carteiro.control.Installation;
import carteiro.log.EventLog;
import carteiro.posix.Identity;
import carteiro.posix.Invocation;
import carteiro.posix.SystemAccount;
import carteiro.queue.Snapshot.State;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;

/** {@code carteiro queue check}: for whoever looks after a queue (docs/programs/queue.md). */
public final class QueueCommand {
    private static final int FAULTS = 1;
    private static final int PERMANENT = 100;
    private static final String USAGE = "usage: carteiro queue check [ --home DIR ]\n";

    private QueueCommand() {}

    /** The command. */
    public static void main(String[] arguments) {
        System.exit(Invocation.ofThisProcess(arguments).run("carteiro queue", QueueCommand::run));
    }

    static int run(Invocation call) throws IOException {
        Installation installation = Installation.ofEnvironment(call.environment());
        var words = new ArrayList<String>();
        List<String> arguments = call.arguments();
        for (int i = 0; i < arguments.size(); i++) {
            if (arguments.get(i).equals("--home") && i + 1 < arguments.size()) {
                installation = new Installation(Path.of(arguments.get(++i)));
            } else {
                words.add(arguments.get(i));
            }
        }
        if (!words.equals(List.of("check"))) {
            call.complain(USAGE);
            return PERMANENT;
        }
        Path folder = installation.queue();
        try {
            becomeOwner(folder);
            return check(call, folder);
        } catch (AccessDeniedException e) {
            throw new IOException(
                    e.getMessage() + " cannot be opened: only root and the owner of " + folder
                            + " may look into a queue; run this command as one of them",
                    e);
        }
    }

    /** Root gives up what it does not need, and leaves no file that queue could not use. */
    private static void becomeOwner(Path folder) throws IOException {
        if (!Files.isDirectory(folder)) {
            throw new IOException(folder + " is not there; --home DIR says which installation is meant");
        }
        int owner = (Integer) Files.getAttribute(folder, "unix:uid");
        if (owner != 0 && Identity.ownUid() == 0) {
            Identity.become(SystemAccount.withUid(owner)
                    .orElseThrow(() -> new IOException(folder + " belongs to uid " + owner
                            + ", which is no account; give it to the user of queue")));
        }
    }

    private static int check(Invocation call, Path folder) throws IOException {
        FileDisk disk = FileDisk.forReading(folder);
        Queue.checkFormat(disk);
        State state = disk.isLocked(Queue.LOCK) ? State.RUNNING : State.STOPPED;
        print(
                call,
                folder
                        + (state == State.RUNNING
                                ? ": queue is running; what it writes meanwhile is not looked at"
                                : ": queue is not running"));
        try (var log = new EventLog(call.err(), EventLog.Form.PLAIN, Clock.systemUTC());
                var snapshot = new Snapshot(disk, state, log)) {
            int faults = new QueueCheck(disk, state, folder.toString(), snapshot, line -> print(call, line)).run();
            if (state == State.STOPPED && disk.isLocked(Queue.LOCK)) {
                throw new IOException("queue was started meanwhile; what was found may be wrong; check again");
            }
            return faults == 0 ? 0 : FAULTS;
        } catch (UncheckedIOException e) {
            throw e.getCause();
        }
    }

    private static void print(Invocation call, String line) {
        try {
            call.print(line + "\n");
        } catch (IOException e) {
            throw new UncheckedIOException(e); // standard output is closed
        }
    }
}
