package carteiro.queue;

import carteiro.control.ControlException;
import carteiro.control.Installation;
import carteiro.log.EventLog;
import carteiro.protocol.StoppedQueue;
import carteiro.protocol.StoppedQueueOpener;
import carteiro.segments.FileDisk;
import java.io.IOException;
import java.time.Clock;

/** The queue by the same code, but without its program: for commands that change what waits while queue is stopped. */
public final class OfflineQueue implements StoppedQueueOpener {
    /** For {@link java.util.ServiceLoader}. */
    public OfflineQueue() {}

    @Override
    public StoppedQueue open(Installation installation, EventLog log) throws ControlException, IOException {
        QueueSettings settings = QueueSettings.read(installation);
        return new Queue(new FileDisk(installation.queue()), () -> settings, log, Clock.systemUTC(), Journal.SEGMENT);
    }
}
