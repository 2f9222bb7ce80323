package carteiro.password;

import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/** PBKDF2 (RFC 8018), of octets; Java's own takes characters, and not every password is made of them. */
enum Pbkdf2 {
    /** OWASP asks for 1,300,000 iterations. */
    SHA_1("HmacSHA1", 20, 1_300_000),
    /** OWASP asks for 600,000 iterations. */
    SHA_256("HmacSHA256", 32, 600_000),
    /** OWASP asks for 210,000 iterations. */
    SHA_512("HmacSHA512", 64, 210_000);

    private final String hmac;
    private final int length;
    private final int advised;

    Pbkdf2(String hmac, int length, int advised) {
        this.hmac = hmac;
        this.length = length;
        this.advised = advised;
    }

    /** Octets of the HMAC and of what is derived. */
    int length() {
        return length;
    }

    /** The iterations below which it is weak. */
    int advised() {
        return advised;
    }

    /** The HMAC of a text. */
    byte[] hmac(byte[] key, byte[] text) {
        return keyed(key).doFinal(text);
    }

    /** The first block; a hash of that length has no other. */
    byte[] derive(byte[] password, byte[] salt, int iterations) {
        Mac mac = keyed(password);
        mac.update(salt);
        byte[] block = mac.doFinal(ByteBuffer.allocate(4).putInt(1).array());
        byte[] sum = block.clone();
        try {
            for (int i = 1; i < iterations; i++) {
                mac.update(block);
                mac.doFinal(block, 0);
                for (int j = 0; j < sum.length; j++) {
                    sum[j] ^= block[j];
                }
            }
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
        return sum;
    }

    private Mac keyed(byte[] key) {
        try {
            Mac mac = Mac.getInstance(hmac);
            mac.init(new SecretKeySpec(key, hmac));
            return mac;
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("this Java lacks " + hmac, e);
        }
    }
}
