package carteiro.remote;

import static org.assertj.core.api.Assertions.assertThat;

import carteiro.mail.Envelope.AddressForm;
import carteiro.mail.Envelope.BodyType;
import carteiro.mail.Octets;
import carteiro.mail.Outcome;
import carteiro.testkit.Covers;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Next hops that stall, drip, vanish or talk nonsense, at each step. */
@Execution(ExecutionMode.CONCURRENT)
class TroubleTest {
    @TempDir
    Path home;

    private static final List<String> STEPS =
            List.of("S: 220 ready", "S: 250 next.example", "S: 250 ok", "S: 250 ok", "S: 354 go", "S: 250 taken");
    private static final List<String> COMMANDS = List.of("", "C: EHLO *", "C: MAIL *", "C: RCPT *", "C: DATA", "D:");

    /** A dialogue that goes well up to the nth reply, in whose place there is something else. */
    private static String until(int step, String instead) {
        var script = new StringBuilder();
        for (int i = 0; i <= step; i++) {
            script.append(COMMANDS.get(i)).append(i == 0 ? "" : "\n");
            script.append(i == step ? instead : STEPS.get(i)).append('\n');
        }
        return script.toString();
    }

    @ParameterizedTest(name = "step {0}: {1}")
    @Covers({"qmail:X14", "qmail:X15"})
    @CsvSource({
        "0, W:",
        "1, W:",
        "2, W:",
        "3, W:",
        "4, W:",
        "5, W:",
        "0, X:",
        "1, X:",
        "2, X:",
        "3, X:",
        "4, X:",
        "5, X:",
        "1, Z:",
        "2, Z:",
        "4, Z:",
        "5, Z:",
        "0, R: 22",
        "3, R: 250-a\\r\\n250-",
        "5, R: 250",
        "0, S: hello there",
        "2, S: 2500",
        "3, S: ok",
        "5, S: yes"
    })
    void aHostThatFallsSilentOrVanishesOrTalksNonsenseDefers(int step, String instead) throws Exception {
        try (var server = ScriptedServer.start(until(step, instead));
                var post = new Post(home).allTo(server).control("timeoutremote", "1")) {
            Outcome outcome = post.sendOne(Post.letter());
            assertThat(outcome).isInstanceOf(Outcome.Deferred.class);
            assertThat(outcome.status()).hasToString("4.4.2");
            assertThat(outcome.report())
                    .startsWith("Connected to 127.0.0.1 but ")
                    .endsWith("(#4.4.2)\n");
            if (step == 5) {
                assertThat(outcome.report()).contains("Possible duplicate!");
            } else {
                assertThat(outcome.report()).doesNotContain("duplicate");
            }
        }
    }

    @ParameterizedTest(name = "step {0}")
    @Timeout(value = 30, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
    @Covers("qmail:X15")
    @ValueSource(ints = {0, 1, 2, 3, 4, 5})
    void aHostThatDripsItsReplyDefers(int step) throws Exception {
        try (var server = ScriptedServer.start(until(step, "P: 250-and-so-on"));
                var post = new Post(home).allTo(server).control("timeoutremote", "1")) {
            Outcome outcome = post.sendOne(Post.letter());
            assertThat(outcome).isInstanceOf(Outcome.Deferred.class);
            assertThat(outcome.report()).contains("no answer in time");
        }
    }

    @ParameterizedTest(name = "step {0}")
    @Covers("qmail:X15")
    @ValueSource(ints = {0, 1, 2, 3, 4, 5})
    void aReplyWithoutEndIsBoundedInTimeAndMemory(int step) throws Exception {
        try (var server = ScriptedServer.start(until(step, "F: 250-more and more\\n"));
                var post = new Post(home).allTo(server).control("timeoutremote", "1")) {
            assertThat(post.sendOne(Post.letter())).isInstanceOf(Outcome.Deferred.class);
        }
    }

    @Test
    @Covers("qmail:X16")
    void aLongReplyIsCutInTheReport() throws Exception {
        try (var server = ScriptedServer.start(until(3, "S: 550 " + "no ".repeat(4000)));
                var post = new Post(home).allTo(server)) {
            Outcome outcome = post.sendOne(Post.letter());
            assertThat(outcome).isInstanceOf(Outcome.Failed.class);
            assertThat(outcome.report()).contains("[the rest of this reply was cut]");
            assertThat(outcome.report().length()).isLessThan(5300);
        }
    }

    @Test
    @Covers("qmail:X15")
    void aHostThatStopsReadingTheMessageDefers() throws Exception {
        byte[] message = new byte[30_000_000];
        java.util.Arrays.fill(message, (byte) '\n');
        try (var listener = new ServerSocket()) {
            listener.setReceiveBufferSize(4096);
            listener.bind(new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), 0));
            Thread.ofVirtual().start(() -> answerAndStopReading(listener));
            try (var post = new Post(home)
                    .control("smtproutes", ":127.0.0.1:" + listener.getLocalPort())
                    .control("timeoutremote", "1")) {
                Outcome outcome = post.sendOne(Post.letter(
                        message, "s@client.example", BodyType.SEVEN_BIT, AddressForm.ASCII, "a@example.org"));
                assertThat(outcome).isInstanceOf(Outcome.Deferred.class);
                assertThat(outcome.report()).contains("stopped reading").doesNotContain("duplicate");
            }
        }
    }

    private static void answerAndStopReading(ServerSocket listener) {
        try (Socket client = listener.accept()) {
            client.getOutputStream().write(Octets.bytes("220 a\r\n250 a\r\n250 a\r\n250 a\r\n354 a\r\n"));
            new java.util.concurrent.CountDownLatch(1).await(); // until the test ends
        } catch (IOException | InterruptedException e) {
            // the test ended
        }
    }

    @Test
    void aRefusalInTheMidstOfTheMessageIsHeard() throws Exception {
        byte[] message = new byte[20_000_000];
        java.util.Arrays.fill(message, (byte) '\n');
        try (var listener = new ServerSocket(0, 5, InetAddress.ofLiteral("127.0.0.1"))) {
            Thread.ofVirtual().start(() -> {
                try (Socket client = listener.accept()) {
                    client.getOutputStream()
                            .write(Octets.bytes("220 a\r\n250 a\r\n250 a\r\n250 a\r\n354 a\r\n552 5.3.4 too big\r\n"));
                    client.shutdownOutput();
                    client.getInputStream().readNBytes(200_000);
                    client.shutdownInput();
                    client.getInputStream().transferTo(java.io.OutputStream.nullOutputStream());
                } catch (IOException e) {
                    // the client has gone
                }
            });
            try (var post = new Post(home)
                    .control("smtproutes", ":127.0.0.1:" + listener.getLocalPort())
                    .control("timeoutremote", "5")) {
                Outcome outcome = post.sendOne(Post.letter(
                        message, "s@client.example", BodyType.SEVEN_BIT, AddressForm.ASCII, "a@example.org"));
                assertThat(outcome.report()).contains("552 5.3.4 too big");
            }
        }
    }

    @Test
    @Covers("qmail:X06")
    void aRelayMayBeAnIpv6AddressWithAPort() throws Exception {
        ScriptedServer listening;
        try {
            listening = ScriptedServer.at("::1", 0, until(5, "S: 250 taken"));
        } catch (IOException e) {
            Assumptions.abort("no IPv6 loopback here: " + e.getMessage());
            return;
        }
        try (var server = listening;
                var post = new Post(home).control("smtproutes", "example.org:[::1]:" + server.port())) {
            assertThat(post.sendOne(Post.letter()).report()).startsWith("::1 accepted message.\n");
        }
    }

    @Test
    @Covers("qmail:X06")
    void aRelayMayBeANameAndIsNotAskedForByMx() throws Exception {
        try (var server = ScriptedServer.at("127.0.0.2", 0, until(5, "S: 250 taken"));
                var post = new Post(home).control("smtproutes", ":relay.example:" + server.port())) {
            post.own.add(InetAddress.ofLiteral("127.0.0.2")); // and it may be this host
            post.names.mx("relay.example", "10 elsewhere").host("relay.example", "127.0.0.2");
            assertThat(post.sendOne(Post.letter())).isInstanceOf(Outcome.Delivered.class);
        }
    }

    @Test
    @Covers("qmail:X07")
    void theNextExchangerIsTriedWhenOneRefusesTheConnection() throws Exception {
        try (var server = ScriptedServer.at("127.0.0.2", 0, until(5, "S: 250 taken"));
                var post = new Post(home)) {
            post.port = server.port();
            post.names
                    .mx("example.org", "10 closed", "20 open")
                    .host("closed", "127.0.0.3")
                    .host("open", "127.0.0.2");
            Outcome outcome = post.sendOne(Post.letter());
            assertThat(outcome).isInstanceOf(Outcome.Delivered.class);
            assertThat(outcome.report()).startsWith("127.0.0.2 accepted message.");
        }
    }

    @ParameterizedTest(name = "{0}, {1}")
    @CsvSource({
        "0, S: 421 busy",
        "0, S: 554 no",
        "0, X:",
        "0, W:",
        "0, S: nonsense",
        "1, S: 421 busy",
        "1, X:",
        "2, S: 421 busy",
        "2, S: 450 not now",
        "2, X:",
        "2, Z:"
    })
    void theNextExchangerIsTriedUntilOneAcceptsMail(int step, String trouble) throws Exception {
        try (var bad = ScriptedServer.at("127.0.0.3", 0, until(step, trouble));
                var good = ScriptedServer.at("127.0.0.2", bad.port(), until(5, "S: 250 taken"));
                var post = new Post(home).control("timeoutremote", "2")) {
            post.port = bad.port();
            post.names
                    .mx("example.org", "10 bad", "20 good")
                    .host("bad", "127.0.0.3")
                    .host("good", "127.0.0.2");
            assertThat(post.sendOne(Post.letter())).isInstanceOf(Outcome.Delivered.class);
            assertThat(bad.connections()).isEqualTo(1);
        }
    }

    @ParameterizedTest(name = "{0}, {1}")
    @CsvSource({"2, S: 550 no such sender", "3, S: 450 busy", "3, X:", "4, S: 451 busy", "5, S: 451 busy"})
    void noOtherExchangerIsTriedOnceOneHasDecided(int step, String trouble) throws Exception {
        try (var first = ScriptedServer.at("127.0.0.3", 0, until(step, trouble));
                var second = ScriptedServer.at("127.0.0.2", first.port(), until(5, "S: 250 taken"));
                var post = new Post(home)) {
            post.port = first.port();
            post.names.mx("example.org", "10 a", "20 b").host("a", "127.0.0.3").host("b", "127.0.0.2");
            assertThat(post.sendOne(Post.letter())).isNotInstanceOf(Outcome.Delivered.class);
            assertThat(second.connections()).isZero();
        }
    }

    @Test
    void onlyWhenEveryExchangerRefusesForGoodItFails() throws Exception {
        try (var first = ScriptedServer.at("127.0.0.3", 0, "S: 554 no");
                var second = ScriptedServer.at("127.0.0.2", first.port(), "S: 521 no", "S: 421 busy");
                var post = new Post(home)) {
            post.port = first.port();
            post.names.mx("example.org", "10 a", "20 b").host("a", "127.0.0.3").host("b", "127.0.0.2");
            assertThat(post.sendOne(Post.letter())).isInstanceOf(Outcome.Failed.class);
            assertThat(post.sendOne(Post.letter())).isInstanceOf(Outcome.Deferred.class);
            post.names.mx("example.org", "10 a", "20 b", "30 closed").host("closed", "127.0.0.4");
            assertThat(post.sendOne(Post.letter())).isInstanceOf(Outcome.Deferred.class);
        }
    }

    @Test
    @Covers({"qmail:X15", "qmail:X17"})
    void aHostThatDoesNotAnswerIsGivenUpInTimeAndRemembered() throws Exception {
        var clock = new DeadHostsTest.Hand();
        var fillers = new ArrayList<Socket>();
        try (var full = new ServerSocket(0, 1, InetAddress.ofLiteral("127.0.0.1"));
                var post = new Post(home)
                        .control("timeoutconnect", "1")
                        .control("smtproutes", ":127.0.0.1:" + full.getLocalPort())) {
            post.deadHosts = DeadHosts.open(
                    Remote.deadHosts(post.installation()),
                    clock,
                    new carteiro.log.EventLog(
                            java.io.OutputStream.nullOutputStream(), carteiro.log.EventLog.LogFormat.PLAIN, clock));
            for (int i = 0; i < 4; i++) { // the backlog is full: the kernel answers no more
                var filler = new Socket();
                fillers.add(filler);
                try {
                    filler.connect(full.getLocalSocketAddress(), 300);
                } catch (java.net.SocketTimeoutException e) {
                    break;
                }
            }
            Outcome outcome = post.sendOne(Post.letter());
            assertThat(outcome).isInstanceOf(Outcome.Deferred.class);
            assertThat(outcome.status()).hasToString("4.4.1");
            assertThat(outcome.report()).contains("no answer in time");
            clock.forward(java.time.Duration.ofSeconds(120));
            post.sendOne(Post.letter());
            assertThat(post.deadHosts.isDead(InetAddress.ofLiteral("127.0.0.1")))
                    .isTrue();
            assertThat(post.sendOne(Post.letter()).report()).contains("not tried again yet");
        } finally {
            for (Socket filler : fillers) {
                filler.close();
            }
        }
    }

    @Test
    @Covers("qmail:X17")
    void aRefusedConnectionClearsTheMemoryOfTimeouts() throws Exception {
        try (var post = new Post(home)) {
            post.port = 1;
            post.names.host("example.org", "127.0.0.3");
            InetAddress host = InetAddress.ofLiteral("127.0.0.3");
            post.deadHosts.timedOut(host);
            assertThat(DeadHosts.list(Remote.deadHosts(post.installation()))).hasSize(1);
            assertThat(post.sendOne(Post.letter()).report())
                    .contains("wasn't able to establish an SMTP connection", "127.0.0.3: ");
            assertThat(DeadHosts.list(Remote.deadHosts(post.installation()))).isEmpty();
        }
    }

    @Test
    void notMoreThanTwentyAddressesAreTried() throws Exception {
        try (var server = ScriptedServer.at("127.0.0.1", 0, "S: 421 busy");
                var post = new Post(home)) {
            post.port = server.port();
            String[] records = new String[40];
            for (int i = 0; i < 40; i++) {
                records[i] = i + " mx" + i;
                post.names.host("mx" + i, "127.0.0.1");
            }
            post.names.mx("example.org", records);
            assertThat(post.sendOne(Post.letter())).isInstanceOf(Outcome.Deferred.class);
            assertThat(server.connections()).isEqualTo(RemoteDelivery.MOST_TRIED);
        }
    }

    @ParameterizedTest(name = "message cut after {0} octets")
    @ValueSource(ints = {0, 10, 40_000})
    void aMessageThatCannotBeReadToItsEndIsNeverEndedByADot(int good) throws Exception {
        try (var server = ScriptedServer.start(until(5, "X:")).leniently();
                var post = new Post(home).allTo(server)) {
            OutgoingMessage whole = Post.letter();
            var outgoing = new OutgoingMessage(
                    whole.sender(), whole.recipients(), whole.body(), whole.form(), 50_000, () -> new Failing(good));
            Outcome outcome = post.sendOne(outgoing);
            assertThat(outcome).isInstanceOf(Outcome.Deferred.class);
            assertThat(outcome.report()).contains("disk on fire");
            assertThat(server.heardToTheEnd(0)).doesNotContain("QUIT");
            if (good == 40_000) {
                assertThat(server.heard(0)).contains("DATA");
            }
        }
    }

    /** So many line ends, then an error. */
    private static final class Failing extends InputStream {
        private int left;

        Failing(int good) {
            left = good;
        }

        @Override
        public int read() throws IOException {
            if (left-- > 0) {
                return '\n';
            }
            throw new IOException("disk on fire");
        }
    }

    @Test
    void anErrorWhenTheMessageIsClosedDoesNotUndoADelivery() throws Exception {
        try (var server = ScriptedServer.start(until(5, "S: 250 taken"));
                var post = new Post(home).allTo(server)) {
            OutgoingMessage whole = Post.letter();
            var outgoing = new OutgoingMessage(
                    whole.sender(),
                    whole.recipients(),
                    whole.body(),
                    whole.form(),
                    3,
                    () -> new java.io.ByteArrayInputStream(Octets.bytes("x\n\n")) {
                        @Override
                        public void close() throws IOException {
                            throw new IOException("close failed");
                        }
                    });
            assertThat(post.sendOne(outgoing)).isInstanceOf(Outcome.Delivered.class);
        }
    }

    @Test
    void aRefusalByOneHostIsNotForGoodWhileAnothersNameCannotBeLookedUp() throws Exception {
        try (var server = ScriptedServer.start("S: 554 5.7.1 go away");
                var post = new Post(home)) {
            post.port = server.port();
            post.names.mx("example.org", "10 a", "20 b").host("a", "127.0.0.1");
            post.names.host("b", new carteiro.dns.HostAddresses.AddressLookupFailure("no answer"));
            assertThat(post.sendOne(Post.letter())).isInstanceOf(Outcome.Deferred.class);
            post.names.mx("example.org", "10 a");
            Outcome alone = post.sendOne(Post.letter());
            assertThat(alone).as("and it is when there is no other").isInstanceOf(Outcome.Failed.class);
        }
    }
}
