package carteiro.smtpd;

import static org.assertj.core.api.Assertions.assertThat;

import carteiro.posix.Invocation;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Each refusal names its rule: by a code in the reply, by its name in the log; {@code carteiro why} explains both. */
class RuleCodesTest {
    @TempDir
    Path home;

    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = '|', textBlock = """
            FROB                              | 502 5.5.1 unimplemented                                   | R10 | command
            RCPT TO:<bob@example.org>         | 503 5.5.1 MAIL first                                      | R11 | command-order
            STARTTLS                          | 502 5.5.1 TLS is not offered here                         | R15 | starttls
            GET / HTTP/1.1                    | 500 5.5.1 this is no command of SMTP                      | R14 | other-protocol
            MAIL FROM:<a@b> SIZE=2000000      | 552 5.3.4 message is over the limit of octets here        | R40 | databytes
            MAIL FROM:<caf\u00c3\u00a9@b>   | 553 5.6.7 an address beyond ASCII needs SMTPUTF8          | R21 | address-form
            """)
    void aRefusedCommandEndsWithTheCodeOfItsRuleUnlessThatIsTurnedOff(
            String command, String reply, String code, String rule) throws Exception {
        try (var smtpd = SmtpdOnLoopback.start(home.resolve("on"), "databytes", "1000000\n")) {
            assertThat(reply(smtpd, command)).isEqualTo(reply + " [" + code + "]");
            assertThat(smtpd.awaitLog(" rule ")).contains(": " + reply + " [" + code + "]", " rule " + rule + "\n");
        }
        try (var smtpd = SmtpdOnLoopback.start(home.resolve("off"), "databytes", "1000000\n", "rulecodes", "0\n")) {
            assertThat(reply(smtpd, command)).isEqualTo(reply);
            assertThat(smtpd.awaitLog(" rule "))
                    .contains(": " + reply)
                    .contains(" rule " + rule + "\n")
                    .doesNotContain("[R");
        }
    }

    private static String reply(SmtpdOnLoopback smtpd, String command) throws IOException {
        try (var client = smtpd.connect()) {
            return client.expect("220 ").send(command + "\r\n").reply();
        }
    }

    @ParameterizedTest(name = "{0} {1}")
    @CsvSource(delimiter = '|', textBlock = """
            s@bad.example    | bob@example.org     | 553 5.7.1 mail from this sender is not accepted here [R30]       | (sender is in badmailfrom) rule badmailfrom
            s@client.example | x@foreign.example   | 553 5.7.1 that domain is not in my list of rcpthosts [R32]       | (domain is not in rcpthosts) rule rcpthosts
            s@client.example | nobody@example.org  | 550 5.1.1 no such address [R33]                                   | [R33] rule unknown-recipient
            s@client.example | away@example.org    | 451 4.4.3 cannot tell now whether this address exists [R34]       | (directory ldap://secret does not answer) rule undecided-recipient
            """)
    void aRefusedRecipientIsToldWhichRule(String sender, String recipient, String reply, String logged)
            throws Exception {
        try (var smtpd = SmtpdOnLoopback.start(home, "badmailfrom", "@bad.example\n");
                var client = smtpd.connect()) {
            client.expect("220 ").say("MAIL FROM:<" + sender + ">", "250 ");
            assertThat(client.send("RCPT TO:<" + recipient + ">\r\n").reply()).isEqualTo(reply);
            smtpd.awaitLog("refused RCPT <" + recipient + "> from <" + sender + "> client 127.0.0.1: " + reply);
            smtpd.awaitLog(logged + "\n");
        }
    }

    @Test
    void whoIsTurnedAwayIsToldWhichRule() throws Exception {
        try (var smtpd = SmtpdOnLoopback.start(home, "tcp.smtp", "127.:deny\n");
                var client = smtpd.connect()) {
            assertThat(client.reply()).isEqualTo("554 5.7.1 no service for you here [R03]");
            smtpd.awaitLog("turned away client 127.0.0.1: control/tcp.smtp denies it rule tcp.smtp\n");
        }
    }

    @Test
    void aRefusedMessageIsToldWhichRule() throws Exception {
        try (var smtpd = SmtpdOnLoopback.start(home);
                var client = smtpd.connect();
                var other = smtpd.connect()) {
            String hops = "Received: from x by y\r\n".repeat(LimitCheck.HOPS);
            client.envelope().say("DATA", "354 ").send(hops + "\r\n.\r\n");
            assertThat(client.reply()).isEqualTo("554 5.4.6 too many hops, this message is looping [R43]");
            smtpd.awaitLog("[R43] rule hops\n");
            other.envelope().say("DATA", "354 ").send("a\nb\r\n.\r\n");
            assertThat(other.reply()).startsWith("500 5.5.2 ").endsWith(" [R13]");
            smtpd.awaitLog("[R13] rule line-ends\n");
        }
    }

    // ---- carteiro why

    private record Said(int code, String out, String err) {}

    private static Said why(String... words) throws IOException {
        var out = new ByteArrayOutputStream();
        var err = new ByteArrayOutputStream();
        int code = Why.run(new Invocation(List.of(words), Map.of(), new ByteArrayInputStream(new byte[0]), out, err));
        return new Said(code, out.toString(StandardCharsets.ISO_8859_1), err.toString(StandardCharsets.ISO_8859_1));
    }

    @ParameterizedTest
    @ValueSource(strings = {"R32", "r32", "[R32]", "rcpthosts"})
    void whyExplainsACode(String word) throws Exception {
        Said said = why(word);
        assertThat(said.code()).isZero();
        assertThat(said.out())
                .startsWith("R32 rcpthosts\n  means: the recipient is another host's")
                .contains("\n  set by: control/rcpthosts", "\n  the administrator: ", "\n  the sender: send through");
        assertThat(page()).contains("$ carteiro why R32\n" + why("R32").out() + "```\n");
    }

    @Test
    void whySaysThatTheLocaleIsToBeInstalled() throws Exception { // the launcher asks for it whatever the caller has
        assertThat(why("R22").out())
                .contains(
                        "\n  set by: the system's locale C.UTF-8\n  the administrator: install the locale C.UTF-8; without the"
                                + " launcher, start smtpd with LC_ALL=C.UTF-8\n");
    }

    @Test
    void whySaysThatThereIsNoSuchCodeAndExplainsTheOthers() throws Exception {
        Said said = why("R99", "5.7.1\u001b", "R43");
        assertThat(said.code()).isEqualTo(100);
        assertThat(said.err()).isEqualTo("""
                why: "R99" is no code of a refusal; carteiro why alone lists all, such as R32
                why: "5.7.1_" is no code of a refusal; carteiro why alone lists all, such as R32
                """);
        assertThat(said.out()).startsWith("R43 hops\n");
    }

    @Test
    void whyListsEveryCodeAndItsPageDoes() throws Exception {
        Said said = why();
        assertThat(said.code()).isZero();
        assertThat(said.out().lines()).hasSize(PolicyRule.values().length);
        assertThat(said.out()).contains("R03 tcp.smtp: the client's address or name is denied here\n");
        List<String> rows = Arrays.stream(PolicyRule.values())
                .map(rule -> "| " + rule.code() + " | " + rule + " | " + rule.meaning() + " | " + rule.sender() + " |")
                .toList();
        assertThat(page().lines().filter(line -> line.startsWith("| R"))).containsExactlyElementsOf(rows);
    }

    @Test
    void aCodeIsShortAndItsRulesAlone() {
        assertThat(PolicyRule.values())
                .extracting(PolicyRule::code)
                .doesNotHaveDuplicates()
                .allMatch(Pattern.compile("R[0-9]{2}").asMatchPredicate());
        assertThat(PolicyRule.values())
                .extracting(PolicyRule::toString)
                .doesNotHaveDuplicates()
                .allMatch(Pattern.compile("[a-z]+([-.][a-z]+)*").asMatchPredicate());
    }

    private static String page() throws IOException {
        return Files.readString(Path.of(System.getProperty("carteiro.root"), "docs/programs/why.md"));
    }
}
