package carteiro.control;

/**
 * The numbers that a setting takes.
 *
 * @param unit what they count
 * @param least the least
 * @param most the greatest
 * @param outside what becomes of others
 */
public record NumberRange(SettingUnit unit, long least, long most, OutOfRange outside) {
    /** What becomes of a number that is not in the range. */
    public enum OutOfRange {
        /** It is a mistake. */
        REFUSED,
        /** Above the most, the most holds; below the least it is a mistake. */
        CUT,
        /** Below the least, the least holds; above the most it is a mistake. */
        RAISED
    }

    /** Numbers for what has none. */
    static final NumberRange NONE = new NumberRange(SettingUnit.COUNT, 0, 0, OutOfRange.REFUSED);
}
