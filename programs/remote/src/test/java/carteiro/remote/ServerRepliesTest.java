package carteiro.remote;

import static org.assertj.core.api.Assertions.assertThat;

import carteiro.mail.Outcome;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * What servers said to MailKit in its tests (src/test/resources/testdata/mailkit/SOURCES.md), each said to us at every step
 * of the dialogue, fit or not. There is always an outcome that follows from the code, with the words in its report, and
 * the next message arrives: over the same connection, or over another where this one is of no more use.
 */
class ServerRepliesTest {
    enum Step {
        GREETING,
        EHLO,
        MAIL,
        RCPT,
        DATA,
        END
    }

    /** Every step of a message in lock step; {@code %s} in the order of {@link Step}. */
    private static final String GREETED = """
            R: %s
            C: EHLO client.example
            R: %s
            """;

    private static final String MESSAGE = """
            C: MAIL FROM:<sender@client.example>*
            R: %s
            C: RCPT TO:<someone@example.org>
            R: %s
            C: DATA
            R: %s
            D:
            R: %s
            """;

    private static final List<String> USUAL = List.of(
            "220 ready\\r\\n",
            "250 next.example\\r\\n",
            "250 ok\\r\\n",
            "250 ok\\r\\n",
            "354 go\\r\\n",
            "250 taken\\r\\n");

    private static JsonNode replies() throws IOException {
        try (InputStream in =
                ServerRepliesTest.class.getResourceAsStream("/testdata/mailkit/mailkit-server-replies.json")) {
            return new ObjectMapper().readTree(in).get("replies");
        }
    }

    @ParameterizedTest
    @EnumSource
    @Timeout(value = 60, unit = TimeUnit.SECONDS)
    @DisplayName("each reply of a server at each step gives the outcome of its code, and the next message arrives")
    void eachReplyAtEachStep(Step step, @TempDir Path home) throws Exception {
        var problems = new ArrayList<String>();
        int cases = 0;
        for (var reply : replies().properties()) {
            cases++;
            String text = reply.getValue().asText();
            try (var server = ScriptedServer.start(script(step, text), script(step, ""))
                            .leniently();
                    var post = new Post(home).allTo(server)) {
                Outcome outcome = post.sendOne(Post.letter());
                String expected = expected(step, text);
                if (!outcome.getClass().getSimpleName().equals(expected)) {
                    problems.add(reply.getKey() + " is not " + expected + ": " + outcome);
                }
                if (!outcome.report().contains(words(step, text, outcome))) {
                    problems.add(reply.getKey() + " is not told: " + outcome);
                }
                Outcome next = post.sendOne(Post.letter());
                if (!(next instanceof Outcome.Delivered) || server.connections() > 2) {
                    problems.add(reply.getKey() + " spoils the next message: " + next);
                }
            }
        }
        assertThat(cases).isEqualTo(18);
        assertThat(problems).isEmpty();
    }

    /** A conversation of two messages in which that is said at that step of the first; nothing but the usual if empty. */
    private static String script(Step step, String reply) {
        var said = new ArrayList<>(USUAL);
        String more = "";
        if (!reply.isEmpty()) {
            said.set(List.of(Step.values()).indexOf(step), reply.replace("\n", "\\r\\n"));
            if (step == Step.EHLO && reply.contains("STARTTLS")) {
                more = "C: STARTTLS\nS: 503 bad command sequence\n";
            } else if (step == Step.EHLO && reply.startsWith("5")) {
                more = "C: HELO client.example\n"
                        + "S: 250 omta06.westchester.pa.mail.comcast.net hello [127.0.0.1], pleased to meet you\n";
            }
        }
        return GREETED.formatted(said.get(0), said.get(1))
                + more
                + MESSAGE.formatted(said.get(2), said.get(3), said.get(4), said.get(5))
                + MESSAGE.formatted(USUAL.get(2), USUAL.get(3), USUAL.get(4), USUAL.get(5));
    }

    private static String expected(Step step, String reply) {
        char kind = reply.charAt(0);
        boolean taken = switch (step) {
            case GREETING -> reply.startsWith("220");
            case EHLO -> reply.startsWith("250") || kind == '5'; // HELO does it then
            case MAIL, RCPT, END -> kind == '2';
            case DATA -> kind == '3';
        };
        if (taken) {
            // a reply too many counts as the next one's, until one does not fit: the message is not given away
            boolean outOfStep =
                    reply.startsWith("250 ") && reply.indexOf('\n') != reply.length() - 1 && step != Step.END;
            return outOfStep ? "Deferred" : "Delivered";
        }
        return kind == '5' ? "Failed" : "Deferred";
    }

    /** What the report must have of it. */
    private static String words(Step step, String reply, Outcome outcome) {
        if (outcome instanceof Outcome.Delivered) {
            return step == Step.END ? reply.substring(0, reply.indexOf('\n')) : "250 taken";
        }
        return switch (step) {
            case GREETING, EHLO, MAIL, RCPT, DATA, END -> "Remote host said: " + reply.substring(0, 3);
        };
    }
}
