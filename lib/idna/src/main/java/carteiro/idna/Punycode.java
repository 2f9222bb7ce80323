package carteiro.idna;

import java.util.Optional;

/** Labels beyond ASCII in ASCII (RFC 3492), without the prefix {@code xn--}. */
final class Punycode {
    private static final int BASE = 36;
    private static final int T_MIN = 1;
    private static final int T_MAX = 26;
    private static final int SKEW = 38;
    private static final int DAMP = 700;
    private static final int FIRST_BIAS = 72;
    private static final int FIRST_POINT = 0x80;

    private Punycode() {}

    /** The label, of which at most {@link DomainName#LIMIT} characters come here: no number below can overflow. */
    static String encode(String label) {
        int[] points = label.codePoints().toArray();
        var ascii = new StringBuilder();
        for (int point : points) {
            if (point < FIRST_POINT) {
                ascii.append((char) point);
            }
        }
        int plain = ascii.length();
        int done = plain;
        if (plain > 0) {
            ascii.append('-');
        }
        int next = FIRST_POINT;
        long delta = 0;
        int bias = FIRST_BIAS;
        while (done < points.length) {
            int least = Integer.MAX_VALUE;
            for (int point : points) {
                if (point >= next && point < least) {
                    least = point;
                }
            }
            delta += (long) (least - next) * (done + 1);
            next = least;
            for (int point : points) {
                if (point < next) {
                    delta++;
                } else if (point == next) {
                    append(ascii, delta, bias);
                    bias = adapt(delta, done + 1, done == plain);
                    delta = 0;
                    done++;
                }
            }
            delta++;
            next++;
        }
        return ascii.toString();
    }

    private static void append(StringBuilder ascii, long delta, int bias) {
        long rest = delta;
        for (int k = BASE; ; k += BASE) {
            int threshold = threshold(k, bias);
            if (rest < threshold) {
                ascii.append(letter((int) rest));
                return;
            }
            ascii.append(letter(threshold + (int) ((rest - threshold) % (BASE - threshold))));
            rest = (rest - threshold) / (BASE - threshold);
        }
    }

    /** The label; empty if the text stands for none. */
    static Optional<String> decode(String ascii) {
        int hyphen = ascii.lastIndexOf('-');
        var points = new StringBuilder();
        int count = 0;
        for (int i = 0; i < hyphen; i++) {
            if (ascii.charAt(i) >= FIRST_POINT) {
                return Optional.empty();
            }
            points.append(ascii.charAt(i));
            count++;
        }
        long next = FIRST_POINT;
        long at = 0;
        int bias = FIRST_BIAS;
        int in = hyphen > 0 ? hyphen + 1 : 0; // RFC 3492 section 6.2: a delimiter at the very start is no delimiter
        while (in < ascii.length()) {
            long before = at;
            long weight = 1;
            for (int k = BASE; ; k += BASE) {
                int digit = in < ascii.length() ? digit(ascii.charAt(in)) : -1;
                in++;
                if (digit < 0 || weight > Integer.MAX_VALUE) {
                    return Optional.empty();
                }
                at += digit * weight;
                int threshold = threshold(k, bias);
                if (digit < threshold) {
                    break;
                }
                weight *= BASE - threshold;
            }
            count++;
            bias = adapt(at - before, count, before == 0);
            next += at / count;
            at %= count;
            if (next > Character.MAX_CODE_POINT || next >= Character.MIN_SURROGATE && next <= Character.MAX_SURROGATE) {
                return Optional.empty();
            }
            points.insert(points.offsetByCodePoints(0, (int) at), Character.toChars((int) next));
            at++;
        }
        return Optional.of(points.toString());
    }

    private static int threshold(int k, int bias) {
        return Math.clamp(k - bias, T_MIN, T_MAX);
    }

    private static int adapt(long delta, int count, boolean first) {
        long rest = first ? delta / DAMP : delta / 2;
        rest += rest / count;
        int k = 0;
        while (rest > (BASE - T_MIN) * T_MAX / 2) {
            rest /= BASE - T_MIN;
            k += BASE;
        }
        return k + (int) ((BASE - T_MIN + 1) * rest / (rest + SKEW));
    }

    private static char letter(int digit) {
        return (char) (digit < 26 ? 'a' + digit : '0' + digit - 26);
    }

    private static int digit(char c) {
        if (c >= 'a' && c <= 'z') {
            return c - 'a';
        }
        if (c >= 'A' && c <= 'Z') {
            return c - 'A';
        }
        return c >= '0' && c <= '9' ? c - '0' + 26 : -1;
    }
}
