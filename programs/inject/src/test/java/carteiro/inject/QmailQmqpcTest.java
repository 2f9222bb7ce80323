package carteiro.inject;

import static org.assertj.core.api.Assertions.assertThat;

import carteiro.control.Installation;
import carteiro.inject.QmqpClient.QmqpLimits;
import carteiro.mail.Octets;
import carteiro.posix.Invocation;
import carteiro.testkit.Certificates;
import carteiro.testkit.Covers;
import carteiro.wire.Watchdog;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The client of QMQP: which server has the message, and the exit codes. */
class QmailQmqpcTest {
    private static final QmqpLimits SHORT = new QmqpLimits(Duration.ofMillis(500), Duration.ofMillis(700));
    private static final String ENVELOPE = "Fann@x.example\0Tbob@y.example\0Tcarl@y.example\0\0";
    private static final String OK = "16:Kok 1796000 qp 7,";

    @TempDir
    Path home;

    @TempDir
    Path temporary;

    private final ByteArrayOutputStream errors = new ByteArrayOutputStream();
    private QmqpLimits limits = QmqpLimits.STANDARD;

    @BeforeEach
    void folder() throws IOException {
        Files.createDirectories(home.resolve("control"));
    }

    private void control(String name, String text) throws IOException {
        Files.writeString(home.resolve("control").resolve(name), text, StandardCharsets.ISO_8859_1);
    }

    private void servers(String... lines) throws IOException {
        control("qmqpservers", String.join("\n", lines) + "\n");
    }

    private int run(InputStream message, String envelope) throws IOException {
        errors.reset();
        var call = new Invocation(List.of(), Map.of(), message, new ByteArrayOutputStream(), errors);
        return new QmailQmqpc(
                        call,
                        new ByteArrayInputStream(Octets.bytes(envelope)),
                        new Installation(home),
                        limits,
                        temporary)
                .run();
    }

    private int run(String message) throws IOException {
        return run(new ByteArrayInputStream(Octets.bytes(message)), ENVELOPE);
    }

    private String errors() {
        return errors.toString(StandardCharsets.ISO_8859_1);
    }

    private static String netstring(String octets) {
        return octets.length() + ":" + octets + ",";
    }

    private static String whole(String message, String sender, String... recipients) {
        var inner = new StringBuilder(netstring(message)).append(netstring(sender));
        for (String recipient : recipients) {
            inner.append(netstring(recipient));
        }
        return netstring(inner.toString());
    }

    /** A port at which nobody listens. */
    private static int closedPort() throws IOException {
        try (var socket = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"))) {
            return socket.getLocalPort();
        }
    }

    /** A listener that takes no more connections: the system does not answer those that come. */
    private static final class Full implements AutoCloseable {
        final ServerSocket listener = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"));
        private final List<Socket> waiting = new ArrayList<>();

        Full() throws IOException {
            for (int i = 0; i < 20; i++) {
                var client = new Socket();
                waiting.add(client);
                try {
                    client.connect(listener.getLocalSocketAddress(), 200);
                } catch (SocketTimeoutException e) {
                    return;
                }
            }
            throw new IOException("the listener takes everybody");
        }

        @Override
        public void close() throws IOException {
            for (Socket client : waiting) {
                client.close();
            }
            listener.close();
        }
    }

    @Test
    @Covers("qmail:P08")
    void messageAndEnvelopeAreSentAsTheyAre() throws Exception {
        var octets = new StringBuilder();
        for (int i = 0; i < 200_000; i++) {
            octets.append((char) (i * 31 % 256));
        }
        for (String message : new String[] {octets.toString(), "", "no line end", "\r\n\0\r", "x".repeat(9 << 20)}) {
            try (var server = QmqpServerDouble.answering(OK)) {
                servers(server.line());
                assertThat(run(message)).isZero();
                assertThat(server.heard())
                        .isEqualTo(whole(message, "ann@x.example", "bob@y.example", "carl@y.example"));
                assertThat(errors()).isEmpty();
            }
        }
        try (var left = Files.list(temporary)) {
            assertThat(left).isEmpty();
        }
        try (var server = QmqpServerDouble.answering(OK)) {
            servers(server.line());
            assertThat(run(new ByteArrayInputStream(new byte[] {'x'}), "F\0\0")).isZero();
            assertThat(server.heard()).isEqualTo(whole("x", ""));
        }
    }

    @Test
    @Covers("qmail:P08")
    void theNextServerIsTriedWhereOneIsNotConnected() throws Exception {
        limits = SHORT;
        try (var full = new Full();
                var server = QmqpServerDouble.answering(OK);
                var never = QmqpServerDouble.answering(OK)) {
            String closed = "127.0.0.1:" + closedPort();
            String silent = "127.0.0.1:" + full.listener.getLocalPort();
            servers(closed, silent, "# a comment", server.line(), never.line());
            assertThat(run("x\n")).isZero();
            assertThat(server.heard()).contains("2:x\n,");
            assertThat(never.connections).hasValue(0);
            assertThat(errors())
                    .matches("qmail-qmqpc: warning: no connection to the QMQP server " + closed
                            + " \\(.*\\); the next one is tried\\.?\n"
                            + "qmail-qmqpc: warning: no connection to the QMQP server " + silent
                            + " \\(.*\\); the next one is tried\\.?\n");
        }
    }

    @Test
    @Covers("qmail:P08")
    void whereNoneIsConnectedTheLastTellsTheCode() throws Exception {
        limits = SHORT;
        try (var full = new Full()) {
            String silent = "127.0.0.1:" + full.listener.getLocalPort();
            String closed = "127.0.0.1:" + closedPort();
            servers(silent, closed);
            assertThat(run("x\n")).isEqualTo(73);
            servers(closed, silent);
            assertThat(run("x\n")).isEqualTo(72);
            assertThat(errors()).contains("fatal: no connection to the QMQP server " + silent);
        }
    }

    @Test
    @Covers("qmail:P08")
    void withoutAServerThereIsACodeToo() throws Exception {
        assertThat(run("x\n")).isEqualTo(55);
        assertThat(errors()).contains("there is no control/qmqpservers");
        servers(
                "mail.example.org",
                "192.0.2.1 ssl",
                "192.0.2.1:0",
                "192.0.2.1:70000",
                "192.0.2.1 tls a b",
                "192.0.2", // Java would take it for 192.0.0.2
                "6280",
                "192.0.2.1:+25");
        assertThat(run("x\n")).isEqualTo(55);
        assertThat(errors()).contains("control/qmqpservers:1: \"mail.example.org\" is no server", "qmqpservers:8:");
        servers("# none yet");
        assertThat(run("x\n")).isEqualTo(55);
        assertThat(errors()).contains("control/qmqpservers: names no server");
        try (var server = QmqpServerDouble.answering(OK)) {
            servers("mail.example.org", server.line());
            assertThat(run("x\n")).isZero();
            assertThat(errors()).contains("warning: control/qmqpservers:1: \"mail.example.org\" is no server");
        }
    }

    @ParameterizedTest(name = "{0}: {1}")
    @CsvSource({
        "'15:Ztry again (#4),', 71",
        "'1:Z,', 71",
        "'10:Dno (#5.7),', 31",
        "'', 74",
        "'3:Ko', 0",
        "'2:Kok,', 0",
        "'200000:Kok', 0",
        "'20:Dno', 31",
        "'20:Z', 71",
        "'3:', 74",
        "'0:,', 74",
        "'4:what,', 74",
        "':K,', 74",
        "'K', 74",
        "'-1:K,', 74",
        "'9999999999:K', 74",
        "'00000000001:K,', 74",
        "'000000001:K,', 0"
    })
    @Covers("qmail:P08")
    void theAnswerIsTheCodeAndNoOtherServerIsTried(String answer, int code) throws Exception {
        try (var server = QmqpServerDouble.answering(answer);
                var other = QmqpServerDouble.answering(OK)) {
            servers(server.line(), other.line());
            assertThat(run("x\n")).isEqualTo(code);
            assertThat(other.connections).hasValue(0);
            assertThat(errors().isEmpty()).isEqualTo(code == 0);
        }
    }

    @Test
    void whatTheServerSaysIsShown() throws Exception {
        try (var server = QmqpServerDouble.answering("20:Dno \033[2J such (#5.1),")) {
            servers(server.line());
            assertThat(run("x\n")).isEqualTo(31);
            assertThat(errors())
                    .isEqualTo(
                            "qmail-qmqpc: fatal: the QMQP server " + server.line() + " refuses: no _[2J such (#5.1)\n");
        }
    }

    @Test
    @Covers("qmail:P08")
    void aServerThatIsSilentIsLost() throws Exception {
        limits = SHORT;
        QmqpServerDouble.Conversation[] silences = {
            client -> { // it takes the message and never answers
                String heard = QmqpServerDouble.readAndAnswer(client, "");
                client.getInputStream().read();
                return heard;
            },
            client -> { // it reads nothing: the buffers between are full
                try {
                    Thread.sleep(5000);
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
                return "";
            }
        };
        for (QmqpServerDouble.Conversation silence : silences) {
            try (var server = QmqpServerDouble.that(silence);
                    var other = QmqpServerDouble.answering(OK)) {
                servers(server.line(), other.line());
                assertThat(run("x".repeat(40 << 20))).isEqualTo(74);
                assertThat(errors()).contains("it may have queued the message or not");
                assertThat(other.connections).hasValue(0);
            }
        }
    }

    @Test
    void eachPieceOfALargeMessageHasALimitOfItsOwn() throws Exception {
        var written = new ByteArrayOutputStream();
        var pieces = new ArrayList<Integer>();
        var line = new OutputStream() {
            @Override
            public void write(int octet) {
                throw new AssertionError("octet by octet");
            }

            @Override
            public void write(byte[] octets, int from, int length) {
                pieces.add(length);
                written.write(octets, from, length);
            }
        };
        byte[] octets = Octets.bytes("0123456789".repeat(100_000));
        try (var watchdog = new Watchdog()) {
            new LimitedOutput(line, Duration.ofMinutes(1), () -> {}, watchdog).write(octets);
        }
        assertThat(written.toByteArray()).isEqualTo(octets);
        assertThat(pieces).hasSizeGreaterThan(200).allMatch(piece -> piece <= LimitedOutput.SLICE);
    }

    @Test
    void anAnswerThatDripsIsNone() throws Exception {
        limits = SHORT;
        try (var server = QmqpServerDouble.that(client -> {
            String heard = QmqpServerDouble.readAndAnswer(client, "");
            for (int i = 0; i < 100; i++) {
                client.getOutputStream().write('0');
                try {
                    Thread.sleep(300);
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
            }
            return heard;
        })) {
            servers(server.line());
            assertThat(run("x\n")).isEqualTo(74);
        }
    }

    @Test
    void aYesBeforeTheEndOfTheMessageIsNone() throws Exception {
        try (var server = QmqpServerDouble.that(client -> {
            client.getInputStream().readNBytes(1000);
            client.getOutputStream().write(Octets.bytes(OK));
            return "";
        })) {
            servers(server.line());
            assertThat(run("x".repeat(40 << 20))).isEqualTo(74);
        }
    }

    @Test
    void anAnswerBeforeTheEndOfTheMessageCounts() throws Exception {
        try (var server = QmqpServerDouble.that(client -> {
            client.getInputStream().readNBytes(1000);
            client.getOutputStream().write(Octets.bytes("16:Dtoo long (#5.3),"));
            client.shutdownOutput();
            client.getInputStream().readNBytes(1 << 20); // so the answer is there before the connection is cut
            return "";
        })) {
            servers(server.line());
            assertThat(run("x".repeat(40 << 20))).isEqualTo(31);
            assertThat(errors()).contains("too long (#5.3)");
        }
    }

    @ParameterizedTest
    @CsvSource({"F|Ta|, 54", "'', 54", "Fa|Tb, 54", "Xa||, 91", "Fa|Xb||, 91"})
    @Covers("qmail:P08")
    void aBrokenEnvelopeReachesNoServer(String envelope, int code) throws Exception {
        try (var server = QmqpServerDouble.answering(OK)) {
            servers(server.line());
            assertThat(run(InputStream.nullInputStream(), envelope.replace('|', '\0')))
                    .isEqualTo(code);
            assertThat(run(InputStream.nullInputStream(), "Fa\0T" + "b".repeat(1001) + "\0\0"))
                    .isEqualTo(11);
            assertThat(server.connections).hasValue(0);
        }
    }

    @Test
    void aMessageThatCannotBeReadOrKept() throws Exception {
        servers("127.0.0.1:1");
        InputStream broken = new InputStream() {
            @Override
            public int read() throws IOException {
                throw new IOException("gone");
            }
        };
        assertThat(run(broken, ENVELOPE)).isEqualTo(54);
        Files.delete(temporary);
        assertThat(run("x".repeat(BufferedMessage.IN_MEMORY + 1))).isEqualTo(53);
        assertThat(errors()).contains(temporary.toString());
        Files.createDirectory(temporary); // for who takes it away
    }

    @ParameterizedTest
    @ValueSource(strings = {"tls", "tls mail.example.org", "tls *.example.org", "tls other.example", "tls ::1"})
    void withTlsTheCertificateMustBeRight(String words) throws Exception {
        var certificates =
                Certificates.make(home.resolve("certificates"), "IP:127.0.0.1,DNS:mail.example.org,DNS:*.example.org");
        boolean right = words.equals("tls") || words.endsWith("mail.example.org");
        try (var server = QmqpServerDouble.withTls(certificates.identity(), OK);
                var plain = QmqpServerDouble.answering(OK)) {
            control("qmqpcacerts", Files.readString(certificates.authority()));
            servers(server.line() + " " + words, plain.line());
            assertThat(run("x\n")).isZero();
            assertThat(plain.connections).hasValue(right ? 0 : 1);
            assertThat(errors().isEmpty()).isEqualTo(right);
            servers(server.line() + " " + words);
            assertThat(run("x\n")).isEqualTo(right ? 0 : 73);
        }
    }

    @Test
    void anAuthorityThatIsNotTrustedGetsNoMessage() throws Exception {
        var certificates = Certificates.make(home.resolve("certificates"), "IP:127.0.0.1");
        var others = Certificates.make(home.resolve("others"), "IP:127.0.0.1");
        try (var server = QmqpServerDouble.withTls(certificates.identity(), OK)) {
            servers(server.line() + " tls");
            assertThat(run("x\n")).as("Java's own").isEqualTo(73);
            control("qmqpcacerts", Files.readString(others.authority()));
            assertThat(run("x\n")).isEqualTo(73);
            control("qmqpcacerts", "hello\n");
            assertThat(run("x\n")).isEqualTo(55);
            assertThat(errors()).contains("control/qmqpcacerts cannot be used");
            control("qmqpcacerts", "");
            assertThat(run("x\n")).as("an empty file is not Java's own").isEqualTo(55);
            Files.delete(home.resolve("control/qmqpcacerts"));
            Files.createDirectory(home.resolve("control/qmqpcacerts"));
            assertThat(run("x\n")).as("nor is one that cannot be read").isEqualTo(55);
            assertThat(errors()).contains("control/qmqpcacerts: cannot be read");
            Files.delete(home.resolve("control/qmqpcacerts"));
            servers(server.line());
            limits = SHORT;
            assertThat(run("x\n")).as("TLS is not spoken to").isEqualTo(74);
        }
        limits = SHORT;
        control("qmqpcacerts", Files.readString(others.authority()));
        try (var silent = QmqpServerDouble.that(client -> {
            client.getInputStream().readAllBytes();
            return "";
        })) {
            servers(silent.line() + " tls");
            assertThat(run("x\n")).as("a handshake without an end").isEqualTo(72);
        }
    }
}
