package carteiro.queue;

import static org.assertj.core.api.Assertions.assertThat;

import carteiro.log.EventLog;
import carteiro.protocol.Waiting.Failure;
import carteiro.protocol.Waiting.RecipientState;
import carteiro.protocol.Waiting.Report;
import carteiro.protocol.Waiting.WaitingMessage;
import carteiro.queue.SampleHome.Ran;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** {@code carteiro queue show}, {@code remove}, {@code bounce} on a queue that is not running. */
class ByHandTest {
    private static final Instant ARRIVED = Instant.parse("2025-11-20T10:00:00Z");
    private static final Instant DUE = Instant.parse("2025-11-21T12:13:14Z");
    private static final int LARGE = MessageIntake.INLINE + 1;
    private static final String HOSTILE = "Subject: \u001b]2;x\u0007caf\u00c3\u00a9\n\tfolded\n\nbody \u001b[2J\n";

    @TempDir
    Path home;

    private final EventLog log = new EventLog(new ByteArrayOutputStream(), EventLog.LogFormat.PLAIN, Clock.systemUTC());

    @AfterEach
    void close() {
        log.close();
    }

    private Queue open() throws IOException {
        return new SampleHome(home, log).open(Clock.fixed(ARRIVED, ZoneOffset.UTC));
    }

    /** One message with a recipient of every state, a large one, one whose recipients are all done or failed. */
    @BeforeEach
    void write() throws IOException {
        try (Queue queue = open()) {
            byte[] hostile = HOSTILE.getBytes(StandardCharsets.ISO_8859_1);
            Sample.accepted(queue.enqueue(), hostile, "done@x", "no\u001b@x", "later@x", "new@x");
            Sample.accepted(queue.enqueue(), Sample.octets(LARGE, 3), "large@x");
            Sample.accepted(queue.enqueue(), Sample.octets(9, 3), "no@x");
            try (var session = queue.waiting().open()) {
                session.report(List.of(
                        new Report.RecipientDelivered(1, 0),
                        new Report.RecipientFailed(1, 1, "<no_@x>:\nnever\n\n"),
                        new Report.RecipientsDeferred(1, List.of(2), DUE),
                        new Report.RecipientFailed(3, 0, "<no@x>:\nnever\n\n")));
            }
        }
    }

    private Ran run(String input, String... words) {
        return new SampleHome(home, log).run(input.getBytes(StandardCharsets.ISO_8859_1), words);
    }

    private List<WaitingMessage> waiting() throws IOException {
        try (Queue queue = open()) {
            return Sample.waiting(queue.waiting());
        }
    }

    @Test
    void messageIsShownWithNothingATerminalWouldObey() {
        Ran result = run("", "show", "#1");
        assertThat(result).isEqualTo(new Ran(0, """
                        message 1
                          arrived: 20 Nov 2025 10:00:00 -0000
                          size: 40 octets
                          sender: <ann@example.org>
                          body: 8BITMIME
                          form: SMTPUTF8
                          uid: 71
                          recipient: <done@x>: delivered
                          recipient: <no_@x>: failed, the bounce is to come: <no_@x>:/never
                          recipient: <later@x>: tried again from 21 Nov 2025 12:13:14 -0000 on
                          recipient: <new@x>: not tried yet
                          | Subject: _]2;x_caf__
                          |  folded
                        """, ""));
    }

    @Test
    void messageIsWrittenOctetForOctet() {
        assertThat(run("", "show", "--message", "1")).isEqualTo(new Ran(0, HOSTILE, ""));
        String large = new String(Sample.octets(LARGE, 3), StandardCharsets.ISO_8859_1);
        assertThat(run("", "show", "--message", "2")).isEqualTo(new Ran(0, large, ""));
    }

    @Test
    void ofADamagedMessageNothingIsShown() throws IOException {
        Path large = home.resolve("queue/large/1");
        byte[] octets = Files.readAllBytes(large);
        octets[LARGE - 1] ^= 1;
        Files.write(large, octets);
        for (Ran result : List.of(run("", "show", "2"), run("", "show", "--message", "2"))) {
            assertThat(result.exit()).isEqualTo(1);
            assertThat(result.out()).isEmpty();
            assertThat(result.err()).contains("message 2 cannot be read: ").contains("; see carteiro queue check");
        }
        Ran other = run("", "show", "2", "4711", "1");
        assertThat(other.exit()).isEqualTo(1);
        assertThat(other.err()).contains("message 4711 does not wait in this queue\n");
        assertThat(other.out()).startsWith("message 1\n");
    }

    @Test
    void removedMessageIsGoneWhateverHadBecomeOfIt() throws IOException {
        Ran result = run("1\n\n #3 \n", "remove", "-");
        assertThat(result.out()).isEqualTo("message 1: removed\nmessage 3: removed\n");
        assertThat(result.exit()).isZero();
        assertThat(waiting()).extracting(WaitingMessage::message).containsExactly(2L);
        Ran again = run("", "remove", "1");
        assertThat(again.exit()).isEqualTo(1);
        assertThat(again.err()).contains("message 1: does not wait in this queue");
    }

    @Test
    void messageThatIsGivenUpWaitsForItsBounceAlone() throws IOException {
        Ran result = run("", "bounce", "--because", "kein Projekt \u00c3\u00bc", "1", "3");
        assertThat(result.exit()).isEqualTo(1);
        assertThat(result.out()).isEqualTo("message 1: given up, its sender is told\n");
        assertThat(result.err()).contains("message 3: nothing of it was left to be tried");
        try (Queue queue = open();
                var session = queue.waiting().open()) {
            assertThat(Sample.drain(session).getFirst().states())
                    .containsExactly(
                            new RecipientState.Done(),
                            new RecipientState.ToBounce(),
                            new RecipientState.ToBounce(),
                            new RecipientState.ToBounce());
            String given =
                    "kein Projekt \u00c3\u00bc\nI'm not going to try again; the administrator of this host has given"
                            + " this message up.\n\n";
            assertThat(session.failures(1))
                    .containsExactly(
                            new Failure(1, "<no_@x>:\nnever\n\n"),
                            new Failure(2, "<later@x>:\n" + given),
                            new Failure(3, "<new@x>:\n" + given));
        }
    }

    @Test
    void queueThatRunsWithoutSendIsLeftAlone() throws IOException {
        try (Queue queue = open()) {
            Ran result = run("", "remove", "1");
            assertThat(result.exit()).isEqualTo(111);
            assertThat(result.err()).contains("queue runs and send does not");
            assertThat(Sample.waiting(queue.waiting())).hasSize(3);
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', nullValues = "-none-", textBlock = """
            remove 1 x          | ''         | x is no number of a message
            remove 1 0          | ''         | 0 is no number of a message
            remove 1 -2         | ''         | -2 is no number of a message
            remove -            | '1\n2 3'  | line 2 of standard input: 2 3 is no number of a message
            bounce --because x  | ''         | which message?
            remove --because x  | ''         | --because is no number
            remove              | ''         | usage:
            show                | ''         | usage:
            show --message      | ''         | --message is for one message
            show --message 1 2  | ''         | --message is for one message
            """)
    void wrongCallDoesNothing(String words, String input, String says) throws IOException {
        Ran result = run(input.replace("\\n", "\n"), words.split(" "));
        assertThat(result.exit()).isEqualTo(100);
        assertThat(result.err()).contains(says).contains("usage: carteiro queue check");
        assertThat(result.out()).isEmpty();
        assertThat(waiting()).hasSize(3);
    }

    @Test
    void reasonThatIsTooLongDoesNothing() throws IOException {
        Ran result = run("", "bounce", "--because", "x".repeat(1001), "1");
        assertThat(result.exit()).isEqualTo(100);
        assertThat(result.err()).contains("a reason has at most 1000 octets");
        assertThat(waiting()).hasSize(3);
    }
}
