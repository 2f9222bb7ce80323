package carteiro.queue;

import carteiro.log.EventLog;
import carteiro.protocol.Cleaning;
import carteiro.segments.Disk;
import carteiro.segments.Framing.RecordKind;
import carteiro.segments.Index;
import carteiro.segments.Index.FailedAt;
import carteiro.segments.Index.IndexEntry;
import carteiro.segments.LargeFiles;
import carteiro.segments.Payload;
import carteiro.segments.SegmentPosition;
import carteiro.segments.Segments;
import carteiro.segments.Segments.Sparse;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;

/** Tells clean what is dead, and empties sparse segments for it. */
final class Housekeeping implements Cleaning {
    private static final int MOST_NAMES = 1000;

    /** Octets of records on their way into the log at once, so that new messages are not held up. */
    private static final long IN_FLIGHT = 1 << 20;

    /** Room on the disk that rewriting leaves. */
    private static final long ROOM = 16 << 20;

    private final Index index;
    private final Segments segments;
    private final LargeFiles files;
    private final Journal journal;
    private final Checkpoints checkpoints;
    private final MessageReader reader;
    private final WaitingQueue waiting;
    private final Disk disk;
    private final EventLog log;
    private final Set<Integer> stubborn = new HashSet<>(); // guarded by this

    Housekeeping(
            Index index,
            Segments segments,
            LargeFiles files,
            Journal journal,
            Checkpoints checkpoints,
            MessageReader reader,
            WaitingQueue waiting,
            Disk disk,
            EventLog log) {
        this.index = index;
        this.segments = segments;
        this.files = files;
        this.journal = journal;
        this.checkpoints = checkpoints;
        this.reader = reader;
        this.waiting = waiting;
        this.disk = disk;
        this.log = log;
    }

    @Override
    public List<String> dead() {
        var names = new ArrayList<>(files.dead());
        names.addAll(deadSegments());
        return List.copyOf(names.subList(0, Math.min(names.size(), MOST_NAMES)));
    }

    /** Those that stay dead after a crash: what made them so is on the disk. */
    private List<String> deadSegments() {
        List<String> names = segments.dead(checkpoints.safe());
        if (names.isEmpty() || journal.wantsCheckpoint()) {
            return List.of();
        }
        waiting.awaitReports();
        try {
            journal.sync();
        } catch (IOException e) {
            return List.of(); // another time
        }
        return journal.wantsCheckpoint() ? List.of() : names;
    }

    @Override
    public void removed(List<String> names) {
        SegmentPosition safe = checkpoints.safe();
        for (String name : names) {
            int slash = name.indexOf('/');
            String file = name.substring(slash + 1);
            if (name.startsWith(Segments.FOLDER + "/") && Segments.number(file) > 0) {
                segments.removed(Segments.number(file), safe);
            } else if (name.startsWith(LargeFiles.FOLDER + "/") && LargeFiles.number(file) > 0) {
                files.removed(LargeFiles.number(file));
            }
        }
    }

    @Override
    public synchronized long rewriteSparse() throws IOException {
        Sparse sparse = segments.sparsest(checkpoints.safe(), stubborn);
        if (sparse == null) {
            return 0;
        }
        if (disk.usable() < sparse.live() + ROOM) {
            throw new IOException("no room to rewrite " + Segments.name(sparse.segment()) + " now");
        }
        long octets = 0;
        long messages = 0;
        var lot = new Lot();
        for (long message : index.needing(sparse.segment())) {
            IndexEntry entry = index.entry(message);
            if (entry != null) {
                octets += rewrite(entry, sparse.segment(), lot);
                messages++;
            }
        }
        lot.await();
        if (octets == 0 && messages > 0) {
            stubborn.add(sparse.segment()); // it cannot be read; asking again would never end
        }
        log.log(new QueueEvent.Rewritten(Segments.name(sparse.segment()), messages, octets));
        return Math.max(octets, 1);
    }

    /** What is on its way into the log. */
    private static final class Lot {
        private final List<CompletableFuture<Boolean>> written = new ArrayList<>();
        private long octets;

        CompletableFuture<Boolean> add(long length) {
            if (octets + length > IN_FLIGHT) {
                await();
            }
            octets += length;
            var future = new CompletableFuture<Boolean>();
            written.add(future);
            return future;
        }

        void await() {
            written.forEach(CompletableFuture::join); // false: ended meanwhile, or tried again another time
            written.clear();
            octets = 0;
        }
    }

    private long rewrite(IndexEntry entry, int segment, Lot lot) throws IOException {
        long octets = 0;
        if (entry.place().segment() == segment) {
            MessageReader.WholeMessage whole = reader.whole(entry.message());
            if (whole != null && whole.place().equals(entry.place())) {
                var move = new JournalItem.Move(
                        entry.message(),
                        entry.place(),
                        whole.accepted(),
                        Chunks.of(whole.body()),
                        whole.bodySum(),
                        lot.add(entry.length()));
                submit(move, move.written());
                octets += entry.length();
            }
        }
        MessageReader.Addresses addresses = reader.new Addresses(entry.message());
        for (FailedAt at : entry.failures()) {
            if (at.place().segment() == segment) {
                byte[] payload = Payload.failed(at.recipient(), reader.paragraphToKeep(entry, at, addresses));
                var failed = new JournalItem.OutcomeItem(
                        RecordKind.FAILED, entry.message(), payload, at.recipient(), 0, lot.add(at.length()));
                submit(failed, failed.written());
                octets += at.length();
            }
        }
        return octets;
    }

    private void submit(JournalItem item, CompletableFuture<Boolean> written) {
        if (!journal.submit(item)) {
            written.complete(false);
        }
    }
}
