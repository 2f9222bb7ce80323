package carteiro.smtpd;

import static org.assertj.core.api.Assertions.assertThat;

import carteiro.listen.HeaderScan;
import carteiro.mail.Attribute;
import carteiro.mail.Attributes;
import carteiro.testkit.Covers;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The order of the dialogue and the reply to each command. */
class DialogueTest {
    @TempDir
    static Path home;

    private static SmtpdOnLoopback smtpd;

    @BeforeAll
    static void start() throws Exception {
        smtpd = SmtpdOnLoopback.start(
                home,
                "smtpgreeting",
                "smtp.example.org hello\nnot this line\n",
                "databytes",
                "1000000\n",
                "maxrefusals",
                "1000\n");
    }

    @AfterAll
    static void stop() throws Exception {
        smtpd.close();
    }

    @Test
    @Covers({"qmail:M01", "qmail:C06"})
    void bannerHeloAndEhloNameTheGreeting() throws Exception {
        try (var client = smtpd.connect()) {
            assertThat(client.reply()).isEqualTo("220 smtp.example.org hello ESMTP");
            assertThat(client.send("HELO client.example\r\n").reply()).isEqualTo("250 smtp.example.org hello");
            assertThat(client.send("EHLO client.example\r\n").reply().lines())
                    .containsExactly(
                            "250-smtp.example.org hello",
                            "250-PIPELINING",
                            "250-8BITMIME",
                            "250-SIZE 1000000",
                            "250-ENHANCEDSTATUSCODES",
                            "250-CHUNKING",
                            "250 SMTPUTF8");
            client.say("QUIT", "221 2.0.0 smtp.example.org hello").expectClosed();
        }
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = '|', textBlock = """
            NOOP              | 250 2.0.0
            noop with words   | 250 2.0.0
            RSET              | 250 2.0.0 flushed
            HELP              | 214 2.0.0
            HELP MAIL         | 214 2.0.0
            VRFY alice        | 252 2.
            VRFY              | 501 5.5.4
            EXPN list         | 502 5.5.1
            TURN              | 502 5.5.1
            AUTH PLAIN x      | 502 5.5.1
            STARTTLS          | 502 5.5.1
            STARTTLS now      | 501 5.5.4
            ETRN example.org  | 502 5.5.1
            FROB              | 502 5.5.1
            EHLO              | 250-
            HELO              | 250
            RSET now          | 501 5.5.4
            DATA now          | 501 5.5.4
            RCPT TO:<a@b>     | 503 5.5.1
            DATA              | 503 5.5.1
            MAIL              | 501 5.5.4
            MAIL TO:<a@b>     | 501 5.5.4
            MAIL FROM:        | 501 5.5.4
            MAIL FROM:<a@b    | 501 5.5.4
            MAIL FROM:<a@b>x  | 501 5.5.4
            MAIL FROM:<a@b> = | 501 5.5.4
            MAIL FROM:<a@b> FOO=BAR         | 555 5.5.4
            MAIL FROM:<a@b> SIZE=x          | 501 5.5.4
            MAIL FROM:<a@b> BODY=BINARYMIME | 501 5.5.4
            MAIL FROM:<a@b> SMTPUTF8=1      | 501 5.5.4
            MAIL FROM:<a@b> SIZE=1000000    | 250 2.1.0
            MAIL FROM:<a@b> SIZE=1000001    | 552 5.3.4
            MAIL FROM:<a@b> SIZE=99999999999999999999 | 552 5.3.4
            MAIL FROM:<a@b> body=8bitmime size=5      | 250 2.1.0
            """)
    @Covers({"qmail:M02", "qmail:M03"})
    void eachCommandAloneHasItsReply(String command, String reply) throws Exception {
        try (var client = smtpd.connect()) {
            client.expect("220 ").say(command, reply).say("NOOP", "250 ").say("QUIT", "221 ");
        }
    }

    @Test
    @Covers("qmail:M04")
    void mailForgetsTheRecipientsOfTheOneBefore() throws Exception {
        try (var client = smtpd.connect()) {
            client.envelope().say("MAIL FROM:<t@client.example>", "250 ").say("DATA", "503 5.5.1");
        }
    }

    @Test
    @Covers("qmail:M05")
    void theTransactionIsOverAfterData() throws Exception {
        try (var client = smtpd.connect()) {
            client.envelope().say("DATA", "354 ").say("x\r\n.", "250 ok ").say("DATA", "503 5.5.1");
            client.say("RCPT TO:<bob@example.org>", "503 5.5.1");
        }
    }

    @ParameterizedTest
    @CsvSource({"RSET", "HELO again", "EHLO again"})
    void someCommandsEndTheTransaction(String command) throws Exception {
        try (var client = smtpd.connect()) {
            client.envelope().say(command, "250").say("DATA", "503 5.5.1");
        }
    }

    @Test
    @Covers("qmail:M24")
    void aWholeSessionInOneWriteIsAnswered() throws Exception {
        int before = smtpd.queue.messages.size();
        try (var client = smtpd.connect()) {
            client.send("""
                    EHLO client.example
                    MAIL FROM:<s@client.example>
                    RCPT TO:<alice@example.org>
                    DATA
                    Subject: one

                    first
                    .
                    MAIL FROM:<s@client.example>
                    RCPT TO:<nobody@example.org>
                    RCPT TO:<bob@example.org>
                    DATA
                    Subject: two

                    second
                    .
                    QUIT
                    """.replace("\n", "\r\n"));
            for (String begin : List.of(
                    "220 ",
                    "250-",
                    "250 2.1.0",
                    "250 2.1.5",
                    "354 ",
                    "250 ok",
                    "250 2.1.0",
                    "550 5.1.1",
                    "250 2.1.5",
                    "354 ",
                    "250 ok",
                    "221 ")) {
                client.expect(begin);
            }
            client.expectClosed();
        }
        assertThat(smtpd.queue.messages.subList(before, before + 2))
                .extracting(KeptMessages.Kept::sent)
                .containsExactly("Subject: one\n\nfirst\n", "Subject: two\n\nsecond\n");
    }

    @Test
    void repliesOfAGroupComeInOnePieceOnlyWhenNothingIsLeftToRead() throws Exception {
        try (var client = smtpd.connect()) {
            client.expect("220 ");
            client.socket().setTcpNoDelay(true);
            client.send("NOOP\r\nNOOP\r\nNOOP\r\n");
            byte[] block = new byte[1000];
            int length = client.socket().getInputStream().read(block); // one segment, one write
            assertThat(new String(block, 0, length, java.nio.charset.StandardCharsets.ISO_8859_1))
                    .isEqualTo("250 2.0.0 ok\r\n".repeat(3));
        }
    }

    @Test
    @Covers("qmail:M21")
    void acceptanceNamesTheNumberThatTheLogHas() throws Exception {
        try (var client = smtpd.connect()) {
            String reply =
                    client.envelope().say("DATA", "354 ").send("x\r\n.\r\n").reply();
            assertThat(reply).matches("250 ok \\d{10} qp \\d+");
            String number = reply.substring(reply.lastIndexOf(' ') + 1);
            String received = smtpd.queue.messages.getLast().received();
            String id = received.replaceAll("(?s).* with ESMTP id ([a-z0-9]{12});.*", "$1");
            assertThat(smtpd.awaitLog("accepted msg " + number + " "))
                    .contains("smtpd: accepted msg " + number
                            + " from <s@client.example> 1 recipients 2 bytes client 127.0.0.1 id " + id
                            + " message-id -\n");
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            Message-ID: <a1@client.example>   | <a1@client.example>
            message-id:   <a b%c@x>     | <a_b_c_@x>
            Subject: x\\r\\nMessage-Id : <s@x> | <s@x>
            Message-ID:\\r\\n <folded@x>       | <folded@x>
            Message-ID: <1@x>\\r\\nMessage-ID: <2@x> | <1@x>
            X-Message-ID: <no@x>              | -
            Subject: x\\r\\n\\r\\nMessage-ID: <body@x> | -
            """)
    void theLineOfAnAcceptedMessageNamesItsMessageId(String header, String named) throws Exception {
        try (var client = smtpd.connect()) {
            client.envelope().say("DATA", "354 ");
            String reply = client.send(header.replace("\\r\\n", "\r\n") + "\r\n\r\nx\r\n.\r\n")
                    .reply();
            String number = reply.substring(reply.lastIndexOf(' ') + 1);
            assertThat(smtpd.awaitLog("accepted msg " + number + " "))
                    .containsPattern("accepted msg " + number + " from .* message-id "
                            + java.util.regex.Pattern.quote(named) + "\n");
        }
    }

    @Test
    void ofALongMessageIdTheBeginningIsNamed() throws Exception {
        try (var client = smtpd.connect()) {
            client.envelope().say("DATA", "354 ");
            client.say("Message-ID:" + "y".repeat(HeaderScan.KEPT + 1) + "\r\n\r\nx\r\n.", "250 ok");
            assertThat(smtpd.awaitLog("message-id yyy")).contains(" message-id " + "y".repeat(HeaderScan.KEPT) + "\n");
        }
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = '|', textBlock = """
            MAIL FROM:<a@b> AUTH=<>                  | 250
            MAIL FROM:<a@b> AUTH=e+3Dmc2@example.com | 250
            MAIL FROM:<a@b> RET=HDRS                 | 250
            MAIL FROM:<a@b> RET=FULL ENVID=QQ314159  | 250
            MAIL FROM:<a@b> ENVID=a=b                | 250
            MAIL FROM:<a@b> ret=whatever SIZE=5      | 250
            MAIL FROM:<a@b> SUBMITTER=c@d            | 250
            MAIL FROM:<a@b> MT-PRIORITY=3            | 250
            MAIL FROM:<a@b> FOO=BAR                  | 555 5.5.4
            MAIL FROM:<a@b> FOO                      | 555 5.5.4
            MAIL FROM:<a@b> REQUIRETLS               | 555 5.5.4
            MAIL FROM:<a@b> BY=120;R                 | 555 5.5.4
            MAIL FROM:<a@b> HOLDFOR=86400            | 555 5.5.4
            MAIL FROM:<a@b> BODY=BINARYMIME          | 501 5.5.4
            MAIL FROM:<a@b> NOTIFY=NEVER             | 555 5.5.4
            RCPT TO:<bob@example.org> NOTIFY=NEVER   | 250
            RCPT TO:<bob@example.org> NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;bob@example.org | 250
            RCPT TO:<bob@example.org> ORCPT=rfc822;a+3Db@c | 250
            RCPT TO:<bob@example.org> RRVS=2014-04-03T23:01:00Z | 555 5.5.4
            RCPT TO:<bob@example.org> FOO=BAR        | 555 5.5.4
            """)
    void parametersThatWereNotOffered(String command, String reply) throws Exception {
        try (var client = smtpd.connect()) {
            client.expect("220 ").say("EHLO x", "250-");
            if (command.startsWith("RCPT")) {
                client.say("MAIL FROM:<a@b>", "250 ");
            }
            client.say(command, reply);
        }
    }

    @ParameterizedTest
    @CsvSource({"HELO", "EHLO"})
    void aClientWithoutANameCanSend(String greeting) throws Exception {
        try (var client = smtpd.connect()) {
            client.expect("220 ").say(greeting, "250").say("MAIL FROM:<a@b>", "250 ");
            client.say("RCPT TO:<bob@example.org>", "250 ").say("DATA", "354 ").say("x\r\n.", "250 ok");
            assertThat(smtpd.queue.messages.getLast().received()).startsWith("Received: from unknown ([127.0.0.1])\n");
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            POST / HTTP/1.1\\r\\nHost: mx\\r\\n\\r\\nMAIL FROM:<a@b>\\r\\n
            GET /MAIL HTTP/1.0\\r\\n
            CONNECT mx.example:25 HTTP/1.1\\r\\n
            EHLO x\\r\\nContent-Type: text/plain\\r\\nMAIL FROM:<a@b>\\r\\n
            """)
    void theBeginOfAnotherProtocolEndsTheConversation(String sent) throws Exception {
        try (var client = smtpd.connect()) {
            client.expect("220 ").send(sent.replace("\\r\\n", "\r\n"));
            String reply = client.reply();
            assertThat(reply.startsWith("250-") ? client.reply() : reply).startsWith("500 5.5.1");
            client.expectClosed();
        }
        smtpd.awaitLog("ended: not SMTP");
    }

    @Test
    void everySessionAndEveryRefusalHasALine() throws Exception {
        try (var client = smtpd.connect()) {
            client.expect("220 ").say("HELO one%two", "250 ").say("MAIL FROM:<log@client.example>", "250 ");
            client.say("RCPT TO:<nobody@example.org>", "550 ").say("QUIT", "221 ");
        }
        assertThat(smtpd.awaitLog("helo one_two"))
                .contains("smtpd: refused RCPT <nobody@example.org> from <log@client.example> client 127.0.0.1: "
                        + "550 5.1.1 no such address [R33] rule unknown-recipient\n")
                .contains("smtpd: session client 127.0.0.1 helo one_two plain messages 0 refusals 1 ended: quit\n");
    }

    @Test
    void anAddressBeyondAsciiNeedsSmtpUtf8() throws Exception {
        try (var client = smtpd.connect()) {
            client.expect("220 ").say("EHLO x", "250-");
            client.say("MAIL FROM:<caf\u00c3\u00a9@example.net>", "553 5.6.7");
            client.say("MAIL FROM:<caf\u00e9@example.net> SMTPUTF8", "553 5.6.7"); // Latin-1
            client.say("MAIL FROM:<s@example.net>", "250 ").say("RCPT TO:<caf\u00c3\u00a9@example.org>", "553 5.6.7");
            client.say("MAIL FROM:<caf\u00c3\u00a9@example.net> SMTPUTF8", "250 ");
            client.say("RCPT TO:<caf\u00c3\u00a9@example.org>", "250 ")
                    .say("DATA", "354 ")
                    .say("x\r\n.", "250 ok");
        }
        KeptMessages.Kept kept = smtpd.queue.messages.getLast();
        assertThat(kept.envelope().form()).isEqualTo(carteiro.mail.Envelope.AddressForm.SMTPUTF8);
        assertThat(kept.envelope().sender().octets()).isEqualTo("caf\u00c3\u00a9@example.net");
        assertThat(kept.received()).contains(" with UTF8SMTP id ");
    }

    @Test
    void bodyTypeReachesTheEnvelope() throws Exception {
        try (var client = smtpd.connect()) {
            client.expect("220 ").say("EHLO x", "250-").say("MAIL FROM:<> BODY=8BITMIME", "250 ");
            client.say("RCPT TO:<bob@example.org>", "250 ").say("DATA", "354 ").say("\u00ff\r\n.", "250 ok");
        }
        KeptMessages.Kept kept = smtpd.queue.messages.getLast();
        assertThat(kept.envelope().body()).isEqualTo(carteiro.mail.Envelope.BodyType.EIGHT_BIT_MIME);
        assertThat(kept.sent()).isEqualTo("\u00ff\n");
    }

    @Test
    void whoHandedItInReachesTheEnvelope() throws Exception {
        try (var client = smtpd.connect()) {
            client.expect("220 ").say("EHLO pc.example", "250-").say("MAIL FROM:<>", "250 ");
            client.say("RCPT TO:<bob@example.org>", "250 ").say("DATA", "354 ").say("x\r\n.", "250 ok");
        }
        Attributes attributes = smtpd.queue.messages.getLast().envelope().attributes();
        assertThat(attributes.get(Attribute.CLIENT_ADDRESS)).isEqualTo("127.0.0.1");
        assertThat(attributes.get(Attribute.CLIENT_HELO)).isEqualTo("pc.example");
        assertThat(attributes.get(Attribute.CLIENT_CIPHER)).isNull();
    }
}
