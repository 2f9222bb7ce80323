package carteiro.password;

import java.util.Optional;

/** The hash functions that SCRAM is used with here. */
public enum ScramHash {
    /** RFC 5802. */
    SHA_1("SCRAM-SHA-1", Pbkdf2.SHA_1, PasswordDigest.SHA_1),
    /** RFC 7677. */
    SHA_256("SCRAM-SHA-256", Pbkdf2.SHA_256, PasswordDigest.SHA_256);

    private final String mechanism;
    private final Pbkdf2 function;
    private final PasswordDigest digest;

    ScramHash(String mechanism, Pbkdf2 function, PasswordDigest digest) {
        this.mechanism = mechanism;
        this.function = function;
        this.digest = digest;
    }

    /** The one of a mechanism without -PLUS, in capitals. */
    static Optional<ScramHash> named(String mechanism) {
        for (ScramHash each : values()) {
            if (each.mechanism.equals(mechanism)) {
                return Optional.of(each);
            }
        }
        return Optional.empty();
    }

    /** The SASL mechanism without channel binding; with it, the name ends in -PLUS. */
    public String mechanism() {
        return mechanism;
    }

    /** Octets of a hash and of a key. */
    int length() {
        return digest.length();
    }

    byte[] of(byte[] text) {
        return digest.of(text);
    }

    byte[] hmac(byte[] key, byte[] text) {
        return function.hmac(key, text);
    }

    /** Hi of RFC 5802. */
    byte[] iterated(byte[] password, byte[] salt, int iterations) {
        return function.derive(password, salt, iterations);
    }
}
