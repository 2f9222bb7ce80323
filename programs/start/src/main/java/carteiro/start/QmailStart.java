package carteiro.start;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What a start script of qmail gives to qmail-start. */
final class QmailStart {
    /** qmail-start with its first argument: in single or double quotes, or bare; perhaps on the next line. */
    private static final Pattern CALL = Pattern.compile(
            "(?m)^(?!\\s*#)[^#\\n]*?\\bqmail-start(?:[ \\t]|\\\\\\n)+(?:'([^']*)'|\"([^\"]*)\"|([^\\s'\"#&;|]+))");

    /** What a default delivery begins with: a path, a program, an address, the mark of an address or a comment. */
    private static final Pattern DELIVERY = Pattern.compile("(?s)\\s*[./|&#].*|\\s*[^\\s=<>()]+@[^\\s=<>()]+");

    private QmailStart() {}

    /**
     * The default delivery; empty if the script has none, or finds it out itself ({@code `cat FILE`}, {@code $VARIABLE}), or if
     * what follows is no instruction of {@code .qmail}: {@code exec qmail-start >log} gives none.
     *
     * @param script its text
     */
    static Optional<String> delivery(String script) {
        Matcher call = CALL.matcher(script);
        if (!call.find()) {
            return Optional.empty();
        }
        if (call.group(1) != null) { // as it stands
            return Optional.of(call.group(1)).filter(QmailStart::isDelivery);
        }
        String text = call.group(2) == null ? call.group(3) : call.group(2);
        boolean open = text == null || text.indexOf('`') >= 0 || text.indexOf('$') >= 0;
        return open
                ? Optional.empty()
                : Optional.of(text.replaceAll("\\\\(.)", "$1")).filter(QmailStart::isDelivery);
    }

    private static boolean isDelivery(String text) {
        return DELIVERY.matcher(text).matches();
    }
}
