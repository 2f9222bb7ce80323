package carteiro.queue;

import static carteiro.queue.Sample.accepted;
import static carteiro.queue.Sample.drain;
import static carteiro.queue.Sample.envelope;
import static carteiro.queue.Sample.octets;
import static carteiro.queue.Sample.submit;
import static carteiro.queue.Sample.waiting;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import carteiro.log.EventLog;
import carteiro.mail.Address;
import carteiro.mail.Envelope;
import carteiro.mail.Status;
import carteiro.protocol.Enqueue.Receipt;
import carteiro.protocol.Waiting.Failure;
import carteiro.protocol.Waiting.RecipientState;
import carteiro.protocol.Waiting.Report;
import carteiro.protocol.Waiting.WaitingMessage;
import carteiro.segments.FileDisk;
import carteiro.testkit.Covers;
import java.io.ByteArrayOutputStream;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The queue on a real disk. */
class QueueTest {
    private static final int SEGMENT = 1 << 20;
    private static final byte[] HELLO = "Subject: hello\n\nhello\n".getBytes(StandardCharsets.US_ASCII);

    @TempDir
    Path folder;

    private final ByteArrayOutputStream lines = new ByteArrayOutputStream();
    private final EventLog log = new EventLog(lines, EventLog.LogFormat.PLAIN, Clock.systemUTC());
    private QueueSettings settings = new QueueSettings(8 << 20, 1 << 20);
    private Queue queue;

    @BeforeEach
    void open() throws IOException {
        queue = open(folder);
    }

    private Queue open(Path where) throws IOException {
        return open(where, Sample.EARLY);
    }

    private Queue open(Path where, Clock clock) throws IOException {
        return new Queue(new FileDisk(where), () -> settings, log, clock, SEGMENT);
    }

    @AfterEach
    void close() throws IOException {
        queue.close();
        log.close();
    }

    private void restart() throws IOException {
        queue.close();
        queue = open(folder);
    }

    private byte[] message(long number) throws IOException {
        try (var body = queue.messages().open(number)) {
            byte[] octets = body.readAllBytes();
            assertThat(body.octets()).isEqualTo(octets.length);
            return octets;
        }
    }

    private void report(Report... reports) throws IOException {
        try (var session = queue.waiting().open()) {
            session.report(List.of(reports));
        }
    }

    @ParameterizedTest
    @Covers("qmail:Q08")
    @ValueSource(ints = {0, 1, 4096, 8191, 8192, 8193, 65_536, 262_144, 262_145, 1_000_000, 5_000_000})
    void messageComesBackOctetForOctetAlsoAfterARestart(int size) throws IOException {
        byte[] message = octets(size, size);
        long number = accepted(queue.enqueue(), message, "bob@example.org", "caf\u00c3\u00a9@example.org");
        assertThat(message(number)).isEqualTo(message);
        restart();
        assertThat(message(number)).isEqualTo(message);
        var out = new ByteArrayOutputStream();
        try (var body = queue.messages().open(number)) {
            assertThat(body.transferTo(out)).isEqualTo(size);
        }
        assertThat(out.toByteArray()).isEqualTo(message);
        WaitingMessage waiting = waiting(queue.waiting()).getFirst();
        assertThat(waiting.envelope()).isEqualTo(envelope("bob@example.org", "caf\u00c3\u00a9@example.org"));
        assertThat(waiting.octets()).isEqualTo(size);
    }

    @Test
    void messageWrittenInSmallPiecesComesBackWhole() throws IOException {
        byte[] message = octets(700_001, 3);
        Receipt receipt;
        try (var submission = queue.enqueue().open()) {
            for (int at = 0; at < message.length; at += 997) {
                submission.write(message, at, Math.min(997, message.length - at));
            }
            receipt = submission.commit(envelope("bob@example.org"));
        }
        assertThat(message(((Receipt.Accepted) receipt).message())).isEqualTo(message);
    }

    @Test
    void envelopeWithoutRecipientsAndNullSenderIsKept() throws IOException {
        var empty = new Envelope(Address.NULL, List.of(), Envelope.BodyType.SEVEN_BIT, Envelope.AddressForm.ASCII, -1);
        assertThat(submit(queue.enqueue(), HELLO, empty)).isInstanceOf(Receipt.Accepted.class);
        restart();
        assertThat(waiting(queue.waiting()).getFirst().envelope()).isEqualTo(empty);
    }

    @Test
    void envelopeLargerThanASegmentIsKept() throws IOException {
        var recipients = new ArrayList<Address>();
        for (int i = 0; i < 20_000; i++) {
            recipients.add(new Address("x".repeat(100) + i + "@example.org"));
        }
        var large = new Envelope(
                Address.DOUBLE_BOUNCE, recipients, Envelope.BodyType.SEVEN_BIT, Envelope.AddressForm.ASCII, 0);
        accepted(queue.enqueue(), HELLO, "before@example.org");
        long number = ((Receipt.Accepted) submit(queue.enqueue(), HELLO, large)).message();
        accepted(queue.enqueue(), HELLO, "after@example.org");
        report(
                new Report.RecipientDelivered(number, 7),
                new Report.RecipientsDeferred(number, List.of(9, 11), Instant.ofEpochSecond(2_000_000_000)));
        restart();
        List<WaitingMessage> waiting = waiting(queue.waiting());
        assertThat(waiting).hasSize(3);
        assertThat(waiting.get(1).envelope().sender()).isEqualTo(Address.DOUBLE_BOUNCE);
        assertThat(waiting.get(1).recipients()).isEqualTo(20_000);
        var all = new ArrayList<Address>();
        var states = new ArrayList<RecipientState>();
        while (all.size() < 20_000) {
            var page = queue.inspection().recipients(number, all.size());
            assertThat(page.recipients()).isNotEmpty();
            all.addAll(page.addresses());
            states.addAll(page.states());
        }
        assertThat(all).isEqualTo(recipients);
        assertThat(states.get(7)).isEqualTo(new RecipientState.Done());
        assertThat(states.get(8)).isEqualTo(RecipientState.Due.NOW);
        assertThat(states.get(11)).isEqualTo(new RecipientState.Due(Instant.ofEpochSecond(2_000_000_000)));
    }

    @Test
    @Covers("qmail:Q02")
    void withdrawnMessageLeavesNothing() throws IOException {
        for (int size : new int[] {0, 100, 500_000}) {
            try (var submission = queue.enqueue().open()) {
                submission.write(octets(size, 1), 0, size);
            }
        }
        assertThat(waiting(queue.waiting())).isEmpty();
        assertThat(folder.resolve("large")).isEmptyDirectory();
        restart();
        assertThat(queue.status()).startsWith("messages=0 recipients=0");
    }

    @Test
    @Covers("qmail:Q07")
    void numbersOfManyAtOnceDifferAndAreNeverUsedAgain() throws Exception {
        Set<Long> numbers = ConcurrentHashMap.newKeySet();
        try (var conversations = Executors.newVirtualThreadPerTaskExecutor()) {
            var sent = new ArrayList<Future<Long>>();
            for (int i = 0; i < 500; i++) {
                byte[] message = octets(i * 10, i);
                sent.add(conversations.submit(
                        (Callable<Long>) () -> accepted(queue.enqueue(), message, "bob@example.org")));
            }
            for (int i = 0; i < sent.size(); i++) {
                long number = sent.get(i).get();
                numbers.add(number);
                assertThat(message(number)).isEqualTo(octets(i * 10, i));
            }
        }
        assertThat(numbers).hasSize(500);
        try (var session = queue.waiting().open()) {
            for (WaitingMessage waiting : drain(session)) {
                session.report(List.of(new Report.MessageEnded(waiting.message())));
            }
        }
        for (int i = 0; i < 3; i++) { // also with an empty queue, and when its segments are gone
            restart();
            queue.checkpoint();
            remove(queue.cleaning().dead());
        }
        assertThat(queue.status()).startsWith("messages=0 ");
        assertThat(folder.resolve("segments")).isEmptyDirectory();
        long next = accepted(queue.enqueue(), HELLO, "bob@example.org");
        assertThat(numbers).allMatch(number -> number < next);
    }

    @Test
    @Covers("qmail:Q07")
    void whatTheDiskForgotDoesNotGiveItsNumberToAnother() throws IOException {
        accepted(queue.enqueue(), HELLO, "bob@example.org");
        queue.close();
        Instant then = Instant.parse("2026-11-24T12:00:00Z");
        queue = open(folder, Clock.fixed(then, ZoneOffset.UTC));
        long forgotten = accepted(queue.enqueue(), HELLO, "bob@example.org");
        queue.close();
        try (Stream<Path> segments = Files.list(folder.resolve("segments"))) { // as if the disk had never had it
            Path last = segments.filter(file -> !file.endsWith("spare"))
                    .max(Comparator.naturalOrder())
                    .orElseThrow();
            try (var file = FileChannel.open(last, StandardOpenOption.WRITE)) {
                file.truncate(0);
            }
        }
        try (Stream<Path> checkpoints = Files.list(folder.resolve("checkpoints"))) {
            Files.delete(checkpoints.max(Comparator.naturalOrder()).orElseThrow());
        }
        queue = open(folder, Clock.fixed(then.plusSeconds(1), ZoneOffset.UTC));
        assertThat(waiting(queue.waiting())).hasSize(1);
        assertThat(accepted(queue.enqueue(), HELLO, "bob@example.org")).isGreaterThan(forgotten);
    }

    @Test
    void numberOfANewQueueIsGreaterThanThoseOfTheOneBefore() {
        long then = Instant.parse("2026-11-24T12:00:00Z").toEpochMilli();
        long first = Recovery.firstNumber(0, then);
        assertThat(first).isEqualTo((327 * 24 + 12) * 36_000L);
        assertThat(Recovery.firstNumber(0, then + 100)).isEqualTo(first + 1);
        assertThat(Recovery.firstNumber(0, 0)).isEqualTo(1);
        assertThat(Recovery.firstNumber(first, then)).isEqualTo(first + Recovery.LEFT_OUT);
        assertThat(Recovery.firstNumber(7, then)).isEqualTo(first);
    }

    private void remove(List<String> dead) throws IOException {
        for (String name : dead) {
            Files.delete(folder.resolve(name));
        }
        queue.cleaning().removed(dead);
    }

    @Test
    @Covers("qmail:A05")
    void withoutSendEverythingIsKeptAndPresentedLaterOldestFirst() throws IOException {
        var numbers = new ArrayList<Long>();
        for (int i = 0; i < 50; i++) {
            numbers.add(accepted(queue.enqueue(), octets(30_000, i), "bob@example.org"));
        }
        assertThat(queue.inspection().counts().unseen()).isEqualTo(50);
        assertThat(waiting(queue.waiting())).extracting(WaitingMessage::message).isEqualTo(numbers);
        assertThat(queue.inspection().counts().unseen()).isZero();
        assertThat(waiting(queue.waiting())).extracting(WaitingMessage::message).isEqualTo(numbers);
    }

    @Test
    void newMessagesComeWhileASessionWaits() throws Exception {
        try (var session = queue.waiting().open();
                var conversations = Executors.newVirtualThreadPerTaskExecutor()) {
            Future<List<WaitingMessage>> next = conversations.submit(() -> session.next(10, Duration.ofSeconds(60)));
            long number = accepted(queue.enqueue(), HELLO, "bob@example.org");
            assertThat(next.get()).extracting(WaitingMessage::message).containsExactly(number);
            assertThat(session.next(10, Duration.ZERO)).isEmpty();
        }
    }

    @Test
    void messagesThatComeFasterThanSendTakesThemAreNotMissed() throws Exception {
        var numbers = new ArrayList<Long>();
        try (var session = queue.waiting().open();
                var conversations = Executors.newVirtualThreadPerTaskExecutor()) {
            var sent = new ArrayList<Future<Long>>();
            for (int i = 0; i < 2500; i++) {
                sent.add(conversations.submit(
                        (Callable<Long>) () -> accepted(queue.enqueue(), HELLO, "bob@example.org")));
            }
            for (Future<Long> one : sent) {
                numbers.add(one.get());
            }
            List<WaitingMessage> told = drain(session);
            assertThat(told).extracting(WaitingMessage::message).containsExactlyInAnyOrderElementsOf(numbers);
            long last = accepted(queue.enqueue(), HELLO, "bob@example.org");
            assertThat(drain(session)).extracting(WaitingMessage::message).containsExactly(last);
        }
    }

    @Test
    void newSessionEndsTheOlderOne() throws IOException {
        try (var older = queue.waiting().open();
                var newer = queue.waiting().open()) {
            assertThatThrownBy(() -> older.next(1, Duration.ofSeconds(60))).isInstanceOf(IOException.class);
            accepted(queue.enqueue(), HELLO, "bob@example.org");
            assertThat(newer.next(1, Duration.ofSeconds(60))).hasSize(1);
        }
    }

    @Test
    void statesAndFailuresSurviveARestart() throws IOException {
        long number = accepted(queue.enqueue(), HELLO, "a@x", "b@x", "c@x", "d@x");
        Instant due = Instant.ofEpochSecond(2_000_000_000);
        report(
                new Report.RecipientDelivered(number, 0),
                new Report.RecipientFailed(number, 3, "<d@x>:\nno\n\n"),
                new Report.RecipientFailed(number, 1, "<b@x>:\nnever \u00ff\n\n"),
                new Report.RecipientsDeferred(number, List.of(2), due.minusMillis(1)));
        for (int i = 0; i < 2; i++) {
            try (var session = queue.waiting().open()) {
                assertThat(session.next(1, Duration.ZERO).getFirst().states())
                        .containsExactly(
                                new RecipientState.Done(),
                                new RecipientState.ToBounce(),
                                new RecipientState.Due(due),
                                new RecipientState.ToBounce());
                assertThat(session.failures(number))
                        .containsExactly(new Failure(1, "<b@x>:\nnever \u00ff\n\n"), new Failure(3, "<d@x>:\nno\n\n"));
            }
            assertThat(queue.inspection().counts().recipients()).isEqualTo(1);
            restart();
        }
    }

    @Test
    void reportsOfTheUnknownAreIgnored() throws IOException {
        long number = accepted(queue.enqueue(), HELLO, "a@x");
        report(
                new Report.RecipientDelivered(99, 0),
                new Report.RecipientDelivered(number, 1),
                new Report.RecipientDelivered(number, -1),
                new Report.RecipientFailed(number, 5, "x"),
                new Report.RecipientsDeferred(number, List.of(4, -2), Instant.now()),
                new Report.MessageEnded(1_000_000));
        restart();
        assertThat(waiting(queue.waiting()).getFirst().states()).containsExactly(RecipientState.Due.NOW);
    }

    @Test
    void endedMessageIsGoneAndStaysGone() throws IOException {
        long small = accepted(queue.enqueue(), HELLO, "a@x");
        long large = accepted(queue.enqueue(), octets(400_000, 1), "a@x");
        report(new Report.MessageEnded(small), new Report.MessageEnded(large));
        assertThatThrownBy(() -> queue.messages().open(small)).isInstanceOf(FileNotFoundException.class);
        assertThatThrownBy(() -> queue.messages().open(large)).isInstanceOf(FileNotFoundException.class);
        restart();
        assertThat(waiting(queue.waiting())).isEmpty();
        assertThat(queue.cleaning().dead()).anyMatch(name -> name.startsWith("large/"));
    }

    @Test
    void messageThatEndsWhileItIsReadIsReadToItsEnd() throws Exception {
        byte[] inSegment = octets(200_000, 1);
        byte[] inFile = octets(2_000_000, 2);
        for (byte[] message : List.of(inSegment, inFile)) {
            long number = accepted(queue.enqueue(), message, "a@x");
            try (var body = queue.messages().open(number)) {
                assertThat(body.read()).isEqualTo(message[0] & 0xff);
                report(new Report.MessageEnded(number));
                for (int i = 0; i < 3; i++) {
                    accepted(queue.enqueue(), octets(250_000, i), "other@x");
                    queue.checkpoint();
                    remove(queue.cleaning().dead());
                }
                byte[] rest = body.readAllBytes();
                assertThat(rest).hasSize(message.length - 1).endsWith(message[message.length - 1]);
            }
        }
    }

    @Test
    void deadSegmentsAreListedOnceNothingNeedsThemAndTheRestIsUntouched() throws IOException {
        var numbers = new ArrayList<Long>();
        for (int i = 0; i < 40; i++) {
            numbers.add(accepted(queue.enqueue(), octets(100_000, i), "a@x"));
        }
        int before = segmentFiles();
        assertThat(before).isGreaterThan(3);
        queue.checkpoint();
        queue.checkpoint();
        assertThat(queue.cleaning().dead()).isEmpty();
        for (long number : numbers.subList(0, 39)) {
            report(new Report.MessageEnded(number));
        }
        assertThat(queue.cleaning().dead()).isNotEmpty();
        queue.checkpoint();
        queue.checkpoint();
        remove(queue.cleaning().dead());
        assertThat(segmentFiles()).isEqualTo(1);
        assertThat(message(numbers.getLast())).isEqualTo(octets(100_000, 39));
        restart();
        assertThat(message(numbers.getLast())).isEqualTo(octets(100_000, 39));
        assertThat(waiting(queue.waiting())).hasSize(1);
    }

    private int segmentFiles() throws IOException {
        try (var files = Files.list(folder.resolve("segments"))) {
            return (int) files.count();
        }
    }

    @Test
    void removedIgnoresWhatIsLiveOrUnknown() throws IOException {
        long number = accepted(queue.enqueue(), HELLO, "a@x");
        long large = accepted(queue.enqueue(), octets(300_000, 1), "a@x");
        queue.cleaning()
                .removed(
                        List.of("segments/0000000001", "large/1", "large/77", "../format", "segments/x", "", "large/"));
        assertThat(message(number)).isEqualTo(HELLO);
        assertThat(message(large)).hasSize(300_000);
        assertThat(queue.inspection().counts().segments()).isEqualTo(1);
    }

    @Test
    void sparseSegmentsAreRewrittenWithTheirStatesAndFailures() throws IOException {
        var kept = new ArrayList<Long>();
        for (int i = 0; i < 60; i++) {
            long number = accepted(queue.enqueue(), octets(100_000, i), "a@x", "b@x");
            if (i % 10 == 0) {
                kept.add(number);
                report(new Report.RecipientFailed(number, 1, "failed " + i), new Report.RecipientDelivered(number, 0));
            } else {
                report(new Report.MessageEnded(number));
            }
        }
        queue.checkpoint();
        queue.checkpoint();
        remove(queue.cleaning().dead());
        int before = segmentFiles();
        while (queue.cleaning().rewriteSparse() > 0) {
            queue.checkpoint();
            queue.checkpoint();
            remove(queue.cleaning().dead());
        }
        assertThat(segmentFiles()).isLessThan(before).isLessThanOrEqualTo(2);
        for (int round = 0; round < 2; round++) {
            try (var session = queue.waiting().open()) {
                assertThat(drain(session)).extracting(WaitingMessage::message).isEqualTo(kept);
                for (int i = 0; i < kept.size(); i++) {
                    assertThat(message(kept.get(i))).isEqualTo(octets(100_000, 10L * i));
                    assertThat(session.failures(kept.get(i))).containsExactly(new Failure(1, "failed " + 10 * i));
                }
            }
            restart();
        }
    }

    @Test
    void pagesListEverythingWithoutDisturbingTheSession() throws IOException {
        var numbers = new ArrayList<Long>();
        for (int i = 0; i < 25; i++) {
            numbers.add(accepted(queue.enqueue(), HELLO, "a@x", "b@x"));
        }
        try (var session = queue.waiting().open()) {
            assertThat(session.next(5, Duration.ZERO)).hasSize(5);
            var listed = new ArrayList<Long>();
            long after = 0;
            for (var page = queue.inspection().page(0, 7);
                    !page.isEmpty();
                    page = queue.inspection().page(after, 7)) {
                page.forEach(waiting -> listed.add(waiting.message()));
                after = listed.getLast();
            }
            assertThat(listed).isEqualTo(numbers);
            assertThat(drain(session)).hasSize(20);
        }
        var counts = queue.inspection().counts();
        assertThat(counts.messages()).isEqualTo(25);
        assertThat(counts.recipients()).isEqualTo(50);
        assertThat(counts.octets()).isEqualTo(25L * HELLO.length);
    }

    @Test
    void memoryIsSharedAndBeyondItMessagesGoToFiles() throws Exception {
        settings = new QueueSettings(1 << 20, 1 << 20);
        var open = new ArrayList<carteiro.protocol.Enqueue.Submission>();
        try {
            for (int i = 0; i < 20; i++) {
                var submission = queue.enqueue().open();
                open.add(submission);
                byte[] message = octets(200_000, i);
                for (int at = 0; at < message.length; at += 1000) {
                    submission.write(message, at, 1000);
                }
            }
            try (var files = Files.list(folder.resolve("large"))) {
                assertThat(files.count()).isGreaterThan(10);
            }
            for (int i = 0; i < 20; i++) {
                long number = ((Receipt.Accepted) open.get(i).commit(envelope("a@x"))).message();
                assertThat(message(number)).isEqualTo(octets(200_000, i));
            }
        } finally {
            open.forEach(carteiro.protocol.Enqueue.Submission::close);
        }
        long small = accepted(queue.enqueue(), octets(200_000, 99), "a@x"); // the memory was given back
        assertThat(message(small)).hasSize(200_000);
        try (var files = Files.list(folder.resolve("large"))) {
            assertThat(files.count()).isLessThan(20);
        }
    }

    @Test
    void lowDiskPutsNewMessagesOffAndRecoversByItself() throws Exception {
        long number = accepted(queue.enqueue(), HELLO, "a@x");
        settings = new QueueSettings(1 << 20, Long.MAX_VALUE);
        assertThat(until(receipt -> receipt instanceof Receipt.TemporaryFailure))
                .isEqualTo(new Receipt.TemporaryFailure(new Status(4, 3, 1), "disk space is low"));
        assertThat(message(number)).isEqualTo(HELLO);
        report(new Report.MessageEnded(number));
        settings = new QueueSettings(1 << 20, 1 << 20);
        assertThat(until(receipt -> receipt instanceof Receipt.Accepted)).isInstanceOf(Receipt.Accepted.class);
        log.close();
        assertThat(lines.toString(StandardCharsets.US_ASCII))
                .contains("alert: queue: disk low: ")
                .contains("queue: disk has room again: ");
    }

    private Receipt until(java.util.function.Predicate<Receipt> wanted) throws IOException {
        long until = System.nanoTime() + Duration.ofSeconds(20).toNanos();
        Receipt receipt;
        do {
            receipt = submit(queue.enqueue(), HELLO, envelope("a@x"));
        } while (!wanted.test(receipt) && System.nanoTime() - until < 0);
        return receipt;
    }

    @Test
    void secondQueueOnTheSameFolderIsRefused() {
        assertThatThrownBy(() -> open(folder))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("another queue is running");
    }

    @Test
    void refusedSecondQueueLeavesTheFirstOneItsLock() throws IOException {
        Path locks = Path.of("/proc/locks");
        org.junit.jupiter.api.Assumptions.assumeTrue(Files.isReadable(locks), "no /proc/locks on this system");
        String inode = ":" + Files.getAttribute(folder.resolve("lock"), "unix:ino") + " ";
        assertThat(Files.readString(locks)).contains(inode);
        assertThatThrownBy(() -> open(folder)).isInstanceOf(IOException.class);
        assertThat(Files.readString(locks)).contains(inode);
        queue.close();
        assertThat(Files.readString(locks)).doesNotContain(inode);
        queue = open(folder);
    }

    @Test
    void newerFormatIsRefused() throws IOException {
        queue.close();
        assertThat(Files.readString(folder.resolve("format"))).isEqualTo("carteiro queue 2\n");
        Files.writeString(folder.resolve("format"), "carteiro queue 3\n");
        assertThatThrownBy(() -> open(folder)).isInstanceOf(IOException.class).hasMessageContaining("carteiro queue 3");
        Files.writeString(folder.resolve("format"), "carteiro queue 2\n");
        queue = open(folder);
    }

    @Test
    void stoppedQueuePutsMessagesOff() throws Exception {
        try (var begun = queue.enqueue().open()) {
            begun.write(HELLO, 0, HELLO.length);
            queue.stopTaking(Duration.ZERO);
            assertThat(submit(queue.enqueue(), HELLO, envelope("a@x")))
                    .isEqualTo(new Receipt.TemporaryFailure(new Status(4, 3, 2), "queue is stopping"));
            assertThat(begun.commit(envelope("a@x"))).isInstanceOf(Receipt.Accepted.class);
        }
        queue.close();
        assertThat(submit(queue.enqueue(), HELLO, envelope("a@x"))).isInstanceOf(Receipt.TemporaryFailure.class);
        queue = open(folder);
        assertThat(waiting(queue.waiting())).hasSize(1);
    }

    @Test
    void aFolderThatIsRenamedIsToldAsThatAndNotAsADiskThatIsLow() throws Exception {
        accepted(queue.enqueue(), HELLO, "a@x");
        Path moved = folder.resolveSibling(folder.getFileName() + "-moved");
        Files.move(folder, moved);
        Receipt receipt;
        do { // queue looks ten times a second at most
            receipt = submit(queue.enqueue(), HELLO, envelope("b@x"));
        } while (receipt instanceof Receipt.Accepted);
        assertThat(receipt)
                .isEqualTo(new Receipt.TemporaryFailure(new Status(4, 3, 0), "queue cannot reach its folder now"));
        Files.move(moved, folder);
        do {
            receipt = submit(queue.enqueue(), HELLO, envelope("c@x"));
        } while (receipt instanceof Receipt.TemporaryFailure);
        log.close();
        assertThat(lines.toString(StandardCharsets.ISO_8859_1))
                .contains("alert: queue: " + folder + " is no longer there: ")
                .contains("queue: its folder is there again")
                .doesNotContain("disk low");
    }

    @Test
    void aMessageThatIsStillComingDoesNotHoldUpTheStop() throws Exception {
        try (var coming = queue.enqueue().open()) {
            coming.write(HELLO, 0, HELLO.length);
            queue.stopTaking(Duration.ofHours(1));
            assertThat(coming.commit(envelope("a@x")))
                    .as("but it may still end")
                    .isInstanceOf(Receipt.Accepted.class);
        }
    }

    @Test
    void preparedSegmentIsUsed() throws Exception {
        var numbers = new HashSet<Long>();
        queue.prepareSpare();
        assertThat(folder.resolve("segments/spare")).hasSize(SEGMENT);
        for (int i = 0; i < 30; i++) {
            numbers.add(accepted(queue.enqueue(), octets(100_000, i), "a@x"));
        }
        assertThat(folder.resolve("segments/spare")).doesNotExist();
        queue.prepareSpare();
        restart();
        for (int i = 0; i < 30; i++) {
            numbers.add(accepted(queue.enqueue(), octets(100_000, i), "a@x"));
        }
        restart();
        assertThat(waiting(queue.waiting())).extracting(WaitingMessage::message).containsAll(numbers);
        assertThat(numbers).hasSize(60);
    }
}
