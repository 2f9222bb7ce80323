package carteiro.local;

import carteiro.log.EventLog;
import carteiro.log.LogText;
import carteiro.protocol.Homes;
import carteiro.protocol.Lookup.Answer.Account;
import carteiro.protocol.Lookup.Recipe;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/**
 * Answers lookup whether there is a {@code .qmail} file for an extension, as the account's user. A slow home takes time and
 * threads from other such questions at most, never from deliveries.
 */
final class HomeLooks implements Homes {
    /** Looks at once; one more waits for a moment, then cannot be told now. */
    static final int MOST = 64;

    /** How long the file system may take. Must stay below the time that lookup waits for the answer (docs/protocols/homes.md). */
    private static final Duration PATIENCE = Duration.ofSeconds(20);

    private static final Duration LONGEST_WAIT = Duration.ofSeconds(5);

    private final FileThreads files;
    private final EventLog log;
    private final Semaphore free = new Semaphore(MOST);

    HomeLooks(Powers powers, EventLog log) {
        this(new FileThreads(powers, PATIENCE, log), log);
    }

    HomeLooks(FileThreads files, EventLog log) {
        this.files = files;
        this.log = log;
    }

    @Override
    public Presence look(Extension asked) {
        if (asked.uid() <= 0 || asked.gid() < 0 || !asked.home().startsWith("/")) {
            return Presence.NOT_NOW;
        }
        boolean mine = false;
        try {
            mine = free.tryAcquire(LONGEST_WAIT.toMillis(), TimeUnit.MILLISECONDS);
            return mine ? files.as(asked.uid(), asked.gid(), () -> present(asked)) : Presence.NOT_NOW;
        } catch (IOException e) {
            log.warning(
                    "local",
                    "whether the home of uid " + asked.uid() + " has a file for an extension cannot be told now: "
                            + LogText.reason(e));
            return Presence.NOT_NOW;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return Presence.NOT_NOW;
        } finally {
            if (mine) {
                free.release();
            }
        }
    }

    private static Presence present(Extension asked) throws IOException {
        var home = new HomeFiles(new Account(
                "", asked.uid(), asked.gid(), asked.home(), asked.dash(), asked.extension(), new Recipe.DotQmail()));
        if (!home.isThere()) {
            return Presence.NOT_NOW; // a file system that is not mounted, perhaps
        }
        return home.hasInstructions() ? Presence.YES : Presence.NO;
    }
}
