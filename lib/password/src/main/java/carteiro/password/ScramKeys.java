package carteiro.password;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.util.Arrays;

/**
 * What a server keeps of a password for SCRAM (RFC 5802 section 3): enough to check who has the password and to show that it knows of
 * it, and not enough to log in as that user elsewhere. A value; its text says nothing of it.
 */
public final class ScramKeys {
    /**
     * Iterations for new values. RFC 7677 section 4 asks for at least 4096, and names as its rule what takes a tenth of a second on a
     * modern machine: 15,000 of 2015, this number of today. Clients do them at each login, phones among them, so that it is below what
     * OWASP asks of PBKDF2 where servers alone have the work.
     */
    public static final int ITERATIONS = 100_000;

    /** RFC 7677 section 4. */
    static final int LEAST_ITERATIONS = 4096;

    private static final byte[] CLIENT_KEY = "Client Key".getBytes(US_ASCII);
    private static final byte[] SERVER_KEY = "Server Key".getBytes(US_ASCII);

    private final ScramHash hash;
    private final int iterations;
    private final byte[] salt;
    private final byte[] storedKey;
    private final byte[] serverKey;

    /** Takes the arrays. */
    ScramKeys(ScramHash hash, int iterations, byte[] salt, byte[] storedKey, byte[] serverKey) {
        this.hash = hash;
        this.iterations = iterations;
        this.salt = salt;
        this.storedKey = storedKey;
        this.serverKey = serverKey;
    }

    /** Computes them. The password is prepared by RFC 4013 if that can be done. */
    static ScramKeys derive(ScramHash hash, byte[] password, byte[] salt, int iterations) {
        byte[] salted = salted(hash, password, salt, iterations);
        byte[] clientKey = clientKey(hash, salted);
        try {
            return new ScramKeys(hash, iterations, salt, hash.of(clientKey), serverKey(hash, salted));
        } finally {
            Arrays.fill(salted, (byte) 0);
            Arrays.fill(clientKey, (byte) 0);
        }
    }

    static byte[] salted(ScramHash hash, byte[] password, byte[] salt, int iterations) {
        byte[] prepared = SaslPrep.password(password);
        try {
            return hash.iterated(prepared, salt, iterations);
        } finally {
            Arrays.fill(prepared, (byte) 0);
        }
    }

    static byte[] clientKey(ScramHash hash, byte[] salted) {
        return hash.hmac(salted, CLIENT_KEY);
    }

    static byte[] serverKey(ScramHash hash, byte[] salted) {
        return hash.hmac(salted, SERVER_KEY);
    }

    ScramHash hash() {
        return hash;
    }

    int iterations() {
        return iterations;
    }

    byte[] salt() {
        return salt.clone();
    }

    byte[] storedKey() {
        return storedKey.clone();
    }

    byte[] serverKey() {
        return serverKey.clone();
    }

    @Override
    public String toString() {
        return "ScramKeys[" + hash + "]";
    }
}
