package carteiro.listen;

import carteiro.mail.Octets;
import carteiro.protocol.BearerTokens;
import carteiro.protocol.BearerTokens.TokenFault;
import carteiro.protocol.Passwords;
import java.util.Arrays;
import java.util.Locale;

/**
 * The one message of a client that logs in by a bearer token, in either form:
 *
 * <pre>
 *   OAUTHBEARER (RFC 7628 section 3.1)  n,a=NAME, SOH host=... SOH port=... SOH auth=Bearer TOKEN SOH SOH
 *   XOAUTH2 (Google's)                  user=NAME SOH auth=Bearer TOKEN SOH SOH
 * </pre>
 *
 * The token is octets, which {@link #wipe} overwrites. Belongs to one thread.
 */
final class TokenMessage {
    private static final byte SOH = 1;

    /** Pairs of a message: RFC 7628 knows host, port, mthd, path, post, qs and auth. */
    private static final int MOST_PAIRS = 16;

    private static final String SCHEME = "bearer ";

    private final String name;
    private final byte[] token;
    private final String fault;

    private TokenMessage(String name, byte[] token, String fault) {
        this.name = name;
        this.token = token;
        this.fault = fault;
    }

    private static TokenMessage malformed(String fault) {
        return new TokenMessage("", new byte[0], fault);
    }

    /**
     * Reads one.
     *
     * @param message is overwritten
     */
    static TokenMessage read(LoginMechanism mechanism, byte[] message) {
        try {
            int begin = indexOf(message, SOH, 0);
            if (begin < 0 || begin > Passwords.LONGEST_NAME + 10) {
                return malformed("no name and token between octets of value 1");
            }
            String head = Octets.text(message, 0, begin);
            return mechanism == LoginMechanism.XOAUTH2
                    ? ofGoogle(head, message, begin + 1)
                    : ofRfc7628(head, message, begin + 1);
        } finally {
            Arrays.fill(message, (byte) 0);
        }
    }

    private static TokenMessage ofGoogle(String head, byte[] message, int from) {
        if (!head.startsWith("user=") || head.length() == "user=".length()) {
            return malformed("it does not begin with user= and a name");
        }
        return pairs(head.substring("user=".length()), message, from);
    }

    /** The GS2 header of RFC 5801 section 4, without channel binding, which bearer tokens do not have. */
    private static TokenMessage ofRfc7628(String head, byte[] message, int from) {
        if (!head.startsWith("n,") && !head.startsWith("y,") || !head.endsWith(",")) {
            return malformed("it does not begin with n,a=NAME, or n,,");
        }
        String name = head.length() == 2 ? "" : head.substring(2, head.length() - 1);
        if (head.length() < 3 || !name.isEmpty() && (!name.startsWith("a=") || name.length() == 2)) {
            return malformed("it does not begin with n,a=NAME, or n,,");
        }
        String decoded = name.isEmpty() ? "" : saslName(name.substring(2));
        return !name.isEmpty() && decoded.isEmpty()
                ? malformed("its name has a comma or an equals sign that is not quoted")
                : pairs(decoded, message, from);
    }

    /** RFC 5801 section 4: {@code =2C} is a comma and {@code =3D} an equals sign; empty if there is another. */
    private static String saslName(String quoted) {
        var name = new StringBuilder(quoted.length());
        for (int i = 0; i < quoted.length(); i++) {
            char c = quoted.charAt(i);
            if (c == ',') {
                return "";
            }
            if (c != '=') {
                name.append(c);
                continue;
            }
            String code = Octets.lowerCase(quoted.substring(i + 1, Math.min(quoted.length(), i + 3)));
            if (!code.equals("2c") && !code.equals("3d")) {
                return "";
            }
            name.append(code.equals("2c") ? ',' : '=');
            i += 2;
        }
        return name.toString();
    }

    private static TokenMessage pairs(String name, byte[] message, int from) {
        if (name.length() > Passwords.LONGEST_NAME) {
            return malformed("a name that is too long");
        }
        byte[] token = new byte[0];
        int at = from;
        for (int pair = 0; at < message.length && message[at] != SOH; pair++) {
            int end = indexOf(message, SOH, at);
            if (end < 0 || pair == MOST_PAIRS) {
                return malformed("its pairs do not end");
            }
            if (isAuth(message, at, end)) {
                if (token.length > 0) {
                    Arrays.fill(token, (byte) 0);
                    return malformed("two tokens");
                }
                token = Arrays.copyOfRange(message, at + "auth=".length() + SCHEME.length(), end);
            }
            at = end + 1;
        }
        if (at != message.length - 1 || token.length == 0 || token.length > BearerTokens.LONGEST_TOKEN) {
            Arrays.fill(token, (byte) 0);
            return malformed(
                    at == message.length - 1
                            ? "no token of 1 to " + BearerTokens.LONGEST_TOKEN + " octets behind auth=Bearer"
                            : "it does not end with an octet of value 1 behind its pairs");
        }
        return new TokenMessage(name, token, "");
    }

    /** Whether a pair has a token: the scheme is written in any case (RFC 9110 section 11.1). */
    private static boolean isAuth(byte[] message, int from, int end) {
        int length = "auth=".length() + SCHEME.length();
        return end - from > length
                && Octets.text(message, from, "auth=".length()).equals("auth=")
                && Octets.lowerCase(Octets.text(message, from + "auth=".length(), SCHEME.length()))
                        .equals(SCHEME);
    }

    private static int indexOf(byte[] octets, byte wanted, int from) {
        for (int i = from; i < octets.length; i++) {
            if (octets[i] == wanted) {
                return i;
            }
        }
        return -1;
    }

    boolean isWhole() {
        return fault.isEmpty();
    }

    /** What it is not. */
    String fault() {
        return fault;
    }

    /** Whom the client wants to be; empty if it leaves that to the token. */
    String name() {
        return name;
    }

    /** Overwritten by {@link #wipe}. */
    byte[] token() {
        return token;
    }

    void wipe() {
        Arrays.fill(token, (byte) 0);
    }

    /** The challenge that says why a token is not accepted: RFC 7628 section 3.2.2, or as Google's servers put it. */
    static String refusal(LoginMechanism mechanism, TokenFault fault) {
        if (mechanism == LoginMechanism.XOAUTH2) {
            return "{\"status\":\"" + (fault.status().equals("insufficient_scope") ? "403" : "401")
                    + "\",\"schemes\":\"bearer\"" + member("scope", fault.scope()) + "}";
        }
        return "{\"status\":" + quoted(fault.status()) + member("scope", fault.scope())
                + member("openid-configuration", fault.configuration()) + "}";
    }

    private static String member(String key, String value) {
        return value.isEmpty() ? "" : ",\"" + key + "\":" + quoted(value);
    }

    /** A JSON string in ASCII (RFC 8259 section 7). */
    private static String quoted(String text) {
        var json = new StringBuilder(text.length() + 2).append('"');
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c < ' ' || c > '~' || c == '"' || c == '\\') {
                json.append(String.format(Locale.ROOT, "\\u%04x", (int) c));
            } else {
                json.append(c);
            }
        }
        return json.append('"').toString();
    }
}
