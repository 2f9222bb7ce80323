package carteiro.mail;

import java.nio.charset.StandardCharsets;

/** Octet strings: a {@link String} in which each character is one octet, 0 to 255. */
public final class Octets {
    private Octets() {}

    /** The octets of a string that holds one octet a character. */
    public static byte[] bytes(String octets) {
        return octets.getBytes(StandardCharsets.ISO_8859_1);
    }

    /** The octets as a string, one character an octet. */
    public static String text(byte[] octets) {
        return new String(octets, StandardCharsets.ISO_8859_1);
    }

    /** The octets from {@code from}, {@code length} of them, as a string, one character an octet. */
    public static String text(byte[] octets, int from, int length) {
        return new String(octets, from, length, StandardCharsets.ISO_8859_1);
    }

    /** Whether every character is an octet. */
    public static boolean areOctets(String text) {
        for (int i = 0; i < text.length(); i++) {
            if (text.charAt(i) > 0xff) {
                return false;
            }
        }
        return true;
    }

    /** Whether every octet is ASCII, below 128. */
    public static boolean areAscii(String text) {
        for (int i = 0; i < text.length(); i++) {
            if (text.charAt(i) > 0x7f) {
                return false;
            }
        }
        return true;
    }

    /** Lower case for the ASCII letters alone; every other octet stays. */
    public static String lowerCase(String text) {
        for (int i = 0; i < text.length(); i++) {
            if (isUpper(text.charAt(i))) {
                char[] lowered = text.toCharArray();
                for (int j = i; j < lowered.length; j++) {
                    if (isUpper(lowered[j])) {
                        lowered[j] = (char) (lowered[j] + 'a' - 'A');
                    }
                }
                return new String(lowered);
            }
        }
        return text;
    }

    private static boolean isUpper(char c) {
        return c >= 'A' && c <= 'Z';
    }
}
