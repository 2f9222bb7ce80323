package carteiro.protocol;

import carteiro.control.Installation;
import carteiro.log.EventLog;
import carteiro.mail.Attribute;
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
    private final ConcurrentMap<Endpoint, ConnectionPool> connections = new ConcurrentHashMap<>();
    private final ConcurrentMap<Endpoint, RequestClient> questions = new ConcurrentHashMap<>();
    private final Set<EndpointServer> open = ConcurrentHashMap.newKeySet();
    private final ForeignDomains foreignToLookup;
    private final ForeignDomains foreignToRouting;

    /** The wires of an installation. */
    public SocketWires(Installation installation, EventLog log) {
        this.run = installation.run();
        this.foreignToLookup = new ForeignDomains(Endpoint.LOOKUP.socket(run));
        this.foreignToRouting = new ForeignDomains(Endpoint.ROUTING.socket(run));
        this.log = log;
    }

    private RequestClient asking(Endpoint endpoint, RequestServer.RequestLimits limits) {
        return questions.computeIfAbsent(endpoint, wanted -> new RequestClient(to(wanted), limits.answer()));
    }

    private ConnectionPool to(Endpoint endpoint) {
        return connections.computeIfAbsent(endpoint, wanted -> new ConnectionPool(wanted, run, watchdog));
    }

    @Override
    public Enqueue enqueue() {
        return new EnqueueWire.EnqueueClient(to(Endpoint.ENQUEUE), asking(Endpoint.ENQUEUE, EnqueueWire.LIMITS));
    }

    @Override
    public Waiting waiting() {
        return new WaitingWire.WaitingClient(to(Endpoint.WAITING));
    }

    @Override
    public Messages messages() {
        return new MessagesWire.MessagesClient(to(Endpoint.MESSAGES), asking(Endpoint.MESSAGES, MessagesWire.LIMITS));
    }

    @Override
    public Deliver deliver(Channel channel) {
        return new UnderstoodDeliveries(
                new DeliverWire.DeliverClient(asking(Endpoint.deliver(channel), DeliverWire.LIMITS)),
                "send",
                Attribute.Mark.SCHEDULER_MUST);
    }

    @Override
    public Lookup lookup() {
        return new LookupWire.LookupClient(asking(Endpoint.LOOKUP, LookupWire.LIMITS), foreignToLookup);
    }

    @Override
    public Routing routing() {
        return new RoutingWire.RoutingClient(asking(Endpoint.ROUTING, RoutingWire.LIMITS), foreignToRouting);
    }

    @Override
    public Passwords passwords() {
        return new PasswordsWire.PasswordsClient(asking(Endpoint.PASSWORDS, PasswordsWire.LIMITS));
    }

    @Override
    public LoginRecords logins() {
        return new LoginRecordsWire.LoginRecordsClient(asking(Endpoint.LOGINS, LoginRecordsWire.LIMITS));
    }

    @Override
    public MailboxTickets tickets() {
        return new MailboxTicketsWire.MailboxTicketsClient(asking(Endpoint.TICKETS, MailboxTicketsWire.LIMITS));
    }

    @Override
    public Mailboxes mailboxes() {
        return new MailboxesWire.MailboxesClient(to(Endpoint.MAILBOXES));
    }

    @Override
    public PasswordChecker passwordChecker() {
        return new PasswordCheckerWire.PasswordCheckerClient(
                asking(Endpoint.CHECKPASSWORD, PasswordCheckerWire.LIMITS));
    }

    @Override
    public BearerTokens tokens() {
        return new BearerTokensWire.BearerTokensClient(asking(Endpoint.TOKENS, BearerTokensWire.LIMITS));
    }

    @Override
    public Homes homes() {
        return new HomesWire.HomesClient(asking(Endpoint.HOMES, HomesWire.LIMITS));
    }

    @Override
    public Cleaning cleaning() {
        return new CleaningWire.CleaningClient(to(Endpoint.CLEANING));
    }

    @Override
    public Inspection inspection() {
        return new InspectionWire.InspectionClient(to(Endpoint.INSPECTION));
    }

    @Override
    public Withdrawal withdrawal() {
        return new WithdrawalWire.WithdrawalClient(to(Endpoint.WITHDRAWAL));
    }

    @Override
    public Closeable offer(Enqueue enqueue) throws IOException {
        return open(Endpoint.ENQUEUE, EnqueueWire.server(enqueue, watchdog));
    }

    @Override
    public Closeable offer(Waiting waiting) throws IOException {
        return open(Endpoint.WAITING, WaitingWire.server(waiting, tickets));
    }

    @Override
    public Closeable offer(Messages messages) throws IOException {
        return open(Endpoint.MESSAGES, MessagesWire.server(messages, tickets, watchdog));
    }

    @Override
    public Closeable offer(Channel channel, Deliver deliver) throws IOException {
        var understood = new UnderstoodDeliveries(deliver, channel.word(), Attribute.Mark.DELIVERER_MUST);
        return open(Endpoint.deliver(channel), DeliverWire.server(understood, watchdog));
    }

    @Override
    public Closeable offer(Lookup lookup) throws IOException {
        return open(Endpoint.LOOKUP, LookupWire.server(lookup, watchdog));
    }

    @Override
    public Closeable offerRouting(Routing routing) throws IOException {
        return open(Endpoint.ROUTING, RoutingWire.server(routing, watchdog));
    }

    @Override
    public Closeable offer(Passwords passwords) throws IOException {
        return open(Endpoint.PASSWORDS, PasswordsWire.server(passwords, watchdog));
    }

    @Override
    public Closeable offer(LoginRecords records) throws IOException {
        return open(Endpoint.LOGINS, LoginRecordsWire.server(records, watchdog));
    }

    @Override
    public Closeable offerTickets(MailboxTickets mailboxTickets) throws IOException {
        return open(Endpoint.TICKETS, MailboxTicketsWire.server(mailboxTickets, watchdog));
    }

    @Override
    public Closeable offerMailboxes(Mailboxes.MailboxHost host) throws IOException {
        return open(Endpoint.MAILBOXES, MailboxesWire.server(host));
    }

    @Override
    public Closeable offerChecker(PasswordChecker checker) throws IOException {
        return open(Endpoint.CHECKPASSWORD, PasswordCheckerWire.server(checker, watchdog));
    }

    @Override
    public Closeable offerTokens(BearerTokens bearerTokens) throws IOException {
        return open(Endpoint.TOKENS, BearerTokensWire.server(bearerTokens, watchdog));
    }

    @Override
    public Closeable offerHomes(Homes homes) throws IOException {
        return open(Endpoint.HOMES, HomesWire.server(homes, watchdog));
    }

    @Override
    public Closeable offer(Cleaning cleaning) throws IOException {
        return open(Endpoint.CLEANING, CleaningWire.server(cleaning));
    }

    @Override
    public Closeable offer(Inspection inspection) throws IOException {
        return open(Endpoint.INSPECTION, InspectionWire.server(inspection, watchdog));
    }

    @Override
    public Closeable offer(Withdrawal withdrawal) throws IOException {
        return open(Endpoint.WITHDRAWAL, WithdrawalWire.server(withdrawal));
    }

    private Closeable open(Endpoint endpoint, EndpointServer.ConnectionHandler server) throws IOException {
        EndpointServer keeper = EndpointServer.open(endpoint, run, server, log);
        open.add(keeper);
        return () -> {
            open.remove(keeper);
            keeper.close();
        };
    }

    @Override
    public boolean serves(String program) {
        for (EndpointServer keeper : open) {
            if (keeper.program().equals(program) && !keeper.alive()) {
                return false;
            }
        }
        return true;
    }

    @Override
    public void close() {
        questions.values().forEach(RequestClient::close);
        connections.values().forEach(ConnectionPool::close);
        watchdog.close();
    }
}
