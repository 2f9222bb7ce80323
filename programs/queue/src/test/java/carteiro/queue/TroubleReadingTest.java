package carteiro.queue;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import carteiro.log.EventLog;
import carteiro.protocol.Waiting.Failure;
import carteiro.protocol.Waiting.Page;
import carteiro.protocol.Waiting.Report;
import carteiro.protocol.Waiting.UnreadableException;
import carteiro.segments.FileDisk;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A disk that does not give something out once, and gives it out the next time. */
class TroubleReadingTest {
    private static final int SEGMENT = 1 << 16;

    @TempDir
    Path folder;

    private final EventLog log = new EventLog(new ByteArrayOutputStream(), EventLog.LogFormat.PLAIN, Clock.systemUTC());

    @AfterEach
    void close() {
        log.close();
    }

    /** One read fails, after so many more. */
    private static final class FailingDisk extends FileDisk {
        private int left = -1;

        FailingDisk(Path folder) {
            super(folder);
        }

        synchronized void failAfter(int reads) {
            left = reads;
        }

        /** Whether the read failed for which it was told to. */
        synchronized boolean failed() {
            return left < 0;
        }

        private synchronized void read() throws IOException {
            if (left >= 0 && left-- == 0) {
                throw new IOException("Input/output error");
            }
        }

        @Override
        public OpenFile open(String name) throws IOException {
            return new Failing(super.open(name));
        }

        @Override
        public OpenFile create(String name) throws IOException {
            return new Failing(super.create(name));
        }

        private final class Failing extends PassedOn {
            Failing(OpenFile file) {
                super(file);
            }

            @Override
            public int read(ByteBuffer into, long at) throws IOException {
                FailingDisk.this.read();
                return super.read(into, at);
            }
        }
    }

    @Test
    @DisplayName(
            "whichever read fails while a sparse segment is rewritten, the messages and what was said of them are kept")
    void rewriting() throws Exception {
        int trials = 0;
        boolean failed = true;
        while (failed) {
            var disk = new FailingDisk(Files.createDirectory(folder.resolve("queue" + trials)));
            try (Queue queue = new Queue(disk, () -> new QueueSettings(1 << 20, 1 << 20), log, Sample.EARLY, SEGMENT)) {
                List<Long> kept = fill(queue);
                disk.failAfter(trials);
                rewrite(queue);
                failed = disk.failed();
                disk.failAfter(-1);
                rewrite(queue);
                try (var session = queue.waiting().open()) {
                    assertThat(Sample.drain(session))
                            .extracting(waiting -> waiting.message())
                            .isEqualTo(kept);
                    for (long number : kept) {
                        assertThat(session.failures(number))
                                .as("read %d failed", trials)
                                .containsExactly(new Failure(1, "failed " + number));
                        assertThat(queue.messages().open(number).readAllBytes())
                                .isEqualTo(Sample.octets(10_000, number));
                    }
                }
            }
            trials++;
        }
        assertThat(trials).as("reads that failed").isGreaterThan(5);
    }

    @Test
    void aMessageThatCannotBeReadNowIsToldWhenItCan() throws Exception {
        var disk = new FailingDisk(Files.createDirectory(folder.resolve("queue")));
        try (Queue queue = new Queue(disk, () -> new QueueSettings(1 << 20, 1 << 20), log, Sample.EARLY, SEGMENT)) {
            long number = Sample.accepted(queue.enqueue(), Sample.octets(100, 1), "a@x", "b@x");
            try (var session = queue.waiting().open()) {
                disk.failAfter(0);
                assertThat(session.next(10, Duration.ZERO)).isEmpty();
                assertThat(session.next(10, Duration.ofSeconds(60)))
                        .extracting(waiting -> waiting.message())
                        .containsExactly(number);
                disk.failAfter(0);
                assertThatThrownBy(() -> session.recipients(number, 0)).isInstanceOf(UnreadableException.class);
                assertThat(session.recipients(number, 0).recipients()).hasSize(2);
                session.report(List.of(new Report.MessageEnded(number)));
                assertThat(session.recipients(number, 0)).isEqualTo(Page.NONE);
            }
        }
    }

    /** Three segments of which a sixth is needed. */
    private static List<Long> fill(Queue queue) throws IOException {
        var kept = new ArrayList<Long>();
        for (int i = 1; i <= 18; i++) {
            long number = Sample.accepted(queue.enqueue(), Sample.octets(10_000, i), "a@x", "b@x");
            assertThat(number).isEqualTo(i);
            try (var session = queue.waiting().open()) {
                if (i % 6 == 1) {
                    kept.add(number);
                    session.report(List.of(new Report.RecipientFailed(number, 1, "failed " + i)));
                } else {
                    session.report(List.of(new Report.MessageEnded(number)));
                }
            }
        }
        queue.checkpoint();
        queue.checkpoint();
        return kept;
    }

    private static void rewrite(Queue queue) {
        try {
            while (queue.cleaning().rewriteSparse() > 0) {
                queue.checkpoint();
                queue.checkpoint();
                queue.cleaning().dead();
            }
        } catch (IOException e) {
            assertThat(e).hasMessageContaining("Input/output error"); // another time
        }
    }
}
