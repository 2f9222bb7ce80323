package carteiro.tests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import carteiro.testkit.Certificates;
import carteiro.tests.CarteiroProcess.Form;
import carteiro.tests.CarteiroProcess.Verb;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Mail that goes on through a host which wants a login. */
class SmartHostTest {
    @TempDir
    Path folder;

    private static void handIn(CarteiroProcess carteiro, String sender, String text) throws Exception {
        String sendmail = carteiro.install("sendmail", "carteiro.inject.Sendmail");
        var sent = CarteiroProcess.run(
                List.of(sendmail, "-f", sender, "carl@far.example"),
                Map.of("CARTEIRO_HOME", carteiro.home().toString()),
                "From: " + sender + "\n\n" + text + "\n");
        assertThat(sent.exit()).as(sent.output()).isZero();
    }

    private static void secret(CarteiroProcess carteiro, String name, String text) throws Exception {
        carteiro.control(name, text);
        Path file = carteiro.home().resolve("control").resolve(name);
        CarteiroProcess.ownBy(file, "qmailr");
    }

    @ParameterizedTest
    @EnumSource
    @DisplayName(
            "a smart host of our own: by SCRAM; a wrong password keeps the mail waiting with one alert until it is corrected")
    void ours(Form form) throws Exception {
        int port;
        try (var free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = free.getLocalPort();
        }
        Certificates certificates = Certificates.make(folder, "IP:127.0.0.1");
        try (var sink = SmtpSink.start();
                var smart = CarteiroProcess.prepare(form);
                var carteiro = CarteiroProcess.prepare(form)) {
            smart.accounts("ann");
            smart.control("smtpdlisten", "127.0.0.1:0\n127.0.0.1:" + port + " submission");
            smart.control("servercert.pem", certificates.identity());
            smart.control("authmechanisms", "plain\nscram-sha-256");
            smart.control("smtproutes", ":127.0.0.1:" + sink.port());
            smart.commandWithInput("sesame 1\n", "carteiro.lookup.Passwd", "--scram", "ann");
            smart.start();

            carteiro.control("remotecacerts", Files.readString(certificates.authority()));
            secret(carteiro, "smtproutes", ":[127.0.0.1]:" + port + "|ann|mistyped-9");
            carteiro.start();
            handIn(carteiro, "ann@example.org", "first");
            carteiro.awaitLog(
                    "alert: remote: \\[127\\.0\\.0\\.1\\] \\(127\\.0\\.0\\.1\\) refuses the login as \"ann\": 535 .*");
            handIn(carteiro, "ann@example.org", "second");
            carteiro.awaitLog("(?s).*deferral: .*refused_my_login.*");
            secret(carteiro, "smtproutes", ":[127.0.0.1]:" + port + "|ann|sesame 1");
            assertThat(carteiro.control(Verb.RELOAD, "remote").exit()).isZero();
            assertThat(carteiro.control(Verb.ALARM, "send").exit()).isZero();
            carteiro.await("both at the sink", () -> sink.messages().size() == 2);
            smart.awaitLog(".*smtpd: login ann client 127\\.0\\.0\\.1 by SCRAM-SHA-256-PLUS");
            assertThat(carteiro.log().stream().filter(line -> line.contains("refuses the login")))
                    .hasSize(1);
            assertThat(carteiro.log()).noneMatch(line -> line.contains("sesame") || line.contains("mistyped"));
            assertThat(carteiro.command("carteiro.tools.Showctl").output())
                    .contains("  :[127.0.0.1]:" + port + "|ann|(set)\n")
                    .doesNotContain("sesame");
        }
    }

    @ParameterizedTest
    @EnumSource
    @DisplayName(
            "Postfix with Dovecot's SASL as smart host; control/authsenders decides as whom; a mended password counts")
    void postfix(Form form) throws Exception {
        assumeTrue(Files.isExecutable(Path.of("/usr/sbin/dovecot")), "SKIPPED: Dovecot is not installed");
        Certificates certificates = Certificates.make(folder, "IP:127.0.0.1");
        try (var postfix = PostfixPeer.withLogins("far.example", certificates.identity(), """
                        ann:{PLAIN}sesame 1
                        office:{PLAIN}sesame 2
                        """);
                var carteiro = CarteiroProcess.prepare(form)) {
            carteiro.control("remotecacerts", Files.readString(certificates.authority()));
            String relay = ":[127.0.0.1]:" + postfix.port();
            secret(carteiro, "smtproutes", relay + "|ann|sesame 1");
            secret(carteiro, "authsenders", "@office.example" + relay + "|office|mistyped-9");
            carteiro.start();
            handIn(carteiro, "ann@example.org", "by ann");
            handIn(carteiro, "bob@office.example", "by the office");
            carteiro.awaitLog("alert: remote: .* refuses the login as \"office\": 535 .*");
            carteiro.await("one in Postfix's mailbox", () -> postfix.mailbox().size() == 1);
            secret(carteiro, "authsenders", "@office.example" + relay + "|office|sesame 2");
            assertThat(carteiro.control(Verb.RELOAD, "remote").exit()).isZero();
            assertThat(carteiro.control(Verb.ALARM, "send").exit()).isZero();
            carteiro.await("two in Postfix's mailbox", () -> postfix.mailbox().size() == 2);
            assertThat(postfix.mailbox())
                    .anyMatch(message -> message.contains("(Authenticated sender: ann)") && message.contains("by ann"))
                    .anyMatch(message ->
                            message.contains("(Authenticated sender: office)") && message.contains("by the office"));
            assertThat(postfix.log()).contains("sasl_method=SCRAM-SHA-256");
            assertThat(carteiro.log()).noneMatch(line -> line.contains("sesame") || line.contains("mistyped"));
        }
    }
}
