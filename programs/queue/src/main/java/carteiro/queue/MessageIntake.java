package carteiro.queue;

import carteiro.log.EventLog;
import carteiro.log.LogText;
import carteiro.mail.Envelope;
import carteiro.mail.Octets;
import carteiro.mail.Status;
import carteiro.protocol.Enqueue;
import carteiro.segments.Disk;
import carteiro.segments.Disk.OpenFile;
import carteiro.segments.FieldsOnTop;
import carteiro.segments.Framing;
import carteiro.segments.Index;
import carteiro.segments.LargeFiles;
import carteiro.segments.Payload;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Clock;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.LongSupplier;
import java.util.function.Predicate;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * The way into the queue. A message gathers in memory; above a size, or when the memory all share is used up, in a file
 * of its own. Its octets are summed as they come, so that the journal only copies.
 */
final class MessageIntake implements Enqueue {
    /** A message above this many octets has a file of its own; below, one write to the segment is cheaper. */
    static final int INLINE = 256 * 1024;

    /** The buffer of a message that goes to a file, when there is no memory to be had otherwise. */
    private static final int SMALL_BUFFER = 8 * 1024;

    /** A large message looks at the room on the disk as often as it has grown by this. */
    private static final long LOOK_EVERY = 1 << 20;

    /** The most octets of an envelope; the wire lets through less. */
    private static final int ENVELOPE_LIMIT = 16 << 20;

    private final Journal journal;
    private final LargeFiles files;
    private final Disk disk;
    private final DiskSpace space;
    private final Predicate<Envelope> full;
    private final MemoryBudget budget;
    private final EventLog log;
    private final Clock clock;
    private final AtomicInteger active = new AtomicInteger();
    private volatile boolean stopping;
    private final Semaphore syncs = new Semaphore(8); // a sync may hold its carrier thread

    MessageIntake(
            Journal journal,
            LargeFiles files,
            Disk disk,
            DiskSpace space,
            Predicate<Envelope> full,
            MemoryBudget budget,
            EventLog log,
            Clock clock) {
        this.journal = journal;
        this.files = files;
        this.disk = disk;
        this.space = space;
        this.full = full;
        this.budget = budget;
        this.log = log;
        this.clock = clock;
    }

    /**
     * Takes nothing new; returns when what was handed in whole has its answer, or the patience has ended. What is still coming
     * is not waited for: whoever sends it has had no answer, and sends it again.
     */
    void stop(Duration patience) throws InterruptedException {
        stopping = true;
        long until = System.nanoTime() + patience.toNanos();
        while (active.get() > 0 && System.nanoTime() - until < 0) {
            Thread.sleep(10);
        }
    }

    @Override
    public Submission open() {
        return new ArrivingMessage(clock::millis);
    }

    /** As {@link #open()}, for a message that arrived at another time: milliseconds since 1970, asked for at the end. */
    Submission open(LongSupplier birth) {
        return new ArrivingMessage(birth);
    }

    /** One message; idle, it holds next to nothing. */
    private final class ArrivingMessage implements Submission {
        private final LongSupplier clock;
        private final Chunks chunks = new Chunks();
        private final CRC32C sum = new CRC32C();
        private long octets;
        private long taken; // from the budget
        private long written; // to the file
        private long lookAt = LOOK_EVERY;
        private LargeFiles.@Nullable New file;
        private @Nullable Receipt refusal;
        private boolean begun;
        private boolean committing;
        private boolean finished;

        ArrivingMessage(LongSupplier clock) {
            this.clock = clock;
        }

        /** False once queue is stopping: what has begun may end, nothing begins. */
        private boolean begin() {
            if (!begun && refusal == null) {
                begun = true;
                if (stopping) {
                    refuse(stopping());
                }
            }
            return refusal == null;
        }

        @Override
        public void write(byte[] from, int at, int length) {
            if (finished) {
                throw new IllegalStateException("the message was committed or withdrawn");
            }
            octets += length;
            if (!begin() || refused()) {
                return; // it is read to its end and refused then, as RFC 5321 section 4.1.1.4 wants it
            }
            sum.update(from, at, length);
            try {
                if (file == null && octets > INLINE) {
                    spill();
                }
                keep(from, at, length);
            } catch (IOException e) {
                fail(e);
            }
        }

        private boolean refused() {
            if (octets > Index.LARGEST) {
                refuse(new Receipt.PermanentFailure(new Status(5, 3, 4), "message too big"));
            } else if (chunks.count() == 0 || written >= lookAt) {
                lookAt = written + LOOK_EVERY;
                if (space.isLow()) {
                    refuse(noRoom());
                }
            }
            return refusal != null;
        }

        private void keep(byte[] from, int at, int length) throws IOException {
            int done = 0;
            while (done < length) {
                LargeFiles.New large = file;
                if (large != null && chunks.octets() == 0 && length - done >= SMALL_BUFFER) {
                    large.file().write(ByteBuffer.wrap(from, at + done, length - done), written);
                    written += length - done;
                    return;
                }
                if (chunks.room() == 0) {
                    makeRoom();
                }
                int count = Math.min(length - done, chunks.room());
                if (count > 0) {
                    chunks.add(from, at + done, count);
                    done += count;
                }
            }
        }

        /** A further chunk if there is memory, or else the file. */
        private void makeRoom() throws IOException {
            if (file != null) {
                flush();
                if (chunks.count() == 0) {
                    chunks.grow(); // SMALL_BUFFER octets beyond the budget, bounded by the number of conversations
                }
            } else if (budget.take(chunks.nextChunk())) {
                taken += chunks.nextChunk();
                chunks.grow();
            } else {
                spill();
            }
        }

        private void spill() throws IOException {
            file = files.create();
            flush();
        }

        private void flush() throws IOException {
            LargeFiles.New large = file;
            if (large == null) {
                return;
            }
            for (int i = 0; i < chunks.count(); i++) {
                large.file().write(ByteBuffer.wrap(chunks.chunk(i), 0, chunks.length(i)), written);
                written += chunks.length(i);
            }
            if (chunks.count() > 0) {
                chunks.reuseLast();
                long kept = Math.min(taken, chunks.chunk(0).length);
                budget.giveBack(taken - kept);
                taken = kept;
            }
        }

        @Override
        public Receipt commit(Envelope envelope, String fields) {
            if (finished) {
                throw new IllegalStateException("the message was committed or withdrawn");
            }
            if (fields.length() > MOST_FIELDS) {
                throw new IllegalArgumentException(fields.length() + " octets of fields, over " + MOST_FIELDS);
            }
            active.incrementAndGet();
            committing = true;
            try {
                if (begin() && chunks.count() == 0 && file == null && space.isLow()) {
                    refuse(noRoom()); // no octet came, so nobody looked
                }
                if (refusal == null && full.test(envelope)) {
                    refuse(tooMany());
                }
                return refusal != null ? refusal : submit(envelope, Octets.bytes(fields));
            } finally {
                finished = true;
                drop();
            }
        }

        private Receipt submit(Envelope envelope, byte[] fields) {
            octets += fields.length;
            if (octets > Index.LARGEST) {
                return new Receipt.PermanentFailure(new Status(5, 3, 4), "message too big");
            }
            try {
                if (file == null && fields.length > 0 && !budget.take(fields.length)) {
                    spill();
                }
                LargeFiles.New large = file;
                Chunks body = chunks;
                int bodySum = (int) sum.getValue();
                if (large != null) {
                    flush();
                    sync(large.file());
                    body = new Chunks();
                }
                if (fields.length > 0 && large != null) {
                    body = Chunks.of(new FieldsOnTop(bodySum, fields).body());
                    bodySum = body.sum();
                } else if (fields.length > 0) {
                    taken += fields.length;
                    body.prepend(fields);
                    bodySum = body.sum();
                }
                long birth = clock.getAsLong();
                byte[] payload = Payload.accepted(envelope, birth, octets, large == null ? 0 : large.number());
                if (payload.length > ENVELOPE_LIMIT) {
                    return new Receipt.PermanentFailure(new Status(5, 5, 3), "envelope too big");
                }
                var receipt = new CompletableFuture<Receipt>();
                boolean submitted = journal.submit(new JournalItem.Acceptance(
                        envelope,
                        birth,
                        octets,
                        large == null ? 0 : large.number(),
                        payload,
                        Framing.sum(payload),
                        body,
                        bodySum,
                        receipt));
                if (!submitted) {
                    return stopping();
                }
                file = null; // from now on it is the journal's, which removes it if it refuses
                close(large);
                return receipt.join();
            } catch (IOException e) {
                fail(e);
                return refusal == null ? diskLow() : refusal;
            }
        }

        /** The file and its name must be on disk before a record names it. */
        private void sync(OpenFile large) throws IOException {
            syncs.acquireUninterruptibly();
            try {
                large.force();
                disk.forceFolder(LargeFiles.FOLDER);
            } finally {
                syncs.release();
            }
        }

        private static Receipt stopping() {
            return new Receipt.TemporaryFailure(new Status(4, 3, 2), "queue is stopping");
        }

        private Receipt noRoom() {
            return space.isGone()
                    ? new Receipt.TemporaryFailure(new Status(4, 3, 0), "queue cannot reach its folder now")
                    : diskLow();
        }

        private static Receipt tooMany() {
            return new Receipt.TemporaryFailure(new Status(4, 3, 1), "too many messages wait");
        }

        private static Receipt diskLow() {
            return new Receipt.TemporaryFailure(new Status(4, 3, 1), "disk space is low");
        }

        private void fail(IOException e) {
            log.log(new QueueEvent.LargeFailed(
                    file == null ? LargeFiles.FOLDER : LargeFiles.name(file.number()), LogText.reason(e)));
            refuse(new Receipt.TemporaryFailure(
                    new Status(4, 3, Journal.isFull(e) ? 1 : 0), "queue cannot write its disk now"));
        }

        private void refuse(Receipt why) {
            refusal = why;
            drop();
        }

        private void drop() {
            LargeFiles.New large = file;
            file = null;
            if (large != null) {
                close(large);
                files.withdraw(large.number());
            }
            chunks.clear();
            budget.giveBack(taken);
            taken = 0;
        }

        private static void close(LargeFiles.@Nullable New large) {
            if (large != null) {
                try {
                    large.file().close();
                } catch (IOException e) {
                    // it was synced, or is withdrawn
                }
            }
        }

        @Override
        public void close() { // after the receipt has been passed on
            finished = true;
            drop();
            if (committing) {
                committing = false;
                active.decrementAndGet();
            }
        }
    }
}
