package carteiro.password;

import java.security.SecureRandom;
import java.util.Arrays;
import java.util.Base64;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The keys of SCRAM: {@code iterations:salt$StoredKey:ServerKey} (RFC 5803), or {@code iterations,salt,StoredKey,ServerKey} as Dovecot
 * has it.
 */
final class ScramPassword extends StoredPassword {
    private static final String BASE64 = "([A-Za-z0-9+/]+={0,2})";
    private static final Pattern RFC_5803 =
            Pattern.compile(" *([0-9]{1,10}) *: *" + BASE64 + " *\\$ *" + BASE64 + " *: *" + BASE64 + " *");
    private static final Pattern COMMAS = Pattern.compile("([0-9]{1,10})," + BASE64 + "," + BASE64 + "," + BASE64);
    private static final int SALT = 16;
    private static final int MOST_SALT = 1024; // base64 of it fits into a message of SCRAM

    private final ScramKeys keys;

    private ScramPassword(String octets, ScramKeys keys) {
        super(octets);
        this.keys = keys;
    }

    static StoredPassword parse(String octets, ScramHash hash, String rest) {
        Matcher form = RFC_5803.matcher(rest);
        if (!form.matches()) {
            form = COMMAS.matcher(rest);
        }
        if (!form.matches()) {
            return new UnusablePassword(octets, "it is not iterations:salt$StoredKey:ServerKey");
        }
        long iterations = Long.parseLong(form.group(1));
        if (iterations < 1 || iterations > MOST_ITERATIONS) {
            return new UnusablePassword(
                    octets,
                    "SCRAM asks for " + iterations + " iterations; from 1 to " + MOST_ITERATIONS + " are allowed");
        }
        byte[] salt;
        byte[] stored;
        byte[] server;
        try {
            salt = Base64.getDecoder().decode(form.group(2));
            stored = Base64.getDecoder().decode(form.group(3));
            server = Base64.getDecoder().decode(form.group(4));
        } catch (IllegalArgumentException _) {
            return new UnusablePassword(octets, "its base64 is not well-formed");
        }
        if (stored.length != hash.length() || server.length != hash.length() || salt.length > MOST_SALT) {
            return new UnusablePassword(
                    octets,
                    "its keys have " + stored.length + " and " + server.length + " octets, and its salt " + salt.length
                            + "; keys have " + hash.length() + ", and a salt at most " + MOST_SALT);
        }
        return new ScramPassword(octets, new ScramKeys(hash, (int) iterations, salt, stored, server));
    }

    static StoredPassword of(byte[] password, int iterations, SecureRandom random) {
        if (iterations < ScramKeys.LEAST_ITERATIONS || iterations > MOST_ITERATIONS) {
            throw new IllegalArgumentException(iterations + " iterations; from " + ScramKeys.LEAST_ITERATIONS + " to "
                    + MOST_ITERATIONS + " are allowed");
        }
        byte[] salt = new byte[SALT];
        random.nextBytes(salt);
        ScramKeys keys = ScramKeys.derive(ScramHash.SHA_256, password, salt, iterations);
        Base64.Encoder base64 = Base64.getEncoder();
        return parse("{SCRAM-SHA-256}" + iterations + "," + base64.encodeToString(salt) + ","
                + base64.encodeToString(keys.storedKey()) + "," + base64.encodeToString(keys.serverKey()));
    }

    @Override
    PasswordCheck compare(byte[] password) {
        byte[] salted = ScramKeys.salted(keys.hash(), password, keys.salt(), keys.iterations());
        try {
            return equal(keys.storedKey(), keys.hash().of(ScramKeys.clientKey(keys.hash(), salted)));
        } finally {
            Arrays.fill(salted, (byte) 0);
        }
    }

    @Override
    public boolean isWeak() {
        return keys.iterations() < ScramKeys.LEAST_ITERATIONS;
    }

    @Override
    public Optional<ScramKeys> scramKeys(ScramHash hash, String user, ScramSalts salts) {
        return hash == keys.hash() ? Optional.of(keys) : Optional.empty();
    }
}
