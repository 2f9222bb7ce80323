package carteiro.queue;

import carteiro.log.EventLog;
import carteiro.log.LogText;
import carteiro.mail.Address;
import carteiro.mail.Envelope;
import carteiro.posix.SystemAccount;
import carteiro.protocol.Cleaning;
import carteiro.protocol.Enqueue;
import carteiro.protocol.Inspection;
import carteiro.protocol.Messages;
import carteiro.protocol.StoppedQueue;
import carteiro.protocol.VitalThread;
import carteiro.protocol.Waiting;
import carteiro.segments.Disk;
import carteiro.segments.Disk.OpenFile;
import carteiro.segments.Index;
import carteiro.segments.LargeFiles;
import carteiro.segments.QueueFolder;
import carteiro.segments.Segments;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Clock;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/** The parts of a queue, put together. */
final class Queue implements StoppedQueue {
    private static final int SPARE_PIECE = 1 << 20;
    private static final long SPARE_PAUSE = 10; // milliseconds between pieces, so that it disturbs nobody

    private final Disk disk;
    private final Closeable lock;
    private final EventLog log;
    private final int segmentSize;
    private final Index index;
    private final Segments segments;
    private final Journal journal;
    private final WaitingQueue waiting;
    private final MessageReader reader;
    private final MessageIntake incoming;
    private final DiskSpace space;
    private final Checkpoints checkpoints;
    private final Housekeeping housekeeping;
    private final QueueInspection inspecting;
    private final ImportLedger imports;
    private final VitalThread upkeep;
    /** Octets of memory for what waits, here and in send: a quarter of the heap. */
    static final long MEMORY = Runtime.getRuntime().maxMemory() / 4;

    private final long memory;
    private final AtomicBoolean saidFull = new AtomicBoolean();
    private final AtomicBoolean closed = new AtomicBoolean();
    private final CountDownLatch stopping = new CountDownLatch(1);

    /** With {@link #MEMORY}. */
    Queue(Disk disk, Supplier<QueueSettings> settings, EventLog log, Clock clock, int segmentSize) throws IOException {
        this(disk, settings, log, clock, segmentSize, MEMORY);
    }

    /**
     * Opens the queue of a folder, recovering what a crash left.
     *
     * @param segmentSize {@link Journal#SEGMENT}; tests take less
     * @param memory {@link #MEMORY}; tests take less
     */
    Queue(Disk disk, Supplier<QueueSettings> settings, EventLog log, Clock clock, int segmentSize, long memory)
            throws IOException {
        this.memory = memory;
        this.disk = disk;
        this.log = log;
        this.segmentSize = segmentSize;
        long began = System.nanoTime();
        lock = disk.lock(QueueFolder.LOCK);
        try {
            QueueFolder.prepare(disk);
            segments = new Segments(disk);
            index = new Index(segments);
            var files = new LargeFiles(disk);
            var quarantine = new Quarantine(disk, log);
            Recovery.RecoveryResult found =
                    new Recovery(disk, index, segments, files, quarantine, log).run(clock.millis());
            reader = new MessageReader(index, segments, files, quarantine, log);
            var reasons = new DeferralReasons(Math.min(4 << 20, memory / 16));
            waiting = new WaitingQueue(index, reader, reasons, log);
            journal = new Journal(disk, index, segments, files, waiting, log, found, segmentSize);
            waiting.writeTo(journal);
            reader.giveUpBy(waiting::giveUp);
            space = new DiskSpace(disk, () -> settings.get().diskFloor(), log);
            var budget = new MemoryBudget(() -> settings.get().memory());
            incoming = new MessageIntake(journal, files, disk, space, this::isFull, budget, log, clock);
            checkpoints = new Checkpoints(disk, index, segments, files, journal, found);
            housekeeping = new Housekeeping(index, segments, files, journal, checkpoints, reader, waiting, disk, log);
            inspecting = new QueueInspection(index, segments, files, reader, reasons);
            imports = new ImportLedger(disk);
            upkeep = new VitalThread(
                    Thread.ofPlatform().name("queue-upkeep").daemon(true),
                    "queue",
                    log,
                    () -> stopping.getCount() == 0,
                    this::runMaintenance);
            journal.start();
            undoBrokenImport();
            log.log(new QueueEvent.QueueReady(
                    index.counts().messages(),
                    index.counts().recipients(),
                    segments.count(),
                    found.octetsScanned(),
                    TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - began)));
        } catch (IOException | RuntimeException e) {
            lock.close();
            throw e;
        }
    }

    /** What an import left that did not come to its end must not be delivered: the import will be made again. */
    private void undoBrokenImport() throws IOException {
        try {
            undoImport();
        } catch (IOException e) {
            try {
                journal.stop();
            } catch (InterruptedException _) {
                Thread.currentThread().interrupt();
            }
            segments.close();
            throw new IOException(
                    "an import was broken off, and its messages cannot be taken out of the queue now ("
                            + LogText.reason(e) + "); make room on the disk or repair it, then start again",
                    e);
        }
    }

    @Override
    public void beginImport() throws IOException {
        imports.begin(journal.lastMessage() + 1);
    }

    @Override
    public void endImport(String sum) throws IOException {
        if (imports.contains(sum)) {
            throw new IOException("this export was imported before (" + ImportLedger.FOLDER + "/" + sum
                    + " in the folder of the queue); remove that file to import it a second time");
        }
        checkpoints.take(); // and all that was accepted and reported is synced
        imports.done(sum);
    }

    @Override
    public void undoImport() throws IOException {
        long first = imports.brokenOff();
        if (first == 0) {
            return;
        }
        long undone = 0;
        for (long message : index.numbers()) {
            if (message >= first) {
                waiting.report(List.of(new Waiting.Report.MessageEnded(message)));
                undone++;
            }
        }
        checkpoints.take();
        imports.undone();
        log.log(new QueueEvent.ImportUndone(undone));
    }

    @Override
    public Enqueue.Submission enqueue(LongSupplier birth) {
        return incoming.open(birth);
    }

    Enqueue enqueue() {
        return incoming;
    }

    @Override
    public Waiting waiting() {
        return waiting;
    }

    Messages messages() {
        return reader;
    }

    Cleaning cleaning() {
        return housekeeping;
    }

    @Override
    public Inspection inspection() {
        return inspecting;
    }

    /** The greatest number that a message has been given. */
    long lastMessage() {
        return journal.lastMessage();
    }

    /** The numbers of the messages that wait, from that one on, in order. */
    long[] numbersFrom(long first) {
        return Arrays.stream(index.numbers()).filter(number -> number >= first).toArray();
    }

    /** Takes a checkpoint now. */
    void checkpoint() throws IOException {
        checkpoints.take();
    }

    /** Keeps house until the queue stops, on a thread of its own: checkpoints, spare segments. */
    void startMaintenance() {
        upkeep.start();
    }

    /** False once a thread it cannot do without has ended. */
    boolean alive() {
        return journal.alive() && upkeep.alive();
    }

    /**
     * Whether what waits has its share of the memory, here or with send: then nothing more is taken until some of it has ended.
     * A bounce of ours takes less than what it lets end; for them there is an eighth more.
     */
    private boolean isFull(Envelope envelope) {
        long taken = Math.max(index.memory(), index.memoryOfSend());
        boolean full = taken > memory;
        if (full && !saidFull.getAndSet(true)) {
            log.log(new QueueEvent.QueueFull(index.counts().messages(), memory));
        } else if (!full) {
            saidFull.set(false);
        }
        return full && (taken > memory + memory / 8 || !isOurBounce(envelope));
    }

    private static boolean isOurBounce(Envelope envelope) {
        Address sender = envelope.sender();
        if (envelope.addresses().size() != 1 || !sender.isNull() && !sender.equals(Address.DOUBLE_BOUNCE)) {
            return false;
        }
        try {
            return envelope.uid() == SystemAccount.effectiveUid()
                    || SystemAccount.named("qmails").stream().anyMatch(send -> send.uid() == envelope.uid());
        } catch (IOException e) {
            return false; // another time
        }
    }

    private void runMaintenance() {
        try {
            while (!stopping.await(1, TimeUnit.SECONDS)) {
                try {
                    maintain();
                } catch (IOException e) {
                    log.log(new QueueEvent.CheckpointFailed(LogText.reason(e)));
                    if (stopping.await(1, TimeUnit.MINUTES)) {
                        return;
                    }
                } catch (RuntimeException e) {
                    log.bug("queue", e);
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void maintain() throws IOException, InterruptedException {
        if (checkpoints.isDue()) {
            checkpoints.take();
        }
        if (journal.wantsSpare() && space.has(4L * segmentSize)) {
            try {
                prepareSpare();
            } catch (IOException e) {
                disk.delete(Segments.SPARE + ".new"); // it was only for speed
            }
        }
    }

    /**
     * Prepares a segment full of zeros: where no block has to be found, a sync writes the data alone and not the file
     * system's journal (measured on ext4: about a third less for a lone message).
     */
    void prepareSpare() throws IOException, InterruptedException {
        String draft = Segments.SPARE + ".new";
        disk.delete(draft);
        try (OpenFile file = disk.create(draft)) {
            ByteBuffer zeros = ByteBuffer.allocateDirect(Math.min(SPARE_PIECE, segmentSize));
            for (long at = 0; at < segmentSize; at += zeros.capacity()) {
                if (stopping.await(SPARE_PAUSE, TimeUnit.MILLISECONDS) || space.isLow()) {
                    disk.delete(draft);
                    return;
                }
                file.write(zeros.clear(), at);
                file.force();
            }
        }
        disk.rename(draft, Segments.SPARE);
        disk.forceFolder(Segments.FOLDER);
        journal.spareIsReady();
    }

    /** What it is doing, in one line. */
    String status() {
        Inspection.QueueCounts counts = inspecting.counts();
        return "messages=" + counts.messages() + " recipients=" + counts.recipients() + " unseen=" + counts.unseen()
                + " octets=" + counts.octets() + " segments=" + counts.segments() + " disk=" + counts.diskOctets();
    }

    /** Takes nothing new and lets what has begun end. */
    void stopTaking(Duration patience) throws InterruptedException {
        incoming.stop(patience);
    }

    /** Writes what was handed in, takes a checkpoint, and lets go of the folder. */
    @Override
    public void close() throws IOException {
        if (!closed.compareAndSet(false, true)) {
            return;
        }
        stopping.countDown();
        waiting.stop();
        try {
            journal.stop();
            checkpoints.take();
        } catch (IOException e) {
            log.log(new QueueEvent.CheckpointFailed(LogText.reason(e)));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            segments.close();
            lock.close();
        }
    }
}
