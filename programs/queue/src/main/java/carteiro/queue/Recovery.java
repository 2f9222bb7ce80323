package carteiro.queue;

import carteiro.log.EventLog;
import carteiro.log.LogText;
import carteiro.segments.Checkpoint;
import carteiro.segments.Disk;
import carteiro.segments.Disk.OpenFile;
import carteiro.segments.Index;
import carteiro.segments.LargeFiles;
import carteiro.segments.Replay;
import carteiro.segments.SegmentPosition;
import carteiro.segments.SegmentScan;
import carteiro.segments.Segments;
import carteiro.segments.StoredRecord;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.NoSuchFileException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.NavigableMap;
import java.util.NavigableSet;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Builds the index from the newest checkpoint that can be used and the log behind it; without one, from all segments.
 * May itself be stopped anywhere and begun again: it removes drafts, cuts a torn tail and copies damaged octets, nothing
 * else.
 */
final class Recovery {
    private static final int AGAIN = 1 << 20;

    private final Disk disk;
    private final Index index;
    private final Segments segments;
    private final LargeFiles files;
    private final Quarantine quarantine;
    private final EventLog log;
    private final Replay replay;
    private long octetsScanned;

    /** Numbers that are left out at each start: more than a failing disk loses before a sync fails. */
    static final long LEFT_OUT = 100_000;

    /** 2026-01-01T00:00:00Z, in milliseconds since 1970. */
    private static final long BEGINNING = 1_767_225_600_000L;

    Recovery(Disk disk, Index index, Segments segments, LargeFiles files, Quarantine quarantine, EventLog log) {
        this.disk = disk;
        this.index = index;
        this.segments = segments;
        this.files = files;
        this.quarantine = quarantine;
        this.log = log;
        this.replay = new Replay(index, segments, files, log);
    }

    /**
     * What the queue goes on with.
     *
     * @param lastSegment the greatest number of a segment so far
     * @param nextMessage the number of the next message
     * @param end where the log ends
     * @param spare whether an empty segment is ready
     * @param checkpoint what was begun with, or null
     * @param lastCheckpoint the greatest number of a checkpoint so far
     * @param octetsScanned what was read of the segments
     */
    record RecoveryResult(
            int lastSegment,
            long nextMessage,
            SegmentPosition end,
            boolean spare,
            @Nullable Checkpoint checkpoint,
            long lastCheckpoint,
            long octetsScanned) {}

    /** @param now milliseconds since 1970 */
    RecoveryResult run(long now) throws IOException {
        NavigableMap<Integer, Long> present = present();
        NavigableSet<Long> checkpoints = checkpoints();
        Checkpoint checkpoint = newest(checkpoints);
        SegmentPosition from = checkpoint == null ? new SegmentPosition(0, 0) : checkpoint.place();
        int last = Math.max(present.isEmpty() ? 0 : present.lastKey(), from.segment());
        reportShortened(present, from, checkpoint != null || checkpoints.isEmpty());
        SegmentPosition end = replay(present, from, checkpoint != null);
        large(checkpoint);
        reportMissing();
        long known = Math.max(checkpoint == null ? 0 : checkpoint.nextMessage() - 1, replay.greatestMessage());
        return new RecoveryResult(
                last,
                firstNumber(known, now),
                end,
                disk.list(Segments.FOLDER).contains("spare"),
                checkpoint,
                checkpoints.isEmpty() ? 0 : checkpoints.last(),
                octetsScanned);
    }

    /**
     * The number of the next message. send, deliveries and the log may know messages that the disk has lost, or those of
     * a queue that was replaced: their numbers must not mean another message. So numbers are left out, and none is below
     * the tenths of a second since 2026.
     *
     * @param known the greatest number that is known to have been given; 0 if none
     * @param now milliseconds since 1970
     */
    static long firstNumber(long known, long now) {
        return Math.max(known == 0 ? 1 : known + LEFT_OUT, (now - BEGINNING) / 100);
    }

    private NavigableMap<Integer, Long> present() throws IOException {
        var present = new TreeMap<Integer, Long>();
        for (String file : disk.list(Segments.FOLDER)) {
            int number = Segments.number(file);
            if (number > 0) {
                long size = disk.size(Segments.name(number));
                present.put(number, size);
                segments.found(number, size);
            } else if (file.equals("spare.new")) {
                disk.delete(Segments.FOLDER + "/" + file);
            } else if (!file.equals("spare")) {
                log.log(new QueueEvent.Stranger(Segments.FOLDER + "/" + file));
            }
        }
        return present;
    }

    private NavigableSet<Long> checkpoints() throws IOException {
        var numbers = new TreeSet<Long>();
        for (String file : disk.list(Checkpoint.FOLDER)) {
            long number = Checkpoint.number(file);
            if (number > 0) {
                numbers.add(number);
            } else if (file.equals("new")) {
                disk.delete(Checkpoint.DRAFT);
            } else {
                log.log(new QueueEvent.Stranger(Checkpoint.FOLDER + "/" + file));
            }
        }
        return numbers;
    }

    private @Nullable Checkpoint newest(NavigableSet<Long> numbers) {
        for (long number : numbers.descendingSet()) {
            try {
                return Checkpoint.read(disk, number, replay::load);
            } catch (IOException e) {
                log.log(new QueueEvent.CheckpointUnusable(Checkpoint.name(number), LogText.reason(e)));
            }
        }
        return null;
    }

    /** Applies the log from a place on; the place where it ends. */
    private SegmentPosition replay(NavigableMap<Integer, Long> present, SegmentPosition from, boolean hasCheckpoint)
            throws IOException {
        Map<Integer, Long> ends = new HashMap<>();
        var after = present.tailMap(from.segment(), true);
        for (int segment : after.keySet()) {
            replay.endsBefore(segment).forEach(before -> ends.put(before.segment(), (long) before.offset()));
        }
        SegmentPosition end = from;
        for (Map.Entry<Integer, Long> segment : after.entrySet()) {
            int number = segment.getKey();
            boolean isTail = !ends.containsKey(number); // the last one; or a crash came before the next one said so
            long limit = Math.min(segment.getValue(), ends.getOrDefault(number, Long.MAX_VALUE));
            int start = number == from.segment() ? from.offset() : 0;
            var bodies = hasCheckpoint || isTail ? SegmentScan.Bodies.VERIFIED : SegmentScan.Bodies.SKIPPED;
            end = new SegmentPosition(number, start);
            if (start < limit) {
                end = segments.reading(number, file -> {
                    var scan = new SegmentScan(file, number, limit, bodies);
                    scan.run(start, replay::apply);
                    octetsScanned += scan.octetsRead();
                    classifyDamage(scan, file, number, ends.containsKey(number));
                    if (hasCheckpoint || isTail) {
                        rewriteUnsynced(file, number, Math.max(start, scan.synced()), scan.end(), isTail);
                    }
                    return new SegmentPosition(number, scan.end());
                });
            }
        }
        return end;
    }

    /**
     * Says which segments are shorter than the checkpoint or a later segment knows them, down to nothing.
     *
     * @param knowsRemoved whether it is known which segments clean may have removed: those before that place
     */
    private void reportShortened(NavigableMap<Integer, Long> present, SegmentPosition from, boolean knowsRemoved)
            throws IOException {
        Map<Integer, Long> wanted = new TreeMap<>();
        if (present.containsKey(from.segment())) {
            wanted.put(from.segment(), (long) from.offset());
        }
        for (int segment : present.tailMap(from.segment(), true).keySet()) {
            for (SegmentPosition end : replay.endsBefore(segment)) {
                if (present.containsKey(end.segment()) || knowsRemoved && end.compareTo(from) > 0) {
                    wanted.merge(end.segment(), (long) end.offset(), Math::max);
                }
            }
        }
        wanted.forEach((segment, end) -> {
            long size = present.getOrDefault(segment, 0L);
            if (size < end) {
                log.log(new QueueEvent.Shortened(Segments.name(segment), size, end));
            }
        });
    }

    /** Bad octets were safe once if the segment was finished, or if a later record says that they had been synced. */
    private void classifyDamage(SegmentScan scan, OpenFile file, int segment, boolean finished) throws IOException {
        for (SegmentScan.Bad bad : scan.bad()) {
            if (finished || bad.offset() < scan.synced()) {
                quarantine.setAside(file, new SegmentPosition(segment, bad.offset()), bad.length(), bad.why());
            } else {
                log.log(new QueueEvent.TornTail(Segments.name(segment), bad.offset(), bad.length()));
            }
        }
    }

    /**
     * What is told to send from now on must survive the next crash too. What is not known to be synced is written once more:
     * if a force failed before, the system shows it and takes it for clean, and no force would bring it to the disk.
     */
    private void rewriteUnsynced(OpenFile file, int segment, int synced, int end, boolean isTail) throws IOException {
        if (isTail && file.size() > end) {
            file.truncate(end);
            segments.found(segment, end);
        }
        ByteBuffer piece = ByteBuffer.allocate(Math.clamp(end - (long) synced, 0, AGAIN));
        for (int at = synced; at < end; at += piece.capacity()) {
            piece.clear().limit(Math.min(piece.capacity(), end - at));
            file.write(StoredRecord.fill(file, piece, at), at);
        }
        file.force();
        disk.forceFolder(Segments.FOLDER);
    }

    /** Files no live message is in were being received, or have ended. */
    private void large(@Nullable Checkpoint checkpoint) throws IOException {
        if (checkpoint != null) {
            files.used(checkpoint.nextFile() - 1);
        }
        Set<Long> needed = new HashSet<>(index.files());
        for (String file : disk.list(LargeFiles.FOLDER)) {
            long number = LargeFiles.number(file);
            if (number == 0) {
                log.log(new QueueEvent.Stranger(LargeFiles.FOLDER + "/" + file));
                continue;
            }
            files.used(number);
            try {
                files.live(number, disk.size(LargeFiles.name(number)));
            } catch (NoSuchFileException e) {
                continue; // clean is at work
            }
            if (!needed.remove(number)) {
                files.ended(number);
            }
        }
        for (long missing : needed) {
            log.log(new QueueEvent.Missing(LargeFiles.name(missing), 1));
        }
    }

    private void reportMissing() {
        for (int segment : new ArrayList<>(segments.missing())) {
            log.log(new QueueEvent.Missing(Segments.name(segment), index.needing(segment).length));
        }
    }
}
