package carteiro.queuetool;

import carteiro.log.EventLog;
import carteiro.protocol.StoppedQueue;
import carteiro.segments.Disk;
import carteiro.segments.Snapshot;
import carteiro.segments.Snapshot.QueueRunState;
import java.io.IOException;
import java.io.InputStream;
import java.time.Clock;
import java.util.function.Consumer;

/** What {@code carteiro queue check} and {@code import} do, on the disks of queue's tests. */
public final class CommandsOnADisk {
    private CommandsOnADisk() {}

    /** Checks a queue that does not run; what is printed. */
    public static void check(Disk disk, EventLog log, Consumer<String> lines) throws IOException {
        try (var snapshot = new Snapshot(disk, QueueRunState.STOPPED, log)) {
            new QueueCheck(disk, QueueRunState.STOPPED, "queue", snapshot, lines).run();
        }
    }

    /** Imports into a queue that was opened for it. */
    public static void importInto(StoppedQueue queue, InputStream archive, Clock clock) throws IOException {
        new Import(queue, archive, clock).run();
    }
}
