package carteiro.queue;

import carteiro.log.EventLog;
import carteiro.queue.Disk.OpenFile;
import java.io.IOException;
import java.nio.ByteBuffer;

/** Sets damaged octets aside, whole, for somebody to look at. Any thread. */
final class Quarantine {
    /** Where the copies are, below HOME/queue. */
    static final String FOLDER = "damaged";

    /** One being written. */
    static final String DRAFT = FOLDER + "/new";

    private static final int PIECE = 64 * 1024;

    private final Disk disk;
    private final EventLog log;

    Quarantine(Disk disk, EventLog log) {
        this.disk = disk;
        this.log = log;
    }

    /** The name of a copy below HOME/queue. */
    static String name(SegmentPosition place) {
        return FOLDER + "/" + Segments.name(place.segment()).replace('/', '-') + "-" + place.offset();
    }

    /**
     * Copies octets of a segment, and says so; a second time for the same place does nothing.
     *
     * @throws IOException if they cannot be copied now: they must stay where they are
     */
    synchronized void setAside(OpenFile segment, SegmentPosition place, long octets, String why) throws IOException {
        String name = name(place);
        if (disk.list(FOLDER).contains(name.substring(FOLDER.length() + 1))) {
            return; // by an earlier start
        }
        disk.delete(DRAFT);
        try (OpenFile copy = disk.create(DRAFT)) {
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
        disk.rename(DRAFT, name);
        disk.forceFolder(FOLDER);
        log.log(new QueueEvent.Damaged(Segments.name(place.segment()), place.offset(), octets, why, name));
    }
}
