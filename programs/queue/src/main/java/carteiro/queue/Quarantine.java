package carteiro.queue;

import carteiro.log.EventLog;
import carteiro.segments.Disk;
import carteiro.segments.Disk.OpenFile;
import carteiro.segments.QueueFolder;
import carteiro.segments.SegmentPosition;
import carteiro.segments.Segments;
import carteiro.segments.StoredRecord;
import java.io.IOException;
import java.nio.ByteBuffer;

/** Sets damaged octets aside, whole, for somebody to look at. Any thread. */
final class Quarantine {
    private static final int PIECE = 64 * 1024;

    private final Disk disk;
    private final EventLog log;

    Quarantine(Disk disk, EventLog log) {
        this.disk = disk;
        this.log = log;
    }

    /**
     * Copies octets of a segment, and says so; a second time for the same place does nothing.
     *
     * @throws IOException if they cannot be copied now: they must stay where they are
     */
    synchronized void setAside(OpenFile segment, SegmentPosition place, long octets, String why) throws IOException {
        String name = QueueFolder.damaged(place);
        if (disk.list(QueueFolder.DAMAGED).contains(name.substring(QueueFolder.DAMAGED.length() + 1))) {
            return; // by an earlier start
        }
        disk.delete(QueueFolder.DAMAGED_DRAFT);
        try (OpenFile copy = disk.create(QueueFolder.DAMAGED_DRAFT)) {
            for (long done = 0; done < octets; ) {
                ByteBuffer piece = StoredRecord.fill(
                        segment, ByteBuffer.allocate((int) Math.min(PIECE, octets - done)), place.offset() + done);
                int count = piece.remaining();
                if (count == 0) {
                    break;
                }
                copy.write(piece, done);
                done += count;
            }
            copy.force();
        }
        disk.rename(QueueFolder.DAMAGED_DRAFT, name);
        disk.forceFolder(QueueFolder.DAMAGED);
        log.log(new QueueEvent.Damaged(Segments.name(place.segment()), place.offset(), octets, why, name));
    }
}
