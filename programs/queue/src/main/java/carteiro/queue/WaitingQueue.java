package carteiro.queue;

import carteiro.log.EventLog;
import carteiro.log.LogText;
import carteiro.mail.Address;
import carteiro.mail.Attributes;
import carteiro.mail.Envelope;
import carteiro.protocol.MessageEvent;
import carteiro.protocol.Waiting;
import carteiro.segments.Framing;
import carteiro.segments.Index;
import carteiro.segments.Index.IndexEntry;
import carteiro.segments.Payload;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Tells send what waits, and takes what became of it. What was just accepted is handed over from memory; what waited
 * before is read again from the segments, the oldest first.
 */
final class WaitingQueue implements Waiting, Journal.Arrivals {
    /** Messages handed over from memory; further ones are looked up when send has taken those. */
    private static final int MOST_REMEMBERED = 1000;

    /** Octets of the addresses of all remembered messages together; the others are read again. */
    private static final int MOST_REMEMBERED_OCTETS = 1 << 20;

    /** Octets of records behind one answer to send, so that it fits into a frame, in which it is five times as long at most. */
    private static final long MOST_OCTETS = 1 << 20;

    /** The most octets of one message that is told. */
    private static final long MOST_OF_ONE =
            WaitingMessage.MOST_OCTETS + (1L + WaitingMessage.MOST_TOLD) * Attributes.MOST_TOLD;

    /** Reports that are taken but not yet written. */
    private static final int MOST_REPORTS = 20_000;

    /** How long a report may wait for the disk before send is told that queue is in trouble. */
    private static final Duration REPORT_PATIENCE = Duration.ofSeconds(60);

    private final Index index;
    private final MessageReader reader;
    private final EventLog log;
    private final DeferralReasons reasons;
    private final Semaphore reportRoom = new Semaphore(MOST_REPORTS);
    private @Nullable Journal journal;
    private @Nullable WaitingQueueSession session; // guarded by this
    private boolean stopped; // guarded by this

    WaitingQueue(Index index, MessageReader reader, DeferralReasons reasons, EventLog log) {
        this.reasons = reasons;
        this.index = index;
        this.reader = reader;
        this.log = log;
    }

    /** Where reports are written. Before anything else is called. */
    void writeTo(Journal writer) {
        journal = writer;
    }

    private Journal journal() {
        Journal now = journal;
        if (now == null) {
            throw new IllegalStateException("no journal yet");
        }
        return now;
    }

    /** Ends the session, and any to come. */
    synchronized void stop() {
        stopped = true;
        endSession();
    }

    private void endSession() {
        WaitingQueueSession earlier = session;
        session = null;
        if (earlier != null) {
            earlier.end();
        }
    }

    @Override
    public synchronized WaitingSession open() throws IOException {
        if (stopped) {
            throw new IOException("queue is stopping");
        }
        endSession();
        var opened = new WaitingQueueSession();
        session = opened; // first: what arrives from now on is not missed
        opened.backlog = index.numbers();
        return opened;
    }

    @Override
    public void arrived(long message, long birth, long octets, Envelope envelope) {
        WaitingQueueSession now;
        synchronized (this) {
            now = session;
        }
        if (now != null) {
            now.arrived(message, birth, octets, envelope.recipients().attributed() > 0 ? null : envelope.told());
        }
    }

    /** Something that arrived while the session was open. */
    private record ArrivedMessage(
            long message, long birth, long octets, @Nullable Envelope envelope) {}

    private static final long NONE = -1;

    /** Messages that cannot be read now and are told later; more are told in the next session. */
    private static final int MOST_UNREADABLE = 10_000;

    /** Nanoseconds until such a message is read again; doubled each time up to the longest. */
    private static final long FIRST_PAUSE = TimeUnit.SECONDS.toNanos(1);

    private static final long LONGEST_PAUSE = TimeUnit.MINUTES.toNanos(10);

    private record PendingReread(long message, long since, long pause) {}

    private final class WaitingQueueSession implements WaitingSession {
        private final ArrayDeque<ArrivedMessage> arrivals = new ArrayDeque<>(); // guarded by this
        private int remembered; // octets of arrivals; guarded by this
        private long missedAfter = NONE; // what came after this number is to be looked up; guarded by this
        private boolean over; // guarded by this
        private long[] backlog = {}; // the last number tells what was in it
        private int next;
        private final ArrayDeque<PendingReread> unread = new ArrayDeque<>(); // of the thread that takes

        /** @param envelope null if it is to be read again, since recipients have attributes */
        synchronized void arrived(long message, long birth, long octets, @Nullable Envelope envelope) {
            if (missedAfter != NONE) {
                return;
            }
            int size = envelope == null ? MOST_REMEMBERED_OCTETS + 1 : size(envelope);
            if (arrivals.size() < MOST_REMEMBERED && remembered + size <= MOST_REMEMBERED_OCTETS) {
                remembered += size;
                arrivals.add(new ArrivedMessage(message, birth, octets, envelope));
            } else if (arrivals.size() < MOST_REMEMBERED) {
                arrivals.add(new ArrivedMessage(message, birth, octets, null)); // it is read again
            } else {
                missedAfter = message - 1;
            }
            notifyAll();
        }

        /** Octets of addresses and attributes; more than may be remembered if they are more than send is told with the message. */
        private static int size(Envelope envelope) {
            if (envelope.addresses().size() > WaitingMessage.MOST_TOLD) {
                return MOST_REMEMBERED_OCTETS + 1;
            }
            int octets =
                    envelope.sender().octets().length() + envelope.attributes().size();
            int told = 0;
            for (Address recipient : envelope.addresses()) {
                told += recipient.octets().length();
            }
            return told > WaitingMessage.MOST_OCTETS && envelope.addresses().size() > 1
                    ? MOST_REMEMBERED_OCTETS + 1
                    : octets + told + 100 * envelope.addresses().size();
        }

        synchronized void end() {
            over = true;
            arrivals.clear();
            notifyAll();
        }

        @Override
        public List<WaitingMessage> next(int most, Duration patience) throws IOException {
            long until = System.nanoTime() + patience.toNanos();
            while (true) {
                var answer = new ArrayList<WaitingMessage>();
                long octets = 0;
                // what is new does not wait until a million old ones have been read
                int share = next < backlog.length ? Math.max(most / 2, 1) : most;
                for (ArrivedMessage arrival : takeArrivals(share)) {
                    octets += add(answer, arrival);
                }
                for (int i = unread.size(); i > 0 && answer.size() < most && octets < MOST_OCTETS; i--) {
                    PendingReread again = unread.removeFirst();
                    if (System.nanoTime() - again.since() < again.pause()) {
                        unread.addLast(again);
                    } else {
                        octets += read(answer, again.message(), Math.min(2 * again.pause(), LONGEST_PAUSE));
                    }
                }
                while (answer.size() < most && octets < MOST_OCTETS && next < backlog.length) {
                    octets += read(answer, backlog[next++], FIRST_PAUSE);
                }
                if (next == backlog.length) {
                    lookUpMissed();
                }
                boolean all = next == backlog.length;
                if (!answer.isEmpty() || all && System.nanoTime() - until >= 0) {
                    return answer;
                }
                if (all) {
                    await(unread.isEmpty() ? until : Math.min(until, System.nanoTime() + FIRST_PAUSE));
                }
            }
        }

        /** The backlog has been told: forgets it, and takes what arrived too fast to be remembered. */
        private void lookUpMissed() {
            long after;
            synchronized (this) {
                after = arrivals.isEmpty() ? missedAfter : NONE;
                if (after != NONE) {
                    missedAfter = NONE; // first: what arrives from now on is remembered again
                }
            }
            if (after != NONE) {
                long[] numbers = index.numbers();
                int from = Arrays.binarySearch(numbers, after + 1);
                from = from < 0 ? -from - 1 : from;
                if (from < numbers.length) {
                    backlog = Arrays.copyOfRange(numbers, from, numbers.length);
                    next = 0;
                    return;
                }
            }
            if (backlog.length > 1) {
                backlog = new long[] {backlog[backlog.length - 1]};
                next = 1;
            }
        }

        private synchronized List<ArrivedMessage> takeArrivals(int most) throws IOException {
            if (over) {
                throw new IOException("the session is over: queue stops, or send opened another");
            }
            var taken = new ArrayList<ArrivedMessage>();
            long octets = 0;
            while (taken.size() < most && octets < MOST_OCTETS && !arrivals.isEmpty()) {
                ArrivedMessage arrival = arrivals.remove();
                if (arrival.envelope() == null) {
                    octets += MOST_OF_ONE;
                } else {
                    remembered -= size(arrival.envelope());
                    octets += size(arrival.envelope());
                }
                taken.add(arrival);
            }
            return taken;
        }

        private synchronized void await(long until) throws IOException {
            try {
                while (arrivals.isEmpty() && missedAfter == NONE && !over) {
                    long left = until - System.nanoTime();
                    if (left <= 0) {
                        return;
                    }
                    TimeUnit.NANOSECONDS.timedWait(this, left);
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new IOException("interrupted", e);
            }
        }

        private long add(List<WaitingMessage> answer, ArrivedMessage arrival) {
            if (backlog.length > 0 && arrival.message() <= backlog[backlog.length - 1]) {
                return 0; // it came between the opening and the look into the index
            }
            Envelope envelope = arrival.envelope();
            if (envelope == null) {
                return read(answer, arrival.message(), FIRST_PAUSE);
            }
            if (index.present(arrival.message()) != null) {
                answer.add(new WaitingMessage(
                        arrival.message(),
                        Instant.ofEpochMilli(arrival.birth()),
                        arrival.octets(),
                        envelope,
                        Collections.nCopies(envelope.addresses().size(), RecipientState.Due.NOW)));
            }
            return size(envelope);
        }

        /** @param pause until it is read again if it cannot be read now */
        private long read(List<WaitingMessage> answer, long message, long pause) {
            IndexEntry entry = index.present(message);
            WaitingMessage waiting;
            try {
                waiting = entry == null ? null : reader.waiting(message);
            } catch (UnreadableException e) {
                if (unread.size() < MOST_UNREADABLE) {
                    unread.addLast(new PendingReread(message, System.nanoTime(), pause));
                }
                return 0;
            }
            if (entry == null || waiting == null) {
                return 0;
            }
            answer.add(waiting);
            return (long) Math.min(entry.length(), WaitingMessage.MOST_OCTETS)
                    + waiting.envelope().recipients().attributeOctets();
        }

        @Override
        public void report(List<Report> reports) throws IOException {
            WaitingQueue.this.report(reports);
        }

        @Override
        public Page recipients(long message, int from) throws IOException {
            return reader.recipients(message, from);
        }

        @Override
        public List<Failure> failures(long message, int after) {
            return reader.failures(message, after);
        }

        @Override
        public void close() {
            synchronized (WaitingQueue.this) {
                if (session == this) {
                    session = null;
                }
            }
            end();
        }
    }

    /** As {@link WaitingSession#report}. */
    void report(List<Report> reports) throws IOException {
        if (!takeRoom(reports.size())) {
            throw new IOException("queue cannot write its disk now");
        }
        var failures = new ArrayList<CompletableFuture<Boolean>>();
        synchronized (reportOrder) { // the log has the order in which they were applied
            for (Report report : reports) {
                var written = new CompletableFuture<Boolean>();
                JournalItem.OutcomeItem item = apply(report, written);
                if (item == null) {
                    reportRoom.release();
                    continue;
                }
                if (report instanceof Report.RecipientFailed) {
                    failures.add(written);
                }
                var _ = written.whenComplete((_, _) -> reportRoom.release());
                if (!journal().submit(item)) {
                    written.complete(false);
                }
            }
        }
        awaitWritten(failures);
    }

    private final Object reportOrder = new Object();

    /** Returns when the journal has every report that was applied before. */
    void awaitReports() {
        synchronized (reportOrder) {
            return; // whoever applies one hands it in before it leaves
        }
    }

    private boolean takeRoom(int permits) throws IOException {
        try {
            return reportRoom.tryAcquire(permits, REPORT_PATIENCE.toSeconds(), TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        }
    }

    /** Failures are asked for again, so that they have to be where they can be read. */
    private static void awaitWritten(List<CompletableFuture<Boolean>> failures) throws IOException {
        try {
            for (CompletableFuture<Boolean> failure : failures) {
                if (!failure.get(REPORT_PATIENCE.toSeconds(), TimeUnit.SECONDS)) {
                    throw new IOException("queue stops before a failure was written");
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        } catch (java.util.concurrent.ExecutionException | java.util.concurrent.TimeoutException e) {
            throw new IOException("queue cannot write its disk now", e);
        }
    }

    /** Applies a report to the index, but for a failure; null if there is no such message or recipient. */
    private JournalItem.@Nullable OutcomeItem apply(Report report, CompletableFuture<Boolean> written) {
        return switch (report) {
            case Report.RecipientDelivered(long message, int recipient) ->
                index.done(message, recipient)
                        ? item(Framing.RecordKind.DONE, message, Payload.done(recipient), recipient, 0, written)
                        : null;
            case Report.RecipientFailed(long message, int recipient, String paragraph) -> {
                IndexEntry entry = index.brief(message);
                yield entry != null && recipient >= 0 && recipient < entry.recipients()
                        ? item(
                                Framing.RecordKind.FAILED,
                                message,
                                Payload.failed(recipient, cut(paragraph)),
                                recipient,
                                0,
                                written)
                        : null;
            }
            case Report.RecipientsDeferred(long message, var recipients, var due, String why) -> {
                if (!index.deferred(message, recipients, Index.seconds(due.toEpochMilli()))) {
                    yield null;
                }
                reasons.put(message, recipients, why);
                yield item(
                        Framing.RecordKind.DEFERRED,
                        message,
                        Payload.deferred(due.toEpochMilli(), recipients),
                        0,
                        0,
                        written);
            }
            case Report.MessageEnded(long message) -> {
                reasons.forget(message);
                Index.RemovedMessage ended = index.ended(message);
                yield ended == null
                        ? null
                        : item(Framing.RecordKind.ENDED, message, new byte[0], 0, ended.file(), written);
            }
        };
    }

    private static JournalItem.OutcomeItem item(
            Framing.RecordKind kind,
            long message,
            byte[] payload,
            int recipient,
            long file,
            CompletableFuture<Boolean> written) {
        return new JournalItem.OutcomeItem(kind, message, payload, recipient, file, written);
    }

    private static String cut(String paragraph) {
        return paragraph.length() > Report.PARAGRAPH_LIMIT ? paragraph.substring(0, Report.PARAGRAPH_LIMIT) : paragraph;
    }

    /** Ends a message that can never be read again; its octets have been set aside. */
    void giveUp(long message) {
        try {
            report(List.of(new Report.MessageEnded(message)));
        } catch (IOException e) {
            log.log(new MessageEvent.MessageUnreadable(message, LogText.reason(e)));
        }
    }

    /** The state of a recipient, for send. */
    static RecipientState state(int state) {
        return switch (state) {
            case Index.DONE -> new RecipientState.Done();
            case Index.BOUNCE -> new RecipientState.ToBounce();
            case Index.UNTRIED -> RecipientState.Due.NOW;
            default -> new RecipientState.Due(Instant.ofEpochSecond(Integer.toUnsignedLong(state)));
        };
    }

    /** The states of recipients, for send. */
    static List<RecipientState> states(int[] states) {
        return Arrays.stream(states).mapToObj(WaitingQueue::state).toList();
    }
}
