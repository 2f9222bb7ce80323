package carteiro.password;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.Arrays;

/**
 * Salts for users who have none stored: unknown ones, so that a client cannot tell that they are unknown, and those with clear text.
 * The same user has the same salt for as long as the secret is the same. A value; its text does not hold the secret.
 */
public final class ScramSalts {
    private static final int LENGTH = 16;

    private final byte[] secret;
    private final int iterations;

    /**
     * Makes them of a secret.
     *
     * @param secret at least 16 octets that nobody can guess, best kept over restarts
     * @param iterations what most users have: {@link ScramKeys#ITERATIONS}, unless their passwords are stored with others
     */
    public ScramSalts(byte[] secret, int iterations) {
        if (secret.length < 16) {
            throw new IllegalArgumentException("a secret of " + secret.length + " octets");
        }
        if (iterations < ScramKeys.LEAST_ITERATIONS || iterations > StoredPassword.MOST_ITERATIONS) {
            throw new IllegalArgumentException(iterations + " iterations");
        }
        this.secret = secret.clone();
        this.iterations = iterations;
    }

    int iterations() {
        return iterations;
    }

    byte[] salt(ScramHash hash, String user) {
        return Arrays.copyOf(made(hash, "salt", user), LENGTH);
    }

    /** Keys that no password leads to. */
    ScramKeys unknown(ScramHash hash, String user) {
        return new ScramKeys(
                hash,
                iterations,
                salt(hash, user),
                Arrays.copyOf(made(hash, "stored", user), hash.length()),
                Arrays.copyOf(made(hash, "server", user), hash.length()));
    }

    private byte[] made(ScramHash hash, String what, String user) {
        return Pbkdf2.SHA_256.hmac(secret, (hash.mechanism() + "\0" + what + "\0" + user).getBytes(UTF_8));
    }

    @Override
    public String toString() {
        return "ScramSalts";
    }
}
