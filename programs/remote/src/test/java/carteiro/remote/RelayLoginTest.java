package carteiro.remote;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import carteiro.control.ControlException;
import carteiro.mail.Envelope.AddressForm;
import carteiro.mail.Envelope.BodyType;
import carteiro.mail.Octets;
import carteiro.mail.Outcome;
import carteiro.testkit.Certificates;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.util.Base64;
import java.util.List;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Logins at relays, over TLS with a certificate of a test's own authority. */
@Timeout(120)
class RelayLoginTest {
    private static final String SECRET = "open sesame|2";
    private static final String PLAIN = base64("\0ann\0" + SECRET);
    private static final String GREETING = """
            S: 220 ready
            C: EHLO client.example
            S: 250-next.example\\n250-AUTH PLAIN LOGIN\\n250 STARTTLS
            C: STARTTLS
            S: 220 go
            T:
            """;
    private static final String LETTER = """
            C: MAIL *
            S: 250 ok
            C: RCPT *
            S: 250 ok
            C: DATA
            S: 354 go
            D:
            S: 250 ok
            """;

    @TempDir
    static Path keys;

    @TempDir
    Path home;

    private static Certificates certificates;

    @BeforeAll
    static void makeCertificate() throws Exception {
        certificates = Certificates.make(keys.resolve("right"), "IP:127.0.0.1");
    }

    private static SSLContext server(Certificates of) throws Exception {
        Path store = of.key().resolveSibling("key.p12");
        Process openssl = new ProcessBuilder(
                        "openssl",
                        "pkcs12",
                        "-export",
                        "-passout",
                        "pass:test",
                        "-in",
                        of.certificate().toString(),
                        "-inkey",
                        of.key().toString(),
                        "-out",
                        store.toString())
                .inheritIO()
                .start();
        assertThat(openssl.waitFor()).isZero();
        var loaded = KeyStore.getInstance("PKCS12");
        try (InputStream in = Files.newInputStream(store)) {
            loaded.load(in, "test".toCharArray());
        }
        KeyManagerFactory key = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        key.init(loaded, "test".toCharArray());
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(key.getKeyManagers(), null, null);
        return context;
    }

    private static String base64(String octets) {
        return Base64.getEncoder().encodeToString(Octets.bytes(octets));
    }

    /** The second greeting, with these mechanisms. */
    private static String offering(String mechanisms) {
        return GREETING + "C: EHLO client.example\nS: 250-next.example\\n250 AUTH " + mechanisms + "\n";
    }

    private ScriptedServer relay(String... scripts) throws Exception {
        return ScriptedServer.withTls(server(certificates), scripts);
    }

    private Post post(ScriptedServer server) throws IOException {
        return new Post(home)
                .control("remotecacerts", Files.readString(certificates.authority()))
                .control("smtproutes", ":[127.0.0.1]:" + server.port() + "|ann|" + SECRET);
    }

    // ---- the mechanisms

    @ParameterizedTest
    @CsvSource({"PLAIN LOGIN", "LOGIN PLAIN", "XOAUTH2 GSSAPI plain CRAM-MD5"})
    void byPlain(String mechanisms) throws Exception {
        try (var server = relay(offering(mechanisms) + "C: AUTH PLAIN " + PLAIN + "\nS: 235 ok\n" + LETTER);
                var post = post(server)) {
            assertThat(post.sendOne(Post.letter())).isInstanceOf(Outcome.Delivered.class);
            assertThat(post.logged()).doesNotContain("sesame");
        }
    }

    @Test
    void byLogin() throws Exception {
        try (var server = relay(offering("LOGIN") + "C: AUTH LOGIN\nS: 334 VXNlcm5hbWU6\nC: " + base64("ann")
                        + "\nS: 334 UGFzc3dvcmQ6\nC: " + base64(SECRET) + "\nS: 235 ok\n" + LETTER);
                var post = post(server)) {
            assertThat(post.sendOne(Post.letter())).isInstanceOf(Outcome.Delivered.class);
        }
    }

    @Test
    void byScramBeforeAllOthers() throws Exception {
        try (var server = relay(offering("PLAIN SCRAM-SHA-256") + "A: ann " + SECRET + "\n" + LETTER);
                var post = post(server)) {
            assertThat(post.sendOne(Post.letter())).isInstanceOf(Outcome.Delivered.class);
            assertThat(server.heard(0)).containsSequence("SCRAM-SHA-256", "(SCRAM)", "()");
        }
    }

    @ParameterizedTest(name = "{0} {1}")
    @CsvSource({
        "TLSv1.3, SCRAM-SHA-256 SCRAM-SHA-256-PLUS SCRAM-SHA-1-PLUS PLAIN, SCRAM-SHA-256-PLUS",
        "TLSv1.2, SCRAM-SHA-256 SCRAM-SHA-256-PLUS PLAIN, SCRAM-SHA-256-PLUS",
        "TLSv1.3, SCRAM-SHA-1 SCRAM-SHA-256 PLAIN, SCRAM-SHA-256",
        "TLSv1.3, SCRAM-SHA-1 PLAIN LOGIN, SCRAM-SHA-1",
        "TLSv1.2, LOGIN SCRAM-SHA-1-PLUS SCRAM-SHA-1, SCRAM-SHA-1-PLUS"
    })
    void theStrongestIsChosenAndBoundToTheConnection(String version, String mechanisms, String chosen)
            throws Exception {
        String script = offering(mechanisms).replace("T:\n", "T: " + version + "\n");
        try (var server = relay(script + "A: ann " + SECRET + "\n" + LETTER);
                var post = post(server)) {
            Outcome outcome = post.sendOne(Post.letter());
            assertThat(outcome).as(outcome.report()).isInstanceOf(Outcome.Delivered.class);
            assertThat(server.heard(0)).containsSequence(chosen, "(SCRAM)", "()");
        }
    }

    /** It may know of no such type of binding: no proof was made yet. */
    @ParameterizedTest
    @ValueSource(strings = {"535 5.7.8 no", "504 5.5.4 unknown"})
    void whereChannelBindingIsRefusedWithoutIt(String refusal) throws Exception {
        try (var server = relay(offering("SCRAM-SHA-256-PLUS SCRAM-SHA-256 PLAIN")
                        + "C: AUTH SCRAM-SHA-256-PLUS cD10bHMtZXhwb3J0ZXIs*\nS: " + refusal + "\nA: ann " + SECRET
                        + "\n"
                        + LETTER);
                var post = post(server)) {
            assertThat(post.sendOne(Post.letter())).isInstanceOf(Outcome.Delivered.class);
            assertThat(server.heard(0)).containsSequence("SCRAM-SHA-256", "(SCRAM)", "()");
        }
    }

    @Test
    void aWrongPasswordIsSaidTwiceAtMost() throws Exception {
        try (var server = relay(offering("SCRAM-SHA-256-PLUS SCRAM-SHA-256 SCRAM-SHA-1 PLAIN LOGIN")
                        + "A: ann other\nC: AUTH PLAIN *\nS: 535 5.7.8 no\nC: QUIT\n");
                var post = post(server)) {
            assertDeferred(post.sendOne(Post.letter()), "4.7.8");
            assertThat(server.heardToTheEnd(0)).endsWith("AUTH PLAIN " + PLAIN, "QUIT");
        }
    }

    @Test
    void oneOfTheRelaysAddressesIsEnoughToBeRefused() throws Exception {
        Certificates both = Certificates.make(keys.resolve("both"), "DNS:relay.example");
        try (var server = ScriptedServer.withTls(
                        server(both), offering("PLAIN") + "C: AUTH PLAIN *\nS: 535 5.7.8 no\nC: QUIT\n");
                var post = post(server)) {
            post.names.host("relay.example", "127.0.0.1", "127.0.0.2");
            post.control("smtproutes", ":relay.example:" + server.port() + "|ann|" + SECRET);
            post.control("remotecacerts", Files.readString(both.authority()));
            assertDeferred(post.sendOne(Post.letter()), "4.7.8");
            assertThat(server.connections()).isEqualTo(1);
        }
    }

    @Test
    void whatIsTooLongForOneLineIsSaidInTwo() throws Exception {
        String user = "u".repeat(512);
        String password = "p".repeat(512);
        try (var server = relay(offering("PLAIN") + "C: AUTH PLAIN\nS: 334 \nC: "
                        + base64("\0" + user + "\0" + password) + "\nS: 235 ok\n" + LETTER);
                var post = post(server)) {
            post.control("smtproutes", ":[127.0.0.1]:" + server.port() + "|" + user + "|" + password);
            assertThat(post.sendOne(Post.letter())).isInstanceOf(Outcome.Delivered.class);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"535 5.7.8 what is %s?", "454-4.7.0 no\\n454 4.7.0 to %s", "500 AUTH PLAIN %s", "535 %p no"})
    void aRelayThatRepeatsTheLoginDoesNotBringItIntoTheLog(String reply) throws Exception {
        String said = reply.replace("%s", PLAIN).replace("%p", SECRET);
        try (var server = relay(offering("PLAIN") + "C: AUTH PLAIN *\nS: " + said + "\nC: QUIT\n");
                var post = post(server)) {
            Outcome outcome = post.sendOne(Post.letter());
            assertThat(outcome).isInstanceOf(Outcome.Deferred.class);
            assertThat(outcome.report() + post.logged()).doesNotContain(PLAIN, "sesame");
        }
    }

    @Test
    void whatIsNoReplyIsNotRepeatedEither() throws Exception {
        try (var server = relay(offering("PLAIN") + "C: AUTH PLAIN *\nS: AUTH PLAIN " + PLAIN + "\nW:\n")
                        .leniently();
                var post = post(server)) {
            Outcome outcome = post.sendOne(Post.letter());
            assertDeferred(outcome, "4.4.2");
            assertThat(outcome.report() + post.logged()).doesNotContain(PLAIN);
        }
    }

    @Test
    @Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
    void anAnswerThatDripsIsGivenUpInTime() throws Exception {
        try (var server =
                        relay(offering("PLAIN") + "C: AUTH PLAIN *\nP: 334-x\n").leniently();
                var post = post(server).control("timeoutremote", "1")) {
            assertDeferred(post.sendOne(Post.letter()), "4.4.2");
        }
    }

    @Test
    void whereScramIsRefusedByPlain() throws Exception {
        try (var server = relay(offering("PLAIN SCRAM-SHA-256") + "A: ann other\nC: AUTH PLAIN " + PLAIN
                        + "\nS: 235 ok\n" + LETTER);
                var post = post(server)) {
            assertThat(post.sendOne(Post.letter())).isInstanceOf(Outcome.Delivered.class);
        }
    }

    @Test
    void theOtherFormOfTheLine() throws Exception {
        String plain = base64("\0ann\0opensesame");
        try (var server = relay(offering("PLAIN") + "C: AUTH PLAIN " + plain + "\nS: 235 ok\n" + LETTER);
                var post = post(server).control("smtproutes", ":[127.0.0.1]:" + server.port() + " ann  opensesame")) {
            assertThat(post.sendOne(Post.letter())).isInstanceOf(Outcome.Delivered.class);
        }
    }

    @Test
    void tlsBeginsAtOnceAtThePortForIt() throws Exception {
        try (var server = relay("T:\nS: 220 ready\nC: EHLO client.example\nS: 250-x\\n250 AUTH PLAIN\nC: AUTH PLAIN "
                        + PLAIN + "\nS: 235 ok\n" + LETTER);
                var post = post(server)) {
            post.submissionsPort = server.port();
            assertThat(post.sendOne(Post.letter())).isInstanceOf(Outcome.Delivered.class);
        }
    }

    @Test
    void withoutALoginTlsBeginsAtOnceThereToo() throws Exception {
        try (var server = relay("T:\nS: 220 ready\nC: EHLO client.example\nS: 250 x\n" + LETTER);
                var post = new Post(home).allTo(server)) {
            post.submissionsPort = server.port();
            assertThat(post.sendOne(Post.letter())).isInstanceOf(Outcome.Delivered.class);
        }
    }

    @Test
    void aServerInTheClearAtThatPortIsPassedOver() throws Exception {
        try (var server = ScriptedServer.start("S: 220 this is no TLS\nW:\n").leniently();
                var post = new Post(home).allTo(server)) {
            post.submissionsPort = server.port();
            assertDeferred(post.sendOne(Post.letter()), "4.7.5");
            assertThat(server.connections()).isEqualTo(1);
        }
    }

    // ---- no login

    private static void assertDeferred(Outcome outcome, String status) {
        assertThat(outcome).isInstanceOf(Outcome.Deferred.class);
        assertThat(outcome.status()).hasToString(status);
        assertThat(outcome.report()).doesNotContain("sesame").doesNotContain("\"ann\"");
    }

    @Test
    void aRefusedLoginDefersWithOneAlertAndIsNotTriedAgainSoon() throws Exception {
        try (var server = relay(
                        offering("PLAIN") + "C: AUTH PLAIN *\nS: 535 5.7.8 who?\nC: QUIT\n",
                        offering("PLAIN") + "C: AUTH PLAIN " + base64("\0ann\0right") + "\nS: 235 ok\n" + LETTER);
                var post = post(server)) {
            RemoteDelivery.RemoteDeliveryContext tools = post.tools();
            for (int i = 0; i < 3; i++) {
                OutgoingMessage letter = Post.letter();
                assertDeferred(
                        RemoteDelivery.deliver(tools, letter, "example.org")
                                .folded(1)
                                .getFirst(),
                        "4.7.8");
            }
            assertThat(server.connections()).isEqualTo(1);
            post.control("smtproutes", ":[127.0.0.1]:" + server.port() + "|ann|right");
            assertThat(post.sendOne(Post.letter())).as("after a reload").isInstanceOf(Outcome.Delivered.class);
            assertThat(post.logged().lines().filter(line -> line.startsWith("alert: remote: ")))
                    .singleElement()
                    .asString()
                    .contains("refuses the login as \"ann\": 535 5.7.8 who?", "carteiro reload remote")
                    .doesNotContain("sesame");
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {
                "CRAM-MD5 XOAUTH2; C: QUIT; 4.7.0",
                "PLAIN; C: AUTH PLAIN *| S: 454 4.7.0 later| C: QUIT; 4.7.0",
                "PLAIN; C: AUTH PLAIN *| S: 334 | C: *| S: 501 x| C: QUIT; 4.7.8",
                "PLAIN; C: AUTH PLAIN *| S: 334 | C: *| X:; 4.7.8",
                "PLAIN; C: AUTH PLAIN *| S: 250 ok| C: QUIT; 4.5.0",
                "PLAIN; C: AUTH PLAIN *| F: 334 x\\n; 4.7.8",
                "PLAIN; C: AUTH PLAIN *| F: 334-x\\n; 4.4.2",
                "PLAIN; C: AUTH PLAIN *| F: xxxxxxxx; 4.4.2",
                "PLAIN; C: AUTH PLAIN *| S: 421 4.3.2 bye| X:; 4.3.2",
                "LOGIN; C: AUTH LOGIN| F: 334 x\\n; 4.7.8",
                "LOGIN; C: AUTH LOGIN| S: 235 in| C: QUIT; 4.5.0",
                "LOGIN; C: AUTH LOGIN| S: 334 x| C: *| S: 235 in| C: QUIT; 4.5.0",
                "LOGIN; C: AUTH LOGIN| S: 334 x| C: *| S: 334 x| C: *| S: 334 x| C: *| S: 501 x| C: QUIT; 4.7.8",
                "LOGIN; C: AUTH LOGIN| S: 334 x| C: *| S: 334 x| C: *| X:; 4.4.2",
                "SCRAM-SHA-256; F: 334 x\\n; 4.7.8",
                "SCRAM-SHA-256; N: s=QUFBQQ==,i=4096| X:; 4.4.2",
                "SCRAM-SHA-256; N: s=QUFBQQ==,i=4096| C: *| X:; 4.4.2",
                "SCRAM-SHA-256; N: s=QUFBQQ==,i=4096| C: *| S: 454 4.7.0 later| C: QUIT; 4.7.0",
                "SCRAM-SHA-256; N: s=QUFBQQ==,i=4096| C: *| S: 235 welcome| C: QUIT; 4.7.8",
                "SCRAM-SHA-256; N: s=QUFBQQ==,i=4096| C: *| S: 334 !!!| C: *| S: 501 x| C: QUIT; 4.7.8",
                "SCRAM-SHA-256; N: s=QUFBQQ==,i=4096| C: *| S: 334 dj1BQUFB| C: *| S: 501 x| C: QUIT; 4.7.8",
                "SCRAM-SHA-256; N: s=QUFBQQ==,i=4096| C: *| S: 334 ZT1pbnZhbGlkLXByb29m| C: | S: 535 5.7.8 no| C: QUIT; 4.7.8",
                "SCRAM-SHA-256; N: s=QUFBQQ==,i=4096| C: *| S: 334 ZT1pbnZhbGlkLXByb29m| C: | S: 235 in| C: QUIT; 4.7.8",
                "SCRAM-SHA-256; N: s=QUFBQQ==,i=2147483648| C: *| S: 501 x| C: QUIT; 4.7.8",
                "SCRAM-SHA-256; N: s=QUFBQQ==,i=1000001| C: *| S: 501 x| C: QUIT; 4.7.8",
                "SCRAM-SHA-256; N: s=QUFBQQ==,i=1| C: *| S: 501 x| C: QUIT; 4.7.8",
                "SCRAM-SHA-256; N: s=!,i=4096| C: *| S: 501 x| C: QUIT; 4.7.8",
                "SCRAM-SHA-256; N: s=QUFBQQ==,i=4096,m=x| C: *| S: 501 x| C: QUIT; 4.7.8",
                "LOGIN; C: AUTH LOGIN| S: 334 x| C: *| S: 454 4.3.0 later| C: QUIT; 4.3.0",
                "PLAIN; C: AUTH PLAIN *| X:; 4.4.2",
                "LOGIN; C: AUTH LOGIN| X:; 4.4.2",
                "LOGIN; C: AUTH LOGIN| S: 334 x| C: *| Z:; 4.4.2",
                "SCRAM-SHA-256; C: AUTH SCRAM-SHA-256 *| X:; 4.4.2",
                "SCRAM-SHA-256 PLAIN; C: AUTH SCRAM-SHA-256 *| S: 235 welcome| C: QUIT; 4.7.8",
                "SCRAM-SHA-256 PLAIN; C: AUTH SCRAM-SHA-256 *| S: 334 !!!| C: *| S: 501 x| C: QUIT; 4.7.8",
                "SCRAM-SHA-256 PLAIN; C: AUTH SCRAM-SHA-256 *| S: 334 cj14LHM9QUFBQSxpPTQwOTY=| C: *| S: 501 x| C: QUIT; 4.7.8"
            })
    void whateverTheRelaySaysTheMailWaits(String mechanisms, String steps, String status) throws Exception {
        try (var server = relay(offering(mechanisms) + steps.replace("| ", "\n") + "\n")
                        .leniently();
                var post = post(server)) {
            assertDeferred(post.sendOne(Post.letter()), status);
            assertThat(String.join("\n", server.heard(0))).doesNotContain("MAIL");
            if (mechanisms.startsWith("SCRAM")) {
                assertThat(server.heard(0)).noneMatch(line -> line.startsWith("AUTH PLAIN"));
            }
            assertThat(post.logged()).doesNotContain("sesame");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"r=%s,s=QUFBQQ==,i=2147483648", "r=%s,s=QUFBQQ==,i=1", "r=x,s=QUFBQQ==,i=4096", "m=x,r=%s"})
    void aChallengeThatIsNoneCostsNothing(String challenge) throws Exception {
        String encoded = base64(challenge.replace("%s", "x".repeat(40)));
        try (var server = relay(offering("SCRAM-SHA-256 PLAIN") + "C: AUTH SCRAM-SHA-256 *\nS: 334 " + encoded
                                + "\nC: *\nS: 501 ok\nC: QUIT\n")
                        .leniently();
                var post = post(server)) {
            assertDeferred(post.sendOne(Post.letter()), "4.7.8");
            assertThat(server.heard(0)).contains("*").noneMatch(line -> line.startsWith("AUTH PLAIN"));
        }
    }

    // ---- only to whom we mean

    @Test
    void withoutTlsNoLoginIsSaid() throws Exception {
        try (var server = ScriptedServer.start(
                        "S: 220 ready\nC: EHLO client.example\nS: 250-x\\n250 AUTH PLAIN\nC: QUIT\n");
                var post = post(server).control("tlsremote", ":none")) {
            assertDeferred(post.sendOne(Post.letter()), "4.7.4");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"another name", "another authority"})
    void aCertificateThatIsNotTheRelaysEndsIt(String wrong) throws Exception {
        Certificates others =
                Certificates.make(keys.resolve(wrong), wrong.equals("another name") ? "DNS:localhost" : "IP:127.0.0.1");
        try (var server = ScriptedServer.withTls(server(others), GREETING + "W:\n")
                        .leniently();
                var post = post(server)) {
            if (wrong.equals("another name")) {
                post.control("remotecacerts", Files.readString(others.authority()));
            }
            assertDeferred(post.sendOne(Post.letter()), "4.7.5");
            assertThat(server.connections()).as("there is no try in clear").isEqualTo(1);
            assertThat(server.heard(0)).noneMatch(line -> line.startsWith("AUTH"));
        }
    }

    @Test
    void tlsremoteCanAskForAVerifiedCertificateToo() throws Exception {
        try (var server = relay(GREETING + "C: EHLO client.example\nS: 250 x\n" + LETTER, GREETING.strip() + "\nW:\n")
                        .leniently();
                var post = new Post(home).allTo(server).control("tlsremote", ":verify")) {
            post.control("remotecacerts", Files.readString(certificates.authority()));
            assertThat(post.sendOne(Post.letter())).isInstanceOf(Outcome.Delivered.class);
            post.connections.forget(new SmtpConnectionPool.ConnectionKey(
                    new java.net.InetSocketAddress("127.0.0.1", server.port()),
                    TlsPolicy.VERIFY,
                    java.util.Optional.empty(),
                    "[127.0.0.1]"));
            Certificates others = Certificates.make(keys.resolve("others"), "IP:127.0.0.1");
            post.control("remotecacerts", Files.readString(others.authority()));
            assertDeferred(post.sendOne(Post.letter()), "4.7.5");
        }
    }

    // ---- by sender

    private static OutgoingMessage from(String sender) {
        byte[] message = "Subject: x\n\ny\n".getBytes(StandardCharsets.US_ASCII);
        return Post.letter(message, sender, BodyType.SEVEN_BIT, AddressForm.ASCII, "someone@example.org");
    }

    @Test
    void authsendersGoBeforeSmtproutesAndConnectionsAreNotMixed() throws Exception {
        String first = offering("PLAIN") + "C: AUTH PLAIN " + base64("\0%s\0x") + "\nS: 235 ok\n" + LETTER;
        try (var server = relay(
                        first.replace(base64("\0%s\0x"), base64("\0one\0x")) + LETTER,
                        first.replace(base64("\0%s\0x"), base64("\0two\0x")),
                        first.replace(base64("\0%s\0x"), base64("\0all\0x")) + LETTER);
                var post = post(server)) {
            String relay = ":[127.0.0.1]:" + server.port();
            post.control(
                    "authsenders",
                    "Bob@Client.example" + relay + "|one|x\n@client.example" + relay + "|two|x\n" + relay + "|all|x");
            for (String sender :
                    List.of("bob@client.example", "ann@client.example", "BOB@client.example", "x@far.example", "")) {
                assertThat(post.sendOne(from(sender))).as(sender).isInstanceOf(Outcome.Delivered.class);
            }
            assertThat(server.connections()).isEqualTo(3);
        }
    }

    @Test
    void qmailRemoteLogsInToo() throws Exception {
        try (var server = relay(offering("PLAIN") + "C: AUTH PLAIN " + base64("\0two\0x") + "\nS: 235 ok\n" + LETTER);
                var post = post(server)) {
            post.control("authsenders", "@client.example:[127.0.0.1]:" + server.port() + "|two|x");
            var out = new ByteArrayOutputStream();
            new QmailRemote(
                            post.installation(),
                            new ByteArrayInputStream(Octets.bytes("x\n")),
                            out,
                            new ByteArrayOutputStream(),
                            post.own::contains,
                            post.port)
                    .run(List.of("example.org", "s@client.example", "a@example.org"));
            assertThat(Octets.text(out.toByteArray())).startsWith("r\0K127.0.0.1 accepted message.");
        }
    }

    @Test
    void aSenderThatIsNoneIsNamed() throws Exception {
        try (var post = new Post(home).control("authsenders", "bob:relay|ann|sesame")) {
            assertThatThrownBy(() -> RemoteSettings.read(post.installation()))
                    .hasMessageStartingWith("control/authsenders:1: it begins with no sender");
        }
    }

    // ---- settings

    @ParameterizedTest
    @ValueSource(
            strings = {
                ":relay||sesame",
                ":relay|ann|",
                ":relay|ann",
                ":relay ann",
                ":relay:99999|ann|sesame",
                ":|ann|sesame",
                ":re lay|ann|sesame",
                ":relay:x ann se|sesame",
                ":relay sesame",
                ":relay:587 # sesame"
            })
    void aLineThatIsNoneIsNamedWithoutItsPassword(String line) throws Exception {
        try (var post = new Post(home).control("smtproutes", line).control("authsenders", line)) {
            assertThatThrownBy(() -> RemoteSettings.read(post.installation()))
                    .isInstanceOfSatisfying(
                            ControlException.class,
                            e -> assertThat(e.problems()).hasSize(2).noneMatch(problem -> problem.contains("sesame")));
        }
    }

    @Test
    void aFileOfNoCertificatesIsNamed() throws Exception {
        try (var post = new Post(home).control("remotecacerts", "none")) {
            assertThatThrownBy(() -> RemoteSettings.read(post.installation()))
                    .hasMessageContaining("control/remotecacerts: cannot be used");
        }
    }

    @Test
    void nobodySeesThePasswordOfALogin() {
        assertThat(new RelayLogin("ann", "sesame").toString()).doesNotContain("sesame");
        assertThat(new SmtpRoute.Relay("h", 25, java.util.Optional.of(new RelayLogin("ann", "sesame"))).toString())
                .doesNotContain("sesame");
    }
}
