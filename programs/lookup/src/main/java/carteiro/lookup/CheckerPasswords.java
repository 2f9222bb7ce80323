package carteiro.lookup;

import carteiro.mail.Address;
import carteiro.mail.Octets;
import carteiro.password.ScramHash;
import carteiro.password.ScramSalts;
import carteiro.protocol.Lookup.Answer;
import carteiro.protocol.PasswordChecker;
import carteiro.protocol.PasswordChecker.CheckerAnswer;
import carteiro.protocol.Passwords.LoginAttempt;
import carteiro.protocol.Passwords.Ownership;
import java.io.IOException;
import java.util.Optional;

/**
 * The passwords that a program of the checkpassword interface knows (control/checkpassword). It does not tell a wrong password from a
 * name that nobody has; where the account's mail goes, the other sources know.
 */
final class CheckerPasswords implements PasswordSource {
    private final PasswordChecker checker;
    private final OwnAccounts accounts;

    CheckerPasswords(PasswordChecker checker, OwnAccounts accounts) {
        this.checker = checker;
        this.accounts = accounts;
    }

    @Override
    public String sourceName() {
        return "checkpassword";
    }

    /** Whom mail reaches here. */
    @Override
    public PasswordAnswer named(String name, Deadline deadline) throws IOException {
        return accounts.of(name) instanceof Answer.Account
                ? new PasswordAnswer.RightPassword(Octets.lowerCase(name))
                : new PasswordAnswer.UnknownName();
    }

    @Override
    public PasswordAnswer check(LoginAttempt attempt, String name, byte[] password, Deadline deadline)
            throws IOException {
        String account = Octets.lowerCase(name);
        return switch (checker.check(attempt, name, password)) {
            case CheckerAnswer.PasswordAccepted(var uid, var gid, var home) ->
                new PasswordAnswer.RightPasswordAt(account, uid, gid, home);
            case CheckerAnswer.PasswordRefused() ->
                new PasswordAnswer.NoLogin(account, "the program of control/checkpassword refuses it");
            case CheckerAnswer.CheckerUndecided(var reason) -> throw new IOException(reason);
        };
    }

    @Override
    public ScramAnswer scram(String name, ScramHash hash, ScramSalts salts, Deadline deadline) {
        return new ScramAnswer.UnknownScramName();
    }

    @Override
    public Optional<Answer> mailbox(String account, Deadline deadline) {
        return Optional.of(accounts.of(account));
    }

    @Override
    public Optional<Ownership> ownership(String account, Address recipient, Deadline deadline) {
        return Optional.of(accounts.ownership(account, recipient));
    }
}
