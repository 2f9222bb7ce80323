package carteiro.wire;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class WatchdogTest {
    private static final Duration SOON = Duration.ofMillis(300);

    private static boolean closes(CountDownLatch closed) throws InterruptedException {
        return closed.await(30, TimeUnit.SECONDS);
    }

    @Test
    void whatTakesTooLongIsClosedWhatEndsInTimeIsNot() throws Exception {
        try (var watchdog = new Watchdog()) {
            var late = new CountDownLatch(1);
            var inTime = new CountDownLatch(1);
            long begun = System.nanoTime();
            try (var _ = watchdog.closeAfter(SOON, late::countDown)) {
                watchdog.closeAfter(SOON, inTime::countDown).close();
                assertThat(closes(late)).isTrue();
            }
            assertThat(System.nanoTime() - begun).isGreaterThanOrEqualTo(SOON.toNanos());
            assertThat(inTime.getCount()).isOne();
        }
    }

    @Test
    void itWakesAgainAfterNothingWasToBeWatched() throws Exception {
        try (var watchdog = new Watchdog()) {
            for (int round = 0; round < 3; round++) {
                var late = new CountDownLatch(1);
                try (var _ = watchdog.closeAfter(Duration.ofMillis(1), late::countDown)) {
                    assertThat(closes(late)).isTrue();
                }
                Thread.sleep(500); // more than its longest look away: it rests again
            }
        }
    }

    @Test
    void oneThatCannotBeClosedDoesNotKeepTheOthers() throws Exception {
        try (var watchdog = new Watchdog()) {
            var late = new CountDownLatch(1);
            try (var _ = watchdog.closeAfter(Duration.ofMillis(1), () -> {
                        throw new StackOverflowError("no");
                    });
                    var _ = watchdog.closeAfter(Duration.ofMillis(1), () -> {
                        throw new IOException("no");
                    });
                    var _ = watchdog.closeAfter(SOON, late::countDown)) {
                assertThat(closes(late)).isTrue();
            }
        }
    }
}
