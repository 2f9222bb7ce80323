package carteiro.queue;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import carteiro.log.EventLog;
import carteiro.protocol.Enqueue;
import carteiro.protocol.Enqueue.Receipt;
import carteiro.protocol.Waiting.Report;
import carteiro.protocol.Waiting.WaitingMessage;
import carteiro.queue.SampleHome.Ran;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Fields that go on top of a message when all of it has come: as if they had come first, whatever its size. */
class FieldsOnTopTest {
    private static final byte[] NO_INPUT = {};
    private static final String FIELDS = "Received: by us\n  with all care\nX: \u00e9\n";

    @TempDir
    Path folder;

    private final ByteArrayOutputStream lines = new ByteArrayOutputStream();
    private final EventLog log = new EventLog(lines, EventLog.LogFormat.PLAIN, Clock.systemUTC());
    private SampleHome home = new SampleHome(Path.of("/nonexistent"), log);

    @BeforeEach
    void home() {
        home = new SampleHome(folder.resolve("a"), log);
    }

    @AfterEach
    void close() {
        log.close();
    }

    private static long submit(Queue queue, byte[] message, String fields) throws IOException {
        try (var submission = queue.enqueue().open()) {
            for (int at = 0; at < message.length; at += 10_000) {
                submission.write(message, at, Math.min(10_000, message.length - at));
            }
            Receipt receipt = submission.commit(Sample.envelope("a@x"), fields);
            assertThat(receipt).isInstanceOf(Receipt.Accepted.class);
            return receipt instanceof Receipt.Accepted(long number) ? number : 0;
        }
    }

    private static byte[] read(Queue queue, long message) throws IOException {
        try (var body = queue.messages().open(message)) {
            byte[] octets = body.readAllBytes();
            assertThat(body.octets()).isEqualTo(octets.length);
            return octets;
        }
    }

    private static byte[] whole(byte[] message, String fields) {
        byte[] top = fields.getBytes(StandardCharsets.ISO_8859_1);
        var whole = new ByteArrayOutputStream();
        whole.writeBytes(top);
        whole.writeBytes(message);
        return whole.toByteArray();
    }

    @ParameterizedTest
    @ValueSource(
            ints = {0, 1, 8 * 1024, 70_000, MessageIntake.INLINE, MessageIntake.INLINE + 1, 2 * MessageIntake.INLINE})
    void theMessageIsReadWithThemOnTop(int size) throws Exception {
        byte[] message = Sample.octets(size, size);
        for (String fields : List.of("", FIELDS, "X: " + "y".repeat(Enqueue.Submission.MOST_FIELDS - 4) + "\n")) {
            long number;
            try (Queue queue = home.open(Sample.EARLY)) {
                number = submit(queue, message, fields);
                assertThat(read(queue, number)).isEqualTo(whole(message, fields));
                assertThat(Sample.waiting(queue.waiting()).getLast().octets()).isEqualTo(size + fields.length());
            }
            try (Queue queue = home.open(Sample.EARLY)) {
                assertThat(read(queue, number)).isEqualTo(whole(message, fields));
            }
        }
        assertThat(home.run(NO_INPUT, "check").exit()).isZero();
    }

    @Test
    void moreThanTheLimitAreRefused() throws Exception {
        try (Queue queue = home.open(Sample.EARLY);
                var submission = queue.enqueue().open()) {
            assertThatThrownBy(() ->
                            submission.commit(Sample.envelope("a@x"), "x".repeat(Enqueue.Submission.MOST_FIELDS + 1)))
                    .isInstanceOf(IllegalArgumentException.class);
        }
    }

    /** Memory for messages being received is 1 MiB here. */
    @Test
    void whatHasNoRoomInMemoryGoesToAFile() throws Exception {
        byte[] large = Sample.octets(200_000, 1);
        try (Queue queue = home.open(Sample.EARLY)) {
            var held = new java.util.ArrayList<Enqueue.Submission>();
            for (int i = 0; i < 5; i++) {
                Enqueue.Submission one = queue.enqueue().open();
                one.write(large, 0, large.length);
                held.add(one);
            }
            byte[] message = Sample.octets(3000, 2);
            long number = submit(queue, message, "X: " + "y".repeat(60_000) + "\n");
            assertThat(read(queue, number)).isEqualTo(whole(message, "X: " + "y".repeat(60_000) + "\n"));
            held.forEach(Enqueue.Submission::close);
        }
    }

    @Test
    void aLargeMessageKeepsThemWhenItsSegmentIsRewrittenAndWhenItIsExported() throws Exception {
        byte[] large = Sample.octets(MessageIntake.INLINE + 1, 3);
        try (Queue queue = home.open(Sample.EARLY)) {
            submit(queue, large, FIELDS);
            for (int i = 0; i < 10; i++) {
                Sample.accepted(queue.enqueue(), Sample.octets(5000, i), "b@x");
            }
            try (var session = queue.waiting().open()) {
                for (WaitingMessage message : Sample.drain(session)) {
                    if (message.message() != 1) {
                        session.report(List.of(new Report.MessageEnded(message.message())));
                    }
                }
            }
        }
        try (Queue queue = home.open(Sample.EARLY)) { // the segment of before is no longer written to
            for (int i = 0; i < 2; i++) {
                queue.checkpoint();
                queue.checkpoint();
                List<String> dead = queue.cleaning().dead();
                for (String name : dead) {
                    Files.delete(home.queue().resolve(name));
                }
                queue.cleaning().removed(dead);
                assertThat(queue.cleaning().rewriteSparse() > 0).isEqualTo(i == 0);
            }
            assertThat(read(queue, 1)).isEqualTo(whole(large, FIELDS));
        }
        Ran shown = home.run(NO_INPUT, "show", "--message", "1");
        assertThat(shown.out().getBytes(StandardCharsets.ISO_8859_1)).isEqualTo(whole(large, FIELDS));
        assertThat(home.run(NO_INPUT, "check").exit()).isZero();
        Path export = folder.resolve("q.tar");
        assertThat(home.run(NO_INPUT, "export", export.toString()).exit()).isZero();
        var other = new SampleHome(folder.resolve("b"), log);
        Files.createDirectories(other.queue());
        Files.writeString(Files.createDirectories(folder.resolve("b/control")).resolve("queuediskfloor"), "1048576\n");
        assertThat(other.run(NO_INPUT, "import", export.toString()).exit()).isZero();
        try (Queue queue = other.open(Sample.EARLY)) {
            long number = Sample.waiting(queue.waiting()).getFirst().message();
            assertThat(read(queue, number)).isEqualTo(whole(large, FIELDS));
        }
    }

    @Test
    void damageInThemIsFoundAndNotHandedOut() throws Exception {
        byte[] large = Sample.octets(MessageIntake.INLINE + 1, 4);
        try (Queue queue = home.open(Sample.EARLY)) {
            submit(queue, large, FIELDS);
        }
        Path segment = home.queue().resolve("segments/0000000001");
        byte[] octets = Files.readAllBytes(segment);
        int at = new String(octets, StandardCharsets.ISO_8859_1).indexOf("with all care");
        assertThat(at).isPositive();
        octets[at] ^= 1;
        Files.write(segment, octets);
        assertThat(home.run(NO_INPUT, "check").exit()).isEqualTo(1);
        try (Queue queue = home.open(Sample.EARLY)) {
            assertThatThrownBy(() -> read(queue, 1)).isInstanceOf(IOException.class);
        }
        log.close();
        assertThat(lines.toString(StandardCharsets.ISO_8859_1)).contains("alert: ");
    }
}
