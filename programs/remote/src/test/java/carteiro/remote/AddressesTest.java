package carteiro.remote;

import static org.assertj.core.api.Assertions.assertThat;

import carteiro.mail.Envelope.AddressForm;
import carteiro.mail.Envelope.BodyType;
import carteiro.mail.Octets;
import carteiro.mail.Outcome;
import carteiro.testkit.Covers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What stands in MAIL and RCPT. */
class AddressesTest {
    @TempDir
    Path home;

    private static String script(String ehlo, String mail, String rcpt) {
        return """
                S: 220 ready
                C: EHLO *
                S: %s
                C: %s
                S: 250 ok
                C: %s
                S: 250 ok
                C: DATA
                S: 354 go
                D:
                S: 250 ok
                """.formatted(ehlo, mail, rcpt);
    }

    private static String octets(String text) {
        return Octets.text(text.getBytes(StandardCharsets.UTF_8));
    }

    @ParameterizedTest(name = "{0}")
    @Covers("qmail:X13")
    @CsvSource(delimiter = '|', quoteCharacter = '~', textBlock = """
            plain@example.org      | <plain@example.org>
            a b@example.org        | <"a b"@example.org>
            a..b@example.org       | <"a..b"@example.org>
            .a@example.org         | <".a"@example.org>
            a.@example.org         | <"a."@example.org>
            @example.org           | <""@example.org>
            a"b@example.org        | <"a\\"b"@example.org>
            a\\b@example.org       | <"a\\\\b"@example.org>
            a@b@example.org        | <"a@b"@example.org>
            a>b@example.org        | <"a>b"@example.org>
            \u00e9@example.org     | <"\u00e9"@example.org>
            """)
    void localPartsAreQuotedWhenTheyHaveToBe(String recipient, String path) throws Exception {
        try (var server = ScriptedServer.start(
                        script("250 next.example", "MAIL FROM:<sender@client.example>", "RCPT TO:" + path));
                var post = new Post(home).allTo(server)) {
            assertThat(post.sendOne(Post.letter("x\n", recipient))).isInstanceOf(Outcome.Delivered.class);
        }
    }

    @Test
    @Covers("qmail:X13")
    void everyCharacterOfAnAtomGoesWithoutQuotes() throws Exception {
        String recipient = "!#$%&'*+-/=?^_`{|}~@example.org";
        try (var server = ScriptedServer.start(script(
                        "250 next.example", "MAIL FROM:<sender@client.example>", "RCPT TO:<" + recipient + ">"));
                var post = new Post(home).allTo(server)) {
            assertThat(post.sendOne(Post.letter("x\n", recipient))).isInstanceOf(Outcome.Delivered.class);
        }
    }

    @Test
    void theNullSenderIsEmpty() throws Exception {
        try (var server = ScriptedServer.start(script("250 a", "MAIL FROM:<>", "RCPT TO:<a@example.org>"));
                var post = new Post(home).allTo(server)) {
            assertThat(post.sendOne(Post.letter(
                            Octets.bytes("x\n"), "", BodyType.SEVEN_BIT, AddressForm.ASCII, "a@example.org")))
                    .isInstanceOf(Outcome.Delivered.class);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "a\r\nRCPT TO:<victim@example.net>@example.org",
                "a\nb@example.org",
                "a\rb@example.org",
                "a\tb@example.org",
                "a\u007f@example.org",
                "a@example.org> NOTIFY=NEVER",
                "a@example.org\r\nDATA",
                "a@exa<mple.org",
                "nobody here"
            })
    void anAddressThatCouldBeAnotherCommandIsNeverSent(String address) throws Exception {
        try (var server = ScriptedServer.start("S: 220 ready");
                var post = new Post(home).allTo(server)) {
            Outcome outcome = post.sendOne(Post.letter("x\n", address));
            assertThat(outcome).isInstanceOf(Outcome.Failed.class);
            assertThat(outcome.status()).hasToString("5.1.3");
            assertThat(outcome.report()).doesNotContain("\r").containsOnlyOnce("\n");
            Outcome forSender = post.sendOne(
                    Post.letter(Octets.bytes("x\n"), address, BodyType.SEVEN_BIT, AddressForm.ASCII, "a@example.org"));
            assertThat(forSender.status()).hasToString("5.1.7");
            assertThat(server.connections()).isZero();
        }
    }

    @Test
    void eightBitMimeIsNamedWhereItIsOffered() throws Exception {
        byte[] message = {'a', (byte) 0xe9, '\n'};
        try (var server = ScriptedServer.start(
                        script("250-a\\n250 8BITMIME", "MAIL FROM:<s@client.example> BODY=8BITMIME", "RCPT *"),
                        script("250 a", "MAIL FROM:<s@client.example>", "RCPT *"));
                var post = new Post(home).allTo(server)) {
            var outgoing = Post.letter(
                    message, "s@client.example", BodyType.EIGHT_BIT_MIME, AddressForm.ASCII, "a@example.org");
            assertThat(post.sendOne(outgoing)).isInstanceOf(Outcome.Delivered.class);
            post.forget(server);
            assertThat(post.sendOne(outgoing)).isInstanceOf(Outcome.Delivered.class);
            assertThat(server.messages())
                    .allSatisfy(got -> assertThat(got).isEqualTo(new byte[] {'a', (byte) 0xe9, '\r', '\n'}));
        }
    }

    @Test
    void theSizeIsNamedAndALimitIsKept() throws Exception {
        try (var server = ScriptedServer.start(
                        script("250-a\\n250 SIZE 6", "MAIL FROM:<sender@client.example> SIZE=6", "RCPT *"),
                        "S: 220 ready\nC: EHLO *\nS: 250-a\\n250 SIZE 5",
                        script("250-a\\n250 size 0", "MAIL FROM:<sender@client.example> SIZE=6", "RCPT *"));
                var post = new Post(home).allTo(server)) {
            assertThat(post.sendOne(Post.letter("a\nb\n", "a@example.org"))).isInstanceOf(Outcome.Delivered.class);
            post.connections.forget(new SmtpConnectionPool.ConnectionKey(
                    new java.net.InetSocketAddress("127.0.0.1", server.port()),
                    TlsPolicy.MAY,
                    java.util.Optional.empty(),
                    ""));
            Outcome tooLarge = post.sendOne(Post.letter("a\nb\n", "a@example.org"));
            assertThat(tooLarge).isInstanceOf(Outcome.Failed.class);
            assertThat(tooLarge.status()).hasToString("5.3.4");
            assertThat(tooLarge.report()).contains("at most 5 octets and the message has 6");
            post.connections.forget(new SmtpConnectionPool.ConnectionKey(
                    new java.net.InetSocketAddress("127.0.0.1", server.port()),
                    TlsPolicy.MAY,
                    java.util.Optional.empty(),
                    ""));
            assertThat(post.sendOne(Post.letter("a\nb\n", "a@example.org"))).isInstanceOf(Outcome.Delivered.class);
        }
    }

    @Test
    void smtputf8IsAskedForWhereItIsNeeded() throws Exception {
        String recipient = octets("j\u00f6rg@m\u00fcller.example");
        try (var server = ScriptedServer.start(script(
                        "250-a\\n250-8BITMIME\\n250 SMTPUTF8",
                        "MAIL FROM:<s@client.example> BODY=8BITMIME SMTPUTF8",
                        "RCPT TO:<" + recipient + ">"));
                var post = new Post(home).allTo(server)) {
            assertThat(post.sendOne(Post.letter(
                            Octets.bytes("x: y\n\n"),
                            "s@client.example",
                            BodyType.EIGHT_BIT_MIME,
                            AddressForm.SMTPUTF8,
                            recipient)))
                    .isInstanceOf(Outcome.Delivered.class);
        }
    }

    @Test
    void aHostWithoutSmtputf8GetsOnlyWhatNeedsNone() throws Exception {
        try (var server = ScriptedServer.start(
                        "S: 220 ready\nC: EHLO *\nS: 250 a",
                        "S: 220 ready\nC: EHLO *\nS: 250 a",
                        script("250 a", "MAIL FROM:<s@client.example>", "RCPT TO:<a@example.org>"));
                var post = new Post(home).allTo(server)) {
            Outcome address = post.sendOne(Post.letter(
                    Octets.bytes("x: y\n\n"),
                    "s@client.example",
                    BodyType.SEVEN_BIT,
                    AddressForm.SMTPUTF8,
                    octets("j\u00f6rg@example.org")));
            assertThat(address).isInstanceOf(Outcome.Failed.class);
            assertThat(address.status()).hasToString("5.6.7");
            post.connections.forget(new SmtpConnectionPool.ConnectionKey(
                    new java.net.InetSocketAddress("127.0.0.1", server.port()),
                    TlsPolicy.MAY,
                    java.util.Optional.empty(),
                    ""));
            Outcome header = post.sendOne(Post.letter(
                    Octets.bytes(octets("Subject: \u00fc\n\nx\n")),
                    "s@client.example",
                    BodyType.EIGHT_BIT_MIME,
                    AddressForm.SMTPUTF8,
                    "a@example.org"));
            assertThat(header.status()).hasToString("5.6.7");
            post.connections.forget(new SmtpConnectionPool.ConnectionKey(
                    new java.net.InetSocketAddress("127.0.0.1", server.port()),
                    TlsPolicy.MAY,
                    java.util.Optional.empty(),
                    ""));
            Outcome body = post.sendOne(Post.letter(
                    Octets.bytes(octets("Subject: u\n\n\u00fc\n")),
                    "s@client.example",
                    BodyType.EIGHT_BIT_MIME,
                    AddressForm.SMTPUTF8,
                    "a@example.org"));
            assertThat(body).isInstanceOf(Outcome.Delivered.class);
        }
    }
}
