package carteiro.pop3;

import java.nio.file.Path;

/**
 * A message as it was found.
 *
 * @param folder where it is
 * @param name its file's name there; a path, since names need not be characters
 * @param size octets on disk, where lines end in LF
 * @param modified nanoseconds of 1970
 */
record Pop3Message(MailFolder folder, Path name, long size, long modified) {
    /** What stands between a message's own name and its flags. */
    static final char FLAGS = ':';

    /** The two folders of a Maildir that messages are read from. */
    enum MailFolder {
        /** What nobody has seen yet. */
        NEW("new"),
        /** The rest, with flags in the names. */
        CUR("cur");

        private final Path path;

        MailFolder(String name) {
            this.path = Path.of(name);
        }

        Path path() {
            return path;
        }
    }

    /** The same message under another name. */
    Pop3Message movedTo(MailFolder where, Path other) {
        return new Pop3Message(where, other, size, modified);
    }

    /** What stays the same when the message's flags change. */
    String unique() {
        return unique(name);
    }

    static String unique(Path name) {
        String text = String.valueOf(name.getFileName()); // a new one, which does not keep its text
        int flags = text.indexOf(FLAGS);
        return flags < 0 ? text : text.substring(0, flags);
    }

    /**
     * What UIDL tells: the unique part as it is, as qmail does. A name with octets that cannot be told (RFC 1939 section 7: 0x21 to 0x7E)
     * is told as in a URI.
     */
    String uid() {
        String unique = unique();
        if (isPlain(unique)) {
            return unique;
        }
        String uri = String.valueOf(name.toUri().getRawPath());
        String last = uri.substring(uri.lastIndexOf('/', uri.length() - 2) + 1);
        int flags = last.indexOf(FLAGS);
        return flags < 0 ? last : last.substring(0, flags);
    }

    /** Whether UIDL can tell it. */
    static boolean isPlain(String text) {
        for (int i = 0; i < text.length(); i++) {
            if (text.charAt(i) < 0x21 || text.charAt(i) > 0x7e) {
                return false;
            }
        }
        return true;
    }
}
