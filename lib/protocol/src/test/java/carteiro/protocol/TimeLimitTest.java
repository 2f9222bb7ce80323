package carteiro.protocol;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import carteiro.wire.Watchdog;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.SocketTimeoutException;
import java.nio.channels.Channels;
import java.nio.channels.Pipe;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

class TimeLimitTest {
    @Test
    @Timeout(20)
    void whoeverNeitherSaysNorReadsAnythingIsLeft() throws Exception {
        Pipe pipe = Pipe.open();
        try (var watchdog = new Watchdog()) {
            var limit = new TimeLimit(watchdog, Duration.ofMillis(300), pipe.source());
            InputStream in = limit.over(Channels.newInputStream(pipe.source()));
            OutputStream peer = Channels.newOutputStream(pipe.sink());
            peer.write(new byte[] {7, 8});
            assertThat(in.read()).isEqualTo(7);
            assertThat(in.readNBytes(1)).containsExactly(8);
            assertThatThrownBy(in::read)
                    .isInstanceOf(SocketTimeoutException.class)
                    .hasMessage("nothing within 0 s");
            assertThat(pipe.source().isOpen()).isFalse();
        }
        Pipe full = Pipe.open();
        try (var watchdog = new Watchdog()) {
            var limit = new TimeLimit(watchdog, Duration.ofMillis(300), full.sink());
            OutputStream out = limit.over(Channels.newOutputStream(full.sink()));
            out.write(1);
            assertThatThrownBy(() -> out.write(new byte[1 << 20])).isInstanceOf(SocketTimeoutException.class);
            assertThatThrownBy(() -> out.write(1)).isNotInstanceOf(SocketTimeoutException.class);
        }
        full.source().close();
    }
}
