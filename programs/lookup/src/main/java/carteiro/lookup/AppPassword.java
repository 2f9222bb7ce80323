package carteiro.lookup;

import carteiro.mail.Octets;
import carteiro.protocol.Passwords.LoginService;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.time.Instant;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * A password made for one program of an account: 128 random bits, of which a digest is kept. A line of users/apppasswords:
 * {@code account:id:services:made:until:digest:label}, times in seconds since 1970.
 *
 * @param account in lower case
 * @param id by which it is revoked: 8 hexadecimal digits
 * @param services what it logs in to
 * @param until from when on it counts no more; the last instant there is if it always does
 * @param digest of the password, in hexadecimal (SHA-256)
 * @param label what its owner calls the program
 */
record AppPassword(
        String account,
        String id,
        Set<LoginService> services,
        Instant made,
        Instant until,
        String digest,
        String label) {
    /** The most octets of a label. */
    static final int LONGEST_LABEL = 60;

    /** The most of one account. */
    static final int MOST = 50;

    private static final int RANDOM_OCTETS = 16;
    private static final int LETTERS = 26; // 5 bits each
    private static final int GROUP = 5;
    private static final int BITS_OF_LETTER = 5;
    private static final String ALPHABET = "abcdefghijklmnopqrstuvwxyz234567"; // RFC 4648 section 6
    private static final int FIELDS = 7;

    AppPassword {
        services = EnumSet.copyOf(services);
    }

    /** One that was just made, with what its owner types: the only place where it is. */
    static final class FreshAppPassword {
        private final AppPassword kept;
        private final byte[] shown;

        private FreshAppPassword(AppPassword kept, byte[] shown) {
            this.kept = kept;
            this.shown = shown;
        }

        AppPassword kept() {
            return kept;
        }

        /** Whoever has shown it clears it. */
        byte[] shown() {
            return shown;
        }
    }

    static FreshAppPassword make(
            String account, Set<LoginService> services, Instant now, Instant until, String label, SecureRandom random) {
        byte[] octets = new byte[RANDOM_OCTETS];
        random.nextBytes(octets);
        byte[] letters = letters(octets);
        byte[] id = new byte[4];
        random.nextBytes(id);
        var kept = new AppPassword(
                Octets.lowerCase(account),
                HexFormat.of().formatHex(id),
                services,
                now,
                until,
                digestOf(letters),
                label);
        byte[] shown = grouped(letters);
        Arrays.fill(octets, (byte) 0);
        Arrays.fill(letters, (byte) 0);
        return new FreshAppPassword(kept, shown);
    }

    private static byte[] letters(byte[] octets) {
        byte[] letters = new byte[LETTERS];
        int bits = 0;
        int held = 0;
        int at = 0;
        for (byte octet : octets) {
            bits = bits << Byte.SIZE | octet & 0xFF;
            held += Byte.SIZE;
            while (held >= BITS_OF_LETTER) {
                held -= BITS_OF_LETTER;
                letters[at++] = (byte) ALPHABET.charAt(bits >> held & 31);
                bits &= (1 << held) - 1;
            }
        }
        letters[at] = (byte) ALPHABET.charAt(bits << BITS_OF_LETTER - held & 31);
        return letters;
    }

    private static byte[] grouped(byte[] letters) {
        byte[] shown = new byte[LETTERS + (LETTERS - 1) / GROUP];
        int at = 0;
        for (int i = 0; i < LETTERS; i++) {
            if (i > 0 && i % GROUP == 0) {
                shown[at++] = '-';
            }
            shown[at++] = letters[i];
        }
        return shown;
    }

    /** The digest of what somebody typed; empty if that is no password of this kind. Blanks, hyphens and the case of letters do not count. */
    static Optional<String> digest(byte[] typed) {
        byte[] letters = new byte[LETTERS];
        int at = 0;
        try {
            for (byte octet : typed) {
                int letter = octet >= 'A' && octet <= 'Z' ? octet + ('a' - 'A') : octet;
                if (letter == '-' || letter == ' ') {
                    continue;
                }
                if (at == LETTERS || ALPHABET.indexOf(letter) < 0) {
                    return Optional.empty();
                }
                letters[at++] = (byte) letter;
            }
            return at == LETTERS ? Optional.of(digestOf(letters)) : Optional.empty();
        } finally {
            Arrays.fill(letters, (byte) 0);
        }
    }

    /** A plain digest is enough: nobody tries 2^128 of them. */
    private static String digestOf(byte[] letters) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(letters));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e); // every Java has it
        }
    }

    String line() {
        return String.join(
                ":",
                account,
                id,
                String.join(",", services.stream().map(LoginService::name).toList()),
                Long.toString(made.getEpochSecond()),
                until.equals(Instant.MAX) ? "" : Long.toString(until.getEpochSecond()),
                digest,
                label);
    }

    /** From a line; empty if it is none. */
    static Optional<AppPassword> of(String line) {
        List<String> fields = List.of(line.split(":", FIELDS));
        if (fields.size() < FIELDS || fields.stream().limit(FIELDS - 2L).anyMatch(field -> field.length() > 1000)) {
            return Optional.empty();
        }
        try {
            Set<LoginService> services = EnumSet.noneOf(LoginService.class);
            for (String service : fields.get(2).split(",", -1)) {
                services.add(LoginService.valueOf(service));
            }
            return Optional.of(new AppPassword(
                    Octets.lowerCase(fields.get(0)),
                    fields.get(1),
                    services,
                    Instant.ofEpochSecond(Long.parseLong(fields.get(3))),
                    fields.get(4).isEmpty() ? Instant.MAX : Instant.ofEpochSecond(Long.parseLong(fields.get(4))),
                    fields.get(5),
                    fields.get(6)));
        } catch (IllegalArgumentException | java.time.DateTimeException e) {
            return Optional.empty();
        }
    }

    /** What a label may be: it goes into logs and to terminals. */
    static boolean isLabel(String text) {
        return !text.isEmpty() && text.length() <= LONGEST_LABEL && text.chars().allMatch(c -> c >= ' ' && c < 127);
    }
}
