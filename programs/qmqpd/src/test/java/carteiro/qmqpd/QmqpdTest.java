package carteiro.qmqpd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import carteiro.control.ControlException;
import carteiro.control.Installation;
import carteiro.listen.Budgets;
import carteiro.listen.ClientBudget;
import carteiro.mail.Address;
import carteiro.mail.Envelope;
import carteiro.mail.Status;
import carteiro.protocol.Enqueue.Receipt;
import carteiro.protocol.LocalSubmission;
import carteiro.testkit.Await;
import carteiro.testkit.Covers;
import java.io.IOException;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509TrustManager;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** QMQP over real sockets, with clients that mean well and others. */
class QmqpdTest {
    private static final String TEXT = "Subject: x\nMessage-ID: <1@client.example>\n\nHello\n";
    private static final String WHOLE =
            Qmqp.message(TEXT, "ann@client.example", "bob@example.org", "carol@elsewhere.example");
    private static final long PLENTY = 1L << 40;

    @TempDir
    Path home;

    private static String talk(QmqpdOnLoopback qmqpd, String octets) throws IOException {
        try (var client = Qmqp.to(qmqpd.port())) {
            return client.send(octets).answer();
        }
    }

    @Test
    @Covers("qmail:P06")
    void aMessageIsInTheQueueForEveryRecipientAndAnsweredOnce() throws Exception {
        try (var qmqpd = QmqpdOnLoopback.start(home)) {
            assertThat(talk(qmqpd, WHOLE)).matches("\\d+:Kok \\d+ qp 457,");
            assertThat(qmqpd.queue.messages).hasSize(1);
            KeptMessages.Kept kept = qmqpd.queue.messages.getFirst();
            assertThat(kept.sent()).isEqualTo(TEXT);
            assertThat(kept.received())
                    .matches("Received: from unknown \\(\\[127\\.0\\.0\\.1]\\)\n  by mail\\.example\\.org with QMQP id"
                            + " [a-z0-9]{12}; .*\n");
            assertThat(kept.envelope().sender()).isEqualTo(new Address("ann@client.example"));
            assertThat(kept.envelope().addresses())
                    .containsExactly(new Address("bob@example.org"), new Address("carol@elsewhere.example"));
            assertThat(kept.envelope().body()).isEqualTo(Envelope.BodyType.SEVEN_BIT);
            assertThat(qmqpd.awaitLog("accepted"))
                    .contains("qmqpd: accepted msg 457 from <ann@client.example> 2 recipients " + TEXT.length()
                            + " bytes client 127.0.0.1 id ")
                    .contains(" message-id <1@client.example>");
        }
    }

    @Test
    @Covers("qmail:P06")
    void nothingIsChangedInTheText() throws Exception {
        String odd = "\u00e9\r\nX: a\rb\n\0\n.\n..\nno line end";
        try (var qmqpd = QmqpdOnLoopback.start(home)) {
            assertThat(talk(qmqpd, Qmqp.message(odd, "", "bob@example.org", "")))
                    .contains(":Kok ");
            assertThat(talk(qmqpd, Qmqp.message("", "j\u00f6@x.example"))).contains(":Kok ");
            assertThat(qmqpd.queue.messages).hasSize(2);
            assertThat(qmqpd.queue.messages.getFirst().sent()).isEqualTo(odd);
            assertThat(qmqpd.queue.messages.getFirst().envelope().body()).isEqualTo(Envelope.BodyType.EIGHT_BIT_MIME);
            assertThat(qmqpd.queue.messages.getLast().envelope().form()).isEqualTo(Envelope.AddressForm.SMTPUTF8);
        }
    }

    static Stream<String> badAddresses() {
        return Stream.of(
                Qmqp.message(TEXT, "a\0b", "bob@example.org"),
                Qmqp.message(TEXT, "x".repeat(1000), "bob@example.org"),
                Qmqp.message(TEXT, "", "bob@example.org", "c\0d", "eve@example.org"),
                Qmqp.message(TEXT, "", "bob@example.org", "y".repeat(70_000)));
    }

    @ParameterizedTest
    @MethodSource("badAddresses")
    @Covers("qmail:P07")
    void aBadAddressIsARefusalOfTheWhole(String message) throws Exception {
        try (var qmqpd = QmqpdOnLoopback.start(home)) {
            assertThat(talk(qmqpd, message)).matches("\\d+:Dan address has over 999 octets.* \\(#5\\.1\\.3\\),");
            assertThat(qmqpd.queue.messages).isEmpty();
            assertThat(qmqpd.queue.open).hasValue(0);
            assertThat(talk(qmqpd, Qmqp.message(TEXT, "", "z".repeat(999)))).contains(":Kok ");
        }
    }

    /** At every octet: nobody is told anything, and nothing is kept. */
    @Test
    @Covers("qmail:P07")
    void anEarlyEndQueuesNothingAndGetsNoAnswer() throws Exception {
        try (var qmqpd = QmqpdOnLoopback.start(home)) {
            for (int length = 0; length < WHOLE.length(); length++) {
                try (var client = qmqpd.connect()) {
                    assertThat(client.send(WHOLE.substring(0, length))
                                    .endInput()
                                    .answer())
                            .as("after " + length)
                            .isEmpty();
                }
            }
            assertThat(qmqpd.queue.messages).isEmpty();
            Await.until(() -> qmqpd.running.status().contains("sessions=0"), "sessions are left");
            assertThat(qmqpd.queue.open).hasValue(0);
            qmqpd.awaitLog("qmqpd: lost client 127.0.0.1: it ended before its message was whole; nothing is queued");
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "12x:",
                "x",
                ":",
                "-1:",
                " 5:",
                "5 :hello,",
                "GET / HTTP/1.1\r\n\r\n",
                "EHLO x\r\n",
                "5:hello,",
                "8:9:aaaaa,,",
                "6:3:abcx,",
                "0:,",
                "12:5:hello,0:,",
                "000000000000000000000001:",
                "3:0:,x",
                "5:0:,0:,",
                "6:0:,0:;,"
            })
    @Covers("qmail:P09")
    void whatIsNoQmqpIsRefusedAndQueuesNothing(String garbage) throws Exception {
        try (var qmqpd = QmqpdOnLoopback.start(home)) {
            try (var client = qmqpd.connect()) {
                assertThat(client.send(garbage).send("0".repeat(100)).endInput().answer())
                        .isEqualTo("26:Dthis is not QMQP (#5.5.2),");
            }
            assertThat(qmqpd.queue.messages).isEmpty();
            assertThat(qmqpd.queue.open).hasValue(0);
            qmqpd.awaitLog("qmqpd: refused message from <> client 127.0.0.1: Dthis is not QMQP (#5.5.2) (");
        }
    }

    @Test
    @Covers("qmail:P09")
    void noNumberIsOverTheLargest() throws Exception {
        try (var qmqpd = QmqpdOnLoopback.start(home)) {
            for (String number : new String[] {"2000000010:", "99999999999999999999", "2000000009:2000000010:"}) {
                assertThat(talk(qmqpd, number)).contains(":Dthe message is over the limit");
            }
            assertThat(talk(qmqpd, "2000000009:1900000000:")).contains(":Dthe message is over the limit");
            assertThat(qmqpd.queue.open).hasValue(0);
        }
    }

    @Test
    void randomOctetsAreAnsweredOrNotAndHarmNothing() throws Exception {
        long seed = System.nanoTime();
        var random = new Random(seed);
        try (var qmqpd = QmqpdOnLoopback.start(home)) {
            for (int i = 0; i < 200; i++) {
                var octets = new StringBuilder(WHOLE);
                for (int change = random.nextInt(4); change >= 0; change--) {
                    octets.setCharAt(random.nextInt(octets.length()), (char) random.nextInt(256));
                }
                try (var client = qmqpd.connect()) {
                    assertThat(client.send(octets.toString()).endInput().answer())
                            .as("seed " + seed)
                            .matches("(?s)|\\d+:[KDZ].*,");
                }
            }
            assertThat(qmqpd.log()).as("seed " + seed).doesNotContain("bug");
            assertThat(talk(qmqpd, WHOLE)).contains(":Kok ");
        }
    }

    @Test
    void oneMessageAConnectionWhateverFollows() throws Exception {
        try (var qmqpd = QmqpdOnLoopback.start(home)) {
            assertThat(talk(qmqpd, WHOLE + WHOLE + "garbage".repeat(1000))).matches("\\d+:Kok \\d+ qp 457,");
            assertThat(qmqpd.queue.messages).hasSize(1);
        }
    }

    @Test
    void exactlySoManyOctetsPass() throws Exception {
        try (var qmqpd = QmqpdOnLoopback.start(home, "databytes", "1000\n")) {
            assertThat(talk(qmqpd, Qmqp.message("x".repeat(1000), "", "bob@example.org")))
                    .contains(":Kok ");
            assertThat(talk(qmqpd, Qmqp.message("x".repeat(1001), "", "bob@example.org")))
                    .contains(":Dthe message is over the limit of octets here (#5.3.4),");
            assertThat(qmqpd.queue.messages).hasSize(1);
            qmqpd.awaitLog("(1001 octets, over 1000)");
        }
    }

    @Test
    void aMessageInALoopIsRefused() throws Exception {
        try (var qmqpd = QmqpdOnLoopback.start(home)) {
            String hop = "Received: from a by b; date\n";
            assertThat(talk(qmqpd, Qmqp.message(hop.repeat(99) + "\n", "", "b@x.example")))
                    .contains(":Kok ");
            assertThat(talk(qmqpd, Qmqp.message(hop.repeat(100) + "\n", "", "b@x.example")))
                    .contains("(#5.4.6),");
        }
    }

    // ---- queue

    @Test
    void whatQueueSaysIsTheAnswer() throws Exception {
        try (var qmqpd = QmqpdOnLoopback.start(home)) {
            qmqpd.queue.answer = new Receipt.TemporaryFailure(new Status(4, 3, 1), "disk\nlow");
            assertThat(talk(qmqpd, WHOLE)).isEqualTo("18:Zdisk low (#4.3.1),");
            qmqpd.queue.answer = new Receipt.PermanentFailure(new Status(5, 3, 0), "no");
            assertThat(talk(qmqpd, WHOLE)).isEqualTo("12:Dno (#5.3.0),");
            qmqpd.queue.answer = null;
            qmqpd.queue.loseCommit = true;
            assertThat(talk(qmqpd, WHOLE)).contains(":Zthe message cannot be kept now (#4.3.0),");
            qmqpd.queue.loseCommit = false;
            qmqpd.queue.loseWrites = true;
            assertThat(talk(qmqpd, Qmqp.message("x\n".repeat(50_000), "", "b@x.example")))
                    .contains("(#4.3.0),");
            qmqpd.queue.refuseOpen = true;
            assertThat(talk(qmqpd, WHOLE)).contains(":Zmessages cannot be taken now (#4.3.0),");
            assertThat(qmqpd.queue.messages).isEmpty();
            assertThat(qmqpd.queue.open).hasValue(0);
        }
    }

    @Test
    void aBugOfOursIsATemporaryFailure() throws Exception {
        try (var qmqpd = QmqpdOnLoopback.start(home)) {
            qmqpd.queue.breakOnOpen = true;
            assertThat(talk(qmqpd, WHOLE)).contains(":Zsomething is wrong here");
            qmqpd.awaitLog("alert: qmqpd: bug");
        }
    }

    // ---- Limits

    @Test
    void noClientKeepsTheOthersOut() throws Exception {
        try (var qmqpd = QmqpdOnLoopback.start(home, "concurrencyincoming", "5\n", "concurrencyperclient", "2\n");
                var one = Qmqp.from("127.0.0.2", qmqpd.port());
                var two = Qmqp.from("127.0.0.2", qmqpd.port())) {
            one.send("1");
            two.send("1");
            Await.until(() -> qmqpd.running.status().contains("sessions=2"), "they are not there");
            try (var three = Qmqp.from("127.0.0.2", qmqpd.port())) {
                assertThat(three.answer()).contains(":Ztoo many connections from you, try again later (#4.7.0),");
            }
            assertThat(talk(qmqpd, WHOLE)).contains(":Kok ");
            qmqpd.awaitLog("qmqpd: turned away client 127.0.0.2: it has 2 connections");
        }
    }

    @Test
    void aClientThatIsSilentOrDripsIsEnded() throws Exception {
        try (var qmqpd = QmqpdOnLoopback.start(home, "timeoutsmtpd", "1\n");
                var silent = qmqpd.connect()) {
            assertThat(silent.send(WHOLE.substring(0, 60)).answer())
                    .contains(":Ztimeout, nothing heard for too long (#4.4.2),");
            assertThat(qmqpd.queue.messages).isEmpty();
        }
        try (var qmqpd = QmqpdOnLoopback.start(home, "timeoutsession", "1\n");
                var slow = qmqpd.connect()) {
            var over = new CountDownLatch(1);
            Thread.ofVirtual().start(() -> {
                try {
                    for (int i = 0; !over.await(20, TimeUnit.MILLISECONDS); i++) {
                        slow.send(WHOLE.substring(i, i + 1));
                    }
                } catch (IOException | InterruptedException e) {
                    // it was ended
                }
            });
            assertThat(slow.answer()).contains(":Zthis has lasted too long (#4.4.2),");
            over.countDown();
            assertThat(qmqpd.queue.messages).isEmpty();
            assertThat(qmqpd.queue.open).hasValue(0);
        }
    }

    @Test
    void recipientsAndMessagesUnderWayAreWithinTheirPartOfTheHeap() throws Exception {
        var budgets = new Budgets(
                new ClientBudget(PLENTY),
                new ClientBudget(1000),
                new ClientBudget(2 * Budgets.MESSAGE),
                new ClientBudget(PLENTY));
        try (var qmqpd = QmqpdOnLoopback.start(home, budgets)) {
            var many = new String[10];
            java.util.Arrays.fill(many, "bob@example.org");
            assertThat(talk(qmqpd, Qmqp.message(TEXT, "", many)))
                    .contains(":Ztoo much is under way")
                    .contains("(#4.3.1),");
            try (var other = qmqpd.connect()) {
                other.send(WHOLE.substring(0, 50));
                Await.until(() -> qmqpd.queue.open.get() == 1, "it has not begun");
                assertThat(talk(qmqpd, WHOLE)).contains(":Ztoo much is under way");
            }
            Await.until(() -> qmqpd.running.status().contains("sessions=0"), "sessions are left");
            assertThat(budgets.recipients().taken()).isZero();
            assertThat(budgets.messages().taken()).isZero();
            assertThat(talk(qmqpd, WHOLE)).contains(":Kok ");
        }
    }

    @Test
    void theTextUnderWayOfOneClientLeavesAsMuchForOthers() throws Exception {
        var budgets = new Budgets(
                new ClientBudget(PLENTY),
                new ClientBudget(PLENTY),
                new ClientBudget(PLENTY),
                new ClientBudget(6 * Budgets.TEXT_STEP));
        String large = Qmqp.message("x".repeat((int) (3 * Budgets.TEXT_STEP) - 1000), "", "bob@example.org");
        try (var qmqpd = QmqpdOnLoopback.start(home, budgets)) {
            try (var other = qmqpd.connect()) {
                other.send(large.substring(0, large.length() - 100));
                Await.until(() -> budgets.text().taken() == 2 * Budgets.TEXT_STEP, "it has not come so far");
                assertThat(talk(qmqpd, large))
                        .contains(":Ztoo much is under way")
                        .contains("(#4.3.1),");
            }
            Await.until(() -> qmqpd.running.status().contains("sessions=0"), "sessions are left");
            assertThat(budgets.text().taken()).isZero();
            assertThat(talk(qmqpd, large)).contains(":Kok ");
        }
    }

    @Test
    void anEnvelopeThatQueueWouldNotKeepIsRefused() throws Exception {
        var budgets = new Budgets(
                new ClientBudget(PLENTY),
                new ClientBudget(1L << 30),
                new ClientBudget(PLENTY),
                new ClientBudget(PLENTY));
        try (var qmqpd = QmqpdOnLoopback.start(home, budgets)) {
            var many = new String[Envelope.MOST_RECIPIENTS + 1];
            java.util.Arrays.fill(many, "b@c");
            assertThat(talk(qmqpd, Qmqp.message(TEXT, "", many))).contains(":Dthere are too many recipients (#5.5.3),");
            var longest = new String[LocalSubmission.ENVELOPE_LIMIT / 900];
            java.util.Arrays.fill(longest, "b".repeat(900) + "@c");
            assertThat(talk(qmqpd, Qmqp.message(TEXT, "", longest)))
                    .contains(":Dthere are too many recipients (#5.5.3),");
            assertThat(qmqpd.queue.messages).isEmpty();
        }
    }

    @Test
    void aStopEndsWhoIsNotWhole() throws Exception {
        try (var qmqpd = QmqpdOnLoopback.start(home);
                var client = qmqpd.connect()) {
            client.send(WHOLE.substring(0, 50));
            Await.until(() -> qmqpd.queue.open.get() == 1, "it has not begun");
            qmqpd.running.stop(java.time.Duration.ofSeconds(5));
            assertThat(client.answer()).contains(":Zthe service is being stopped (#4.3.2),");
            assertThat(qmqpd.queue.messages).isEmpty();
        }
    }

    // ---- Who may connect

    @Test
    void withoutRulesThisHostAloneIsServed() throws Exception {
        QmqpdOnLoopback.writeControl(home, "me", "mail.example.org\n");
        var settings = QmqpdSettings.read(new Installation(home));
        assertThat(settings.ruleFor(java.net.InetAddress.ofLiteral("127.0.0.1"), ""))
                .isInstanceOf(carteiro.control.TcpRules.Rule.Allow.class);
        assertThat(settings.ruleFor(java.net.InetAddress.ofLiteral("::1"), ""))
                .isInstanceOf(carteiro.control.TcpRules.Rule.Allow.class);
        for (String stranger : new String[] {"192.0.2.1", "10.0.0.1", "2001:db8::1", "0.0.0.0"}) {
            assertThat(settings.ruleFor(java.net.InetAddress.ofLiteral(stranger), ""))
                    .isInstanceOf(carteiro.control.TcpRules.Rule.Deny.class);
        }
        try (var qmqpd = QmqpdOnLoopback.start(home)) {
            qmqpd.awaitLog("there is no control/tcp.qmqp, and so clients on this host alone are served");
        }
    }

    @Test
    void withRulesThoseWhomTheyAllowAreServedAndNobodyElse() throws Exception {
        try (var qmqpd =
                QmqpdOnLoopback.start(home, "tcp.qmqp", "127.0.0.2:allow,DATABYTES=\"10\"\n127.0.0.3:deny\n")) {
            try (var named = Qmqp.from("127.0.0.2", qmqpd.port())) {
                assertThat(named.send(WHOLE).answer()).contains("(#5.3.4),");
            }
            for (String other : new String[] {"127.0.0.3", "127.0.0.1"}) {
                try (var client = Qmqp.from(other, qmqpd.port())) {
                    assertThat(client.answer()).isEqualTo("33:Zno service for you here (#4.7.1),");
                }
            }
            assertThat(qmqpd.queue.messages).isEmpty();
            qmqpd.awaitLog("qmqpd: turned away client 127.0.0.3: control/tcp.qmqp does not allow it");
            qmqpd.control("tcp.qmqp", ":allow\n");
            qmqpd.running.reload();
            qmqpd.awaitLog("alert: qmqpd: control/tcp.qmqp serves everybody");
            assertThat(talk(qmqpd, WHOLE)).contains(":Kok ");
        }
    }

    @Test
    void behindAProxyTheRulesAreForTheClientThatItNames() throws Exception {
        try (var qmqpd = QmqpdOnLoopback.start(
                home, "tcp.qmqp", "192.0.2.7:allow\n:deny\n", "qmqpdlisten", "127.0.0.1:0 proxy\n")) {
            try (var client = Qmqp.to(qmqpd.port())) {
                assertThat(client.send("PROXY TCP4 192.0.2.7 198.51.100.1 40000 628\r\n" + WHOLE)
                                .answer())
                        .contains(":Kok ");
            }
            try (var client = Qmqp.to(qmqpd.port())) {
                assertThat(client.send("PROXY TCP4 192.0.2.8 198.51.100.1 40000 628\r\n")
                                .answer())
                        .isEqualTo("33:Zno service for you here (#4.7.1),");
            }
            qmqpd.awaitLog("qmqpd: turned away client 192.0.2.8: control/tcp.qmqp does not allow it");
            qmqpd.awaitLog("qmqpd: accepted msg");
        }
    }

    @Test
    void submissionIsNoRoleOfQmqp() {
        assertThatThrownBy(() -> QmqpdOnLoopback.start(home, "qmqpdlisten", "127.0.0.1:0 submission\n")
                        .close())
                .hasMessageContaining("and behind it what applies of tls, proxy");
    }

    // ---- Settings

    @Test
    void withoutItsFileNothingListensAfterAReload() throws Exception {
        try (var qmqpd = QmqpdOnLoopback.start(home)) {
            int port = qmqpd.port();
            assertThat(talk(qmqpd, Qmqp.message(TEXT, "", "bob@example.org"))).contains(":Kok ");
            java.nio.file.Files.delete(home.resolve("control/qmqpdlisten"));
            qmqpd.running.reload();
            qmqpd.awaitLog("qmqpd: listening nowhere; carteiro stop qmqpd ends it");
            assertThatThrownBy(() -> Qmqp.to(port)).isInstanceOf(java.net.ConnectException.class);
            qmqpd.control("qmqpdlisten", "127.0.0.1:0\n");
            qmqpd.running.reload();
            assertThat(talk(qmqpd, Qmqp.message(TEXT, "", "bob@example.org"))).contains(":Kok ");
        }
    }

    @Test
    void anEndlessAddressIsNotReadToItsEnd() throws Exception {
        try (var qmqpd = QmqpdOnLoopback.start(home);
                Qmqp client = qmqpd.connect()) {
            client.send("2000000000:" + Qmqp.netstring(TEXT) + Qmqp.netstring("") + "1900000000:x");
            assertThat(client.answer()).contains(":Dthe message is over the limit");
            assertThat(qmqpd.queue.open).hasValue(0);
        }
        try (var qmqpd = QmqpdOnLoopback.start(home);
                Qmqp client = qmqpd.connect()) {
            client.send("2000000000:" + Qmqp.netstring(TEXT) + Qmqp.netstring("") + Qmqp.netstring("y".repeat(2000))
                    + "3:a@b,");
            assertThat(client.answer())
                    .as("refused at once, with so much to come")
                    .contains(":Dan address has over 999 octets");
        }
    }

    @Test
    void nothingListensUnlessAskedFor() throws Exception {
        var qmqpd = new Qmqpd();
        var installation = new Installation(home);
        QmqpdOnLoopback.writeControl(home, "me", "mail.example.org\n");
        assertThat(qmqpd.isWanted(installation)).isFalse();
        qmqpd.check(installation);
        QmqpdOnLoopback.writeControl(home, "qmqpdlisten", "localhost:628\n");
        QmqpdOnLoopback.writeControl(home, "tcp.qmqp", "10.:permit\n");
        assertThat(qmqpd.isWanted(installation)).isTrue();
        assertThatThrownBy(() -> qmqpd.check(installation))
                .isInstanceOf(ControlException.class)
                .hasMessageContaining("control/qmqpdlisten:1: \"localhost:628\" is no address and port")
                .hasMessageContaining("control/tcp.qmqp:1: says neither allow nor deny");
        QmqpdOnLoopback.writeControl(home, "qmqpdlisten", "[::]:628 tls\n");
        QmqpdOnLoopback.writeControl(home, "tcp.qmqp", ":deny\n");
        assertThatThrownBy(() -> qmqpd.check(installation))
                .hasMessageContaining("servercert.pem: is missing")
                .hasMessageContaining("control/qmqpdlisten");
    }

    // ---- TLS

    private static SSLSocket withTls(int port) throws Exception {
        SSLContext trusting = SSLContext.getInstance("TLS");
        trusting.init(
                null,
                new TrustManager[] {
                    new X509TrustManager() {
                        @Override
                        public void checkClientTrusted(X509Certificate[] chain, String type) {}

                        @Override
                        public void checkServerTrusted(X509Certificate[] chain, String type) {}

                        @Override
                        public X509Certificate[] getAcceptedIssuers() {
                            return new X509Certificate[0];
                        }
                    }
                },
                null);
        return (SSLSocket) trusting.getSocketFactory().createSocket("127.0.0.1", port);
    }

    @Test
    @Covers("qmail:P06")
    void withTlsTheMessageComesEncrypted() throws Exception {
        Path folder = Files.createDirectory(home.resolve("keys"));
        String pem = TestCertificate.pem(folder, "ec");
        try (var qmqpd = QmqpdOnLoopback.start(home, "servercert.pem", pem, "qmqpdlisten", "127.0.0.1:0 tls\n")) {
            try (var client = new Qmqp(withTls(qmqpd.port()))) {
                assertThat(client.send(WHOLE).answer()).contains(":Kok ");
            }
            assertThat(qmqpd.queue.messages.getFirst().received()).containsPattern(" with QMQP id [a-z0-9]+ tls TLS_");
            try (var plain = qmqpd.connect()) { // who does not begin TLS is not heard
                String read;
                try {
                    read = plain.send(WHOLE).answer();
                } catch (IOException e) {
                    read = "";
                }
                assertThat(read).doesNotContain(":K");
            }
            qmqpd.awaitLog("qmqpd: lost client 127.0.0.1: connection lost (");
            assertThat(qmqpd.queue.messages).hasSize(1);
        }
    }

    @Test
    void aClientThatNeverFinishesTheHandshakeIsEnded() throws Exception {
        Path folder = Files.createDirectory(home.resolve("keys"));
        String pem = TestCertificate.pem(folder, "ec");
        try (var qmqpd = QmqpdOnLoopback.start(
                        home, "servercert.pem", pem, "qmqpdlisten", "127.0.0.1:0 tls\n", "timeoutsmtpd", "1\n");
                var mute = new Socket("127.0.0.1", qmqpd.port())) {
            mute.setSoTimeout(20_000);
            assertThat(mute.getInputStream().readAllBytes()).hasSizeLessThan(100);
            Await.until(() -> qmqpd.running.status().contains("sessions=0"), "it stays");
        }
    }
}
