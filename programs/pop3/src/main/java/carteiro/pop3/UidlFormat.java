package carteiro.pop3;

import carteiro.control.ControlFiles;
import carteiro.control.Settings;
import carteiro.pop3.DovecotUidList.ListedMessage;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * How UIDL names messages, in the words of Dovecot's pop3_uidl_format: {@code %f} is the file's name up to the colon, {@code %u} the
 * message's number and {@code %v} the mailbox's, by Dovecot's list.
 */
final class UidlFormat {
    /** qmail's. */
    static final UidlFormat NAMES = new UidlFormat(List.of(new Piece("", 'f', 0, false)));

    /** The longest format; each piece of it has ten characters at most, and RFC 1939 section 7 allows 70. */
    private static final int LONGEST = 40;

    private static final int LONGEST_NAME = 70;
    private static final Pattern VARIABLE = Pattern.compile("%(0?)([0-9]?)([Xx]?)([fuv])");

    private final List<Piece> pieces;

    private UidlFormat(List<Piece> pieces) {
        this.pieces = List.copyOf(pieces);
    }

    /**
     * Some text and a variable.
     *
     * @param variable its letter; a NUL for none
     * @param width the least digits
     */
    private record Piece(String text, char variable, int width, boolean hexadecimal) {
        String of(long number) {
            String digits = hexadecimal ? Long.toHexString(number) : Long.toString(number);
            return "0".repeat(Math.max(0, width - digits.length())) + digits;
        }
    }

    /** Reads control/pop3duidl; what is wrong with it is noted. */
    static UidlFormat read(ControlFiles files) {
        String text = files.get(Settings.POP3DUIDL);
        Optional<UidlFormat> format = parse(text);
        if (format.isEmpty()) {
            files.problem(
                    Settings.POP3DUIDL,
                    1,
                    "\"" + text
                            + "\" is no format; write %f, or with the numbers of Dovecot's list such as %08Xu%08Xv");
        }
        return format.orElse(NAMES);
    }

    /** Empty if it is none, or names messages alike: it has {@code %f} alone, or {@code %u}. */
    static Optional<UidlFormat> parse(String text) {
        var pieces = new ArrayList<Piece>();
        Matcher matcher = VARIABLE.matcher(text);
        var variables = new StringBuilder();
        int at = 0;
        while (at < text.length()) {
            boolean found = matcher.find(at);
            String plain = text.substring(at, found ? matcher.start() : text.length());
            if (plain.indexOf('%') >= 0 || !Pop3Message.isPlain(plain)) {
                return Optional.empty();
            }
            char variable = found ? matcher.group(4).charAt(0) : 0;
            int width = found && !matcher.group(2).isEmpty() ? Integer.parseInt(matcher.group(2)) : 0;
            boolean zeros = found && matcher.group(1).equals("0");
            boolean hexadecimal = found && !matcher.group(3).isEmpty();
            if (width > 0 && !zeros || variable == 'f' && (hexadecimal || zeros)) {
                return Optional.empty();
            }
            pieces.add(new Piece(plain, variable, width, hexadecimal));
            variables.append(found ? String.valueOf(variable) : "");
            at = found ? matcher.end() : text.length();
        }
        String used = variables.toString();
        boolean good = text.length() <= LONGEST
                && (used.equals("f") || used.equals("u") || used.equals("uv") || used.equals("vu"));
        return good ? Optional.of(new UidlFormat(pieces)) : Optional.empty();
    }

    /** Whether messages have to have numbers. */
    boolean hasNumbers() {
        return pieces.stream().anyMatch(piece -> piece.variable() == 'u');
    }

    /**
     * The name of a message.
     *
     * @param listed empty for one that Dovecot's list cannot hold: it keeps its file's name
     */
    String of(Pop3Message message, long validity, Optional<ListedMessage> listed) {
        String saved = listed.map(ListedMessage::savedUid).orElse("");
        if (!saved.isEmpty() && saved.length() <= LONGEST_NAME && Pop3Message.isPlain(saved)) {
            return saved;
        }
        if (hasNumbers() && listed.isEmpty()) {
            return message.uid();
        }
        var uid = new StringBuilder();
        for (Piece piece : pieces) {
            uid.append(piece.text());
            switch (piece.variable()) {
                case 'f' -> uid.append(message.uid());
                case 'u' -> uid.append(piece.of(listed.orElseThrow().number()));
                case 'v' -> uid.append(piece.of(validity));
                default -> {}
            }
        }
        return uid.toString();
    }
}
