package carteiro.queue;

import carteiro.log.EventLog;
import carteiro.segments.Disk;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;

/** Whether there is room on the disk for more messages; looks again at most every tenth of a second. Any thread. */
final class DiskSpace {
    private static final long LOOK_AGAIN = 100_000_000; // nanoseconds

    private final Disk disk;
    private final LongSupplier floor;
    private final EventLog log;
    private final AtomicLong lookedAt = new AtomicLong(System.nanoTime() - LOOK_AGAIN);
    private final AtomicBoolean low = new AtomicBoolean();
    private final AtomicBoolean gone = new AtomicBoolean();

    /** @param floor octets below which nothing new is taken */
    DiskSpace(Disk disk, LongSupplier floor, EventLog log) {
        this.disk = disk;
        this.floor = floor;
        this.log = log;
    }

    /** Whether the folder of the queue is not where it was when queue was started. */
    boolean isGone() {
        return gone.get();
    }

    /** Whether less than the floor is left, or the folder has gone: then nothing is taken. */
    boolean isLow() {
        long now = System.nanoTime();
        long before = lookedAt.get();
        if (now - before >= LOOK_AGAIN && lookedAt.compareAndSet(before, now)) {
            look();
        }
        return low.get() || gone.get();
    }

    /** Whether so many octets can be written without coming near the floor. */
    boolean has(long octets) throws IOException {
        return disk.usable() - octets >= floor.getAsLong();
    }

    private void look() {
        long usable;
        try {
            usable = disk.usable();
        } catch (NoSuchFileException e) {
            if (gone.compareAndSet(false, true)) {
                log.log(new QueueEvent.FolderGone(String.valueOf(e.getMessage())));
            }
            return;
        } catch (IOException e) {
            return; // the next write will tell
        }
        if (gone.compareAndSet(true, false)) {
            log.log(new QueueEvent.FolderBack());
        }
        boolean lowNow = usable < floor.getAsLong();
        if (low.compareAndSet(!lowNow, lowNow)) {
            log.log(lowNow ? new QueueEvent.DiskLow(usable, floor.getAsLong()) : new QueueEvent.DiskHasRoom(usable));
        }
    }
}
