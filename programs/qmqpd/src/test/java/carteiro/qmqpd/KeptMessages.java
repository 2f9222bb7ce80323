package carteiro.qmqpd;

import carteiro.mail.Envelope;
import carteiro.protocol.Enqueue;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** A queue that keeps what is committed, or fails as told. */
final class KeptMessages implements Enqueue {
    record Kept(String text, Envelope envelope) {
        /** Without our Received field, two lines of it. */
        String sent() {
            return text.substring(text.indexOf('\n', text.indexOf('\n') + 1) + 1);
        }

        String received() {
            return text.substring(0, text.length() - sent().length());
        }
    }

    final List<Kept> messages = new CopyOnWriteArrayList<>();
    final AtomicInteger open = new AtomicInteger();
    volatile @Nullable Receipt answer;
    volatile boolean refuseOpen;
    volatile boolean breakOnOpen;
    volatile boolean loseWrites;
    volatile boolean loseCommit;
    volatile long largestWritten;
    volatile CountDownLatch hold = new CountDownLatch(0); // before an answer
    final AtomicInteger held = new AtomicInteger();

    @Override
    public Submission open() throws IOException {
        if (refuseOpen) {
            throw new IOException("queue is not running");
        }
        if (breakOnOpen) {
            throw new IllegalStateException("a bug in queue");
        }
        open.incrementAndGet();
        var message = new ByteArrayOutputStream();
        return new Submission() {
            private boolean closed;

            @Override
            public void write(byte[] octets, int from, int length) throws IOException {
                if (loseWrites && message.size() > 500) {
                    throw new IOException("queue is lost");
                }
                message.write(octets, from, length);
                largestWritten = Math.max(largestWritten, message.size());
            }

            @Override
            public Receipt commit(Envelope envelope, String fields) throws IOException {
                if (closed) {
                    throw new IllegalStateException("commit after close");
                }
                if (loseCommit) {
                    throw new IOException("queue is lost");
                }
                held.incrementAndGet();
                try {
                    hold.await();
                } catch (InterruptedException e) {
                    throw new IOException(e);
                }
                held.decrementAndGet();
                Receipt told = answer;
                if (told != null) {
                    return told;
                }
                messages.add(new Kept(message.toString(StandardCharsets.ISO_8859_1), envelope));
                return new Receipt.Accepted(456 + messages.size());
            }

            @Override
            public void close() {
                if (!closed) {
                    closed = true;
                    open.decrementAndGet();
                }
            }
        };
    }
}
