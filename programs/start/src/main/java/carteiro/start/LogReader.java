package carteiro.start;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/**
 * Whoever reads our log: the logger that the launcher started for us, or the other end of our standard output. A server that
 * nobody hears must not go on: what it does with mail would be known to nobody. Safe for any thread.
 */
final class LogReader {
    /** The logger's process id, from the launcher; it is a child of this process. */
    private static final String LOGGER = "carteiro.logger";

    /** What was standard error before the logger took it. */
    private static final Path ERRORS = Path.of("/proc/self/fd/3");

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

    /** Says so, once, where it can still be read, if anywhere. */
    void hasGone() {
        if (!gone.complete(null)) {
            return;
        }
        String last = "carteiro: nobody reads the log any more (its reader has ended), so everything is stopped\n";
        try {
            if (Long.getLong(LOGGER, 0) != 0) {
                Files.writeString(ERRORS, last, StandardCharsets.US_ASCII, StandardOpenOption.WRITE);
            } else {
                System.err.print(last);
            }
        } catch (java.io.IOException e) {
            // nor does anybody read that
        }
    }
}
