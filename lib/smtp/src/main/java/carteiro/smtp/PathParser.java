package carteiro.smtp;

import carteiro.mail.Address;
import org.jspecify.annotations.Nullable;

/** Reads one path, octet by octet. */
final class PathParser {
    private static final String ATEXT = "!#$%&'*+-/=?^_`{|}~.";

    private final String text;
    private final StringBuilder address = new StringBuilder(64);
    private int at;

    PathParser(String text) {
        this.text = text;
    }

    SmtpPath parse() {
        skipSpaces();
        boolean bracketed = peek() == '<';
        if (bracketed) {
            at++;
            if (peek() == '>') {
                at++;
                return parsed();
            }
        }
        String reason = route();
        if (reason == null) {
            reason = mailbox();
        }
        if (reason != null) {
            return new SmtpPath.MalformedPath(reason);
        }
        if (bracketed) {
            if (peek() != '>') {
                return new SmtpPath.MalformedPath(at == text.length() ? "> missing" : unexpected());
            }
            at++;
        }
        return parsed();
    }

    private SmtpPath parsed() {
        if (at < text.length() && text.charAt(at) != ' ') {
            return new SmtpPath.MalformedPath(unexpected());
        }
        skipSpaces();
        if (address.length() > SmtpPath.LONGEST) {
            return new SmtpPath.PathTooLong();
        }
        return new SmtpPath.ParsedPath(new Address(address.toString()), text.substring(at));
    }

    /** A source route, {@code @a,@b:}; dropped. Answers what is wrong, or null. */
    private @Nullable String route() {
        if (peek() != '@') {
            return null;
        }
        while (peek() == '@') {
            at++;
            String reason = domain();
            if (reason != null) {
                return reason;
            }
            address.setLength(0);
            if (peek() == ',') {
                at++;
            } else if (peek() != ':') {
                return ": missing after the source route";
            }
        }
        if (peek() != ':') {
            return ": missing after the source route";
        }
        at++;
        return null;
    }

    private @Nullable String mailbox() {
        String reason = peek() == '"' ? quotedString() : dotString();
        if (reason != null) {
            return reason;
        }
        if (peek() != '@') { // a quoted @ must not become the one before a domain that nobody has checked
            return address.indexOf("@") >= 0 ? "domain missing" : null;
        }
        at++;
        address.append('@');
        return domain();
    }

    /** Atoms, dots and single quoted octets: {@code joe.smith}, {@code joe\ smith}. */
    private @Nullable String dotString() {
        int start = at;
        while (at < text.length()) {
            char c = text.charAt(at);
            if (c == '\\' && at + 1 < text.length() && text.charAt(at + 1) >= ' ' && text.charAt(at + 1) != 0x7f) {
                address.append(text.charAt(at + 1));
                at += 2;
            } else if (isLetterOrDigit(c) || c > 0x7f || ATEXT.indexOf(c) >= 0) {
                address.append(c);
                at++;
            } else {
                break;
            }
        }
        return at == start ? at == text.length() ? "address missing" : unexpected() : null;
    }

    private @Nullable String quotedString() {
        at++;
        while (at < text.length()) {
            char c = text.charAt(at++);
            if (c == '"') {
                return null;
            }
            if (c == '\\' && at < text.length()) {
                c = text.charAt(at++);
            }
            if (c < ' ' || c == 0x7f) {
                at--;
                return unexpected();
            }
            address.append(c);
        }
        return "\" missing";
    }

    private @Nullable String domain() {
        if (peek() == '[') {
            return literal();
        }
        int start = at;
        boolean afterDot = true;
        boolean afterHyphen = false;
        while (at < text.length()) {
            char c = text.charAt(at);
            if (c == '.' && !afterDot && !afterHyphen) {
                afterDot = true;
            } else if (c == '-' && !afterDot) {
                afterHyphen = true;
                address.append(c);
                at++;
                continue;
            } else if (isLetterOrDigit(c) || c == '_' || c > 0x7f) {
                afterDot = false;
            } else {
                break;
            }
            afterHyphen = false;
            address.append(c);
            at++;
        }
        if (at == start) {
            return at == text.length() ? "domain missing" : unexpected();
        }
        return afterDot || afterHyphen ? "domain ends in a dot or hyphen" : null;
    }

    private @Nullable String literal() {
        int close = text.indexOf(']', at);
        if (close < 0) {
            return "] missing";
        }
        if (close == at + 1) {
            return "address missing in []";
        }
        for (int i = at + 1; i < close; i++) {
            char c = text.charAt(i);
            if (c <= ' ' || c == '[' || c == '\\' || c == '@' || c > 0x7e) { // the last @ is the one before the domain
                at = i;
                return unexpected();
            }
        }
        address.append(text, at, close + 1);
        at = close + 1;
        return null;
    }

    private String unexpected() {
        char c = text.charAt(at);
        return c > ' ' && c < 0x7f
                ? c + " unexpected"
                : c == ' ' ? "space unexpected" : "octet " + (int) c + " unexpected";
    }

    private void skipSpaces() {
        while (peek() == ' ') {
            at++;
        }
    }

    /** The octet here, or -1 at the end. */
    private int peek() {
        return at < text.length() ? text.charAt(at) : -1;
    }

    private static boolean isLetterOrDigit(char c) {
        return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9';
    }
}
