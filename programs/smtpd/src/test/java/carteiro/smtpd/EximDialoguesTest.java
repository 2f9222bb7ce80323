package carteiro.smtpd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * The client's side of the dialogues of Exim's test suite against our smtpd. Their licence does not let us keep them here:
 * {@code -Dcarteiro.testdata=DIR} names a folder that has them in {@code smtp/exim}, a JSON file a script, whose steps
 * are what the client ("C") and Exim ("S") said.
 */
class EximDialoguesTest {
    private static final String DATA = System.getProperty("carteiro.testdata", "");

    /** RFC 5321 section 4.2: what one line of a reply looks like, and 4.5.3.1.5: no more than 512 octets. */
    private static final Pattern REPLY_LINE = Pattern.compile("[2-5][0-5][0-9](?:[ -][\\t -~]{0,506})?");

    /** What we do not offer; Exim, configured so, does. */
    private static final Pattern NOT_OFFERED = Pattern.compile("(?i)(AUTH|ETRN|ATRN|XCLIENT|VRFY$|MAIL .* PRDR).*");

    /** Replies of Exim that do not hang on its configuration: taken, not understood, out of order. */
    private static final Pattern PLAIN = Pattern.compile("(2..|354|500|501|503).*", Pattern.DOTALL);

    /** Where we answer otherwise: script, session from 0, command; the beginning of our reply. */
    private static final Map<String, String> OURS = Map.of(
            // a bare LF is refused (RFC 5321 section 2.3.8)
            "0460 0 (bare LF)", "500 5.5.2",
            // the name after EHLO is noted, never judged, as in qmail (RFC 5321 section 4.1.4)
            "1001 0 ehlo ip6:ip6:ip6:ip6:ip6:ip6:ip6:ip6", "250",
            // the parameters of MAIL are understood without EHLO as well, and after STARTTLS before the next EHLO
            "3463 0 mail from:<x@y> size=1234", "250",
            // XCLIENT is not offered, so no EHLO is due after it
            "4032 1 MAIL FROM:<bad@test.ex>", "250",
            // that Exim was told not to offer it
            "4201 2 MAIL FROM: <someone@some.domain> SMTPUTF8", "250");

    @Test
    @Timeout(value = 5, unit = TimeUnit.MINUTES)
    @DisplayName(
            "each command of Exim's dialogues has one well-formed reply, of Exim's class where that is not configuration")
    void dialogues(@TempDir Path home, @TempDir Path keys) throws Exception {
        Path folder = Path.of(DATA, "smtp", "exim");
        assumeTrue(
                !DATA.isEmpty() && Files.isDirectory(folder),
                "SKIPPED: Exim's dialogues are not here; -Dcarteiro.testdata=DIR names the folder that has smtp/exim");
        var problems = new ArrayList<String>();
        var total = new Figures();
        try (var smtpd = SmtpdOnLoopback.start(
                home,
                "servercert.pem",
                TestCertificate.pem(keys, "rsa:2048"),
                "concurrencyperclient",
                "100\n",
                "tcp.smtp",
                "127.:allow,RELAYCLIENT=\"\"\n")) {
            smtpd.lookup.everybody = true;
            for (Path file : files(folder)) {
                JsonNode script = new ObjectMapper().readTree(file.toFile());
                int number = 0;
                for (JsonNode session : script.get("sessions")) {
                    String name = script.get("script").asText() + " " + number++;
                    try (var client = smtpd.connect()) {
                        new Player(name, client, problems, total).play(session.get("steps"));
                    } catch (AssertionError | IOException e) {
                        problems.add(name + ": " + e.getMessage());
                    }
                    try (var next = smtpd.connect()) {
                        next.expect("220 ").say("QUIT", "221 ").expectClosed();
                    }
                    total.dialogues++;
                }
            }
        }
        System.out.println("Exim's dialogues: " + total);
        assertThat(problems).isEmpty();
        assertThat(total.dialogues).isPositive();
    }

    private static List<Path> files(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.filter(f -> f.toString().endsWith(".json")).sorted().toList();
        }
    }

    private static final class Figures {
        int dialogues;
        int replies;
        int compared;

        @Override
        public String toString() {
            return dialogues + " dialogues, " + replies + " replies, " + compared + " of them compared";
        }
    }

    /** A command and our answer; nothing of ours where we had refused what Exim went on with. */
    private record Exchange(String command, @Nullable String reply) {}

    /** Plays one session: what the client sends, and which replies that must have. */
    private static final class Player {
        private enum State {
            COMMAND,
            TEXT,
            CHUNK,
            CLOSED
        }

        private final String name;
        private final Dialogue client;
        private final List<String> problems;
        private final Figures figures;
        private final Deque<Exchange> unmatched = new ArrayDeque<>();
        private State state = State.COMMAND;
        private String sent = ""; // and not yet part of a command or a text
        private String chunkCommand = "";
        private int chunk; // octets of it still to send
        private boolean eximWantsText;
        private boolean eximWantsOneLine;
        private boolean startTls;
        private boolean refusedHere; // MAIL asked for what we do not offer: what follows cannot be compared

        Player(String name, Dialogue client, List<String> problems, Figures figures) {
            this.name = name;
            this.client = client;
            this.problems = problems;
            this.figures = figures;
        }

        void play(JsonNode steps) throws Exception {
            answer("(greeting)");
            String last = "";
            for (JsonNode step : steps) {
                String text = step.get(1).asText();
                if (step.get(0).asText().equals("C")) {
                    last = text;
                    say(text);
                } else if (!text.startsWith("-", 3)) {
                    if (state == State.CHUNK && !text.startsWith("421")) { // what was masked in it made it shorter
                        send(" ".repeat(chunk - sent.length()));
                    }
                    compare(text);
                    eximWantsOneLine = text.startsWith("334");
                    eximWantsText = text.startsWith("354") || eximWantsOneLine;
                    if (last.startsWith("ATRN") && text.startsWith("250")) {
                        break; // from here on the two have changed places
                    }
                }
            }
            if (state == State.COMMAND) {
                send("NOOP\r\n");
                send("QUIT\r\n");
            }
            if (state == State.CLOSED) {
                client.expectClosed();
            }
        }

        private void say(String step) throws Exception {
            String octets = step.replace("\\r", "\r").replace("\\n", "\n") + "\r\n";
            boolean refusedBefore = eximWantsText && state == State.COMMAND;
            if (step.startsWith(".") || eximWantsOneLine) {
                eximWantsText = false;
                eximWantsOneLine = false;
                if (refusedBefore) {
                    unmatched.add(new Exchange(step, null));
                }
            }
            if (refusedBefore) {
                return; // belongs to what we refused
            }
            if (state == State.CHUNK) {
                octets = octets.substring(0, Math.min(octets.length(), chunk - sent.length()));
            }
            if (state != State.CLOSED) {
                send(octets);
            }
        }

        private void send(String octets) throws Exception {
            if (startTls) {
                startTls = false;
                client.startTls();
            }
            assertThat(client.hasReply()).as("a reply that nobody asked for").isFalse();
            client.send(octets);
            sent += octets;
            while (progress()) {
                // one command or text after the other
            }
        }

        /** Takes one command or text off what was sent and reads its reply. */
        private boolean progress() throws Exception {
            if (state == State.CLOSED) {
                return false;
            }
            if (state == State.CHUNK) {
                if (sent.length() < chunk) {
                    return false;
                }
                sent = sent.substring(chunk);
                state = State.COMMAND;
                answer(chunkCommand);
                return true;
            }
            int end = sent.indexOf("\r\n");
            if (end < 0) {
                return false;
            }
            String line = sent.substring(0, end);
            sent = sent.substring(end + 2);
            if (state == State.TEXT) {
                if (line.contains("\n") || line.contains("\r")) {
                    state = State.CLOSED; // RFC 5321 section 2.3.8
                    answer("(bare LF)");
                } else if (line.equals(".")) {
                    state = State.COMMAND;
                    answer("(text)");
                }
                return true;
            }
            String command = line.toUpperCase(Locale.ROOT);
            if (command.startsWith("BDAT ")) {
                chunkCommand = line;
                chunk = Integer.parseInt(line.split(" ")[1]);
                state = State.CHUNK;
                return true;
            }
            String reply = answer(line);
            if (command.equals("DATA") && reply.startsWith("354")) {
                state = State.TEXT;
            } else if (command.equals("STARTTLS") && reply.startsWith("220")) {
                startTls = true;
            } else if (command.equals("QUIT") || reply.startsWith("421")) {
                state = State.CLOSED;
            }
            return true;
        }

        private String answer(String command) throws IOException {
            String reply = client.reply();
            assertThat(reply).as("the reply to " + command).isNotEmpty();
            for (String line : reply.split("\n", -1)) {
                if (!REPLY_LINE.matcher(line).matches() || !line.startsWith(reply.substring(0, 3))) {
                    problems.add(name + ": not well-formed after " + command + ": " + reply);
                }
            }
            figures.replies++;
            unmatched.add(new Exchange(command, reply));
            return reply;
        }

        private void compare(String eximReply) {
            Exchange exchange = unmatched.poll();
            if (exchange != null && exchange.command().regionMatches(true, 0, "MAIL ", 0, 5)) {
                refusedHere = exchange.reply() == null
                        || NOT_OFFERED.matcher(exchange.command()).matches();
            }
            if (exchange == null
                    || refusedHere
                    || exchange.reply() == null
                    || NOT_OFFERED.matcher(exchange.command()).matches()
                    || !PLAIN.matcher(eximReply).matches()) {
                return;
            }
            figures.compared++;
            String expected = OURS.getOrDefault(name + " " + exchange.command(), eximReply.substring(0, 1));
            if (!exchange.reply().startsWith(expected)) {
                problems.add(name + ": " + exchange.command() + ": Exim: " + eximReply + "; ours: " + exchange.reply());
            }
        }
    }
}
