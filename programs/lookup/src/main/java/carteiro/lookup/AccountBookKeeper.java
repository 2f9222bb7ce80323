package carteiro.lookup;

import carteiro.control.Installation;
import carteiro.log.EventLog;
import carteiro.log.LogText;
import carteiro.protocol.LoginRecords;
import java.io.IOException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Has the book of accounts on the disk, and answers tools from it. */
final class AccountBookKeeper implements LoginRecords, AutoCloseable {
    /** After a crash, so much of the counts may be missing. What an administrator orders is on the disk at once. */
    private static final Duration INTERVAL = Duration.ofSeconds(30);

    private final EventLog log;
    private final AccountBook book;
    private final @Nullable AccountBookFile file; // null if there is none: then nothing is kept
    private final ReentrantLock writing = new ReentrantLock();
    private final ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().name("logins-keeper").daemon(true).factory());
    private volatile Consumer<LookupEvent> notices = _ -> {};
    private @Nullable LoginLimiter limiter; // set once, before anything is answered

    /** Opens the files; to be called before lookup gives up root. */
    AccountBookKeeper(Installation installation, EventLog log) {
        this.log = log;
        this.book = new AccountBook(InstantSource.system(), this::warn);
        AccountBookFile opened = null;
        try {
            opened = AccountBookFile.open(installation);
        } catch (IOException e) {
            log.warning(
                    LookupProgram.NAME,
                    "users/logins.0 and logins.1 cannot be used (" + LogText.reason(e)
                            + "): which accounts are stopped and how much each has sent is forgotten at the next start");
        }
        this.file = opened;
    }

    AccountBook book() {
        return book;
    }

    private void warn(LookupEvent event) {
        log.log(event);
        notices.accept(event);
    }

    /**
     * Reads what was kept, and keeps it from now on.
     *
     * @param also gets what is unusual, besides the log
     */
    void begin(LoginLimiter limiterOfLogins, Consumer<LookupEvent> also) {
        this.notices = also;
        this.limiter = limiterOfLogins;
        if (file == null) {
            return;
        }
        int wrong = book.read(
                file.lines(),
                each -> each.logins()
                        .reversed()
                        .forEach(login -> limiterOfLogins.remember(each.account(), login.client())));
        if (wrong > 0) {
            log.warning(LookupProgram.NAME, wrong + " lines of users/logins are none, and are left out");
        }
        Future<?> _ = timer.scheduleWithFixedDelay(
                this::keepLater, INTERVAL.toSeconds(), INTERVAL.toSeconds(), TimeUnit.SECONDS);
    }

    private void keepLater() {
        try {
            keep();
        } catch (IOException e) {
            log.warning(LookupProgram.NAME, "users/logins cannot be written (" + LogText.reason(e) + ")");
        } catch (RuntimeException e) {
            log.bug(LookupProgram.NAME, e); // and it goes on
        }
    }

    private void keep() throws IOException {
        if (file == null) {
            throw new IOException("users/logins.0 and logins.1 could not be opened; see the log of the start");
        }
        writing.lock();
        try {
            book.keep(file);
        } finally {
            writing.unlock();
        }
    }

    private LoginLimiter limiter() {
        LoginLimiter now = limiter;
        if (now == null) {
            throw new IllegalStateException("not begun");
        }
        return now;
    }

    @Override
    public List<AccountLogins> page(String after, int most) {
        return book.page(after, most, limiter()::blocked);
    }

    @Override
    public AccountLogins account(String account) {
        return book.account(account, limiter()::blocked);
    }

    @Override
    public List<BlockedOrigin> blocked() {
        return limiter().blocked(MOST_ACCOUNTS);
    }

    @Override
    public boolean order(LoginOrder order, String name, String by) throws IOException {
        log.log(new LookupEvent.LoginsOrdered(order.name(), name, by));
        return switch (order) {
            case LIFT -> limiter().lift(name);
            case STOP -> stop(name, true);
            case RESUME -> {
                limiter().lift(name); // its owner has failed meanwhile
                yield stop(name, false);
            }
        };
    }

    private boolean stop(String account, boolean stopped) throws IOException {
        boolean changed = book.stop(account, stopped);
        keep();
        return changed;
    }

    @Override
    public void close() {
        timer.shutdownNow();
        if (file == null) {
            return;
        }
        keepLater();
        try {
            file.close();
        } catch (IOException e) {
            log.warning(LookupProgram.NAME, "closing users/logins: " + LogText.reason(e));
        }
    }
}
