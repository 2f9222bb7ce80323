package carteiro.lookup;

import carteiro.log.LogText;
import carteiro.posix.FileStatus;
import carteiro.posix.SystemAccount;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.function.IntPredicate;

/**
 * The accounts of the system that are mail users, remembered for some seconds. A name service or a network file system
 * that hangs holds a few threads here, never the threads that everything else runs on.
 */
final class MailUsers implements AutoCloseable {
    /** How long an answer is remembered. */
    static final Duration TRUST = Duration.ofSeconds(5);

    /** How long the system may take for one answer. */
    static final Duration PATIENCE = Duration.ofSeconds(30);

    private static final String NAME_SERVICE = "the name service"; // no path, as other servers are

    private static final int REMEMBERED = 20_000;

    /** Octets of what is remembered. */
    private static final long MOST_OCTETS = 8 << 20;

    /** Finds an account by name. */
    @FunctionalInterface
    interface Accounts {
        /** @throws IOException if the system cannot tell now */
        Optional<SystemAccount> named(String name) throws IOException;
    }

    private final Accounts accounts;
    private final IntPredicate deliverable;
    private final TtlCache<Optional<SystemAccount>> users =
            new TtlCache<>(REMEMBERED, MOST_OCTETS, MailUsers::octets, System::nanoTime);
    private final TtlCache<Optional<SystemAccount>> named =
            new TtlCache<>(16, MOST_OCTETS, MailUsers::octets, System::nanoTime);
    private final BlockingCalls calls = new BlockingCalls(PATIENCE);
    private final MountTable mounts = new MountTable();

    MailUsers(Accounts accounts) {
        this(accounts, _ -> true);
    }

    /** @param deliverable whether mail can be delivered for that uid here; an account of another is no mail user */
    MailUsers(Accounts accounts, IntPredicate deliverable) {
        this.accounts = accounts;
        this.deliverable = deliverable;
    }

    /** Whether mail can be delivered for that uid here. */
    boolean isDeliverable(int uid) {
        return deliverable.test(uid);
    }

    /** Asks the file system of a home something else, with the same care. */
    <T> T ask(String home, Deadline deadline, Callable<T> question) throws IOException {
        return calls.ask(mounts.server(home), home, deadline, question);
    }

    private static long octets(Optional<SystemAccount> account) {
        return account.map(known -> 150L + known.name().length() + known.home().length())
                .orElse(0L);
    }

    /** The account of that name if it is a mail user: its uid is not 0, its home can be examined and is its own. */
    Optional<SystemAccount> user(String name, Deadline deadline) throws IOException {
        Optional<SystemAccount> known = users.get(name);
        if (known == null) {
            known = userNow(name, deadline);
            users.keep(name, known, TRUST);
        }
        return known;
    }

    /** The account of that name, whatever it is. */
    Optional<SystemAccount> named(String name, Deadline deadline) throws IOException {
        Optional<SystemAccount> known = named.get(name);
        if (known == null) {
            known = calls.ask(NAME_SERVICE, name, deadline, () -> accounts.named(name));
            named.keep(name, known, TRUST);
        }
        return known;
    }

    private Optional<SystemAccount> userNow(String name, Deadline deadline) throws IOException {
        Optional<SystemAccount> account = calls.ask(NAME_SERVICE, name, deadline, () -> accounts.named(name));
        if (account.isEmpty() || !isDeliverable(account.get().uid())) {
            return Optional.empty();
        }
        return ask(account.get().home(), deadline, () -> isUser(account.get())) ? account : Optional.empty();
    }

    /** Whether an account is a mail user (see {@link #user}). */
    private static boolean isUser(SystemAccount account) throws IOException {
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
            throw new IOException(
                    "the home of the system user " + account.name() + " cannot be examined now (" + LogText.reason(e)
                            + ")",
                    e);
        }
    }

    /** Ends the threads; a question that hangs is left to its end. */
    @Override
    public void close() {
        calls.close();
    }
}
