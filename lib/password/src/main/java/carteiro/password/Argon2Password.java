package carteiro.password;

import java.security.SecureRandom;
import java.util.Base64;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.bouncycastle.crypto.generators.Argon2BytesGenerator;
import org.bouncycastle.crypto.params.Argon2Parameters;

/** {ARGON2}: argon2i or argon2id (RFC 9106) in the form of the Password Hashing Competition. */
final class Argon2Password extends StoredPassword {
    /**
     * What OWASP's cheat sheet of 2025 asks for at least: 19 MiB, two passes, one lane. Not more: every login takes this memory of the
     * heap, and several come at once.
     */
    private static final int KIBIBYTES = 19 * 1024;

    private static final int PASSES = 2;

    /** The weakest of the settings that OWASP takes for as good: 7 MiB, five passes. */
    private static final int LEAST_KIBIBYTES = 7 * 1024;

    private static final int LEAST_WORK = 5 * LEAST_KIBIBYTES;
    private static final int MOST_LANES = 64;
    private static final int KIB = 1024;
    private static final int MIB = 1024 * KIB;

    private static final Pattern FORM = Pattern.compile("\\$argon2(id|i)(?:\\$v=(16|19))?"
            + "\\$m=([0-9]{1,10}),t=([0-9]{1,10}),p=([0-9]{1,10})\\$([A-Za-z0-9+/]+)\\$([A-Za-z0-9+/]+)");

    private final Argon2Parameters parameters;
    private final byte[] stored;

    private Argon2Password(String octets, Argon2Parameters parameters, byte[] stored) {
        super(octets);
        this.parameters = parameters;
        this.stored = stored;
    }

    static StoredPassword parse(String octets, String rest) {
        Matcher form = FORM.matcher(rest);
        if (!form.matches()) {
            return new UnusablePassword(octets, "it is not $argon2id$v=19$m=...,t=...,p=...$salt$hash");
        }
        long memory = Long.parseLong(form.group(3));
        long passes = Long.parseLong(form.group(4));
        long lanes = Long.parseLong(form.group(5));
        if (lanes < 1 || lanes > MOST_LANES || passes < 1 || memory < 8 * lanes) {
            return new UnusablePassword(
                    octets,
                    "argon2 asks for " + lanes + " lanes, " + passes + " passes and " + memory + " KiB; from 1 to "
                            + MOST_LANES + " lanes, a pass and 8 KiB a lane are allowed");
        }
        long most = Math.min(MOST_MEMORY, Runtime.getRuntime().maxMemory() / 3);
        if (memory * KIB > most) {
            return new UnusablePassword(
                    octets,
                    "argon2 asks for " + mebibytes(memory * KIB) + " MiB of memory, over " + most / MIB + " MiB");
        }
        if (memory * KIB * passes > MOST_MEMORY_WORK) {
            return new UnusablePassword(
                    octets,
                    "argon2 asks for " + passes + " passes over " + mebibytes(memory * KIB) + " MiB, together over "
                            + MOST_MEMORY_WORK / MIB + " MiB");
        }
        byte[] salt;
        byte[] stored;
        try {
            salt = Base64.getDecoder().decode(form.group(6));
            stored = Base64.getDecoder().decode(form.group(7));
        } catch (IllegalArgumentException _) {
            return new UnusablePassword(octets, "its base64 is not well-formed");
        }
        if (salt.length < 8 || stored.length < 16 || stored.length > 64) {
            return new UnusablePassword(
                    octets,
                    "its salt has " + salt.length + " octets and its hash " + stored.length
                            + "; at least 8, and from 16 to 64, are allowed");
        }
        int type = form.group(1).equals("id") ? Argon2Parameters.ARGON2_id : Argon2Parameters.ARGON2_i;
        int version =
                "19".equals(form.group(2)) ? Argon2Parameters.ARGON2_VERSION_13 : Argon2Parameters.ARGON2_VERSION_10;
        return new Argon2Password(octets, parameters(type, version, memory, passes, lanes, salt), stored);
    }

    private static long mebibytes(long octets) {
        return (octets + MIB - 1) / MIB;
    }

    static StoredPassword of(byte[] password, SecureRandom random) {
        byte[] salt = new byte[16];
        random.nextBytes(salt);
        Argon2Parameters parameters =
                parameters(Argon2Parameters.ARGON2_id, Argon2Parameters.ARGON2_VERSION_13, KIBIBYTES, PASSES, 1, salt);
        byte[] hash = hash(parameters, password, 32);
        Base64.Encoder base64 = Base64.getEncoder().withoutPadding();
        return parse("{ARGON2}$argon2id$v=19$m=" + KIBIBYTES + ",t=" + PASSES + ",p=1$" + base64.encodeToString(salt)
                + "$" + base64.encodeToString(hash));
    }

    private static Argon2Parameters parameters(
            int type, int version, long memory, long passes, long lanes, byte[] salt) {
        return new Argon2Parameters.Builder(type)
                .withVersion(version)
                .withMemoryAsKB((int) memory)
                .withIterations((int) passes)
                .withParallelism((int) lanes)
                .withSalt(salt)
                .build();
    }

    private static byte[] hash(Argon2Parameters parameters, byte[] password, int length) {
        var generator = new Argon2BytesGenerator();
        generator.init(parameters);
        byte[] hash = new byte[length];
        generator.generateBytes(password, hash);
        return hash;
    }

    @Override
    PasswordCheck compare(byte[] password) {
        return equal(stored, hash(parameters, password, stored.length));
    }

    @Override
    public boolean isWeak() {
        return parameters.getMemory() < LEAST_KIBIBYTES
                || (long) parameters.getMemory() * parameters.getIterations() < LEAST_WORK;
    }

    @Override
    public long memory() {
        return (long) parameters.getMemory() * KIB;
    }
}
