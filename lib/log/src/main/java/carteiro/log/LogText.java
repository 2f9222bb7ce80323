package carteiro.log;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * Makes text that comes from outside safe to show: the one place where this is done for logs and terminals.
 *
 * <pre>
 *   for a log line          one word: {@link #safe};  a sentence: {@link #sentence}       ASCII alone, as qmail-send writes
 *   for a terminal, a page  one line: {@link #printable};  several: {@link #printableLines}   UTF-8 stays readable
 *                           a path: {@link #path}
 * </pre>
 *
 * What is not shown becomes {@code _}: control characters (ESC, and those of 128 to 159 too), octets that are no UTF-8,
 * and characters that nobody sees or that change the order of others (bidirectional overrides and isolates, zero-width
 * characters, separators of lines, private and unassigned ones).
 */
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

    /** What went wrong, for a person: {@code FILE: permission denied}; never the name of a class alone. */
    public static String reason(IOException e) {
        return switch (e) {
            case AccessDeniedException denied -> place(denied) + "permission denied";
            case NoSuchFileException missing -> place(missing) + "there is no such file or folder";
            case FileAlreadyExistsException there -> place(there) + "it exists already";
            case FileSystemException other
            when other.getReason() == null -> place(other) + other.getClass().getSimpleName();
            default -> {
                @Nullable String message = e.getMessage();
                yield message == null ? e.toString() : message;
            }
        };
    }

    private static String place(FileSystemException e) {
        return e.getFile() == null ? "" : e.getFile() + ": ";
    }

    /**
     * One line for a terminal or a report. LF and TAB become {@code _} too.
     *
     * @param octets one character an octet; a text in which a character is no octet is taken as characters
     * @return octets
     */
    public static String printable(String octets) {
        return printable(octets, "");
    }

    /** A path for a terminal or a report, as {@link #printable}: Java holds it in characters, its name is octets. */
    public static String path(Path path) {
        return printable(new String(path.toString().getBytes(StandardCharsets.UTF_8), StandardCharsets.ISO_8859_1));
    }

    /** As {@link #printable}, but LF and TAB stay: for what is several lines already. */
    public static String printableLines(String octets) {
        return printable(octets, "\n\t");
    }

    private static String printable(String octets, String kept) {
        int plain = 0;
        while (plain < octets.length() && octets.charAt(plain) >= ' ' && octets.charAt(plain) <= '~') {
            plain++;
        }
        if (plain == octets.length()) {
            return octets;
        }
        String text = octets.chars().allMatch(c -> c <= 0xff)
                ? octets
                : new String(octets.getBytes(StandardCharsets.UTF_8), StandardCharsets.ISO_8859_1);
        var shown = new StringBuilder(text.length());
        for (int i = 0; i < text.length(); ) {
            char c = text.charAt(i);
            int length = c < 0x80 ? 1 : sequence(text, i);
            if (c < 0x80) {
                shown.append(c >= ' ' && c <= '~' || kept.indexOf(c) >= 0 ? c : '_');
            } else if (length > 1 && isVisible(codePoint(text, i, length))) {
                shown.append(text, i, i + length);
            } else {
                shown.append('_');
            }
            i += length;
        }
        return shown.toString();
    }

    /** The octets of the UTF-8 character at this place (RFC 3629); 1 if there is none. */
    private static int sequence(String octets, int at) {
        int first = octets.charAt(at);
        int length = first >= 0xc2 && first < 0xe0 ? 2 : first >= 0xe0 && first < 0xf0 ? 3 : first < 0xf5 ? 4 : 1;
        if (first < 0xc2 || length == 1 || at + length > octets.length()) {
            return 1;
        }
        for (int i = at + 1; i < at + length; i++) {
            if ((octets.charAt(i) & 0xc0) != 0x80) {
                return 1;
            }
        }
        int codePoint = codePoint(octets, at, length);
        boolean shortest = codePoint >= (length == 2 ? 0x80 : length == 3 ? 0x800 : 0x10000);
        return shortest && codePoint <= Character.MAX_CODE_POINT && (codePoint < 0xd800 || codePoint > 0xdfff)
                ? length
                : 1;
    }

    private static int codePoint(String octets, int at, int length) {
        int codePoint = octets.charAt(at) & 0xff >> length + 1;
        for (int i = at + 1; i < at + length; i++) {
            codePoint = codePoint << 6 | octets.charAt(i) & 0x3f;
        }
        return codePoint;
    }

    /** Letters, marks, digits, punctuation and symbols; of the blanks only the one of ASCII. */
    private static boolean isVisible(int codePoint) {
        return switch (Character.getType(codePoint)) {
            case Character.CONTROL,
                    Character.FORMAT,
                    Character.SURROGATE,
                    Character.PRIVATE_USE,
                    Character.UNASSIGNED,
                    Character.LINE_SEPARATOR,
                    Character.PARAGRAPH_SEPARATOR,
                    Character.SPACE_SEPARATOR -> false;
            default -> !isDrawnAsNothing(codePoint);
        };
    }

    /**
     * Letters, marks and symbols that are drawn as nothing: what Unicode calls Default_Ignorable_Code_Point beyond the
     * categories above, and a few blanks. Pairs of the first and the last of a run.
     */
    private static final int[] DRAWN_AS_NOTHING = {
        0x034f, 0x034f, // combining grapheme joiner
        0x115f, 0x1160, // fillers of Hangul, as are 3164 and ffa0
        0x17b4, 0x17b5, // inherent vowels of Khmer
        0x180b, 0x180f, // variation selectors of Mongolian
        0x2800, 0x2800, // the empty pattern of Braille
        0x3164, 0x3164,
        0xfe00, 0xfe0f, // variation selectors, as are e0100 to e01ef
        0xffa0, 0xffa0,
        0x13441, 0x13442, // blanks of Egyptian hieroglyphs
        0x16fe4, 0x16fe4, // filler of Khitan
        0x1d159, 0x1d159, // null notehead
        0xe0100, 0xe01ef
    };

    private static boolean isDrawnAsNothing(int codePoint) {
        for (int i = 0; i < DRAWN_AS_NOTHING.length; i += 2) {
            if (codePoint >= DRAWN_AS_NOTHING[i] && codePoint <= DRAWN_AS_NOTHING[i + 1]) {
                return true;
            }
        }
        return false;
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
