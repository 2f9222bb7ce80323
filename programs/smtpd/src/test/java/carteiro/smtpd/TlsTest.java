package carteiro.smtpd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import carteiro.control.ControlException;
import carteiro.listen.Budgets;
import carteiro.listen.ClientBudget;
import carteiro.mail.Attribute;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** STARTTLS (RFC 3207). */
class TlsTest {
    @TempDir
    Path home;

    private static String pem = "";

    @BeforeAll
    static void certificate(@TempDir Path folder) throws Exception {
        pem = TestCertificate.pem(folder, "rsa:2048");
    }

    @Test
    void afterStartTlsTheConversationBeginsAnewAndTheMessageSaysEsmtps() throws Exception {
        try (var smtpd = SmtpdOnLoopback.start(home, "servercert.pem", pem);
                var client = smtpd.connect()) {
            client.envelope().say("STARTTLS", "220 2.0.0").startTls();
            client.say("RCPT TO:<alice@example.org>", "503 5.5.1"); // nothing of before counts
            String offered = client.send("EHLO client.example\r\n").reply();
            assertThat(offered).doesNotContain("STARTTLS").contains("PIPELINING");
            client.say("STARTTLS", "503 5.5.1").say("MAIL FROM:<>", "250 ").say("RCPT TO:<bob@example.org>", "250 ");
            client.say("DATA", "354 ")
                    .say("x".repeat(900) + "\r\n..y\r\n.", "250 ok")
                    .say("QUIT", "221 ");
            client.expectClosed();
            assertThat(smtpd.queue.messages.getFirst().received())
                    .containsPattern(" with ESMTPS id [a-z0-9]{12} tls TLS_AES_");
            assertThat(smtpd.queue.messages.getLast().envelope().attributes().get(Attribute.CLIENT_CIPHER))
                    .startsWith("TLS_AES_");
            smtpd.awaitLog("ended: quit");
        }
    }

    @Test
    void theNameThatAClientGaveInTheClearCountsForNothing() throws Exception {
        try (var smtpd = SmtpdOnLoopback.start(home, "servercert.pem", pem);
                var client = smtpd.connect()) {
            client.expect("220 ")
                    .say("EHLO clear.example", "250-")
                    .say("STARTTLS", "220 ")
                    .startTls();
            client.say("MAIL FROM:<>", "250 ").say("RCPT TO:<bob@example.org>", "250 ");
            client.say("DATA", "354 ").say("x\r\n.", "250 ok").say("QUIT", "221 ");
            assertThat(smtpd.queue.messages.getFirst().received()).doesNotContain("clear.example");
            assertThat(smtpd.queue.messages.getLast().envelope().attributes().get(Attribute.CLIENT_HELO))
                    .isNull();
            smtpd.awaitLog("smtpd: session client 127.0.0.1 helo - TLS_");
        }
    }

    @Test
    void whereAListenerHasTlsItBeginsBeforeTheGreeting() throws Exception {
        try (var smtpd = SmtpdOnLoopback.start(home, "servercert.pem", pem, "smtpdlisten", "127.0.0.1:0 tls\n");
                var client = smtpd.connect()) {
            client.startTls().expect("220 ");
            assertThat(client.send("EHLO client.example\r\n").reply())
                    .doesNotContain("STARTTLS")
                    .contains("PIPELINING");
            client.say("STARTTLS", "503 5.5.1").say("MAIL FROM:<>", "250 ").say("RCPT TO:<bob@example.org>", "250 ");
            client.say("DATA", "354 ").say("x\r\n.", "250 ok").say("QUIT", "221 ");
            assertThat(smtpd.queue.messages.getFirst().received())
                    .containsPattern(" with ESMTPS id [a-z0-9]{12} tls TLS_AES_");
            try (var plain = smtpd.connect()) {
                plain.send("EHLO client.example\r\n");
                assertThat(plain.socket().getInputStream().readAllBytes())
                        .as("an alert of TLS and the end")
                        .hasSizeLessThan(20)
                        .startsWith(21);
            }
            smtpd.awaitLog("ended: no TLS (");
        }
    }

    @Test
    void whoIsDeniedWhereTlsComesFirstReadsNothing() throws Exception {
        try (var smtpd = SmtpdOnLoopback.start(
                        home,
                        "servercert.pem",
                        pem,
                        "smtpdlisten",
                        "127.0.0.1:0 tls\n",
                        "tcp.smtp",
                        "127.0.0.1:deny\n");
                var client = smtpd.connect()) {
            assertThat(client.socket().getInputStream().readAllBytes()).isEmpty();
            smtpd.awaitLog("smtpd: turned away client 127.0.0.1: control/tcp.smtp denies it rule tcp.smtp\n");
        }
    }

    @Test
    void whereTlsComesFirstAndItsMemoryIsTakenNothingIsSaid() throws Exception {
        Budgets all = Budgets.ofThisProcess();
        var budgets = new Budgets(new ClientBudget(2 * Budgets.TLS), all.recipients(), all.messages(), all.text());
        try (var smtpd =
                SmtpdOnLoopback.start(home, budgets, "servercert.pem", pem, "smtpdlisten", "127.0.0.1:0 tls\n")) {
            try (var first = smtpd.connect()) {
                first.startTls().expect("220 ");
                try (var second = smtpd.connect()) {
                    assertThat(second.socket().getInputStream().readAllBytes()).isEmpty();
                }
                smtpd.awaitLog("ended: no TLS (its part of the heap is taken)\n");
                first.say("QUIT", "221 ");
            }
            smtpd.awaitLog("ended: quit");
            try (var third = smtpd.connect()) {
                third.startTls().expect("220 ");
            }
        }
    }

    @Test
    void aClientSilentInTheHandshakeBeforeTheGreetingIsEnded() throws Exception {
        try (var smtpd = SmtpdOnLoopback.start(
                        home, "servercert.pem", pem, "smtpdlisten", "127.0.0.1:0 tls\n", "timeoutsmtpd", "1\n");
                var client = smtpd.connect()) {
            client.socket().getInputStream().readAllBytes(); // until the end, which comes by itself
            smtpd.awaitLog("ended: no TLS (the input was ended)\n");
        }
    }

    @Test
    void aReloadBringsTlsToAListenerThatStaysOpen() throws Exception {
        try (var smtpd = SmtpdOnLoopback.start(home, "servercert.pem", pem)) {
            smtpd.control("smtpdlisten", "127.0.0.1:0 tls\n");
            int port = smtpd.port();
            smtpd.running.reload();
            assertThat(smtpd.port()).isEqualTo(port);
            try (var client = smtpd.connect()) {
                client.startTls().expect("220 ");
            }
            smtpd.control("smtpdlisten", "127.0.0.1:0\n");
            smtpd.running.reload();
            try (var client = smtpd.connect()) {
                client.expect("220 ");
            }
        }
    }

    @Test
    void aReloadLeavesNoListenerWithTlsWithoutAKey() throws Exception {
        try (var smtpd = SmtpdOnLoopback.start(home, "servercert.pem", pem, "smtpdlisten", "127.0.0.1:0 tls\n")) {
            Files.delete(home.resolve("control/smtpdlisten")); // listeners stay then
            smtpd.running.reload();
            Files.delete(home.resolve("control/servercert.pem"));
            assertThatThrownBy(smtpd.running::reload)
                    .isInstanceOf(ControlException.class)
                    .hasMessageContaining("control/servercert.pem: is missing, and a listener with tls needs it");
            try (var client = smtpd.connect()) { // as before
                client.startTls().expect("220 ");
            }
        }
    }

    @Test
    void aListenerWithTlsNeedsAKeyAndOnePortHasOneRole() {
        assertThatThrownBy(() -> SmtpdOnLoopback.start(home.resolve("one"), "smtpdlisten", "127.0.0.1:0 tls\n"))
                .isInstanceOf(ControlException.class)
                .hasMessageContaining("control/servercert.pem: is missing, and a listener with tls needs it");
        assertThatThrownBy(() -> SmtpdOnLoopback.start(
                        home.resolve("two"),
                        "servercert.pem",
                        pem,
                        "smtpdlisten",
                        "127.0.0.1:2525\n127.0.0.1:2525 tls\n"))
                .isInstanceOf(ControlException.class)
                .hasMessageContaining("control/smtpdlisten:2: 127.0.0.1:2525 is there already");
    }

    @Test
    void startTlsIsOfferedOnlyWithACertificateAndAReloadBringsIt() throws Exception {
        try (var smtpd = SmtpdOnLoopback.start(home)) {
            try (var client = smtpd.connect()) {
                client.expect("220 ");
                assertThat(client.send("EHLO x\r\n").reply()).doesNotContain("STARTTLS");
                client.say("STARTTLS", "502 5.5.1");
            }
            smtpd.control("servercert.pem", "nonsense\n");
            assertThatThrownBy(smtpd.running::reload)
                    .isInstanceOf(ControlException.class)
                    .hasMessage("control/servercert.pem: no private key in it; put both into the one file");
            smtpd.control("servercert.pem", pem);
            smtpd.running.reload();
            try (var client = smtpd.connect()) {
                client.expect("220 ");
                assertThat(client.send("EHLO x\r\n").reply()).contains("250-STARTTLS");
            }
        }
    }

    @Test
    void commandsSentInTheClearBehindStartTlsAreRefused() throws Exception {
        try (var smtpd = SmtpdOnLoopback.start(home, "servercert.pem", pem);
                var client = smtpd.connect()) {
            client.expect("220 ").say("EHLO x", "250-");
            client.send("STARTTLS\r\nMAIL FROM:<injected@evil.example>\r\n").expect("554 5.5.1");
            client.expectClosed();
        }
    }

    @ParameterizedTest
    @CsvSource({"TLSv1.2", "TLSv1.3"})
    void versions12And13AreSpokenWithEcKeysToo(String version) throws Exception {
        String ec = TestCertificate.pem(home, "ec");
        try (var smtpd = SmtpdOnLoopback.start(home, "servercert.pem", ec);
                var client = smtpd.connect()) {
            client.expect("220 ").say("EHLO x", "250-").say("STARTTLS", "220 ").startTls(version);
            client.say("NOOP", "250 ");
            assertThat(((SSLSocket) client.socket()).getSession().getProtocol()).isEqualTo(version);
        }
    }

    @Test
    void aClientMayNotNegotiateAnew() throws Exception {
        try (var smtpd = SmtpdOnLoopback.start(home, "servercert.pem", pem);
                var client = smtpd.connect()) {
            client.expect("220 ").say("EHLO x", "250-").say("STARTTLS", "220 ").startTls("TLSv1.2");
            client.say("NOOP", "250 ");
            assertThatThrownBy(() -> {
                        ((SSLSocket) client.socket()).startHandshake();
                        client.say("NOOP", "250 ");
                    })
                    .isInstanceOfAny(IOException.class, AssertionError.class);
            smtpd.awaitLog("ended: connection lost");
        }
    }

    /** What makes us end a conversation under TLS. */
    @ParameterizedTest
    @CsvSource({
        "TLSv1.3,QUIT",
        "TLSv1.2,QUIT",
        "TLSv1.3,GET / HTTP/1.1",
        "TLSv1.2,GET / HTTP/1.1",
        "TLSv1.3,silence",
        "TLSv1.2,silence",
        "TLSv1.3,stop",
        "TLSv1.2,stop",
        "TLSv1.3,bare LF",
        "TLSv1.2,bare LF"
    })
    void tlsEndsWithItsFarewellBeforeTheConnectionCloses(String version, String why) throws Exception {
        try (var smtpd = SmtpdOnLoopback.start(
                        home, "servercert.pem", pem, "timeoutsmtpd", why.equals("silence") ? "1\n" : "20\n");
                var relay = new RecordingRelay(smtpd.port());
                var client = Dialogue.with(relay.port())) {
            client.expect("220 ").say("EHLO x", "250-").say("STARTTLS", "220 ").startTls(version);
            client.say("MAIL FROM:<a@b>", "250 ").say("RCPT TO:<bob@example.org>", "250 ");
            switch (why) {
                case "silence" -> client.expect("421 4.4.2");
                case "stop" -> {
                    client.say("DATA", "354 ").send("half a message\r\n");
                    smtpd.running.stop(java.time.Duration.ofSeconds(10));
                    client.expect("421 4.3.2");
                }
                case "bare LF" -> {
                    client.say("DATA", "354 ").send("one\ntwo\r\n" + "x\r\n".repeat(300_000));
                    client.expect("500 5.5.2");
                }
                case "QUIT" -> client.say(why, "221 ");
                default -> client.say(why, "500 ");
            }
            client.expectClosed();
            assertThat(relay.records().getLast())
                    .isIn("21:26", "23:35"); // an alert in TLS 1.2, and in 1.3 as Java pads it
        }
    }

    @Test
    void aKeyThatEverybodyMayReadOrChangeIsRefused() throws Exception {
        Path file = home.resolve("control/servercert.pem");
        try (var smtpd = SmtpdOnLoopback.start(home, "servercert.pem", pem)) {
            for (String open : new String[] {"rw-r--r--", "rw----r--", "rw-----w-"}) {
                Files.setPosixFilePermissions(file, PosixFilePermissions.fromString(open));
                assertThatThrownBy(smtpd.running::reload)
                        .isInstanceOf(ControlException.class)
                        .hasMessage(
                                "control/servercert.pem: every user of this host may read or change its private key;"
                                        + " run: chmod o= " + file);
            }
            try (var client = smtpd.connect()) { // the one of before
                client.expect("220 ").say("STARTTLS", "220 ").startTls().say("NOOP", "250 ");
            }
            Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r-----"));
            smtpd.running.reload();
        }
    }

    @Test
    void olderVersionsAndNonsenseEndTheSessionWithALine() throws Exception {
        try (var smtpd = SmtpdOnLoopback.start(home, "servercert.pem", pem);
                var client = smtpd.connect()) {
            client.expect("220 ").say("STARTTLS", "220 ").send("this is no TLS at all\r\n\r\n");
            smtpd.awaitLog("ended: no TLS");
        }
    }

    @Test
    void aSilentClientHearsOfItThroughTls() throws Exception {
        try (var smtpd = SmtpdOnLoopback.start(home, "servercert.pem", pem, "timeoutsmtpd", "3\n");
                var client = smtpd.connect()) {
            client.expect("220 ").say("STARTTLS", "220 ").startTls().say("NOOP", "250 ");
            client.expect("421 4.4.2").expectClosed();
            smtpd.awaitLog("ended: timeout");
        }
    }

    @Test
    void aClientSilentInTheHandshakeIsEnded() throws Exception {
        try (var smtpd = SmtpdOnLoopback.start(home, "servercert.pem", pem, "timeoutsmtpd", "1\n");
                var client = smtpd.connect()) {
            client.expect("220 ").say("STARTTLS", "220 ");
            smtpd.awaitLog("ended: no TLS");
        }
    }

    @Test
    void opensslSpeaksToIt() throws Exception {
        TestTools.assumeInstalled("openssl");
        try (var smtpd = SmtpdOnLoopback.start(home, "servercert.pem", pem)) {
            Process openssl = new ProcessBuilder(
                            "openssl",
                            "s_client",
                            "-quiet",
                            "-starttls",
                            "smtp",
                            "-connect",
                            "127.0.0.1:" + smtpd.port())
                    .redirectErrorStream(true)
                    .start();
            openssl.getOutputStream().write("NOOP\r\nQUIT\r\n".getBytes(java.nio.charset.StandardCharsets.US_ASCII));
            openssl.getOutputStream().flush();
            String said =
                    new String(openssl.getInputStream().readAllBytes(), java.nio.charset.StandardCharsets.US_ASCII);
            assertThat(openssl.waitFor(20, TimeUnit.SECONDS)).isTrue();
            assertThat(said).contains("250 2.0.0 ok").contains("221 2.0.0");
        }
    }

    @Test
    void everyProblemOfThePemFileIsNamed() throws Exception {
        String certificate = pem.substring(pem.indexOf("-----BEGIN CERTIFICATE"));
        SmtpdOnLoopback.writeControl(home, "me", "x\n");
        for (String[] each : new String[][] {
            {certificate, "no private key in it"},
            {pem.replace(certificate, ""), "no certificate in it"},
            {certificate + "-----BEGIN PRIVATE KEY-----\n***\n-----END PRIVATE KEY-----\n", "is not base64"},
            {
                certificate + "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAA==\n-----END ENCRYPTED PRIVATE KEY-----\n",
                "encrypted"
            },
        }) {
            SmtpdOnLoopback.writeControl(home, "servercert.pem", each[0]);
            assertThatThrownBy(() -> SmtpdSettings.read(new carteiro.control.Installation(home)))
                    .isInstanceOf(ControlException.class)
                    .hasMessageContaining("control/servercert.pem: ")
                    .hasMessageContaining(each[1]);
        }
    }
}
