package carteiro.tests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import carteiro.testkit.Certificates;
import carteiro.testkit.IdentityProvider;
import carteiro.tests.CarteiroProcess.Form;
import carteiro.tests.CarteiroProcess.Verb;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFileAttributeView;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** People log in by tokens of an identity provider, to send and to fetch, through the whole product. */
class TokenLoginTest {
    private static final String MESSAGE =
            "From: Ann <ann@example.org>\r\nTo: ann@example.org\r\nSubject: hello\r\n\r\nHello\r\n";

    @TempDir
    Path folder;

    private int submission;
    private int pop3;
    private IdentityProvider provider;
    private Certificates certificates;

    @BeforeEach
    void start() throws Exception {
        submission = freePort();
        pop3 = freePort();
        certificates = Certificates.make(folder.resolve("provider"), "IP:127.0.0.1");
        provider = IdentityProvider.start(certificates);
    }

    @AfterEach
    void end() {
        provider.close();
    }

    private static int freePort() throws IOException {
        try (var socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    private static String needs(String program) {
        assumeTrue(Files.isExecutable(Path.of("/usr/bin/" + program)), "SKIPPED: " + program + " is not installed");
        return "/usr/bin/" + program;
    }

    private CarteiroProcess started(Form form) throws Exception {
        var carteiro = CarteiroProcess.prepare(form);
        try {
            carteiro.accounts("ann", "bob");
            carteiro.control("smtpdlisten", "127.0.0.1:0\n127.0.0.1:" + submission + " submission");
            carteiro.control("pop3dlisten", "127.0.0.1:" + pop3);
            carteiro.control(
                    "servercert.pem",
                    Certificates.make(folder, "DNS:mail.example.org").identity());
            if (CarteiroProcess.asRoot()) { // a reload reads it as the user of smtpd or of pop3d
                Path key = carteiro.home().resolve("control/servercert.pem");
                Files.getFileAttributeView(key, PosixFileAttributeView.class)
                        .setGroup(key.getFileSystem()
                                .getUserPrincipalLookupService()
                                .lookupPrincipalByGroupName("nofiles"));
            }
            carteiro.control("authmechanisms", "plain\noauthbearer\nxoauth2");
            carteiro.control("oauthissuer", provider.issuer());
            carteiro.control("oauthaudience", IdentityProvider.AUDIENCE);
            carteiro.control("oauthscope", "mail.all");
            carteiro.control("oauthclaim", "preferred_username");
            carteiro.control("oauthjwks", provider.url("/keys"));
            carteiro.control("oauthcacerts", Files.readString(certificates.authority()));
            for (String name : List.of("ann", "bob")) {
                carteiro.commandWithInput("sesame 1\n", "carteiro.lookup.Passwd", name);
            }
            carteiro.start();
            carteiro.awaitLog(".*pop3d: listening on 127\\.0\\.0\\.1:" + pop3);
            return carteiro;
        } catch (Exception | AssertionError e) {
            carteiro.close();
            throw e;
        }
    }

    private CarteiroProcess.Result curl(String mechanism, String name, String token, String... more) throws Exception {
        var command = new ArrayList<>(List.of(needs("curl"), "-sSk", "--ssl-reqd", "--max-time", "60"));
        command.addAll(List.of("--login-options", "AUTH=" + mechanism, "--user", name, "--oauth2-bearer", token));
        command.addAll(List.of(more));
        return CarteiroProcess.run(command, Map.of(), "");
    }

    private CarteiroProcess.Result send(String mechanism, String name, String token, String... more) throws Exception {
        Path message = Files.writeString(folder.resolve("m.eml"), MESSAGE);
        var all = new ArrayList<>(List.of("smtp://127.0.0.1:" + submission, "--mail-from", "ann@example.org"));
        all.addAll(List.of("--mail-rcpt", "ann@example.org", "--upload-file", message.toString()));
        all.addAll(List.of(more));
        return curl(mechanism, name, token, all.toArray(String[]::new));
    }

    /** What a client sees that speaks by hand: {@code c} is the connection over TLS, {@code say} sends a line and prints what comes. */
    private String python(String script) throws Exception {
        String begin = "import socket,ssl,base64\n"
                + "x=ssl._create_unverified_context()\n"
                + "def b(t): return base64.b64encode(t.encode('latin1')).decode()\n"
                + "def line(f):\n  l=f.readline().decode().rstrip('\\r\\n')\n"
                + "  while l[3:4]=='-': l=f.readline().decode().rstrip('\\r\\n')\n  return l\n"
                + "def say(f,t):\n  f.write((t+'\\r\\n').encode()); f.flush(); l=line(f)\n"
                + "  if l[:4]=='334 ' or l[:2]=='+ ':\n"
                + "    print(l.split(' ',1)[0]+' '+base64.b64decode(l.split(' ',1)[1]).decode())\n"
                + "  else: print(l)\n"
                + "def smtp():\n  s=socket.create_connection(('127.0.0.1'," + submission
                + "),60); f=s.makefile('rwb'); line(f)\n"
                + "  f.write(b'EHLO a\\r\\nSTARTTLS\\r\\n'); f.flush(); line(f); line(f)\n"
                + "  f=x.wrap_socket(s).makefile('rwb'); f.write(b'EHLO a\\r\\n'); f.flush(); line(f); return f\n"
                + "def pop():\n  s=socket.create_connection(('127.0.0.1'," + pop3
                + "),60); f=s.makefile('rwb'); line(f)\n"
                + "  f.write(b'STLS\\r\\n'); f.flush(); line(f)\n  return x.wrap_socket(s).makefile('rwb')\n";
        var said = CarteiroProcess.run(List.of(needs("python3"), "-c", begin + script), Map.of(), "");
        assertThat(said.exit()).as(said.output()).isZero();
        return said.output();
    }

    @ParameterizedTest
    @EnumSource
    @DisplayName("ann sends and fetches with curl by a token, in both forms of saying it; a refused one tells why")
    void tokensLogIn(Form form) throws Exception {
        try (var carteiro = started(form)) {
            String token = provider.token("ann@example.org");
            for (String mechanism : List.of("OAUTHBEARER", "XOAUTH2")) {
                announce(carteiro, "plain\n" + mechanism); // curl takes what it likes best, whatever it is told
                for (String[] how : new String[][] {{}, {"--sasl-ir"}}) {
                    var sent = send(mechanism, "ann", token, how);
                    assertThat(sent.exit()).as(mechanism + ": " + sent.output()).isZero();
                }
                carteiro.awaitLog(".*smtpd: login ann client 127\\.0\\.0\\.1 by " + mechanism);
                carteiro.awaitMailbox("ann", mechanism.equals("XOAUTH2") ? 4 : 2);
                age(carteiro);
                var fetched = curl(mechanism, "ann", token, "pop3://127.0.0.1:" + pop3 + "/1");
                assertThat(fetched.output())
                        .as(() -> String.join("\n", carteiro.log()))
                        .contains("Subject: hello\r\n");
                carteiro.awaitLog(".*pop3d: login ann client 127\\.0\\.0\\.1 by " + mechanism);
            }
            assertThat(provider.requests()).containsOnly("GET /keys ").hasSize(1);
            String expired = IdentityProvider.token(
                    "ES256",
                    provider.elliptic,
                    provider.claims("ann@example.org").replaceFirst("\"exp\":[0-9]+", "\"exp\":1") + "}");
            announce(carteiro, "plain\noauthbearer\nxoauth2");
            assertThat(send("OAUTHBEARER", "ann", expired).exit()).isEqualTo(67); // login denied
            assertThat(send("OAUTHBEARER", "bob", token).exit())
                    .as("ann's is not bob's")
                    .isEqualTo(67);
            assertThat(send("XOAUTH2", "ann", expired.substring(0, 200)).exit()).isEqualTo(67);
            carteiro.awaitLog(".*lookup: .*ann.*its token: it has expired.*");
            carteiro.awaitLog(".*lookup: .*bob.*its token is for another account, ann.*");
            refusals(expired, token);
            assertThat(carteiro.log())
                    .noneMatch(line -> line.contains("eyJ") || line.contains(token.substring(400, 440)));
            announce(carteiro, "plain");
            assertThat(python("f=smtp()\nsay(f,'AUTH XOAUTH2 '+b('user=ann\\1auth=Bearer " + token + "\\1\\1'))\n"))
                    .startsWith("504 ");
        }
    }

    /** What came in this very second is left for the next visit. */
    private static void age(CarteiroProcess carteiro) throws IOException {
        try (Stream<Path> files = Files.list(carteiro.accountHome("ann").resolve("Maildir/new"))) {
            for (Path file : files.toList()) {
                Files.setLastModifiedTime(file, FileTime.fromMillis(1_000_000));
            }
        }
    }

    private static void announce(CarteiroProcess carteiro, String mechanisms) throws Exception {
        carteiro.control("authmechanisms", mechanisms);
        assertThat(carteiro.control(Verb.RELOAD, "smtpd").exit()).isZero();
        assertThat(carteiro.control(Verb.RELOAD, "pop3d").exit()).isZero();
    }

    private void refusals(String expired, String good) throws Exception {
        String reason = "{\"status\":\"invalid_token\",\"scope\":\"mail.all\",\"openid-configuration\":\""
                + provider.issuer() + "/.well-known/openid-configuration\"}";
        String google = "{\"status\":\"401\",\"schemes\":\"bearer\",\"scope\":\"mail.all\"}";
        assertThat(python("""
                bad='auth=Bearer EXPIRED\\1\\1'
                f=smtp()
                say(f,'AUTH OAUTHBEARER '+b('n,a=ann,\\1host=localhost\\1port=587\\1'+bad))
                say(f,b('\\1'))
                say(f,'AUTH XOAUTH2')
                say(f,b('user=ann\\1'+bad))
                say(f,'')
                say(f,'AUTH OAUTHBEARER '+b('n,,\\1auth=Bearer GOOD\\1\\1'))
                f=pop()
                say(f,'AUTH OAUTHBEARER '+b('n,a=ann,\\1'+bad))
                say(f,b('\\1'))
                say(f,'AUTH XOAUTH2 '+b('user=ann\\1'+bad))
                say(f,'')
                say(f,'AUTH OAUTHBEARER '+b('n,a=ann,\\1auth=Basic x\\1\\1'))
                """.replace("EXPIRED", expired).replace("GOOD", good))
                        .lines()
                        .map(line -> line.replaceAll(" \\(?\\[?#?R60.*", "")))
                .containsExactly(
                        "334 " + reason,
                        "535 5.7.8 the token is not accepted",
                        "334 ",
                        "334 " + google,
                        "535 5.7.8 the token is not accepted",
                        "235 2.7.0 logged in",
                        "+ " + reason,
                        "-ERR [AUTH] the token is not accepted",
                        "+ " + google,
                        "-ERR [AUTH] the token is not accepted",
                        "-ERR this is no message of the mechanism");
    }

    @ParameterizedTest
    @EnumSource
    @DisplayName("tokens or the provider away: try again later, never a refusal; passwords go on")
    void outages(Form form) throws Exception {
        try (var carteiro = started(form)) {
            String token = provider.token("ann@example.org");
            provider.answerKeys(IdentityProvider.text(503, "{}"));
            String ask = "f=smtp()\nsay(f,'AUTH OAUTHBEARER '+b('n,a=ann,\\1auth=Bearer " + token + "\\1\\1'))\n"
                    + "f=pop()\nsay(f,'AUTH XOAUTH2 '+b('user=ann\\1auth=Bearer " + token + "\\1\\1'))\n";
            assertThat(python(ask).lines())
                    .satisfiesExactly(
                            line -> assertThat(line).startsWith("454 4.7.0 "),
                            line -> assertThat(line).startsWith("-ERR [SYS/TEMP] "));
            carteiro.awaitLog(".*alert: tokens: " + provider.url("/keys") + ": .*503.*");
            assertThat(carteiro.control(Verb.STOP, "tokens").exit()).isZero();
            assertThat(python(ask).lines())
                    .satisfiesExactly(
                            line -> assertThat(line).startsWith("454 4.7.0 "),
                            line -> assertThat(line).startsWith("-ERR [SYS/TEMP] "));
            assertThat(python("f=smtp()\nsay(f,'AUTH PLAIN '+b('\\0ann\\0sesame 1'))\n"))
                    .startsWith("235 ");
            provider.answerKeys(IdentityProvider.text(200, IdentityProvider.keys(provider.rsa)));
            assertThat(carteiro.control(Verb.START, "tokens").exit()).isZero();
            assertThat(python(ask).lines()).first().asString().startsWith("235 ");
        }
    }

    @ParameterizedTest
    @EnumSource(names = "SPLIT")
    @DisplayName("the socket of tokens is for lookup; without an issuer tokens is not started")
    void whoMayAsk(Form form) throws Exception {
        try (var carteiro = started(form)) {
            assertThat(Files.exists(carteiro.home().resolve("run/tokens/token")))
                    .isTrue();
            if (CarteiroProcess.asRoot()) {
                var status = CarteiroProcess.run(
                        List.of(
                                "stat",
                                "-c",
                                "%U",
                                carteiro.home().resolve("run/tokens/token").toString()),
                        Map.of(),
                        "");
                assertThat(status.output().strip()).isEqualTo("qmailo");
                var asked = CarteiroProcess.run(
                        List.of(
                                needs("setpriv"),
                                "--reuid=qmaild",
                                "--regid=nofiles",
                                "--clear-groups",
                                needs("python3"),
                                "-c",
                                "import socket,sys\ns=socket.socket(socket.AF_UNIX)\ns.connect(sys.argv[1])\n"
                                        + "s.sendall(b'+1\\n22:#1:1,5:token,5:a.b.c,,')\nprint(s.recv(300))\n",
                                carteiro.home().resolve("run/tokens/token").toString()),
                        Map.of(),
                        "");
                assertThat(asked.output())
                        .containsAnyOf("b'-", "ermission denied")
                        .doesNotContain("refused,");
                carteiro.awaitLog(".*run/tokens/token: connection by user qmaild.* refused.*");
            }
        }
        try (var carteiro = CarteiroProcess.prepare(form)) {
            carteiro.start();
            assertThat(carteiro.control(Verb.STATUS, "").output())
                    .contains("smtpd")
                    .doesNotContain("tokens");
            assertThat(new String(Files.readAllBytes(carteiro.home().resolve("control/me")), StandardCharsets.UTF_8))
                    .isNotEmpty();
        }
    }
}
