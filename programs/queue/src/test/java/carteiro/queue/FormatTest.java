package carteiro.queue;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import carteiro.log.EventLog;
import carteiro.protocol.Waiting.Failure;
import carteiro.protocol.Waiting.RecipientState;
import carteiro.protocol.Waiting.Report;
import carteiro.protocol.Waiting.WaitingMessage;
import carteiro.queuetool.CommandsOnADisk;
import carteiro.segments.FileDisk;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Queues written by every released version are read by this one. The fixtures in src/test/resources/format-N are what
 * {@link #write} left: {@code stopped} after a stop, {@code killed} before any checkpoint. A released one is never
 * changed.
 */
class FormatTest {
    private static final Instant DUE = Instant.ofEpochSecond(2_000_000_000);
    private static final int SEGMENT = 1 << 16;
    private static final char MOVED = 2; // the kind of a record of a message that was written again

    @TempDir
    Path folder;

    private final ByteArrayOutputStream lines = new ByteArrayOutputStream();
    private final EventLog log = new EventLog(lines, EventLog.LogFormat.PLAIN, Clock.systemUTC());

    private Queue open(Path where) throws IOException {
        return new Queue(new FileDisk(where), () -> new QueueSettings(1 << 20, 1 << 20), log, Sample.EARLY, SEGMENT);
    }

    /** Writes what the fixtures hold; {@code killed} is a copy made before the end. */
    private void write(Path stopped, Path killed) throws IOException {
        try (Queue queue = open(Files.createDirectories(stopped))) {
            for (int i = 1; i <= 4; i++) {
                Sample.accepted(queue.enqueue(), Sample.octets(1000 * i, i), "a@x", "caf\u00e9@x", "c@x");
            }
            Sample.accepted(queue.enqueue(), Sample.octets(MessageIntake.INLINE + 1, 5), "large@x");
            try (var session = queue.waiting().open()) {
                session.report(List.of(
                        new Report.RecipientDelivered(2, 0),
                        new Report.RecipientFailed(2, 1, "<caf\u00e9@x>:\nno\n\n"),
                        new Report.RecipientsDeferred(2, List.of(2), DUE),
                        new Report.MessageEnded(3)));
            }
            Sample.accepted(queue.enqueue(), Sample.octets(6, 6), "last@x");
            copy(stopped, killed);
        }
    }

    private static void copy(Path from, Path to) throws IOException {
        try (var files = Files.walk(from)) {
            for (Path file : (Iterable<Path>) files::iterator) {
                Path copy = to.resolve(from.relativize(file).toString());
                if (Files.isDirectory(file)) {
                    Files.createDirectories(copy);
                } else if (!file.endsWith("lock")) {
                    Files.copy(file, copy);
                }
            }
        }
    }

    private void check(Path where) throws IOException {
        try (Queue queue = open(where);
                var session = queue.waiting().open()) {
            List<WaitingMessage> waiting = Sample.drain(session);
            assertThat(waiting).extracting(WaitingMessage::message).containsExactly(1L, 2L, 4L, 5L, 6L);
            for (WaitingMessage message : waiting) {
                long number = message.message();
                try (var body = queue.messages().open(number)) {
                    int size = number == 6 ? 6 : number == 5 ? MessageIntake.INLINE + 1 : (int) (1000 * number);
                    assertThat(body.readAllBytes()).isEqualTo(Sample.octets(size, number));
                }
            }
            assertThat(waiting.get(1).envelope()).isEqualTo(Sample.envelope("a@x", "caf\u00e9@x", "c@x"));
            assertThat(waiting.get(1).states())
                    .containsExactly(
                            new RecipientState.Done(), new RecipientState.ToBounce(), new RecipientState.Due(DUE));
            assertThat(session.failures(2)).containsExactly(new Failure(1, "<caf\u00e9@x>:\nno\n\n"));
            assertThat(Sample.accepted(queue.enqueue(), Sample.octets(1, 7), "new@x"))
                    .isEqualTo(6 + Recovery.LEFT_OUT);
        }
        log.close();
        assertThat(lines.toString(StandardCharsets.ISO_8859_1)).doesNotContain("alert");
    }

    /** A copy of a fixture. */
    private void take(String how) throws Exception {
        copy(fixture(how), folder);
        for (String empty : List.of("segments", "large", "checkpoints", "damaged")) {
            Files.createDirectories(folder.resolve(empty)); // a source tree keeps no empty folders
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"stopped", "killed"})
    void queueOfFormatOneIsRead(String how) throws Exception {
        take(how);
        check(folder);
    }

    @Test
    void queueOfFormatOneKilledInACheckpointIsRead() throws Exception {
        take("stopped");
        Path checkpoint = folder.resolve("checkpoints/000000000001");
        byte[] octets = Files.readAllBytes(checkpoint);
        Files.write(folder.resolve("checkpoints/new"), Arrays.copyOf(octets, octets.length / 2));
        check(folder);
        assertThat(folder.resolve("checkpoints/new")).doesNotExist();
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 8, 41, 60})
    void queueOfFormatOneWithATornEndIsReadUpToIt(int missing) throws Exception {
        take("killed");
        Path segment = folder.resolve("segments/0000000001");
        byte[] octets = Files.readAllBytes(segment);
        int end = octets.length;
        while (octets[end - 1] == 0) {
            end--;
        }
        Files.write(segment, Arrays.copyOf(octets, end - missing));
        try (Queue queue = open(folder)) {
            assertThat(Sample.waiting(queue.waiting()))
                    .extracting(WaitingMessage::message)
                    .containsExactly(1L, 2L, 4L, 5L);
        }
    }

    @Test
    void damageInAQueueOfFormatOneIsSetAsideAndAllElseIsRead() throws Exception {
        take("stopped");
        Path segment = folder.resolve("segments/0000000001");
        byte[] octets = Files.readAllBytes(segment);
        byte[] body = Sample.octets(4000, 4);
        int at = new String(octets, StandardCharsets.ISO_8859_1).indexOf(new String(body, StandardCharsets.ISO_8859_1));
        octets[at + 2000] ^= 1;
        Files.write(segment, octets);
        try (Queue queue = open(folder)) {
            assertThatThrownBy(() -> {
                        try (var message = queue.messages().open(4)) {
                            message.readAllBytes();
                        }
                    })
                    .isInstanceOf(IOException.class);
            assertThat(Sample.waiting(queue.waiting()))
                    .extracting(WaitingMessage::message)
                    .containsExactly(1L, 2L, 5L, 6L);
        }
        assertThat(folder.resolve("damaged")).isNotEmptyDirectory();
    }

    /** From the first moment on an earlier build refuses it; records become those of the new format as segments are rewritten. */
    @Test
    void queueOfFormatOneBecomesOneOfFormatTwo() throws Exception {
        take("stopped");
        try (Queue queue = open(folder)) {
            assertThat(folder.resolve("format")).hasContent("carteiro queue 2");
            try (var session = queue.waiting().open()) {
                session.report(List.of(new Report.MessageEnded(1), new Report.MessageEnded(4)));
            }
            for (int i = 0; i < 2; i++) {
                queue.checkpoint();
                queue.checkpoint();
                List<String> dead = queue.cleaning().dead();
                for (String name : dead) {
                    Files.delete(folder.resolve(name));
                }
                queue.cleaning().removed(dead);
                assertThat(queue.cleaning().rewriteSparse() > 0).isEqualTo(i == 0);
            }
        }
        var segments = new StringBuilder();
        try (var files = Files.list(folder.resolve("segments"))) {
            for (Path file : (Iterable<Path>) files::iterator) {
                segments.append(Files.readString(file, StandardCharsets.ISO_8859_1));
            }
        }
        assertThat(segments.toString()).contains("CQ\u0002" + MOVED).doesNotContain("CQ\u0001");
        try (Queue queue = open(folder);
                var session = queue.waiting().open()) {
            List<WaitingMessage> waiting = Sample.drain(session);
            assertThat(waiting).extracting(WaitingMessage::message).containsExactly(2L, 5L, 6L);
            assertThat(waiting.getFirst().envelope()).isEqualTo(Sample.envelope("a@x", "caf\u00e9@x", "c@x"));
            assertThat(waiting.getFirst().states())
                    .containsExactly(
                            new RecipientState.Done(), new RecipientState.ToBounce(), new RecipientState.Due(DUE));
            assertThat(session.failures(2)).containsExactly(new Failure(1, "<caf\u00e9@x>:\nno\n\n"));
            try (var body = queue.messages().open(5)) {
                assertThat(body.readAllBytes()).isEqualTo(Sample.octets(MessageIntake.INLINE + 1, 5));
            }
        }
    }

    @Test
    void queueOfALaterFormatIsRefused() throws Exception {
        take("stopped");
        Files.writeString(folder.resolve("format"), "carteiro queue 3\n");
        assertThatThrownBy(() -> open(folder))
                .hasMessage(
                        "queue/format says \"carteiro queue 3\", and this program knows \"carteiro queue 2\" and those before;"
                                + " run the version of Carteiro that wrote it, or empty the queue with it first");
        assertThat(folder.resolve("format")).hasContent("carteiro queue 3");
    }

    @ParameterizedTest
    @ValueSource(strings = {"stopped", "killed"})
    void whatIsWrittenNowIsReadAlike(String how) throws IOException {
        write(folder.resolve("stopped"), folder.resolve("killed"));
        check(folder.resolve(how));
    }

    /** Writes a queue of one message, number 5, that was moved out of a sparse segment; and its export. */
    private void writeMoved(Path where, Path export) throws IOException {
        try (Queue queue = open(Files.createDirectories(where))) {
            for (int i = 1; i <= 12; i++) {
                Sample.accepted(queue.enqueue(), Sample.octets(9000, i), "a@x", "b@x", "c@x");
            }
            try (var session = queue.waiting().open()) {
                session.report(List.of(
                        new Report.RecipientDelivered(5, 0),
                        new Report.RecipientFailed(5, 1, "no\n"),
                        new Report.RecipientsDeferred(5, List.of(2), DUE)));
                for (long i = 1; i <= 12; i++) {
                    if (i != 5) {
                        session.report(List.of(new Report.MessageEnded(i)));
                    }
                }
            }
            for (int i = 0; i < 2; i++) {
                queue.checkpoint();
                queue.checkpoint();
                List<String> dead = queue.cleaning().dead();
                for (String name : dead) {
                    Files.delete(where.resolve(name));
                }
                queue.cleaning().removed(dead);
                assertThat(queue.cleaning().rewriteSparse() > 0).isEqualTo(i == 0);
            }
        }
        SampleHome.Ran exported = new SampleHome(Objects.requireNonNull(where.getParent()), log)
                .run(new byte[0], "export", export.toString());
        assertThat(exported.exit()).isZero();
    }

    private void checkMoved(Path where, Path export, int version) throws IOException {
        byte[] segments = new byte[0];
        try (var files = Files.list(where.resolve("segments"))) {
            for (Path file : (Iterable<Path>) files::iterator) {
                segments = Files.readAllBytes(file);
            }
        }
        assertThat(new String(segments, StandardCharsets.ISO_8859_1)).contains("CQ" + (char) version + MOVED);
        checkOne(where, 5, new RecipientState.Done(), new RecipientState.ToBounce(), new RecipientState.Due(DUE));
        Path other = Files.createDirectories(where.resolve("../other"));
        try (Queue queue = open(other);
                var in = Files.newInputStream(export)) {
            CommandsOnADisk.importInto(queue, in, Sample.EARLY);
        }
        checkOne(other, 1, new RecipientState.ToBounce(), new RecipientState.Due(DUE));
    }

    private void checkOne(Path where, long number, RecipientState... states) throws IOException {
        try (Queue queue = open(where);
                var session = queue.waiting().open()) {
            List<WaitingMessage> waiting = Sample.drain(session);
            assertThat(waiting).extracting(WaitingMessage::message).containsExactly(number);
            assertThat(waiting.getFirst().states()).containsExactly(states);
            assertThat(session.failures(number)).extracting(Failure::paragraph).containsExactly("no\n");
            try (var body = queue.messages().open(number)) {
                assertThat(body.readAllBytes()).isEqualTo(Sample.octets(9000, 5));
            }
        }
    }

    @Test
    void movedMessageAndExportOfFormatOneAreRead() throws Exception {
        Path fixture = fixture("moved");
        copy(fixture, folder.resolve("queue"));
        checkMoved(folder.resolve("queue"), fixture.resolveSibling("export.tar"), 1);
    }

    @Test
    void movedMessageAndExportAreWrittenAlikeNow() throws IOException {
        writeMoved(folder.resolve("queue"), folder.resolve("export.tar"));
        checkMoved(folder.resolve("queue"), folder.resolve("export.tar"), 2);
    }

    private static Path fixture(String how) throws URISyntaxException {
        URL format = Objects.requireNonNull(FormatTest.class.getResource("/format-1/" + how + "/format"));
        return Objects.requireNonNull(Path.of(format.toURI()).getParent());
    }
}
