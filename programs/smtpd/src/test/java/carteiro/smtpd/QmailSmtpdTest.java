package carteiro.smtpd;

import static org.assertj.core.api.Assertions.assertThat;

import carteiro.control.Installation;
import carteiro.control.TcpRules;
import carteiro.listen.Budgets;
import carteiro.listen.Client;
import carteiro.listen.ListenerRole;
import carteiro.listen.StandardSocket;
import carteiro.log.EventLog;
import carteiro.protocol.SocketWires;
import carteiro.protocol.StartupGrace;
import carteiro.testkit.Covers;
import carteiro.testkit.NeedsOrdinaryUser;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PipedInputStream;
import java.io.PipedOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** One session on standard input and output; queue and lookup are reached by their sockets. */
class QmailSmtpdTest {
    private static final String MESSAGE = """
            EHLO client.example
            MAIL FROM:<s@client.example>
            RCPT TO:<alice@example.org>
            DATA
            Subject: x

            .
            QUIT
            """.replace("\n", "\r\n");

    @TempDir
    Path home;

    private final KeptMessages queue = new KeptMessages();
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream errors = new ByteArrayOutputStream();
    private final EventLog log = new EventLog(new ByteArrayOutputStream(), EventLog.LogFormat.PLAIN, Clock.systemUTC());
    private SocketWires wires = new SocketWires(new Installation(Path.of("/nonexistent")), log);

    @BeforeEach
    void neighbours() throws Exception {
        SmtpdOnLoopback.writeControl(home, "me", "mail.example.org\n");
        SmtpdOnLoopback.writeControl(home, "locals", "example.org\n");
        SmtpdOnLoopback.writeControl(home, "rcpthosts", "example.org\n");
        wires = new SocketWires(new Installation(home), log);
        wires.offer(queue);
        wires.offer(new KnownAddresses(home));
    }

    @AfterEach
    void close() {
        wires.close();
        log.close();
    }

    private int run(Map<String, String> environment, String input) {
        return run(List.of("--home", home.toString()), environment, input);
    }

    private int run(List<String> arguments, Map<String, String> environment, String input) {
        return QmailSmtpd.run(
                arguments.toArray(String[]::new),
                environment,
                new ByteArrayInputStream(input.getBytes(StandardCharsets.ISO_8859_1)),
                out,
                errors);
    }

    private String said() {
        return out.toString(StandardCharsets.ISO_8859_1);
    }

    @Test
    @Covers("qmail:M20")
    void variablesOfTcpserverAreInTheReceivedField() {
        assertThat(run(
                        Map.of(
                                "PROTO",
                                "TCP",
                                "TCPREMOTEIP",
                                "192.0.2.7",
                                "TCPREMOTEHOST",
                                "host.example",
                                "TCPREMOTEINFO",
                                "joe",
                                "TCPLOCALIP",
                                "192.0.2.1",
                                "TCPLOCALHOST",
                                "local.example"),
                        MESSAGE))
                .isZero();
        assertThat(said()).startsWith("220 mail.example.org ESMTP\r\n250-").endsWith("221 2.0.0 mail.example.org\r\n");
        assertThat(queue.messages.getFirst().received())
                .startsWith("Received: from client.example (host.example [192.0.2.7]) (ident joe)\n"
                        + "  by local.example with ESMTP id ");
        assertThat(errors.toString(StandardCharsets.ISO_8859_1))
                .contains("smtpd: accepted msg 457 from <s@client.example> 1 recipients 12 bytes client 192.0.2.7 id ");
    }

    @Test
    @Covers("qmail:M26")
    void aRelayClientOnStandardInputRelays() {
        String foreign =
                MESSAGE.replace("alice@example.org", "x@foreign.example").replace("Subject: x\r\n", "");
        assertThat(run(Map.of(), foreign)).isZero();
        assertThat(queue.messages).isEmpty();
        assertThat(said()).contains("553 5.7.1");
        assertThat(run(Map.of("RELAYCLIENT", ""), foreign)).isZero();
        assertThat(queue.messages).hasSize(1);
    }

    @Test
    @Covers("qmail:M14")
    void databytesOfTheEnvironmentGoBeforeTheFile() {
        SmtpdOnLoopback.writeControl(home, "databytes", "1\n");
        assertThat(run(Map.of("DATABYTES", "12"), MESSAGE)).isZero();
        assertThat(queue.messages).hasSize(1);
        assertThat(run(Map.of("DATABYTES", "11"), MESSAGE)).isZero();
        assertThat(queue.messages).hasSize(1);
        assertThat(said()).contains("552 5.3.4");
    }

    @Test
    void theEndOfInputWithoutQuitIsExitCode1() {
        assertThat(run(Map.of(), "NOOP\r\n")).isEqualTo(1);
    }

    @Test
    @Covers("qmail:C13")
    void unreadableSettingsAre421AndClose() throws Exception {
        Files.createDirectory(home.resolve("control/badmailfrom")); // unreadable, even for root
        assertThat(run(Map.of(), MESSAGE)).isEqualTo(1);
        assertThat(said()).matches("421 4\\.3\\.0 [^\r\n]*\r\n");
        assertThat(errors.toString(StandardCharsets.ISO_8859_1))
                .contains("alert: qmail-smtpd: control/badmailfrom: cannot be read");
    }

    @Test
    void whomThePolicyTurnsAwayAtOnceReadsOneReply() throws Exception {
        var client = Client.of(Map.of("TCPREMOTEIP", "192.0.2.7"));
        SmtpdSettings settings = SmtpdSettings.forOneConversation(new Installation(home));
        var logged = new ByteArrayOutputStream();
        try (var own = new EventLog(logged, EventLog.LogFormat.PLAIN, Clock.systemUTC())) {
            int code = QmailSmtpd.converse(
                    new StandardSocket(new ByteArrayInputStream(MESSAGE.getBytes(StandardCharsets.ISO_8859_1)), out),
                    Peer.of(
                            client,
                            ListenerRole.PLAIN,
                            new TcpRules.Rule.Deny(),
                            settings.rightsOf(client, SmtpdSettings.NO_LIMIT)),
                    settings,
                    new SmtpdSession.SessionContext(
                            wires.enqueue(),
                            wires.lookup(),
                            wires.passwords(),
                            own,
                            Clock.systemUTC(),
                            home,
                            Budgets.ofThisProcess(),
                            StartupGrace.OVER,
                            0,
                            () -> false));
            assertThat(code).isEqualTo(1);
        }
        assertThat(said()).isEqualTo("554 5.7.1 no service for you here [R03]\r\n");
        assertThat(logged.toString(StandardCharsets.ISO_8859_1))
                .contains("smtpd: turned away client 192.0.2.7: control/tcp.smtp denies it rule tcp.smtp\n");
        assertThat(queue.messages).isEmpty();
    }

    @Test
    @NeedsOrdinaryUser("root may read everything")
    void whoMayNotReadTheKeyConversesWithoutTls() throws Exception {
        SmtpdOnLoopback.writeControl(home, "servercert.pem", "secret");
        Files.setPosixFilePermissions(
                home.resolve("control/servercert.pem"), PosixFilePermissions.fromString("---------"));
        assertThat(run(Map.of("TCPREMOTEINFO", "sendmail-bs"), MESSAGE)).isZero(); // ident says what it likes
        assertThat(said()).contains("250 ok ").doesNotContain("STARTTLS");
        assertThat(errors.toString(StandardCharsets.ISO_8859_1))
                .contains("warning: qmail-smtpd: control/servercert.pem: permission denied");
    }

    @Test
    void withoutTlsTheKeyIsLeftAlone() { // as in a user's own sendmail -bs
        SmtpdOnLoopback.writeControl(home, "servercert.pem", "no key");
        run(Map.of(), "EHLO x\r\nSTARTTLS\r\n"); // the key is read when it is asked for
        assertThat(said()).contains("STARTTLS\r\n", "\r\n454 4.7.0 ");
        assertThat(errors.toString(StandardCharsets.ISO_8859_1))
                .contains("alert: smtpd: control/servercert.pem: no private key in it");
        errors.reset();
        out.reset();
        assertThat(run(List.of("--without-tls", "--home=" + home), Map.of(), MESSAGE))
                .isZero();
        assertThat(said()).contains("250 ok ").doesNotContain("STARTTLS");
        assertThat(errors.toString(StandardCharsets.ISO_8859_1)).doesNotContain("servercert.pem");
    }

    @Test
    @Covers("qmail:M25")
    void aSilentPipeIsTimedOut() throws Exception {
        SmtpdOnLoopback.writeControl(home, "timeoutsmtpd", "1\n");
        var client = new PipedOutputStream();
        int code = QmailSmtpd.run(new String[] {"--home=" + home}, Map.of(), new PipedInputStream(client), out, errors);
        assertThat(code).isEqualTo(1);
        assertThat(said()).startsWith("220 ").contains("421 4.4.2");
    }

    @Test
    void argumentsNotUnderstoodAreExitCode100() {
        assertThat(QmailSmtpd.run(new String[] {"-x"}, Map.of(), InputStream.nullInputStream(), out, errors))
                .isEqualTo(100);
        assertThat(errors.toString(StandardCharsets.ISO_8859_1)).contains("usage: ");
    }

    @ParameterizedTest(name = "exit {0}")
    @CsvSource(delimiter = '|', textBlock = """
            exit 0   | 250 ok \\d+ qp \\d+
            exit 11  | 554 5.1.3 .*
            exit 115 | 554 5.1.3 .*
            exit 12  | 554 5.3.0 .*
            exit 31  | 554 5.3.0 .*
            exit 40  | 554 5.3.0 .*
            exit 51  | 451 4.3.0 .*
            exit 52  | 451 4.3.0 .*
            exit 53  | 451 4.3.0 .*
            exit 54  | 451 4.3.0 .*
            exit 55  | 451 4.3.0 .*
            exit 56  | 451 4.3.0 .*
            exit 62  | 451 4.3.0 .*
            exit 71  | 451 4.3.0 .*
            exit 72  | 451 4.4.1 .*
            exit 73  | 451 4.4.1 .*
            exit 74  | 451 4.4.2 .*
            exit 81  | 451 4.3.0 .*
            exit 120 | 451 4.3.0 .*
            kill -9 $$ | 451 4.3.0 .*
            """)
    @Covers("qmail:M22")
    void theExitCodeOfAQueueProgramBecomesTheReply(String last, String reply) throws Exception {
        Path program = program("cat >/dev/null\n" + last);
        assertThat(run(Map.of("QMAILQUEUE", program.toString()), MESSAGE)).isZero();
        assertThat(said().lines().toList().reversed().get(1)).matches(reply);
        assertThat(queue.messages).isEmpty();
    }

    @Test
    @Covers("qmail:M23")
    void aQueueProgramMayGiveItsOwnText() throws Exception {
        run(
                Map.of(
                        "QMAILQUEUE",
                        program("printf 'Dno viruses here' >&6; exit 82").toString()),
                MESSAGE);
        assertThat(said()).contains("\r\n554 5.3.0 no viruses here [R53]\r\n");
        out.reset();
        run(
                Map.of(
                        "QMAILQUEUE",
                        program("printf 'Zscanner is busy' >&6; exit 82").toString()),
                MESSAGE);
        assertThat(said()).contains("\r\n451 4.3.0 scanner is busy [R52]\r\n");
        out.reset();
        run(Map.of("QMAILQUEUE", program("exit 82").toString()), MESSAGE);
        assertThat(said()).contains("\r\n451 4.3.0 the message cannot be kept now [R52]\r\n");
    }

    @Test
    @Covers("qmail:P10")
    void aQueueProgramGetsMessageAndEnvelopeAsQmailQueueDoes() throws Exception {
        Path program = program("cat >'" + home + "/message'; cat <&1 >'" + home + "/envelope'\n"
                + "echo \"$TCPREMOTEIP $EXTRA\" >'" + home + "/variables'");
        assertThat(run(Map.of("QMAILQUEUE", program.toString(), "TCPREMOTEIP", "192.0.2.7", "EXTRA", "more"), MESSAGE))
                .isZero();
        assertThat(Files.readString(home.resolve("message")))
                .startsWith("Received: from client.example ([192.0.2.7])\n")
                .endsWith("\nSubject: x\n\n");
        assertThat(Files.readString(home.resolve("envelope"))).isEqualTo("Fs@client.example\0Talice@example.org\0\0");
        assertThat(Files.readString(home.resolve("variables"))).isEqualTo("192.0.2.7 more\n");
    }

    /** The conversation of a process of its own, started with these variables alone. */
    private String saidInAProcess(Map<String, String> environment, String input) throws Exception {
        var builder = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin/java").toString(),
                        "-XX:TieredStopAtLevel=1",
                        "--enable-native-access=ALL-UNNAMED",
                        "-cp",
                        System.getProperty("java.class.path"),
                        "carteiro.smtpd.QmailSmtpd",
                        "--home",
                        home.toString())
                .redirectError(home.resolve("log").toFile());
        builder.environment().clear();
        builder.environment().putAll(environment);
        Process process = builder.start();
        try (var to = process.getOutputStream()) {
            to.write(input.getBytes(StandardCharsets.ISO_8859_1));
        }
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);
        assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
        return said;
    }

    @ParameterizedTest
    @CsvSource({"C.UTF-8,true", "POSIX,false"})
    void smtpUtf8IsOfferedWhereFileNamesCanHoldIt(String locale, boolean offered) throws Exception {
        String said = saidInAProcess(
                Map.of("LC_ALL", locale), "EHLO x\r\nMAIL FROM:<caf\u00c3\u00a9@example.net> SMTPUTF8\r\nQUIT\r\n");
        assertThat(said.contains("SMTPUTF8\r\n")).as(said).isEqualTo(offered);
        assertThat(said).contains(offered ? "\r\n250 2.1.0" : "\r\n555 5.5.4");
    }

    private Path program(String text) throws IOException {
        Path program = home.resolve("queue-program");
        Files.writeString(program, "#!/bin/sh\n" + text + "\n");
        Files.setPosixFilePermissions(program, PosixFilePermissions.fromString("rwxr-xr-x"));
        return program;
    }

    /** tcpserver with one connection at a time, its port, and a stop at the end. */
    private final class Tcpserver implements AutoCloseable {
        private final Process server;
        private final int port;

        /** @param before what starts the program, such as a shell that turns descriptors round; may be empty */
        Tcpserver(String... before) throws Exception {
            String tcpserver = TestTools.assumeInstalled("tcpserver");
            Path java = Path.of(System.getProperty("java.home"), "bin/java");
            var command =
                    new ArrayList<>(List.of(tcpserver, "-1", "-R", "-H", "-l", "local.example", "127.0.0.1", "0"));
            command.addAll(List.of(before));
            command.addAll(List.of(
                    java.toString(),
                    "-XX:TieredStopAtLevel=1",
                    "-XX:+UseSerialGC",
                    "--enable-native-access=ALL-UNNAMED",
                    "-cp",
                    System.getProperty("java.class.path"),
                    "carteiro.smtpd.QmailSmtpd",
                    "--home",
                    home.toString()));
            server = new ProcessBuilder(command)
                    .redirectError(home.resolve("log").toFile())
                    .start();
            port = Integer.parseInt(
                    server.inputReader(StandardCharsets.US_ASCII).readLine().strip());
        }

        @Override
        public void close() throws InterruptedException {
            server.destroy();
            assertThat(server.waitFor(10, TimeUnit.SECONDS)).isTrue();
        }
    }

    @Test
    void itRunsBelowTcpserverInTheClearAndByTls() throws Exception {
        SmtpdOnLoopback.writeControl(home, "servercert.pem", TestCertificate.pem(home, "rsa:2048"));
        try (var server = new Tcpserver();
                var client = Dialogue.with(server.port)) {
            client.envelope().say("DATA", "354 ").say("in the clear\r\n.", "250 ok ");
            client.say("STARTTLS", "220 ").startTls().say("EHLO client.example", "250-");
            client.say("MAIL FROM:<>", "250 ").say("RCPT TO:<bob@example.org>", "250 ");
            client.say("DATA", "354 ").say("by TLS\r\n.", "250 ok ").say("QUIT", "221 ");
        }
        assertThat(queue.messages.getFirst().received())
                .startsWith("Received: from client.example ([127.0.0.1])\n  by local.example with ESMTP id ");
        assertThat(queue.messages.getLast().received()).containsPattern(" with ESMTPS id [a-z0-9]{12} tls TLS_");
        assertThat(Files.readString(home.resolve("log"))).contains("smtpd: accepted msg ");
    }

    @Test
    void belowInetdWhereStandardErrorIsTheClientTheLogStaysOutOfTheDialogue() throws Exception {
        try (var server = new Tcpserver("sh", "-c", "exec \"$0\" \"$@\" 2>&1");
                var client = Dialogue.with(server.port)) {
            client.envelope().say("RCPT TO:<nobody@example.org>", "550 5.1.1").say("DATA", "354 ");
            client.say("x\r\n.", "250 ok ").say("QUIT", "221 ").expectClosed();
        }
        assertThat(queue.messages).hasSize(1);
    }
}
