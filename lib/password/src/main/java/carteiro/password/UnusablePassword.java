package carteiro.password;

import java.util.Optional;

/** A value that no password can be compared with. */
final class UnusablePassword extends StoredPassword {
    private final String reason;

    UnusablePassword(String octets, String reason) {
        super(octets);
        this.reason = reason;
    }

    @Override
    Optional<String> trouble() {
        return Optional.of(reason);
    }

    @Override
    PasswordCheck compare(byte[] password) {
        return new PasswordCheck.PasswordUnusable(reason);
    }

    @Override
    public boolean isWeak() {
        return false;
    }
}
