package carteiro.smtpd;

import static org.assertj.core.api.Assertions.assertThat;

import carteiro.mail.Address;
import carteiro.mail.Status;
import carteiro.protocol.Enqueue.Receipt;
import carteiro.testkit.Await;
import carteiro.testkit.Covers;
import java.nio.file.Path;
import java.util.Collections;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What becomes of the message itself. */
class MessageTest {
    private static final int LIMIT = 2_000_000;

    @TempDir
    static Path home;

    private static SmtpdOnLoopback smtpd;

    @BeforeAll
    static void start() throws Exception {
        smtpd = SmtpdOnLoopback.start(
                home, "databytes", LIMIT + "\n", "maxrecipients", "150\n", "maxrefusals", "5000\n");
    }

    @AfterAll
    static void stop() throws Exception {
        smtpd.close();
    }

    @AfterEach
    void wellAgain() {
        smtpd.queue.answer = null;
        smtpd.queue.refuseOpen = false;
        smtpd.queue.loseWrites = false;
        smtpd.queue.loseCommit = false;
    }

    /** Sends the text after DATA and answers the reply; a 250 is checked for the message kept. */
    private static String data(String text) throws Exception {
        try (var client = smtpd.connect()) {
            return client.envelope().say("DATA", "354 ").send(text).reply();
        }
    }

    private static String kept() {
        return smtpd.queue.messages.getLast().sent();
    }

    @ParameterizedTest
    @CsvSource({
        "'..x\r\n.\r\n','.x\n'",
        "'.x\r\n.\r\n','x\n'",
        "'..\r\n.\r\n','.\n'",
        "'...\r\n.\r\n','..\n'",
        "'a.\r\n.b.\r\n.\r\n','a.\nb.\n'",
        "'.\r\n',''",
        "'\r\n.\r\n','\n'",
        "'a\r\n\r\n\r\n.\r\n','a\n\n\n'",
        "'\ta\r\n.\r\n','\ta\n'"
    })
    @Covers("qmail:M18")
    void dotsAreUndoubledAndLinesEndInLf(String sent, String stored) throws Exception {
        assertThat(data(sent)).startsWith("250 ok");
        assertThat(kept()).isEqualTo(stored);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "a\nb\r\n.\r\n", "a\r\n\n.\r\n", "a\n.\nMAIL FROM:<x@y>\r\n.\r\n", "a\n.\r\nMAIL FROM:<x@y>\r\n.\r\n",
                "a\r\n.\nMAIL FROM:<x@y>\r\n.\r\n", "\n.\r\n", ".\nMAIL FROM:<x@y>\r\n.\r\n", "a\r\n..\nb\r\n.\r\n"
            })
    @Covers({"qmail:M16", "qmail:M17"})
    void aBareLineFeedInTheTextEndsTheConversation(String sent) throws Exception {
        int before = smtpd.queue.messages.size();
        try (var client = smtpd.connect()) {
            client.envelope()
                    .say("DATA", "354 ")
                    .send(sent)
                    .expect("500 5.5.2 LF without CR")
                    .expectClosed();
        }
        assertThat(smtpd.queue.messages).hasSize(before);
        Await.until(() -> smtpd.queue.open.get() == 0, "the submission stays open");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "a\rb\r\n.\r\n", "a\r.\rMAIL FROM:<x@y>\r\n.\r\n", "a\r\n.\rMAIL FROM:<x@y>\r\n.\r\n", "a\r\r\n.\r\n",
                "a\r\n.\r\r\n.\r\n", "a\r\n\r.\r\nMAIL FROM:<x@y>\r\n.\r\n", "\r.\r\n", ".\rx\r\n.\r\n"
            })
    @Covers({"qmail:M17", "qmail:M19"})
    void aBareCarriageReturnInTheTextEndsTheConversation(String sent) throws Exception {
        int before = smtpd.queue.messages.size();
        try (var client = smtpd.connect()) {
            client.envelope()
                    .say("DATA", "354 ")
                    .send(sent)
                    .expect("500 5.5.2 CR without LF")
                    .expectClosed();
        }
        assertThat(smtpd.queue.messages).hasSize(before);
    }

    @ParameterizedTest
    @CsvSource({
        "'NOOP\n',LF without CR",
        "'NOOP\rNOOP\r\n',CR without LF",
        "'\n',LF without CR",
        "'EHLO x\nMAIL FROM:<a@b>\r\n',LF without CR",
        "'NOOP\r\r\n',CR without LF"
    })
    @Covers("qmail:M16")
    void aBareLineEndInACommandEndsTheConversation(String sent, String words) throws Exception {
        try (var client = smtpd.connect()) {
            client.expect("220 ").send(sent).expect("500 5.5.2 " + words).expectClosed();
        }
    }

    @Test
    void octetsThatComeOneByOneMakeTheSameMessage() throws Exception {
        try (var client = smtpd.connect()) {
            client.expect("220 ");
            client.socket().setTcpNoDelay(true);
            for (char octet : "EHLO x\r\nMAIL FROM:<a@b>\r\nRCPT TO:<bob@example.org>\r\nDATA\r\n..x\r\n\ty\r\n.\r\n"
                    .toCharArray()) {
                client.send(String.valueOf(octet));
            }
            client.expect("250-").expect("250 ").expect("250 ").expect("354 ").expect("250 ok");
        }
        assertThat(kept()).isEqualTo(".x\n\ty\n");
    }

    @Test
    void everyOctetButNulPassesUnchanged() throws Exception {
        var text = new StringBuilder();
        for (char c = 1; c < 256; c++) {
            text.append(c == '\r' || c == '\n' ? ' ' : c);
        }
        assertThat(data(text + "\r\n" + text + "\r\n.\r\n")).startsWith("250 ok");
        assertThat(kept()).isEqualTo(text + "\n" + text + "\n");
    }

    @Test
    void aNulIsRefusedAfterTheRestWasRead() throws Exception {
        try (var client = smtpd.connect()) {
            client.envelope()
                    .say("DATA", "354 ")
                    .say("a\0b\r\nmore\r\n.", "554 5.6.0")
                    .say("NOOP", "250 ");
        }
    }

    @Test
    void aTextLineOf1000OctetsPassesAndOneMoreDoesNot() throws Exception {
        assertThat(data("x".repeat(998) + "\r\n.\r\n")).startsWith("250 ok");
        assertThat(data("." + "." + "x".repeat(997) + "\r\n.\r\n")).startsWith("250 ok"); // a doubled dot is free
        try (var client = smtpd.connect()) {
            client.envelope()
                    .say("DATA", "354 ")
                    .say("x".repeat(999) + "\r\n.", "552 5.6.0")
                    .say("NOOP", "250 ");
        }
    }

    @Test
    @Covers("qmail:M14")
    void databytesPassExactlyAndOneMoreDoesNot() throws Exception {
        String lines = ("x".repeat(99) + "\r\n").repeat(LIMIT / 100);
        assertThat(data(lines + ".\r\n")).startsWith("250 ok");
        assertThat(kept()).hasSize(LIMIT);
        assertThat(data(lines + "\r\n.\r\n")).startsWith("552 5.3.4");
        smtpd.control("tcp.smtp", "127.:allow,DATABYTES=\"10\"\n");
        smtpd.running.reload();
        try {
            assertThat(data("123456789\r\n.\r\n")).startsWith("250 ok");
            assertThat(data("1234567890\r\n.\r\n")).startsWith("552 5.3.4");
        } finally {
            smtpd.control("tcp.smtp", "");
            smtpd.running.reload();
        }
    }

    @Test
    void aHeaderLineOf50MegabytesIsRefusedAndNotStored() throws Exception {
        smtpd.queue.largestWritten = 0;
        try (var client = smtpd.connect()) {
            client.envelope().say("DATA", "354 ").send("Subject: ");
            String megabyte = "x".repeat(1 << 20);
            for (int i = 0; i < 50; i++) {
                client.send(megabyte);
            }
            client.say("\r\n\r\nbody\r\n.", "552 5.").say("NOOP", "250 ");
        }
        assertThat(smtpd.queue.largestWritten).isLessThan(20_000);
    }

    @Test
    void aMessageWithoutEndIsEnded() throws Exception {
        String reply = "";
        try (var client = smtpd.connect()) {
            client.envelope().say("DATA", "354 ");
            String megabyte = ("x".repeat(126) + "\r\n").repeat(8192);
            try {
                for (int i = 0; i < 200 && !client.hasReply(); i++) {
                    client.send(megabyte);
                }
                reply = client.reply();
            } catch (java.net.SocketException e) {
                reply = "reset"; // the reply was overtaken by the reset
            }
        }
        assertThat(reply).matches("552 5.3.4.*|reset|");
        smtpd.awaitLog("ended: message without end");
    }

    @ParameterizedTest
    @CsvSource({
        "Received,99,250 ok",
        "Received,100,554 5.4.6",
        "RECEIVED,100,554 5.4.6",
        "Delivered-To,100,554 5.4.6",
        "Received-SPF,120,250 ok",
        "Delivered-Too,120,250 ok",
        "Receive,120,250 ok",
        "XReceived,120,250 ok",
        "'Received ',100,554 5.4.6"
    })
    @Covers("qmail:M15")
    void aHundredHopsAreALoop(String field, int times, String reply) throws Exception {
        assertThat(data((field + ": x\r\n").repeat(times) + "\r\nReceived: not a hop\r\n.\r\n"))
                .startsWith(reply);
    }

    @Test
    @Covers("qmail:M13")
    void anAddressOf899OctetsPassesAndOneMoreDoesNot() throws Exception {
        String domain = "@example.org";
        try (var client = smtpd.connect()) {
            client.expect("220 ").say("MAIL FROM:<" + "s".repeat(899 - domain.length()) + domain + ">", "250 ");
            client.say("MAIL FROM:<" + "s".repeat(900 - domain.length()) + domain + ">", "555 5.5.4");
            client.say("MAIL FROM:<>", "250 ");
            client.say("RCPT TO:<" + "r".repeat(899 - domain.length()) + domain + ">", "250 ");
            client.say("RCPT TO:<" + "r".repeat(900 - domain.length()) + domain + ">", "555 5.5.4");
            client.say("RCPT TO:<\"" + "\\r".repeat(899 - domain.length()) + "\"" + domain + ">", "250 ");
        }
    }

    @Test
    void recipientsAboveTheLimitAreDeferredAndTheOthersGetTheMessage() throws Exception {
        try (var client = smtpd.connect()) {
            client.envelope();
            String group = "RCPT TO:<bob@example.org>\r\n".repeat(100);
            for (int i = 0; i < 100; i++) { // 10,000 in all
                client.send(group);
                for (int j = 0; j < 100; j++) {
                    client.expect(i * 100 + j < 149 ? "250 2.1.5" : "452 4.5.3");
                }
            }
            client.say("DATA", "354 ").say("x\r\n.", "250 ok");
        }
        assertThat(smtpd.queue.messages.getLast().envelope().addresses())
                .hasSize(150)
                .containsAll(Collections.singleton(new Address("bob@example.org")));
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource({
        "'MAIL FROM:<\"joe smith\"@x.example>',joe smith@x.example",
        "'MAIL FROM:<joe\\ smith@x.example>',joe smith@x.example",
        "'MAIL FROM:<\"a\\\"b\"@x.example>','a\"b@x.example'",
        "'MAIL FROM:<@one.example,@two.example:joe@x.example>',joe@x.example",
        "'mail from: <joe@x.example>',joe@x.example",
        "'MAIL FROM:joe@x.example',joe@x.example",
        "'MAIL FROM:joe@x.example SIZE=10',joe@x.example",
        "'MAIL FROM:<joe@x.example> BODY=7BIT SIZE=10',joe@x.example",
        "'MAIL FROM:<joe>',joe",
        "'MAIL FROM:<joe..x.@x.example>',joe..x.@x.example",
        "'MAIL FROM:<joe@[192.0.2.1]>',joe@[192.0.2.1]",
        "'MAIL FROM:<joe@[127.0.0.1]>',joe@mail.example.org",
        "'MAIL FROM:<>',''"
    })
    @Covers("qmail:M11")
    void addressesAreReadInEveryFormThatQmailTakes(String command, String address) throws Exception {
        try (var client = smtpd.connect()) {
            client.expect("220 ").say(command, "250 ").say("RCPT TO:<bob@example.org>", "250 ");
            client.say("DATA", "354 ").say("x\r\n.", "250 ok");
        }
        assertThat(smtpd.queue.messages.getLast().envelope().sender().octets()).isEqualTo(address);
    }

    // ---- BDAT

    @Test
    void chunksMakeOneMessageEvenWhenALineEndIsSplit() throws Exception {
        try (var client = smtpd.connect()) {
            client.envelope().send("BDAT 10\r\n.line on\r\r").expect("500 5.5.2");
        }
        try (var client = smtpd.connect()) {
            client.envelope()
                    .send("BDAT 10\r\n.line one\r")
                    .expect("250 2.0.0 10 octets")
                    .send("BDAT 9\r\n\n..\r\n.\r\nx")
                    .expect("250 2.0.0 9 octets")
                    .say("DATA", "503 ")
                    .say("MAIL FROM:<>", "503 ")
                    .say("RCPT TO:<bob@example.org>", "503 ")
                    .send("BDAT 0 LAST\r\n")
                    .expect("250 ok")
                    .say("DATA", "503 ");
        }
        assertThat(kept()).isEqualTo(".line one\n..\n.\nx\n");
    }

    @Test
    void aChunkThatCannotBeTakenIsReadAllTheSame() throws Exception {
        try (var client = smtpd.connect()) {
            client.expect("220 ").send("BDAT 6\r\nNOOP\r\nBDAT 6 LAST\r\nNOOP\r\nRSET\r\n");
            client.expect("503 ").expect("503 ").expect("250 2.0.0 flushed");
        }
        smtpd.queue.refuseOpen = true;
        try (var client = smtpd.connect()) {
            client.envelope()
                    .send("BDAT 6 LAST\r\nNOOP\r\nRSET\r\n")
                    .expect("451 4.3.0")
                    .expect("250 2.0.0 flushed");
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"BDAT\r\n", "BDAT x\r\n", "BDAT -1\r\n", "BDAT 1 FIRST\r\n", "BDAT 99999999999999999999\r\n"})
    void aBdatWhoseCountIsNotUnderstoodEndsTheConversation(String command) throws Exception {
        try (var client = smtpd.connect()) {
            client.envelope()
                    .send(command + "MAIL FROM:<x@y>\r\n")
                    .expect("501 5.5.4")
                    .expectClosed();
        }
    }

    @Test
    void aChunkOverTheLimitIsReadAndRefused() throws Exception {
        try (var client = smtpd.connect()) {
            client.envelope().send("BDAT " + (LIMIT + 2) + " LAST\r\n");
            client.send(("x".repeat(98) + "\r\n").repeat(LIMIT / 100)).send("\r\n");
            client.expect("250 ok"); // LF line ends: one octet a line less than was announced
            client.say("MAIL FROM:<>", "250 ").say("RCPT TO:<bob@example.org>", "250 ");
            client.send("BDAT " + 2 * LIMIT + " LAST\r\n");
            client.send(("x".repeat(98) + "\r\n").repeat(LIMIT / 50));
            client.expect("552 5.3.4").say("NOOP", "250 ");
        }
    }

    // ---- What queue says

    static Stream<Arguments> receipts() {
        return Stream.of(
                Arguments.of(new Receipt.TemporaryFailure(new Status(4, 3, 1), "disk low"), "452 4.3.1 disk low [R52]"),
                Arguments.of(new Receipt.TemporaryFailure(new Status(4, 3, 0), "stopping"), "451 4.3.0 stopping [R52]"),
                Arguments.of(
                        new Receipt.PermanentFailure(new Status(5, 3, 0), "no\r\n250 ok"),
                        "554 5.3.0 no  250 ok [R53]"));
    }

    @ParameterizedTest
    @MethodSource("receipts")
    void refusalsOfQueueReachTheClient(Receipt receipt, String reply) throws Exception {
        smtpd.queue.answer = receipt;
        assertThat(data("x\r\n.\r\n")).isEqualTo(reply);
    }

    @Test
    void aQueueThatIsAbsentOrLostMeansTryAgain() throws Exception {
        smtpd.queue.loseCommit = true;
        assertThat(data("x\r\n.\r\n")).startsWith("451 4.3.0");
        smtpd.queue.loseCommit = false;
        smtpd.queue.loseWrites = true;
        assertThat(data("some line\r\n".repeat(10_000) + ".\r\n")).startsWith("451 4.3.0");
        smtpd.queue.refuseOpen = true;
        try (var client = smtpd.connect()) {
            client.envelope().say("DATA", "451 4.3.0").say("NOOP", "250 ");
        }
        Await.until(() -> smtpd.queue.open.get() == 0, "a submission stays open");
    }
}
