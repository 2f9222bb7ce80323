package carteiro.posix;

import java.util.OptionalInt;

/**
 * User and group ids as the kernel has them: 32 bits without a sign. Everywhere here an {@code int} holds the bits, so that an id
 * from 2147483648 on is a negative int; as text and on the wires it is the number from 0 to {@link #MOST}. Only for equality
 * are two of them compared.
 */
public final class UnixId {
    /** The highest id; one more means "none" to the kernel. */
    public static final long MOST = 4_294_967_294L;

    private UnixId() {}

    /** The id that is written so; empty if the text is not digits alone, or the number is over {@link #MOST}. */
    public static OptionalInt parse(String digits) {
        return digits.matches("[0-9]{1,10}") && Long.parseLong(digits) <= MOST
                ? OptionalInt.of((int) Long.parseLong(digits))
                : OptionalInt.empty();
    }

    /** @param number from 0 to {@link #MOST} */
    public static int of(long number) {
        if (number < 0 || number > MOST) {
            throw new IllegalArgumentException("no id: " + number);
        }
        return (int) number;
    }

    /** Whether it is one at all, and not the kernel's "none". */
    public static boolean isId(int id) {
        return id != -1;
    }

    /** The number, from 0 to {@link #MOST}. */
    public static long number(int id) {
        return Integer.toUnsignedLong(id);
    }
}
