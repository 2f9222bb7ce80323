package carteiro.password;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import org.bouncycastle.crypto.Digest;
import org.bouncycastle.crypto.digests.MD4Digest;
import org.bouncycastle.crypto.digests.RIPEMD160Digest;

/** Digests that passwords are stored by. */
enum PasswordDigest {
    MD4(16),
    MD5(16),
    RIPEMD_160(20),
    SHA_1(20),
    SHA_256(32),
    SHA_384(48),
    SHA_512(64);

    private final int length;

    PasswordDigest(int length) {
        this.length = length;
    }

    /** Octets of the digest. */
    int length() {
        return length;
    }

    /** The digest of these, one after the other. */
    byte[] of(byte[]... parts) {
        return switch (this) {
            case MD4 -> of(new MD4Digest(), parts);
            case RIPEMD_160 -> of(new RIPEMD160Digest(), parts);
            case MD5 -> of("MD5", parts);
            case SHA_1 -> of("SHA-1", parts);
            case SHA_256 -> of("SHA-256", parts);
            case SHA_384 -> of("SHA-384", parts);
            case SHA_512 -> of("SHA-512", parts);
        };
    }

    private static byte[] of(Digest digest, byte[][] parts) {
        for (byte[] part : parts) {
            digest.update(part, 0, part.length);
        }
        byte[] made = new byte[digest.getDigestSize()];
        digest.doFinal(made, 0);
        return made;
    }

    private static byte[] of(String name, byte[][] parts) {
        MessageDigest digest;
        try {
            digest = MessageDigest.getInstance(name);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("this Java lacks " + name, e);
        }
        for (byte[] part : parts) {
            digest.update(part);
        }
        return digest.digest();
    }
}
