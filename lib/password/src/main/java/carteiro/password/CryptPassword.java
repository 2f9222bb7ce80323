package carteiro.password;

import carteiro.posix.SystemCrypt;
import java.util.Optional;
import org.bouncycastle.crypto.generators.OpenBSDBCrypt;
import org.bouncycastle.crypto.generators.SCrypt;

/** {CRYPT}: a hash of crypt(3), by the system's library; bcrypt and scrypt also where that lacks them. */
final class CryptPassword extends StoredPassword {
    /** The longest password that libxcrypt takes. */
    private static final int MOST_PHRASE = 511;

    private final String hash;
    private final CryptCost cost;

    private CryptPassword(String octets, String hash, CryptCost cost) {
        super(octets);
        this.hash = hash;
        this.cost = cost;
    }

    static StoredPassword parse(String octets, String hash) {
        return new CryptPassword(octets, hash, CryptCost.of(hash));
    }

    @Override
    Optional<String> trouble() {
        return cost.trouble();
    }

    @Override
    PasswordCheck compare(byte[] password) {
        if (password.length > MOST_PHRASE || hasNul(password)) {
            return new PasswordCheck.PasswordDiffers();
        }
        return SystemCrypt.hash(password, hash)
                .or(() -> cost.memory() <= Runtime.getRuntime().maxMemory() / 3
                        ? ownHash(password, hash)
                        : Optional.empty())
                .map(made -> equal(latin1(hash), made))
                .orElseGet(() -> new PasswordCheck.PasswordUnusable(
                        SystemCrypt.isThere()
                                ? "crypt(3) of this system does not know its method"
                                : "this system has no libcrypt, which is needed for it"));
    }

    /** What an old libcrypt cannot do, and a missing one: bcrypt and scrypt. */
    static Optional<byte[]> ownHash(byte[] password, String hash) {
        if (hash.matches("\\$2[aby]\\$.*")) {
            return Optional.of(OpenBSDBCrypt.checkPassword(hash, password) ? latin1(hash) : new byte[0]);
        }
        if (hash.startsWith("$7$")) {
            int end = hash.indexOf('$', 14);
            try {
                byte[] made = SCrypt.generate(
                        password,
                        latin1(hash.substring(14, end)),
                        1 << CryptCost.value(hash.substring(3, 4)),
                        (int) CryptCost.value(hash.substring(4, 9)),
                        (int) CryptCost.value(hash.substring(9, 14)),
                        32);
                return Optional.of(latin1(hash.substring(0, end + 1) + CryptCost.encode(made)));
            } catch (IllegalArgumentException _) { // costs that scrypt does not have, such as N = 2^20 with r = 1
                return Optional.empty();
            }
        }
        return Optional.empty();
    }

    private static boolean hasNul(byte[] password) {
        for (byte each : password) {
            if (each == 0) {
                return true;
            }
        }
        return false;
    }

    @Override
    public boolean isWeak() {
        return cost.weak();
    }

    @Override
    public long memory() {
        return cost.memory();
    }
}
