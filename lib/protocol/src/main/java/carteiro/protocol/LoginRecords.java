package carteiro.protocol;

import carteiro.protocol.Passwords.LoginService;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;

/** What is known of who logs in, and an administrator's word about it: for tools. Answered by lookup. */
public interface LoginRecords {
    /** The most accounts of one page. */
    int MOST_ACCOUNTS = 200;

    /** The most logins that are kept of one account. */
    int MOST_LOGINS = 10;

    /** The most app passwords of one account whose last use is known. */
    int MOST_APPS = 50;

    /**
     * Accounts in the order of their names.
     *
     * @param after those behind that name; empty: from the first on
     * @param most at most {@link #MOST_ACCOUNTS}
     * @throws IOException if lookup cannot be reached
     */
    List<AccountLogins> page(String after, int most) throws IOException;

    /**
     * One account.
     *
     * @param account in any case of letters
     * @return one with nothing in it if nothing is known
     * @throws IOException if lookup cannot be reached
     */
    AccountLogins account(String account) throws IOException;

    /**
     * Addresses and networks of which no password is looked at now.
     *
     * @return at most {@link #MOST_ACCOUNTS}, those with the longest time left
     * @throws IOException if lookup cannot be reached
     */
    List<BlockedOrigin> blocked() throws IOException;

    /**
     * Has lookup do something about an account or an address.
     *
     * @param name an account, or to lift a block the address of a client
     * @param by the user who asks, for the log; what comes over a socket has the name that the kernel tells
     * @return whether that changes anything
     * @throws IOException if lookup cannot be reached, or cannot keep it
     */
    boolean order(LoginOrder order, String name, String by) throws IOException;

    /** What an administrator may want. */
    enum LoginOrder {
        /** Wrong passwords are forgotten: the account or the address may try again. */
        LIFT,
        /** Nobody logs in to the account or sends by it, until {@link #RESUME}; kept over restarts. */
        STOP,
        /** The account is as any other again. */
        RESUME
    }

    /**
     * A login.
     *
     * @param client the address of the client, as text
     * @param label of the app password it was by; empty if it was by the account's own
     */
    record PastLogin(Instant at, LoginService service, String client, String label) {}

    /**
     * Of an account.
     *
     * @param logins the last ones, the last first
     * @param failures wrong passwords since the last login
     * @param lastFailure of those; the epoch if there is none
     * @param lastFailedClient from where; empty if there is none
     * @param blocked for how long no password is looked at, from networks that have not logged in; zero if one is
     * @param stopped by an administrator
     * @param hour what it has sent in this hour
     * @param day what it has sent today, in UTC
     * @param uses of its app passwords, at most {@link #MOST_APPS}
     */
    record AccountLogins(
            String account,
            List<PastLogin> logins,
            long failures,
            Instant lastFailure,
            String lastFailedClient,
            Duration blocked,
            boolean stopped,
            SentCount hour,
            SentCount day,
            List<AppUse> uses) {
        /** Copies the lists. */
        public AccountLogins {
            logins = List.copyOf(logins);
            uses = List.copyOf(uses);
        }
    }

    /** When an app password was last used. */
    record AppUse(String id, Instant last) {}

    /** Messages, and recipients of them all. */
    record SentCount(long messages, long recipients) {
        /** Nothing. */
        public static final SentCount NONE = new SentCount(0, 0);
    }

    /**
     * Where no password is looked at.
     *
     * @param origin an address, or a network as address/bits
     */
    record BlockedOrigin(String origin, Duration left) {}
}
