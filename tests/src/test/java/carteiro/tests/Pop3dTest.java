package carteiro.tests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import carteiro.control.Installation;
import carteiro.log.EventLog;
import carteiro.protocol.Mailboxes.MailboxOpened;
import carteiro.protocol.SocketWires;
import carteiro.testkit.Certificates;
import carteiro.testkit.Covers;
import carteiro.tests.CarteiroProcess.Form;
import carteiro.tests.CarteiroProcess.Verb;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** People fetch their mail by POP3: pop3d, lookup and mailboxes together. */
class Pop3dTest {
    private static final String FIRST = "Subject: first\n\nhello\n.a dot\n";
    private static final String SECOND = "Subject: second\n\nwith a second line\n";

    @TempDir
    Path folder;

    private int clear;
    private int tls;

    @BeforeEach
    void ports() throws IOException {
        clear = freePort();
        tls = freePort();
    }

    private static int freePort() throws IOException {
        try (var socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    private CarteiroProcess started(Form form) throws Exception {
        var carteiro = CarteiroProcess.prepare(form);
        try {
            start(carteiro);
            return carteiro;
        } catch (Exception | AssertionError e) {
            carteiro.close();
            throw e;
        }
    }

    private void start(CarteiroProcess carteiro) throws Exception {
        carteiro.accounts("ann", "bob");
        carteiro.control("pop3dlisten", "127.0.0.1:" + clear + "\n127.0.0.1:" + tls + " tls");
        carteiro.control(
                "servercert.pem",
                Certificates.make(folder, "DNS:mail.example.org").identity());
        carteiro.control("authmechanisms", "plain\nlogin\nscram-sha-256");
        carteiro.commandWithInput("sesame 1\n", "carteiro.lookup.Passwd", "--scram", "ann");
        carteiro.start();
        carteiro.awaitLog(".*pop3d: listening on 127\\.0\\.0\\.1:" + tls);
        try (var client = new SmtpClient(carteiro.smtp())) {
            client.send("x@far.example", List.of("ann@example.org"), FIRST);
            client.send("x@far.example", List.of("ann@example.org"), SECOND);
        }
        carteiro.awaitMailbox("ann", 2);
        age(carteiro);
    }

    /** What came in this very second is left for the next visit. */
    private static void age(CarteiroProcess carteiro) throws Exception {
        Path maildir = carteiro.accountHome("ann").resolve("Maildir/new");
        try (Stream<Path> files = Files.list(maildir)) {
            for (Path file : files.toList()) {
                long second =
                        Files.readString(file, StandardCharsets.ISO_8859_1).contains("Subject: first") ? 100 : 200;
                Files.setLastModifiedTime(file, java.nio.file.attribute.FileTime.fromMillis(second * 1000));
            }
        }
    }

    private static List<String> names(CarteiroProcess carteiro, String of) throws IOException {
        try (Stream<Path> files = Files.list(carteiro.accountHome("ann").resolve("Maildir/" + of))) {
            return files.map(file -> String.valueOf(file.getFileName())).toList();
        }
    }

    private String python(String script) throws Exception {
        assumeTrue(Files.isExecutable(Path.of("/usr/bin/python3")), "SKIPPED: python3 is not installed");
        String begin = "import poplib,ssl\nc=ssl._create_unverified_context()\n"
                + "def at(name,password):\n"
                + "  s=poplib.POP3_SSL('127.0.0.1'," + tls
                + ",context=c)\n  s.user(name)\n  s.pass_(password)\n  return s\n"
                + "def wrong(name,password):\n  try:\n    at(name,password)\n    print('in')\n"
                + "  except poplib.error_proto as e:\n    print(e)\n";
        var said = CarteiroProcess.run(List.of("/usr/bin/python3", "-c", begin + script), Map.of(), "");
        assertThat(said.exit()).as(said.output()).isZero();
        return said.output();
    }

    @ParameterizedTest
    @EnumSource
    @DisplayName(
            "ann fetches her mail with poplib and curl over TLS; sizes are what is sent, QUIT alone changes something")
    @Covers({"qmail:O05", "qmail:O07", "qmail:O08"})
    void fetching(Form form) throws Exception {
        try (var carteiro = started(form)) {
            Path home = carteiro.accountHome("ann");
            String said = python("""
                    s=at('ann','sesame 1')
                    n,size=s.stat()
                    print(n)
                    lines=[len(l) for l in s.list()[1]]
                    sizes=[int(l.split()[1]) for l in s.list()[1]]
                    print(sum(sizes)==size)
                    for i in (1,2):
                      answer,text,octets=s.retr(i)
                      print(sum(len(l)+2 for l in text)==sizes[i-1], text[-1])
                    print(s.uidl(1).split()[1]==b'+OK' or len(s.uidl()[1]))
                    print(len([l for l in s.top(1,1)[1] if l==b'hello']), s.capa().get('UIDL'))
                    s.dele(1)
                    s.close()
                    s=at('ann','sesame 1')
                    print(s.stat()[0])
                    s.dele(1)
                    s.quit()
                    s=at('ANN','sesame 1')
                    print(s.stat()[0], s.retr(1)[1][-1])
                    s.quit()
                    """);
            assertThat(said.lines())
                    .containsExactly(
                            "2",
                            "True",
                            "True b'.a dot'",
                            "True b'with a second line'",
                            "2",
                            "1 []",
                            "2",
                            "1 b'with a second line'");
            assertThat(names(carteiro, "new")).isEmpty();
            assertThat(names(carteiro, "cur")).singleElement().asString().endsWith(":2,");
            assertThat(Files.getAttribute(
                            home.resolve("Maildir/cur")
                                    .resolve(names(carteiro, "cur").getFirst()),
                            "unix:uid"))
                    .isEqualTo(Files.getAttribute(home, "unix:uid"));
            var curl = CarteiroProcess.run(
                    List.of(
                            "/usr/bin/curl",
                            "-sSk",
                            "--ssl-reqd",
                            "pop3://127.0.0.1:" + clear + "/1",
                            "--user",
                            "ann:sesame 1"),
                    Map.of(),
                    "");
            assertThat(curl.output()).contains("Subject: second\r\n").endsWith("with a second line\r\n");
            carteiro.awaitLog(".*pop3d: login ann client 127\\.0\\.0\\.1 by .*");
            carteiro.awaitLog(".*pop3d: visit ann client 127\\.0\\.0\\.1 fetched 0 removed 1 octets \\d+: quit");
            assertThat(carteiro.log()).noneMatch(line -> line.contains("sesame"));
        }
    }

    @ParameterizedTest
    @EnumSource
    @DisplayName("nobody else gets in, and no mailbox opens without a ticket; an outage asks nobody for a new password")
    void others(Form form) throws Exception {
        try (var carteiro = started(form)) {
            assertThat(python("wrong('ann','sesame 2')\nwrong('bob','sesame 1')\nwrong('root','x')\n")
                            .lines())
                    .hasSize(3)
                    .allMatch(line -> line.contains("-ERR [AUTH] wrong name or password"));
            try (var socket = new Socket("127.0.0.1", clear);
                    var in = new BufferedReader(
                            new InputStreamReader(socket.getInputStream(), StandardCharsets.ISO_8859_1))) {
                OutputStream out = socket.getOutputStream();
                out.write("USER ann\r\nPASS sesame 1\r\nAUTH PLAIN\r\nSTAT\r\nCAPA\r\nQUIT\r\n"
                        .getBytes(StandardCharsets.US_ASCII));
                assertThat(in.lines())
                        .startsWith(
                                "+OK mail.example.org POP3",
                                "-ERR STLS first",
                                "-ERR USER first",
                                "-ERR STLS first",
                                "-ERR authorization first")
                        .contains("STLS", "AUTH-RESP-CODE")
                        .noneMatch(line -> line.startsWith("USER") || line.startsWith("SASL"));
            }
            try (var log = new EventLog(OutputStream.nullOutputStream(), EventLog.LogFormat.PLAIN, Clock.systemUTC());
                    var wires = new SocketWires(new Installation(carteiro.home()), log)) {
                assertThat(wires.mailboxes().open("0".repeat(32)))
                        .isEqualTo(new MailboxOpened.ClosedMailbox("nobody has just logged in"));
            }
            carteiro.awaitLog("alert: mailboxes: a mailbox was asked for by a ticket that lookup does not know: .*");
            assertThat(carteiro.control(Verb.STOP, "lookup").exit()).isZero();
            assertThat(python("wrong('ann','sesame 1')\n")).contains("-ERR [SYS/TEMP] logins are not possible now");
            assertThat(carteiro.control(Verb.START, "lookup").exit()).isZero();
            assertThat(carteiro.control(Verb.STOP, "mailboxes").exit()).isZero();
            assertThat(python("wrong('ann','sesame 1')\n"))
                    .contains("-ERR [SYS/TEMP] the mailbox cannot be opened now");
            assertThat(carteiro.control(Verb.START, "mailboxes").exit()).isZero();
            assertThat(python("s=at('ann','sesame 1')\nprint(s.stat()[0])\ns.quit()\n"))
                    .isEqualTo("2\n");
        }
    }
}
