package carteiro.start;

import carteiro.log.EventLog;
import carteiro.posix.LauncherLink;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/**
 * Whoever reads our log: the logger that the launcher started for us, or the other end of our standard output. A server that
 * nobody hears must not go on: what it does with mail would be known to nobody. Safe for any thread.
 */
final class LogConsumer {
    /** The logger's process id, from the launcher; it is a child of this process. */
    private static final String LOGGER = "carteiro.logger";

    /** How the system says that the reader is gone: a pipe, a socket, a terminal. A full disk may be mended. */
    private static final List<String> GONE =
            List.of("Broken pipe", "Connection reset", "Input/output error", EventLog.WRITER_ENDED);

    private final CompletableFuture<Void> gone = new CompletableFuture<>();

    /** Completes when nobody reads the log any more. */
    CompletableFuture<Void> gone() {
        return gone;
    }

    /** Begins to watch the logger, if there is one. */
    void watch() {
        long pid = Long.getLong(LOGGER, 0);
        if (pid == 0) {
            return;
        }
        Optional<ProcessHandle> logger = ProcessHandle.of(pid);
        if (logger.isEmpty()) {
            hasGone();
        } else {
            var _ = logger.get().onExit().thenRun(this::hasGone);
        }
    }

    /** Takes why the log could not be written, in the system's words (English: the launcher sets the locale). */
    void trouble(String words) {
        if (GONE.stream().anyMatch(words::contains)) {
            hasGone();
        }
    }

    /** Says so, once, where it can still be read, if anywhere. */
    private void hasGone() {
        if (!gone.complete(null)) {
            return;
        }
        String last = "carteiro: nobody reads the log any more (its reader has ended), so everything is stopped";
        if (Long.getLong(LOGGER, 0) != 0) {
            LauncherLink.sayBesideTheLog(last);
        } else {
            System.err.println(last);
        }
    }
}
