package carteiro.password;

import java.util.Arrays;
import java.util.Base64;

/** A digest of the password and of a salt behind it, which may be missing: {SSHA}, {MD5} and the like. */
final class DigestPassword extends StoredPassword {
    private final PasswordDigest digest;
    private final byte[] stored;
    private final byte[] salt;

    private DigestPassword(String octets, PasswordDigest digest, byte[] stored, byte[] salt) {
        super(octets);
        this.digest = digest;
        this.stored = stored;
        this.salt = salt;
    }

    /** Base64 of the digest. */
    static StoredPassword parse(String octets, PasswordDigest digest, String rest) {
        byte[] both;
        try {
            both = Base64.getDecoder().decode(rest);
        } catch (IllegalArgumentException _) {
            return new UnusablePassword(octets, "its base64 is not well-formed");
        }
        return both.length == digest.length()
                ? new DigestPassword(octets, digest, both, new byte[0])
                : new UnusablePassword(octets, "it has " + both.length + " octets; its digest has " + digest.length());
    }

    /** Base64 of the digest and the salt. */
    static StoredPassword parseSalted(String octets, PasswordDigest digest, String rest) {
        byte[] both;
        try {
            both = Base64.getDecoder().decode(rest);
        } catch (IllegalArgumentException _) {
            return new UnusablePassword(octets, "its base64 is not well-formed");
        }
        int length = digest.length();
        if (both.length <= length) {
            return new UnusablePassword(
                    octets, "it has " + both.length + " octets; a digest of " + length + " octets and a salt are more");
        }
        return new DigestPassword(
                octets, digest, Arrays.copyOf(both, length), Arrays.copyOfRange(both, length, both.length));
    }

    @Override
    PasswordCheck compare(byte[] password) {
        return equal(stored, digest.of(password, salt));
    }

    @Override
    public boolean isWeak() {
        return true;
    }
}
