package carteiro.control;

/** What a missing control file means. */
public enum Absence {
    /** {@code control/me} stands in; without it, the literal name of the file, which makes the mistake visible. */
    ME_ELSE_NAME,
    /** {@code control/me} stands in; without it the program does not start. */
    ME_ELSE_REFUSED,
    /** {@code control/me} stands in; without it nothing is set. */
    ME_ELSE_NOTHING,
    /** The standard value holds. */
    STANDARD,
    /** Nothing is set; the standard says what that means. */
    NOTHING
}
