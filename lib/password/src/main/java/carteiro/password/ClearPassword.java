package carteiro.password;

import java.util.Arrays;
import java.util.Optional;

/** Clear text, where that is allowed. */
final class ClearPassword extends StoredPassword {
    private final String text;

    ClearPassword(String octets, String text) {
        super(octets);
        this.text = text;
    }

    @Override
    PasswordCheck compare(byte[] password) {
        byte[] stored = latin1(text);
        try {
            return equal(stored, password);
        } finally {
            Arrays.fill(stored, (byte) 0);
        }
    }

    @Override
    public boolean isWeak() {
        return true;
    }

    @Override
    public Optional<ScramKeys> scramKeys(ScramHash hash, String user, ScramSalts salts) {
        if (text.isEmpty() || text.length() > MOST_PASSWORD) {
            return Optional.empty();
        }
        byte[] password = latin1(text);
        try {
            return Optional.of(ScramKeys.derive(hash, password, salts.salt(hash, user), salts.iterations()));
        } finally {
            Arrays.fill(password, (byte) 0);
        }
    }
}
