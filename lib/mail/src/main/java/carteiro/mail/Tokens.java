package carteiro.mail;

import java.util.ArrayList;
import java.util.List;

/** Cuts a structured field body into tokens; linear in its length. */
final class Tokens {
    /** The most tokens of one field: {@link HeaderAddressList#MOST_ADDRESSES} addresses of ten each. */
    static final int MOST = 10 * HeaderAddressList.MOST_ADDRESSES;

    private static final String SIGNS = ".@,;:<>";

    private final String body;
    private final List<Token> tokens = new ArrayList<>();
    private int at;
    private boolean spaced;

    private Tokens(String body) {
        this.body = body;
    }

    /** @throws MalformedFieldException if a quoted string, comment or literal has no end, or a sign has no beginning */
    static List<Token> of(String body) throws MalformedFieldException {
        return new Tokens(body).all();
    }

    private List<Token> all() throws MalformedFieldException {
        while (at < body.length()) {
            char c = body.charAt(at);
            if (isBlank(c)) {
                at++;
                spaced = true;
                continue;
            }
            Token token = switch (c) {
                case '"' -> quoted();
                case '(' -> comment();
                case '[' -> literal();
                case ')', ']' -> throw new MalformedFieldException("\"" + c + "\" without its beginning");
                default -> SIGNS.indexOf(c) >= 0 ? sign(c) : atom();
            };
            if (tokens.size() == MOST) {
                throw new MalformedFieldException("over " + MOST + " words and signs");
            }
            tokens.add(token);
            spaced = token instanceof Token.Comment;
        }
        return tokens;
    }

    private Token sign(char c) {
        at++;
        return new Token.Special(c, spaced);
    }

    private Token atom() throws MalformedFieldException {
        int from = at;
        while (at < body.length() && isAtom(body.charAt(at))) {
            at++;
        }
        if (at == from) {
            throw new MalformedFieldException("a control character");
        }
        String atom = body.substring(from, at);
        return new Token.Word(Token.Word.WordForm.ATOM, atom, atom, spaced);
    }

    private Token quoted() throws MalformedFieldException {
        var raw = new StringBuilder("\"");
        var value = new StringBuilder();
        for (at++; at < body.length(); at++) {
            char c = body.charAt(at);
            if (c == '"') {
                at++;
                return new Token.Word(
                        Token.Word.WordForm.QUOTED, raw.append('"').toString(), value.toString(), spaced);
            }
            String escape = "";
            if (c == '\\' && at + 1 < body.length()) {
                escape = "\\";
                c = body.charAt(++at);
            }
            if (c != '\n' && c != '\r') { // the fold of a long line
                raw.append(escape).append(c);
                value.append(c);
            }
        }
        throw new MalformedFieldException("a quoted string has no end");
    }

    private Token literal() throws MalformedFieldException {
        int from = at;
        for (at++; at < body.length(); at++) {
            char c = body.charAt(at);
            if (c == ']') {
                at++;
                String literal = body.substring(from, at);
                return new Token.Word(Token.Word.WordForm.LITERAL, literal, literal, spaced);
            }
            if (c == '[' || c <= ' ' || c == '\\') {
                break;
            }
        }
        throw new MalformedFieldException("a domain literal has no end");
    }

    private Token comment() throws MalformedFieldException {
        var text = new StringBuilder();
        int depth = 1;
        for (at++; at < body.length(); at++) {
            char c = body.charAt(at);
            if (c == ')' && --depth == 0) {
                at++;
                return new Token.Comment(text.toString(), spaced);
            }
            if (c == '(') {
                depth++;
            } else if (c == '\\' && at + 1 < body.length()) {
                text.append(body.charAt(++at));
            } else if (c != ')' && c != '\n' && c != '\r') {
                text.append(c);
            }
        }
        throw new MalformedFieldException("a comment has no end");
    }

    private static boolean isAtom(char c) {
        return c > ' ' && c != 127 && SIGNS.indexOf(c) < 0 && c != '"' && c != '(' && c != ')' && c != '[' && c != ']'
                || c == 27; // escape sequences of ISO-2022 in phrases of old programs
    }

    private static boolean isBlank(char c) {
        return c == ' ' || c == '\t' || c == '\n' || c == '\r';
    }
}
