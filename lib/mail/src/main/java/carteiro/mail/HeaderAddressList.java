package carteiro.mail;

import carteiro.mail.Token.Comment;
import carteiro.mail.Token.Word;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/**
 * Reads a list of addresses as people and programs write it (RFC 5322 section 3.4, and blanks for commas), completes each
 * and writes it out again.
 *
 * @param body the field body, folded; empty if there is no address
 * @param addresses those to send to, in order; the empty address {@code <>} is not among them
 */
public record HeaderAddressList(String body, List<Address> addresses) {
    /** The most octets of a line with several addresses, its comma included (RFC 5322 section 2.1.1). */
    public static final int LINE = 78;

    /** The most addresses of one list. */
    public static final int MOST_ADDRESSES = Envelope.MOST_RECIPIENTS;

    /** Reads, completes and writes. */
    public static HeaderAddressList read(String text, Completion completion) throws MalformedFieldException {
        return read(text, completion, 0);
    }

    /** @param indent the octets that will stand before the body in its first line */
    public static HeaderAddressList read(String text, Completion completion, int indent)
            throws MalformedFieldException {
        return new AddressListReader(Tokens.of(text), completion, new AddressListWriter(indent)).list();
    }

    /** A text as a comment, in parentheses. */
    public static String comment(String text) {
        return new Token.Comment(text, true).written();
    }

    /** The addresses, written one after another with their separators. Lines are broken as qmail breaks them. */
    private static final class AddressListWriter {
        private final StringBuilder body = new StringBuilder();
        private final StringBuilder piece = new StringBuilder(); // up to the next comma
        private int column;
        private String separator = "";

        AddressListWriter(int indent) {
            column = indent;
        }

        /** One mailbox, or a group's name or end. */
        void put(String item) {
            if (separator.equals(", ")) {
                write(piece.append(','));
                piece.setLength(0);
            } else {
                piece.append(separator);
            }
            piece.append(item);
            separator = ", ";
        }

        void beginGroup(String name) {
            put(name + ":");
            separator = " ";
        }

        void endGroup() {
            piece.append(separator.equals(" ") ? " ;" : ";");
            separator = ", ";
        }

        /** The whole body. */
        String end() {
            write(piece);
            return body.toString();
        }

        /** A piece with its comma, in the line begun if it fits there. */
        private void write(CharSequence whole) {
            if (!body.isEmpty() && column + 1 + whole.length() > LINE) {
                body.append("\n  ");
                column = 2;
            } else if (!body.isEmpty()) {
                body.append(' ');
                column++;
            }
            body.append(whole);
            column += whole.length();
        }
    }

    private static final class AddressListReader {
        private final List<Token> tokens;
        private final Completion completion;
        private final AddressListWriter writer;
        private final List<Address> addresses = new ArrayList<>();
        private List<Token> pending = new ArrayList<>();
        private boolean inGroup;

        AddressListReader(List<Token> tokens, Completion completion, AddressListWriter writer) {
            this.tokens = tokens;
            this.completion = completion;
            this.writer = writer;
        }

        HeaderAddressList list() throws MalformedFieldException {
            for (int at = 0; at < tokens.size(); at++) {
                Token token = tokens.get(at);
                if (token.is('<')) {
                    at = bracketed(at + 1);
                } else if (token.is('>')) {
                    throw new MalformedFieldException("\">\" without \"<\"");
                } else if (token.is(',')) {
                    bareAddresses();
                } else if (token.is(';')) {
                    bareAddresses();
                    endGroup();
                } else if (token.is(':')) {
                    colon();
                } else {
                    pending.add(token);
                }
            }
            bareAddresses();
            endGroup(); // a group left open ends here
            return new HeaderAddressList(writer.end(), addresses);
        }

        private void endGroup() {
            if (inGroup) {
                writer.endGroup();
                inGroup = false;
            }
        }

        /** After a source route without brackets, or after a group's name. */
        private void colon() throws MalformedFieldException {
            if (!pending.isEmpty() && pending.getFirst().is('@')) {
                pending.removeIf(token -> !(token instanceof Comment));
                return;
            }
            if (inGroup) {
                throw new MalformedFieldException("a group inside a group");
            }
            String name = phrase(pending);
            if (name.isEmpty()) {
                throw new MalformedFieldException("\":\" without a group's name before it");
            }
            writer.beginGroup(name);
            pending = new ArrayList<>();
            inGroup = true;
        }

        /** Reads from behind {@code <}; answers where {@code >} stands. */
        private int bracketed(int from) throws MalformedFieldException {
            String name = phrase(pending);
            pending = new ArrayList<>();
            var inside = new ArrayList<Token>();
            var comments = new StringBuilder();
            int at = from;
            for (; at < tokens.size() && !tokens.get(at).is('>'); at++) {
                Token token = tokens.get(at);
                if (token instanceof Comment comment) {
                    comments.append(' ').append(comment.written());
                } else if (token.is('<') || token.is(';')) {
                    break;
                } else {
                    inside.add(token);
                }
            }
            if (at == tokens.size() || !tokens.get(at).is('>')) {
                throw new MalformedFieldException("\"<\" without \">\"");
            }
            while (at + 1 < tokens.size() && tokens.get(at + 1) instanceof Comment comment) {
                comments.append(' ').append(comment.written());
                at++;
            }
            String address = address(withoutRoute(inside));
            writer.put((name.isEmpty() ? "" : name + " ") + "<" + address + ">" + comments);
            return at;
        }

        private static List<Token> withoutRoute(List<Token> inside) {
            if (inside.isEmpty() || !inside.getFirst().is('@')) {
                return inside;
            }
            for (int i = inside.size() - 1; i > 0; i--) {
                if (inside.get(i).is(':')) {
                    return inside.subList(i + 1, inside.size());
                }
            }
            return List.of(); // a host alone
        }

        /** What is pending, as addresses without brackets: two words without a sign between them are two addresses. */
        private void bareAddresses() throws MalformedFieldException {
            var one = new ArrayList<Token>();
            var comments = new StringBuilder();
            boolean wordBefore = false;
            for (Token token : pending) {
                if (token instanceof Comment comment) {
                    comments.append(comments.isEmpty() ? "" : " ").append(comment.written());
                    continue;
                }
                boolean word = token instanceof Word;
                if (word && wordBefore) {
                    bareAddress(one, comments);
                }
                one.add(token);
                wordBefore = word;
            }
            bareAddress(one, comments);
            pending = new ArrayList<>();
        }

        private void bareAddress(List<Token> one, StringBuilder comments) throws MalformedFieldException {
            if (!one.isEmpty()) {
                String address = address(withoutRoute(one));
                String written = address.isEmpty() ? "<>" : address;
                writer.put(comments.isEmpty() ? written : written + " " + comments);
            } else if (!comments.isEmpty()) {
                writer.put(comments.toString());
            }
            one.clear();
            comments.setLength(0);
        }

        /** Completes one address, keeps it as a recipient, and answers how it is written. */
        private String address(List<Token> tokens) throws MalformedFieldException {
            int end = tokens.size();
            if (end > 0 && tokens.get(end - 1).is('.')) {
                end--;
            }
            if (end > 0 && tokens.get(end - 1).is('@')) {
                end--;
            }
            if (end == 0) {
                return "";
            }
            int at = end - 1;
            while (at >= 0 && !tokens.get(at).is('@')) {
                at--;
            }
            List<Token> local = tokens.subList(0, at < 0 ? end : at);
            List<Token> host = tokens.subList(at < 0 ? end : at + 1, end);
            if (!isForEachRecipient(host)) {
                for (Token token : local) {
                    if (token.is('@')) {
                        throw new MalformedFieldException("an address with two \"@\"");
                    }
                }
            }
            String domain = at < 0 ? completion.host() : domain(host);
            String written = written(local) + "@" + domain;
            if (addresses.size() == MOST_ADDRESSES) {
                throw new MalformedFieldException("over " + MOST_ADDRESSES + " addresses");
            }
            addresses.add(envelopeAddress(meaning(local) + "@" + domain));
            return written;
        }

        /** The host of a sender that is another for each recipient (VERP): {@code list-@lists.example-@[]}. */
        private static boolean isForEachRecipient(List<Token> host) {
            return host.size() == 1 && host.getFirst().written().equals("[]");
        }

        private String domain(List<Token> host) throws MalformedFieldException {
            var domain = new StringBuilder();
            boolean atoms = true;
            for (Token token : host) {
                if (token instanceof Word(var kind, String raw, String _, boolean _)) {
                    if (kind == Word.WordForm.QUOTED) {
                        throw new MalformedFieldException("a quoted string as a host");
                    }
                    atoms &= kind == Word.WordForm.ATOM;
                    domain.append(raw);
                } else if (token.is('.')) {
                    domain.append('.');
                } else {
                    throw new MalformedFieldException("a host with a sign that has no place there");
                }
            }
            String unfinished = domain.toString();
            if (unfinished.startsWith(".") || unfinished.endsWith(".") || unfinished.contains("..")) {
                throw new MalformedFieldException("a host with nothing between two dots");
            }
            return atoms ? completion.complete(unfinished, true) : unfinished;
        }

        private static String written(List<Token> local) throws MalformedFieldException {
            if (local.isEmpty()) {
                throw new MalformedFieldException("an address without a local part");
            }
            var written = new StringBuilder();
            boolean wordBefore = false;
            for (Token token : local) {
                if (token instanceof Word word && word.kind() != Word.WordForm.LITERAL && !wordBefore) {
                    written.append(word.written());
                    wordBefore = true;
                } else if (token.is('.') || token.is('@')) {
                    written.append(token.written());
                    wordBefore = false;
                } else {
                    throw new MalformedFieldException("words without a sign between them, inside an address");
                }
            }
            return written.toString();
        }

        private static String meaning(List<Token> local) {
            var meaning = new StringBuilder();
            for (Token token : local) {
                meaning.append(token.meaning());
            }
            return meaning.toString();
        }

        private static Address envelopeAddress(String octets) throws MalformedFieldException {
            if (octets.length() > Address.LIMIT) {
                throw new MalformedFieldException(
                        "an address of " + octets.length() + " octets, over " + Address.LIMIT);
            }
            if (octets.indexOf(0) >= 0 || octets.indexOf('\n') >= 0 || octets.indexOf('\r') >= 0) {
                throw new MalformedFieldException("an address with NUL, CR or LF in it");
            }
            return new Address(octets);
        }

        /**
         * A name as it stands before {@code <} or {@code :}. With an {@code @} in it, as some programs write it, it would be
         * no phrase (RFC 5322 section 3.2.5): then all of it but its comments becomes one quoted string.
         */
        private static String phrase(List<Token> tokens) {
            for (Token token : tokens) {
                if (token.is('@')) {
                    return quotedPhrase(tokens);
                }
            }
            return spaced(tokens, Token::written);
        }

        private static String quotedPhrase(List<Token> tokens) {
            var comments = new StringBuilder();
            var words = new ArrayList<Token>();
            for (Token token : tokens) {
                if (token instanceof Comment comment) {
                    comments.append(' ').append(comment.written());
                } else {
                    words.add(token);
                }
            }
            return Word.quote(spaced(words, Token::meaning)) + comments;
        }

        private static String spaced(List<Token> tokens, Function<Token, String> as) {
            var phrase = new StringBuilder();
            boolean wordBefore = false;
            for (Token token : tokens) {
                boolean word = token instanceof Word;
                if (!phrase.isEmpty() && (token.spaced() || wordBefore && word || token instanceof Comment)) {
                    phrase.append(' ');
                }
                wordBefore = word;
                phrase.append(as.apply(token));
            }
            return phrase.toString();
        }
    }
}
