package carteiro.smtpd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import carteiro.control.ControlException;
import carteiro.mail.Attribute;
import carteiro.testkit.Await;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What stands behind an address in control/smtpdlisten. */
class ListenerRolesTest {
    private static final String SIGNATURE = "\r\n\r\n\0\r\nQUIT\n";
    private static final String PORTS = octets(0x9c, 0x40, 0x00, 0x19); // 40000 and 25
    private static final String SEVENS = octets(0xc0, 0x00, 0x02, 0x07); // 192.0.2.7

    @TempDir
    Path home;

    private int homes;

    // ---- submission

    @Test
    void atASubmissionPortOnlyThoseAreServedWhoMaySendToAnywhere() throws Exception {
        try (var smtpd = SmtpdOnLoopback.start(
                home,
                "smtpdlisten",
                "127.0.0.1:0 submission\n",
                "tcp.smtp",
                "127.0.0.2:allow,RELAYCLIENT=\"\"\n:allow\n")) {
            try (var stranger = smtpd.connect()) {
                stranger.expect("220 ").say("EHLO client.example", "250-");
                stranger.say(
                        "MAIL FROM:<s@client.example>",
                        "530 5.7.0 this port is for users of this host alone, log in first [R35]");
                stranger.say("RCPT TO:<alice@example.org>", "503 ");
            }
            smtpd.awaitLog("client 127.0.0.1: 530 5.7.0 this port is for users of this host alone, log in first [R35]"
                    + " (it has neither logged in nor RELAYCLIENT in control/tcp.smtp) rule submission");
            try (var user = Dialogue.from("127.0.0.2", smtpd.port())) {
                user.envelope().say("RCPT TO:<b@elsewhere.example>", "250 ").say("DATA", "354 ");
                user.say("Subject: x\r\n\r\ny\r\n.", "250 ");
            }
        }
    }

    @Test
    void atAnOrdinaryPortEverybodyMayHandInMailForUs() throws Exception {
        try (var smtpd = SmtpdOnLoopback.start(home);
                var stranger = smtpd.connect()) {
            stranger.envelope();
        }
    }

    // ---- proxy

    static String atProxyPort(String more) {
        return "127.0.0.1:0 proxy" + more + "\n";
    }

    @ParameterizedTest
    @CsvSource({
        "PROXY TCP4 192.0.2.7 198.51.100.1 40000 25,192.0.2.7",
        "PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535,255.255.255.255",
        "PROXY TCP6 2001:db8::7 2001:db8::1 40000 25,2001:db8:0:0:0:0:0:7",
        "PROXY TCP6 ::ffff:192.0.2.7 ::ffff:198.51.100.1 40000 25,192.0.2.7"
    })
    void theClientIsWhomTheProxyNamesInALine(String header, String client) throws Exception {
        keepsAMessageOf(header + "\r\n", client);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "\4\0\3abc"})
    void theClientIsWhomTheProxyNamesInOctets(String more) throws Exception {
        keepsAMessageOf(
                SIGNATURE
                        + octets(0x21, 0x11)
                        + length(12 + more.length())
                        + SEVENS
                        + octets(0xc6, 0x33, 0x64, 0x01)
                        + PORTS
                        + more,
                "192.0.2.7");
    }

    @Test
    void theClientIsWhomTheProxyNamesInOctetsOfIpv6() throws Exception {
        String address = octets(0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x0a);
        keepsAMessageOf(
                SIGNATURE + octets(0x21, 0x21) + length(36) + address + address + PORTS, "2001:db8:0:0:0:0:0:a");
    }

    @Test
    void aProxyThatSpeaksForItselfIsTheClient() throws Exception {
        keepsAMessageOf(SIGNATURE + octets(0x20, 0x00) + length(0), "127.0.0.1");
    }

    private Path anew() {
        return home.resolve("home" + ++homes);
    }

    private static String octets(int... values) {
        var text = new StringBuilder();
        for (int value : values) {
            text.append((char) value);
        }
        return text.toString();
    }

    private static String length(int octets) {
        return octets(octets >> 8, octets & 0xff);
    }

    private void keepsAMessageOf(String header, String client) throws Exception {
        try (var smtpd = SmtpdOnLoopback.start(anew(), "smtpdlisten", atProxyPort(""));
                var proxy = smtpd.connect()) {
            proxy.send(header + "EHLO client.example\r\n").expect("220 ").expect("250-");
            proxy.say("MAIL FROM:<s@client.example>", "250 ").say("RCPT TO:<alice@example.org>", "250 ");
            proxy.say("DATA", "354 ").say("Subject: x\r\n\r\ny\r\n.", "250 ").say("QUIT", "221 ");
            KeptMessages.Kept kept = smtpd.queue.messages.getLast();
            assertThat(kept.envelope().attributes().get(Attribute.CLIENT_ADDRESS))
                    .isEqualTo(client);
            assertThat(kept.received()).contains(client + "])");
            smtpd.awaitLog("session client " + client + " helo client.example");
            proxy.expectClosed();
        }
    }

    @Test
    void rulesAndLimitsAreThoseOfTheClientThatTheProxyNames() throws Exception {
        try (var smtpd = SmtpdOnLoopback.start(
                home,
                "smtpdlisten",
                atProxyPort(" submission"),
                "concurrencyperclient",
                "1\n",
                "tcp.smtp",
                "192.0.2.66:deny\n192.0.2.7:allow,RELAYCLIENT=\"\"\n:allow\n")) {
            try (var denied = smtpd.connect()) {
                denied.send("PROXY TCP4 192.0.2.66 198.51.100.1 1 25\r\n")
                        .expect("554 5.7.1")
                        .expectClosed();
            }
            smtpd.awaitLog("turned away client 192.0.2.66: control/tcp.smtp denies it");
            try (var first = smtpd.connect();
                    var other = smtpd.connect();
                    var second = smtpd.connect()) {
                first.send("PROXY TCP4 192.0.2.7 198.51.100.1 1 25\r\n").envelope();
                other.send("PROXY TCP4 192.0.2.8 198.51.100.1 1 25\r\n").expect("220 ");
                other.say("EHLO client.example", "250-").say("MAIL FROM:<s@client.example>", "530 ");
                second.send("PROXY TCP4 192.0.2.7 198.51.100.1 2 25\r\n")
                        .expect("421 4.7.0")
                        .expectClosed();
                first.say("QUIT", "221 ").expectClosed();
                Await.until(
                        () -> {
                            try (var third = smtpd.connect()) {
                                third.send("PROXY TCP4 192.0.2.7 198.51.100.1 3 25\r\n");
                                return third.reply().startsWith("220 ") ? third : null;
                            } catch (IOException e) {
                                throw new AssertionError(e);
                            }
                        },
                        () -> "its place is never given back: " + smtpd.running.status());
            }
            Await.until(() -> smtpd.running.status().contains("sessions=0") ? "" : null, () -> smtpd.running.status());
        }
    }

    @ParameterizedTest
    @CsvSource({
        "'EHLO client.example\r\n',without a PROXY header",
        "'PROXY TCP4 192.0.2.7 198.51.100.1 40000\r\n',makes no sense",
        "'PROXY TCP4 192.0.2.7 198.51.100.1 40000 65536\r\n',makes no sense",
        "'PROXY TCP4 192.0.2 198.51.100.1 40000 25\r\n',makes no sense",
        "'PROXY TCP4 2001:db8::7 2001:db8::1 40000 25\r\n',makes no sense",
        "'PROXY TCP6 192.0.2.7 198.51.100.1 40000 25\r\n',makes no sense",
        "'PROXY TCP6 fe80::1%lo fe80::2 40000 25\r\n',makes no sense",
        "'PROXY TCP4  192.0.2.7 198.51.100.1 40000 25\r\n',makes no sense",
        "'PROXY TCP4 192.0.2.7 198.51.100.1 40000 25\n',makes no sense",
        "'PROXY UDP4 192.0.2.7 198.51.100.1 40000 25\r\n',makes no sense"
    })
    void whatIsNoHeaderIsTurnedAwayUnheard(String header, String why) throws Exception {
        isTurnedAway(header, why);
    }

    @Test
    void whoTheProxyDoesNotKnowMustNotPassForTheProxy() throws Exception {
        isTurnedAway("PROXY UNKNOWN\r\n", "its proxy does not say who it is");
        isTurnedAway(
                "PROXY UNKNOWN ffff:f...f:ffff ffff:f...f:ffff 65535 65535\r\n", "its proxy does not say who it is");
        isTurnedAway(
                SIGNATURE + octets(0x21, 0x31) + length(216) + "x".repeat(216), "its proxy does not say who it is");
        isTurnedAway(SIGNATURE + octets(0x21, 0x00) + length(0), "its proxy does not say who it is");
    }

    @Test
    void headersInOctetsThatMakeNoSenseOrHaveNoEndAreTurnedAway() throws Exception {
        isTurnedAway(SIGNATURE + octets(0x31, 0x11) + length(12) + "x".repeat(12), "makes no sense"); // version 3
        isTurnedAway(SIGNATURE + octets(0x22, 0x11) + length(12) + "x".repeat(12), "makes no sense"); // neither command
        isTurnedAway(SIGNATURE + octets(0x21, 0x11) + length(11) + "x".repeat(11), "makes no sense");
        isTurnedAway(SIGNATURE + octets(0x21, 0x21) + length(35) + "x".repeat(35), "makes no sense");
        isTurnedAway(SIGNATURE + octets(0x21, 0x11) + length(4097), "too long");
        isTurnedAway("PROXY UNKNOWN " + "x".repeat(200), "too long");
    }

    @Test
    void anEndOrSilenceWithinTheHeaderIsTurnedAway() throws Exception {
        try (var smtpd = SmtpdOnLoopback.start(anew(), "smtpdlisten", atProxyPort(""))) {
            try (var proxy = smtpd.connect()) {
                proxy.send("PROXY TCP4 192.0.2.7");
                proxy.socket().shutdownOutput();
                proxy.expectClosed();
            }
            smtpd.awaitLog("turned away client 127.0.0.1: the connection ended within its PROXY header");
        }
        try (var smtpd = SmtpdOnLoopback.start(anew(), "smtpdlisten", atProxyPort(""));
                var proxy = smtpd.connect()) {
            proxy.send("PROXY TCP4 192.0.2.7").expectClosed();
            smtpd.awaitLog("turned away client 127.0.0.1: its PROXY header did not come in 5 s rule proxyhosts");
        }
    }

    private void isTurnedAway(String header, String why) throws Exception {
        try (var smtpd = SmtpdOnLoopback.start(anew(), "smtpdlisten", atProxyPort(""));
                var proxy = smtpd.connect()) {
            proxy.send(header).expectClosed();
            assertThat(smtpd.awaitLog("turned away client 127.0.0.1: ")).contains(why);
            assertThat(smtpd.running.status()).contains("turnedaway=1");
        }
    }

    @Test
    void whoIsNoProxyCannotSayWhoTheClientIs() throws Exception {
        try (var smtpd = SmtpdOnLoopback.start(
                home, "smtpdlisten", atProxyPort(""), "proxyhosts", "# ours\n127.0.0.2\n2001:db8::/32\n")) {
            try (var stranger = smtpd.connect()) {
                stranger.send("PROXY TCP4 192.0.2.7 198.51.100.1 40000 25\r\n").expectClosed();
            }
            smtpd.awaitLog(
                    "turned away client 127.0.0.1: control/proxyhosts does not name it as a proxy rule proxyhosts");
            try (var proxy = Dialogue.from("127.0.0.2", smtpd.port())) {
                proxy.send("PROXY TCP4 192.0.2.7 198.51.100.1 40000 25\r\n").envelope();
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"localhost\n", "10.1\n", "192.0.2.0/33\n"})
    void whatIsNoNetworkInProxyhostsIsRefused(String text) {
        assertThatThrownBy(() -> SmtpdOnLoopback.start(home, "proxyhosts", text).close())
                .isInstanceOf(ControlException.class)
                .hasMessageContaining("proxyhosts")
                .hasMessageContaining("is no address and no network; write such as 192.0.2.1 or 2001:db8::/32");
    }

    @Test
    void tlsComesBehindTheProxysHeader() throws Exception {
        String pem = TestCertificate.pem(home, "rsa:2048");
        try (var smtpd = SmtpdOnLoopback.start(home, "servercert.pem", pem, "smtpdlisten", atProxyPort(" tls"));
                var proxy = smtpd.connect()) {
            proxy.send("PROXY TCP4 192.0.2.7 198.51.100.1 40000 465\r\n").startTls();
            proxy.envelope().say("DATA", "354 ").say("Subject: x\r\n\r\ny\r\n.", "250 ");
            assertThat(smtpd.queue.messages.getLast().received())
                    .contains("[192.0.2.7]")
                    .contains(" with ESMTPS ");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"send-proxy", "send-proxy-v2"})
    void haproxyStandsBetween(String way) throws Exception {
        String haproxy = TestTools.assumeInstalled("haproxy");
        int front;
        try (var free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            front = free.getLocalPort();
        }
        try (var smtpd = SmtpdOnLoopback.start(anew(), "smtpdlisten", atProxyPort(""))) {
            Path file = home.resolve("haproxy.cfg");
            Files.writeString(file, String.format(Locale.ROOT, """
                    defaults
                        mode tcp
                        timeout connect 5s
                        timeout client 30s
                        timeout server 30s
                    listen smtp
                        bind 127.0.0.1:%d
                        server carteiro 127.0.0.1:%d %s
                    """, front, smtpd.port(), way));
            Process proxy = new ProcessBuilder(List.of(haproxy, "-db", "-f", file.toString()))
                    .redirectErrorStream(true)
                    .redirectOutput(home.resolve("haproxy.log").toFile())
                    .start();
            try (var client = Await.until(() -> connected(front), () -> "no haproxy: " + read("haproxy.log"))) {
                client.envelope().say("DATA", "354 ").say("Subject: x\r\n\r\ny\r\n.", "250 ");
                assertThat(smtpd.queue.messages.getLast().received()).contains("[127.0.0.9]");
            } finally {
                proxy.destroy();
                assertThat(proxy.waitFor(20, TimeUnit.SECONDS)).isTrue();
            }
        }
    }

    private static @Nullable Dialogue connected(int port) {
        try {
            return Dialogue.from("127.0.0.9", port);
        } catch (IOException e) {
            return null;
        }
    }

    private String read(String name) {
        try {
            return Files.readString(home.resolve(name), StandardCharsets.ISO_8859_1);
        } catch (IOException e) {
            return e.toString();
        }
    }
}
