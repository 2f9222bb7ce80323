package carteiro.tests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import carteiro.testkit.Certificates;
import carteiro.testkit.Covers;
import carteiro.tests.CarteiroProcess.Form;
import carteiro.tests.CarteiroProcess.Verb;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** People log in and send, with the programs that they have, through the whole product. */
class LoginTest {
    private static final String MESSAGE = "From: Ann <ann@example.org>\r\nTo: carl@far.example\r\n"
            + "Bcc: dora@far.example\r\nSubject: hello\r\n\r\nHello\r\n";

    @TempDir
    Path folder;

    private int starttls;
    private int tls;

    @BeforeEach
    void ports() throws IOException {
        starttls = freePort();
        tls = freePort();
    }

    private static String needs(String program) {
        assumeTrue(Files.isExecutable(Path.of("/usr/bin/" + program)), "SKIPPED: " + program + " is not installed");
        return "/usr/bin/" + program;
    }

    private CarteiroProcess prepared(Form form, SmtpSink sink) throws Exception {
        var carteiro = CarteiroProcess.prepare(form);
        carteiro.accounts("ann", "bob");
        carteiro.control(
                "smtpdlisten",
                "127.0.0.1:0\n127.0.0.1:" + starttls + " submission\n127.0.0.1:" + tls + " tls submission");
        carteiro.control(
                "servercert.pem",
                Certificates.make(folder, "DNS:mail.example.org").identity());
        carteiro.control("smtproutes", ":127.0.0.1:" + sink.port());
        assertThat(carteiro.commandWithInput("sesame 1\n", "carteiro.lookup.Passwd", "ann")
                        .output())
                .isEmpty();
        return carteiro;
    }

    /** Listeners of other roles need ports of their own: the port 0 stands for one role. */
    private static int freePort() throws IOException {
        try (var socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    /** swaks, and what it is told besides where and to whom. */
    private static List<String> swaks(int port, String... more) {
        var command = new ArrayList<>(List.of(needs("swaks"), "--server", "127.0.0.1:" + port, "--helo", "pc.example"));
        command.addAll(List.of("--to", "carl@far.example", "--from", "ann@example.org"));
        command.addAll(List.of(more));
        return command;
    }

    /** The same after STARTTLS and a login. */
    private List<String> swaksAs(String name, String password, String... more) {
        var command = swaks(starttls, "-tls", "-a", "PLAIN", "-au", name, "-ap", password);
        command.addAll(List.of(more));
        return command;
    }

    private static CarteiroProcess.Result run(List<String> command) {
        try {
            return CarteiroProcess.run(command, Map.of(), "");
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }

    private List<String> curl(Path message) {
        var command = new ArrayList<>(List.of(needs("curl"), "-sSk", "--ssl-reqd", "smtp://127.0.0.1:" + starttls));
        command.addAll(List.of("--user", "ann:sesame 1", "--mail-from", "ann@example.org"));
        command.addAll(List.of("--mail-rcpt", "carl@far.example", "--upload-file", message.toString()));
        return command;
    }

    private List<String> python(Path message) {
        String program = "import smtplib,ssl,sys\n"
                + "s=smtplib.SMTP_SSL('127.0.0.1'," + tls + ",context=ssl._create_unverified_context())\n"
                + "s.login('ann','sesame 1')\n"
                + "s.sendmail('ann@example.org',['carl@far.example'],open(sys.argv[1],'rb').read())\n"
                + "s.quit()";
        return List.of(needs("python3"), "-c", program, message.toString());
    }

    @ParameterizedTest
    @EnumSource
    @DisplayName("ann logs in with swaks, curl and Python, and what they send goes to another host in good order")
    @Covers({"ldap:QL-084", "ldap:QL-085"})
    void peopleSend(Form form) throws Exception {
        try (var sink = SmtpSink.start();
                var carteiro = prepared(form, sink)) {
            carteiro.start();
            Path message = Files.writeString(folder.resolve("m.eml"), MESSAGE);
            List<List<String>> commands = List.of(
                    swaksAs("ann", "sesame 1"),
                    swaks(starttls, "-tls", "-a", "LOGIN", "-au", "ann", "-ap", "sesame 1"),
                    swaks(tls, "-tlsc", "-a", "PLAIN", "-au", "ANN", "-ap", "sesame 1"),
                    curl(message),
                    python(message));
            for (List<String> command : commands) {
                var result = run(command);
                assertThat(result.exit()).as(command + ": " + result.output()).isZero();
            }
            carteiro.await("all at the sink", () -> sink.messages().size() == commands.size());
            assertThat(sink.messages())
                    .allSatisfy(sent -> assertThat(sent.toString())
                            .contains(" with ESMTPSA id ")
                            .contains("Date: ", "From: ")
                            .containsIgnoringCase("Message-ID: ")
                            .doesNotContain("dora@far.example", "[127.0.0.1]"));
            carteiro.awaitLog(".*smtpd: login ann client 127\\.0\\.0\\.1 by LOGIN");
            carteiro.awaitLog(".*smtpd: accepted msg \\d+ from <ann@example\\.org> .* login ann");
            assertThat(carteiro.log()).noneMatch(line -> line.contains("sesame"));
        }
    }

    @ParameterizedTest
    @EnumSource
    @DisplayName("who may not, cannot: a wrong password, another's address, no login, no TLS")
    @Covers("ldap:QL-084")
    void othersDoNot(Form form) throws Exception {
        try (var sink = SmtpSink.start();
                var carteiro = prepared(form, sink)) {
            carteiro.start();
            for (List<String> wrong : List.of(
                    swaksAs("ann", "x"),
                    swaksAs("bob", "x"),
                    swaks(starttls, "-a", "PLAIN", "-au", "ann", "-ap", "sesame 1"),
                    swaks(starttls, "-tls"),
                    swaksAs("ann", "sesame 1", "--from", "bob@example.org"),
                    swaksAs("ann", "sesame 1", "--header-From", "bob@example.org"))) {
                var result = run(wrong);
                assertThat(result.exit()).as(wrong + ": " + result.output()).isNotZero();
            }
            carteiro.awaitLog(".*refused AUTH from <> client 127\\.0\\.0\\.1: 535 .*\\(\"bob\"\\) rule login");
            carteiro.awaitLog(".*lookup: no login for \"bob\" from 127\\.0\\.0\\.1: no account has that name");
            carteiro.awaitLog(".*refused MAIL from <bob@example\\.org> .*rule own-sender");
            carteiro.awaitLog(".*refused DATA from <ann@example\\.org> "
                    + ".*\\(<bob@example\\.org> is not of the account .*rule own-author");
            assertThat(sink.messages()).isEmpty();
        }
    }

    @ParameterizedTest
    @EnumSource
    @DisplayName("msmtp proves the password by SCRAM and does not say it")
    @Covers("ldap:QL-090")
    void scram(Form form) throws Exception {
        String msmtp = needs("msmtp");
        try (var sink = SmtpSink.start();
                var carteiro = prepared(form, sink)) {
            carteiro.control("authmechanisms", "scram-sha-1\nscram-sha-256");
            assertThat(carteiro.commandWithInput("sesame 1\n", "carteiro.lookup.Passwd", "--scram", "ann")
                            .output())
                    .isEmpty();
            carteiro.start();
            String settings = "host 127.0.0.1\nport " + starttls + "\ntls on\ntls_certcheck off\nauth scram-sha-256\n"
                    + "user ann\nfrom ann@example.org\npasswordeval \"printf '%s\\n' '";
            Path right = Files.writeString(folder.resolve("right"), "account default\n" + settings + "sesame 1'\"\n");
            Path wrong = Files.writeString(folder.resolve("wrong"), "account default\n" + settings + "sesame 2'\"\n");
            for (Path file : List.of(right, wrong)) {
                Files.setPosixFilePermissions(
                        file, java.nio.file.attribute.PosixFilePermissions.fromString("rw-------"));
            }
            var refused =
                    CarteiroProcess.run(List.of(msmtp, "-C", wrong.toString(), "carl@far.example"), Map.of(), MESSAGE);
            assertThat(refused.exit()).as(refused.output()).isNotZero();
            var sent =
                    CarteiroProcess.run(List.of(msmtp, "-C", right.toString(), "carl@far.example"), Map.of(), MESSAGE);
            assertThat(sent.exit()).as(sent.output()).isZero();
            carteiro.await("it is at the sink", () -> sink.messages().size() == 1);
            carteiro.awaitLog(".*smtpd: login ann client 127\\.0\\.0\\.1 by SCRAM-SHA-256");
        }
    }

    @ParameterizedTest
    @EnumSource
    @DisplayName(
            "an account sends what accountlimits gives it; an administrator sees it, stops it and lets it go on, over restarts")
    void limitsAndOrders(Form form) throws Exception {
        try (var sink = SmtpSink.start();
                var carteiro = prepared(form, sink)) {
            carteiro.control("accountlimits", "ann:2:::\n");
            carteiro.control("doublebounceto", "bob");
            carteiro.control("doublebouncehost", "example.org");
            carteiro.start();
            assertThat(run(swaksAs("ann", "sesame 1")).exit()).isZero();
            assertThat(run(swaksAs("ann", "sesame 1", "--to", "dora@far.example"))
                            .exit())
                    .isZero();
            assertThat(run(swaksAs("ann", "sesame 1")).output())
                    .contains("450 4.7.1 the account", "2 messages an hour", "[R64]");
            carteiro.awaitLog(
                    "warning: lookup: account \"ann\" may send no more for \\d+ s: its limit is 2 messages an hour");
            carteiro.awaitMailbox("bob", 1);
            assertThat(run(swaksAs("ann", "wrong")).output()).contains("535 ");
            assertThat(logins(carteiro).output())
                    .containsPattern(
                            "(?m)^ann +\\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d:\\d\\d  SMTP 127\\.0\\.0\\.1  1 +2 to 2  -$");

            assertThat(logins(carteiro, "--stop", "ann").exit()).isZero();
            assertThat(logins(carteiro, "--stop", "ANN").output())
                    .contains("nothing is changed: ANN is stopped already");
            assertThat(run(swaksAs("ann", "sesame 1")).output()).contains("535 5.7.8 ");
            carteiro.killAll();
            carteiro.start();
            assertThat(logins(carteiro, "ann").output()).contains("state      stopped");
            assertThat(run(swaksAs("ann", "sesame 1")).output()).contains("535 5.7.8 ");
            assertThat(logins(carteiro, "--resume", "ann").exit()).isZero();
            carteiro.control("accountlimits", "ann:5:::\n");
            assertThat(carteiro.control(Verb.RELOAD, "lookup").exit()).isZero();
            assertThat(run(swaksAs("ann", "sesame 1")).exit()).isZero();
            carteiro.awaitLog("lookup: logins: \\S+ says STOP \"ann\"");
        }
    }

    private static CarteiroProcess.Result logins(CarteiroProcess carteiro, String... arguments) {
        try {
            return carteiro.attempt("", "carteiro.lookup.LoginsCommand", arguments);
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }

    @Test
    @DisplayName(
            "without lookup nobody is asked for a new password; a password that is set, or removed, counts at once")
    void outageAndChanges() throws Exception {
        try (var sink = SmtpSink.start();
                var carteiro = prepared(Form.SPLIT, sink)) {
            carteiro.start();
            assertThat(carteiro.control(Verb.STOP, "lookup").exit()).isZero();
            assertThat(run(swaksAs("ann", "sesame 1")).output()).contains("454 4.7.0 ");
            assertThat(carteiro.control(Verb.START, "lookup").exit()).isZero();
            assertThat(carteiro.commandWithInput("another\n", "carteiro.lookup.Passwd", "ann")
                            .output())
                    .isEmpty();
            carteiro.await(
                    "the new password counts",
                    () -> run(swaksAs("ann", "another")).exit() == 0);
            assertThat(carteiro.command("carteiro.lookup.Passwd", "--delete", "ann")
                            .output())
                    .isEmpty();
            carteiro.await(
                    "nobody logs in to it any more",
                    () -> run(swaksAs("ann", "another")).output().contains("535 "));
        }
    }
}
