package carteiro.log;

import static org.assertj.core.api.Assertions.assertThat;

import carteiro.testkit.Covers;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;

class EventLogTest {
    private record Ended(long message) implements LogEvent {
        @Override
        public String line() {
            return "end msg " + message;
        }
    }

    private static final Clock CLOCK = Clock.fixed(Instant.ofEpochSecond(1_795_487_925L, 123_456_789), ZoneOffset.UTC);

    private static String logged(EventLog.Form form, LogEvent... events) {
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
        assertThat(logged(EventLog.Form.PLAIN, new Ended(1), new Ended(2))).isEqualTo("end msg 1\nend msg 2\n");
    }

    @Test
    void tai64nIsWhatMultilogWrites() {
        // 2^62 + 10 + 1795487925, then the nanoseconds
        assertThat(logged(EventLog.Form.TAI64N, new Ended(1)))
                .isEqualTo("@%016x%08x end msg 1\n".formatted(0x400000000000000aL + 1_795_487_925L, 123_456_789));
    }

    @Test
    void jsonHasTheFieldsAndTheLine() {
        assertThat(logged(EventLog.Form.JSON, new Ended(457)))
                .isEqualTo("{\"time\":\"2026-11-24T02:38:45.123456789Z\",\"event\":\"Ended\",\"message\":457,"
                        + "\"line\":\"end msg 457\"}\n");
        assertThat(logged(EventLog.Form.JSON, new Note(Note.Level.INFO, "smtpd", "a \"b\" \\ c")))
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
        var log = new EventLog(slow, EventLog.Form.PLAIN, CLOCK);
        for (int i = 0; i < EventLog.WAITING_LINES + 5_000; i++) {
            log.log(new Ended(i)); // returns at once, or this test does not end
        }
        stuck.countDown();
        log.close();
        assertThat(out.toString(StandardCharsets.ISO_8859_1)).containsPattern("alert: log: \\d+ lines lost");
    }

    @Test
    @Covers("qmail:G02")
    void whatComesFromOutsideIsMadeSafeAsInQmail() {
        assertThat(LogText.safe("a b%c\nd\u00e9\u0001")).isEqualTo("a_b_c/d__");
        assertThat(LogText.safe("x".repeat(LogText.LIMIT))).hasSize(LogText.LIMIT);
        assertThat(LogText.safe("x".repeat(LogText.LIMIT + 1))).endsWith("x...");
    }
}
