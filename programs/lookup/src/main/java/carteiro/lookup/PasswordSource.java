package carteiro.lookup;

import carteiro.mail.Address;
import carteiro.password.ScramHash;
import carteiro.password.ScramKeys;
import carteiro.password.ScramSalts;
import carteiro.protocol.Lookup.Answer;
import carteiro.protocol.Passwords.LoginAttempt;
import carteiro.protocol.Passwords.Ownership;
import java.io.IOException;
import java.util.Optional;

/** Where accounts have passwords. Safe for any number of threads. */
interface PasswordSource {
    /** What a source says of a name and a password. */
    sealed interface PasswordAnswer {
        /** It has no such account. */
        record UnknownName() implements PasswordAnswer {}

        /**
         * It is the password of that account.
         *
         * @param account its name as the source has it
         */
        record RightPassword(String account) implements PasswordAnswer {}

        /**
         * It is the password of that account, and the source itself says whose files its mailbox has.
         *
         * @param account its name as the source has it
         * @param uid who the account is to the system; never 0
         * @param gid the same
         * @param home an absolute path, an octet a character
         */
        record RightPasswordAt(String account, int uid, int gid, String home) implements PasswordAnswer {}

        /**
         * It has the account, which may not log in so.
         *
         * @param why for the log of this host's administrator; says nothing of the password
         */
        record NoLogin(String account, String why) implements PasswordAnswer {}
    }

    /** Its name, for the log. */
    String sourceName();

    /**
     * The account that a name means, without a look at its password: for passwords that are kept elsewhere.
     *
     * @return never {@link PasswordAnswer.RightPassword} for an account that may not log in
     * @throws IOException if it cannot tell now
     */
    PasswordAnswer named(String name, Deadline deadline) throws IOException;

    /** @throws IOException if it cannot tell now */
    PasswordAnswer check(LoginAttempt attempt, String name, byte[] password, Deadline deadline) throws IOException;

    /** What an account's password is proved with, without being said. */
    sealed interface ScramAnswer {
        /** It has no such account. */
        record UnknownScramName() implements ScramAnswer {}

        /** It has keys. */
        record ScramAccount(String account, ScramKeys keys) implements ScramAnswer {}

        /**
         * It has the account, which cannot be logged in to so.
         *
         * @param why as in {@link PasswordAnswer.NoLogin}
         */
        record NoScram(String account, String why) implements ScramAnswer {}
    }

    /** @throws IOException if it cannot tell now */
    ScramAnswer scram(String name, ScramHash hash, ScramSalts salts, Deadline deadline) throws IOException;

    /**
     * What mail for an account becomes: where its mailbox is.
     *
     * @return empty if it has no such account
     * @throws IOException if it cannot tell now
     */
    Optional<Answer> mailbox(String account, Deadline deadline) throws IOException;

    /**
     * Whether an address is an account's own.
     *
     * @param recipient the address after rewriting, as local gets it
     * @return empty if it has no such account
     * @throws IOException if it cannot tell now
     */
    Optional<Ownership> ownership(String account, Address recipient, Deadline deadline) throws IOException;
}
