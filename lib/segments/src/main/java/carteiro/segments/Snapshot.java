package carteiro.segments;

import carteiro.log.EventLog;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.util.HashMap;
import java.util.Map;
import java.util.NavigableMap;
import java.util.NavigableSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * What waits in a queue, read from its files without changing anything and without asking the queue, which may be running
 * meanwhile. One thread.
 *
 * <p>A running queue is written at its end and removed at its beginning. What is written there last may be half of a
 * record, so that it is left for {@link #catchUp}. What is removed was needed by no message any more, and the log said why
 * before it was removed: whoever misses something catches up and looks again.
 */
public final class Snapshot implements Closeable {
    /** How often is begun anew when clean removes what was still to be read. */
    private static final int TRIES = 5;

    private static final long PAUSE = 20_000_000; // nanoseconds for the writer to end its write

    private final Disk disk;
    private final QueueRunState state;
    private final EventLog log;
    private Segments segments;
    private Index index;
    private Replay replay;
    private @Nullable Checkpoint checkpoint;
    private SegmentPosition end = new SegmentPosition(0, 0);

    /** Whether a queue is at work meanwhile. */
    public enum QueueRunState {
        RUNNING,
        STOPPED
    }

    /** Takes it. */
    public Snapshot(Disk disk, QueueRunState state, EventLog log) throws IOException {
        this.disk = disk;
        this.state = state;
        this.log = log;
        segments = new Segments(disk);
        index = new Index(segments);
        replay = new Replay(index, segments, new LargeFiles(disk), log);
        take();
    }

    /** What waits. */
    public Index index() {
        return index;
    }

    /** The segments it is in. */
    public Segments segments() {
        return segments;
    }

    /** Where the log ends that the index knows. */
    public SegmentPosition end() {
        return end;
    }

    /** What it began with; null if there was no checkpoint that could be used. */
    @Nullable
    public Checkpoint checkpoint() {
        return checkpoint;
    }

    private void take() throws IOException {
        for (int tries = 0; tries < TRIES; tries++) {
            segments.close();
            segments = new Segments(disk);
            index = new Index(segments);
            replay = new Replay(index, segments, new LargeFiles(disk), log);
            checkpoint = newest();
            SegmentPosition begin = checkpoint == null ? new SegmentPosition(0, 0) : checkpoint.place();
            end = begin;
            if (readOn(begin)) {
                return;
            }
        }
        throw new IOException(
                "the queue changes faster than it can be read; try again when it is less busy, or stop it");
    }

    /** Takes what was written since. */
    public void catchUp() throws IOException {
        if (!readOn(end)) {
            take();
        }
    }

    private @Nullable Checkpoint newest() throws IOException {
        for (long number : checkpoints().descendingSet()) {
            try {
                return Checkpoint.read(disk, number, replay::load);
            } catch (IOException e) {
                // removed by the running queue, or damaged: the older one is as good
            }
        }
        return null;
    }

    private NavigableSet<Long> checkpoints() throws IOException {
        var numbers = new TreeSet<Long>();
        for (String file : disk.list(Checkpoint.FOLDER)) {
            if (Checkpoint.number(file) > 0) {
                numbers.add(Checkpoint.number(file));
            }
        }
        return numbers;
    }

    /** Reads the log from a place on; false if something behind that place may have been removed before it was read. */
    private boolean readOn(SegmentPosition begin) throws IOException {
        try {
            replay();
        } catch (NoSuchFileException e) {
            if (state == QueueRunState.STOPPED) {
                throw e;
            }
            return false;
        }
        if (state == QueueRunState.STOPPED) {
            return true;
        }
        var numbers = checkpoints();
        Long last = numbers.pollLast();
        Long older = numbers.pollLast();
        try {
            return last == null
                    || older == null
                    || Checkpoint.head(disk, older).place().compareTo(begin) <= 0;
        } catch (NoSuchFileException e) {
            return false;
        } catch (IOException e) {
            return true; // damaged: nothing is removed on its word
        }
    }

    private void replay() throws IOException {
        NavigableMap<Integer, Long> present = new TreeMap<>();
        for (String file : disk.list(Segments.FOLDER)) {
            int number = Segments.number(file);
            if (number > 0) {
                try {
                    long size = disk.size(Segments.name(number));
                    present.put(number, size);
                    segments.found(number, size);
                } catch (NoSuchFileException e) {
                    // removed since it was listed
                }
            }
        }
        Map<Integer, Long> ends = new HashMap<>();
        var after = present.tailMap(end.segment(), true);
        for (int segment : after.keySet()) {
            replay.endsBefore(segment).forEach(before -> ends.put(before.segment(), (long) before.offset()));
        }
        for (Map.Entry<Integer, Long> segment : after.entrySet()) {
            int number = segment.getKey();
            long limit = Math.min(segment.getValue(), ends.getOrDefault(number, Long.MAX_VALUE));
            int start = number == end.segment() ? end.offset() : 0;
            int to = start < limit ? scan(number, limit, start, number == after.lastKey()) : start;
            end = new SegmentPosition(number, to);
        }
    }

    /** The end of the last good record. What is bad before a good one may have been half written when it was read. */
    private int scan(int number, long limit, int start, boolean isLast) throws IOException {
        return segments.reading(number, file -> {
            for (int tries = 0; ; tries++) {
                var scan = new SegmentScan(
                        file, number, limit, isLast ? SegmentScan.Bodies.VERIFIED : SegmentScan.Bodies.SKIPPED);
                scan.run(start, replay::apply);
                boolean whole = scan.bad().isEmpty() || scan.bad().getFirst().offset() >= scan.end();
                if (whole || !isLast || state == QueueRunState.STOPPED || tries == TRIES) {
                    return scan.end();
                }
                LockSupport.parkNanos(PAUSE);
            }
        });
    }

    @Override
    public void close() {
        segments.close();
    }
}
