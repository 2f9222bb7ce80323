package carteiro.start;

import carteiro.log.EventLog;
import carteiro.log.LogText;
import carteiro.posix.NotifySocket;
import java.io.IOException;
import java.util.Map;

/** Tells systemd that we are ready (sd_notify, units with Type=notify). Elsewhere it does nothing. */
final class ServiceNotifier {
    private static final String SOCKET = "NOTIFY_SOCKET";

    private final String socket;
    private final EventLog log;

    private ServiceNotifier(String socket, EventLog log) {
        this.socket = socket;
        this.log = log;
    }

    static ServiceNotifier of(Map<String, String> environment, EventLog log) {
        return new ServiceNotifier(environment.getOrDefault(SOCKET, ""), log);
    }

    /** Says that the start is done. */
    void ready() {
        if (socket.isEmpty()) {
            return;
        }
        try {
            NotifySocket.send(socket, "READY=1");
        } catch (IOException e) { // systemd waits for TimeoutStartSec, then ends us
            log.alert("start", "systemd cannot be told that the start is done: " + LogText.reason(e));
        }
    }
}
