package carteiro.pop3;

import static org.assertj.core.api.Assertions.assertThat;

import carteiro.testkit.Covers;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.channels.Pipe;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A client that says nothing, or reads nothing. */
@Timeout(60)
class IdleLimitTest {
    private static final Duration SHORT = Duration.ofMillis(50);
    private static final Duration LONG = Duration.ofHours(1);

    private final CountDownLatch ended = new CountDownLatch(1);

    @Test
    void theTimesAreThoseOfQmail() {
        assertThat(QmailPop3d.SILENCE).isEqualTo(Duration.ofMinutes(20));
        assertThat(QmailPopup.SILENCE).isEqualTo(Duration.ofMinutes(20));
    }

    @Test
    @Covers("qmail:O08")
    void silenceEndsIt() throws Exception {
        Pipe pipe = Pipe.open();
        try (var source = pipe.source();
                var sink = pipe.sink();
                var limit = new IdleLimit(SHORT, LONG, ended::countDown)) {
            InputStream in = limit.over(Channels.newInputStream(source));
            Thread.ofVirtual().start(() -> {
                try {
                    in.read();
                } catch (java.io.IOException e) {
                    // the test is over
                }
            });
            assertThat(ended.await(20, TimeUnit.SECONDS)).isTrue();
        }
    }

    @Test
    void aClientThatDoesNotReadEndsIt() throws Exception {
        Pipe pipe = Pipe.open();
        try (var source = pipe.source();
                var sink = pipe.sink();
                var limit = new IdleLimit(SHORT, LONG, ended::countDown)) {
            OutputStream out = limit.over(Channels.newOutputStream(sink));
            Thread.ofVirtual().start(() -> {
                try {
                    out.write(new byte[4 << 20]);
                } catch (java.io.IOException e) {
                    // the test is over
                }
            });
            assertThat(ended.await(20, TimeUnit.SECONDS)).isTrue();
        }
    }

    @Test
    void ourOwnWorkIsNoSilence() throws Exception {
        try (var limit = new IdleLimit(SHORT, LONG, ended::countDown)) {
            assertThat(limit.over(InputStream.nullInputStream()).read()).isEqualTo(-1);
            assertThat(ended.await(4 * SHORT.toMillis(), TimeUnit.MILLISECONDS)).isFalse();
        }
    }

    @Test
    void theWholeHasALimitToo() throws Exception {
        try (var _ = new IdleLimit(LONG, SHORT, ended::countDown)) {
            assertThat(ended.await(20, TimeUnit.SECONDS)).isTrue();
        }
    }

    @Test
    void closedItEndsNothing() throws Exception {
        new IdleLimit(SHORT, SHORT, ended::countDown).close();
        assertThat(ended.await(4 * SHORT.toMillis(), TimeUnit.MILLISECONDS)).isFalse();
    }
}
