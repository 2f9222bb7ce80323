package carteiro.pop3;

import carteiro.control.ControlException;
import carteiro.control.Settings;
import carteiro.listen.Arrival;
import carteiro.listen.Budgets;
import carteiro.listen.Client;
import carteiro.listen.ClientConnection;
import carteiro.listen.ClientService;
import carteiro.listen.ListenAddress;
import carteiro.listen.ListenerLimits;
import carteiro.listen.Listeners;
import carteiro.log.EventLog;
import carteiro.mail.Octets;
import carteiro.protocol.Program;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Has a conversation with each client that finds a place, by the settings of now. */
final class Pop3dServer implements Program.RunningProgram, ClientService {
    private static final byte[] ALL_TAKEN = Octets.bytes("-ERR [SYS/TEMP] too many connections, try again later\r\n");
    private static final byte[] ENOUGH_FOR_ONE =
            Octets.bytes("-ERR [SYS/TEMP] too many connections from you, try again later\r\n");

    private final Program.ProgramContext context;
    private final EventLog log;
    private final Budgets budgets;
    private final Listeners listeners;

    private volatile Pop3dSettings settings;

    Pop3dServer(Program.ProgramContext context, Pop3dSettings settings, Budgets budgets) {
        this.context = context;
        this.log = context.log();
        this.settings = settings;
        this.budgets = budgets;
        this.listeners =
                new Listeners("pop3d", Settings.POP3DLISTEN, this, Pop3Event.OF_LISTENERS, log, Listeners.GRACE);
    }

    /** Opens every listener; nothing is accepted yet. @throws IOException as {@link Listeners#open} */
    void open() throws IOException {
        List<ListenAddress> wanted = settings.listen();
        listeners.open(wanted);
        if (wanted.isEmpty()) {
            log.warning("pop3d", "listening nowhere; write an address such as [::]:995 tls into control/pop3dlisten");
        }
    }

    /** Begins to accept, as the user who will serve. */
    void serve() {
        tell(settings);
        listeners.serve();
    }

    private void tell(Pop3dSettings now) {
        if (now.tls().isEmpty() && !now.cleartext()) {
            log.warning(
                    "pop3d",
                    "nobody can log in: there is no control/servercert.pem for TLS, and control/pop3dcleartext does not"
                            + " allow a login without");
        }
    }

    @Override
    public ListenerLimits limits() {
        return settings.limits();
    }

    @Override
    public void allTaken(Arrival arrival) {
        listeners.turnAway(arrival, ALL_TAKEN, "all " + settings.limits().connections() + " connections are taken", "");
    }

    @Override
    public void enoughForOne(Arrival arrival) {
        listeners.turnAway(
                arrival, ENOUGH_FOR_ONE, "it has " + settings.limits().connectionsOfOne() + " connections", "");
    }

    @Override
    public void withoutProxy(Arrival arrival, String why) {
        listeners.turnAway(arrival, new byte[0], why, "");
    }

    @Override
    public void serve(Arrival arrival) {
        var client = new Client(Client.text(arrival.address()), "", "", "", Map.of());
        try {
            Pop3dSettings now = settings;
            arrival.socket().setTcpNoDelay(true);
            var connection = new ClientConnection(
                    arrival.socket(), now.silence(), Pop3dSettings.CONVERSATION, Pop3dSession.LINE_LIMIT);
            var session = new Pop3dSession(
                    connection,
                    client,
                    now,
                    new Pop3dSession.Pop3dContext(
                            context.wires().passwords(),
                            context.wires().mailboxes(),
                            log,
                            budgets,
                            listeners::isStopping));
            listeners.converse(connection, () -> session.run(arrival.role()));
        } catch (IOException e) {
            log.log(new Pop3Event.Pop3TurnedAway(client.ip(), "connection lost before the greeting"));
        }
    }

    /** New conversations get the new settings; listeners are opened and closed as the file now says. */
    @Override
    public synchronized void reload() throws ControlException {
        Pop3dSettings read = Pop3dSettings.read(context.installation());
        listeners.reload(Optional.of(read.listen()), () -> settings = read);
        tell(read);
    }

    void closeListeners() {
        listeners.close();
    }

    @Override
    public boolean alive() {
        return listeners.alive();
    }

    @Override
    public String status() {
        return listeners.status();
    }

    @Override
    public void stop(Duration patience) {
        listeners.stop(patience);
    }
}
