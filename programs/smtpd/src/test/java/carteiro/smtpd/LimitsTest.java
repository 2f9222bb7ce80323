package carteiro.smtpd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import carteiro.control.ControlException;
import carteiro.listen.Budgets;
import carteiro.listen.ClientConnection;
import carteiro.protocol.StartupGrace;
import carteiro.testkit.Await;
import carteiro.testkit.Covers;
import carteiro.wire.Line;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Peers that stall, drip, send without end, vanish, come in crowds; settings that change; stopping. */
class LimitsTest {
    @TempDir
    Path home;

    /** Where a client may stop talking. */
    private static final String[] STEPS = {
        "",
        "EHL",
        "EHLO x\r\n",
        "MAIL FROM:<a@b>\r\n",
        "MAIL FROM:<a@b>\r\nRCPT TO:<bob@example.org>\r\n",
        "MAIL FROM:<a@b>\r\nRCPT TO:<bob@example.org>\r\nDATA\r\n",
        "MAIL FROM:<a@b>\r\nRCPT TO:<bob@example.org>\r\nDATA\r\nSubject: x\r\n\r\nhalf a li",
        "MAIL FROM:<a@b>\r\nRCPT TO:<bob@example.org>\r\nDATA\r\nx\r\n.\r",
        "MAIL FROM:<a@b>\r\nRCPT TO:<bob@example.org>\r\nBDAT 100\r\nhalf a chu",
        "MAIL FROM:<a@b>\r\nRCPT TO:<bob@example.org>\r\nBDAT 5\r\nabc\r\n"
    };

    @Test
    @Covers("qmail:M25")
    void aClientThatFallsSilentAtAnyStepIsToldAndClosed() throws Exception {
        try (var smtpd = SmtpdOnLoopback.start(home, "timeoutsmtpd", "1\n")) {
            var clients = new ArrayList<Dialogue>();
            for (String step : STEPS) {
                clients.add(smtpd.connect().send(step));
            }
            for (Dialogue client : clients) {
                String reply;
                String last = "";
                for (reply = client.reply(); !reply.isEmpty(); reply = client.reply()) {
                    last = reply;
                }
                assertThat(last).startsWith("421 4.4.2");
                client.close();
            }
            Await.until(() -> smtpd.running.status().contains("sessions=0"), "sessions are left");
            assertThat(smtpd.queue.messages).isEmpty();
            assertThat(smtpd.queue.open.get()).isZero();
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9})
    void aClientThatVanishesAtAnyStepLeavesNothing(int step) throws Exception {
        try (var smtpd = SmtpdOnLoopback.start(home)) {
            for (boolean reset : new boolean[] {false, true}) {
                try (var client = smtpd.connect()) {
                    client.expect("220 ").send(STEPS[step]);
                    client.socket().setSoLinger(reset, 0); // a reset instead of an orderly end
                }
            }
            Await.until(() -> smtpd.running.status().contains("sessions=0 conversations=2"), "sessions are left");
            assertThat(smtpd.queue.messages).isEmpty();
            assertThat(smtpd.queue.open.get()).isZero();
        }
    }

    @Test
    void aClientThatDripsIsEndedByTheLimitOnTheWholeConversation() throws Exception {
        try (var smtpd = SmtpdOnLoopback.start(home, "timeoutsession", "1\n", "timeoutsmtpd", "60\n");
                var client = smtpd.connect()) {
            client.expect("220 ").say("MAIL FROM:<a@b>", "250 ").say("RCPT TO:<bob@example.org>", "250 ");
            client.say("DATA", "354 ");
            Await.until(
                    () -> {
                        try {
                            client.send("x");
                            return client.hasReply();
                        } catch (IOException e) {
                            return true;
                        }
                    },
                    "the dripping client is still served");
            smtpd.awaitLog("ended: conversation too long");
            assertThat(smtpd.queue.open.get()).isZero();
        }
    }

    @Test
    void aClientThatDoesNotReadIsClosed() throws Exception {
        try (var smtpd = SmtpdOnLoopback.start(home, "timeoutsmtpd", "1\n", "maxidlecommands", "1000000\n");
                var client = smtpd.connect()) {
            client.socket().setReceiveBufferSize(4096);
            CompletableFuture<Void> sending = CompletableFuture.runAsync(() -> {
                try {
                    String group = "HELP\r\n".repeat(1000);
                    while (true) {
                        client.send(group);
                    }
                } catch (IOException e) {
                    // closed at last
                }
            });
            smtpd.awaitLog("ended: connection lost");
            client.close();
            sending.join();
        }
    }

    @Test
    void twentyRefusedCommandsEndTheConversation() throws Exception {
        try (var smtpd = SmtpdOnLoopback.start(home);
                var client = smtpd.connect()) {
            client.expect("220 ");
            for (int i = 0; i < 20; i++) {
                client.say("FROB", "502 ");
            }
            client.expect("421 4.7.0").expectClosed();
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "NOOP",
                "RSET",
                "VRFY x",
                "HELP",
                "HELO x",
                "EHLO x",
                "MAIL FROM:<a@b>",
                "RCPT TO:<away@example.org>"
            })
    void commandsWithoutAMessageEndTheConversationAtTheLimit(String command) throws Exception {
        try (var smtpd = SmtpdOnLoopback.start(home, "maxidlecommands", "30\n");
                var client = smtpd.connect()) {
            // two of them come first: EHLO and MAIL
            client.expect("220 ").say("EHLO client.example", "250-").say("MAIL FROM:<s@client.example>", "250 ");
            for (int i = 0; i < 28; i++) {
                assertThat(client.send(command + "\r\n").reply()).doesNotStartWith("421");
            }
            client.expect("421 4.7.0 too many commands without a message").expectClosed();
            client.close();
            smtpd.awaitLog("ended: too many commands without a message");
        }
    }

    @Test
    void aMessageBeginsTheCountAnewAndRecipientsDoNotCount() throws Exception {
        try (var smtpd = SmtpdOnLoopback.start(home, "maxidlecommands", "20\n", "maxrecipients", "100\n");
                var client = smtpd.connect()) {
            client.envelope();
            for (int round = 0; round < 3; round++) {
                for (int i = 0; i < 17; i++) {
                    client.say("NOOP", "250 ");
                }
                for (int i = 1; i < 100; i++) {
                    client.say("RCPT TO:<bob@example.org>", "250 ");
                }
                for (int i = 0; i < 100; i++) {
                    client.say("RCPT TO:<bob@example.org>", "452 4.5.3");
                }
                client.say("DATA", "354 ").say("x\r\n.", "250 ok").say("MAIL FROM:<>", "250 ");
                client.say("RCPT TO:<bob@example.org>", "250 ");
            }
        }
    }

    @Test
    void recipientsOverTheLimitCountFromTheTenThousandthOn() throws Exception {
        try (var smtpd = SmtpdOnLoopback.start(home, "maxidlecommands", "20\n", "maxrecipients", "100\n");
                var client = smtpd.connect()) {
            client.envelope();
            int rest = 99 + SmtpdSession.SURPLUS + 18; // two commands stand before them
            for (int sent = 0; sent < rest; sent += 100) {
                int group = Math.min(100, rest - sent);
                client.send("RCPT TO:<bob@example.org>\r\n".repeat(group));
                for (int i = 0; i < group; i++) {
                    client.expect(sent + i < 99 ? "250 " : "452 4.5.3");
                }
            }
            client.expect("421 4.7.0 too many commands").expectClosed();
        }
    }

    @Test
    void recipientsRefusedForNowAreWorkOnceOneIsAccepted() throws Exception {
        try (var smtpd = SmtpdOnLoopback.start(home, "maxidlecommands", "20\n", "maxrecipients", "100\n");
                var client = smtpd.connect()) {
            client.expect("220 ").say("EHLO client.example", "250-").say("MAIL FROM:<s@client.example>", "250 ");
            for (int i = 0; i < 17; i++) {
                client.say("RCPT TO:<away@example.org>", "451 4.4.3");
            }
            client.say("RCPT TO:<bob@example.org>", "250 ");
            for (int i = 17; i < 100; i++) {
                client.say("RCPT TO:<away@example.org>", "451 4.4.3");
            }
            for (int i = 0; i < 18; i++) { // those over maxrecipients count
                client.say("RCPT TO:<away@example.org>", "451 4.4.3");
            }
            client.expect("421 4.7.0 too many commands without a message").expectClosed();
        }
    }

    @Test
    void recipientsRefusedForNowCountAfterTheirTransactionToo() throws Exception {
        try (var smtpd = SmtpdOnLoopback.start(home, "maxidlecommands", "20\n", "maxrecipients", "100\n");
                var client = smtpd.connect()) {
            client.expect("220 ");
            for (int i = 0; i < 6; i++) { // MAIL, RCPT and RSET count
                client.say("MAIL FROM:<>", "250 ")
                        .say("RCPT TO:<away@example.org>", "451 ")
                        .say("RSET", "250 ");
            }
            client.say("NOOP", "250 ").say("NOOP", "250 ").expect("421 4.7.0").expectClosed();
        }
    }

    @Test
    void chunksOfNothingEndTheConversation() throws Exception {
        try (var smtpd = SmtpdOnLoopback.start(home, "maxidlecommands", "20\n");
                var client = smtpd.connect()) {
            client.envelope();
            for (int i = 0; i < 18; i++) {
                client.say("BDAT 0", "250 ");
            }
            client.expect("421 4.7.0").expectClosed();
        }
    }

    @Test
    void nineteenRefusedCommandsDoNotAndAnAcceptedMessageForgetsThem() throws Exception {
        try (var smtpd = SmtpdOnLoopback.start(home);
                var client = smtpd.connect()) {
            client.expect("220 ");
            for (int round = 0; round < 2; round++) {
                for (int i = 0; i < 19; i++) {
                    client.say("FROB", "502 ");
                }
                client.say("MAIL FROM:<>", "250 ").say("RCPT TO:<bob@example.org>", "250 ");
                client.say("DATA", "354 ").say("x\r\n.", "250 ok");
            }
        }
    }

    @Test
    void aCommandLineOf2048OctetsPassesAndOneMoreDoesNot() throws Exception {
        try (var smtpd = SmtpdOnLoopback.start(home);
                var client = smtpd.connect()) {
            client.expect("220 ").say("NOOP " + "x".repeat(2041), "250 ").say("NOOP " + "x".repeat(2042), "500 5.5.2");
            client.say("NOOP " + "x".repeat(60_000), "500 5.5.2").say("NOOP", "250 ");
            client.send("x".repeat(70_000)).expect("500 5.5.2").expectClosed();
        }
    }

    @Test
    void connectionsAboveTheTotalAreTurnedAwayAndLaterOnesServed() throws Exception {
        try (var smtpd = SmtpdOnLoopback.start(home, "concurrencyincoming", "2\n", "concurrencyperclient", "2\n")) {
            try (var first = smtpd.connect();
                    var second = smtpd.connect()) {
                first.expect("220 ");
                second.expect("220 ");
                try (var third = smtpd.connect()) {
                    third.expect("421 4.3.2").expectClosed();
                }
                assertThat(smtpd.awaitLog("turned away client 127.0.0.1: all 2 connections are taken"))
                        .isNotEmpty();
            }
            Await.until(() -> smtpd.running.status().contains("sessions=0"), "sessions are left");
            try (var client = smtpd.connect()) {
                client.expect("220 ");
            }
        }
    }

    @Test
    void connectionsOfOneClientAreLimited() throws Exception {
        try (var smtpd = SmtpdOnLoopback.start(home, "concurrencyperclient", "1\n");
                var first = smtpd.connect()) {
            first.expect("220 ");
            try (var second = smtpd.connect()) {
                second.expect("421 4.7.0").expectClosed();
            }
            var other = new java.net.Socket();
            try (other) {
                other.bind(new java.net.InetSocketAddress(InetAddress.getByName("127.0.0.2"), 0));
                other.connect(new java.net.InetSocketAddress("127.0.0.1", smtpd.port()));
                assertThat(new String(other.getInputStream().readNBytes(3), java.nio.charset.StandardCharsets.US_ASCII))
                        .isEqualTo("220");
            }
        }
    }

    /** A port that is free; skips the test where there is no IPv6. */
    private static int ipv6Port() throws IOException {
        try (var probe = new ServerSocket(0, 1, InetAddress.getByName("::1"))) {
            return probe.getLocalPort();
        } catch (SocketException e) {
            return org.junit.jupiter.api.Assumptions.abort("skipped: no IPv6 on the loopback here");
        }
    }

    @Test
    void everyAddressOfBothFamiliesAtOnePortIsOneListener() throws Exception {
        int port = ipv6Port();
        try (var smtpd = SmtpdOnLoopback.start(
                        home, "smtpdlisten", String.format(java.util.Locale.ROOT, "0.0.0.0:%d\n[::]:%1$d\n", port));
                var four = Dialogue.to("127.0.0.1", port);
                var six = Dialogue.to("::1", port)) {
            four.envelope().say("DATA", "354 ").say("x\r\n.", "250 ok");
            six.expect("220 ");
            assertThat(smtpd.queue.messages.getFirst().received()).contains(" ([127.0.0.1])\n");
        }
    }

    @Test
    void ipv6IsServed() throws Exception {
        assertThat(ipv6Port()).isPositive();
        try (var smtpd = SmtpdOnLoopback.start(home, "smtpdlisten", "[::1]:0\n127.0.0.1:0\n")) {
            try (var client = Dialogue.to("::1", smtpd.port())) {
                client.envelope().say("DATA", "354 ").say("x\r\n.", "250 ok");
            }
            assertThat(smtpd.queue.messages.getFirst().received())
                    .matches("(?s)Received: from client.example \\(\\[IPv6:0:0:0:0:0:0:0:1]\\)\n.*");
            smtpd.awaitLog("smtpd: listening on [0:0:0:0:0:0:0:1]:" + smtpd.port());
        }
    }

    // ---- Settings

    @Test
    void everyProblemIsNamedAtOnceAndAReloadLeavesTheOldSettings() throws Exception {
        try (var smtpd = SmtpdOnLoopback.start(home)) {
            smtpd.control("smtpdlisten", "localhost\n127.0.0.1:0\n");
            smtpd.control("databytes", "99999999999999999999\n");
            smtpd.control("tcp.smtp", "10.:permit\n");
            Files.createDirectory(home.resolve("control/badmailfrom")); // unreadable, even for root
            assertThatThrownBy(smtpd.running::reload)
                    .isInstanceOf(ControlException.class)
                    .hasMessageContaining("control/smtpdlisten:1: \"localhost\" is no address and port")
                    .hasMessageContaining("control/databytes:1: ")
                    .hasMessageContaining("control/tcp.smtp:1: says neither allow nor deny")
                    .hasMessageContaining("control/badmailfrom: cannot be read");
            try (var client = smtpd.connect()) {
                client.envelope();
            }
        }
    }

    @Test
    void aReloadOpensAndClosesListenersAndKeepsTheOthers() throws Exception {
        try (var smtpd = SmtpdOnLoopback.start(home, "smtpdlisten", "127.0.0.1:0\n127.0.0.2:0\n")) {
            int kept = smtpd.port();
            int second = Integer.parseInt(smtpd.running.status().replaceAll(".*,127.0.0.2:(\\d+).*", "$1"));
            try (var client = Dialogue.to("127.0.0.2", second)) {
                client.expect("220 ");
                smtpd.control("smtpdlisten", "127.0.0.1:0\n127.0.0.3:0\n");
                smtpd.control("smtpgreeting", "changed.example\n");
                smtpd.running.reload();
                client.say("NOOP", "250 "); // who was served is served on
            }
            assertThat(smtpd.port()).isEqualTo(kept);
            int third = Integer.parseInt(smtpd.running.status().replaceAll(".*,127.0.0.3:(\\d+).*", "$1"));
            try (var client = Dialogue.to("127.0.0.3", third)) {
                client.expect("220 changed.example ESMTP");
            }
            assertThatThrownBy(() -> Dialogue.to("127.0.0.2", second)).isInstanceOf(IOException.class);
            smtpd.control("smtpdlisten", "127.0.0.1:0\n127.0.0.3:0\n127.0.0.1:" + kept + "\n"); // taken by ourselves
            assertThatThrownBy(smtpd.running::reload)
                    .isInstanceOf(ControlException.class)
                    .hasMessageContaining("control/smtpdlisten: cannot listen on 127.0.0.1:" + kept);
            smtpd.connect().expect("220 changed.example ESMTP").close();
        }
    }

    @Test
    void aPortInUseAtStartIsNoMistakeInTheSettingsSoThatTheOtherProgramsRun() throws Exception {
        try (var taken = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"))) {
            assertThatThrownBy(() ->
                            SmtpdOnLoopback.start(home, "smtpdlisten", "127.0.0.1:" + taken.getLocalPort() + "\n"))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("cannot listen on 127.0.0.1:" + taken.getLocalPort());
        }
    }

    @Test
    void rulesOfTcpSmtpDenyAndLetRelay() throws Exception {
        try (var smtpd =
                SmtpdOnLoopback.start(home, "tcp.smtp", "127.0.0.2:deny\n127.:allow,RELAYCLIENT=\"\"\n:allow\n")) {
            try (var client = smtpd.connect()) {
                client.envelope().say("RCPT TO:<x@foreign.example>", "250 ");
            }
            var denied = new java.net.Socket();
            try (denied) {
                denied.bind(new java.net.InetSocketAddress(InetAddress.getByName("127.0.0.2"), 0));
                denied.connect(new java.net.InetSocketAddress("127.0.0.1", smtpd.port()));
                assertThat(new String(
                                denied.getInputStream().readAllBytes(), java.nio.charset.StandardCharsets.US_ASCII))
                        .startsWith("554 5.7.1");
            }
            smtpd.awaitLog("smtpd: turned away client 127.0.0.2: control/tcp.smtp denies it");
        }
    }

    @Test
    @Covers("qmail:P10")
    void aRuleOfTcpSmtpNamesTheProgramThatTakesTheMessage() throws Exception {
        Path program = home.resolve("filter");
        Files.writeString(program, "#!/bin/sh\necho \"$TCPREMOTEIP $EXTRA\" >'" + home + "/variables'\nexit 31\n");
        Files.setPosixFilePermissions(program, java.nio.file.attribute.PosixFilePermissions.fromString("rwxr-xr-x"));
        String rule = "127.0.0.1:allow,QMAILQUEUE=\"" + program + "\",EXTRA=\"more\"\n";
        try (var smtpd = SmtpdOnLoopback.start(home, "tcp.smtp", rule);
                var client = smtpd.connect()) {
            client.envelope().say("DATA", "354 ").say("x\r\n.", "554 5.3.0");
            assertThat(smtpd.queue.messages).isEmpty();
            assertThat(home.resolve("variables")).hasContent("127.0.0.1 more\n");
        }
    }

    // ---- Stopping

    @Test
    void stoppingTellsEverybodyAtOnceThoseInAMessageToo() throws Exception {
        try (var smtpd = SmtpdOnLoopback.start(home);
                var idle = smtpd.connect();
                var begun = smtpd.connect();
                var busy = smtpd.connect()) {
            idle.expect("220 ");
            begun.envelope();
            busy.envelope().say("DATA", "354 ").send("half\r\n");
            CompletableFuture<Void> stopping =
                    CompletableFuture.runAsync(() -> smtpd.running.stop(Duration.ofSeconds(20)));
            idle.expect("421 4.3.2").expectClosed();
            begun.expect("421 4.3.2").expectClosed();
            busy.expect("421 4.3.2").expectClosed();
            stopping.join();
            assertThat(smtpd.queue.messages).isEmpty();
            assertThat(smtpd.queue.open.get()).isZero();
            assertThat(smtpd.running.status()).contains("sessions=0");
        }
    }

    @Test
    void aStopWaitsForQueuesAnswerToAMessageAndForNothingElse() throws Exception {
        try (var smtpd = SmtpdOnLoopback.start(
                        home, Budgets.ofThisProcess(), new SmtpdServer.Times(Duration.ZERO, StartupGrace.LENGTH));
                var busy = smtpd.connect()) {
            smtpd.queue.hold = new CountDownLatch(1);
            busy.envelope().say("DATA", "354 ").send("whole\r\n.\r\n");
            Await.until(() -> smtpd.queue.held.get() == 1, "queue is not asked");
            CompletableFuture<Void> stopping =
                    CompletableFuture.runAsync(() -> smtpd.running.stop(Duration.ofSeconds(20)));
            Await.until(() -> smtpd.running.status().contains("listening= "), "it listens");
            assertThatThrownBy(() -> stopping.get(300, TimeUnit.MILLISECONDS)).isInstanceOf(TimeoutException.class);
            smtpd.queue.hold.countDown();
            busy.expect("250 ok");
            stopping.join();
        }
    }

    @Test
    void anEndThatCameMeanwhileWaitsForTheFateOfAMessage() throws Exception {
        try (var listener = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"));
                var client = Dialogue.with(listener.getLocalPort());
                var connection = new ClientConnection(
                        listener.accept(), Duration.ofSeconds(1), Duration.ofHours(1), SmtpdSession.LINE_LIMIT)) {
            CompletableFuture<Line> read = CompletableFuture.supplyAsync(() -> {
                try {
                    return connection.lines().next();
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            });
            Await.until(
                    () -> {
                        connection.enforceTimeouts(
                                System.nanoTime() + Duration.ofSeconds(2).toNanos());
                        return connection.ending().isPresent();
                    },
                    "it is not read");
            assertThat(read.join()).isInstanceOf(Line.End.class);
            connection.settle();
            connection.enforceTimeouts(
                    System.nanoTime() + Duration.ofSeconds(10).toNanos());
            connection.send("250 ok\r\n".getBytes(StandardCharsets.US_ASCII));
            connection.flush();
            connection.enforceTimeouts(System.nanoTime()); // it has a moment to take it
            client.expect("250 ok");
            connection.enforceTimeouts(
                    System.nanoTime() + Duration.ofSeconds(10).toNanos());
            client.expectClosed();
        }
    }

    @Test
    void rightAfterTheStartLookupAndQueueAreWaitedFor() throws Exception {
        var patient = new SmtpdServer.Times(Duration.ofSeconds(2), Duration.ofHours(1)); // however slow this host is
        try (var smtpd = SmtpdOnLoopback.start(home, Budgets.ofThisProcess(), patient);
                var first = smtpd.connect();
                var second = smtpd.connect()) {
            second.expect("220 ");
            first.expect("220 ").say("MAIL FROM:<a@b>", "250 ");
            smtpd.neighboursLeave();
            first.send("RCPT TO:<bob@example.org>\r\n");
            for (int i = 0; i < 50; i++) {
                second.say("NOOP", "250 "); // enough for an answer, if there were one
            }
            assertThat(first.hasReply()).isFalse();
            smtpd.neighboursCome();
            first.expect("250 ");
            smtpd.neighboursLeave();
            first.send("DATA\r\n");
            for (int i = 0; i < 40; i++) {
                second.say("NOOP", "250 ");
            }
            assertThat(first.hasReply()).isFalse();
            smtpd.neighboursCome();
            first.expect("354 ").say("x\r\n.", "250 ok");
        }
    }

    @Test
    void aClosedPortTakesNobodyOnceTheReloadHasSaidSo() throws Exception {
        try (var smtpd = SmtpdOnLoopback.start(home)) {
            for (int i = 0; i < 100; i++) {
                smtpd.control("smtpdlisten", "127.0.0.1:0\n127.0.0.2:0\n");
                smtpd.running.reload();
                int port = Integer.parseInt(smtpd.running.status().replaceAll(".*,127.0.0.2:(\\d+).*", "$1"));
                Dialogue.to("127.0.0.2", port).expect("220 ").close();
                smtpd.control("smtpdlisten", "127.0.0.1:0\n");
                smtpd.running.reload();
                assertThatThrownBy(() -> Dialogue.to("127.0.0.2", port).close()).isInstanceOf(IOException.class);
            }
        }
    }

    /** lookup may take two minutes; the programs that stop after smtpd need that time. */
    @Test
    @Timeout(60)
    void aStopDoesNotWaitForWhoWaitsForLookup() throws Exception {
        try (var smtpd = SmtpdOnLoopback.start(home);
                var client = smtpd.connect()) {
            smtpd.lookup.hold = new CountDownLatch(1);
            client.expect("220 ").say("MAIL FROM:<a@b>", "250 ").send("RCPT TO:<bob@example.org>\r\n");
            Await.until(() -> smtpd.lookup.held.get() == 1, "lookup is not asked");
            smtpd.running.stop(Duration.ofMinutes(10));
            assertThat(smtpd.lookup.held.get()).isEqualTo(1);
            client.expectClosed();
            smtpd.lookup.hold.countDown();
        }
    }

    @Test
    void patienceEnds() throws Exception {
        try (var smtpd = SmtpdOnLoopback.start(home);
                var busy = smtpd.connect()) {
            smtpd.queue.hold = new CountDownLatch(1);
            busy.envelope().say("DATA", "354 ").send("x\r\n.\r\n");
            Await.until(() -> smtpd.queue.held.get() == 1, "queue is not asked");
            smtpd.running.stop(Duration.ofMillis(100));
            busy.expectClosed();
            smtpd.queue.hold.countDown();
            Await.until(() -> smtpd.queue.open.get() == 0, "the submission stays open");
            assertThatThrownBy(smtpd::connect).isInstanceOf(Throwable.class);
        }
    }

    @Test
    void twoThousandIdleClientsAreHeldAndOthersServed() throws Exception {
        try (var smtpd = SmtpdOnLoopback.start(home, "concurrencyperclient", "3000\n")) {
            var clients = new ArrayList<Dialogue>();
            try {
                for (int i = 0; i < 2000; i++) {
                    clients.add(smtpd.connect());
                }
                for (Dialogue client : clients) {
                    client.expect("220 ");
                }
                try (var client = smtpd.connect()) {
                    client.envelope()
                            .say("DATA", "354 ")
                            .say("x\r\n.", "250 ok")
                            .say("QUIT", "221 ");
                }
                assertThat(smtpd.running.status()).contains("sessions=200");
                clients.getLast().say("NOOP", "250 ");
            } finally {
                for (Dialogue client : clients) {
                    client.close();
                }
            }
        }
    }

    /** Else nobody who stalls would be closed any more, and status would say ready. */
    @Test
    void smtpdIsNoLongerAliveWhenNobodyLooksAtTheTime() throws Exception {
        Set<Thread> before = Thread.getAllStackTraces().keySet();
        try (var smtpd = SmtpdOnLoopback.start(home)) {
            assertThat(smtpd.running.alive()).isTrue();
            List<Thread> sweeping = Thread.getAllStackTraces().keySet().stream()
                    .filter(thread -> thread.getName().equals("smtpd-sweep") && !before.contains(thread))
                    .toList();
            assertThat(sweeping).hasSize(1);
            sweeping.getFirst().interrupt();
            Await.until(() -> !smtpd.running.alive(), "smtpd has not noticed");
            smtpd.awaitLog("alert: smtpd: its thread smtpd-sweep has ended");
        }
    }
}
