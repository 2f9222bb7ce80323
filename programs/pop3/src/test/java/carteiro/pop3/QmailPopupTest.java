package carteiro.pop3;

import static org.assertj.core.api.Assertions.assertThat;

import carteiro.testkit.Covers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The command as a process, with pipes and checkers written for the shell. */
class QmailPopupTest {
    private static final String OK = "+OK \r\n";
    private static final String GREETING = "\\+OK <[0-9]+\\.[0-9]+@mail\\.example\\.org>\r\n";

    @TempDir
    Path folder;

    /** With a checker that is these words of a shell. */
    private static List<String> popup(String script, String... arguments) {
        var words = new ArrayList<>(List.of("mail.example.org", "/bin/sh", "-c", script, "checker"));
        words.addAll(List.of(arguments));
        return Pop3Process.java(QmailPopup.class, words);
    }

    /** What it says behind the greeting. */
    private static String answers(Pop3Process.Ended ended) {
        assertThat(ended.output()).matches("(?s)" + GREETING + ".*");
        return ended.output().substring(ended.output().indexOf('\n') + 1);
    }

    @Test
    @Covers("qmail:O01")
    void theGreetingHasAStampAndOtherCommandsWait() throws Exception {
        long before = Instant.now().getEpochSecond();
        try (var popup = Pop3Process.start(popup("exit 0"))) {
            String greeting = popup.line();
            assertThat(greeting).matches(GREETING).startsWith("+OK <" + popup.pid() + ".");
            long second = Long.parseLong(greeting.replaceAll("[^.]*\\.([0-9]+)@.*\r\n", "$1"));
            assertThat(second).isBetween(before, Instant.now().getEpochSecond());
            popup.say(
                    "STAT\r\nRETR 1\r\nNOOP\r\nPASS x\r\nUSER\r\nUSER ann\r\nPASS\r\nAPOP ann\r\nAPOP\r\nXYZ\r\n\r\nquit\r\n");
            assertThat(popup.rest())
                    .isEqualTo(new Pop3Process.Ended(
                            "-ERR authorization first\r\n".repeat(2) + OK + "-ERR USER first\r\n"
                                    + "-ERR syntax error\r\n" + OK + "-ERR syntax error\r\n".repeat(3)
                                    + "-ERR authorization first\r\n".repeat(2) + OK,
                            "",
                            1));
        }
    }

    @Test
    void capabilitiesAreTold() throws Exception {
        assertThat(answers(Pop3Process.run(popup("exit 0"), "CAPA\r\n")))
                .isEqualTo(OK + "USER\r\nTOP\r\nUIDL\r\nPIPELINING\r\nRESP-CODES\r\nIMPLEMENTATION Carteiro\r\n.\r\n");
    }

    @Test
    @Covers("qmail:O02")
    void theCheckerGetsNamePasswordAndStampByDescriptorThree() throws Exception {
        Path dump = folder.resolve("dump");
        Pop3Process.Ended ended = Pop3Process.run(
                popup("cat <&3 >\"$1\"", dump.toString()), "USER eve\r\nUSER  ann@x\r\nPASS  a b  \u00e9 \r\n");
        assertThat(ended.code()).isEqualTo(1);
        assertThat(answers(ended)).isEqualTo(OK + OK);
        String stamp = ended.output().substring(4, ended.output().indexOf('\r'));
        assertThat(Files.readString(dump, StandardCharsets.ISO_8859_1))
                .isEqualTo("ann@x\0a b  \u00e9 \0" + stamp + "\0");
    }

    @Test
    @Covers("qmail:O03")
    void theDigestOfApopReachesTheChecker() throws Exception {
        Path dump = folder.resolve("dump");
        Pop3Process.Ended ended = Pop3Process.run(
                popup("cat <&3 >\"$1\"", dump.toString()), "APOP ann c4c9334bac560ecc979e58001b3e22fb\r\n");
        assertThat(answers(ended)).isEmpty();
        String stamp = ended.output().substring(4, ended.output().indexOf('\r'));
        assertThat(Files.readString(dump, StandardCharsets.ISO_8859_1))
                .isEqualTo("ann\0c4c9334bac560ecc979e58001b3e22fb\0" + stamp + "\0");
    }

    @Test
    void whatTheClientSentBehindItsPasswordIsForWhoeverServesIt() throws Exception {
        var random = new Random();
        var rest = new StringBuilder("STAT\r\n");
        while (rest.length() < 3000) { // a pipe takes it at once
            rest.append((char) random.nextInt(256));
        }
        Pop3Process.Ended ended =
                Pop3Process.run(popup("cat <&3 >/dev/null; exec \"$@\"", "cat"), "USER ann\r\nPASS x\r\n" + rest);
        assertThat(answers(ended)).isEqualTo(OK + rest);
    }

    @Test
    void theCheckerHasTheClientsDescriptorsAndNoOtherButThree() throws Exception {
        String show = "ls /proc/$$/fd; stat -L -c %i:%F /proc/$$/fd/0 /proc/$$/fd/1 >&2";
        var words = new ArrayList<>(
                List.of("/bin/sh", "-c", "stat -L -c %i:%F /proc/$$/fd/0 /proc/$$/fd/1 >&2; exec \"$@\"", "sh"));
        words.addAll(popup(show));
        Pop3Process.Ended ended = Pop3Process.run(words, "USER ann\r\nPASS x\r\n");
        assertThat(answers(ended)).isEqualTo(OK + "0\n1\n2\n3\n");
        List<String> seen = ended.errors().lines().toList();
        assertThat(seen).hasSize(4);
        assertThat(seen.subList(2, 4)).isEqualTo(seen.subList(0, 2));
    }

    @Test
    void thePasswordIsInNoArgumentAndNoVariable() throws Exception {
        String look =
                "cat <&3 >/dev/null; cat /proc/$$/cmdline /proc/$PPID/cmdline /proc/$$/environ /proc/$PPID/environ";
        Pop3Process.Ended ended = Pop3Process.run(popup(look), "USER ann\r\nPASS Trust-no-1\r\n");
        assertThat(answers(ended))
                .contains("QmailPopup")
                .contains("/proc/$PPID/environ")
                .doesNotContain("Trust-no-1");
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(
            delimiter = '|',
            value = {
                "cat <&3 >/dev/null; exit 1 | authorization failed",
                "exit 111                   | authorization failed",
                "exec /nowhere/at/all       | authorization failed",
                "kill -9 $$                 | aack, child crashed"
            })
    @Covers("qmail:O04")
    void afterAFailedLoginTheConversationIsOver(String script, String reason) throws Exception {
        try (var popup = Pop3Process.start(popup(script))) {
            popup.say("USER ann\r\nPASS x\r\nUSER ann\r\nPASS y\r\n");
            Pop3Process.Ended ended = popup.rest(); // the client is still there
            assertThat(answers(ended)).isEqualTo(OK + "-ERR " + reason + "\r\n");
            assertThat(ended.code()).isEqualTo(1);
        }
    }

    @Test
    @Covers("qmail:O04")
    void aCheckerThatIsNotThereLetsNobodyIn() throws Exception {
        Pop3Process.Ended ended = Pop3Process.run(
                Pop3Process.java(QmailPopup.class, List.of("mail.example.org", "/nowhere/at/all")),
                "USER ann\r\nPASS x\r\n");
        assertThat(answers(ended)).isEqualTo(OK + "-ERR authorization failed\r\n");
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1})
    void theInterfaceTakes512OctetsAndNotOneMore(int over) throws Exception {
        try (var popup = Pop3Process.start(popup("cat <&3 | wc -c"))) {
            int stamp = popup.line().strip().length() - "+OK ".length();
            String password = "p".repeat(Pop3Login.LIMIT - "ann".length() - stamp - 3 + over);
            popup.say("USER ann\r\nPASS " + password + "\r\n");
            Pop3Process.Ended ended = popup.rest();
            assertThat(ended.output())
                    .isEqualTo(OK + (over == 0 ? "512\n" : "-ERR user name and password are too long\r\n"));
            assertThat(ended.code()).isEqualTo(1);
        }
    }

    @Test
    void noNulReachesTheCheckerAndLinesHaveALimit() throws Exception {
        String input = "USER a\0b\r\nUSER ann\r\nPASS x\0y\r\nPASS " + "p".repeat(Pop3Input.LIMIT) + "\r\nQUIT\r\n";
        assertThat(answers(Pop3Process.run(popup("echo run"), input)))
                .isEqualTo("-ERR syntax error\r\n" + OK + "-ERR syntax error\r\n-ERR line too long\r\n" + OK);
        Pop3Process.Ended ended = Pop3Process.run(popup("echo run"), "p".repeat(Pop3Input.SKIPPED + 1) + "\r\n");
        assertThat(answers(ended)).isEqualTo("-ERR line too long\r\n");
    }

    @Test
    void argumentsReachTheCheckerAsTheyAre() throws Exception {
        Pop3Process.Ended ended = Pop3Process.run(
                popup("printf '[%s]' \"$@\"", "a b", "$(id)", "*", "\"'\\", "", "-x"), "USER ann\r\nPASS x\r\n");
        assertThat(answers(ended)).isEqualTo(OK + "[a b][$(id)][*][\"'\\][][-x]");
    }

    @Test
    void withoutACheckerItIsUsedWrongly() throws Exception {
        for (List<String> arguments : List.of(List.<String>of(), List.of("mail.example.org"), List.of("x", "-c"))) {
            assertThat(Pop3Process.run(Pop3Process.java(QmailPopup.class, arguments), ""))
                    .isEqualTo(new Pop3Process.Ended("usage: popup hostname subprogram\n", "", 1));
        }
    }
}
