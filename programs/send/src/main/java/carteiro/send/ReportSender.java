package carteiro.send;

import carteiro.protocol.Waiting.Failure;
import carteiro.protocol.Waiting.Page;
import carteiro.protocol.Waiting.Report;
import carteiro.protocol.Waiting.UnreadableException;
import carteiro.protocol.Waiting.WaitingSession;
import carteiro.protocol.Wires;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Reports on their way to queue, in order. One thread sends whatever waits, up to 1000 in one call; while queue is away
 * they wait. The last ones taken are kept and said again in the next session, since queue may have been killed before it
 * had written them: queue ignores what it knows.
 */
final class ReportSender {
    /** In one call; the limit of {@link WaitingSession#report}. */
    static final int MOST = 1000;

    /** With so many waiting, no further delivery should start. */
    static final int FULL = 10_000;

    /** Taken reports that are kept, and the octets of paragraphs among them. */
    static final int RECENT = 2000;

    static final int RECENT_OCTETS = 1 << 20;

    /** With so many octets of paragraphs waiting, no further delivery should start. */
    static final int FULL_OCTETS = 4 << 20;

    /** Octets of paragraphs in one call; one more may follow. */
    private static final int MOST_OCTETS = 1 << 20;

    /** One report, or none; and what to do when queue has it and all before. */
    private record PendingReport(
            @Nullable Report report, @Nullable Runnable whenTaken) {}

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();

    /** Held over I/O: one call at a time on a session. Never taken while {@link #lock} is held. */
    private final ReentrantLock speaking = new ReentrantLock();

    private final ArrayDeque<PendingReport> waiting = new ArrayDeque<>();
    private final ArrayDeque<Report> recent = new ArrayDeque<>();
    private int recentOctets;
    private long waitingOctets;
    private @Nullable WaitingSession session;
    private boolean closed;
    private boolean busy;
    private final Runnable whenCaughtUp;

    /** @param whenCaughtUp done on the reporting thread when there is room for more deliveries again */
    ReportSender(Runnable whenCaughtUp) {
        this.whenCaughtUp = whenCaughtUp;
    }

    /** Adds a report. Never blocks. */
    void add(Report report) {
        add(new PendingReport(report, null));
    }

    /** Adds a report; then, when queue has taken it, something is done on the reporting thread. Never blocks. */
    void add(Report report, Runnable whenTaken) {
        add(new PendingReport(report, whenTaken));
    }

    /** Does something when queue has taken all reports so far. Never blocks. */
    void afterAll(Runnable whenTaken) {
        add(new PendingReport(null, whenTaken));
    }

    private void add(PendingReport entry) {
        lock.lock();
        try {
            waiting.addLast(entry);
            waitingOctets += octets(entry.report);
            if (waiting.size() == 1) {
                changed.signalAll();
            }
        } finally {
            lock.unlock();
        }
    }

    /** Whether queue is there. */
    boolean inSession() {
        lock.lock();
        try {
            return session != null;
        } finally {
            lock.unlock();
        }
    }

    /** Whether queue is there and takes reports fast enough for more deliveries. */
    boolean hasCapacity() {
        lock.lock();
        try {
            return session != null && !full();
        } finally {
            lock.unlock();
        }
    }

    private boolean full() {
        return waiting.size() >= FULL || waitingOctets >= FULL_OCTETS;
    }

    /** A new session: says again what the last one may not have kept, then goes on. */
    void begin(WaitingSession begun) throws IOException {
        List<Report> again;
        lock.lock();
        try {
            again = List.copyOf(recent);
        } finally {
            lock.unlock();
        }
        speaking.lock();
        try {
            for (int from = 0; from < again.size(); from += MOST) {
                begun.report(again.subList(from, Math.min(again.size(), from + MOST)));
            }
        } finally {
            speaking.unlock();
        }
        lock.lock();
        try {
            session = begun;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** The session is over. */
    void end(WaitingSession over) {
        lock.lock();
        try {
            if (over.equals(session)) {
                session = null;
            }
        } finally {
            lock.unlock();
        }
        over.close();
    }

    /** What queue has been told of failures of a message. */
    List<Failure> failures(long message, int after) throws IOException {
        return ask(session -> session.failures(message, after));
    }

    /** What shows queue that a message was handed out; empty while queue is away, which shows nothing then. */
    String ticket(Wires.Channel channel, long message) {
        lock.lock();
        try {
            return session == null ? "" : session.ticket(channel, message);
        } finally {
            lock.unlock();
        }
    }

    /** Recipients of a message; see {@link WaitingSession#recipients}. */
    Page recipients(long message, int from) throws IOException {
        return ask(session -> session.recipients(message, from));
    }

    /** Returns if the session is there and answers. */
    void probe() throws IOException {
        var _ = recipients(0, 0); // no message has that number
    }

    private interface SessionRequest<T> {
        T to(WaitingSession session) throws IOException;
    }

    private <T> T ask(SessionRequest<T> question) throws IOException {
        WaitingSession now = session();
        try {
            speaking.lock();
            try {
                return question.to(now);
            } finally {
                speaking.unlock();
            }
        } catch (UnreadableException e) {
            throw e;
        } catch (IOException e) {
            end(now); // whoever takes messages from the same session notices, and begins a new one
            throw e;
        }
    }

    private WaitingSession session() throws IOException {
        lock.lock();
        try {
            if (session == null) {
                throw new IOException("queue is away");
            }
            return session;
        } finally {
            lock.unlock();
        }
    }

    /** Sends until closed. */
    void run() {
        var batch = new ArrayList<PendingReport>(MOST);
        while (true) {
            WaitingSession now = awaitWork(batch);
            if (now == null) {
                return;
            }
            var reports = new ArrayList<Report>(batch.size());
            for (PendingReport entry : batch) {
                if (entry.report != null) {
                    reports.add(entry.report);
                }
            }
            try {
                if (!reports.isEmpty()) {
                    speaking.lock();
                    try {
                        now.report(reports);
                    } finally {
                        speaking.unlock();
                    }
                }
            } catch (IOException | RuntimeException e) {
                end(now); // whoever takes messages from the same session notices, and begins a new one
                continue;
            }
            taken(batch);
        }
    }

    private @Nullable WaitingSession awaitWork(List<PendingReport> batch) {
        batch.clear();
        lock.lock();
        try {
            busy = false;
            changed.signalAll();
            while (session == null || waiting.isEmpty()) {
                if (closed) {
                    return null;
                }
                changed.awaitUninterruptibly();
            }
            busy = true;
            long octets = 0;
            for (PendingReport entry : waiting) {
                if (batch.size() == MOST || octets > MOST_OCTETS) {
                    break;
                }
                octets += octets(entry.report);
                batch.add(entry);
            }
            return session;
        } finally {
            lock.unlock();
        }
    }

    private void taken(List<PendingReport> batch) {
        boolean caughtUp;
        lock.lock();
        try {
            boolean full = full();
            for (PendingReport entry : batch) {
                waiting.removeFirst();
                waitingOctets -= octets(entry.report);
                if (entry.report != null) {
                    recent.addLast(entry.report);
                    recentOctets += octets(entry.report);
                }
            }
            while (recent.size() > RECENT || recentOctets > RECENT_OCTETS) {
                recentOctets -= octets(recent.removeFirst());
            }
            caughtUp = full && !full();
        } finally {
            lock.unlock();
        }
        for (PendingReport entry : batch) {
            if (entry.whenTaken != null) {
                entry.whenTaken.run();
            }
        }
        if (caughtUp) {
            whenCaughtUp.run();
        }
    }

    private static int octets(@Nullable Report report) {
        return report instanceof Report.RecipientFailed(var _, var _, var paragraph) ? paragraph.length() : 0;
    }

    /** Waits until everything so far is taken, or queue is away, or the time is over; then ends {@link #run} and the session. */
    void close(long nanoseconds) {
        WaitingSession last = null;
        lock.lock();
        try {
            long left = nanoseconds;
            while (session != null && (busy || !waiting.isEmpty()) && left > 0) {
                left = changed.awaitNanos(left);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            closed = true;
            last = session;
            session = null;
            changed.signalAll();
            lock.unlock();
        }
        if (last != null) {
            last.close();
        }
    }
}
