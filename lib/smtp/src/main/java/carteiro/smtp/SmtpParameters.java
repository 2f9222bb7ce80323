package carteiro.smtp;

import carteiro.mail.Octets;
import java.util.ArrayList;
import java.util.List;

/** The parameters of MAIL and RCPT (RFC 5321 section 4.1.2, esmtp-param). Any octets give a value. */
public sealed interface SmtpParameters {
    /**
     * One parameter.
     *
     * @param keyword in upper case
     * @param value as it came, one character an octet; empty if there was no {@code =}
     */
    record Parameter(String keyword, String value) {}

    /** Parameters in their order; may be none. */
    record ParsedParameters(List<Parameter> parameters) implements SmtpParameters {
        /** Copies the list. */
        public ParsedParameters {
            parameters = List.copyOf(parameters);
        }
    }

    /**
     * No parameters.
     *
     * @param reason for the reply
     */
    record MalformedParameters(String reason) implements SmtpParameters {}

    /** What nearly every command has. */
    ParsedParameters NONE = new ParsedParameters(List.of());

    /** Reads what follows a path. */
    static SmtpParameters parse(String text) {
        if (text.isEmpty()) {
            return NONE;
        }
        var parameters = new ArrayList<Parameter>(4);
        int at = 0;
        while (at < text.length()) {
            int space = text.indexOf(' ', at);
            int end = space < 0 ? text.length() : space;
            if (end > at) {
                int equals = text.indexOf('=', at);
                int keywordEnd = equals < 0 || equals > end ? end : equals;
                String keyword = text.substring(at, keywordEnd);
                String value = keywordEnd == end ? "" : text.substring(keywordEnd + 1, end);
                if (!isKeyword(keyword) || keywordEnd < end && !isValue(value)) {
                    return new MalformedParameters("parameter not understood");
                }
                parameters.add(new Parameter(upperCase(keyword), value));
            }
            at = end + 1;
        }
        return new ParsedParameters(parameters);
    }

    private static boolean isKeyword(String text) {
        if (text.isEmpty() || text.charAt(0) == '-') {
            return false;
        }
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (!(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-')) {
                return false;
            }
        }
        return true;
    }

    /** More than esmtp-value has: none, or an {@code =} in it, cannot be misread, and whoever needs a value looks for it. */
    private static boolean isValue(String text) {
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c <= ' ' || c == 0x7f) {
                return false;
            }
        }
        return true;
    }

    private static String upperCase(String keyword) {
        return Octets.areAscii(keyword) ? keyword.toUpperCase(java.util.Locale.ROOT) : keyword;
    }
}
