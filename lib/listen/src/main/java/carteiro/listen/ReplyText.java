package carteiro.listen;

/** What another program said, in a reply to a client. */
public final class ReplyText {
    /** What it may have there, in octets; a reply line of SMTP has 512 (RFC 5321 section 4.5.3.1.5). */
    static final int LONGEST = 400;

    private ReplyText() {}

    /** The text fit for one line: ends of lines become blanks, other controls and what is not ASCII {@code ?}; cut at 400 octets. */
    public static String safe(String text) {
        int length = Math.min(text.length(), LONGEST);
        var safe = new StringBuilder(length);
        for (int i = 0; i < length; i++) {
            char c = text.charAt(i);
            safe.append(c == '\n' || c == '\r' ? ' ' : c < ' ' || c > '~' ? '?' : c);
        }
        return safe.toString().strip();
    }
}
