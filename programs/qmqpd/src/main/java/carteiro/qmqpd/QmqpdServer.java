package carteiro.qmqpd;

import carteiro.control.ControlException;
import carteiro.control.Settings;
import carteiro.control.TcpRules;
import carteiro.listen.Arrival;
import carteiro.listen.Budgets;
import carteiro.listen.Client;
import carteiro.listen.ClientConnection;
import carteiro.listen.ClientService;
import carteiro.listen.HostNames;
import carteiro.listen.ListenAddress;
import carteiro.listen.ListenerLimits;
import carteiro.listen.Listeners;
import carteiro.log.EventLog;
import carteiro.mail.Status;
import carteiro.posix.SystemAccount;
import carteiro.protocol.Program;
import carteiro.protocol.StartupGrace;
import java.io.IOException;
import java.net.InetAddress;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/** Takes a message from each client that finds a place, by the settings of now. */
final class QmqpdServer implements Program.RunningProgram, ClientService {
    /** QMQP has no lines; a line that is not read has this limit. */
    static final int NO_LINES = 512;

    private static final QmqpReply ALL_TAKEN =
            QmqpReply.of(new Status(4, 3, 2), "too many connections, try again later");
    private static final QmqpReply ENOUGH_FOR_ONE =
            QmqpReply.of(new Status(4, 7, 0), "too many connections from you, try again later");
    private static final QmqpReply DENIED = QmqpReply.of(new Status(4, 7, 1), "no service for you here");

    private final Program.ProgramContext context;
    private final EventLog log;
    private final StartupGrace startup;
    private final Budgets budgets;
    private final HostNames hostNames = new HostNames(InetAddress::getCanonicalHostName, HostNames.PATIENCE);
    private final Listeners listeners;

    private volatile QmqpdSettings settings;
    private volatile int uid;

    QmqpdServer(Program.ProgramContext context, QmqpdSettings settings, Budgets budgets) {
        this.context = context;
        this.log = context.log();
        this.settings = settings;
        this.budgets = budgets;
        this.listeners =
                new Listeners("qmqpd", Settings.QMQPDLISTEN, this, QmqpdEvent.OF_LISTENERS, log, Listeners.GRACE);
        this.startup = StartupGrace.begin(StartupGrace.LENGTH, listeners::isStopping);
    }

    /** Opens every listener; nothing is accepted yet. @throws IOException as {@link Listeners#open} */
    void open() throws IOException {
        List<ListenAddress> wanted = settings.listen().orElse(List.of());
        listeners.open(wanted);
        if (wanted.isEmpty()) {
            log.warning("qmqpd", "listening nowhere; write an address such as [::]:628 into control/qmqpdlisten");
        }
    }

    /** Begins to accept, as the user who will serve. */
    void serve() {
        uid = SystemAccount.effectiveUid();
        tellWhoIsServed(settings);
        listeners.serve();
    }

    private void tellWhoIsServed(QmqpdSettings now) {
        if (now.rules().isEmpty()) {
            log.info(
                    "qmqpd",
                    "there is no control/tcp.qmqp, and so clients on this host alone are served; name in it who else may"
                            + " send to anywhere");
        } else if (now.isOpenToAll()) {
            log.alert(
                    "qmqpd",
                    "control/tcp.qmqp serves everybody: anybody may send to anywhere; end it with :deny unless you mean it");
        }
    }

    @Override
    public ListenerLimits limits() {
        return settings.limits();
    }

    @Override
    public void allTaken(Arrival arrival) {
        turnAway(arrival, ALL_TAKEN, "all " + settings.limits().connections() + " connections are taken");
    }

    @Override
    public void enoughForOne(Arrival arrival) {
        turnAway(arrival, ENOUGH_FOR_ONE, "it has " + settings.limits().connectionsOfOne() + " connections");
    }

    @Override
    public void withoutProxy(Arrival arrival, String why) {
        listeners.turnAway(arrival, new byte[0], why, "");
    }

    private void turnAway(Arrival arrival, QmqpReply reply, String why) {
        listeners.turnAway(arrival, reply.octets(), why, "");
    }

    @Override
    public void serve(Arrival arrival) {
        try {
            serve(arrival, settings);
        } catch (IOException e) {
            log.log(new QmqpdEvent.QmqpLost(Client.text(arrival.address()), "connection lost at once"));
        }
    }

    private void serve(Arrival arrival, QmqpdSettings now) throws IOException {
        InetAddress address = arrival.address();
        String host = now.needHost() ? hostNames.of(address) : "";
        TcpRules.Rule rule = now.ruleFor(address, host);
        if (rule instanceof TcpRules.Rule.Deny) {
            turnAway(
                    arrival,
                    DENIED,
                    now.rules().isEmpty()
                            ? "there is no control/tcp.qmqp, and it is not on this host"
                            : "control/tcp.qmqp does not allow it");
            return;
        }
        arrival.socket().setTcpNoDelay(true);
        var connection = new ClientConnection(arrival.socket(), now.silence(), now.conversation(), NO_LINES);
        var session = new QmqpdSession(
                connection,
                Client.at(address, host, rule),
                now,
                new QmqpdSession.QmqpContext(
                        context.wires().enqueue(),
                        log,
                        Clock.systemUTC(),
                        context.installation().home(),
                        budgets,
                        startup,
                        uid));
        listeners.converse(connection, () -> {
            var _ = session.run(arrival.role());
        });
    }

    /** New conversations get the new settings; listeners are opened and closed as the file now says. */
    @Override
    public synchronized void reload() throws ControlException {
        QmqpdSettings read = QmqpdSettings.read(context.installation());
        List<ListenAddress> listen = read.listen().orElse(List.of()); // no file is nowhere
        listeners.reload(Optional.of(listen), () -> settings = read);
        if (listen.isEmpty()) {
            context.log().warning("qmqpd", "listening nowhere; carteiro stop qmqpd ends it");
        }
        tellWhoIsServed(read);
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
        hostNames.close();
    }
}
