package carteiro.queue;

import carteiro.control.ControlException;
import carteiro.control.ControlFiles;
import carteiro.control.Installation;

/**
 * What queue reads of control/.
 *
 * @param memory octets all messages being received share (control/queuememory)
 * @param diskFloor octets that must be left on the disk for new messages to be taken (control/queuediskfloor)
 */
record QueueSettings(long memory, long diskFloor) {
    static final long DEFAULT_MEMORY = 32 << 20;
    static final long DEFAULT_DISK_FLOOR = 128 << 20;

    /** Reads the settings. */
    static QueueSettings read(Installation installation) throws ControlException {
        var files = new ControlFiles(installation);
        var settings = new QueueSettings(files.number("queuememory"), files.number("queuediskfloor"));
        files.check();
        return settings;
    }
}
