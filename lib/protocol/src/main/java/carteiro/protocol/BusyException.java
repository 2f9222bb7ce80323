package carteiro.protocol;

import java.io.IOException;

/**
 * What answers a delivery that was not tried because as many run as may for the same user, or with programs. It is to be asked for
 * again when one of those has ended; the recipient was not tried.
 */
public final class BusyException extends IOException {
    /** The most octets of a key. */
    public static final int KEY_LIMIT = 40;

    private static final long serialVersionUID = 1L;

    private final String key;
    private final int atOnce;

    /**
     * A share that is used up.
     *
     * @param key says whose share it is: deliveries that were answered by the same key share it; ASCII
     * @param atOnce how many may run at once, at least 1
     */
    public BusyException(String key, int atOnce) {
        super("the share of " + key + " is used up: " + atOnce + " at once");
        if (key.isEmpty() || key.length() > KEY_LIMIT || atOnce < 1) {
            throw new IllegalArgumentException("no share: " + key + ", " + atOnce);
        }
        this.key = key;
        this.atOnce = atOnce;
    }

    /** Whose share. */
    public String key() {
        return key;
    }

    /** How large it is. */
    public int atOnce() {
        return atOnce;
    }
}
