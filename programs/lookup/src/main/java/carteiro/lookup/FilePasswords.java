package carteiro.lookup;

import carteiro.mail.Address;
import carteiro.mail.Octets;
import carteiro.password.PasswordCheck;
import carteiro.password.PasswordFile;
import carteiro.password.ScramHash;
import carteiro.password.ScramSalts;
import carteiro.password.StoredPassword;
import carteiro.protocol.Lookup.Answer;
import carteiro.protocol.Passwords.LoginAttempt;
import carteiro.protocol.Passwords.Ownership;
import java.io.IOException;
import java.util.Optional;

/**
 * The passwords of users/passwd. A name there is an account as mail finds it: a local name, or a whole address.
 */
final class FilePasswords implements PasswordSource {
    private final PasswordFile file;
    private final PasswordHashing hashing;
    private final OwnAccounts accounts;

    FilePasswords(PasswordFile file, PasswordHashing hashing, OwnAccounts accounts) {
        this.file = file;
        this.hashing = hashing;
        this.accounts = accounts;
    }

    @Override
    public String sourceName() {
        return "users/passwd";
    }

    @Override
    public PasswordAnswer named(String name, Deadline deadline) throws IOException {
        return file.of(name).isEmpty()
                ? new PasswordAnswer.UnknownName()
                : new PasswordAnswer.RightPassword(Octets.lowerCase(name));
    }

    @Override
    public PasswordAnswer check(LoginAttempt attempt, String name, byte[] password, Deadline deadline)
            throws IOException {
        Optional<StoredPassword> stored = file.of(name);
        if (stored.isEmpty()) {
            return new PasswordAnswer.UnknownName();
        }
        String account = Octets.lowerCase(name);
        return switch (hashing.check(stored.get(), password, deadline)) {
            case PasswordCheck.PasswordMatches() -> new PasswordAnswer.RightPassword(account);
            case PasswordCheck.PasswordDiffers() -> new PasswordAnswer.NoLogin(account, "wrong password");
            case PasswordCheck.PasswordUnusable(var why) ->
                throw new IOException("users/passwd, the line of " + account + ": " + why);
        };
    }

    @Override
    public ScramAnswer scram(String name, ScramHash hash, ScramSalts salts, Deadline deadline) throws IOException {
        Optional<StoredPassword> stored = file.of(name);
        if (stored.isEmpty()) {
            return new ScramAnswer.UnknownScramName();
        }
        String account = Octets.lowerCase(name);
        return stored.get()
                .scramKeys(hash, account, salts)
                .<ScramAnswer>map(keys -> new ScramAnswer.ScramAccount(account, keys))
                .orElseGet(() -> new ScramAnswer.NoScram(
                        account,
                        "its password is not stored for " + hash.mechanism() + "; carteiro passwd --scram does"));
    }

    @Override
    public Optional<Ownership> ownership(String account, Address recipient, Deadline deadline) throws IOException {
        if (file.of(account).isEmpty()) {
            return Optional.empty();
        }
        return Optional.of(accounts.ownership(account, recipient));
    }

    @Override
    public Optional<Answer> mailbox(String account, Deadline deadline) throws IOException {
        return file.of(account).isEmpty() ? Optional.empty() : Optional.of(accounts.of(account));
    }
}
