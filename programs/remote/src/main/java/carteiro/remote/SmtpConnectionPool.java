package carteiro.remote;

import carteiro.log.EventLog;
import carteiro.protocol.VitalThread;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Every connection there is: those in use, so that they can be closed when we stop, and those kept for the next message
 * to the same place. Any thread; no I/O under the lock.
 */
final class SmtpConnectionPool {
    /** The most that are kept, in all and to one place; each is about 50 KiB. */
    static final int MOST_KEPT = 200;

    static final int MOST_KEPT_EACH = 40;

    /** The most messages over one connection; many hosts allow no more than 100. */
    static final int MOST_MESSAGES = 100;

    /**
     * Where a connection leads, as whom, and what may be sent there.
     *
     * @param verified the name that was looked for in the certificate; empty where any would do
     */
    record ConnectionKey(InetSocketAddress address, TlsPolicy tls, Optional<RelayLogin> login, String verified) {
        static ConnectionKey of(NextHop hop, TlsPolicy tls, Optional<RelayLogin> login) {
            return new ConnectionKey(hop.address(), tls, login, tls == TlsPolicy.VERIFY ? hop.host() : "");
        }
    }

    private record IdleConnection(SmtpConnection connection, long since) {}

    private final Map<ConnectionKey, ArrayDeque<IdleConnection>> kept = new HashMap<>();
    private final Set<SmtpConnection> inUse = new HashSet<>();
    private final Duration keep;
    private final VitalThread sweeper;
    private int keptCount;
    private boolean closed;

    /**
     * None yet.
     *
     * @param keep how long an idle connection is kept
     */
    SmtpConnectionPool(Duration keep, EventLog log) {
        this.keep = keep;
        sweeper = VitalThread.start(
                Thread.ofVirtual().name("remote/kept"), "remote", log, this::isClosed, this::expireIdle);
    }

    private synchronized boolean isClosed() {
        return closed;
    }

    /** Whether those kept are still ended in time. */
    boolean alive() {
        return sweeper.alive();
    }

    /** Counts a new connection in; one that is made while we stop is closed at once. */
    void opened(SmtpConnection connection) {
        synchronized (this) {
            if (!closed) {
                inUse.add(connection);
                return;
            }
        }
        connection.close();
    }

    /** Counts a connection out and ends it. */
    void dropped(SmtpConnection connection) {
        synchronized (this) {
            inUse.remove(connection);
        }
        connection.end();
    }

    /** A kept connection to the place, the one used last first. */
    synchronized Optional<SmtpConnection> take(ConnectionKey place) {
        ArrayDeque<IdleConnection> there = kept.get(place);
        if (there == null) {
            return Optional.empty();
        }
        SmtpConnection connection = there.removeLast().connection;
        if (there.isEmpty()) {
            kept.remove(place);
        }
        keptCount--;
        inUse.add(connection);
        return Optional.of(connection);
    }

    synchronized boolean has(ConnectionKey place) {
        return kept.containsKey(place);
    }

    /**
     * Keeps the connection, or says goodbye if it has served enough, is out of step, there are too many, or it has answered
     * nothing since it was kept the last time: what fails without the other side's doing keeps no dead connection alive.
     */
    void keep(ConnectionKey place, SmtpConnection connection) {
        boolean fit = connection.hasAnswered() && connection.messages() < MOST_MESSAGES && !connection.isOutOfStep();
        connection.markIdle();
        synchronized (this) {
            inUse.remove(connection);
            ArrayDeque<IdleConnection> there = kept.get(place);
            if (fit && !closed && keptCount < MOST_KEPT && (there == null || there.size() < MOST_KEPT_EACH)) {
                kept.computeIfAbsent(place, _ -> new ArrayDeque<>())
                        .addLast(new IdleConnection(connection, System.nanoTime()));
                keptCount++;
                return;
            }
        }
        connection.quit();
    }

    /** Closes all that are kept to a place: one of them turned out to be dead. */
    void forget(ConnectionKey place) {
        ArrayDeque<IdleConnection> there;
        synchronized (this) {
            there = kept.remove(place);
            keptCount -= there == null ? 0 : there.size();
        }
        if (there != null) {
            there.forEach(each -> each.connection.end());
        }
    }

    synchronized int keptCount() {
        return keptCount;
    }

    private void expireIdle() {
        try {
            while (true) {
                Thread.sleep(Math.max(100, keep.toMillis() / 10));
                takeOlderThan(keep).forEach(SmtpConnection::quit);
            }
        } catch (InterruptedException e) {
            // closed
        }
    }

    private synchronized List<SmtpConnection> takeOlderThan(Duration age) {
        var old = new ArrayList<SmtpConnection>();
        long now = System.nanoTime();
        for (var places = kept.values().iterator(); places.hasNext(); ) {
            ArrayDeque<IdleConnection> there = places.next();
            while (!there.isEmpty() && now - there.getFirst().since >= age.toNanos()) {
                old.add(there.removeFirst().connection);
            }
            if (there.isEmpty()) {
                places.remove();
            }
        }
        keptCount -= old.size();
        return old;
    }

    /** Says goodbye on those kept; keeps no more. */
    void closeKept() {
        synchronized (this) {
            closed = true;
        }
        sweeper.interrupt();
        takeOlderThan(Duration.ZERO).forEach(SmtpConnection::quit);
    }

    /** Closes those in use; whoever speaks there gets an {@link java.io.IOException}. */
    void abort() {
        closeKept();
        List<SmtpConnection> left;
        synchronized (this) {
            left = List.copyOf(inUse);
        }
        left.forEach(SmtpConnection::close);
    }
}
