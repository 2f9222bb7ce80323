package carteiro.tests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import carteiro.testkit.Await;
import carteiro.testkit.Certificates;
import carteiro.testkit.Covers;
import carteiro.tests.CarteiroProcess.Form;
import carteiro.tests.CarteiroProcess.Verb;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Mail by QMQP through the whole product. */
class QmqpTest {
    private static String netstring(String octets) {
        return octets.length() + ":" + octets + ",";
    }

    private static String message(String text, String recipient) {
        return netstring(netstring(text) + netstring("ann@client.example") + netstring(recipient));
    }

    private static int port(CarteiroProcess carteiro, String address) throws Exception {
        Matcher port =
                Pattern.compile(".*:(\\d+)").matcher(carteiro.awaitLog(".*qmqpd: listening on " + address + ":.*"));
        assertThat(port.matches()).isTrue();
        return Integer.parseInt(port.group(1));
    }

    private static Socket connect(CarteiroProcess carteiro) throws Exception {
        var socket = new Socket("127.0.0.1", port(carteiro, ".*"));
        socket.setSoTimeout((int) CarteiroProcess.PATIENCE.toMillis());
        return socket;
    }

    private static void send(Socket socket, String octets) throws Exception {
        socket.getOutputStream().write(octets.getBytes(StandardCharsets.ISO_8859_1));
    }

    private static String answer(Socket socket) throws Exception {
        return new String(socket.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);
    }

    @ParameterizedTest
    @EnumSource
    @DisplayName("a message that comes by QMQP is in the mailbox, and the log tells its way")
    @Covers("qmail:P06")
    void mailArrives(Form form) throws Exception {
        try (var carteiro = CarteiroProcess.prepare(form)) {
            carteiro.accounts("bob");
            carteiro.control("qmqpdlisten", "127.0.0.1:0");
            carteiro.start();
            try (Socket client = connect(carteiro)) {
                send(client, message("Subject: x\n\nHello\n", "bob@example.org"));
                assertThat(answer(client)).matches("\\d+:Kok \\d+ qp \\d+,");
            }
            assertThat(carteiro.awaitMailbox("bob", 1).getFirst())
                    .contains("Return-Path: <ann@client.example>", "with QMQP id ", "\n\nHello\n");
            carteiro.awaitLog(".*qmqpd: accepted msg \\d+ from <ann@client\\.example> 1 recipients 18 bytes .*");
            assertThat(carteiro.control(Verb.STATUS, "").output()).contains("qmqpd", "conversations=1");
            assertThat(carteiro.control(Verb.RELOAD, "qmqpd").exit()).isZero();
        }
    }

    @Test
    @DisplayName("without control/qmqpdlisten there is no qmqpd")
    void isOffUnlessAskedFor() throws Exception {
        try (var carteiro = CarteiroProcess.prepare(Form.ONE_PROCESS)) {
            carteiro.start();
            assertThat(carteiro.control(Verb.STATUS, "").output())
                    .contains("smtpd")
                    .doesNotContain("qmqpd");
            assertThat(carteiro.log()).noneMatch(line -> line.contains("qmqpd"));
            carteiro.control("qmqpdlisten", "127.0.0.1:0");
            assertThat(carteiro.control(Verb.RELOAD, "").output())
                    .contains("changed: qmqpdlisten (waits for: carteiro stop, and a new start)");
        }
    }

    @Test
    @DisplayName(
            "queue killed while a message comes: the client is not told that it is kept, and a second try brings it once")
    @Covers("qmail:P07")
    void queueIsKilledMeanwhile() throws Exception {
        try (var carteiro = CarteiroProcess.prepare(Form.SPLIT)) {
            carteiro.accounts("bob");
            carteiro.control("qmqpdlisten", "127.0.0.1:0");
            carteiro.start();
            // when half of it is sent, queue has begun: so much does not fit into the buffers between
            String whole = message("Subject: x\n\n" + "0123456789abcde\n".repeat(2 << 20), "bob@example.org");
            Matcher pid = Pattern.compile(".*start: queue ready pid (\\d+).*")
                    .matcher(carteiro.awaitLog(".*start: queue ready pid \\d+.*"));
            assertThat(pid.matches()).isTrue();
            int from = carteiro.logSize();
            try (Socket client = connect(carteiro)) {
                send(client, whole.substring(0, whole.length() / 2));
                CarteiroProcess.run(List.of("kill", "-9", pid.group(1)), Map.of(), "");
                carteiro.awaitLog(".*start: queue ended by itself.*", from);
                send(client, whole.substring(whole.length() / 2));
                assertThat(answer(client)).matches("\\d+:Z.*\\(#4\\.3\\.0\\),");
            }
            carteiro.awaitLog(".*start: queue ready pid \\d+.*", from);
            try (Socket client = connect(carteiro)) {
                send(client, whole);
                assertThat(answer(client)).contains(":Kok ");
            }
            assertThat(carteiro.awaitMailbox("bob", 1)).hasSize(1);
            carteiro.awaitEnds(1);
            assertThat(carteiro.mailbox("bob")).hasSize(1);
        }
    }

    @Test
    @DisplayName("below tcpserver: one message on standard input, exit codes of qmail")
    @Covers({"qmail:P06", "qmail:P09"})
    void onStandardInput() throws Exception {
        try (var carteiro = CarteiroProcess.prepare(Form.ONE_PROCESS)) {
            carteiro.accounts("bob");
            carteiro.start();
            CarteiroProcess.Result kept =
                    carteiro.attempt(message("Subject: x\n\nHello\n", "bob@example.org"), "carteiro.qmqpd.QmailQmqpd");
            assertThat(kept.output()).contains(":Kok ");
            assertThat(kept.exit()).isZero();
            assertThat(carteiro.attempt("2000000010:", "carteiro.qmqpd.QmailQmqpd")
                            .exit())
                    .isEqualTo(111);
            assertThat(carteiro.attempt("12x:", "carteiro.qmqpd.QmailQmqpd").exit())
                    .isEqualTo(100);
            assertThat(carteiro.awaitMailbox("bob", 1)).hasSize(1);
            assertThat(Files.exists(carteiro.home().resolve("run/qmqpd"))).isFalse();
        }
    }

    @Test
    @DisplayName(
            "a host without a queue: sendmail hands its mail to the second mail host, as the first is down, over TLS")
    @Covers({"qmail:P08", "qmail:P10"})
    void aHostWithoutAQueue(@TempDir Path folder) throws Exception {
        try (var carteiro = CarteiroProcess.prepare(Form.ONE_PROCESS)) {
            var certificates = Certificates.make(folder.resolve("certificates"), "DNS:mail.example.org");
            carteiro.accounts("bob");
            carteiro.control("servercert.pem", certificates.identity());
            Path key = carteiro.home().resolve("control/servercert.pem");
            Files.setPosixFilePermissions(key, PosixFilePermissions.fromString("r--------"));
            if (CarteiroProcess.asRoot()) {
                Files.setAttribute(key, "unix:uid", CarteiroProcess.owner());
            }
            carteiro.control("qmqpdlisten", "127.0.0.1:0 tls");
            carteiro.start();
            Path home = Files.createDirectories(folder.resolve("without"));
            Files.createDirectories(home.resolve("control"));
            Files.writeString(home.resolve("control/me"), "web.example.org\n");
            Files.writeString(
                    home.resolve("control/qmqpservers"),
                    "127.0.0.1:1\n127.0.0.1:" + port(carteiro, ".*") + " tls mail.example.org\n");
            Files.writeString(home.resolve("control/qmqpcacerts"), Files.readString(certificates.authority()));
            String client = CarteiroProcess.install(home, "qmail-qmqpc", "carteiro.inject.QmailQmqpc");
            String sendmail = CarteiroProcess.install(home, "sendmail", "carteiro.inject.Sendmail");
            CarteiroProcess.Result sent = CarteiroProcess.run(
                    List.of(sendmail, "-fwww@web.example.org", "bob@example.org"),
                    Map.of("CARTEIRO_HOME", home.toString(), "QMAILQUEUE", client),
                    "Subject: x\n\nfrom the web\n");
            assertThat(sent.output())
                    .startsWith("qmail-qmqpc: warning: no connection to the QMQP server 127.0.0.1:1 ")
                    .hasLineCount(1);
            assertThat(sent.exit()).isZero();
            assertThat(carteiro.awaitMailbox("bob", 1).getFirst())
                    .contains("Return-Path: <www@web.example.org>", "with QMQP id ", "\n\nfrom the web\n");
        }
    }

    @Test
    @DisplayName("Postfix' qmqp-source hands messages to qmqpd, and qmail-qmqpc its own to Postfix' qmqp-sink")
    @Covers({"qmail:P06", "qmail:P08"})
    void withPostfix(@TempDir Path folder) throws Exception {
        Path source = Path.of("/usr/sbin/qmqp-source");
        Path sink = Path.of("/usr/sbin/qmqp-sink");
        assumeTrue(
                Files.isExecutable(source) && Files.isExecutable(sink),
                "SKIPPED: qmqp-source and qmqp-sink (Postfix) are not installed");
        try (var carteiro = CarteiroProcess.prepare(Form.ONE_PROCESS)) {
            carteiro.accounts("bob");
            carteiro.control("qmqpdlisten", "127.0.0.1:0");
            carteiro.start();
            CarteiroProcess.Result sent = CarteiroProcess.run(
                    List.of(
                            source.toString(),
                            "-m5",
                            "-s2",
                            "-fann@client.example",
                            "-tbob@example.org",
                            "127.0.0.1:" + port(carteiro, ".*")),
                    Map.of(),
                    "");
            assertThat(sent.exit()).as(sent.output()).isZero();
            assertThat(carteiro.awaitMailbox("bob", 5)).hasSize(5);
        }
        int port;
        try (var free = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"))) {
            port = free.getLocalPort();
        }
        Process server = new ProcessBuilder(sink.toString(), "127.0.0.1:" + port, "10")
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
        try {
            Files.createDirectories(folder.resolve("control"));
            Files.writeString(folder.resolve("control/qmqpservers"), "127.0.0.1:" + port + "\n");
            Path envelope = Files.writeString(folder.resolve("envelope"), "Fann@x.example\0Tbob@y.example\0\0");
            String client = CarteiroProcess.install(folder, "qmail-qmqpc", "carteiro.inject.QmailQmqpc");
            var home = Map.of("CARTEIRO_HOME", folder.toString());
            CarteiroProcess.Result sent = Await.until(
                    () -> {
                        try {
                            CarteiroProcess.Result tried = CarteiroProcess.run(
                                    List.of("sh", "-c", "exec \"$0\" 1<\"$1\"", client, envelope.toString()),
                                    home,
                                    "Subject: x\n\n" + "x\n".repeat(100_000));
                            return tried.exit() == 73 ? null : tried; // it does not listen yet
                        } catch (Exception e) {
                            throw new AssertionError(e);
                        }
                    },
                    () -> "qmqp-sink does not listen");
            assertThat(sent.output()).isEmpty();
            assertThat(sent.exit()).isZero();
        } finally {
            server.destroy();
            server.waitFor();
        }
    }
}
