package carteiro.lookup;

import carteiro.control.CdbWriter;
import carteiro.mail.Octets;
import java.io.IOException;

/** The text of users/assign, line by line into the records of users/cdb. */
final class Assignments {
    /** Fields after the name: user, uid, gid, home, dash, ext. */
    private static final int FIELDS = 6;

    private Assignments() {}

    /** A line that is no assignment. */
    static final class FormatException extends IOException {
        private static final long serialVersionUID = 1L;

        FormatException(int line, String sentence) {
            super("users/assign:" + line + ": " + sentence);
        }
    }

    /** @throws FormatException if the text is not as qmail-newu wants it; then the writer must not be committed */
    static void compile(String text, CdbWriter writer) throws IOException {
        var ends = new StringBuilder();
        int number = 0;
        int from = 0;
        while (true) {
            number++;
            if (from >= text.length()) {
                throw new FormatException(number, "the last line, a single dot, is missing; is the file complete?");
            }
            int end = text.indexOf('\n', from);
            String line = text.substring(from, end < 0 ? text.length() : end);
            if (line.startsWith(".")) {
                break;
            }
            if (end < 0) {
                throw new FormatException(number, "the last line, a single dot, is missing; is the file complete?");
            }
            add(line, number, writer, ends);
            from = end + 1;
        }
        writer.add("", ends.toString());
    }

    private static void add(String line, int number, CdbWriter writer, StringBuilder ends) throws IOException {
        if (line.indexOf(0) >= 0) {
            throw new FormatException(number, "holds a NUL");
        }
        int colon = line.indexOf(':');
        if (colon <= 0) {
            throw new FormatException(
                    number,
                    "is no assignment (comments and empty lines are not allowed); write"
                            + " =local:user:uid:gid:home:dash:ext: or +local:user:uid:gid:home:dash:pre:");
        }
        int end = colon;
        for (int field = 0; field < FIELDS; field++) {
            end = line.indexOf(':', end + 1);
            if (end < 0) {
                throw new FormatException(
                        number, "has " + (field + 1) + " colons, and must have 7: a field is missing");
            }
        }
        String name = Octets.lowerCase(line.substring(1, colon));
        String data = line.substring(colon + 1, end).replace(':', '\0');
        if (line.charAt(0) != '+') {
            writer.add("!" + name + "\0", data);
            return;
        }
        writer.add("!" + name, data);
        if (!name.isEmpty() && ends.indexOf(name.substring(name.length() - 1)) < 0) {
            ends.append(name.charAt(name.length() - 1));
        }
    }
}
