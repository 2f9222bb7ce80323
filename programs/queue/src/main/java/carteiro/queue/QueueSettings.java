package carteiro.queue;

import carteiro.control.ControlException;
import carteiro.control.ControlFiles;
import carteiro.control.Installation;
import carteiro.control.Settings;

/**
 * What queue reads of control/.
 *
 * @param memory octets all messages being received share (control/queuememory)
 * @param diskFloor octets that must be left on the disk for new messages to be taken (control/queuediskfloor)
 */
record QueueSettings(long memory, long diskFloor) {
    /** Reads the settings. */
    static QueueSettings read(Installation installation) throws ControlException {
        var files = new ControlFiles(installation);
        var settings = new QueueSettings(files.get(Settings.QUEUEMEMORY), files.get(Settings.QUEUEDISKFLOOR));
        files.check();
        return settings;
    }
}
