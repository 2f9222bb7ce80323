package carteiro.smtpd;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The SMTP dialogues of Apache James (src/test/resources/testdata/james-mpt/SOURCES.md) against our smtpd. The C lines
 * are sent as they stand, those without an S line between them at once. The words of the S lines are that server's own;
 * the codes are compared.
 */
class JamesDialoguesTest {
    /** Our code where it is not theirs, by script and number of the reply from 1. */
    private static final Map<String, String> OURS = Map.of(
            // there is no AUTH here: it is not known, nor are the answers to the challenges that never come
            "authplain 2", "502",
            "authplain 3", "502",
            "authplain 4", "502",
            "starttls_session_fixation 3", "502",
            "starttls_session_fixation 4", "502",
            "starttls_session_fixation 5", "502",
            // so the client is nobody who may relay
            "starttls_session_fixation 7", "553",
            // they forbid STARTTLS in a transaction; we take it and forget all that came before (RFC 3207 section 4.2)
            "starttls_session_fixation 8", "220");

    @ParameterizedTest
    @ValueSource(strings = {"authplain", "data_with_starttls", "rcpt_with_starttls", "starttls_session_fixation"})
    @DisplayName("each reply of James's dialogues has the code stated")
    void dialogue(String script, @TempDir Path home, @TempDir Path keys) throws Exception {
        String pem = TestCertificate.pem(keys, "rsa:2048");
        try (var smtpd = SmtpdOnLoopback.start(home, "servercert.pem", pem, "rcpthosts", "mydomain.tld\n");
                var client = smtpd.connect()) {
            smtpd.lookup.everybody = true;
            int replies = 0;
            var unsent = new StringBuilder();
            String code = "";
            for (String line : lines(script)) {
                if (line.startsWith("C:")) {
                    unsent.append(line.substring(Math.min(3, line.length()))).append("\r\n");
                } else if (line.startsWith("S:") && line.charAt(6) == ' ') { // the last or only line of a reply
                    client.send(unsent.toString());
                    unsent.setLength(0);
                    replies++;
                    code = OURS.getOrDefault(script + " " + replies, line.substring(3, 6));
                    assertThat(client.reply())
                            .as("reply %d, theirs is %s", replies, line)
                            .matches("(?s)" + code + "[ -].*");
                }
            }
            assertThat(unsent).isEmpty();
            assertThat(replies).isGreaterThan(3);
            if (code.equals("220")) {
                client.startTls().say("RCPT TO:<bob@mydomain.tld>", "503 5.5.1");
            }
            client.say("QUIT", "221 ").expectClosed();
            assertThat(smtpd.queue.messages).hasSize(script.startsWith("data") || script.startsWith("rcpt") ? 1 : 0);
        }
    }

    private static List<String> lines(String script) throws IOException {
        try (InputStream in = JamesDialoguesTest.class.getResourceAsStream("/testdata/james-mpt/" + script + ".txt")) {
            return new String(in.readAllBytes(), StandardCharsets.ISO_8859_1)
                    .lines()
                    .toList();
        }
    }
}
