package carteiro.remote;

import static org.assertj.core.api.Assertions.assertThat;

import carteiro.mail.Octets;
import carteiro.mail.Outcome;
import carteiro.mail.Status;
import carteiro.testkit.Covers;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DialogueTest {
    @TempDir
    Path home;

    private static final String PLAIN = """
            S: 220 next.example ESMTP
            C: EHLO client.example
            S: 250 next.example
            C: MAIL FROM:<sender@client.example>
            S: 250 ok
            C: RCPT TO:<someone@example.org>
            S: 250 ok
            C: DATA
            S: 354 go
            D:
            S: 250 2.6.0 taken as 42
            """;

    @Test
    @Covers("qmail:X08")
    void aMessageIsHandedOver() throws Exception {
        try (var server = ScriptedServer.start(PLAIN);
                var post = new Post(home).allTo(server)) {
            Outcome outcome = post.sendOne(Post.letter("Subject: x\n\n.one\n..two\nthree\n", "someone@example.org"));
            assertThat(outcome)
                    .isEqualTo(new Outcome.Delivered(
                            new Status(2, 6, 0),
                            "127.0.0.1 accepted message.\nRemote host said: 250 2.6.0 taken as 42\n"));
            assertThat(server.messages())
                    .singleElement()
                    .extracting(Octets::text)
                    .isEqualTo("Subject: x\r\n\r\n..one\r\n...two\r\nthree\r\n");
        }
    }

    @ParameterizedTest(name = "{0}: {1}")
    @Covers("qmail:X08")
    @CsvSource(delimiter = '|', textBlock = """
            greeting | 220 ok                | K
            greeting | 421 busy              | Z
            greeting | 554 5.7.1 go away     | D
            greeting | 250 ok                | Z
            mail     | 451 4.3.0 not now     | Z
            mail     | 552 5.3.4 no          | D
            rcpt     | 450 4.2.0 not now     | Z
            rcpt     | 550 5.1.1 unknown     | D
            rcpt     | 251 will forward      | K
            data     | 451 not now           | Z
            data     | 554 no                | D
            data     | 250 what              | Z
            end      | 451 4.4.5 full        | Z
            end      | 554 5.6.0 spam        | D
            end      | 354 what              | Z
            """)
    void eachReplyHasItsLetter(String step, String reply, char letter) throws Exception {
        String script = """
                S: %s
                C: EHLO client.example
                S: 250 next.example
                C: MAIL FROM:<sender@client.example>
                S: %s
                C: RCPT TO:<someone@example.org>
                S: %s
                C: DATA
                S: %s
                D:
                S: %s
                """.formatted(
                        step.equals("greeting") ? reply : "220 ready",
                        step.equals("mail") ? reply : "250 ok",
                        step.equals("rcpt") ? reply : "250 ok",
                        step.equals("data") ? reply : "354 go",
                        step.equals("end") ? reply : "250 ok");
        if (letter != 'K') { // what comes after a refusal is not said
            script = script.substring(0, script.indexOf("S: " + reply)) + "S: " + reply;
        }
        try (var server = ScriptedServer.start(script);
                var post = new Post(home).allTo(server)) {
            Outcome outcome = post.sendOne(Post.letter());
            switch (letter) {
                case 'K' -> assertThat(outcome).isInstanceOf(Outcome.Delivered.class);
                case 'Z' -> assertThat(outcome).isInstanceOf(Outcome.Deferred.class);
                default -> assertThat(outcome).isInstanceOf(Outcome.Failed.class);
            }
            if (letter != 'K') {
                assertThat(outcome.report()).contains("Remote host said: " + reply + "\n");
            }
        }
    }

    @Test
    @Covers({"qmail:X20", "qmail:X08"})
    void everyRecipientHasItsOwnRecord() throws Exception {
        String script = """
                S: 220 ready
                C: EHLO *
                S: 250 next.example
                C: MAIL *
                S: 250 ok
                C: RCPT TO:<a@example.org>
                S: 550 5.1.1 no a
                C: RCPT TO:<b@example.org>
                S: 250 ok
                C: RCPT TO:<c@example.org>
                S: 450 4.2.1 c is busy
                C: DATA
                S: 354 go
                D:
                S: 250 ok
                """;
        try (var server = ScriptedServer.start(script);
                var post = new Post(home).allTo(server)) {
            RemoteResult result = post.send(Post.letter("x\n", "a@example.org", "b@example.org", "c@example.org"));
            assertThat(result.records())
                    .isEqualTo("h127.0.0.1 does not like recipient.\nRemote host said: 550 5.1.1 no a\n\0"
                            + "r\0"
                            + "s127.0.0.1 does not like recipient.\nRemote host said: 450 4.2.1 c is busy\n\0"
                            + "K127.0.0.1 accepted message.\nRemote host said: 250 ok\n\0");
            List<Outcome> outcomes = result.folded(3);
            assertThat(outcomes.get(0))
                    .isInstanceOf(Outcome.Failed.class)
                    .extracting(Outcome::status)
                    .isEqualTo(new Status(5, 1, 1));
            assertThat(outcomes.get(1)).isInstanceOf(Outcome.Delivered.class);
            assertThat(outcomes.get(2))
                    .isInstanceOf(Outcome.Deferred.class)
                    .extracting(Outcome::status)
                    .isEqualTo(new Status(4, 2, 1));
        }
    }

    @Test
    @Covers("qmail:X08")
    void whenNobodyIsTakenTheHostIsGivenUp() throws Exception {
        String script = """
                S: 220 ready
                C: EHLO *
                S: 250 next.example
                C: MAIL *
                S: 250 ok
                C: RCPT *
                S: 550 5.1.1 no
                """;
        try (var server = ScriptedServer.start(script);
                var post = new Post(home).allTo(server)) {
            Outcome outcome = post.sendOne(Post.letter());
            assertThat(outcome).isInstanceOf(Outcome.Failed.class);
            assertThat(outcome.report())
                    .isEqualTo("127.0.0.1 does not like recipient.\nRemote host said: 550 5.1.1 no\n"
                            + "Giving up on 127.0.0.1.\n");
            assertThat(server.heardToTheEnd(0)).endsWith("QUIT");
        }
    }

    @Test
    @Covers("qmail:X19")
    void heloIsSaidWithHelohostWhenEhloIsNotKnown() throws Exception {
        String script = """
                S: 220 ready
                C: EHLO helo.example
                S: 504 EHLO not implemented.
                C: HELO helo.example
                S: 250 next.example
                C: MAIL FROM:<sender@client.example>
                S: 250 ok
                C: RCPT *
                S: 250 ok
                C: DATA
                S: 354 go
                D:
                S: 250 ok
                """;
        try (var server = ScriptedServer.start(script);
                var post = new Post(home).allTo(server).control("helohost", "helo.example")) {
            assertThat(post.sendOne(Post.letter())).isInstanceOf(Outcome.Delivered.class);
        }
    }

    @Test
    @Covers("qmail:X19")
    void aHostWithoutANameDefersAll() throws Exception {
        try (var server = ScriptedServer.start(PLAIN);
                var post = new Post(home).allTo(server)) {
            java.nio.file.Files.delete(home.resolve("control/me"));
            Outcome outcome = post.sendOne(Post.letter());
            assertThat(outcome).isInstanceOf(Outcome.Deferred.class);
            assertThat(outcome.report()).contains("control/me");
            assertThat(server.connections()).isZero();
        }
    }

    @Test
    void pipelinedCommandsAreSaidInOneGroupAndEveryReplyIsRead() throws Exception {
        String script = """
                S: 220 ready
                C: EHLO *
                S: 250-next.example\\n250-PIPELINING\\n250-8BITMIME\\n250 SIZE 100000
                C: MAIL FROM:<sender@client.example> SIZE=3
                C: RCPT TO:<a@example.org>
                C: RCPT TO:<b@example.org>
                C: DATA
                S: 250 ok\\n550 5.1.1 no a\\n250 ok\\n354 go
                D:
                S: 250 ok
                """;
        try (var server = ScriptedServer.start(script);
                var post = new Post(home).allTo(server)) {
            RemoteResult result = post.send(Post.letter("x\n", "a@example.org", "b@example.org"));
            assertThat(result.recipients().get(0)).isInstanceOf(Outcome.Failed.class);
            assertThat(result.recipients().get(1)).isInstanceOf(Outcome.Delivered.class);
            assertThat(result.message()).isInstanceOf(Outcome.Delivered.class);
        }
    }

    @Test
    void aPipelinedDataThatIsAcceptedForNobodyGetsNoMessage() throws Exception {
        String script = """
                S: 220 ready
                C: EHLO *
                S: 250-next.example\\n250 PIPELINING
                C: MAIL *
                C: RCPT *
                C: DATA
                S: 250 ok\\n550 no\\n354 go
                """;
        try (var server = ScriptedServer.start(script);
                var post = new Post(home).allTo(server)) {
            assertThat(post.sendOne(Post.letter())).isInstanceOf(Outcome.Failed.class);
            assertThat(server.heardToTheEnd(0)).last().isEqualTo("DATA");
        }
    }

    @ParameterizedTest(name = "{0} {1}")
    @CsvSource(delimiter = '|', textBlock = """
            250 ok           | 552 too many recipients     | 4.5.3
            250 ok           | 552 5.5.3 too many          | 4.5.3
            250 ok           | 552 5.2.2 mailbox full      | 5.2.2
            550 5.1.1 no     | 552 too much for this one   | 5.0.0
            250 ok           | 550 too many recipients     | 5.0.0
            """)
    void afterARecipientThatWasTaken552MeansNotNow(String first, String second, String status) throws Exception {
        String script = """
                S: 220 ready
                C: EHLO *
                S: 250 next.example
                C: MAIL *
                S: 250 ok
                C: RCPT *
                S: %s
                C: RCPT *
                S: %s
                C: *
                S: 354 go
                D:
                S: 250 ok
                """.formatted(first, second);
        try (var server = ScriptedServer.start(script).leniently();
                var post = new Post(home).allTo(server)) {
            RemoteResult result = post.send(Post.letter("x\n", "a@example.org", "b@example.org"));
            Outcome outcome = result.folded(2).get(1);
            assertThat(outcome.status()).hasToString(status);
            assertThat(outcome).isInstanceOf(status.startsWith("4") ? Outcome.Deferred.class : Outcome.Failed.class);
            assertThat(outcome.report())
                    .contains("does not like recipient.\nRemote host said: " + second)
                    .endsWith("Giving up on 127.0.0.1.\n");
        }
    }

    @ParameterizedTest
    @org.junit.jupiter.params.provider.ValueSource(strings = {"X:", "Z:", "C: HELO *\nX:"})
    void whoHangsUpOnEhloHearsHeloOverANewConnection(String then) throws Exception {
        String helo = PLAIN.replace("EHLO", "HELO");
        try (var server = ScriptedServer.start("S: 220 ready\nC: EHLO *\nS: 500 what\n" + then, helo)
                        .leniently();
                var post = new Post(home).allTo(server)) {
            Outcome outcome = post.sendOne(Post.letter());
            assertThat(outcome).as(outcome.report()).isInstanceOf(Outcome.Delivered.class);
            assertThat(server.heard(1)).startsWith("HELO client.example");
        }
    }

    @Test
    void whoHangsUpOnHeloTooIsTriedNoFurther() throws Exception {
        try (var server = ScriptedServer.start(
                        "S: 220 ready\nC: EHLO *\nS: 500 what\nX:", "S: 220 ready\nC: HELO *\nX:");
                var post = new Post(home).allTo(server)) {
            assertThat(post.sendOne(Post.letter())).isInstanceOf(Outcome.Deferred.class);
            assertThat(server.connections()).isEqualTo(2);
        }
    }

    @Test
    void aHopThatGreetsWithOurOwnNameIsAHopLikeAnyOther() throws Exception {
        try (var server = ScriptedServer.start(PLAIN.replace("next.example", "client.example"));
                var post = new Post(home).allTo(server)) {
            assertThat(post.sendOne(Post.letter())).isInstanceOf(Outcome.Delivered.class);
        }
    }

    private static final String EIGHT = """
            S: 220 ready
            C: EHLO *
            S: 250-next.example\\n250 %s
            C: MAIL FROM:<sender@client.example>%s
            S: 250 ok
            C: RCPT *
            S: 250 ok
            C: DATA
            S: 354 go
            D:
            S: 250 ok
            """;

    private static String lines(int octets) {
        return ("x".repeat(63) + "\n").repeat(octets / 64);
    }

    @ParameterizedTest(name = "{0} octets, then an 8-bit one: {1}")
    @CsvSource(delimiter = '|', nullValues = "none", textBlock = """
            0       | \u00fc | 8BITMIME |  BODY=8BITMIME
            0       | u       | 8BITMIME | none
            0       | \u00fc | HELP     | none
            15360   | \u00fc | 8BITMIME |  BODY=8BITMIME
            16384   | \u00fc | 8BITMIME |  BODY=8BITMIME
            200000  | \u00fc | 8BITMIME |  BODY=8BITMIME
            200000  | u       | 8BITMIME | none
            """)
    void eightBitMailIsAnnouncedWhetherOrNotItsSenderDid(int before, String octet, String offered, String announced)
            throws Exception {
        String script = EIGHT.formatted(offered, announced == null ? "" : " " + announced.strip());
        try (var server = ScriptedServer.start(script);
                var post = new Post(home).allTo(server)) {
            String message = "Subject: x\n\n" + lines(before) + octet + "\n";
            assertThat(post.sendOne(Post.letter(message, "someone@example.org")))
                    .isInstanceOf(Outcome.Delivered.class);
            assertThat(server.messages().getFirst())
                    .hasSize(message.length()
                            + (int) message.chars().filter(c -> c == '\n').count());
        }
    }

    @ParameterizedTest(name = "{0} octets of header, then {1}")
    @CsvSource(delimiter = '|', textBlock = """
            0      | X: a          | K
            0      | X: \u00c3\u00a4 | D
            16320  | X: a          | K
            16384  | X: a          | K
            17000  | X: a          | K
            500000 | X: a          | K
            17000  | X: \u00c3\u00a4 | D
            500000 | X: \u00c3\u00a4 | D
            """)
    void howeverLongAnAsciiHeaderItNeedsNoSmtputf8(int before, String field, char letter) throws Exception {
        String header = ("X: " + "x".repeat(60) + "\n").repeat(before / 64) + field + "\n";
        byte[] message = Octets.bytes(header + "\n" + "\u00c3\u00a4\n");
        var letter8 = Post.letter(
                message,
                "sender@client.example",
                carteiro.mail.Envelope.BodyType.SEVEN_BIT,
                carteiro.mail.Envelope.AddressForm.SMTPUTF8,
                "someone@example.org");
        try (var server = ScriptedServer.start(PLAIN).leniently();
                var post = new Post(home).allTo(server)) {
            Outcome outcome = post.sendOne(letter8);
            assertThat(outcome).isInstanceOf(letter == 'K' ? Outcome.Delivered.class : Outcome.Failed.class);
            assertThat(server.messages()).hasSize(letter == 'K' ? 1 : 0);
        }
    }

    @Test
    void aMessageThatBreaksOffWhileItIsExaminedIsUnreadableAndTheHopIsNotBlamed() throws Exception {
        byte[] begin = Octets.bytes(lines(20_000));
        OutgoingMessage whole = Post.letter();
        var broken = new OutgoingMessage(
                whole.sender(),
                whole.recipients(),
                whole.body(),
                whole.form(),
                90_000,
                () -> new java.io.InputStream() {
                    private int at;

                    @Override
                    public int read() throws java.io.IOException {
                        if (at == begin.length) {
                            throw new java.io.IOException("the disk is gone");
                        }
                        return begin[at++];
                    }
                });
        try (var server = ScriptedServer.start("S: 220 ready\nC: EHLO *\nS: 250-next.example\\n250 8BITMIME\n")
                        .leniently();
                var post = new Post(home).allTo(server)) {
            Outcome outcome = post.sendOne(broken);
            assertThat(outcome).isInstanceOf(Outcome.Deferred.class);
            assertThat(outcome.report()).startsWith("Unable to read the message: the disk is gone");
        }
    }
}
