package carteiro.start;

import carteiro.control.ControlException;
import carteiro.control.ControlFiles;
import carteiro.control.Installation;
import carteiro.control.Settings;
import carteiro.log.EventLog;
import java.nio.file.Files;
import java.time.Duration;
import java.util.List;

/**
 * What start itself reads.
 *
 * @param logForm control/logformat
 * @param stopTimeout control/timeoutstop: how long a stop may take in all
 */
record StartSettings(EventLog.LogFormat logForm, Duration stopTimeout) {
    /** Reads them. @throws ControlException naming every problem, a missing control/me among them */
    static StartSettings read(Installation installation) throws ControlException {
        if (!Files.exists(installation.control(Settings.ME))) {
            throw new ControlException(List.of(installation.control(Settings.ME)
                    + " is missing, so this is no installation yet; write its first files by: carteiro init --home "
                    + installation.home() + " --me HOST"));
        }
        var files = new ControlFiles(installation);
        EventLog.LogFormat logForm = files.get(Settings.LOGFORMAT);
        Duration stop = files.get(Settings.TIMEOUTSTOP);
        files.check();
        return new StartSettings(logForm, stop);
    }
}
