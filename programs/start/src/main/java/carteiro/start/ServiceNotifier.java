package carteiro.start;

import carteiro.posix.ChildCommand;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * Tells systemd that we are ready (sd_notify, units with Type=notify), by its own command: Java has no datagram sockets of the
 * Unix domain. Elsewhere it does nothing.
 */
final class ServiceNotifier {
    private static final String SOCKET = "NOTIFY_SOCKET";

    private final String socket;

    private ServiceNotifier(String socket) {
        this.socket = socket;
    }

    static ServiceNotifier of(Map<String, String> environment) {
        return new ServiceNotifier(environment.getOrDefault(SOCKET, ""));
    }

    /** Says that the start is done; systemd takes it from any process of the unit (NotifyAccess=all). */
    void ready() {
        if (socket.isEmpty()) {
            return;
        }
        try {
            ProcessBuilder builder = ChildCommand.withFewVariables(List.of("systemd-notify", "--ready"));
            builder.environment().put(SOCKET, socket);
            builder.redirectOutput(ProcessBuilder.Redirect.DISCARD).redirectError(ProcessBuilder.Redirect.DISCARD);
            Process notify = builder.start();
            if (!notify.waitFor(10, TimeUnit.SECONDS)) {
                notify.destroyForcibly();
            }
        } catch (IOException e) {
            // systemd waits for TimeoutStartSec and says that nobody notified it
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
