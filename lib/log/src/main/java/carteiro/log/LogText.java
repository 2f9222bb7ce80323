package carteiro.log;

/** Makes text from outside safe for a log line, as qmail-send does. */
public final class LogText {
    /** The longest text from outside in one line, in octets; what is longer is cut. */
    public static final int LIMIT = 2000;

    private LogText() {}

    /** LF becomes {@code /}; every octet below 33 or above 126, and {@code %}, becomes {@code _}; cut at the limit. */
    public static String safe(String octets) {
        int length = Math.min(octets.length(), LIMIT);
        var safe = new StringBuilder(length);
        for (int i = 0; i < length; i++) {
            char c = octets.charAt(i);
            if (c == '\n') {
                safe.append('/');
            } else if (c < 33 || c > 126 || c == '%') {
                safe.append('_');
            } else {
                safe.append(c);
            }
        }
        return octets.length() > LIMIT ? safe.append("...").toString() : safe.toString();
    }

    /** As {@link #safe}, but spaces stay: for sentences. */
    public static String sentence(String text) {
        int length = Math.min(text.length(), LIMIT);
        var safe = new StringBuilder(length);
        for (int i = 0; i < length; i++) {
            char c = text.charAt(i);
            safe.append(c == '\n' ? '/' : c < 32 || c > 126 ? '_' : c);
        }
        return text.length() > LIMIT ? safe.append("...").toString() : safe.toString();
    }
}
