package carteiro.protocol;

import carteiro.control.Installation;
import carteiro.log.EventLog;
import carteiro.posix.SystemAccount;
import carteiro.wire.Watchdog;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;

/** The carrier between processes: Unix domain sockets in HOME/run. */
public final class SocketWires implements Wires {
    private final Path run;
    private final EventLog log;
    private final Watchdog watchdog = new Watchdog();
    private final ConcurrentMap<Door, Connections> connections = new ConcurrentHashMap<>();
    private final ConcurrentMap<Door, Questions> questions = new ConcurrentHashMap<>();
    private final ConcurrentMap<String, Integer> uids = new ConcurrentHashMap<>();

    /** The wires of an installation. */
    public SocketWires(Installation installation, EventLog log) {
        this.run = installation.run();
        this.log = log;
    }

    private Questions asking(Door door, Answers.Limits limits) {
        return questions.computeIfAbsent(door, wanted -> new Questions(to(wanted), limits.answer()));
    }

    private Connections to(Door door) {
        return connections.computeIfAbsent(door, wanted -> new Connections(wanted, run, watchdog));
    }

    @Override
    public Enqueue enqueue() {
        return new EnqueueWire.Client(to(Door.ENQUEUE), asking(Door.ENQUEUE, EnqueueWire.LIMITS));
    }

    @Override
    public Waiting waiting() {
        return new WaitingWire.Client(to(Door.WAITING));
    }

    @Override
    public Messages messages() {
        return new MessagesWire.Client(to(Door.MESSAGES), asking(Door.MESSAGES, MessagesWire.LIMITS));
    }

    @Override
    public Deliver deliver(Channel channel) {
        return new DeliverWire.Client(asking(Door.deliver(channel), DeliverWire.LIMITS));
    }

    @Override
    public Lookup lookup() {
        return new LookupWire.Client(asking(Door.LOOKUP, LookupWire.LIMITS));
    }

    @Override
    public Cleaning cleaning() {
        return new CleaningWire.Client(to(Door.CLEANING));
    }

    @Override
    public Inspection inspection() {
        return new InspectionWire.Client(to(Door.INSPECTION));
    }

    @Override
    public Withdrawal withdrawal() {
        return new WithdrawalWire.Client(to(Door.WITHDRAWAL));
    }

    @Override
    public Closeable offer(Enqueue enqueue) throws IOException {
        return DoorKeeper.open(Door.ENQUEUE, run, EnqueueWire.server(enqueue, this::uidOf, watchdog), log);
    }

    @Override
    public Closeable offer(Waiting waiting) throws IOException {
        return DoorKeeper.open(Door.WAITING, run, WaitingWire.server(waiting), log);
    }

    @Override
    public Closeable offer(Messages messages) throws IOException {
        return DoorKeeper.open(Door.MESSAGES, run, MessagesWire.server(messages, watchdog), log);
    }

    @Override
    public Closeable offer(Channel channel, Deliver deliver) throws IOException {
        return DoorKeeper.open(Door.deliver(channel), run, DeliverWire.server(deliver, watchdog), log);
    }

    @Override
    public Closeable offer(Lookup lookup) throws IOException {
        return DoorKeeper.open(Door.LOOKUP, run, LookupWire.server(lookup, watchdog), log);
    }

    @Override
    public Closeable offer(Cleaning cleaning) throws IOException {
        return DoorKeeper.open(Door.CLEANING, run, CleaningWire.server(cleaning), log);
    }

    @Override
    public Closeable offer(Inspection inspection) throws IOException {
        return DoorKeeper.open(Door.INSPECTION, run, InspectionWire.server(inspection), log);
    }

    @Override
    public Closeable offer(Withdrawal withdrawal) throws IOException {
        return DoorKeeper.open(Door.WITHDRAWAL, run, WithdrawalWire.server(withdrawal), log);
    }

    private int uidOf(String user) {
        Integer known = uids.get(user);
        if (known != null) {
            return known;
        }
        int uid;
        try {
            Optional<SystemAccount> account = SystemAccount.named(user);
            // a user without a name is shown by number
            uid = account.map(SystemAccount::uid)
                    .orElseGet(() -> user.matches("\\d{1,9}") ? Integer.parseInt(user) : -1);
        } catch (IOException e) {
            return -1; // only for the log
        }
        uids.put(user, uid);
        return uid;
    }

    @Override
    public void close() {
        questions.values().forEach(Questions::close);
        connections.values().forEach(Connections::close);
        watchdog.close();
    }
}
