package carteiro.protocol;

import carteiro.control.Installation;
import carteiro.log.EventLog;
import carteiro.wire.Watchdog;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;

/** The carrier between processes: Unix domain sockets in HOME/run. */
public final class SocketWires implements Wires {
    private final Path run;
    private final EventLog log;
    private final Watchdog watchdog = new Watchdog();
    private final Tickets tickets = Tickets.fresh(); // of what is offered
    private final ConcurrentMap<Door, Connections> connections = new ConcurrentHashMap<>();
    private final ConcurrentMap<Door, Questions> questions = new ConcurrentHashMap<>();
    private final Set<DoorKeeper> open = ConcurrentHashMap.newKeySet();

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
    public Homes homes() {
        return new HomesWire.Client(asking(Door.HOMES, HomesWire.LIMITS));
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
        return open(Door.ENQUEUE, EnqueueWire.server(enqueue, watchdog));
    }

    @Override
    public Closeable offer(Waiting waiting) throws IOException {
        return open(Door.WAITING, WaitingWire.server(waiting, tickets));
    }

    @Override
    public Closeable offer(Messages messages) throws IOException {
        return open(Door.MESSAGES, MessagesWire.server(messages, tickets, watchdog));
    }

    @Override
    public Closeable offer(Channel channel, Deliver deliver) throws IOException {
        return open(Door.deliver(channel), DeliverWire.server(deliver, watchdog));
    }

    @Override
    public Closeable offer(Lookup lookup) throws IOException {
        return open(Door.LOOKUP, LookupWire.server(lookup, watchdog));
    }

    @Override
    public Closeable offerHomes(Homes homes) throws IOException {
        return open(Door.HOMES, HomesWire.server(homes, watchdog));
    }

    @Override
    public Closeable offer(Cleaning cleaning) throws IOException {
        return open(Door.CLEANING, CleaningWire.server(cleaning));
    }

    @Override
    public Closeable offer(Inspection inspection) throws IOException {
        return open(Door.INSPECTION, InspectionWire.server(inspection, watchdog));
    }

    @Override
    public Closeable offer(Withdrawal withdrawal) throws IOException {
        return open(Door.WITHDRAWAL, WithdrawalWire.server(withdrawal));
    }

    private Closeable open(Door door, DoorKeeper.Server server) throws IOException {
        DoorKeeper keeper = DoorKeeper.open(door, run, server, log);
        open.add(keeper);
        return () -> {
            open.remove(keeper);
            keeper.close();
        };
    }

    @Override
    public boolean serves(String program) {
        for (DoorKeeper keeper : open) {
            if (keeper.program().equals(program) && !keeper.alive()) {
                return false;
            }
        }
        return true;
    }

    @Override
    public void close() {
        questions.values().forEach(Questions::close);
        connections.values().forEach(Connections::close);
        watchdog.close();
    }
}
