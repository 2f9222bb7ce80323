package carteiro.tools;

/**
 * The fields of one flat JSON object (RFC 8259), as EventLog writes it: strings, numbers, true and false; no object or
 * array in it. Reads once, from front to end.
 */
final class JsonFields {
    private final String json;
    private int at;
    private String name = "";
    private String value = "";
    private boolean sound = true;

    /** @param json begins with its brace */
    JsonFields(String json) {
        this.json = json;
        this.at = 1;
    }

    /** The name of the field that was read last. */
    String name() {
        return name;
    }

    /** Its value; a string without quotes and escapes. */
    String value() {
        return value;
    }

    /** Whether the object was read to its end, and is one. */
    boolean complete() {
        return sound && at == json.length();
    }

    /** Reads the next field; false at the end, or where this is no such object. */
    boolean next() {
        blanks();
        if (take('}')) {
            blanks();
            return false;
        }
        if (!name.isEmpty()) {
            sound &= take(',');
            blanks();
        }
        name = string();
        blanks();
        sound &= take(':');
        blanks();
        value = at < json.length() && json.charAt(at) == '"' ? string() : word();
        return sound;
    }

    private void blanks() {
        while (at < json.length() && " \t\r".indexOf(json.charAt(at)) >= 0) {
            at++;
        }
    }

    private boolean take(char expected) {
        if (at < json.length() && json.charAt(at) == expected) {
            at++;
            return true;
        }
        return false;
    }

    private String word() {
        int from = at;
        while (at < json.length()
                && (Character.isLetterOrDigit(json.charAt(at)) || "+-.".indexOf(json.charAt(at)) >= 0)) {
            at++;
        }
        sound &= at > from;
        return json.substring(from, at);
    }

    private String string() {
        sound &= take('"');
        var text = new StringBuilder();
        while (sound && at < json.length()) {
            char c = json.charAt(at++);
            if (c == '"') {
                return text.toString();
            }
            text.append(c == '\\' ? escaped() : c);
        }
        sound = false; // it does not end
        return "";
    }

    private char escaped() {
        char c = at < json.length() ? json.charAt(at++) : ' ';
        return switch (c) {
            case '"', '\\', '/' -> c;
            case 'b' -> '\b';
            case 'f' -> '\f';
            case 'n' -> '\n';
            case 'r' -> '\r';
            case 't' -> '\t';
            case 'u' -> fourDigits();
            default -> {
                sound = false;
                yield c;
            }
        };
    }

    private char fourDigits() {
        int code = 0;
        for (int i = 0; i < 4; i++) {
            int digit = at < json.length() ? Character.digit(json.charAt(at++), 16) : -1;
            sound &= digit >= 0;
            code = code * 16 + Math.max(digit, 0);
        }
        return (char) code;
    }
}
