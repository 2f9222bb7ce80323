package carteiro.queue;

import carteiro.segments.Checkpoint;
import carteiro.segments.Disk;
import carteiro.segments.Index;
import carteiro.segments.LargeFiles;
import carteiro.segments.SegmentPosition;
import carteiro.segments.Segments;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * Which checkpoints there are, and when the next is due. Two are kept, so that one that is damaged costs nothing; what
 * lies before the older one is never read again.
 */
final class Checkpoints {
    private static final int KEPT = 2;
    private static final long SOON = TimeUnit.SECONDS.toNanos(5);
    private static final long CALM = TimeUnit.SECONDS.toNanos(60);
    private static final long LONG = TimeUnit.MINUTES.toNanos(10);
    private static final SegmentPosition START = new SegmentPosition(0, 0);

    private final Disk disk;
    private final Index index;
    private final Segments segments;
    private final LargeFiles files;
    private final Journal journal;
    private final ArrayDeque<Checkpoint> kept = new ArrayDeque<>(); // guarded by this
    private long number; // guarded by this
    private long octets; // guarded by this
    private long takenAt = System.nanoTime() - LONG; // guarded by this

    Checkpoints(
            Disk disk,
            Index index,
            Segments segments,
            LargeFiles files,
            Journal journal,
            Recovery.RecoveryResult found) {
        this.disk = disk;
        this.index = index;
        this.segments = segments;
        this.files = files;
        this.journal = journal;
        this.number = found.lastCheckpoint();
        Checkpoint read = found.checkpoint();
        if (read != null) {
            kept.add(read);
        }
    }

    /** No segment that lies wholly before this place is read at any start. */
    synchronized SegmentPosition safe() {
        return kept.size() < KEPT ? START : kept.getFirst().place();
    }

    /** Whether one should be taken now. */
    synchronized boolean isDue() {
        SegmentPosition last = kept.isEmpty() ? START : kept.getLast().place();
        SegmentPosition end = journal.end();
        long grown = (long) (end.segment() - last.segment()) * Journal.SEGMENT + end.offset() - last.offset();
        long elapsed = System.nanoTime() - takenAt;
        return grown >= Journal.SEGMENT && grown >= octets / 2
                || elapsed >= SOON && journal.wantsCheckpoint()
                || elapsed >= CALM && (grown > octets / 8 || segments.hasDeadSegmentFrom(safe()))
                || elapsed >= LONG && grown > 0;
    }

    /** Takes one, then removes those that are kept no more. */
    synchronized void take() throws IOException {
        takenAt = System.nanoTime();
        SegmentPosition place = journal.end(); // first: what is copied below may be newer, never older
        List<Long> ended = journal.beforeCheckpoint();
        var next = new Checkpoint(number + 1, place, journal.lastMessage() + 1, files.next());
        octets = next.write(disk, index, journal::sync);
        number++;
        journal.checkpointed(ended);
        kept.addLast(next);
        while (kept.size() > KEPT) {
            kept.removeFirst();
        }
        long oldest = kept.getFirst().number();
        for (String file : disk.list(Checkpoint.FOLDER)) {
            long old = Checkpoint.number(file);
            if (old > 0 && old < oldest) {
                disk.delete(Checkpoint.name(old));
            }
        }
        disk.forceFolder(Checkpoint.FOLDER);
    }
}
