package carteiro.password;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.text.Normalizer;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * SASLprep (RFC 4013) for stored strings, as RFC 5802 asks for: one form of names and passwords that look the same. Its tables are those
 * of RFC 3454, with Unicode 3.2: characters that are newer are not allowed.
 */
final class SaslPrep {
    private SaslPrep() {}

    private static final class StringPrepTables {
        private static final Map<String, BitSet> ALL = read();
        static final BitSet UNASSIGNED = table("unassigned"); // A.1
        static final BitSet NOTHING = table("nothing"); // B.1
        static final BitSet SPACE = table("space"); // C.1.2
        static final BitSet PROHIBITED = table("prohibited"); // RFC 4013 section 2.3
        static final BitSet RIGHT = table("right"); // D.1
        static final BitSet LEFT = table("left"); // D.2

        private static BitSet table(String name) {
            return Objects.requireNonNull(ALL.get(name), name);
        }

        private static Map<String, BitSet> read() {
            var tables = new HashMap<String, BitSet>();
            var table = new BitSet();
            try (InputStream in = Objects.requireNonNull(SaslPrep.class.getResourceAsStream("saslprep.txt"))) {
                for (String line : new String(in.readAllBytes(), US_ASCII).split("\n")) {
                    if (line.startsWith("#")) {
                        continue;
                    }
                    if (line.charAt(0) >= 'a') {
                        table = new BitSet();
                        tables.put(line, table);
                    } else {
                        String[] range = line.split("-");
                        table.set(Integer.parseInt(range[0], 16), Integer.parseInt(range[range.length - 1], 16) + 1);
                    }
                }
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
            return tables;
        }
    }

    /** The prepared form; empty if the text has a character that is not allowed, or mixes writing directions. */
    static Optional<String> prepare(CharSequence text) {
        if (text.chars().allMatch(c -> c >= 0x20 && c <= 0x7E)) {
            return Optional.of(text.toString());
        }
        if (text.codePoints()
                .anyMatch(StringPrepTables.UNASSIGNED::get)) { // in Unicode 3.2, where it has no other form
            return Optional.empty();
        }
        var mapped = new StringBuilder(text.length());
        text.codePoints().forEach(each -> {
            if (StringPrepTables.SPACE.get(each)) {
                mapped.append(' ');
            } else if (!StringPrepTables.NOTHING.get(each)) {
                mapped.appendCodePoint(each);
            }
        });
        String normal = Normalizer.normalize(mapped, Normalizer.Form.NFKC);
        overwrite(mapped);
        boolean forbidden = normal.codePoints()
                .anyMatch(each -> StringPrepTables.PROHIBITED.get(each) || StringPrepTables.UNASSIGNED.get(each));
        return forbidden || mixesDirections(normal) ? Optional.empty() : Optional.of(normal);
    }

    /** RFC 3454 section 6. */
    private static boolean mixesDirections(String text) {
        if (text.codePoints().noneMatch(StringPrepTables.RIGHT::get)) {
            return false;
        }
        return text.codePoints().anyMatch(StringPrepTables.LEFT::get)
                || !StringPrepTables.RIGHT.get(text.codePointAt(0))
                || !StringPrepTables.RIGHT.get(text.codePointBefore(text.length()));
    }

    /**
     * The prepared form of a password, in an array of its own; one that cannot be prepared stays as it is, as other implementations do,
     * since it was stored by one of them or will not match.
     */
    static byte[] password(byte[] password) {
        for (byte each : password) {
            if (each < 0x20 || each == 0x7F) {
                return beyondAscii(password);
            }
        }
        return password.clone();
    }

    private static byte[] beyondAscii(byte[] password) {
        CharBuffer text;
        try {
            text = UTF_8.newDecoder().decode(ByteBuffer.wrap(password));
        } catch (CharacterCodingException _) {
            return password.clone();
        }
        byte[] prepared = prepare(text).map(some -> some.getBytes(UTF_8)).orElseGet(password::clone);
        Arrays.fill(text.array(), '\0');
        return prepared.length == 0 ? password.clone() : prepared;
    }

    private static void overwrite(StringBuilder text) {
        for (int i = 0; i < text.length(); i++) {
            text.setCharAt(i, '\0');
        }
    }
}
