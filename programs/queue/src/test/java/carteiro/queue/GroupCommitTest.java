package carteiro.queue;

import static org.assertj.core.api.Assertions.assertThat;

import carteiro.log.EventLog;
import carteiro.protocol.Waiting.Report;
import carteiro.segments.Disk;
import carteiro.segments.FileDisk;
import carteiro.segments.Segments;
import carteiro.testkit.ModelDisk.DiskOperation;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a message costs in syncs. */
class GroupCommitTest {
    private static final int SEGMENT = 1 << 20;
    private static final byte[] HELLO = Sample.octets(300, 1);

    private final EventLog log =
            new EventLog(OutputStream.nullOutputStream(), EventLog.LogFormat.PLAIN, Clock.systemUTC());

    @AfterEach
    void end() {
        log.close();
    }

    private Queue open(Disk disk) throws IOException {
        return new Queue(disk, () -> new QueueSettings(1 << 20, 1 << 20), log, Sample.EARLY, SEGMENT);
    }

    @Test
    @DisplayName("a lone message is one write and one sync, and its outcome is synced with the next")
    void aLoneMessage() throws Exception {
        var disk = new TrialDisk();
        try (Queue queue = open(disk);
                var session = queue.waiting().open()) {
            Sample.accepted(queue.enqueue(), HELLO, "first@x"); // opens the segment
            int before = disk.callCount();
            long number = Sample.accepted(queue.enqueue(), HELLO, "a@x");
            assertThat(since(disk, before)).extracting(Class::getSimpleName).containsExactly("Write", "Force");
            long began;
            do { // outcomes are synced after a second at the latest: if this machine took longer, it proves nothing
                began = System.nanoTime();
                before = disk.callCount();
                session.report(List.of(new Report.RecipientDelivered(number, 0)));
                number = Sample.accepted(queue.enqueue(), HELLO, "a@x"); // queue takes them in order
            } while (System.nanoTime() - began > TimeUnit.MILLISECONDS.toNanos(900));
            assertThat(since(disk, before))
                    .filteredOn(DiskOperation.Force.class::equals)
                    .hasSize(1);
        }
    }

    private static List<? extends Class<?>> since(TrialDisk disk, int before) {
        return disk.calls().subList(before, disk.callCount()).stream()
                .<Class<?>>map(DiskOperation::getClass)
                .toList();
    }

    /** A disk whose syncs of segments can be held up. */
    private static final class SlowDisk extends FileDisk {
        final AtomicInteger writes = new AtomicInteger();
        final AtomicInteger syncs = new AtomicInteger();
        final CountDownLatch syncing = new CountDownLatch(1);
        final CountDownLatch go = new CountDownLatch(1);
        volatile boolean slow;

        SlowDisk(Path folder) {
            super(folder);
        }

        @Override
        public OpenFile create(String name) throws IOException {
            OpenFile file = super.create(name);
            return name.startsWith(Segments.FOLDER) ? new Segment(file) : file;
        }

        private final class Segment extends PassedOn {
            Segment(OpenFile file) {
                super(file);
            }

            @Override
            public void write(ByteBuffer octets, long at) throws IOException {
                writes.incrementAndGet();
                super.write(octets, at);
            }

            @Override
            public void force() throws IOException {
                syncs.incrementAndGet();
                if (slow) {
                    syncing.countDown();
                    try {
                        go.await();
                    } catch (InterruptedException e) {
                        throw new IOException(e);
                    }
                }
                super.force();
            }
        }
    }

    /** Whether its message has been handed in: it may wait elsewhere, too. */
    private static boolean awaitsItsAnswer(Thread thread) {
        return Arrays.stream(thread.getStackTrace())
                .anyMatch(frame -> frame.getClassName().equals(CompletableFuture.class.getName())
                        && frame.getMethodName().equals("join"));
    }

    @Test
    @DisplayName("what gathers during a sync is written in one call, synced once, and answered only then")
    void manyAtOnce(@TempDir Path folder) throws Exception {
        int many = 200;
        var disk = new SlowDisk(folder);
        try (Queue queue = open(disk);
                var clients = Executors.newVirtualThreadPerTaskExecutor()) {
            Sample.accepted(queue.enqueue(), HELLO, "first@x");
            disk.slow = true;
            var answers = new ArrayList<Future<Long>>();
            answers.add(clients.submit(() -> Sample.accepted(queue.enqueue(), HELLO, "alone@x")));
            assertThat(disk.syncing.await(20, TimeUnit.SECONDS)).isTrue();
            int writes = disk.writes.get();
            int syncs = disk.syncs.get();
            var arriving = new ArrayList<Thread>();
            for (int i = 0; i < many; i++) {
                var answer = new FutureTask<Long>(() -> Sample.accepted(queue.enqueue(), HELLO, "a@x"));
                answers.add(answer);
                arriving.add(Thread.ofVirtual().start(answer));
            }
            for (Thread each : arriving) {
                while (!awaitsItsAnswer(each)) {
                    Thread.onSpinWait();
                }
            }
            assertThat(answers).noneMatch(Future::isDone);
            disk.go.countDown();
            for (Future<Long> answer : answers) {
                assertThat(answer.get(20, TimeUnit.SECONDS)).isPositive();
            }
            assertThat(disk.syncs.get() - syncs).isEqualTo(1);
            assertThat(disk.writes.get() - writes).isEqualTo(1);
        }
    }
}
