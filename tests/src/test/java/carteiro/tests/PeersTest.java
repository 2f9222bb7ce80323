package carteiro.tests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import carteiro.tests.CarteiroProcess.Form;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Real programs on the other side. */
class PeersTest {
    private static final String MESSAGE = "From: ann@example.net\nTo: dora@far.example\nSubject: hello\n"
            + "Date: Tue, 24 Nov 2026 05:53:37 +0000\nMessage-Id: <1@example.net>\n\n.dot\nbody\n";

    /** Where the program is: an ordinary user's PATH lacks the folders of the administrator's. */
    private static String needs(String program) {
        Optional<String> found = Stream.of("/usr/bin/", "/usr/sbin/", "/bin/")
                .map(folder -> folder + program)
                .filter(path -> Files.isExecutable(Path.of(path)))
                .findFirst();
        assumeTrue(found.isPresent(), "SKIPPED: " + program + " is not installed");
        return found.get();
    }

    @Test
    @DisplayName("Postfix takes what remote sends, encrypted, octet for octet")
    void toPostfix() throws Exception {
        try (var postfix = PostfixPeer.start("far.example", 1);
                var carteiro = CarteiroProcess.prepare(Form.ONE_PROCESS)) {
            carteiro.control("smtproutes", ":127.0.0.1:" + postfix.port());
            carteiro.control("rcpthosts", "example.org\nfar.example");
            carteiro.start();
            try (var client = new SmtpClient(carteiro.smtp())) {
                for (int i = 0; i < 20; i++) {
                    client.send("ann@example.net", List.of("dora@far.example"), MESSAGE);
                }
            }
            carteiro.await(
                    "20 messages in Postfix's mailbox", () -> postfix.mailbox().size() == 20);
            assertThat(postfix.mailbox())
                    .allMatch(message -> message.endsWith(MESSAGE))
                    .allMatch(message -> message.contains("(using TLSv1.3 with cipher "));
        }
    }

    @Test
    @DisplayName("Postfix relays to smtpd, encrypted, octet for octet")
    void fromPostfix() throws Exception {
        int port;
        try (var free = new ServerSocket(0)) {
            port = free.getLocalPort();
        }
        try (var postfix = PostfixPeer.start("unused.example", port);
                var carteiro = CarteiroProcess.prepare(Form.ONE_PROCESS)) {
            carteiro.accounts("bob");
            carteiro.control("smtpdlisten", "127.0.0.1:" + port);
            carteiro.control("servercert.pem", PostfixPeer.keyAndCertificate());
            carteiro.start();
            try (var client = new SmtpClient(new InetSocketAddress("127.0.0.1", postfix.port()))) {
                for (int i = 0; i < 20; i++) {
                    client.send("ann@example.net", List.of("bob@example.org"), MESSAGE);
                }
            }
            assertThat(carteiro.awaitMailbox("bob", 20))
                    .hasSize(20)
                    .allMatch(message -> message.endsWith(MESSAGE))
                    .allMatch(message -> message.matches("(?s).* with ESMTPS id [a-z0-9]{12} tls TLS_.*"));
        }
    }

    @Test
    @DisplayName("swaks, curl, Python's smtplib and smtp-source hand in mail")
    void clients() throws Exception {
        String swaks = needs("swaks");
        String curl = needs("curl");
        String python = needs("python3");
        String source = needs("smtp-source");
        try (var carteiro = CarteiroProcess.prepare(Form.ONE_PROCESS)) {
            carteiro.accounts("bob");
            carteiro.start();
            String port = String.valueOf(carteiro.smtp().getPort());
            Path message = Files.writeString(carteiro.folder().resolve("m.eml"), MESSAGE.replace("\n", "\r\n"));
            List<List<String>> commands = List.of(
                    List.of(
                            swaks,
                            "--server",
                            "127.0.0.1:" + port,
                            "--from",
                            "a@client.example",
                            "--to",
                            "bob@example.org"),
                    List.of(
                            curl,
                            "-sS",
                            "smtp://127.0.0.1:" + port,
                            "--mail-from",
                            "a@client.example",
                            "--mail-rcpt",
                            "bob@example.org",
                            "--upload-file",
                            message.toString()),
                    List.of(
                            python,
                            "-c",
                            "import smtplib,sys\ns=smtplib.SMTP('127.0.0.1'," + port
                                    + ")\ns.sendmail('a@client.example',['bob@example.org'],open(sys.argv[1],'rb').read())\ns.quit()",
                            message.toString()),
                    List.of(
                            source,
                            "-s",
                            "5",
                            "-m",
                            "50",
                            "-l",
                            "4096",
                            "-f",
                            "a@client.example",
                            "-t",
                            "bob@example.org",
                            "127.0.0.1:" + port));
            for (List<String> command : commands) {
                var result = CarteiroProcess.run(command, Map.of(), "");
                assertThat(result.exit()).as(command + ": " + result.output()).isZero();
            }
            assertThat(carteiro.awaitMailbox("bob", 53)).hasSize(53);
        }
    }

    @Test
    @DisplayName("mail(1) and mutt hand in mail through sendmail")
    void userAgents() throws Exception {
        needs("s-nail");
        needs("mutt");
        try (var carteiro = CarteiroProcess.prepare(Form.ONE_PROCESS)) {
            carteiro.accounts("bob");
            carteiro.start();
            Path sendmail = Files.writeString(
                    carteiro.folder().resolve("sendmail"),
                    "#!/bin/sh\nCARTEIRO_HOME=" + carteiro.home() + " exec "
                            + String.join(" ", CarteiroProcess.java("-XX:TieredStopAtLevel=1", "-Xmx64m"))
                            + " carteiro.inject.Sendmail \"$@\"\n",
                    StandardCharsets.UTF_8);
            Files.setPosixFilePermissions(sendmail, PosixFilePermissions.fromString("rwxr-xr-x"));
            String home =
                    Files.createDirectory(carteiro.folder().resolve("user")).toString();
            var nail = CarteiroProcess.run(
                    List.of("s-nail", "-n", "-Ssendwait", "-Smta=" + sendmail, "-s", "by mail", "bob@example.org"),
                    Map.of("HOME", home),
                    "from s-nail\n");
            assertThat(nail.exit()).as(nail.output()).isZero();
            var mutt = CarteiroProcess.run(
                    List.of(
                            "mutt",
                            "-n",
                            "-F",
                            "/dev/null",
                            "-e",
                            "set sendmail=" + sendmail,
                            "-e",
                            "set sendmail_wait=0",
                            "-e",
                            "set copy=no",
                            "-s",
                            "by mutt",
                            "bob@example.org"),
                    Map.of("HOME", home),
                    "from mutt\n");
            assertThat(mutt.exit()).as(mutt.output()).isZero();
            assertThat(carteiro.awaitMailbox("bob", 2))
                    .anyMatch(m -> m.contains("from s-nail"))
                    .anyMatch(m -> m.contains("from mutt"));
        }
    }
}
