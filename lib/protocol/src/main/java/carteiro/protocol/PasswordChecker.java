package carteiro.protocol;

import carteiro.protocol.Passwords.LoginAttempt;
import java.io.IOException;

/**
 * What a program of the checkpassword interface says of a name and a password (docs/programs/checkpassword.md). Answered by
 * checkpassword, for lookup. Any number of questions at once.
 */
public interface PasswordChecker {
    /** The most octets of a home. */
    int LONGEST_HOME = 4096;

    /**
     * Has the program look at them.
     *
     * @param name at most {@link Passwords#LONGEST_NAME} octets
     * @param password at most {@link Passwords#LONGEST_PASSWORD} octets; whoever asks clears it afterwards
     * @throws IOException if checkpassword cannot be reached: then nothing is known
     */
    CheckerAnswer check(LoginAttempt attempt, String name, byte[] password) throws IOException;

    /** What it says. */
    sealed interface CheckerAnswer {
        /**
         * They belong together.
         *
         * @param uid who it becomes; never 0
         * @param gid the same
         * @param home the folder that it names as the home: an absolute path, an octet a character
         */
        record PasswordAccepted(int uid, int gid, String home) implements CheckerAnswer {}

        /** They do not. */
        record PasswordRefused() implements CheckerAnswer {}

        /**
         * It cannot tell now.
         *
         * @param reason for the log
         */
        record CheckerUndecided(String reason) implements CheckerAnswer {}
    }
}
