package carteiro.queue;

import carteiro.log.EventLog;
import carteiro.mail.Envelope;
import carteiro.mail.Status;
import carteiro.protocol.Enqueue.Receipt;
import carteiro.protocol.VitalThread;
import carteiro.segments.Disk;
import carteiro.segments.Disk.OpenFile;
import carteiro.segments.Framing;
import carteiro.segments.Framing.RecordHeader;
import carteiro.segments.Framing.RecordKind;
import carteiro.segments.Index;
import carteiro.segments.Index.IndexEntry;
import carteiro.segments.LargeFiles;
import carteiro.segments.Payload;
import carteiro.segments.SegmentPosition;
import carteiro.segments.Segments;
import carteiro.wire.Watchdog;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * The one writer of the segments. It takes whatever waits, writes it in one call, syncs once, and only then answers all
 * of it; while it syncs, the next lot gathers. There is no delay: a lone message pays one sync.
 *
 * <table>
 * <caption>The order of writes, and what a crash leaves</caption>
 * <tr><td>records written to the segment</td><td>nobody was answered: kept or cut, either is right</td></tr>
 * <tr><td>segment synced (and folder, if it is new)</td><td>all of it is kept</td></tr>
 * <tr><td>index changed, send told, callers answered</td><td></td></tr>
 * </table>
 *
 * A write or sync that fails ends the segment at its last good record; what was new is refused, outcomes are written
 * again to the next segment. Fields belong to the journal's thread unless said otherwise.
 */
final class Journal {
    /** The size of a segment, unless one record needs more. */
    static final int SEGMENT = 64 << 20;

    private static final int BUFFER = 1 << 20;
    private static final long MOST_IN_A_BATCH = 8 << 20; // octets
    private static final long SYNC_REPORTS_AFTER = TimeUnit.SECONDS.toNanos(1);
    private static final long TRY_AGAIN_AFTER = TimeUnit.MILLISECONDS.toNanos(100);
    private static final int LAST_ATTEMPTS = 2;
    private static final long LOG_AGAIN_AFTER = TimeUnit.MINUTES.toNanos(1);

    /** The disk is slow when a write with its sync takes longer. */
    private static final Duration SLOW = Duration.ofSeconds(5);

    private static final Watchdog WATCHDOG = new Watchdog(); // its thread starts with the first write

    /** A segment worth preparing a spare for. */
    private static final int BUSY = 1 << 20;

    /** Ends of earlier segments that a segment's first record repeats. */
    private static final int REPEATED_ENDS = 4;

    private static final Chunks NOTHING = new Chunks();
    private static final byte[] PADDING = new byte[Framing.ALIGNMENT];

    /** Told of messages when they are safe. */
    interface Arrivals {
        void arrived(long message, long birth, long octets, Envelope envelope);
    }

    private final Disk disk;
    private final Index index;
    private final Segments segments;
    private final LargeFiles files;
    private final Arrivals arrivals;
    private final EventLog log;
    private final int segmentSize;

    private final LinkedBlockingQueue<JournalItem> waiting = new LinkedBlockingQueue<>(); // bounded by who may submit
    private final ArrayDeque<JournalItem> again = new ArrayDeque<>();
    private final ByteBuffer buffer;
    private final AtomicBoolean spare = new AtomicBoolean(); // any thread
    private final Set<Long> endedFiles = new LinkedHashSet<>(); // their end is written, not synced
    private final Set<Long> endedUnwritten = new LinkedHashSet<>(); // guarded by itself; for the next checkpoint
    private final VitalThread thread;
    private volatile boolean ending;
    private final AtomicInteger failures = new AtomicInteger(); // of the disk
    private volatile int covered; // failures before the last checkpoint; by who takes checkpoints
    private int covering; // by who takes checkpoints

    private @Nullable OpenFile file;
    private int segment; // the last number used
    private boolean preallocated;
    private boolean named; // its name is synced
    private int first; // end of the segment's first record: before it, the segment is as good as empty
    private int position; // end of what is written or in the buffer
    private int flushed; // end of what is written
    private int good; // end of the last batch that was written whole
    private int synced;
    private long unsyncedSince; // nanoTime; 0 if all is synced
    private long nextMessage;
    private final Object slowness = new Object();
    private long attempts; // guarded by slowness
    private boolean saidSlow; // guarded by slowness
    private long failedAt; // nanoTime of the last failure; 0 if all is well
    private long loggedAt;
    private final ArrayDeque<SegmentPosition> ends = new ArrayDeque<>(); // of the segments before this one
    private final List<Framed> framed = new ArrayList<>();
    private final List<Cut> cuts = new ArrayList<>();
    private final List<JournalItem.OutcomeItem> unforcedParagraphs =
            new ArrayList<>(); // of bounces; a checkpoint has only their place
    private final List<Long> refusedFiles = new ArrayList<>(); // their records may still be to be cut off
    private volatile SegmentPosition end; // everything before it is in the index
    private volatile long lastMessage;

    /**
     * Begins with what {@link Recovery} found.
     *
     * @param segmentSize {@link #SEGMENT}; tests take less
     */
    Journal(
            Disk disk,
            Index index,
            Segments segments,
            LargeFiles files,
            Arrivals arrivals,
            EventLog log,
            Recovery.RecoveryResult found,
            int segmentSize) {
        this.disk = disk;
        this.index = index;
        this.segments = segments;
        this.files = files;
        this.arrivals = arrivals;
        this.log = log;
        this.segmentSize = segmentSize;
        this.buffer = ByteBuffer.allocateDirect(Math.min(BUFFER, segmentSize));
        this.segment = found.lastSegment();
        this.nextMessage = found.nextMessage();
        this.lastMessage = found.nextMessage() - 1;
        this.end = found.end();
        this.ends.add(found.end());
        this.spare.set(found.spare());
        this.thread = new VitalThread(
                Thread.ofPlatform().name("queue-journal").daemon(true), "queue", log, () -> ending, this::run);
    }

    void start() {
        thread.start();
    }

    /** Hands something in; any thread. False if the journal has ended. */
    boolean submit(JournalItem item) {
        if (ending) {
            return false;
        }
        waiting.add(item);
        if (ending && !thread.isRunning()) {
            refuseRest(); // it came between the last look and the end
        }
        return true;
    }

    /** False once its thread has ended though nobody stopped it: then nothing can be taken any more; any thread. */
    boolean alive() {
        return thread.alive();
    }

    /** Returns when all that was submitted before is on disk; any thread. */
    void sync() throws IOException {
        var synced = new CompletableFuture<Boolean>();
        if (submit(new JournalItem.Sync(synced)) && !synced.join()) {
            throw new IOException("the segment cannot be written now");
        }
    }

    /** Where the log ends, as far as the index knows it; any thread. */
    SegmentPosition end() {
        return end;
    }

    /** The greatest number given so far; any thread. */
    long lastMessage() {
        return lastMessage;
    }

    /** Whether the state of messages may not be in the log, for the disk failed, and must come into a checkpoint; any thread. */
    boolean wantsCheckpoint() {
        return failures.get() != covered;
    }

    /** To be called before the index is copied into a checkpoint; the answer goes to {@link #checkpointed}. */
    List<Long> beforeCheckpoint() {
        covering = failures.get();
        synchronized (endedUnwritten) {
            return List.copyOf(endedUnwritten);
        }
    }

    /** The checkpoint is on disk. */
    void checkpointed(List<Long> ended) {
        covered = covering;
        synchronized (endedUnwritten) {
            ended.forEach(endedUnwritten::remove);
        }
        ended.forEach(files::ended);
    }

    /** Whether an empty segment should be prepared; any thread, only a hint. */
    boolean wantsSpare() {
        return !ending && !spare.get() && (preallocated ? position > segmentSize / 2 : position > BUSY);
    }

    /** The spare is there, filled with zeros; any thread. */
    void spareIsReady() {
        spare.set(true);
    }

    /**
     * Writes what was submitted, syncs, and ends. Idempotent.
     *
     * @throws IOException if outcomes could not be written; a checkpoint would count on them
     */
    void stop() throws InterruptedException, IOException {
        boolean first = !ending;
        ending = true; // before the thread can end by it
        if (first) {
            waiting.add(new JournalItem.JournalStop());
        }
        thread.join();
        refuseRest();
        if (!again.isEmpty()) {
            throw new IOException(again.size() + " outcomes could not be written; what they are about is tried again");
        }
    }

    private void refuseRest() {
        for (JournalItem item = waiting.poll(); item != null; item = waiting.poll()) {
            refuse(item, new Receipt.TemporaryFailure(new Status(4, 3, 2), "queue is stopping"));
            if (item instanceof JournalItem.Acceptance acceptance && acceptance.file() != 0) {
                files.withdraw(acceptance.file()); // no record was written
            }
        }
    }

    private void run() {
        var batch = new ArrayList<JournalItem>();
        boolean more = true;
        while (more) {
            batch.clear();
            gather(batch);
            more = !(!batch.isEmpty() && batch.getLast() instanceof JournalItem.JournalStop);
            attempt(batch);
        }
        for (int i = 0; i < LAST_ATTEMPTS && !again.isEmpty(); i++) {
            batch.clear();
            batch.addAll(again);
            batch.add(new JournalItem.JournalStop());
            again.clear();
            attempt(batch);
        }
        seal();
        withdrawRefused();
    }

    private void attempt(List<JournalItem> batch) {
        long since = System.nanoTime();
        long mine = attempts; // only this thread changes it
        try (var _ = WATCHDOG.closeAfter(SLOW, () -> saySlow(mine))) {
            tryToWrite(batch);
        }
        synchronized (slowness) {
            attempts++;
            if (saidSlow) {
                saidSlow = false;
                log.log(new QueueEvent.DiskAnswers(TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - since)));
            }
        }
    }

    private void saySlow(long attempt) {
        synchronized (slowness) {
            if (attempt == attempts) { // else it has just ended
                saidSlow = true;
                log.log(new QueueEvent.DiskSlow(SLOW.toSeconds()));
            }
        }
    }

    private void tryToWrite(List<JournalItem> batch) {
        try {
            write(batch);
            if (failedAt != 0) {
                failedAt = 0;
                log.log(new QueueEvent.WritesAgain(Segments.name(segment)));
            }
        } catch (IOException e) {
            failed(batch, e);
        } catch (RuntimeException | Error e) { // whatever it is, those who wait are answered
            VitalThread.endProcessIfOutOfMemory(e);
            log.bug("queue", e);
            failed(batch, new IOException(e));
        }
    }

    /** Waits for something to do, and takes all there is of it; nothing if a sync is due. */
    private void gather(List<JournalItem> batch) {
        JournalItem item = again.isEmpty() || System.nanoTime() - failedAt < TRY_AGAIN_AFTER ? await() : null;
        if (item == null) {
            item = again.poll();
        } else if (!again.isEmpty()) {
            waitBehind(item, batch); // outcomes keep their order
            return;
        }
        long octets = 0;
        while (item != null) {
            batch.add(item);
            octets += item.length();
            if (item instanceof JournalItem.JournalStop || octets >= MOST_IN_A_BATCH) {
                return;
            }
            item = again.isEmpty() ? waiting.poll() : again.poll();
        }
    }

    private void waitBehind(JournalItem item, List<JournalItem> batch) {
        batch.addAll(again);
        again.clear();
        batch.add(item);
    }

    private @Nullable JournalItem await() {
        boolean interrupted = false;
        try {
            while (true) {
                try {
                    if (unsyncedSince == 0 && again.isEmpty()) {
                        return waiting.take();
                    }
                    long since = unsyncedSince != 0 ? unsyncedSince : failedAt;
                    long left =
                            (unsyncedSince != 0 ? SYNC_REPORTS_AFTER : TRY_AGAIN_AFTER) - (System.nanoTime() - since);
                    return waiting.poll(Math.max(left, 0), TimeUnit.NANOSECONDS);
                } catch (InterruptedException e) {
                    interrupted = true; // by nobody; the journal ends by End alone
                }
            }
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /** A record that is in the buffer or behind it, not yet known to be on disk. */
    private record Framed(JournalItem item, long message, SegmentPosition place, int length) {}

    private void write(List<JournalItem> batch) throws IOException {
        framed.clear();
        boolean sync = unsyncedSince != 0 && System.nanoTime() - unsyncedSince >= SYNC_REPORTS_AFTER;
        for (int i = 0; i < batch.size(); i++) {
            switch (batch.get(i)) {
                case JournalItem.Acceptance acceptance -> {
                    sync = true;
                    long message = nextMessage++;
                    SegmentPosition place = frame(
                            RecordKind.ACCEPTED,
                            message,
                            acceptance.payload(),
                            acceptance.payloadSum(),
                            acceptance.body(),
                            acceptance.bodySum());
                    framed.add(new Framed(acceptance, message, place, position - place.offset()));
                }
                case JournalItem.Move move -> {
                    sync = true;
                    IndexEntry entry = index.entry(move.message());
                    if (entry != null && entry.place().equals(move.from())) {
                        byte[] payload = Payload.moved(entry.states(), move.accepted());
                        SegmentPosition place = frame(
                                RecordKind.MOVED,
                                move.message(),
                                payload,
                                Framing.sum(payload),
                                move.body(),
                                move.bodySum());
                        framed.add(new Framed(move, move.message(), place, position - place.offset()));
                    } else {
                        move.written().complete(false);
                    }
                }
                case JournalItem.OutcomeItem report -> {
                    SegmentPosition place = frame(
                            report.kind(),
                            report.message(),
                            report.payload(),
                            Framing.sum(report.payload()),
                            NOTHING,
                            0);
                    framed.add(new Framed(report, report.message(), place, position - place.offset()));
                }
                case JournalItem.Sync _, JournalItem.JournalStop _ -> sync = true;
            }
        }
        finish(sync);
        for (JournalItem item : batch) {
            if (item instanceof JournalItem.Sync(var done)) {
                done.complete(true);
            }
        }
    }

    /** Puts a record into the buffer, writing the buffer as often as it is full. */
    private SegmentPosition frame(
            RecordKind kind, long message, byte[] payload, int payloadSum, Chunks body, int bodySum)
            throws IOException {
        int length = Framing.length(payload.length, body.octets());
        boolean better = !preallocated && spare.get() && position > BUSY && framed.isEmpty();
        if (file == null || length > segmentSize - position && position > first || better) {
            finish(true); // what stands in the old segment is answered by itself
            seal();
            openNext();
        }
        var place = new SegmentPosition(segment, position);
        if (buffer.remaining() < Framing.HEADER) {
            flush();
        }
        Framing.put(
                buffer,
                new RecordHeader(kind, payload.length, payloadSum, body.octets(), bodySum, message, synced),
                place);
        put(payload, payload.length);
        for (int i = 0; i < body.count(); i++) {
            put(body.chunk(i), body.length(i));
        }
        int padding = length - Framing.HEADER - payload.length - body.octets();
        put(PADDING, padding);
        position += length;
        return place;
    }

    private void put(byte[] octets, int length) throws IOException {
        int from = 0;
        while (from < length) {
            if (!buffer.hasRemaining()) {
                flush();
            }
            int count = Math.min(length - from, buffer.remaining());
            buffer.put(octets, from, count);
            from += count;
        }
    }

    private OpenFile file() {
        OpenFile now = file;
        if (now == null) {
            throw new IllegalStateException("no segment is open");
        }
        return now;
    }

    private void flush() throws IOException {
        buffer.flip();
        int octets = buffer.remaining();
        if (octets > 0) {
            file().write(buffer, flushed);
            flushed += octets;
        }
        buffer.clear();
    }

    /** Brings what is framed to the disk, then into the index, then to those who wait. */
    private void finish(boolean sync) throws IOException {
        if (file == null) {
            return; // nothing was ever written
        }
        flush();
        if (sync && synced < position) {
            file().force();
            if (!named) {
                disk.forceFolder(Segments.FOLDER);
                named = true;
            }
            synced = position;
            unsyncedSince = 0;
            endedFiles.forEach(files::ended);
            endedFiles.clear();
            unforcedParagraphs.clear();
        } else if (synced < position && unsyncedSince == 0) {
            unsyncedSince = System.nanoTime() | 1;
        }
        good = position;
        segments.grew(segment, position);
        for (Framed record : framed) {
            apply(record, sync);
        }
        end = new SegmentPosition(segment, position);
        for (Framed record : framed) {
            switch (record.item()) {
                case JournalItem.Acceptance acceptance ->
                    acceptance.receipt().complete(new Receipt.Accepted(record.message()));
                case JournalItem.Move move -> move.written().complete(true);
                case JournalItem.OutcomeItem report -> report.written().complete(true);
                case JournalItem.Sync _, JournalItem.JournalStop _ -> throw new IllegalStateException("framed");
            }
        }
        framed.clear();
    }

    private void apply(Framed record, boolean isSynced) {
        switch (record.item()) {
            case JournalItem.Acceptance acceptance -> {
                lastMessage = record.message();
                if (acceptance.file() != 0) {
                    files.live(acceptance.file(), acceptance.octets());
                }
                index.put(new IndexEntry(
                        record.message(),
                        record.place(),
                        record.length(),
                        acceptance.octets(),
                        acceptance.birth(),
                        acceptance.envelope().addresses().size(),
                        acceptance.file(),
                        new int[] {Index.UNTRIED},
                        List.of()));
                arrivals.arrived(record.message(), acceptance.birth(), acceptance.octets(), acceptance.envelope());
            }
            case JournalItem.Move _ -> index.move(record.message(), record.place(), record.length());
            case JournalItem.OutcomeItem report -> {
                if (report.kind() == RecordKind.FAILED) {
                    index.failed(record.message(), report.recipient(), record.place(), record.length());
                    if (!isSynced) {
                        unforcedParagraphs.add(report);
                    }
                }
                if (report.file() != 0 && isSynced) {
                    files.ended(report.file());
                } else if (report.file() != 0) {
                    endedFiles.add(report.file());
                }
            }
            case JournalItem.Sync _, JournalItem.JournalStop _ -> throw new IllegalStateException("framed");
        }
    }

    /** The segment ends where the last batch ended that was written whole. */
    private void failed(List<JournalItem> batch, IOException why) {
        long now = System.nanoTime() | 1;
        if (failedAt == 0 || now - loggedAt >= LOG_AGAIN_AFTER) {
            log.log(new QueueEvent.WriteFailed(Segments.name(file == null ? segment + 1 : segment), why.toString()));
            loggedAt = now;
        }
        failedAt = now;
        buffer.clear();
        framed.clear();
        synchronized (endedUnwritten) { // what was written may not be: their end comes into the next checkpoint
            endedUnwritten.addAll(endedFiles);
        }
        endedFiles.clear();
        failures.incrementAndGet();
        position = good;
        seal();
        Receipt receipt =
                new Receipt.TemporaryFailure(new Status(4, 3, isFull(why) ? 1 : 0), "queue cannot write its disk now");
        again.addAll(unforcedParagraphs);
        unforcedParagraphs.clear();
        for (JournalItem item : batch) {
            switch (item) {
                case JournalItem.OutcomeItem report -> {
                    if (!report.written().isDone() || report.kind() == RecordKind.FAILED) {
                        again.add(report);
                    }
                }
                case JournalItem.Acceptance acceptance -> {
                    if (!acceptance.receipt().isDone()) { // what came into an earlier segment has been accepted
                        refusedFiles.add(acceptance.file());
                        refuse(item, receipt);
                    }
                }
                case JournalItem.Move _, JournalItem.Sync _, JournalItem.JournalStop _ -> refuse(item, receipt);
            }
        }
        withdrawRefused();
    }

    /** Files of messages that were refused go when no record can name them any more. */
    private void withdrawRefused() {
        cuts.removeIf(Journal::cut);
        if (cuts.isEmpty()) {
            refusedFiles.stream().filter(file -> file != 0).forEach(files::withdraw);
            refusedFiles.clear();
        }
    }

    /** Whether the failure means that there is no room; Java has no better sign than the system's words. */
    static boolean isFull(IOException why) {
        String words = String.valueOf(why.getMessage());
        return words.contains("No space left") || words.contains("quota");
    }

    private static void refuse(JournalItem item, Receipt receipt) {
        switch (item) {
            case JournalItem.Acceptance acceptance -> acceptance.receipt().complete(receipt);
            case JournalItem.Move move -> move.written().complete(false);
            case JournalItem.OutcomeItem report -> report.written().complete(false);
            case JournalItem.Sync(var synced) -> synced.complete(false);
            case JournalItem.JournalStop _ -> {
                // ends either way
            }
        }
    }

    /** Ends the segment at {@link #good}; whatever lies behind it was never answered, and must not come back. */
    private void seal() {
        OpenFile sealed = file;
        if (sealed == null) {
            return;
        }
        file = null;
        unsyncedSince = 0;
        preallocated = false;
        ends.addLast(new SegmentPosition(segment, good));
        while (ends.size() > REPEATED_ENDS) {
            ends.removeFirst();
        }
        var cut = new Cut(sealed, good);
        if (cut(cut)) {
            end = new SegmentPosition(segment, good);
        } else {
            cuts.add(cut);
            end = new SegmentPosition(segment + 1, 0); // a checkpoint points behind what was refused
        }
        if (good == 0) {
            segments.dropped(segment);
            try {
                disk.delete(Segments.name(segment));
            } catch (IOException e) {
                // it is empty, or the next segment says so; its number is not used again
            }
            return;
        }
        segments.sealed(segment, good);
    }

    /** What is still to be cut off a segment, because the disk failed. */
    private record Cut(OpenFile file, int end) {}

    private static boolean cut(Cut cut) {
        try {
            if (cut.file().size() > cut.end()) {
                cut.file().truncate(cut.end());
                cut.file().force();
            }
            return true;
        } catch (IOException e) {
            return false; // tried again, and the next segment says where this one ends
        }
    }

    private void openNext() throws IOException {
        segment++;
        String name = Segments.name(segment);
        position = 0;
        flushed = 0;
        good = 0;
        synced = 0;
        named = false;
        buffer.clear();
        OpenFile next;
        if (spare.compareAndSet(true, false)) {
            disk.rename(Segments.SPARE, name);
            preallocated = true;
            next = disk.open(name);
        } else {
            next = disk.create(name);
        }
        file = next;
        segments.writing(segment, next, 0);
        frameFirst(Payload.segment(List.copyOf(ends)));
        withdrawRefused();
    }

    private void frameFirst(byte[] payload) {
        Framing.put(
                buffer,
                new RecordHeader(RecordKind.SEGMENT, payload.length, Framing.sum(payload), 0, 0, 0, 0),
                new SegmentPosition(segment, 0));
        buffer.put(payload);
        buffer.put(PADDING, 0, Framing.length(payload.length, 0) - Framing.HEADER - payload.length);
        first = Framing.length(payload.length, 0);
        position = first;
    }
}
