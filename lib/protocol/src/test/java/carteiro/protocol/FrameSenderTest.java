package carteiro.protocol;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import carteiro.wire.FrameReader;
import carteiro.wire.FrameWriter;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousCloseException;
import java.nio.channels.WritableByteChannel;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class FrameSenderTest {
    private final Stuck connection = new Stuck();
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();

    @AfterEach
    void close() {
        connection.close();
        threads.close();
    }

    /** A connection that takes nothing until it may. */
    private static final class Stuck implements WritableByteChannel {
        final CountDownLatch asked = new CountDownLatch(1);
        final CountDownLatch free = new CountDownLatch(1);
        final AtomicInteger writes = new AtomicInteger();
        final List<byte[]> buffers = new CopyOnWriteArrayList<>();
        final ByteArrayOutputStream got = new ByteArrayOutputStream();
        private volatile boolean closed;

        @Override
        public int write(ByteBuffer octets) throws IOException {
            asked.countDown();
            try {
                free.await();
            } catch (InterruptedException e) {
                throw new IOException(e);
            }
            if (closed) {
                throw new AsynchronousCloseException();
            }
            writes.incrementAndGet();
            buffers.add(octets.array());
            int count = octets.remaining();
            got.write(octets.array(), octets.arrayOffset() + octets.position(), count);
            octets.position(octets.limit());
            return count;
        }

        @Override
        public boolean isOpen() {
            return !closed;
        }

        @Override
        public void close() {
            closed |= free.getCount() > 0;
            free.countDown();
        }
    }

    @Test
    @DisplayName("what is put during one write goes out whole, in order, with the next one")
    void gathers() throws Exception {
        var sender = new FrameSender("test", connection);
        long first = sender.put(new FrameWriter().put(0));
        connection.asked.await();
        long last = first;
        for (int i = 1; i <= 100; i++) {
            last = sender.put(new FrameWriter().put(i));
        }
        assertThat(sender.hasLeft(first)).isFalse();
        connection.free.countDown();
        sender.finish();
        assertThat(connection.writes).hasValue(2);
        assertThat(sender.hasLeft(last)).isTrue();
        assertThat(sender.hasLeft(last + 1)).isFalse();
        var in = new ByteArrayInputStream(connection.got.toByteArray());
        for (int i = 0; i <= 100; i++) {
            assertThat(FrameReader.receive(in, 100).number(0, 100)).isEqualTo(i);
        }
        assertThat(in.available()).isZero();
    }

    @Test
    @DisplayName("a frame with a secret is overwritten, and so is every buffer that it went through")
    void leavesNoSecret() throws Exception {
        byte[] secret = "open sesame ".repeat(60).getBytes(StandardCharsets.US_ASCII);
        var sender = new FrameSender("test", connection);
        for (int i = 0; i < 5; i++) {
            sender.put(new FrameWriter().put(i));
            var frame = new FrameWriter().put("name").putSecret(secret);
            sender.put(frame);
            assertThat(frame.octets()).isZero();
        }
        connection.free.countDown();
        sender.finish();
        assertThat(connection.got.toString(StandardCharsets.US_ASCII)).containsSubsequence("sesame", "sesame");
        assertThat(connection.buffers)
                .isNotEmpty()
                .allSatisfy(buffer -> assertThat(new String(buffer, StandardCharsets.US_ASCII))
                        .doesNotContain("sesame"));
    }

    @Test
    @DisplayName("whoever puts more than the other side takes waits, and goes on when it takes more")
    void isBounded() throws Exception {
        var sender = new FrameSender("test", connection);
        byte[] chunk = new byte[32 * 1024];
        var put = new AtomicInteger();
        int frames = 100;
        Future<?> all = threads.submit(() -> {
            for (int i = 0; i < frames; i++) {
                sender.put(new FrameWriter().put(chunk, 0, chunk.length));
                put.incrementAndGet();
            }
            return null;
        });
        connection.asked.await();
        assertThatThrownBy(() -> all.get(200, TimeUnit.MILLISECONDS))
                .isInstanceOf(java.util.concurrent.TimeoutException.class);
        assertThat(put.get() * chunk.length)
                .isLessThan(3 * FrameSender.FULL); // what is being written, what gathers, and one over
        connection.free.countDown();
        all.get();
        sender.finish();
        assertThat(connection.got.size()).isGreaterThan(frames * chunk.length);
    }

    @Test
    @DisplayName(
            "who takes nothing for too long is given up: the connection is closed, nothing more is taken, nobody waits")
    void givesUp() throws Exception {
        var sender = new FrameSender("test", connection, Duration.ofMillis(50));
        byte[] chunk = new byte[2 * FrameSender.FULL];
        long first = sender.put(new FrameWriter().put(chunk, 0, chunk.length));
        connection.asked.await();
        sender.put(new FrameWriter().put(chunk, 0, chunk.length));
        assertThatThrownBy(() -> sender.put(new FrameWriter().put("too much"))).isInstanceOf(IOException.class);
        assertThat(connection.isOpen()).isFalse();
        sender.finish();
        assertThat(sender.hasLeft(first)).isFalse();
        assertThatThrownBy(() -> sender.put(new FrameWriter().put("later"))).isInstanceOf(IOException.class);
    }
}
