package carteiro.clean;

import carteiro.control.ControlException;
import carteiro.control.ControlFiles;
import carteiro.control.Installation;
import carteiro.control.Settings;
import java.time.Duration;

/**
 * What clean reads of control/.
 *
 * @param pause between two looks (control/cleanpause)
 */
record CleanSettings(Duration pause) {
    /** Reads the settings. */
    static CleanSettings read(Installation installation) throws ControlException {
        var files = new ControlFiles(installation);
        var settings = new CleanSettings(files.get(Settings.CLEANPAUSE));
        files.check();
        return settings;
    }
}
