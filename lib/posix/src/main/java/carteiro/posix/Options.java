package carteiro.posix;

import java.util.ArrayList;
import java.util.List;

/**
 * Options of one letter as POSIX has them (XBD section 12.2): {@code -ab}, {@code -fVALUE}, {@code -f VALUE}; {@code --}
 * or the first other word ends them.
 */
public final class Options {
    /** What {@link #next} answers after the last option. */
    public static final char END = 0;

    private final List<String> arguments;
    private final String letters;
    private int at;
    private int inside = 1;
    private char letter = END;
    private String value = "";

    /**
     * @param letters the letters known; one followed by {@code :} takes a value, by {@code ;} what stands right behind it
     */
    public Options(List<String> arguments, String letters) {
        this.arguments = List.copyOf(arguments);
        this.letters = letters;
    }

    /** The next letter; {@link #END} after the last; {@code ?} if it is not known or lacks its value. */
    public char next() {
        value = "";
        if (inside == 1 && !beginsOption()) {
            return END;
        }
        String word = arguments.get(at);
        letter = word.charAt(inside++);
        int known = letter == ':' || letter == ';' ? -1 : letters.indexOf(letter);
        char kind = known >= 0 && known + 1 < letters.length() ? letters.charAt(known + 1) : ' ';
        boolean takesRest = known >= 0 && (kind == ':' || kind == ';');
        if (takesRest) {
            value = word.substring(inside);
            inside = word.length();
        }
        if (inside >= word.length()) {
            inside = 1;
            at++;
        }
        if (kind == ':' && value.isEmpty() && takesRest) {
            if (at >= arguments.size()) {
                return '?';
            }
            value = arguments.get(at++);
        }
        return known >= 0 ? letter : '?';
    }

    private boolean beginsOption() {
        if (at >= arguments.size()) {
            return false;
        }
        String word = arguments.get(at);
        if (word.equals("--")) {
            at++;
            return false;
        }
        return word.length() > 1 && word.charAt(0) == '-';
    }

    /** The value of the option that {@link #next} answered last. */
    public String value() {
        return value;
    }

    /** What follows the options. */
    public List<String> rest() {
        return new ArrayList<>(arguments.subList(at, arguments.size()));
    }
}
