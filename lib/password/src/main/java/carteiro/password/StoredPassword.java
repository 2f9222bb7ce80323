package carteiro.password;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What is kept of a password: a value of LDAP's userPassword (RFC 2307) or of users/passwd, {@code {SCHEME}rest}. A value, safe for any
 * number of threads; a check takes up to some seconds of a processor, never waits for anything else, and costs at most what is said
 * here, whatever the value asks for.
 *
 * <p>Schemes, in any case: CRYPT, also without a prefix and as BCRYPT, BLF-CRYPT, MD5-CRYPT, SHA256-CRYPT, SHA512-CRYPT, DES-CRYPT
 * (crypt(3) of the system); MD4, MD5, SHA, SHA256, SHA384, SHA512, RMD160; salted SMD5, SSHA, SSHA256, SSHA384, SSHA512; NS-MTA-MD5;
 * PBKDF2, PBKDF2-SHA1, PBKDF2-SHA256, PBKDF2-SHA512; ARGON2, ARGON2I, ARGON2ID; SCRAM-SHA-1, SCRAM-SHA-256 (RFC 5803, also without
 * braces, and Dovecot's form with commas); CLEARTEXT, PLAIN and text without a prefix only where clear text is allowed.
 */
public abstract sealed class StoredPassword
        permits CryptPassword,
                DigestPassword,
                NsMtaPassword,
                Pbkdf2Password,
                Argon2Password,
                ScramPassword,
                ClearPassword,
                UnusablePassword {
    /** The most octets of a password that is looked at; RFC 4616 allows 1024 characters. A longer one differs. */
    public static final int MOST_PASSWORD = 1024;

    /** The most octets of a stored value. */
    static final int MOST_VALUE = 4096;

    /** The most memory that a check may take, in octets; at most a third of the heap, besides. */
    static final long MOST_MEMORY = 256L * 1024 * 1024;

    /** The most memory times passes over it: one to three seconds of a processor. */
    static final long MOST_MEMORY_WORK = 4 * MOST_MEMORY;

    /** The most iterations of an HMAC, one to five seconds of a processor. OWASP asks for 1,300,000 with SHA-1. */
    static final int MOST_ITERATIONS = 2_000_000;

    private static final Pattern PREFIXED = Pattern.compile("\\{([^{}]*)}(.*)", Pattern.DOTALL);
    private static final Pattern SCRAM = Pattern.compile("(SCRAM-SHA-[0-9]{1,8}) *\\$(.*)"); // RFC 5803
    private static final Pattern SCHEME_NAME = Pattern.compile("[A-Z0-9./_-]{1,24}");

    private final String octets;

    StoredPassword(String octets) {
        this.octets = octets;
    }

    // ---- Reading

    /**
     * Reads a value; what cannot be read is a value that cannot be used, with the reason. Clear text is not allowed.
     *
     * @param octets a character for each octet (ISO 8859-1)
     */
    public static StoredPassword parse(String octets) {
        return parse(octets, false);
    }

    /**
     * The same, and clear text is allowed, with {CLEARTEXT} or {PLAIN} or without a prefix. Without a prefix, what has the form of a hash
     * is one and never clear text, or whoever has read the hash could log in with it; 13 letters and digits are such a form.
     */
    public static StoredPassword parseWithClearText(String octets) {
        return parse(octets, true);
    }

    private static StoredPassword parse(String octets, boolean clearText) {
        if (octets.length() > MOST_VALUE) {
            return new UnusablePassword(octets, "it has more than " + MOST_VALUE + " octets");
        }
        if (octets.isEmpty()) {
            return new UnusablePassword(octets, "it is empty");
        }
        if (octets.chars().anyMatch(c -> c == 0 || c > 255)) {
            return new UnusablePassword(octets, "it has octets that no stored password has");
        }
        Matcher prefixed = PREFIXED.matcher(octets);
        if (prefixed.matches()) {
            return prefixed(octets, prefixed.group(1).toUpperCase(Locale.ROOT), prefixed.group(2), clearText);
        }
        Matcher scram = SCRAM.matcher(octets);
        if (scram.matches()) {
            return prefixed(octets, scram.group(1), scram.group(2), clearText);
        }
        return clearText && !CryptCost.looksLikeHash(octets)
                ? new ClearPassword(octets, octets)
                : CryptPassword.parse(octets, octets);
    }

    private static StoredPassword prefixed(String octets, String scheme, String rest, boolean clearText) {
        return switch (scheme) {
            case "CRYPT", "BCRYPT", "BLF-CRYPT", "MD5-CRYPT", "SHA256-CRYPT", "SHA512-CRYPT", "DES-CRYPT" ->
                CryptPassword.parse(octets, rest);
            case "MD4" -> DigestPassword.parse(octets, PasswordDigest.MD4, rest);
            case "MD5" -> DigestPassword.parse(octets, PasswordDigest.MD5, rest);
            case "SHA" -> DigestPassword.parse(octets, PasswordDigest.SHA_1, rest);
            case "SHA256" -> DigestPassword.parse(octets, PasswordDigest.SHA_256, rest);
            case "SHA384" -> DigestPassword.parse(octets, PasswordDigest.SHA_384, rest);
            case "SHA512" -> DigestPassword.parse(octets, PasswordDigest.SHA_512, rest);
            case "RMD160" -> DigestPassword.parse(octets, PasswordDigest.RIPEMD_160, rest);
            case "SMD5" -> DigestPassword.parseSalted(octets, PasswordDigest.MD5, rest);
            case "SSHA" -> DigestPassword.parseSalted(octets, PasswordDigest.SHA_1, rest);
            case "SSHA256" -> DigestPassword.parseSalted(octets, PasswordDigest.SHA_256, rest);
            case "SSHA384" -> DigestPassword.parseSalted(octets, PasswordDigest.SHA_384, rest);
            case "SSHA512" -> DigestPassword.parseSalted(octets, PasswordDigest.SHA_512, rest);
            case "NS-MTA-MD5" -> NsMtaPassword.parse(octets, rest);
            case "PBKDF2", "PBKDF2-SHA1" -> Pbkdf2Password.parse(octets, Pbkdf2.SHA_1, rest);
            case "PBKDF2-SHA256" -> Pbkdf2Password.parse(octets, Pbkdf2.SHA_256, rest);
            case "PBKDF2-SHA512" -> Pbkdf2Password.parse(octets, Pbkdf2.SHA_512, rest);
            case "ARGON2", "ARGON2I", "ARGON2ID" -> Argon2Password.parse(octets, rest);
            case "SCRAM-SHA-1" -> ScramPassword.parse(octets, ScramHash.SHA_1, rest);
            case "SCRAM-SHA-256" -> ScramPassword.parse(octets, ScramHash.SHA_256, rest);
            case "CLEARTEXT", "PLAIN" ->
                clearText
                        ? new ClearPassword(octets, rest)
                        : new UnusablePassword(octets, "it is clear text, which is not allowed here");
            default ->
                new UnusablePassword(
                        octets,
                        SCHEME_NAME.matcher(scheme).matches()
                                ? "the scheme {" + scheme + "} is not known"
                                : "its scheme is not known");
        };
    }

    // ---- Making

    /**
     * What is to be stored of a password: argon2id.
     *
     * @throws IllegalArgumentException if it is empty or has more than {@link #MOST_PASSWORD} octets
     */
    public static StoredPassword create(byte[] password, SecureRandom random) {
        return Argon2Password.of(checked(password), random);
    }

    /**
     * What is to be stored of a password for an account that shall be able to use SCRAM-SHA-256 and PLAIN, in the form with commas, which
     * can stand in users/passwd.
     *
     * @param iterations at least 4096 (RFC 7677); see {@link ScramKeys#ITERATIONS}
     * @throws IllegalArgumentException if the password is empty or has more than {@link #MOST_PASSWORD} octets, or the iterations are
     *     out of range
     */
    public static StoredPassword createScram(byte[] password, int iterations, SecureRandom random) {
        return ScramPassword.of(checked(password), iterations, random);
    }

    private static byte[] checked(byte[] password) {
        if (password.length == 0 || password.length > MOST_PASSWORD) {
            throw new IllegalArgumentException("a password has from 1 to " + MOST_PASSWORD + " octets");
        }
        return password;
    }

    // ---- Using

    /** Whether that is the password. The empty password never is. */
    public final PasswordCheck check(byte[] password) {
        Optional<String> trouble = trouble();
        if (trouble.isPresent()) {
            return new PasswordCheck.PasswordUnusable(trouble.get());
        }
        if (password.length == 0 || password.length > MOST_PASSWORD) {
            return new PasswordCheck.PasswordDiffers();
        }
        return compare(password);
    }

    /** Why it cannot be used at all; empty if it can. */
    Optional<String> trouble() {
        return Optional.empty();
    }

    /** Compares with a password of 1 to {@link #MOST_PASSWORD} octets. */
    abstract PasswordCheck compare(byte[] password);

    static PasswordCheck equal(byte[] one, byte[] other) {
        return MessageDigest.isEqual(one, other)
                ? new PasswordCheck.PasswordMatches()
                : new PasswordCheck.PasswordDiffers();
    }

    /**
     * Whether another form should be stored when the password is known: no salt, a digest that is quick to compute, an old crypt(3), or
     * costs below what OWASP's "Password Storage Cheat Sheet" of 2025 asks for.
     */
    public abstract boolean isWeak();

    /** How many octets of memory a check takes while it runs, beyond a few thousand: whoever calls bounds how many run at once. */
    public long memory() {
        return 0;
    }

    /**
     * What a server needs for SCRAM with that hash: from what is stored for it or, with some work, from clear text that is allowed.
     *
     * @param user the user's name as the client gives it, for the salt where none is stored
     * @param salts the same as {@link ScramServer} has
     */
    public Optional<ScramKeys> scramKeys(ScramHash hash, String user, ScramSalts salts) {
        return Optional.empty();
    }

    /** The value as it is stored, a character for each octet: not for logs. */
    public final String octets() {
        return octets;
    }

    static byte[] latin1(String octets) {
        return octets.getBytes(StandardCharsets.ISO_8859_1);
    }

    /** Nothing of the value. */
    @Override
    public final String toString() {
        return "StoredPassword[" + getClass().getSimpleName() + "]";
    }
}
