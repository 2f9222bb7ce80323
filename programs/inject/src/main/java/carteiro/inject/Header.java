package carteiro.inject;

import carteiro.mail.Octets;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The header of a message as it came.
 *
 * @param fields in order
 * @param separated whether a body follows, if only an empty one
 * @param bodyLine the first line of the body when the header ended without an empty line; otherwise empty
 * @param returns whether lines ended in CR LF
 */
record Header(List<HeaderField> fields, boolean separated, String bodyLine, boolean returns) {
    /** The most octets of a header; what is longer is refused. */
    static final int LIMIT = 8 << 20;

    /** The most fields. */
    static final int MOST_FIELDS = 10_000;

    /**
     * One field.
     *
     * @param name in lower case
     * @param text all of it: name, colon, body, line ends (LF)
     */
    record HeaderField(String name, String text) {
        /** What follows the colon. */
        String body() {
            return text.substring(text.indexOf(':') + 1);
        }

        /** The name as it is written. */
        String writtenName() {
            return text.substring(0, name.length());
        }
    }

    /** More than {@link #MOST_FIELDS}. */
    static final class TooManyFieldsException extends IOException {
        private static final long serialVersionUID = 1L;
    }

    /**
     * Reads it; what follows stays in the input.
     *
     * @throws MessageInput.LineTooLongException if it has more than {@link #LIMIT} octets
     * @throws TooManyFieldsException if it has more than {@link #MOST_FIELDS} fields
     */
    static Header read(MessageInput in) throws IOException {
        var fields = new ArrayList<HeaderField>();
        StringBuilder current = null;
        boolean returns = false;
        boolean separated = false;
        String bodyLine = "";
        int left = LIMIT;
        for (String line; !separated && (line = in.line(left)) != null; ) {
            left -= line.length();
            if (line.endsWith("\r\n")) {
                returns = true;
                line = line.substring(0, line.length() - 2) + "\n";
            }
            String field = line.replace('\r', ' '); // alone, it would become a line end on its way, and begin a field
            if (current != null && (field.charAt(0) == ' ' || field.charAt(0) == '\t')) {
                current.append(field);
            } else if (field.startsWith("From ")) { // a mailbox's line, whatever follows
                add(fields, current);
                current = new StringBuilder("MBOX-Line: ").append(field);
            } else if (nameLength(field) > 0) {
                add(fields, current);
                current = new StringBuilder(field);
            } else {
                separated = true;
                bodyLine = line.equals("\n") ? "" : line;
            }
        }
        add(fields, current);
        return new Header(fields, separated, bodyLine, returns);
    }

    private static void add(List<HeaderField> fields, @Nullable StringBuilder text) throws TooManyFieldsException {
        if (text != null) {
            if (fields.size() == MOST_FIELDS) {
                throw new TooManyFieldsException();
            }
            String field = text.toString();
            fields.add(new HeaderField(Octets.lowerCase(field.substring(0, nameLength(field))), field));
        }
    }

    /** The octets of the name if the line begins a field, otherwise 0: printable, then a colon or blanks and a colon. */
    private static int nameLength(String line) {
        int end = 0;
        while (line.charAt(end) > ' ' && line.charAt(end) < 127 && line.charAt(end) != ':') {
            end++;
        }
        int colon = end;
        while (line.charAt(colon) == ' ' || line.charAt(colon) == '\t') {
            colon++;
        }
        return line.charAt(colon) == ':' ? end : 0; // a line ends in LF, so that neither loop runs past it
    }
}
