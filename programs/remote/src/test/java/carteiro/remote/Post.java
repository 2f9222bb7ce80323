package carteiro.remote;

import carteiro.control.ControlException;
import carteiro.control.Installation;
import carteiro.dns.HostAddresses;
import carteiro.dns.HostLookup;
import carteiro.dns.MailExchangers;
import carteiro.log.EventLog;
import carteiro.mail.Address;
import carteiro.mail.Envelope.AddressForm;
import carteiro.mail.Envelope.BodyType;
import carteiro.mail.Octets;
import carteiro.mail.Outcome;
import carteiro.wire.Watchdog;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;

/** Deliveries in a test: settings in a temporary home, names in a table instead of the DNS. */
final class Post implements AutoCloseable {
    private final Path home;
    private final Watchdog watchdog = new Watchdog();
    private final ByteArrayOutputStream lines = new ByteArrayOutputStream();
    final EventLog log = new EventLog(lines, EventLog.LogFormat.PLAIN, Clock.systemUTC());
    SmtpConnectionPool connections = new SmtpConnectionPool(Timeouts.KEEP, log);
    final Names names = new Names();
    final List<InetAddress> own = new ArrayList<>();
    Clock clock = Clock.systemUTC();
    DeadHosts deadHosts;
    int port = 25;
    int submissionsPort = SmtpRoute.SUBMISSIONS;

    Post(Path home) throws IOException {
        this.home = home;
        Files.createDirectories(home.resolve("control"));
        Files.createDirectories(home.resolve("run/remote"));
        deadHosts = DeadHosts.open(Remote.deadHosts(installation()), clock, log);
        control("me", "client.example");
    }

    Installation installation() {
        return new Installation(home);
    }

    Post control(String file, String text) throws IOException {
        Files.writeString(home.resolve("control").resolve(file), text + "\n");
        return this;
    }

    /** All mail to that port of this host. */
    Post allTo(ScriptedServer server) throws IOException {
        return control("smtproutes", ":[127.0.0.1]:" + server.port());
    }

    RemoteDelivery.RemoteDeliveryContext tools() throws ControlException {
        RemoteSettings settings = RemoteSettings.read(installation());
        var sources = new NextHops.Sources(
                names,
                own::contains,
                () -> ThreadLocalRandom.current().nextLong(),
                port,
                submissionsPort,
                System::nanoTime);
        var connector = new Connector(settings, connections, watchdog, AnyCertificate.context(), log);
        return new RemoteDelivery.RemoteDeliveryContext(
                settings, sources, connector, connections, deadHosts, watchdog, log);
    }

    RemoteResult send(OutgoingMessage outgoing) throws ControlException {
        return RemoteDelivery.deliver(
                tools(), outgoing, outgoing.recipients().getFirst().domain());
    }

    Outcome sendOne(OutgoingMessage outgoing) throws ControlException {
        return send(outgoing).folded(outgoing.recipients().size()).getFirst();
    }

    static OutgoingMessage letter(String message, String... recipients) {
        return letter(
                Octets.bytes(message), "sender@client.example", BodyType.SEVEN_BIT, AddressForm.ASCII, recipients);
    }

    static OutgoingMessage letter(
            byte[] message, String sender, BodyType body, AddressForm form, String... recipients) {
        return new OutgoingMessage(
                new Address(sender),
                Arrays.stream(recipients).map(Address::new).toList(),
                body,
                form,
                message.length,
                () -> new ByteArrayInputStream(message));
    }

    static OutgoingMessage letter() {
        return letter("Subject: hello\n\nhow are you\n", "someone@example.org");
    }

    /** Hangs up on what is kept to that server. */
    void forget(ScriptedServer server) {
        connections.forget(new SmtpConnectionPool.ConnectionKey(
                new java.net.InetSocketAddress("127.0.0.1", server.port()),
                TlsPolicy.MAY,
                java.util.Optional.empty(),
                ""));
    }

    /** What was logged; ends the log. */
    String logged() {
        log.close();
        return lines.toString();
    }

    @Override
    public void close() {
        connections.abort();
        watchdog.close();
        log.close();
    }

    /** Names and what the DNS would say of them; what is not there does not exist. */
    static final class Names implements HostLookup {
        private final Map<String, MailExchangers> exchangers = new HashMap<>();
        private final Map<String, HostAddresses> addresses = new HashMap<>();
        final List<String> asked = new ArrayList<>();

        Names mx(String domain, String... records) {
            var list = new ArrayList<MailExchangers.MailExchanger>();
            for (String record : records) {
                String[] words = record.split(" ");
                list.add(new MailExchangers.MailExchanger(Integer.parseInt(words[0]), words[1]));
            }
            exchangers.put(domain, list.isEmpty() ? new MailExchangers.NoMx() : new MailExchangers.Exchangers(list));
            return this;
        }

        Names mx(String domain, MailExchangers answer) {
            exchangers.put(domain, answer);
            return this;
        }

        Names host(String host, String... literals) {
            addresses.put(
                    host,
                    literals.length == 0
                            ? new HostAddresses.NoAddress()
                            : new HostAddresses.Resolved(Arrays.stream(literals)
                                    .map(InetAddress::ofLiteral)
                                    .toList()));
            return this;
        }

        Names host(String host, HostAddresses answer) {
            addresses.put(host, answer);
            return this;
        }

        @Override
        public MailExchangers mailExchangers(String domain) {
            return exchangers.getOrDefault(
                    domain,
                    addresses.containsKey(domain) ? new MailExchangers.NoMx() : new MailExchangers.NoSuchDomain());
        }

        @Override
        public HostAddresses addresses(String host) {
            asked.add(host);
            return addresses.getOrDefault(host, new HostAddresses.NoSuchHost());
        }
    }
}
