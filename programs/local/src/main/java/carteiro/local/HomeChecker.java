package carteiro.local;

import carteiro.log.EventLog;
import carteiro.log.LogText;
import carteiro.posix.UnixId;
import carteiro.protocol.AccountPrivilege;
import carteiro.protocol.FileThreads;
import carteiro.protocol.Homes;
import carteiro.protocol.Lookup.AccountHome;
import carteiro.protocol.Lookup.AccountIdentity;
import carteiro.protocol.Lookup.Answer.Account;
import carteiro.protocol.Lookup.DeliveryInstructions;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Answers lookup whether there is a {@code .qmail} file for an extension, as the account's user. A slow home takes time and
 * threads from other such questions at most, never from deliveries.
 */
final class HomeChecker implements Homes {
    /** Looks at once, in all and into homes of one user; one more waits. */
    static final int MOST = 64;

    static final int MOST_PER_USER = 8;

    /**
     * How long one look may take, with the wait for a thread. Must stay below the time that lookup waits for the answer
     * (docs/protocols/homes.md).
     */
    private static final Duration PATIENCE = Duration.ofSeconds(20);

    /** Between two lines of the log. */
    private static final Duration QUIET = Duration.ofMinutes(1);

    private final FileThreads files;
    private final EventLog log;
    private final AtomicLong told = new AtomicLong(System.nanoTime() - QUIET.toNanos());

    HomeChecker(AccountPrivilege privilege, EventLog log) {
        this(new FileThreads("local", privilege, PATIENCE, MOST, MOST_PER_USER, log), log);
    }

    HomeChecker(FileThreads files, EventLog log) {
        this.files = files;
        this.log = log;
    }

    @Override
    public Presence look(AccountExtension asked) {
        if (asked.uid() == 0
                || !UnixId.isId(asked.uid())
                || !UnixId.isId(asked.gid())
                || !asked.home().startsWith("/")) {
            return Presence.NOT_NOW;
        }
        try {
            return files.as(asked.uid(), asked.gid(), () -> present(asked));
        } catch (IOException e) {
            tell(asked.uid(), e);
            return Presence.NOT_NOW;
        }
    }

    /** Once a minute: whoever sends mail decides how often a home is looked into. */
    private void tell(int uid, IOException trouble) {
        long last = told.get();
        long now = System.nanoTime();
        if (now - last >= QUIET.toNanos() && told.compareAndSet(last, now)) {
            log.warning(
                    "local",
                    "whether the home of uid " + UnixId.number(uid)
                            + " has a file for an extension cannot be told now: " + LogText.reason(trouble));
        }
    }

    private static Presence present(AccountExtension asked) throws IOException {
        var home = new HomeFiles(new Account(
                new AccountIdentity("", asked.uid(), asked.gid()),
                new AccountHome(asked.home(), asked.dash(), asked.extension()),
                new DeliveryInstructions.DotQmailInstructions()));
        if (!home.isThere()) {
            return Presence.NOT_NOW; // a file system that is not mounted, perhaps
        }
        return home.hasInstructions() ? Presence.YES : Presence.NO;
    }
}
