package carteiro.queue;

import static org.assertj.core.api.Assertions.assertThat;

import carteiro.log.EventLog;
import carteiro.protocol.Enqueue.Receipt;
import carteiro.protocol.Waiting.Failure;
import carteiro.protocol.Waiting.RecipientState;
import carteiro.protocol.Waiting.Report;
import carteiro.protocol.Waiting.WaitingMessage;
import carteiro.testkit.Covers;
import carteiro.testkit.ModelDisk;
import carteiro.testkit.ModelDisk.Fate;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * A history of the queue is recorded, then the power fails after every single call to the disk; or a call fails and the
 * history goes on. Every message that was answered has to be there and whole, none that ended may come back once that
 * was synced, and none may be there twice.
 */
class PowerFailureTest {
    /** What becomes of what was not synced. */
    enum Unsynced {
        KEPT,
        LOST,
        TORN;

        Fate fate(long seed) {
            return switch (this) {
                case KEPT -> Fate.WholeChanges.KEPT;
                case LOST -> Fate.WholeChanges.LOST;
                case TORN -> new Fate.Drawn(seed);
            };
        }
    }

    private static final int SEGMENT = 24 * 1024;
    private static final QueueSettings SETTINGS = new QueueSettings(1 << 20, 1 << 20);

    private final ByteArrayOutputStream lines = new ByteArrayOutputStream();
    private final EventLog log = new EventLog(lines, EventLog.LogFormat.PLAIN, Clock.systemUTC());

    private Queue open(TrialDisk disk) throws IOException {
        return new Queue(disk, () -> SETTINGS, log, Sample.EARLY, SEGMENT);
    }

    /** What was promised of one message, and when, in calls to the disk; never is the greatest number. */
    private static final class Promise {
        static final int NEVER = Integer.MAX_VALUE;

        final byte[] octets;
        long number;
        int acceptedAt = NEVER;
        int endReportedAt = NEVER;
        int endSyncedAt = NEVER;
        int failureSyncedAt = NEVER;
        boolean refused;

        Promise(byte[] octets) {
            this.octets = octets;
        }

        @Override
        public String toString() {
            return "message " + number + " of " + octets.length + " octets, accepted " + acceptedAt + ", ended "
                    + endReportedAt + ", synced " + endSyncedAt + (refused ? ", refused" : "");
        }
    }

    /** The history: all that a queue does, in little. A failing disk is taken as it comes. */
    private final class History {
        final TrialDisk disk;
        final List<Promise> promises = new ArrayList<>();
        Queue queue;

        History(TrialDisk disk) throws IOException {
            this.disk = disk;
            this.queue = open(disk);
        }

        Promise accept(int size, String... recipients) throws IOException {
            var promise = new Promise(Sample.octets(size, promises.size() + 1));
            promises.add(promise);
            Receipt receipt = Sample.submit(queue.enqueue(), promise.octets, Sample.envelope(recipients));
            if (receipt instanceof Receipt.Accepted(long number)) {
                promise.number = number;
                promise.acceptedAt = disk.callCount();
                synced();
            } else {
                promise.refused = true;
            }
            return promise;
        }

        /** Whatever was reported before is on disk too. */
        void synced() {
            for (Promise promise : promises) {
                if (promise.endReportedAt != Promise.NEVER && promise.endSyncedAt == Promise.NEVER) {
                    promise.endSyncedAt = disk.callCount();
                }
            }
        }

        void report(Report... reports) throws IOException {
            try (var session = queue.waiting().open()) {
                session.report(List.of(reports));
            }
        }

        void end(Promise promise) throws IOException {
            if (!promise.refused) {
                promise.endReportedAt = disk.callCount();
                report(new Report.MessageEnded(promise.number));
            }
        }

        void checkpoint() {
            try {
                queue.checkpoint();
                synced();
            } catch (IOException e) {
                // the disk failed
            }
        }

        void clean() throws IOException {
            var gone = new ArrayList<String>();
            for (String name : queue.cleaning().dead()) {
                try {
                    disk.delete(name);
                    gone.add(name);
                } catch (IOException e) {
                    // the disk failed
                }
            }
            queue.cleaning().removed(gone);
        }

        void run() throws Exception {
            var first = accept(3000, "a@x");
            var two = accept(100, "a@x", "b@x");
            var large = accept(300_000, "a@x");
            if (!two.refused) {
                report(
                        new Report.RecipientDelivered(two.number, 0),
                        new Report.RecipientFailed(two.number, 1, "<b@x>:\nno\n\n"),
                        new Report.RecipientsDeferred(
                                large.number, List.of(0), java.time.Instant.ofEpochSecond(2_000_000_000)));
            }
            var many = new ArrayList<Promise>();
            for (int i = 0; i < 8; i++) {
                many.add(accept(6000, "m" + i + "@x"));
            }
            two.failureSyncedAt = two.refused ? Promise.NEVER : disk.callCount();
            end(first);
            accept(10, "c@x");
            checkpoint();
            end(large);
            for (Promise promise : many.subList(0, 6)) {
                end(promise);
            }
            accept(20_000, "d@x");
            checkpoint();
            checkpoint();
            clean();
            try {
                while (queue.cleaning().rewriteSparse() > 0) {
                    checkpoint();
                    checkpoint();
                    clean();
                }
            } catch (IOException e) {
                // the disk failed
            }
            try {
                queue.prepareSpare();
            } catch (IOException e) {
                // the disk failed
            }
            for (int i = 0; i < 5; i++) {
                accept(7000, "e" + i + "@x");
            }
            end(many.getLast());
            queue.close();
            try {
                queue = open(disk);
            } catch (IOException e) {
                queue = open(disk); // as start would
            }
            accept(5000, "f@x");
            accept(1, "g@x");
        }

        /** What has to be true of a queue that was opened after so many calls. */
        void check(Queue after, int calls, String where) throws IOException {
            List<WaitingMessage> waiting = Sample.waiting(after.waiting());
            Set<Long> numbers = new HashSet<>();
            var found = new ArrayList<Promise>();
            for (WaitingMessage message : waiting) {
                assertThat(numbers.add(message.message())).as(where).isTrue();
                byte[] octets;
                try (var body = after.messages().open(message.message())) {
                    octets = body.readAllBytes();
                }
                Promise promise = promises.stream()
                        .filter(candidate -> Arrays.equals(candidate.octets, octets))
                        .findFirst()
                        .orElseThrow(() -> new AssertionError(where + ": a message nobody sent"));
                assertThat(found).as(where + ": twice: " + promise).doesNotContain(promise);
                found.add(promise);
                assertThat(promise.endSyncedAt)
                        .as(where + ": came back: " + promise)
                        .isGreaterThan(calls);
                if (promise.acceptedAt <= calls) {
                    assertThat(message.message()).as(where).isEqualTo(promise.number);
                }
                if (promise.failureSyncedAt <= calls) {
                    assertThat(message.states())
                            .as(where)
                            .containsExactly(new RecipientState.Done(), new RecipientState.ToBounce());
                    try (var session = after.waiting().open()) {
                        assertThat(session.failures(message.message()))
                                .as(where)
                                .containsExactly(new Failure(1, "<b@x>:\nno\n\n"));
                    }
                }
            }
            for (Promise promise : promises) {
                if (promise.acceptedAt <= calls && promise.endReportedAt > calls) {
                    assertThat(found).as(where + ": lost: " + promise).contains(promise);
                }
            }
        }
    }

    private History recorded() throws Exception {
        var history = new History(new TrialDisk());
        history.run();
        assertThat(history.promises).noneMatch(promise -> promise.refused);
        return history;
    }

    @ParameterizedTest
    @Covers({"qmail:Q01", "qmail:Q05"})
    @EnumSource
    void afterAPowerFailureAtAnyCallEveryAnsweredMessageIsThere(Unsynced unsynced) throws Exception {
        History history = recorded();
        var calls = history.disk.calls();
        for (int count = 0; count <= calls.size(); count++) {
            for (int seed = 0; seed < (unsynced == Unsynced.TORN ? 3 : 1); seed++) {
                String where = unsynced + " after " + count + " of " + calls.size() + " calls, seed " + seed;
                TrialDisk disk = TrialDisk.after(calls, count, unsynced.fate(seed));
                try (Queue queue = open(disk)) {
                    history.check(queue, count, where);
                    byte[] message = Sample.octets(77, -1);
                    long number = Sample.accepted(queue.enqueue(), message, "new@x");
                    int at = count;
                    assertThat(history.promises)
                            .as(where)
                            .allMatch(promise -> promise.acceptedAt > at || promise.number < number);
                }
            }
        }
        assertThat(log()).doesNotContain("damaged").doesNotContain("bug");
    }

    private String log() {
        log.close();
        return lines.toString(StandardCharsets.ISO_8859_1);
    }

    @ParameterizedTest
    @Covers("qmail:Q05")
    @EnumSource
    void recoveryItselfMayBeStoppedAtAnyCall(Unsynced unsynced) throws Exception {
        History history = recorded();
        var calls = history.disk.calls();
        for (int count = 3; count <= calls.size(); count += 9) {
            TrialDisk first = TrialDisk.after(calls, count, Unsynced.TORN.fate(count));
            int before = first.callCount();
            open(first).close();
            var recovery = first.calls();
            for (int stop = before; stop <= recovery.size(); stop++) {
                String where = unsynced + " after " + count + " calls, then " + stop + " of the recovery's";
                TrialDisk second = TrialDisk.after(calls, count, Unsynced.TORN.fate(count));
                TrialDisk third = second.afterMore(recovery.subList(before, stop), unsynced.fate(stop));
                try (Queue queue = open(third)) {
                    history.check(queue, count, where);
                }
            }
        }
        assertThat(log()).doesNotContain("damaged").doesNotContain("bug");
    }

    @Test
    void callThatFailsLosesNothingAndWhatWasRefusedDoesNotComeBack() throws Exception {
        int calls = recorded().disk.callCount();
        var probe = new TrialDisk();
        open(probe).close();
        for (int length : new int[] {1, 3}) {
            for (int fail = probe.callCount(); fail < calls; fail += length) {
                var disk = new TrialDisk();
                var history = new History(disk);
                disk.fail(fail - disk.callCount(), fail - disk.callCount() + length);
                try {
                    history.run();
                } catch (IOException e) {
                    continue; // it failed at the start, twice: start would try again
                } finally {
                    disk.fail(0, 0);
                }
                String where = length + " calls fail from " + fail;
                Promise last = history.accept(123, "z@x");
                assertThat(last.refused).as(where).isFalse();
                history.check(history.queue, Promise.NEVER - 1, where);
                history.queue.close();
                try (Queue again = open(disk)) {
                    history.check(again, Promise.NEVER - 1, where + ", restarted");
                    List<WaitingMessage> waiting = Sample.waiting(again.waiting());
                    for (WaitingMessage message : waiting) {
                        try (var body = again.messages().open(message.message())) {
                            byte[] octets = body.readAllBytes();
                            assertThat(history.promises)
                                    .as(where)
                                    .noneMatch(promise -> promise.refused && Arrays.equals(promise.octets, octets));
                        }
                    }
                }
            }
        }
        assertThat(log()).doesNotContain("damaged").doesNotContain("bug");
    }

    @Test
    void damageInTheMiddleIsSetAsideWholeAndTheRestGoesOn() throws Exception {
        var disk = new TrialDisk();
        Queue queue = open(disk);
        var numbers = new ArrayList<Long>();
        for (int i = 0; i < 6; i++) {
            numbers.add(Sample.accepted(queue.enqueue(), Sample.octets(3000, i), "a@x"));
        }
        List<ModelDisk.DiskOperation> calls = disk.calls(); // killed here: no checkpoint
        for (int place : new int[] {100, 3300, 6500}) { // a body, a header or payload, another body
            TrialDisk damaged = TrialDisk.after(calls, calls.size(), Fate.WholeChanges.KEPT);
            var file = damaged.open("segments/0000000001");
            file.write(ByteBuffer.wrap(new byte[] {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}), place);
            try (Queue after = open(damaged)) {
                List<WaitingMessage> waiting = Sample.waiting(after.waiting());
                assertThat(waiting).hasSize(5);
                for (WaitingMessage message : waiting) {
                    try (var body = after.messages().open(message.message())) {
                        assertThat(body.readAllBytes())
                                .isEqualTo(Sample.octets(3000, numbers.indexOf(message.message())));
                    }
                }
                assertThat(damaged.list("damaged")).hasSize(1);
                assertThat(damaged.size("damaged/" + damaged.list("damaged").getFirst()))
                        .isBetween(3000L, 3200L);
            }
        }
        queue.close();
        assertThat(log()).contains("alert: queue: segments/0000000001: ").contains("copied to queue/damaged/");
    }

    @Test
    void damageFoundWhenPresentedIsSetAsideAndTheRestIsPresented() throws Exception {
        var disk = new TrialDisk();
        Queue queue = open(disk);
        long bad = Sample.accepted(queue.enqueue(), Sample.octets(300, 1), "a@x");
        long badBody = Sample.accepted(queue.enqueue(), Sample.octets(3000, 2), "a@x");
        long good = Sample.accepted(queue.enqueue(), Sample.octets(300, 3), "a@x");
        var file = disk.open("segments/0000000001");
        file.write(ByteBuffer.wrap(new byte[8]), 100);
        file.write(ByteBuffer.wrap(new byte[8]), 1500);
        try (var session = queue.waiting().open()) {
            assertThat(Sample.drain(session))
                    .extracting(WaitingMessage::message)
                    .containsExactly(badBody, good);
            assertThat(org.assertj.core.api.Assertions.catchThrowable(
                            () -> queue.messages().open(badBody)))
                    .isInstanceOf(java.io.FileNotFoundException.class);
        }
        assertThat(disk.list("damaged")).hasSize(2);
        queue.close();
        try (Queue again = open(disk)) {
            assertThat(Sample.waiting(again.waiting()))
                    .extracting(WaitingMessage::message)
                    .containsExactly(good);
        }
        assertThat(bad).isLessThan(good);
    }

    @Test
    void damagedCheckpointCostsNothingWhileAnOlderOneIsThere() throws Exception {
        History history = recorded();
        history.queue.close();
        TrialDisk disk = history.disk;
        List<String> checkpoints = disk.list("checkpoints").stream().sorted().toList();
        assertThat(checkpoints).hasSize(2);
        var file = disk.open("checkpoints/" + checkpoints.getLast());
        file.write(ByteBuffer.wrap(new byte[] {77}), file.size() - 20);
        try (Queue queue = open(disk)) {
            history.synced();
            history.check(queue, Promise.NEVER - 1, "newest checkpoint damaged");
        }
        assertThat(log()).contains("alert: queue: queue/checkpoints/" + checkpoints.getLast() + " cannot be used");
    }

    @Test
    void withoutAnyCheckpointNothingIsLost() throws Exception {
        History history = recorded();
        history.queue.close();
        TrialDisk disk = history.disk;
        for (String name : disk.list("checkpoints")) {
            disk.delete("checkpoints/" + name);
        }
        try (Queue queue = open(disk)) {
            Set<Long> waiting = new HashSet<>();
            Sample.waiting(queue.waiting()).forEach(message -> waiting.add(message.message()));
            for (Promise promise : history.promises) {
                if (promise.endReportedAt == Promise.NEVER) {
                    assertThat(waiting).contains(promise.number);
                    try (var body = queue.messages().open(promise.number)) {
                        assertThat(body.readAllBytes()).isEqualTo(promise.octets);
                    }
                }
            }
        }
    }

    @Test
    void missingSegmentIsReportedAndItsMessagesComeBackWithIt() throws Exception {
        var disk = new TrialDisk();
        Queue queue = open(disk);
        long number = Sample.accepted(queue.enqueue(), Sample.octets(300, 1), "a@x");
        queue.close();
        byte[] octets = new byte[(int) disk.size("segments/0000000001")];
        disk.open("segments/0000000001").read(ByteBuffer.wrap(octets), 0);
        disk.delete("segments/0000000001");
        try (Queue without = open(disk)) {
            assertThat(Sample.waiting(without.waiting())).isEmpty();
            Sample.accepted(without.enqueue(), Sample.octets(10, 2), "b@x");
        }
        disk.create("segments/0000000001").write(ByteBuffer.wrap(octets), 0);
        try (Queue back = open(disk)) {
            assertThat(Sample.waiting(back.waiting()))
                    .extracting(WaitingMessage::message)
                    .contains(number)
                    .hasSize(2);
        }
        assertThat(log()).contains("alert: queue: queue/segments/0000000001 is missing, and 1 messages with it");
    }

    @Test
    void writeErrorIsAnsweredAndLaterMessagesAreTaken() throws Exception {
        var disk = new TrialDisk();
        try (Queue queue = open(disk)) {
            long before = Sample.accepted(queue.enqueue(), Sample.octets(10, 1), "a@x");
            disk.fail(0, 100);
            for (int i = 0; i < 3; i++) {
                assertThat(Sample.submit(queue.enqueue(), Sample.octets(10, 5), Sample.envelope("b@x")))
                        .isEqualTo(new Receipt.TemporaryFailure(
                                new carteiro.mail.Status(4, 3, 1), "queue cannot write its disk now"));
            }
            disk.fail(0, 0);
            long after = Sample.accepted(queue.enqueue(), Sample.octets(10, 2), "c@x");
            try (var session = queue.waiting().open()) {
                assertThat(session.next(10, Duration.ZERO))
                        .extracting(WaitingMessage::message)
                        .containsExactly(before, after);
            }
        }
        assertThat(log()).contains("cannot write (").contains(": writing again");
    }
}
