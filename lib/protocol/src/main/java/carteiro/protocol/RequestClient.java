package carteiro.protocol;

import carteiro.protocol.ConnectionPool.PooledConnection;
import carteiro.wire.FrameReader;
import carteiro.wire.FrameWriter;
import carteiro.wire.MalformedFrameException;
import java.io.Closeable;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The numbered questions of one client to one endpoint (docs/protocols/README.md). Any number of threads ask at once, all of them
 * over one connection, so that questions of the same moment, and their answers, go out and come in together.
 */
final class RequestClient implements Closeable {
    /** How long what the other side said before it closed may take to be read. */
    private static final Duration LAST_WORDS = Duration.ofSeconds(1);

    private final ConnectionPool connections;
    private final int answerLimit;
    private final ReentrantLock connecting = new ReentrantLock();
    private volatile @Nullable SharedConnection current;
    private volatile boolean closed;

    /** @param answerLimit the most octets of an answer; a larger one ends the connection */
    RequestClient(ConnectionPool connections, int answerLimit) {
        this.connections = connections;
        this.answerLimit = answerLimit;
    }

    /** Writes the fields of a question. */
    interface RequestWriter {
        void into(FrameWriter frame);
    }

    /** The connection ended before the answer. If the question was sent whole, it may have been understood. */
    private static final class ConnectionLostException extends IOException {
        private static final long serialVersionUID = 1L;
        final boolean sent;

        ConnectionLostException(String message, boolean sent, @Nullable Throwable cause) {
            super(message, cause);
            this.sent = sent;
        }
    }

    /** What the program says of a question that it could not answer because of itself. */
    private static final class RequestFailedException extends IOException {
        private static final long serialVersionUID = 1L;

        RequestFailedException(String message) {
            super(message);
        }
    }

    /** One connection, until it ends. */
    private final class SharedConnection {
        final PooledConnection connection;
        final FrameSender sender;
        final ConcurrentMap<Long, CompletableFuture<FrameReader>> waiting = new ConcurrentHashMap<>();
        final AtomicLong last = new AtomicLong();
        private final CountDownLatch allRead = new CountDownLatch(1);
        private volatile @Nullable RefusedException refusal;
        volatile boolean ended;

        SharedConnection(PooledConnection connection) {
            this.connection = connection;
            this.sender = new FrameSender("to " + connections.program(), new Written());
            Thread.ofVirtual().name("from " + connections.program()).start(this::read);
        }

        FrameReader ask(Duration limit, RequestWriter question) throws IOException {
            long number = last.incrementAndGet();
            var frame = FrameWriter.marked(RequestServer.NUMBERED).put(number);
            question.into(frame);
            var answer = new CompletableFuture<FrameReader>();
            waiting.put(number, answer);
            try {
                return answered(limit, answer, put(frame));
            } finally {
                waiting.remove(number);
            }
        }

        private long put(FrameWriter frame) throws IOException {
            try {
                if (ended) { // whoever ended it may not have seen this question
                    throw new IOException("the connection is closed");
                }
                return sender.put(frame);
            } catch (InterruptedIOException e) {
                throw e;
            } catch (IOException e) {
                throwIfRefused();
                throw new ConnectionLostException(connections.program() + " was lost before it was asked", false, e);
            }
        }

        /** What is written. When that fails the other side has closed: what it said before is read before we close, too. */
        private final class Written implements WritableByteChannel {
            @Override
            public int write(ByteBuffer octets) throws IOException {
                try {
                    return connection.channel.write(octets);
                } catch (IOException e) {
                    awaitLastWords();
                    throw e;
                }
            }

            @Override
            public boolean isOpen() {
                return connection.channel.isOpen();
            }

            @Override
            public void close() {
                connection.close();
            }
        }

        private void awaitLastWords() {
            try {
                var _ = allRead.await(LAST_WORDS.toMillis(), TimeUnit.MILLISECONDS);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }

        private void throwIfRefused() throws RefusedException {
            awaitLastWords();
            RefusedException refused = refusal;
            if (refused != null) {
                throw new RefusedException(String.valueOf(refused.getMessage()), refused);
            }
        }

        private FrameReader answered(Duration limit, CompletableFuture<FrameReader> answer, long end)
                throws IOException {
            try (var _ = connections.watchdog().closeAfter(limit, () -> answer.completeExceptionally(late(limit)))) {
                return answer.get();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new IOException("interrupted while " + connections.program() + " was asked", e);
            } catch (ExecutionException e) {
                switch (e.getCause()) {
                    case MalformedFrameException malformed -> throw malformed;
                    case SocketTimeoutException late -> throw late;
                    case RefusedException refused ->
                        throw new RefusedException(String.valueOf(refused.getMessage()), refused);
                    case RequestFailedException failed -> throw failed;
                    case null, default -> {
                        sender.finish(); // what was not written whole cannot have been understood
                        throw new ConnectionLostException(
                                e.getCause() instanceof NoGreetingException silent
                                        ? String.valueOf(silent.getMessage())
                                        : connections.program() + " was lost before it answered",
                                sender.hasLeft(end),
                                e.getCause());
                    }
                }
            }
        }

        private SocketTimeoutException late(Duration limit) {
            return new SocketTimeoutException(
                    connections.program() + " has not answered for " + limit.toSeconds() + " seconds");
        }

        private void read() {
            Throwable why;
            try {
                while (true) {
                    FrameReader frame = FrameReader.receive(connection.in, answerLimit);
                    boolean answer = frame.marked(RequestServer.NUMBERED);
                    if (!answer && !frame.marked(RequestServer.UNANSWERED)) {
                        throw new MalformedFrameException("answer without a number");
                    }
                    long number = frame.number(1, last.get());
                    CompletableFuture<FrameReader> asked = waiting.remove(number);
                    if (asked != null && answer) {
                        asked.complete(frame);
                    } else if (asked != null) {
                        asked.completeExceptionally(new RequestFailedException(
                                connections.program() + " failed at this; its log tells more"));
                    } // else it came too late
                }
            } catch (Throwable e) { // an Error too: nobody shall wait for what nobody reads
                VitalThread.endProcessIfOutOfMemory(e);
                why = e;
            }
            if (why instanceof RefusedException refused) {
                refusal = refused;
            }
            ended = true;
            allRead.countDown();
            sender.end();
            connection.close();
            for (CompletableFuture<FrameReader> asked : waiting.values()) {
                asked.completeExceptionally(why);
            }
        }
    }

    /**
     * Asks what is safe to ask twice: if the connection is lost, once more by a new one.
     *
     * @param limit how long the answer may take
     * @throws NotRunningException if the program cannot be reached
     * @throws MalformedFrameException if what it says makes no sense
     */
    FrameReader ask(Duration limit, RequestWriter question) throws IOException {
        return ask(limit, question, true);
    }

    /** Asks what must not be asked twice: once more only if it was not sent whole. */
    FrameReader askOnce(Duration limit, RequestWriter question) throws IOException {
        return ask(limit, question, false);
    }

    private FrameReader ask(Duration limit, RequestWriter question, boolean twice) throws IOException {
        SharedConnection kept = connected(null);
        try {
            return kept.ask(limit, question);
        } catch (ConnectionLostException e) {
            if (e.sent && !twice) {
                throw e;
            }
            return connected(kept).ask(limit, question);
        }
    }

    String program() {
        return connections.program();
    }

    /** Finds out whether the program is there. */
    void reach() throws IOException {
        connected(null);
    }

    /** The connection that all share, which is not {@code lost}. */
    private SharedConnection connected(@Nullable SharedConnection lost) throws IOException {
        SharedConnection now = current;
        if (now != null && now != lost && !now.ended) {
            return now;
        }
        connecting.lock(); // those who come meanwhile share what the first one gets
        try {
            now = current;
            if (now == null || now == lost || now.ended) {
                if (closed) {
                    throw new NotRunningException(
                            connections.program() + " is no longer asked: this program is stopping");
                }
                now = new SharedConnection(connections.connect());
                current = now;
            }
            return now;
        } finally {
            connecting.unlock();
        }
    }

    @Override
    public void close() {
        connecting.lock();
        try {
            closed = true;
            SharedConnection now = current;
            if (now != null) {
                now.connection.close();
            }
        } finally {
            connecting.unlock();
        }
    }
}
