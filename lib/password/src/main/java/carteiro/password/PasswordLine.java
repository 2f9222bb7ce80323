package carteiro.password;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A line of users/passwd, without its end; a character for each octet. */
sealed interface PasswordLine {
    /** The most octets of a line. */
    int MOST_LINE = 8192;

    /** The keys of SCRAM in the form of RFC 5803 have two colons of their own. */
    Pattern SCRAM = Pattern.compile(
            "(?:\\{SCRAM-SHA-[0-9]+}|SCRAM-SHA-[0-9]+ *\\$)[ 0-9]*:[^:$]*\\$[^:$]*:[^:]*", Pattern.CASE_INSENSITIVE);

    /**
     * A name, what is stored for it, and perhaps further fields.
     *
     * @param start where the value starts in the line
     * @param end where it ends
     */
    record PasswordEntry(String name, String value, int start, int end) implements PasswordLine {}

    /** A comment, or nothing. */
    record PasswordComment() implements PasswordLine {}

    /** Neither; the reason holds nothing of the line. */
    record WrongEntry(String reason) implements PasswordLine {}

    static PasswordLine parse(String line) {
        if (line.length() > MOST_LINE) {
            return new WrongEntry("it has more than " + MOST_LINE + " octets");
        }
        if (line.startsWith("#") || line.isBlank()) {
            return new PasswordComment();
        }
        if (line.chars().anyMatch(c -> c < ' ')) {
            return new WrongEntry("it has a control character; lines end with a line feed alone");
        }
        int colon = line.indexOf(':');
        if (colon <= 0) {
            return new WrongEntry("it is not name:hash");
        }
        int start = colon + 1;
        Matcher scram = SCRAM.matcher(line).region(start, line.length());
        int end = scram.lookingAt() ? scram.end() : line.indexOf(':', start);
        if (end < 0) {
            end = line.length();
        }
        return start == end
                ? new WrongEntry("it has no hash behind its name")
                : new PasswordEntry(line.substring(0, colon), line.substring(start, end), start, end);
    }

    /** What names are compared by: ASCII letters are small. */
    static String key(String name) {
        var key = new StringBuilder(name);
        for (int i = 0; i < key.length(); i++) {
            char each = key.charAt(i);
            if (each >= 'A' && each <= 'Z') {
                key.setCharAt(i, (char) (each + ('a' - 'A')));
            }
        }
        return key.toString();
    }
}
