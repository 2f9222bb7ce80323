package carteiro.inject;

/**
 * A lexical token of a structured header field (RFC 5322 section 3.2).
 *
 * <p>{@code spaced} says whether blanks or a comment stood before it.
 */
sealed interface Token {
    boolean spaced();

    /**
     * Something of an address or a phrase.
     *
     * @param raw as it stands in the field
     * @param value what it means: without quotes and backslashes
     */
    record Word(Kind kind, String raw, String value, boolean spaced) implements Token {
        /** How it is written. */
        enum Kind {
            ATOM,
            QUOTED,
            LITERAL
        }
    }

    /** A comment, without its parentheses and without those of comments in it. */
    record Comment(String text, boolean spaced) implements Token {
        String written() {
            var written = new StringBuilder(text.length() + 2).append('(');
            for (int i = 0; i < text.length(); i++) {
                char c = text.charAt(i);
                if (c == '(' || c == ')' || c == '\\') {
                    written.append('\\');
                }
                written.append(c);
            }
            return written.append(')').toString();
        }
    }

    /** One of {@code . @ , ; : < >}. */
    record Special(char sign, boolean spaced) implements Token {}

    /** Whether this is that sign. */
    default boolean is(char sign) {
        return this instanceof Special(char own, boolean _) && own == sign;
    }
}
