package carteiro.lookup;

import static carteiro.lookup.TestHome.brief;
import static org.assertj.core.api.Assertions.assertThat;

import carteiro.mail.Address;
import carteiro.protocol.Lookup;
import carteiro.protocol.Lookup.Answer;
import carteiro.testkit.Covers;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Directory servers that are away, slow, restarted, or lie. */
final class LdapOutageTest {
    @TempDir
    Path folder;

    private final List<AutoCloseable> open = new ArrayList<>();

    @AfterEach
    void end() throws Exception {
        for (AutoCloseable each : open.reversed()) {
            each.close();
        }
    }

    private <T extends AutoCloseable> T keep(T each) {
        open.add(each);
        return each;
    }

    private TestHome home(String servers) throws Exception {
        return keep(LdapExampleTest.example(folder.resolve("home"), servers))
                .control("ldapcachettl", "0\n")
                .control("ldapcachenegativettl", "0\n")
                .control("ldaptimeout", "1\n")
                .control("ldaptimeoutconnect", "1\n");
    }

    private Slapd slapd(String name) throws Exception {
        return keep(Slapd.withExample(folder.resolve(name), Slapd.ACCESS));
    }

    private static String at(int port) {
        return "127.0.0.1:" + port + "\n";
    }

    /** Asks until the answer is the expected one; the pause after an outage has to pass. */
    private static void becomes(TestHome home, String address, String beginning) throws Exception {
        long deadline = System.nanoTime() + Duration.ofSeconds(20).toNanos();
        String answer = brief(home.recipient(address));
        while (!answer.startsWith(beginning) && System.nanoTime() < deadline) {
            LockSupport.parkNanos(20_000_000);
            answer = brief(home.recipient(address));
        }
        assertThat(answer).startsWith(beginning);
    }

    @Test
    @Covers("ldap:QL-012")
    void withoutAnyServerNothingIsUnknownAndAllIsWellAfterwards() throws Exception {
        Slapd slapd = slapd("slapd");
        TestHome home = home(at(slapd.port));
        assertThat(brief(home.recipient("joao@example.org"))).startsWith("joao:");
        slapd.kill();
        assertThat(brief(home.recipient("joao@example.org"))).isEqualTo("notnow 4.4.3");
        assertThat(brief(home.recipient("nobody@example.org"))).isEqualTo("notnow 4.4.3");
        slapd.start();
        becomes(home, "joao@example.org", "joao:");
        assertThat(brief(home.recipient("nobody@example.org"))).isEqualTo("unknown 5.1.1");
        assertThat(home.log())
                .contains("warning: lookup: directory server ldap://127.0.0.1:" + slapd.port + " is not used for 1 s: ")
                .contains("lookup: directory server ldap://127.0.0.1:" + slapd.port + " answers again");
    }

    @Test
    @Covers("ldap:QL-011")
    void theSecondServerTakesOverInTheMiddle() throws Exception {
        Slapd first = slapd("first");
        Slapd second = slapd("second");
        TestHome home = home(at(first.port) + at(second.port));
        assertThat(brief(home.recipient("joao@example.org"))).startsWith("joao:");
        assertThat(home.lookupNow().status()).contains(first.port + "=up,idle:1");
        first.kill();
        assertThat(brief(home.recipient("joao@example.org"))).startsWith("joao:");
        assertThat(home.lookupNow().status()).contains(first.port + "=down,idle:0", second.port + "=up,idle:1");
    }

    @Test
    void aRestartedServerIsNotNoticed() throws Exception {
        Slapd slapd = slapd("slapd");
        TestHome home = home(at(slapd.port));
        assertThat(brief(home.recipient("joao@example.org"))).startsWith("joao:");
        slapd.kill();
        slapd.start();
        assertThat(brief(home.recipient("joao@example.org"))).startsWith("joao:");
        assertThat(home.log()).isEmpty();
    }

    @Test
    @Covers("ldap:QL-010")
    void closedAndSilentServersArePassedOverAndRemembered() throws Exception {
        Slapd slapd = slapd("slapd");
        int closed = Slapd.freePort();
        try (var full = new FullBacklog()) {
            TestHome home = home(at(closed) + at(full.port()) + at(slapd.port));
            assertThat(brief(home.recipient("joao@example.org"))).startsWith("joao:");
            assertThat(home.lookupNow().status()).contains(closed + "=down", full.port() + "=down", slapd.port + "=up");
            assertThat(brief(home.recipient("maria@example.org"))).startsWith("maria:");
            assertThat(home.log())
                    .contains("directory server ldap://127.0.0.1:" + closed + " is not used")
                    .contains("directory server ldap://127.0.0.1:" + full.port() + " is not used");
        }
    }

    @Test
    @Covers("ldap:QL-013")
    void aServerThatStopsAnsweringIsGivenUpAfterTheTimeOut() throws Exception {
        Slapd slapd = slapd("slapd");
        TestHome home = home(at(slapd.port));
        assertThat(brief(home.recipient("joao@example.org"))).startsWith("joao:");
        slapd.signal("STOP");
        try {
            assertThat(home.recipient("joao@example.org")).isInstanceOfSatisfying(Answer.Unresolved.class, notNow -> {
                assertThat(notNow.status()).hasToString("4.4.3");
                assertThat(notNow.reason()).contains("timeout");
            });
        } finally {
            slapd.signal("CONT");
        }
        becomes(home, "joao@example.org", "joao:");
    }

    @Test
    void aServerThatTakesConnectionsAndSaysNothing() throws Exception {
        var server = keep(new Peer((_, _) -> {}));
        assertThat(brief(home(at(server.port())).recipient("joao@example.org"))).isEqualTo("notnow 4.4.3");
        server.close();
        var tls = keep(new Peer((_, _) -> {}));
        TestHome other = keep(LdapExampleTest.example(
                        folder.resolve("other"), "ldaps://127.0.0.1:" + tls.port() + "\n"))
                .control("ldaptimeoutconnect", "1\n");
        assertThat(brief(other.recipient("joao@example.org"))).isEqualTo("notnow 4.4.3");
    }

    @Test
    void aServerThatDripsIsCutOff() throws Exception {
        var server = keep(new Peer((_, out) -> {
            out.write(new byte[] {0x30, (byte) 0x84, 0, 0, 0x40, 0}); // the begin of a long message
            while (true) {
                out.write(0);
                LockSupport.parkNanos(50_000_000);
            }
        }));
        assertThat(brief(home(at(server.port())).recipient("joao@example.org"))).isEqualTo("notnow 4.4.3");
    }

    @Test
    void aServerThatSendsWithoutEndIsCutOff() throws Exception {
        var server = keep(new Peer((_, out) -> {
            out.write(new byte[] {0x30, (byte) 0x84, 0x7f, 0, 0, 0}); // two gigabytes follow
            while (true) {
                out.write(new byte[8192]);
            }
        }));
        assertThat(brief(home(at(server.port())).recipient("joao@example.org"))).isEqualTo("notnow 4.4.3");
    }

    @Test
    void aServerThatSpeaksAnotherProtocol() throws Exception {
        var server = keep(new Peer(
                (_, out) -> out.write("HTTP/1.1 400 Bad Request\r\n\r\n".getBytes(StandardCharsets.US_ASCII))));
        assertThat(brief(home(at(server.port())).recipient("joao@example.org"))).isEqualTo("notnow 4.4.3");
    }

    @Test
    void whileAServerIsLeftAloneNobodyWaitsForIt() throws Exception {
        var server = keep(new Peer((_, _) -> {}));
        TestHome home = home(at(server.port()));
        assertThat(brief(home.recipient("joao@example.org"))).isEqualTo("notnow 4.4.3");
        int connections = server.connections();
        for (int i = 0; i < 50; i++) {
            assertThat(brief(home.recipient("joao@example.org"))).isEqualTo("notnow 4.4.3");
        }
        assertThat(server.connections())
                .as("one may try again when the pause is over")
                .isBetween(connections, connections + 1);
    }

    @Test
    void manyAskAtOnceWhileTheServerDies() throws Exception {
        Slapd slapd = slapd("slapd");
        TestHome home = home(at(slapd.port));
        home.lookup();
        var answers = new CopyOnWriteArrayList<String>();
        var threads = new ArrayList<Thread>();
        for (int i = 0; i < 200; i++) {
            int number = i;
            threads.add(Thread.ofVirtual().start(() -> {
                for (int j = 0; j < 5; j++) {
                    answers.add(brief(home.lookupNow()
                            .answer(
                                    Lookup.LookupQuestion.explaining(
                                            new Address((number % 2 == 0 ? "joao" : "nobody") + "@example.org")),
                                    LookupTrace.NONE)));
                }
            }));
        }
        slapd.kill();
        for (Thread thread : threads) {
            thread.join();
        }
        assertThat(answers).hasSize(1000);
        assertThat(answers)
                .allMatch(answer ->
                        answer.startsWith("joao:") || answer.equals("notnow 4.4.3") || answer.equals("unknown 5.1.1"));
        assertThat(answers).contains("notnow 4.4.3");
    }

    /** Connections to a server that are kept, so many of them, each used once. */
    private static void keepConnections(TestHome home, Proxy proxy, int count) throws Exception {
        home.lookup();
        proxy.holdAnswersUntil(count);
        var threads = new ArrayList<Thread>();
        for (int i = 0; i < count; i++) {
            threads.add(Thread.ofVirtual()
                    .start(() -> home.lookupNow()
                            .answer(
                                    Lookup.LookupQuestion.explaining(new Address("joao@example.org")),
                                    LookupTrace.NONE)));
        }
        for (Thread thread : threads) {
            thread.join();
        }
    }

    @Test
    void keptConnectionsThatWereForgottenOnTheWayAreReplacedWithinTheQuestion() throws Exception {
        Slapd slapd = slapd("slapd");
        var proxy = keep(new Proxy(slapd.port));
        TestHome home = home(at(proxy.port()));
        keepConnections(home, proxy, 5);
        assertThat(home.lookupNow().status()).contains("=up,idle:5");
        int before = proxy.connections();
        proxy.forget();
        assertThat(brief(home.recipient("joao@example.org"))).startsWith("joao:");
        assertThat(home.lookupNow().status()).contains("=up,idle:1");
        assertThat(brief(home.recipient("joao@example.org"))).startsWith("joao:");
        assertThat(proxy.connections()).isEqualTo(before + 1);
        assertThat(home.log()).isEmpty();
    }

    @Test
    void anIdleConnectionIsClosedThoughNobodyAsks() throws Exception {
        Slapd slapd = slapd("slapd");
        var proxy = keep(new Proxy(slapd.port));
        TestHome home = home(at(proxy.port()));
        LdapSettings settings = java.util.Objects.requireNonNull(
                LookupSettings.read(home.installation).ldap());
        try (var watchdog = new carteiro.wire.Watchdog();
                var server = new LdapServer(
                        settings.servers().getFirst(),
                        settings,
                        LdapServers.tls(settings),
                        watchdog,
                        Duration.ofMillis(300),
                        LdapServer.AGE)) {
            server.search(
                    com.unboundid.ldap.sdk.Filter.createPresenceFilter("mail"),
                    List.of("mail"),
                    Deadline.in(Duration.ofSeconds(20)),
                    () -> true);
            proxy.awaitEnd(0);
            assertThat(server.idle()).isZero();
        }
    }

    @Test
    void aConnectionThatIsOldIsNotKept() throws Exception {
        Slapd slapd = slapd("slapd");
        var proxy = keep(new Proxy(slapd.port));
        TestHome home = home(at(proxy.port()));
        LdapSettings settings = java.util.Objects.requireNonNull(
                LookupSettings.read(home.installation).ldap());
        try (var watchdog = new carteiro.wire.Watchdog();
                var server = new LdapServer(
                        settings.servers().getFirst(),
                        settings,
                        LdapServers.tls(settings),
                        watchdog,
                        LdapServer.IDLE,
                        Duration.ofSeconds(1))) {
            for (int i = 0; i < 2; i++) {
                server.search(
                        com.unboundid.ldap.sdk.Filter.createPresenceFilter("mail"),
                        List.of("mail"),
                        Deadline.in(Duration.ofSeconds(20)),
                        () -> true);
            }
            proxy.awaitEnd(0); // long before it would be idle for too long
        }
    }

    /** What a server answers to a message; an empty one closes the connection. */
    private interface Answers {
        List<byte[]> to(com.unboundid.ldap.protocol.LDAPMessage message);
    }

    private static Peer.Conversation answering(Answers answers) {
        return (in, out) -> {
            try (var reader = new com.unboundid.asn1.ASN1StreamReader(in)) {
                while (true) {
                    var message = com.unboundid.ldap.protocol.LDAPMessage.readFrom(reader, false);
                    if (message == null) {
                        return;
                    }
                    for (byte[] answer : answers.to(message)) {
                        out.write(answer);
                        out.flush();
                        if (answer.length == 0) {
                            out.close();
                        }
                    }
                }
            } catch (com.unboundid.ldap.sdk.LDAPException e) {
                throw new IOException(e);
            }
        };
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3, 6, 18, 19, 20})
    void aConnectionThatEndsInTheMiddleOfAnEntrySaysNothingOfTheEntry(int missing) throws Exception {
        var server = keep(new Peer(answering(message -> {
            List<byte[]> answers = strangeAnswers(message);
            if (answers.size() < 2
                    || ((com.unboundid.ldap.protocol.SearchRequestProtocolOp) message.getProtocolOp())
                            .getAttributes()
                            .equals(List.of("1.1"))) {
                return answers;
            }
            byte[] entry = answers.getFirst();
            return List.of(java.util.Arrays.copyOf(entry, entry.length - missing), new byte[0]);
        })));
        TestHome home = home(at(server.port()));
        assertThat(brief(home.recipient("bad@example.org"))).isEqualTo("notnow 4.4.3");
        assertThat(home.log()).doesNotContain("alert: lookup: entry");
    }

    @Test
    void aQuestionWithoutTimeOrAConnectionIsNoFaultOfTheServer() throws Exception {
        var first = new java.util.concurrent.CountDownLatch(1);
        var release = new java.util.concurrent.CountDownLatch(1);
        var server = keep(new Peer(answering(message -> {
            first.countDown();
            try {
                release.await();
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
            return strangeAnswers(message);
        })));
        TestHome home = home(at(server.port()))
                .control("ldapconnections", "1\n")
                .control("ldaplogin", "cn=reader\n")
                .control("ldappassword", "x\n")
                .control("ldaptimeoutconnect", "60\n"); // the first question waits for the bind, the second not so long
        LdapSettings settings = java.util.Objects.requireNonNull(
                LookupSettings.read(home.installation).ldap());
        var logged = new java.io.ByteArrayOutputStream();
        try (var log = new carteiro.log.EventLog(
                        logged, carteiro.log.EventLog.LogFormat.PLAIN, java.time.Clock.systemUTC());
                var watchdog = new carteiro.wire.Watchdog();
                var servers = new LdapServers(settings, new FaultLogLimiter(log), watchdog)) {
            var filter = com.unboundid.ldap.sdk.Filter.createEqualityFilter("mail", "nobody@example.org");
            assertThat(servers.search(filter, List.of("mail"), Deadline.in(Duration.ZERO)))
                    .isInstanceOf(LdapServers.DirectoryAnswer.DirectoryUnavailable.class);
            assertThat(server.connections()).isZero();
            var answer = java.util.concurrent.CompletableFuture.supplyAsync(
                    () -> servers.search(filter, List.of("mail"), Deadline.in(Deadline.QUESTION)));
            assertThat(first.await(20, java.util.concurrent.TimeUnit.SECONDS)).isTrue();
            assertThat(servers.search(filter, List.of("mail"), Deadline.in(Deadline.QUESTION)))
                    .isInstanceOfSatisfying(
                            LdapServers.DirectoryAnswer.DirectoryUnavailable.class,
                            nothing -> assertThat(nothing.reason()).contains("all 1 connections to it are in use"));
            assertThat(servers.status()).contains("=up");
            release.countDown();
            assertThat(answer.get(20, java.util.concurrent.TimeUnit.SECONDS))
                    .isEqualTo(new LdapServers.DirectoryAnswer.MatchingEntries(List.of()));
            assertThat(servers.status()).contains("=up,idle:1");
            log.close();
            assertThat(logged.toString(StandardCharsets.ISO_8859_1))
                    .contains("was not asked: the question takes too long already")
                    .contains("was not asked: all 1 connections to it are in use; raise control/ldapconnections")
                    .doesNotContain("is not used for");
        }
    }

    @Test
    void aServerThatHadLittleTimeForItsAnswerIsNotAtFault() throws Exception {
        var server = keep(new Peer((in, _) -> in.readAllBytes()));
        TestHome home = home(at(server.port())).control("ldaptimeout", "60\n").control("ldaptimeoutconnect", "60\n");
        LdapSettings settings = java.util.Objects.requireNonNull(
                LookupSettings.read(home.installation).ldap());
        var logged = new java.io.ByteArrayOutputStream();
        try (var log = new carteiro.log.EventLog(
                        logged, carteiro.log.EventLog.LogFormat.PLAIN, java.time.Clock.systemUTC());
                var watchdog = new carteiro.wire.Watchdog();
                var servers = new LdapServers(settings, new FaultLogLimiter(log), watchdog)) {
            var filter = com.unboundid.ldap.sdk.Filter.createEqualityFilter("mail", "nobody@example.org");
            assertThat(servers.search(filter, List.of("mail"), Deadline.in(Duration.ofMillis(200))))
                    .isInstanceOf(LdapServers.DirectoryAnswer.DirectoryUnavailable.class);
            assertThat(server.connections()).isEqualTo(1);
            assertThat(servers.status()).contains("=up");
            log.close();
            assertThat(logged.toString(StandardCharsets.ISO_8859_1))
                    .contains("was not asked: there was too little time left for its answer")
                    .doesNotContain("is not used for");
        }
    }

    @Test
    void aMalformedEntryConcernsItsOwnAddressAlone() throws Exception {
        var server = keep(new Peer(answering(LdapOutageTest::strangeAnswers)));
        TestHome home = home(at(server.port()));
        assertThat(brief(home.recipient("bad@example.org"))).isEqualTo("notnow 4.3.5");
        assertThat(brief(home.recipient("nobody@example.org"))).isEqualTo("unknown 5.1.1");
        assertThat(home.lookupNow().status()).contains("=up");
        assertThat(home.log()).contains("alert: lookup: entry cn=bad of <bad@example.org>: cannot be read");
    }

    /** Answers of a server that has one entry, and gives it broken unless its name alone is asked for. */
    private static List<byte[]> strangeAnswers(com.unboundid.ldap.protocol.LDAPMessage message) {
        int number = message.getMessageID();
        byte[] done = new com.unboundid.ldap.protocol.LDAPMessage(
                        number, new com.unboundid.ldap.protocol.SearchResultDoneProtocolOp(0, null, null, List.of()))
                .encode()
                .encode();
        if (!(message.getProtocolOp() instanceof com.unboundid.ldap.protocol.SearchRequestProtocolOp search)) {
            return List.of(new com.unboundid.ldap.protocol.LDAPMessage(
                            number,
                            new com.unboundid.ldap.protocol.BindResponseProtocolOp(0, null, null, List.of(), null))
                    .encode()
                    .encode());
        }
        if (!search.getFilter().toString().contains("bad@")) {
            return List.of(done);
        }
        byte[] entry = new com.unboundid.ldap.protocol.LDAPMessage(
                        number, new com.unboundid.ldap.protocol.SearchResultEntryProtocolOp("cn=bad", List.of()))
                .encode()
                .encode();
        if (!search.getAttributes().equals(List.of("1.1"))) {
            entry[entry.length - 1] = (byte) 0x85; // the attributes have a length of five octets, which nothing has
        }
        return List.of(entry, done);
    }

    @Test
    void aNewReasonIsToldAtOnce() throws Exception {
        int port = Slapd.freePort();
        TestHome home = home(at(port));
        assertThat(brief(home.recipient("joao@example.org"))).isEqualTo("notnow 4.4.3");
        try (var server = new Peer(
                port, (_, out) -> out.write("HTTP/1.1 400 Bad Request\r\n\r\n".getBytes(StandardCharsets.US_ASCII)))) {
            long deadline = System.nanoTime() + Duration.ofSeconds(20).toNanos();
            while (server.connections() == 0 && System.nanoTime() < deadline) {
                home.recipient("joao@example.org");
                LockSupport.parkNanos(20_000_000);
            }
        }
        String log = home.log();
        assertThat(log.lines().filter(line -> line.contains("is not used for")))
                .as(log)
                .hasSizeGreaterThanOrEqualTo(2);
    }

    /** Passes on what two sides say, until it forgets a connection: then nothing more, without a word. */
    private static final class Proxy implements AutoCloseable {
        private final ServerSocket listener = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        private final List<Passing> all = new CopyOnWriteArrayList<>();
        private volatile java.util.concurrent.CountDownLatch held = new java.util.concurrent.CountDownLatch(0);

        private static final class Passing {
            final Socket client;
            final Socket server;
            final java.util.concurrent.CountDownLatch end = new java.util.concurrent.CountDownLatch(1);
            volatile boolean forgotten;

            Passing(Socket client, Socket server) {
                this.client = client;
                this.server = server;
            }
        }

        Proxy(int to) throws IOException {
            Thread.ofVirtual().start(() -> {
                try {
                    while (true) {
                        var passing = new Passing(listener.accept(), new Socket(InetAddress.getLoopbackAddress(), to));
                        all.add(passing);
                        held.countDown();
                        Thread.ofVirtual().start(() -> pass(passing, passing.client, passing.server));
                        Thread.ofVirtual().start(() -> pass(passing, passing.server, passing.client));
                    }
                } catch (IOException e) {
                    // closed
                }
            });
        }

        private void pass(Passing passing, Socket from, Socket to) {
            try (from) {
                byte[] octets = new byte[8192];
                for (int count = from.getInputStream().read(octets);
                        count >= 0;
                        count = from.getInputStream().read(octets)) {
                    if (from.equals(passing.server)) {
                        held.await();
                    }
                    if (!passing.forgotten) {
                        to.getOutputStream().write(octets, 0, count);
                    }
                }
                if (!passing.forgotten) {
                    to.shutdownOutput();
                }
            } catch (IOException e) {
                // one side has closed it
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            } finally {
                if (from.equals(passing.client)) {
                    passing.end.countDown();
                }
            }
        }

        /** From now on no server answers before there are so many connections. */
        void holdAnswersUntil(int connections) {
            held = new java.util.concurrent.CountDownLatch(connections - all.size());
        }

        void forget() {
            all.forEach(passing -> passing.forgotten = true);
        }

        int connections() {
            return all.size();
        }

        void awaitEnd(int connection) throws InterruptedException {
            assertThat(all.get(connection).end.await(20, java.util.concurrent.TimeUnit.SECONDS))
                    .as("closed by the client")
                    .isTrue();
        }

        int port() {
            return listener.getLocalPort();
        }

        @Override
        public void close() throws IOException {
            listener.close();
            for (Passing passing : all) {
                passing.client.close();
                passing.server.close();
            }
        }
    }

    /** A listener that answers no connection, not even with a SYN, because its backlog is full. */
    private static final class FullBacklog implements AutoCloseable {
        private final ServerSocket listener = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
        private final List<Socket> waiting = new ArrayList<>();

        FullBacklog() throws IOException {
            for (int i = 0; i < 4; i++) {
                var socket = new Socket();
                waiting.add(socket);
                try {
                    socket.connect(listener.getLocalSocketAddress(), 200);
                } catch (IOException e) {
                    return; // full
                }
            }
        }

        int port() {
            return listener.getLocalPort();
        }

        @Override
        public void close() throws IOException {
            for (Socket socket : waiting) {
                socket.close();
            }
            listener.close();
        }
    }

    /** A server that does with each connection what it is told, then keeps it open. */
    private static final class Peer implements AutoCloseable {
        /** What to do with a connection. */
        interface Conversation {
            void with(InputStream in, OutputStream out) throws IOException;
        }

        private final ServerSocket listener;
        private final List<Socket> sockets = new CopyOnWriteArrayList<>();

        Peer(Conversation conversation) throws IOException {
            this(0, conversation);
        }

        Peer(int port, Conversation conversation) throws IOException {
            listener = new ServerSocket(port, 50, InetAddress.getLoopbackAddress());
            Thread.ofVirtual().start(() -> {
                try {
                    while (true) {
                        Socket socket = listener.accept();
                        sockets.add(socket);
                        Thread.ofVirtual().start(() -> {
                            try {
                                conversation.with(socket.getInputStream(), socket.getOutputStream());
                            } catch (IOException e) {
                                // the other side has closed it
                            }
                        });
                    }
                } catch (IOException e) {
                    // closed
                }
            });
        }

        int port() {
            return listener.getLocalPort();
        }

        int connections() {
            return sockets.size();
        }

        @Override
        public void close() throws IOException {
            listener.close();
            for (Socket socket : sockets) {
                socket.close();
            }
        }
    }
}
