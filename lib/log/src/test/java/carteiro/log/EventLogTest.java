package carteiro.log;

import static org.assertj.core.api.Assertions.assertThat;

import carteiro.testkit.Covers;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class EventLogTest {
    @EventName("message-ended")
    private record Ended(long message) implements LogEvent {
        @Override
        public String program() {
            return "send";
        }

        @Override
        public String line() {
            return "end msg " + message;
        }
    }

    private static final Clock CLOCK = Clock.fixed(Instant.ofEpochSecond(1_795_487_925L, 123_456_789), ZoneOffset.UTC);

    private static String logged(EventLog.LogFormat form, LogEvent... events) {
        var out = new ByteArrayOutputStream();
        try (var log = new EventLog(out, form, CLOCK)) {
            for (LogEvent event : events) {
                log.log(event);
            }
        }
        return out.toString(StandardCharsets.ISO_8859_1);
    }

    @Test
    void aReasonIsForPeople() {
        assertThat(LogText.reason(new AccessDeniedException("/a"))).isEqualTo("/a: permission denied");
        assertThat(LogText.reason(new NoSuchFileException("/a"))).isEqualTo("/a: there is no such file or folder");
        assertThat(LogText.reason(new FileSystemException("/a", null, "Too many levels of symbolic links")))
                .isEqualTo("/a: Too many levels of symbolic links");
        assertThat(LogText.reason(new IOException("No space left on device"))).isEqualTo("No space left on device");
        assertThat(LogText.reason(new IOException())).isEqualTo("java.io.IOException");
    }

    @Test
    void plainIsTheBareLine() {
        assertThat(logged(EventLog.LogFormat.PLAIN, new Ended(1), new Ended(2))).isEqualTo("end msg 1\nend msg 2\n");
    }

    @Test
    void tai64nIsWhatMultilogWrites() {
        // 2^62 + 10 + 1795487925, then the nanoseconds
        assertThat(logged(EventLog.LogFormat.TAI64N, new Ended(1)))
                .isEqualTo(String.format(
                        Locale.ROOT, "@%016x%08x end msg 1\n", 0x400000000000000aL + 1_795_487_925L, 123_456_789));
    }

    @Test
    void jsonHasTheFieldsAndTheLine() {
        assertThat(logged(EventLog.LogFormat.JSON, new Ended(457)))
                .isEqualTo(
                        "{\"time\":\"2026-11-24T02:38:45.123456789Z\",\"event\":\"message-ended\",\"program\":\"send\",\"message\":457,"
                                + "\"line\":\"end msg 457\"}\n");
        assertThat(logged(EventLog.LogFormat.JSON, new Note(Note.Level.INFO, "smtpd", "a \"b\" \\ c")))
                .contains("\"text\":\"a \\\"b\\\" \\\\ c\"");
    }

    @Test
    void aReaderThatStopsReadingStopsNoCallerAndLossIsCounted() {
        var stuck = new CountDownLatch(1);
        var out = new ByteArrayOutputStream();
        var slow = new OutputStream() {
            @Override
            public void write(int octet) {
                throw new AssertionError("lines come whole");
            }

            @Override
            public void write(byte[] octets, int from, int length) {
                try {
                    stuck.await();
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
                out.write(octets, from, length);
            }
        };
        var log = new EventLog(slow, EventLog.LogFormat.PLAIN, CLOCK);
        for (int i = 0; i < EventLog.WAITING_LINES + 5_000; i++) {
            log.log(new Ended(i)); // returns at once, or this test does not end
        }
        stuck.countDown();
        log.close();
        assertThat(out.toString(StandardCharsets.ISO_8859_1)).containsPattern("alert: log: \\d+ lines lost");
    }

    /** A disk that is full, at times. */
    private static final class Disk extends OutputStream {
        private final ByteArrayOutputStream written = new ByteArrayOutputStream();
        private final Semaphore tries = new Semaphore(0);
        private volatile int room;

        @Override
        public void write(int octet) {
            throw new AssertionError("lines come whole");
        }

        @Override
        public synchronized void write(byte[] octets, int from, int length) throws IOException {
            int fits = Math.min(room, length);
            written.write(octets, from, fits);
            room -= fits;
            tries.release(); // now the test may make room for the next
            if (fits < length) {
                throw new IOException("No space left on device");
            }
        }

        synchronized String text() {
            return written.toString(StandardCharsets.ISO_8859_1);
        }
    }

    private static EventLog on(OutputStream out, Duration retry) {
        return new EventLog(out, EventLog.LogFormat.PLAIN, CLOCK, Severity.IN_WORDS, _ -> {}, retry);
    }

    @Test
    void linesLostOnAFullDiskAreCountedAndToldWhenThereIsRoom() throws Exception {
        var disk = new Disk();
        disk.room = 5;
        try (var log = on(disk, Duration.ofHours(1))) {
            for (int i = 1; i <= 4; i++) {
                log.log(new Ended(i));
                disk.tries.acquire(); // of the line, or of what tells how many were lost
            }
            disk.room = 1_000_000;
            log.log(new Ended(5));
        }
        assertThat(disk.text())
                .isEqualTo("end m\nalert: log: 4 lines lost: it could not be written (No space left on device)\n"
                        + "end msg 5\n");
    }

    @Test
    void linesLostAreToldThoughNothingElseIsLogged() throws Exception {
        var disk = new Disk();
        try (var log = on(disk, Duration.ofMillis(1))) {
            log.log(new Ended(1));
            disk.tries.acquire(3); // it tries by itself
            disk.room = 1_000_000;
            while (disk.text().isEmpty()) {
                disk.tries.acquire();
            }
        }
        assertThat(disk.text())
                .isEqualTo("\nalert: log: 1 lines lost: it could not be written (No space left on device)\n");
    }

    @Test
    void whatWaitsIsBoundedInOctetsToo() {
        var stuck = new CountDownLatch(1);
        var out = new ByteArrayOutputStream();
        var slow = new OutputStream() {
            @Override
            public void write(int octet) {
                throw new AssertionError("lines come whole");
            }

            @Override
            public void write(byte[] octets, int from, int length) {
                try {
                    stuck.await();
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
                out.write(octets, from, length);
            }
        };
        var log = new EventLog(slow, EventLog.LogFormat.PLAIN, CLOCK);
        String long2000 = "x".repeat(LogText.LIMIT);
        for (int i = 0; i < 8_000; i++) { // 16 MB
            log.info("test", long2000);
        }
        stuck.countDown();
        log.close();
        assertThat(out.size()).isLessThan((int) EventLog.WAITING_OCTETS + 20_000);
        assertThat(out.toString(StandardCharsets.ISO_8859_1)).containsPattern("alert: log: \\d+ lines lost");
    }

    @Test
    void theJournalIsToldTheSeverity() throws Exception {
        var out = new ByteArrayOutputStream();
        try (var log = new EventLog(out, EventLog.LogFormat.TAI64N, CLOCK, Severity.PREFIXED)) {
            log.log(new Ended(1));
            log.warning("send", "w");
            log.alert("send", "a");
        }
        assertThat(out.toString(StandardCharsets.ISO_8859_1).replaceAll("@[0-9a-f]{24}", "@"))
                .isEqualTo("<6>@ end msg 1\n<4>@ warning: send: w\n<1>@ alert: send: a\n");
    }

    @Test
    void theJournalIsKnownByDeviceAndInode(@TempDir Path folder) throws Exception {
        Path stream = Files.createFile(folder.resolve("journal"));
        Path other = Files.createFile(folder.resolve("other"));
        String name = Files.getAttribute(stream, "unix:dev") + ":" + Files.getAttribute(stream, "unix:ino");
        assertThat(Severity.of(Map.of("JOURNAL_STREAM", name), stream)).isEqualTo(Severity.PREFIXED);
        assertThat(Severity.of(Map.of("JOURNAL_STREAM", name), other)).isEqualTo(Severity.IN_WORDS);
        assertThat(Severity.of(Map.of("JOURNAL_STREAM", name), folder.resolve("none")))
                .isEqualTo(Severity.IN_WORDS);
        assertThat(Severity.of(Map.of(), stream)).isEqualTo(Severity.IN_WORDS);
    }

    @Test
    @Covers("qmail:G02")
    void whatComesFromOutsideIsMadeSafeAsInQmail() {
        assertThat(LogText.safe("a b%c\nd\u00e9\u0001")).isEqualTo("a_b_c/d__");
        assertThat(LogText.safe("x".repeat(LogText.LIMIT))).hasSize(LogText.LIMIT);
        assertThat(LogText.safe("x".repeat(LogText.LIMIT + 1))).endsWith("x...");
    }

    /** A pipe without a reader, or another trouble. */
    private static OutputStream broken(String reason) {
        return new OutputStream() {
            @Override
            public void write(int octet) throws IOException {
                throw new IOException(reason);
            }
        };
    }

    @Test
    void whyALogCannotBeWrittenIsTold() throws Exception {
        var told = new java.util.concurrent.LinkedBlockingQueue<String>();
        try (var log =
                new EventLog(broken("Broken pipe"), EventLog.LogFormat.PLAIN, CLOCK, Severity.IN_WORDS, told::add)) {
            log.info("toy", "one");
            assertThat(told.take()).isEqualTo("Broken pipe");
        }
    }

    /** No file or pipe does so: a mistake of ours, by which nothing would be logged any more. */
    @Test
    void anEndOfTheLogsOwnThreadIsTold() throws Exception {
        var told = new java.util.concurrent.LinkedBlockingQueue<String>();
        var failing = new OutputStream() {
            @Override
            public void write(int octet) {
                throw new IllegalStateException("a mistake");
            }
        };
        try (var log = new EventLog(failing, EventLog.LogFormat.PLAIN, CLOCK, Severity.IN_WORDS, told::add)) {
            log.info("toy", "one");
            assertThat(told.take()).isEqualTo(EventLog.WRITER_ENDED);
        }
    }
}
