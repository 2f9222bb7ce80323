package carteiro.password;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.regex.Pattern;

/** The grammar that messages of SCRAM have in common (RFC 5802 section 7). */
final class ScramText {
    /** The most octets of a message. */
    static final int MOST_MESSAGE = 4096;

    private static final Pattern NONCE = Pattern.compile("[\\x21-\\x2B\\x2D-\\x7E]+");
    private static final Pattern EXTENSION = Pattern.compile("[A-Za-z]=.+", Pattern.DOTALL);
    private static final int NONCE_OCTETS = 18;

    private ScramText() {}

    /** A message as text: UTF-8 without NUL, not too long. */
    static Optional<String> decode(byte[] message) {
        if (message.length > MOST_MESSAGE) {
            return Optional.empty();
        }
        try {
            String text = UTF_8.newDecoder().decode(ByteBuffer.wrap(message)).toString();
            return text.indexOf('\0') < 0 ? Optional.of(text) : Optional.empty();
        } catch (CharacterCodingException _) {
            return Optional.empty();
        }
    }

    /** The value of an attribute that must be that one. */
    static Optional<String> value(String attribute, char name) {
        return attribute.length() > 2 && attribute.charAt(0) == name && attribute.charAt(1) == '='
                ? Optional.of(attribute.substring(2))
                : Optional.empty();
    }

    /** Whether it is the attribute that says that whoever does not know an extension must give up. */
    static boolean isMandatoryExtension(String attribute) {
        return attribute.startsWith("m=");
    }

    /** Whether it is an attribute that may be ignored. */
    static boolean isExtension(String attribute) {
        return EXTENSION.matcher(attribute).matches() && !isMandatoryExtension(attribute);
    }

    static boolean isNonce(String text) {
        return NONCE.matcher(text).matches();
    }

    /** A user's name, in which a comma is =2C and an equals sign =3D; empty if another equals sign stands in it. */
    static Optional<String> decodeName(String text) {
        var name = new StringBuilder();
        for (int i = 0; i < text.length(); i++) {
            char each = text.charAt(i);
            if (each != '=') {
                name.append(each);
            } else if (text.startsWith("=2C", i)) {
                name.append(',');
                i += 2;
            } else if (text.startsWith("=3D", i)) {
                name.append('=');
                i += 2;
            } else {
                return Optional.empty();
            }
        }
        return Optional.of(name.toString());
    }

    static String encodeName(String name) {
        return name.replace("=", "=3D").replace(",", "=2C");
    }

    /** Base64 with its padding and nothing else; empty if it is not well-formed, or nothing. */
    static Optional<byte[]> decodeBase64(String text) {
        try {
            byte[] octets = Base64.getDecoder().decode(text);
            return octets.length > 0 && encodeBase64(octets).equals(text) ? Optional.of(octets) : Optional.empty();
        } catch (IllegalArgumentException _) {
            return Optional.empty();
        }
    }

    static String encodeBase64(byte[] octets) {
        return Base64.getEncoder().encodeToString(octets);
    }

    static byte[] exclusiveOr(byte[] one, byte[] other) {
        byte[] both = one.clone();
        for (int i = 0; i < both.length; i++) {
            both[i] ^= other[i];
        }
        return both;
    }

    /** Nonces that nobody can guess. */
    static Supplier<String> nonces(SecureRandom random) {
        return () -> {
            byte[] octets = new byte[NONCE_OCTETS];
            random.nextBytes(octets);
            return encodeBase64(octets);
        };
    }
}
