package carteiro.protocol;

import carteiro.control.ControlException;
import carteiro.control.Installation;
import carteiro.log.EventLog;
import java.io.IOException;

/** Opens a queue that does not run, for commands of other programs. Found by {@link java.util.ServiceLoader}. */
public interface StoppedQueueOpener {
    /**
     * Opens the queue of an installation as queue would, as the caller's user.
     *
     * @param log gets what queue would log
     * @throws ControlException if queue would not start with these settings
     * @throws IOException if the queue runs, or cannot be read or written
     */
    StoppedQueue open(Installation installation, EventLog log) throws ControlException, IOException;
}
