package carteiro.password;

import java.util.Base64;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** {PBKDF2-SHA256} and the like: iterations$salt$hash, in base64 with a dot for the plus and without padding. */
final class Pbkdf2Password extends StoredPassword {
    private static final Pattern FORM = Pattern.compile("([0-9]{1,10})\\$([^$]+)\\$([^$]+)");

    private final Pbkdf2 function;
    private final int iterations;
    private final byte[] salt;
    private final byte[] stored;

    private Pbkdf2Password(String octets, Pbkdf2 function, int iterations, byte[] salt, byte[] stored) {
        super(octets);
        this.function = function;
        this.iterations = iterations;
        this.salt = salt;
        this.stored = stored;
    }

    static StoredPassword parse(String octets, Pbkdf2 function, String rest) {
        Matcher form = FORM.matcher(rest);
        if (!form.matches()) {
            return new UnusablePassword(octets, "it is not iterations$salt$hash");
        }
        long iterations = Long.parseLong(form.group(1));
        if (iterations < 1 || iterations > MOST_ITERATIONS) {
            return new UnusablePassword(
                    octets,
                    "PBKDF2 asks for " + iterations + " iterations; from 1 to " + MOST_ITERATIONS + " are allowed");
        }
        byte[] salt;
        byte[] stored;
        try {
            salt = Base64.getDecoder().decode(form.group(2).replace('.', '+'));
            stored = Base64.getDecoder().decode(form.group(3).replace('.', '+'));
        } catch (IllegalArgumentException _) {
            return new UnusablePassword(octets, "its base64 is not well-formed");
        }
        return stored.length == function.length()
                ? new Pbkdf2Password(octets, function, (int) iterations, salt, stored)
                : new UnusablePassword(octets, "its hash has " + stored.length + " octets, not " + function.length());
    }

    @Override
    PasswordCheck compare(byte[] password) {
        return equal(stored, function.derive(password, salt, iterations));
    }

    @Override
    public boolean isWeak() {
        return iterations < function.advised();
    }
}
