package carteiro.queue;

import static org.assertj.core.api.Assertions.assertThat;

import carteiro.log.EventLog;
import carteiro.protocol.Waiting.Report;
import carteiro.queue.SampleHome.Ran;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code carteiro queue check}, on queues that are whole, damaged, and at work. */
class QueueCheckTest {

    /** {@code -Dcarteiro.check.rounds=2000} for a long run beside a busy queue. */
    private static final int ROUNDS = Integer.getInteger("carteiro.check.rounds", 25);

    @TempDir
    Path home;

    private final EventLog log = new EventLog(new ByteArrayOutputStream(), EventLog.LogFormat.PLAIN, Clock.systemUTC());

    @AfterEach
    void close() {
        log.close();
    }

    private Path folder() {
        return home.resolve("queue");
    }

    private Queue open() throws IOException {
        return new SampleHome(home, log).open(Sample.EARLY);
    }

    /** Two segments: six messages, of which the fifth is large, the third ended, the second has a failure. */
    private void write() throws IOException {
        try (Queue queue = open()) {
            for (int i = 1; i <= 4; i++) {
                Sample.accepted(queue.enqueue(), Sample.octets(1000 * i, i), "a@x", "b@x", "c@x");
            }
            Sample.accepted(queue.enqueue(), Sample.octets(MessageIntake.INLINE + 1, 5), "large@x");
            try (var session = queue.waiting().open()) {
                session.report(List.of(
                        new Report.RecipientDelivered(2, 0),
                        new Report.RecipientFailed(2, 1, "<b@x>:\nno\n\n"),
                        new Report.RecipientsDeferred(2, List.of(2), Instant.ofEpochSecond(2_000_000_000)),
                        new Report.MessageEnded(3)));
            }
        }
        try (Queue queue = open()) {
            Sample.accepted(queue.enqueue(), Sample.octets(6, 6), "last@x");
        }
    }

    private Ran run(String... words) {
        return new SampleHome(home, log).run(new byte[0], words);
    }

    private Path file(String name) {
        return folder().resolve(name);
    }

    private void flip(String name, long offset) throws IOException {
        try (var file = new RandomAccessFile(file(name).toFile(), "rw")) {
            file.seek(offset);
            int octet = file.read();
            file.seek(offset);
            file.write(octet ^ 0x10);
        }
    }

    /** Where a message's octets begin in a file. */
    private int find(String name, byte[] octets) throws IOException {
        byte[] all = Files.readAllBytes(file(name));
        for (int at = 0; at + octets.length <= all.length; at++) {
            if (Arrays.equals(all, at, at + octets.length, octets, 0, octets.length)) {
                return at;
            }
        }
        throw new AssertionError("not in " + name);
    }

    @Test
    void queueThatIsWholeIsSoundAndNothingInItChanges() throws IOException {
        write();
        Map<Path, byte[]> before = contents();
        Ran result = run("check");
        assertThat(result.out())
                .contains("queue is not running")
                .contains("looked at: 2 segments, ")
                .contains(" 1 files of large messages")
                .contains("messages: 5 wait (")
                .contains(" 9 recipients to be tried, 1 to go into a bounce), 1 ended ")
                .endsWith("sound\n");
        assertThat(result.err()).isEmpty();
        assertThat(result.exit()).isZero();
        Map<Path, byte[]> after = contents();
        assertThat(after.keySet()).isEqualTo(before.keySet());
        after.forEach((path, octets) -> assertThat(octets).isEqualTo(before.get(path)));
    }

    private Map<Path, byte[]> contents() throws IOException {
        var contents = new java.util.TreeMap<Path, byte[]>();
        try (Stream<Path> all = Files.walk(folder())) {
            for (Path path : all.filter(Files::isRegularFile).toList()) {
                contents.put(path, Files.readAllBytes(path));
            }
        }
        return contents;
    }

    @Test
    void emptyQueueIsSound() throws IOException {
        open().close();
        assertThat(run("check").out()).contains("messages: 0 wait").endsWith("sound\n");
    }

    @Test
    void damagedMessageIsNamedWithFileOffsetAndWhatToDo() throws IOException {
        write();
        int at = find("segments/0000000001", Sample.octets(4000, 4));
        flip("segments/0000000001", at + 100);
        Ran result = run("check");
        assertThat(result.exit()).isEqualTo(1);
        assertThat(result.out())
                .containsPattern(
                        "fault: \\S+/queue/segments/0000000001: octet \\d+: \\d+ octets: message 4: its octets")
                .contains("means: message 4 waits and stands here")
                .containsPattern("look:  tail -c \\+\\d+ \\S+/segments/0000000001 \\| head -c \\d+ \\| strings")
                .contains("mend:  check the disk; stop queue, put the file back")
                .endsWith("1 fault; nothing was changed\n");
    }

    @Test
    void damagedRecordOfAnOutcomeIsAFaultAlthoughNoMessageStandsThere() throws IOException {
        write();
        int at = find("segments/0000000001", "<b@x>:\nno\n\n".getBytes(StandardCharsets.US_ASCII));
        flip("segments/0000000001", at);
        assertThat(run("check").out())
                .contains("FAILED of message 2: its payload is not what was written")
                .contains("message 2 waits and stands here");
        flip("segments/0000000001", at);
        assertThat(run("check").exit()).isZero();
    }

    @Test
    void missingSegmentIsOneFault() throws IOException {
        write();
        Files.delete(file("segments/0000000001"));
        Ran result = run("check");
        assertThat(result.exit()).isEqualTo(1);
        assertThat(result.out())
                .contains("segments/0000000001 is missing\n  means: 4 messages that wait need it")
                .endsWith("1 fault; nothing was changed\n");
    }

    @Test
    void largeFileThatIsMissingShortOrDamagedIsAFault() throws IOException {
        write();
        flip("large/1", 77);
        assertThat(run("check").out())
                .contains("message 5: ")
                .contains("/large/1: its octets are not what was written");
        flip("large/1", 77);
        byte[] octets = Files.readAllBytes(file("large/1"));
        Files.write(file("large/1"), Arrays.copyOf(octets, 1000));
        assertThat(run("check").out()).contains("/large/1 has 1000 octets, not 262145");
        Files.delete(file("large/1"));
        assertThat(run("check").out()).contains("/large/1 is missing").endsWith("1 fault; nothing was changed\n");
    }

    @Test
    void damagedCheckpointIsAFaultAndTheOlderOneServes() throws IOException {
        write();
        try (Stream<Path> files = Files.list(file("checkpoints"))) {
            String last = files.map(path -> path.getFileName().toString())
                    .max(String::compareTo)
                    .orElseThrow();
            flip("checkpoints/" + last, 20);
            Ran result = run("check");
            assertThat(result.exit()).isEqualTo(1);
            assertThat(result.out())
                    .contains("checkpoints/" + last + ": block 0 is not what was written")
                    .contains("messages: 5 wait");
        }
    }

    @Test
    void tornTailIsNoFaultButOctetsThatWereSafeAre() throws IOException {
        write();
        Path last = file("segments/0000000002");
        byte[] whole = Files.readAllBytes(last);
        byte[] longer = Arrays.copyOf(whole, whole.length + 100);
        Arrays.fill(longer, whole.length, longer.length, (byte) 7);
        Files.write(last, longer);
        Ran result = run("check");
        assertThat(result.out())
                .contains("note: ")
                .contains("100 octets were being written when")
                .endsWith("sound\n");
        assertThat(result.exit()).isZero();
        flip("segments/0000000002", whole.length - 20); // before the checkpoint's place: it was safe
        assertThat(run("check").out()).contains("message " + (5 + Recovery.LEFT_OUT) + " waits and stands here");
    }

    @Test
    void whatWasSetAsideIsShownUntilItIsRemoved() throws IOException {
        write();
        flip("segments/0000000001", find("segments/0000000001", Sample.octets(1000, 1)));
        try (Queue queue = open()) {
            assertThat(Sample.waiting(queue.waiting())).hasSize(5);
            org.assertj.core.api.Assertions.assertThatThrownBy(
                            () -> queue.messages().open(1).readAllBytes())
                    .isInstanceOf(IOException.class);
        }
        assertThat(run("check").out())
                .contains("set aside earlier as ")
                .containsPattern("damaged/segments-0000000001-\\d+: \\d+ octets were set aside earlier")
                .contains("messages: 4 wait")
                .endsWith("2 faults; nothing was changed\n");
    }

    @Test
    void strangersAreNoted() throws IOException {
        write();
        Files.writeString(file("segments/core"), "x");
        assertThat(run("check").out())
                .contains("/segments/core is not a file of queue")
                .endsWith("sound\n");
    }

    @Test
    void whatIsNoQueueIsSaidAndNotJudged() throws IOException {
        Ran none = run("check");
        assertThat(none.exit()).isEqualTo(111);
        assertThat(none.err()).contains("/queue is not there; --home DIR says which installation is meant");
        write();
        Files.writeString(file("format"), "carteiro queue 3\n");
        assertThat(run("check").err()).contains("queue/format says \"carteiro queue 3\"");
        assertThat(run("check").exit()).isEqualTo(111);
        assertThat(run("mend").exit()).isEqualTo(100);
        assertThat(run("mend").err()).startsWith("usage: carteiro queue check");
    }

    @Test
    void runningQueueIsNeitherDisturbedNorMisjudged() throws Exception {
        var over = new AtomicBoolean();
        try (Queue queue = open()) {
            var workers = new ArrayList<Thread>();
            for (int worker = 0; worker < 4; worker++) {
                int seed = worker;
                workers.add(Thread.ofPlatform().start(() -> work(queue, seed, over)));
            }
            Thread keeper = Thread.ofPlatform().start(() -> keepHouse(queue, over));
            try {
                // until clean has been at work too
                for (int i = 0; i < ROUNDS || Files.exists(file("segments/0000000001")); i++) {
                    Ran result = run("check");
                    assertThat(result.out()).contains("queue is running").endsWith("sound\n");
                    assertThat(result.exit()).isZero();
                }
            } finally {
                over.set(true);
                for (Thread worker : workers) {
                    worker.join();
                }
                keeper.join();
            }
        }
        assertThat(run("check").out()).endsWith("sound\n");
    }

    /** Messages come, some of them large; nine of ten end, one stays with a failure. */
    private static void work(Queue queue, int seed, AtomicBoolean over) {
        try {
            for (int i = 0; !over.get(); i++) {
                int size = i % 50 == 7 ? MessageIntake.INLINE + 1 : 100 + i % 3000;
                long number = Sample.accepted(queue.enqueue(), Sample.octets(size, seed), "a@x", "b@x");
                synchronized (queue) {
                    try (var session = queue.waiting().open()) {
                        session.report(
                                i % 10 == 0
                                        ? List.of(new Report.RecipientFailed(number, 1, "<b@x>:\nno\n\n"))
                                        : List.of(
                                                new Report.RecipientDelivered(number, 0),
                                                new Report.MessageEnded(number)));
                    }
                }
            }
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    private void keepHouse(Queue queue, AtomicBoolean over) {
        try {
            while (!over.get()) {
                queue.checkpoint();
                queue.cleaning().rewriteSparse();
                List<String> dead = queue.cleaning().dead();
                for (String name : dead) {
                    Files.deleteIfExists(folder().resolve(name));
                }
                queue.cleaning().removed(dead);
            }
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }
}
