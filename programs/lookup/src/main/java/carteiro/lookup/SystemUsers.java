package carteiro.lookup;

import carteiro.posix.FileStatus;
import carteiro.posix.SystemAccount;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * The accounts of the system that are mail users, remembered for some seconds. A name service or a network file system
 * that hangs holds a few threads here, never the threads that everything else runs on.
 */
final class SystemUsers implements AutoCloseable {
    /** How long an answer is remembered. */
    static final Duration TRUST = Duration.ofSeconds(5);

    /** How long the system may take for one answer. */
    static final Duration PATIENCE = Duration.ofSeconds(30);

    private static final int REMEMBERED = 20_000;
    private static final int THREADS = 8;
    private static final int WAITING = 2_000;

    /** Finds an account by name. */
    @FunctionalInterface
    interface Accounts {
        /** @throws IOException if the system cannot tell now */
        Optional<SystemAccount> named(String name) throws IOException;
    }

    private final Accounts accounts;
    private final BriefMemory<Optional<SystemAccount>> users = new BriefMemory<>(REMEMBERED, System::nanoTime);
    private final BriefMemory<Optional<SystemAccount>> named = new BriefMemory<>(16, System::nanoTime);
    private final ThreadPoolExecutor threads;

    SystemUsers(Accounts accounts) {
        this.accounts = accounts;
        this.threads = new ThreadPoolExecutor(
                THREADS,
                THREADS,
                10,
                TimeUnit.SECONDS,
                new ArrayBlockingQueue<>(WAITING),
                Thread.ofPlatform().name("passwd-", 0).daemon(true).factory());
        threads.allowCoreThreadTimeOut(true);
    }

    /** The account of that name if it is a mail user: its uid is not 0, its home can be examined and is its own. */
    Optional<SystemAccount> user(String name) throws IOException {
        Optional<SystemAccount> known = users.recall(name);
        if (known == null) {
            known = within(() -> accounts.named(name).filter(SystemUsers::isUser));
            users.keep(name, known, TRUST);
        }
        return known;
    }

    /** The account of that name, whatever it is. */
    Optional<SystemAccount> named(String name) throws IOException {
        Optional<SystemAccount> known = named.recall(name);
        if (known == null) {
            known = within(() -> accounts.named(name));
            named.keep(name, known, TRUST);
        }
        return known;
    }

    private <T> T within(Callable<T> question) throws IOException {
        Future<T> answer;
        try {
            answer = threads.submit(question);
        } catch (RejectedExecutionException e) {
            throw new IOException("too many questions wait for the system's name service", e);
        }
        try {
            return answer.get(PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException e) {
            answer.cancel(true);
            throw new IOException(
                    "the system's name service (see /etc/nsswitch.conf), or the file system of a home, gives no answer"
                            + " within " + PATIENCE.toSeconds() + " s",
                    e);
        } catch (InterruptedException e) {
            answer.cancel(true);
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        } catch (ExecutionException e) {
            switch (e.getCause()) {
                case HomeNotNow notNow -> throw new IOException(notNow.getMessage(), notNow);
                case IOException cannotTell -> throw cannotTell;
                case null, default -> throw new IllegalStateException(e);
            }
        }
    }

    /** A home that cannot be examined now. */
    private static final class HomeNotNow extends RuntimeException {
        private static final long serialVersionUID = 1L;

        HomeNotNow(String message, IOException cause) {
            super(message, cause);
        }
    }

    /** Whether an account is a mail user (see {@link #user}). */
    private static boolean isUser(SystemAccount account) {
        if (account.uid() == 0 || !account.home().startsWith("/")) {
            return false;
        }
        try {
            return FileStatus.of(account.home())
                    .filter(home -> home.uid() == account.uid())
                    .isPresent();
        } catch (AccessDeniedException e) {
            return false;
        } catch (IOException e) {
            throw new HomeNotNow(
                    "the home of the system user " + account.name() + " cannot be examined now (" + e.getMessage()
                            + ")",
                    e);
        }
    }

    /** Ends the threads; a question that hangs is left to its end. */
    @Override
    public void close() {
        threads.shutdownNow();
    }
}
