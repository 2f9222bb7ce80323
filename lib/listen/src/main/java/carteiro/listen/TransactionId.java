package carteiro.listen;

import java.util.concurrent.ThreadLocalRandom;

/**
 * The name of a transaction in its Received field and in the log: the number in the queue is not known before the message
 * is whole. Twelve letters and digits, drawn by chance: nothing has to be remembered from one process to the next.
 */
public final class TransactionId {
    /** Without those that are taken for one another. */
    private static final String DIGITS = "0123456789abcdefghjkmnpqrstvwxyz";

    private static final int LENGTH = 12;

    private TransactionId() {}

    /** A new one; never of digits alone, which would be the number of a message. */
    public static String next() {
        long bits = ThreadLocalRandom.current().nextLong();
        var id = new char[LENGTH];
        for (int i = 0; i < LENGTH; i++) {
            id[i] = DIGITS.charAt((int) (bits & 31));
            bits >>>= 5;
        }
        if (id[0] <= '9') {
            id[0] = DIGITS.charAt(10 + (id[0] - '0'));
        }
        return new String(id);
    }
}
