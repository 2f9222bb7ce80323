package carteiro.password;

import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What a hash of crypt(3) asks of the machine, read from its setting (crypt(5)) before the system's library sees it.
 *
 * @param trouble why it is not to be computed; empty if it may be
 * @param weak whether it is old or cheap
 * @param memory octets that it takes
 */
record CryptCost(Optional<String> trouble, boolean weak, long memory) {
    private static final String TEXT = "./0-9A-Za-z";
    private static final String ORDER = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    private static final String SMALL = "([./0-9A-Za-j])"; // what yescrypt writes as one character: 0 to 47

    private static final Pattern ANY_METHOD = Pattern.compile("\\$[0-9A-Za-z-]{1,16}[$,]");

    /** One to five seconds of a processor, by the password's length. */
    private static final long MOST_SHA_ROUNDS = 1_000_000;

    /** What SHA-crypt does unless told otherwise. */
    private static final long SHA_ROUNDS = 5000;

    private static final int MOST_BCRYPT = 15;

    /** OWASP asks for at least that. */
    private static final int LEAST_BCRYPT = 10;

    private static final long MOST_DES_ROUNDS = 1L << 20;
    private static final long MOST_SUN_ROUNDS = 200_000;

    /** One method: how its hashes look, and what they cost. */
    private record CryptMethod(Pattern form, Function<Matcher, CryptCost> cost) {
        CryptMethod(String form, Function<Matcher, CryptCost> cost) {
            this(Pattern.compile(form), cost);
        }
    }

    private static final List<CryptMethod> METHODS = List.of(
            new CryptMethod("\\$[56]\\$(?:rounds=([0-9]{1,10})\\$)?[^$]{0,16}\\$[" + TEXT + "]+", m -> {
                long rounds = m.group(1) == null ? SHA_ROUNDS : Long.parseLong(m.group(1));
                return of("rounds", rounds, MOST_SHA_ROUNDS, rounds < SHA_ROUNDS);
            }),
            new CryptMethod("\\$2([abxy])\\$(0[4-9]|[12][0-9]|3[01])\\$[" + TEXT + "]{53}", m -> {
                int cost = Integer.parseInt(m.group(2));
                return of(
                        "a cost of",
                        cost,
                        MOST_BCRYPT,
                        cost < LEAST_BCRYPT || m.group(1).equals("x"));
            }),
            new CryptMethod(
                    "\\$g?y\\$" + SMALL + SMALL + SMALL + "\\$[" + TEXT + "]*\\$[" + TEXT + "]+",
                    m -> memory(value(m.group(2)) + 1, value(m.group(3)) + 1, 1)),
            new CryptMethod(
                    "\\$7\\$([" + TEXT + "])([" + TEXT + "]{5})([" + TEXT + "]{5})[^$]*\\$[" + TEXT + "]+",
                    m -> memory(value(m.group(1)), value(m.group(2)), value(m.group(3)))),
            new CryptMethod("\\$1\\$[^$]{0,8}\\$[" + TEXT + "]{22}", _ -> old()),
            new CryptMethod("\\$3\\$\\$[0-9a-f]{32}", _ -> old()),
            new CryptMethod(
                    "\\$sha1\\$([0-9]{1,10})\\$[" + TEXT + "]*\\$[" + TEXT + "]+",
                    m -> of("rounds", Long.parseLong(m.group(1)), MOST_SHA_ROUNDS, true)),
            new CryptMethod(
                    "\\$md5(?:,rounds=([0-9]{1,10}))?\\$[^$]*\\$\\$?[" + TEXT + "]+",
                    m -> of("rounds", m.group(1) == null ? 0 : Long.parseLong(m.group(1)), MOST_SUN_ROUNDS, true)),
            new CryptMethod(
                    "_([" + TEXT + "]{4})[" + TEXT + "]{15}",
                    m -> of("rounds", value(m.group(1)), MOST_DES_ROUNDS, true)),
            new CryptMethod("[" + TEXT + "]{13}(?:[" + TEXT + "]{11}){0,15}", _ -> old()));

    /** Whether that has the form of a hash of crypt(3), of a method that is known here or of another. */
    static boolean looksLikeHash(String hash) {
        return ANY_METHOD.matcher(hash).lookingAt()
                || METHODS.stream()
                        .anyMatch(method -> method.form().matcher(hash).matches());
    }

    static CryptCost of(String hash) {
        for (CryptMethod method : METHODS) {
            Matcher form = method.form().matcher(hash);
            if (form.matches()) {
                return method.cost().apply(form);
            }
        }
        return new CryptCost(Optional.of("it is no hash of crypt(3) that is known here"), false, 0);
    }

    private static CryptCost old() {
        return new CryptCost(Optional.empty(), true, 0);
    }

    private static CryptCost of(String what, long asked, long most, boolean weak) {
        return new CryptCost(
                asked > most
                        ? Optional.of("crypt(3) asks for " + what + " " + asked + ", over " + most)
                        : Optional.empty(),
                weak,
                0);
    }

    /** scrypt and yescrypt: 128 N r octets, p times. */
    private static CryptCost memory(long log, long blocks, long times) {
        long most = StoredPassword.MOST_MEMORY / 128;
        if (log < 1 || log > 30 || blocks < 1 || times < 1 || blocks > most >> log) {
            return new CryptCost(
                    Optional.of("scrypt asks for N = 2^" + log + " and r = " + blocks + ", over "
                            + (StoredPassword.MOST_MEMORY >> 20) + " MiB of memory"),
                    false,
                    0);
        }
        long octets = 128 * blocks << log;
        if (times > StoredPassword.MOST_MEMORY_WORK / octets) {
            return new CryptCost(
                    Optional.of("scrypt asks for p = " + times + " times " + (octets >> 20) + " MiB, together over "
                            + (StoredPassword.MOST_MEMORY_WORK >> 20) + " MiB"),
                    false,
                    0);
        }
        return new CryptCost(Optional.empty(), octets * times < 8L << 20, octets);
    }

    /** Digits of base 64, the lowest first. */
    static long value(String digits) {
        long value = 0;
        for (int i = digits.length() - 1; i >= 0; i--) {
            value = value * 64 + ORDER.indexOf(digits.charAt(i));
        }
        return value;
    }

    /** Octets in that base: three are four digits, the lowest first. */
    static String encode(byte[] octets) {
        var text = new StringBuilder();
        for (int i = 0; i < octets.length; i += 3) {
            int count = Math.min(3, octets.length - i);
            int value = 0;
            for (int j = 0; j < count; j++) {
                value |= (octets[i + j] & 0xFF) << 8 * j;
            }
            for (int bits = 0; bits < 8 * count; bits += 6) {
                text.append(ORDER.charAt(value >> bits & 0x3F));
            }
        }
        return text.toString();
    }
}
