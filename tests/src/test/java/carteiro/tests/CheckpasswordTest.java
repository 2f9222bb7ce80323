package carteiro.tests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import carteiro.testkit.Certificates;
import carteiro.tests.CarteiroProcess.Form;
import carteiro.tests.CarteiroProcess.Verb;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** People log in with passwords that a program of the checkpassword interface knows. */
class CheckpasswordTest {
    @TempDir
    Path folder;

    private int smtp;
    private int pop3;

    @BeforeEach
    void ports() throws IOException {
        smtp = freePort();
        pop3 = freePort();
    }

    private static int freePort() throws IOException {
        try (var socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    /** A program as an administrator writes it: names and passwords of its own, who becomes which user, and where the home is. */
    private Path checker(CarteiroProcess carteiro) throws Exception {
        String become = CarteiroProcess.owner() == 0
                ? ""
                : "setpriv --reuid " + CarteiroProcess.owner() + " --regid " + CarteiroProcess.owner()
                        + " --clear-groups -- ";
        if (!CarteiroProcess.asRoot()) {
            become = "";
        }
        Path program = carteiro.home().resolve("checker");
        Files.writeString(program, """
                #!/bin/sh
                [ "$1" = --realm=mail ] || exit 2
                shift
                said=$(tr '\\0' '/' <&3)
                exec 3<&-
                case $said in
                  'ann/sesame 1//') ;;
                  later/*) exit 111 ;;
                  *) exit 1 ;;
                esac
                export HOME=%s USER=ann
                cd "$HOME" || exit 111
                exec %s "$@"
                """.formatted(carteiro.accountHome("ann"), become));
        Files.setPosixFilePermissions(program, PosixFilePermissions.fromString("rwxr-xr-x"));
        return program;
    }

    private String python(String script) throws Exception {
        assumeTrue(Files.isExecutable(Path.of("/usr/bin/python3")), "SKIPPED: python3 is not installed");
        String begin = "import poplib,smtplib,ssl\nc=ssl._create_unverified_context()\n"
                + "def fetch(name,password):\n"
                + "  try:\n"
                + "    s=poplib.POP3_SSL('127.0.0.1'," + pop3 + ",context=c)\n"
                + "    s.user(name)\n    s.pass_(password)\n"
                + "    print(s.stat()[0], b'Subject: hello' in s.retr(1)[1])\n    s.quit()\n"
                + "  except poplib.error_proto as e:\n    print(e)\n"
                + "def send(name,password,sender):\n"
                + "  s=smtplib.SMTP_SSL('127.0.0.1'," + smtp + ",context=c)\n"
                + "  try:\n"
                + "    s.login(name,password)\n"
                + "    s.sendmail(sender,['ann@example.org'],'From: '+sender+'\\nSubject: hello\\n\\nhi\\n')\n"
                + "    print('sent')\n"
                + "  except smtplib.SMTPAuthenticationError as e:\n    print(e.smtp_code)\n"
                + "  except smtplib.SMTPResponseException as e:\n    print(e.smtp_code)\n"
                + "  except smtplib.SMTPSenderRefused as e:\n    print(e.smtp_code)\n"
                + "  except smtplib.SMTPRecipientsRefused as e:\n    print(list(e.recipients.values())[0][0])\n";
        var said = CarteiroProcess.run(List.of("/usr/bin/python3", "-c", begin + script), Map.of(), "");
        assertThat(said.exit()).as(said.output()).isZero();
        return said.output();
    }

    @ParameterizedTest
    @EnumSource
    @DisplayName(
            "a checkpassword program lets ann in: she sends as herself and reads her mail; while it is away nobody is refused")
    void program(Form form) throws Exception {
        try (var carteiro = CarteiroProcess.prepare(form)) {
            carteiro.accounts("ann", "bob");
            carteiro.control("smtpdlisten", "127.0.0.1:0\n127.0.0.1:" + smtp + " tls submission");
            carteiro.control("pop3dlisten", "127.0.0.1:" + pop3 + " tls");
            carteiro.control(
                    "servercert.pem",
                    Certificates.make(folder, "DNS:mail.example.org").identity());
            carteiro.control("checkpassword", checker(carteiro) + " --realm=mail");
            carteiro.start();
            carteiro.awaitLog(".*pop3d: listening on 127\\.0\\.0\\.1:" + pop3);
            assertThat(python("send('ann','sesame 1','ann@example.org')\nsend('ann','sesame 1','bob@example.org')\n"
                            + "send('ann','sesame 2','ann@example.org')\nsend('bob','sesame 1','bob@example.org')\n"
                            + "send('later','x','ann@example.org')\n"))
                    .isEqualTo("sent\n553\n535\n535\n454\n");
            carteiro.awaitLog(".*warning: checkpassword: .*/checker: it ended with code 111: try again later");
            carteiro.awaitMailbox("ann", 1);
            age(carteiro);
            assertThat(python("fetch('ann','sesame 1')\nfetch('ann','sesame 2')\nfetch('later','x')\n")
                            .lines())
                    .hasSize(3)
                    .satisfiesExactly(
                            line -> assertThat(line).isEqualTo("1 True"),
                            line -> assertThat(line).contains("[AUTH]"),
                            line -> assertThat(line).contains("[SYS/TEMP]"));
            assertThat(carteiro.control(Verb.STOP, "checkpassword").exit()).isZero();
            assertThat(python("send('ann','sesame 1','ann@example.org')\nfetch('ann','sesame 1')\n"))
                    .startsWith("454\n")
                    .contains("[SYS/TEMP]");
            assertThat(carteiro.control(Verb.START, "checkpassword").exit()).isZero();
            assertThat(python("send('ann','sesame 1','ann@example.org')\n")).isEqualTo("sent\n");
        }
    }

    /** What came in this very second is left for the next visit. */
    private static void age(CarteiroProcess carteiro) throws Exception {
        try (Stream<Path> files = Files.list(carteiro.accountHome("ann").resolve("Maildir/new"))) {
            for (Path file : files.toList()) {
                Files.setLastModifiedTime(file, FileTime.fromMillis(100_000));
            }
        }
    }
}
