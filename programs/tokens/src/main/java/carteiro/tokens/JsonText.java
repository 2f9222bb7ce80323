package carteiro.tokens;

import com.nimbusds.jose.util.JSONObjectUtils;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.text.ParseException;
import java.util.Map;

/** Objects of JSON (RFC 8259) from outside. */
final class JsonText {
    /** Objects and lists within one another: nothing that is read here needs more. */
    private static final int DEEPEST = 32;

    private JsonText() {}

    /**
     * An object.
     *
     * @param utf8 bounded by whoever received it
     * @throws ParseException if it is none, has a key twice, or is nested too deep
     */
    static Map<String, Object> object(byte[] utf8) throws ParseException {
        if (depth(utf8) > DEEPEST) {
            throw new ParseException("nested too deep", 0);
        }
        try {
            String text = StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(utf8))
                    .toString();
            Map<String, Object> object = JSONObjectUtils.parse(text);
            if (object == null) { // so the library reads "null"
                throw new ParseException("no object", 0);
            }
            return object;
        } catch (CharacterCodingException e) {
            throw new ParseException("no UTF-8", 0);
        }
    }

    /** Objects and lists open at once, those within strings not counted. */
    private static int depth(byte[] utf8) {
        int deepest = 0;
        int depth = 0;
        boolean inString = false;
        for (int i = 0; i < utf8.length; i++) {
            byte octet = utf8[i];
            if (inString && octet == '\\') {
                i++;
            } else if (octet == '"') {
                inString = !inString;
            } else if (!inString && (octet == '{' || octet == '[')) {
                deepest = Math.max(deepest, ++depth);
            } else if (!inString && (octet == '}' || octet == ']')) {
                depth--;
            }
        }
        return deepest;
    }
}
