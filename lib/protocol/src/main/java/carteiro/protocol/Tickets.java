package carteiro.protocol;

import carteiro.mail.Octets;
import carteiro.protocol.Wires.Channel;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.HexFormat;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * Tickets show queue that send has handed a message to the program that asks for it. queue makes a key whenever it starts and
 * tells it to send; a ticket is a keyed hash (HMAC-SHA256, cut to 128 bits) of the way out and the number. Any thread.
 */
final class Tickets {
    /** Characters of a ticket. */
    static final int LENGTH = 32;

    private static final int KEY = 32;
    private static final String ALGORITHM = "HmacSHA256";

    private final byte[] key;
    private final Mac
            keyed; // never fed: each ticket is of a copy, since looking for the algorithm takes longer than the hash

    private Tickets(byte[] key) {
        this.key = key.clone();
        try {
            keyed = Mac.getInstance(ALGORITHM);
            keyed.init(new SecretKeySpec(key, ALGORITHM));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every Java has " + ALGORITHM, e);
        }
    }

    /** By a key that nobody knows yet. */
    static Tickets fresh() {
        byte[] key = new byte[KEY];
        new SecureRandom().nextBytes(key);
        return new Tickets(key);
    }

    /** By a key that was told, see {@link #key}. */
    static Tickets by(String key) {
        return new Tickets(HexFormat.of().parseHex(key));
    }

    /** The key, for send alone. */
    String key() {
        return HexFormat.of().formatHex(key);
    }

    /** The ticket of a message that goes that way. */
    String of(Channel channel, long message) {
        try {
            Mac mac = (Mac) keyed.clone();
            byte[] hash = mac.doFinal(Octets.bytes(channel.word() + " " + message));
            return HexFormat.of().formatHex(Arrays.copyOf(hash, LENGTH / 2));
        } catch (CloneNotSupportedException e) {
            throw new IllegalStateException("Java's own " + ALGORITHM + " can be copied", e);
        }
    }

    /** Whether that is the ticket. Takes as long whatever is wrong with it. */
    boolean match(Channel channel, long message, String ticket) {
        return MessageDigest.isEqual(Octets.bytes(of(channel, message)), Octets.bytes(ticket));
    }
}
