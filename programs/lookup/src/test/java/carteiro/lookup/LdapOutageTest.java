package carteiro.lookup;

import static carteiro.lookup.TestHome.brief;
import static org.assertj.core.api.Assertions.assertThat;

import carteiro.mail.Address;
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
            assertThat(home.recipient("joao@example.org")).isInstanceOfSatisfying(Answer.NotNow.class, notNow -> {
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
                            .recipient(new Address((number % 2 == 0 ? "joao" : "nobody") + "@example.org"))));
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

        private final ServerSocket listener = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        private final List<Socket> sockets = new CopyOnWriteArrayList<>();

        Peer(Conversation conversation) throws IOException {
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
