package carteiro.control;

/**
 * What is known of one control file.
 *
 * @param name its name in HOME/control
 * @param kind how it is read
 * @param absence what a missing file means
 * @param standard the value, or in words what holds, when the file is missing; empty where {@code me} stands in
 * @param least the least number; 0 for other kinds
 * @param most the greatest number; 0 for other kinds
 * @param readers the programs that read it
 * @param meaning one sentence without its full stop
 */
public record ControlFile(
        String name,
        ControlFileFormat kind,
        Absence absence,
        String standard,
        long least,
        long most,
        String readers,
        String meaning) {
    /** How it is read (docs/control/README.md). */
    public enum ControlFileFormat {
        /** The first line. */
        LINE,
        /** The digits of the first line. */
        NUMBER,
        /** The same; above the most, the most. */
        NUMBER_CUT,
        /** The same; below the least, the least. */
        NUMBER_RAISED,
        /** Every line that is neither empty nor a comment. */
        LIST,
        /** A list of {@code key:value}. */
        MAP,
        /** Every octet: a form of its own. */
        TEXT,
        /** A constant database. */
        CDB,
        /** A line that is shown to nobody. */
        SECRET;

        /** Whether {@link ControlFiles#number} reads it. */
        public boolean isNumber() {
            return this == NUMBER || this == NUMBER_CUT || this == NUMBER_RAISED;
        }
    }

    /** What a missing file means. */
    public enum Absence {
        /** {@code control/me} stands in; without it, the literal name of the file, which makes the mistake visible. */
        ME_ELSE_NAME,
        /** {@code control/me} stands in; without it the program does not start. */
        ME_ELSE_REFUSED,
        /** The standard value holds. */
        STANDARD,
        /** Nothing is set; the standard says what that means. */
        NOTHING
    }
}
