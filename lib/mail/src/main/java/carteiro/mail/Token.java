package carteiro.mail;

/**
 * A lexical token of a structured header field (RFC 5322 section 3.2).
 *
 * <p>{@code spaced} says whether blanks or a comment stood before it.
 */
sealed interface Token {
    boolean spaced();

    /** How it is written in a phrase or a local part. */
    String written();

    /** What it means in a phrase: a word without quotes and backslashes. */
    String meaning();

    /**
     * Something of an address or a phrase.
     *
     * @param raw as it stands in the field
     * @param value what it means: without quotes and backslashes
     */
    record Word(WordForm kind, String raw, String value, boolean spaced) implements Token {
        /** How it is written. */
        enum WordForm {
            ATOM,
            QUOTED,
            LITERAL
        }

        /** As it stands; an atom with an octet above 127 is none (RFC 5322 section 3.2.3) and is quoted, as qmail does. */
        @Override
        public String written() {
            return kind == WordForm.ATOM && !Octets.areAscii(raw) ? quote(raw) : raw;
        }

        @Override
        public String meaning() {
            return value;
        }

        /** A quoted string of that meaning. */
        static String quote(String meaning) {
            var quoted = new StringBuilder(meaning.length() + 2).append('"');
            for (int i = 0; i < meaning.length(); i++) {
                char c = meaning.charAt(i);
                quoted.append(c == '"' || c == '\\' ? "\\" : "").append(c);
            }
            return quoted.append('"').toString();
        }
    }

    /** A comment, without its parentheses and without those of comments in it. */
    record Comment(String text, boolean spaced) implements Token {
        @Override
        public String written() {
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

        @Override
        public String meaning() {
            return written();
        }
    }

    /** One of {@code . @ , ; : < >}. */
    record Special(char sign, boolean spaced) implements Token {
        @Override
        public String written() {
            return String.valueOf(sign);
        }

        @Override
        public String meaning() {
            return written();
        }
    }

    /** Whether this is that sign. */
    default boolean is(char sign) {
        return this instanceof Special(char own, boolean _) && own == sign;
    }
}
