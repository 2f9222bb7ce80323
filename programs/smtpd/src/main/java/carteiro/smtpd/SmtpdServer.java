package carteiro.smtpd;

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
import carteiro.listen.ListenerRole;
import carteiro.listen.Listeners;
import carteiro.listen.TlsKey;
import carteiro.log.EventLog;
import carteiro.mail.Envelope.AddressForm;
import carteiro.posix.SystemAccount;
import carteiro.protocol.Program;
import carteiro.protocol.StartupGrace;
import carteiro.smtpd.Verdict.Refusal;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/** Has a conversation with each client that finds a place, by the settings of now. */
final class SmtpdServer implements Program.RunningProgram, ClientService {
    /** SMTP's port on every address, IPv4 included. */
    private static final ListenAddress STANDARD =
            new ListenAddress("[::]:25", new InetSocketAddress(25), ListenerRole.PLAIN);

    /**
     * What a test has shorter or longer.
     *
     * @param grace how long a stop leaves a conversation that neither waits for its client nor for the fate of a message
     * @param startup how long after the start lookup and queue are waited for
     */
    record Times(Duration grace, Duration startup) {
        static final Times STANDARD = new Times(Listeners.GRACE, StartupGrace.LENGTH);
    }

    private static final Reply ALL_TAKEN =
            PolicyRule.ALL_CONNECTIONS.reply(421, "4.3.2 too many connections, try again later");
    private static final Reply ENOUGH_FOR_ONE =
            PolicyRule.CONNECTIONS_OF_ONE.reply(421, "4.7.0 too many connections from you, try again later");

    private static final byte[] NOTHING = {};

    private final Program.ProgramContext context;
    private final EventLog log;
    private final Clock clock;
    private final StartupGrace startup;
    private final Budgets budgets;
    private final HostNames hostNames = new HostNames(InetAddress::getCanonicalHostName, HostNames.PATIENCE);
    private final Listeners listeners;

    private volatile SmtpdSettings settings;
    private volatile int uid;

    SmtpdServer(Program.ProgramContext context, SmtpdSettings settings, Budgets budgets, Clock clock, Times times) {
        this.context = context;
        this.log = context.log();
        this.settings = settings;
        this.budgets = budgets;
        this.clock = clock;
        this.listeners =
                new Listeners("smtpd", Settings.SMTPDLISTEN, this, SmtpdEvent.OF_LISTENERS, log, times.grace());
        this.startup = StartupGrace.begin(times.startup(), listeners::isStopping);
    }

    /** Opens every listener; nothing is accepted yet. @throws IOException as {@link Listeners#open} */
    void open(boolean asRoot) throws IOException {
        List<ListenAddress> wanted = settings.listen().orElse(asRoot ? List.of(STANDARD) : List.of());
        listeners.open(wanted);
        if (wanted.isEmpty()) {
            log.warning("smtpd", "listening nowhere; write an address such as 127.0.0.1:2525 into control/smtpdlisten");
        }
    }

    /** Begins to accept, as the user who will serve. */
    void serve() {
        uid = SystemAccount.effectiveUid();
        if (settings.policy().isOpenRelay()) {
            log.alert(
                    "smtpd", "control/openrelay says yes: anybody may send to anywhere; remove it unless you mean it");
        }
        if (settings.widestForm() == AddressForm.ASCII) {
            log.warning(
                    "smtpd",
                    "file names are " + SmtpdSettings.fileNames() + " in this locale, so that SMTPUTF8 is not offered; "
                            + PolicyRule.FILE_NAMES.administrator());
        }
        listeners.serve();
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
        listeners.turnAway(arrival, NOTHING, why, PolicyRule.PROXIES.toString());
    }

    private void turnAway(Arrival arrival, Reply reply, String why) {
        listeners.turnAway(arrival, reply.octets(settings.ruleCodes()), why, reply.ruleName());
    }

    @Override
    public void serve(Arrival arrival) {
        try {
            serve(arrival, settings);
        } catch (IOException e) {
            log.log(new SmtpdEvent.TurnedAway(
                    Client.text(arrival.address()), "connection lost before the greeting", ""));
        }
    }

    private void serve(Arrival arrival, SmtpdSettings now) throws IOException {
        InetAddress address = arrival.address();
        String host = now.rules().needHost() ? hostNames.of(address) : "";
        TcpRules.Rule rule = now.rules().ruleFor(address, host, "");
        Client client = Client.at(address, host, rule);
        Peer peer = Peer.of(
                client,
                arrival.role(),
                rule,
                now.rightsOf(client, budgets.text().mostOfOne()));
        var session = new SmtpdSession.SessionContext(
                context.wires().enqueue(),
                context.wires().lookup(),
                context.wires().passwords(),
                log,
                clock,
                context.installation().home(),
                budgets,
                startup,
                uid,
                listeners::isStopping);
        Optional<Refusal> refused = now.policy().judge(Stage.CONNECTED, peer, TransactionView.NONE, session);
        if (refused.isPresent()) {
            turnAway(arrival, refused.get().reply(), refused.get().why());
            return;
        }
        arrival.socket().setTcpNoDelay(true);
        var connection =
                new ClientConnection(arrival.socket(), now.silence(), now.conversation(), SmtpdSession.LINE_LIMIT);
        listeners.converse(connection, () -> new SmtpdSession(connection, peer, now, session).run());
    }

    /** New conversations get the new settings; listeners are opened and closed as the file now says. */
    @Override
    public synchronized void reload() throws ControlException {
        SmtpdSettings read = SmtpdSettings.read(context.installation());
        if (read.listen().isEmpty()) { // the listeners stay as they are
            TlsKey.checkFor(read.tls(), listeners.roles(), Settings.SMTPDLISTEN);
        }
        listeners.reload(read.listen(), () -> settings = read);
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
