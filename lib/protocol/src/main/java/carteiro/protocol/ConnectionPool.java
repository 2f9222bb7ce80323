package carteiro.protocol;

import carteiro.wire.Watchdog;
import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.atomic.AtomicInteger;

/** The connections of one client to one endpoint, kept for further calls. */
final class ConnectionPool implements Closeable {
    private static final int MOST_IDLE = 64;
    private static final int BUFFER = 16 * 1024;

    private final Path socket;
    private final String program;
    private final Watchdog watchdog;
    private final ConcurrentLinkedDeque<PooledConnection> idle = new ConcurrentLinkedDeque<>();
    private final AtomicInteger idleCount = new AtomicInteger();

    ConnectionPool(Endpoint endpoint, Path run, Watchdog watchdog) {
        this.socket = endpoint.socket(run);
        this.program = endpoint.program();
        this.watchdog = watchdog;
    }

    /** A connection in the hands of one thread. */
    static final class PooledConnection implements Closeable {
        final SocketChannel channel;
        final InputStream in;
        final OutputStream out;

        PooledConnection(String program, SocketChannel channel) {
            this.channel = channel;
            var greeting = new GreetingInput(program, Channels.newInputStream(channel));
            this.in = new BufferedInputStream(greeting, BUFFER);
            this.out = new BufferedOutputStream(greeting.told(Channels.newOutputStream(channel)), BUFFER);
        }

        @Override
        public void close() {
            try {
                channel.close();
            } catch (IOException e) {
                // of no further use either way
            }
        }
    }

    /** What is done over a connection. */
    interface Exchange<T> {
        T over(PooledConnection connection) throws IOException;
    }

    /** A question with one answer, safe to ask twice: a stale idle connection is replaced by a new one. */
    <T> T ask(Duration limit, Exchange<T> exchange) throws IOException {
        PooledConnection kept = takeIdle();
        if (kept != null) {
            try {
                return once(kept, limit, exchange);
            } catch (carteiro.wire.MalformedFrameException e) {
                throw e;
            } catch (IOException e) {
                dropIdle(); // the program was restarted: all that is idle is as old
            }
        }
        return once(connect(), limit, exchange);
    }

    /** A question that must not be asked twice: always by a new connection. */
    <T> T askOnce(Duration limit, Exchange<T> exchange) throws IOException {
        return once(connect(), limit, exchange);
    }

    private <T> T once(PooledConnection connection, Duration limit, Exchange<T> exchange) throws IOException {
        T answer;
        try (var _ = watchdog.closeAfter(limit, connection)) {
            answer = exchange.over(connection);
        } catch (IOException | RuntimeException e) {
            connection.close();
            throw e;
        }
        giveBack(connection);
        return answer;
    }

    /** An idle connection, or null. */
    @org.jspecify.annotations.Nullable
    PooledConnection takeIdle() {
        PooledConnection kept = idle.pollFirst();
        if (kept != null) {
            idleCount.decrementAndGet();
        }
        return kept;
    }

    void giveBack(PooledConnection connection) {
        if (idleCount.incrementAndGet() > MOST_IDLE) {
            idleCount.decrementAndGet();
            connection.close();
        } else {
            idle.addFirst(connection);
        }
    }

    void dropIdle() {
        for (PooledConnection kept = takeIdle(); kept != null; kept = takeIdle()) {
            kept.close();
        }
    }

    PooledConnection connect() throws IOException {
        PooledConnection connection;
        try {
            connection = new PooledConnection(program, SocketChannel.open(UnixDomainSocketAddress.of(socket)));
        } catch (IOException e) {
            throw new NotRunningException(
                    program + " does not answer at " + socket + " (" + e.getMessage() + "); is it running?", e);
        }
        try {
            WireVersion.say(connection.out);
            return connection;
        } catch (RefusedException e) {
            connection.close();
            throw e;
        } catch (IOException e) {
            connection.close();
            throw new NotRunningException(program + " has closed the connection at " + socket + "; is it stopping?", e);
        }
    }

    String program() {
        return program;
    }

    Watchdog watchdog() {
        return watchdog;
    }

    @Override
    public void close() {
        dropIdle();
    }
}
