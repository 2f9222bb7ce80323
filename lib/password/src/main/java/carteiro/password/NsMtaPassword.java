package carteiro.password;

import java.util.HexFormat;
import java.util.regex.Pattern;

/**
 * {NS-MTA-MD5} of Netscape's mail server: 32 hexadecimal digits of a digest and 32 of a salt. The salt stands twice in what the digest
 * is of, as digits, with an octet 0x59 behind the first and 0xF7 before the second.
 */
final class NsMtaPassword extends StoredPassword {
    private static final Pattern FORM = Pattern.compile("[0-9a-fA-F]{64}");
    private static final byte[] BEFORE = {0x59};
    private static final byte[] BEHIND = {(byte) 0xF7};

    private final byte[] stored;
    private final byte[] salt;

    private NsMtaPassword(String octets, byte[] stored, byte[] salt) {
        super(octets);
        this.stored = stored;
        this.salt = salt;
    }

    static StoredPassword parse(String octets, String rest) {
        return FORM.matcher(rest).matches()
                ? new NsMtaPassword(octets, HexFormat.of().parseHex(rest.substring(0, 32)), latin1(rest.substring(32)))
                : new UnusablePassword(octets, "it is not 64 hexadecimal digits");
    }

    @Override
    PasswordCheck compare(byte[] password) {
        return equal(stored, PasswordDigest.MD5.of(salt, BEFORE, password, BEHIND, salt));
    }

    @Override
    public boolean isWeak() {
        return true;
    }
}
