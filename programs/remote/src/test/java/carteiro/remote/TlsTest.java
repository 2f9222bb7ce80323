package carteiro.remote;

import static org.assertj.core.api.Assertions.assertThat;

import carteiro.mail.Octets;
import carteiro.mail.Outcome;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TlsTest {
    @TempDir
    static Path keys;

    @TempDir
    Path home;

    private static KeyManagerFactory key;

    private static final String TO_STARTTLS = """
            S: 220 ready
            C: EHLO client.example
            S: 250-next.example\\n250 STARTTLS
            C: STARTTLS
            """;
    private static final String FROM_MAIL = """
            C: MAIL *
            S: 250 ok
            C: RCPT *
            S: 250 ok
            C: DATA
            S: 354 go
            D:
            S: 250 ok
            """;
    private static final String ENCRYPTED = TO_STARTTLS + """
            S: 220 go
            T:
            C: EHLO client.example
            S: 250 next.example
            """ + FROM_MAIL;
    private static final String IN_CLEAR = """
            S: 220 ready
            C: EHLO client.example
            S: 250-next.example\\n250 STARTTLS
            """ + FROM_MAIL;

    @BeforeAll
    static void makeCertificate() throws Exception {
        Path store = keys.resolve("key.p12");
        Process keytool = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "keytool")
                                .toString(),
                        "-genkeypair",
                        "-alias",
                        "next",
                        "-keyalg",
                        "EC",
                        "-dname",
                        "CN=other.example",
                        "-validity",
                        "2",
                        "-storetype",
                        "PKCS12",
                        "-storepass",
                        "test material",
                        "-keystore",
                        store.toString())
                .redirectErrorStream(true)
                .redirectOutput(keys.resolve("out").toFile())
                .start();
        assertThat(keytool.waitFor(60, TimeUnit.SECONDS)).isTrue();
        assertThat(keytool.exitValue()).isZero();
        var loaded = KeyStore.getInstance("PKCS12");
        try (InputStream in = Files.newInputStream(store)) {
            loaded.load(in, "test material".toCharArray());
        }
        key = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        key.init(loaded, "test material".toCharArray());
    }

    private static SSLContext server() throws Exception {
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(key.getKeyManagers(), null, null);
        return context;
    }

    @ParameterizedTest
    @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
    void encryptionIsUsedWhenOfferedWhateverTheCertificate(String protocol) throws Exception {
        try (var server = ScriptedServer.withTls(server(), ENCRYPTED.replace("T:\n", "T: " + protocol + "\n"));
                var post = new Post(home).allTo(server)) {
            assertThat(post.sendOne(Post.letter())).isInstanceOf(Outcome.Delivered.class);
            assertThat(server.heard(0)).contains("(" + protocol + ")");
        }
    }

    @Test
    void aBrokenHandshakeIsFollowedByOneTryInClear() throws Exception {
        try (var server = ScriptedServer.start(
                        TO_STARTTLS + "S: 220 go\nR: this is no TLS at all, is it?\\r\\n", IN_CLEAR);
                var post = new Post(home).allTo(server)) {
            assertThat(post.sendOne(Post.letter())).isInstanceOf(Outcome.Delivered.class);
            assertThat(post.logged()).contains("STARTTLS failed", "trying again in clear");
        }
    }

    @Test
    void aHandshakeThatStallsEndsAndIsFollowedByOneTryInClear() throws Exception {
        try (var server = ScriptedServer.start(TO_STARTTLS + "S: 220 go\nW:", IN_CLEAR);
                var post = new Post(home).allTo(server).control("timeoutremote", "1")) {
            assertThat(post.sendOne(Post.letter())).isInstanceOf(Outcome.Delivered.class);
        }
    }

    @Test
    @Timeout(value = 30, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
    void aHandshakeThatDripsEndsAndIsFollowedByOneTryInClear() throws Exception {
        try (var server = ScriptedServer.start(TO_STARTTLS + "S: 220 go\nB:", IN_CLEAR);
                var post = new Post(home).allTo(server).control("timeoutremote", "1")) {
            assertThat(post.sendOne(Post.letter())).isInstanceOf(Outcome.Delivered.class);
        }
    }

    @ParameterizedTest(name = "{0}")
    @Timeout(value = 30, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
    @ValueSource(strings = {"C: MAIL *", "C: RCPT *", "C: DATA", "D:"})
    void aRecordThatDripsIsGivenUpInTime(String until) throws Exception {
        String script = ENCRYPTED.substring(0, ENCRYPTED.lastIndexOf(until) + until.length()) + "\nB:";
        try (var server = ScriptedServer.withTls(server(), script);
                var post = new Post(home).allTo(server).control("timeoutremote", "1")) {
            Outcome outcome = post.sendOne(Post.letter());
            assertThat(outcome).isInstanceOf(Outcome.Deferred.class);
            assertThat(outcome.report()).contains("no answer in time");
        }
    }

    @Test
    void aRefusedStarttlsLeavesTheConnectionInClear() throws Exception {
        try (var server = ScriptedServer.start(TO_STARTTLS + "S: 454 not now\n" + FROM_MAIL);
                var post = new Post(home).allTo(server)) {
            assertThat(post.sendOne(Post.letter())).isInstanceOf(Outcome.Delivered.class);
            assertThat(server.connections()).isEqualTo(1);
        }
    }

    @Test
    void whatWasSaidInClearAfterStarttlsIsNotTakenForEncrypted() throws Exception {
        try (var server = ScriptedServer.start(TO_STARTTLS + "S: 220 go\\n250 injected", IN_CLEAR);
                var post = new Post(home).allTo(server)) {
            assertThat(post.sendOne(Post.letter())).isInstanceOf(Outcome.Delivered.class);
            assertThat(post.logged()).contains("it went on in clear");
        }
    }

    @Test
    void tlsCanBeSwitchedOff() throws Exception {
        try (var server = ScriptedServer.start(IN_CLEAR);
                var post = new Post(home).allTo(server).control("tlsremote", ".org:none")) {
            assertThat(post.sendOne(Post.letter())).isInstanceOf(Outcome.Delivered.class);
        }
    }

    @Test
    void requiredTlsIsUsed() throws Exception {
        try (var server = ScriptedServer.withTls(server(), ENCRYPTED);
                var post = new Post(home).allTo(server).control("tlsremote", "example.org:require")) {
            assertThat(post.sendOne(Post.letter())).isInstanceOf(Outcome.Delivered.class);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "S: 220 ready\nC: EHLO *\nS: 250 next.example",
                "S: 220 ready\nC: EHLO *\nS: 500 what\nC: HELO *\nS: 250 next.example",
                TO_STARTTLS + "S: 454 not now",
                TO_STARTTLS + "S: 220 go\nR: this is no TLS at all, is it?\\r\\n"
            })
    void whereTlsIsRequiredNothingGoesInClear(String script) throws Exception {
        try (var server = ScriptedServer.start(script);
                var post = new Post(home).allTo(server).control("tlsremote", "example.org:require")) {
            Outcome outcome = post.sendOne(Post.letter());
            assertThat(outcome).isInstanceOf(Outcome.Deferred.class);
            assertThat(outcome.status().toString()).startsWith("4.7.");
            assertThat(server.connections()).isEqualTo(1);
            assertThat(server.heardToTheEnd(0)).noneMatch(line -> line.startsWith("MAIL"));
        }
    }

    @Test
    void anEncryptedConnectionIsKeptEncrypted() throws Exception {
        try (var server =
                        ScriptedServer.withTls(server(), ENCRYPTED + FROM_MAIL).leniently();
                var post = new Post(home).allTo(server)) {
            assertThat(post.sendOne(Post.letter())).isInstanceOf(Outcome.Delivered.class);
            assertThat(post.sendOne(Post.letter())).isInstanceOf(Outcome.Delivered.class);
            assertThat(server.connections()).isEqualTo(1);
            post.control("tlsremote", ":none");
            post.sendOne(Post.letter());
            assertThat(server.connections())
                    .as("another policy, another connection")
                    .isEqualTo(2);
        }
    }

    @ParameterizedTest(name = "{0}")
    @Timeout(value = 30, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
    @ValueSource(
            strings = {
                "S: 220 go\nT: TLSv1.2 demanding",
                "S: 220 go\nT: TLSv1.3 demanding",
                "S: 220 go\nT: TLSv1.3\nX:",
                "S: 220 go\nT: TLSv1.2\nX:",
                "S: 220 go\nT: TLSv1.3\nC: EHLO *\nX:",
                "S: 220 go\nT: TLSv1.3\nC: EHLO *\nB:",
                "S: 220 go\nX:",
                "S: 220 go\nZ:",
                "S: 421 no\nX:",
                "S: 454 no\nX:",
                "X:",
                "Z:",
                "W:"
            })
    void tlsThatIsRefusedWheneverIsFollowedByOneTryInClear(String refusal) throws Exception {
        try (var server = ScriptedServer.withTls(server(), TO_STARTTLS + refusal, IN_CLEAR)
                        .leniently();
                var post = new Post(home).allTo(server).control("timeoutremote", "1")) {
            Outcome outcome = post.sendOne(Post.letter());
            assertThat(outcome).as(outcome.report()).isInstanceOf(Outcome.Delivered.class);
            assertThat(server.connections()).isEqualTo(2);
            assertThat(post.logged()).contains("STARTTLS failed", "trying again in clear");
        }
    }

    private static final String GREETED = "S: 220 ready\nC: EHLO client.example\nS: 250 next.example\n";
    private static final String SENDER_TAKEN = GREETED + "C: MAIL *\nS: 250 ok\nC: RCPT *\n";

    @ParameterizedTest(name = "{0}")
    @ValueSource(
            strings = {
                "S: 554 no",
                GREETED + "C: MAIL *\nS: 530 Must issue a STARTTLS command first",
                GREETED + "C: MAIL *\nS: 550 5.7.1 no",
                GREETED + "C: MAIL *\nS: 550 Encryption required",
                SENDER_TAKEN + "S: 530 5.7.0 no",
                SENDER_TAKEN + "S: 554 no",
                SENDER_TAKEN + "S: 250 ok\nC: DATA\nS: 523 no",
                SENDER_TAKEN + "S: 250 ok\nC: DATA\nS: 354 go\nD:\nS: 554 5.7.10 no"
            })
    void aRefusalInClearThatMayBeForWantOfTlsIsNotForGood(String refusal) throws Exception {
        try (var server = ScriptedServer.start(TO_STARTTLS + "S: 220 go\nX:", refusal)
                        .leniently();
                var post = new Post(home).allTo(server)) {
            Outcome outcome = post.sendOne(Post.letter());
            assertThat(outcome).as(outcome.report()).isInstanceOf(Outcome.Deferred.class);
            assertThat(server.connections()).isEqualTo(2);
        }
    }

    @Test
    void aRefusalForWantOfTlsOverTheSameOrAKeptConnectionIsNotForGood() throws Exception {
        String refused = "C: MAIL *\nS: 530 no";
        try (var server = ScriptedServer.start(
                                TO_STARTTLS + "S: 454 not now\n" + refused,
                                TO_STARTTLS + "S: 220 go\nX:",
                                IN_CLEAR + refused)
                        .leniently();
                var post = new Post(home).allTo(server)) {
            assertThat(post.sendOne(Post.letter())).isInstanceOf(Outcome.Deferred.class);
            assertThat(post.sendOne(Post.letter())).isInstanceOf(Outcome.Delivered.class);
            assertThat(post.sendOne(Post.letter())).isInstanceOf(Outcome.Deferred.class);
        }
    }

    @ParameterizedTest(name = "{0}")
    @ValueSource(strings = {"S: 550 no such user", "S: 554 5.1.1 no such user"})
    void anyOtherRefusalInClearIsForGood(String refusal) throws Exception {
        try (var server = ScriptedServer.start(TO_STARTTLS + "S: 220 go\nX:", SENDER_TAKEN + refusal)
                        .leniently();
                var post = new Post(home).allTo(server)) {
            assertThat(post.sendOne(Post.letter())).isInstanceOf(Outcome.Failed.class);
        }
    }

    @Test
    void helloRefusedOverTlsIsNotSaidAgainInClear() throws Exception {
        try (var server = ScriptedServer.withTls(
                                server(), TO_STARTTLS + "S: 220 go\nT:\nC: EHLO *\nS: 500 what\nX:", IN_CLEAR)
                        .leniently();
                var post = new Post(home).allTo(server)) {
            assertThat(post.sendOne(Post.letter())).isInstanceOf(Outcome.Deferred.class);
            assertThat(server.connections()).isEqualTo(1);
        }
    }

    @ParameterizedTest(name = "{0}")
    @Timeout(value = 30, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
    @ValueSource(
            strings = {
                "S: 220 go\nT: TLSv1.3 demanding",
                "S: 220 go\nT: TLSv1.3\nX:",
                "S: 421 no\nX:",
                "X:",
            })
    void tlsThatIsRequiredAndRefusedIsNot(String refusal) throws Exception {
        try (var server = ScriptedServer.withTls(server(), TO_STARTTLS + refusal, IN_CLEAR)
                        .leniently();
                var post = new Post(home).allTo(server).control("tlsremote", "example.org:require")) {
            Outcome outcome = post.sendOne(Post.letter());
            assertThat(outcome).isInstanceOf(Outcome.Deferred.class);
            assertThat(outcome.status()).hasToString("4.7.5");
            assertThat(server.connections()).isEqualTo(1);
        }
    }

    @Test
    void whatIsLostAfterAnAnswerOverTlsIsNotTriedInClear() throws Exception {
        String script = ENCRYPTED.substring(0, ENCRYPTED.indexOf("C: MAIL")) + "C: MAIL *\nX:";
        try (var server = ScriptedServer.withTls(server(), script, IN_CLEAR).leniently();
                var post = new Post(home).allTo(server)) {
            assertThat(post.sendOne(Post.letter())).isInstanceOf(Outcome.Deferred.class);
            assertThat(server.connections()).isEqualTo(1);
        }
    }

    @Test
    void theNameThatIsAskedForIsTheOneOfTheDns() throws Exception {
        String domain = Octets.text("B\u00fccher.example".getBytes(StandardCharsets.UTF_8));
        try (var server = ScriptedServer.withTls(server(), ENCRYPTED);
                var post = new Post(home)) {
            post.port = server.port();
            post.names.host(domain, "127.0.0.1");
            assertThat(post.sendOne(Post.letter("x\n", "someone@" + domain))).isInstanceOf(Outcome.Delivered.class);
            assertThat(server.heard(0)).contains("(for xn--bcher-kva.example)");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
    void tlsIsEndedByCloseNotify(String protocol) throws Exception {
        try (var server = ScriptedServer.withTls(
                        server(), ENCRYPTED.replace("T:\n", "T: " + protocol + "\n") + "C: QUIT");
                var tap = new Tap(server.port());
                var post = new Post(home).control("smtproutes", ":[127.0.0.1]:" + tap.port())) {
            assertThat(post.sendOne(Post.letter())).isInstanceOf(Outcome.Delivered.class);
            post.connections.closeKept();
            assertThat(server.heardToTheEnd(0)).endsWith("QUIT");
            assertThat(tap.endsWithAnAlert()).isTrue();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
    void tlsIsEndedByCloseNotifyAfterARefusalToo(String protocol) throws Exception {
        String script = ENCRYPTED.substring(0, ENCRYPTED.indexOf("C: MAIL")) + "C: MAIL *\nS: 550 no";
        try (var server = ScriptedServer.withTls(server(), script.replace("T:\n", "T: " + protocol + "\n"))
                        .leniently();
                var tap = new Tap(server.port());
                var post = new Post(home).control("smtproutes", ":[127.0.0.1]:" + tap.port())) {
            assertThat(post.sendOne(Post.letter())).isInstanceOf(Outcome.Failed.class);
            server.heardToTheEnd(0);
            assertThat(tap.endsWithAnAlert()).isTrue();
        }
    }

    /** Passes on one connection, and keeps what the client says. */
    private static final class Tap implements AutoCloseable {
        /** What Java adds to each record of TLS 1.3. */
        private static final int PADDING = 16;

        private final ServerSocket listener = new ServerSocket(0, 5, InetAddress.getLoopbackAddress());
        private final ByteArrayOutputStream said = new ByteArrayOutputStream();
        private final Thread passing;

        Tap(int server) throws IOException {
            passing = Thread.ofVirtual().start(() -> {
                try (Socket client = listener.accept();
                        var there = new Socket(InetAddress.getLoopbackAddress(), server)) {
                    Thread.ofVirtual().start(() -> {
                        try {
                            there.getInputStream().transferTo(client.getOutputStream());
                        } catch (IOException e) {
                            // it has ended
                        }
                    });
                    byte[] octets = new byte[8192];
                    for (int read = client.getInputStream().read(octets);
                            read >= 0;
                            read = client.getInputStream().read(octets)) {
                        said.write(octets, 0, read);
                        there.getOutputStream().write(octets, 0, read);
                    }
                } catch (IOException e) {
                    said.write('!');
                }
            });
        }

        int port() {
            return listener.getLocalPort();
        }

        /**
         * Whether the last record of the client is an alert. TLS 1.3 hides its kind: then it is one of two octets, with one more
         * for the kind, the padding, and 16 that seal it (RFC 8446 section 5.2), where the shortest command has six.
         */
        boolean endsWithAnAlert() throws InterruptedException {
            passing.join(20_000);
            byte[] all = said.toByteArray();
            String text = Octets.text(all);
            int at = text.indexOf("STARTTLS\r\n") + "STARTTLS\r\n".length();
            boolean alert = false;
            while (at + 5 <= all.length) {
                int length = (all[at + 3] & 0xff) << 8 | all[at + 4] & 0xff;
                alert = all[at] == 21 || all[at] == 23 && length == 2 + 1 + 16 + PADDING;
                at += 5 + length;
            }
            return alert && at == all.length;
        }

        @Override
        public void close() throws IOException {
            listener.close();
        }
    }
}
