package carteiro.wire;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.Signature;
import java.security.SignatureException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.InvalidKeySpecException;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;
import org.jspecify.annotations.Nullable;

/** A private key and its certificates from one PEM file, and TLS 1.2 and 1.3 by it. Safe for any number of threads. */
public final class TlsIdentity {
    private static final String[] VERSIONS = {"TLSv1.3", "TLSv1.2"};
    private static final List<String> KEY_TYPES = List.of("RSA", "EC", "EdDSA");

    static {
        // A client that begins anew in TLS 1.2 makes us work for nothing. Java reads this when TLS first serves.
        System.setProperty("jdk.tls.rejectClientInitiatedRenegotiation", "true");
    }

    private final KeyManagerFactory keys;
    private final SSLContext context;
    private final List<X509Certificate> chain;
    private final boolean asking;

    private TlsIdentity(KeyManagerFactory keys, SSLContext context, List<X509Certificate> chain, boolean asking) {
        this.keys = keys;
        this.context = context;
        this.chain = List.copyOf(chain);
        this.asking = asking;
    }

    /**
     * Reads an unencrypted key (PKCS #8, or OpenSSL's RSA and EC forms) and the certificates, the host's own first.
     *
     * @param pem the text of the file
     * @throws IOException if it cannot be used; the message says what is wrong
     */
    public static TlsIdentity read(String pem) throws IOException {
        PrivateKey key = null;
        var chain = new ArrayList<X509Certificate>();
        try {
            for (Block block : blocks(pem)) {
                switch (block.kind) {
                    case "CERTIFICATE" ->
                        chain.add((X509Certificate) CertificateFactory.getInstance("X.509")
                                .generateCertificate(new ByteArrayInputStream(block.octets)));
                    case "PRIVATE KEY" -> key = key(block.octets);
                    case "RSA PRIVATE KEY" -> key = key(Der.rsaAsPkcs8(block.octets));
                    case "EC PRIVATE KEY" -> key = key(Der.ecAsPkcs8(block.octets));
                    case "ENCRYPTED PRIVATE KEY" ->
                        throw new IOException("the private key is encrypted; store it without a pass phrase");
                    default -> {} // DH PARAMETERS, EC PARAMETERS: TLS 1.2 and 1.3 agree on groups by name
                }
            }
            if (key == null || chain.isEmpty()) {
                throw new IOException(
                        (key == null ? "no private key" : "no certificate") + " in it; put both into the one file");
            }
            KeyManagerFactory keys = keys(key, chain);
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(keys.getKeyManagers(), null, null);
            return new TlsIdentity(keys, context, chain, false);
        } catch (GeneralSecurityException e) {
            throw new IOException("key or certificate cannot be used: " + e.getMessage(), e);
        }
    }

    /**
     * The same, which asks clients for a certificate. Any is let into the conversation, and none is needed: what one is worth, {@link
     * ClientTrust#names} says.
     *
     * @param trust whose authorities clients are told of
     */
    public TlsIdentity asking(ClientTrust trust) throws IOException {
        try {
            SSLContext asked = SSLContext.getInstance("TLS");
            asked.init(keys.getKeyManagers(), new TrustManager[] {trust.anybody()}, null);
            return new TlsIdentity(keys, asked, chain, true);
        } catch (GeneralSecurityException e) {
            throw new IOException("no TLS can be had: " + e.getMessage(), e);
        }
    }

    private static KeyManagerFactory keys(PrivateKey key, List<X509Certificate> chain)
            throws GeneralSecurityException, IOException {
        if (!chain.getFirst().getPublicKey().getAlgorithm().equals(key.getAlgorithm())) {
            throw new IOException("the first certificate is for another kind of key; put the host's own first");
        }
        if (!belongTogether(key, chain.getFirst())) {
            throw new IOException(
                    "the private key is not that of the first certificate, so that no handshake would work;"
                            + " put the key it was made with into the file, and the host's own certificate first");
        }
        char[] none = {};
        KeyStore store = KeyStore.getInstance("PKCS12");
        store.load(null, none);
        store.setKeyEntry("host", key, none, chain.toArray(X509Certificate[]::new));
        KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        keys.init(store, none);
        return keys;
    }

    /** Whether what the key signs is verified by the certificate. */
    private static boolean belongTogether(PrivateKey key, X509Certificate certificate) throws GeneralSecurityException {
        String algorithm = switch (key.getAlgorithm()) {
            case "RSA" -> "SHA256withRSA";
            case "EC" -> "SHA256withECDSA";
            default -> key.getAlgorithm(); // EdDSA
        };
        byte[] text = "carteiro".getBytes(StandardCharsets.US_ASCII);
        Signature signature = Signature.getInstance(algorithm);
        signature.initSign(key);
        signature.update(text);
        byte[] signed = signature.sign();
        signature.initVerify(certificate.getPublicKey());
        signature.update(text);
        try {
            return signature.verify(signed);
        } catch (SignatureException e) {
            return false; // of another length
        }
    }

    /** The certificates, the host's own first. */
    public List<X509Certificate> chain() {
        return chain;
    }

    private static PrivateKey key(byte[] pkcs8) throws GeneralSecurityException {
        for (String type : KEY_TYPES) {
            try {
                return KeyFactory.getInstance(type).generatePrivate(new PKCS8EncodedKeySpec(pkcs8));
            } catch (InvalidKeySpecException e) {
                // another kind of key
            }
        }
        throw new InvalidKeySpecException("the private key is neither RSA, EC nor EdDSA");
    }

    /**
     * The server's side of TLS over a connection. The handshake is done by the first read or write, or {@link
     * SSLSocket#startHandshake}.
     *
     * @param connection connected; closed together with the result
     */
    public SSLSocket serve(Socket connection) throws IOException {
        SSLSocket tls = (SSLSocket) context.getSocketFactory().createSocket(connection, null, true);
        tls.setUseClientMode(false);
        tls.setWantClientAuth(asking);
        tls.setEnabledProtocols(VERSIONS);
        return tls;
    }

    private static final class Block {
        private final String kind;
        private final byte[] octets;

        Block(String kind, byte[] octets) {
            this.kind = kind;
            this.octets = octets;
        }
    }

    private static List<Block> blocks(String pem) throws IOException {
        var blocks = new ArrayList<Block>();
        String kind = null;
        var text = new StringBuilder();
        for (String line : pem.split("\n")) {
            String trimmed = line.strip();
            if (trimmed.startsWith("-----BEGIN ") && trimmed.endsWith("-----") && kind == null) {
                kind = trimmed.substring(11, trimmed.length() - 5);
                text.setLength(0);
            } else if (trimmed.startsWith("-----END ") && kind != null) {
                blocks.add(block(kind, text.toString()));
                kind = null;
            } else if (kind != null) {
                text.append(trimmed);
            }
        }
        return blocks;
    }

    private static Block block(String kind, String text) throws IOException {
        if (text.startsWith("Proc-Type:")) {
            throw new IOException("the private key is encrypted; store it without a pass phrase");
        }
        try {
            return new Block(kind, Base64.getDecoder().decode(text.getBytes(StandardCharsets.ISO_8859_1)));
        } catch (IllegalArgumentException e) {
            throw new IOException("its " + kind + " is not base64", e);
        }
    }

    /** The little of DER that turns OpenSSL's own forms of keys into PKCS #8 (RFC 5208 section 5). */
    private static final class Der {
        private static final byte[] VERSION_0 = {2, 1, 0};
        private static final byte[] RSA = {
            0x30, 0x0d, 6, 9, 0x2a, (byte) 0x86, 0x48, (byte) 0x86, (byte) 0xf7, 0x0d, 1, 1, 1, 5, 0
        };
        private static final byte[] EC = {6, 7, 0x2a, (byte) 0x86, 0x48, (byte) 0xce, 0x3d, 2, 1};

        private Der() {}

        static byte[] rsaAsPkcs8(byte[] pkcs1) {
            return tagged(0x30, VERSION_0, RSA, tagged(4, pkcs1));
        }

        /** The curve stands in the key itself, as parameter [0] (RFC 5915 section 3). */
        static byte[] ecAsPkcs8(byte[] sec1) throws IOException {
            byte[] curve = curve(sec1);
            if (curve == null) {
                throw new IOException("the EC private key does not name its curve; convert it with openssl pkcs8");
            }
            return tagged(0x30, VERSION_0, tagged(0x30, EC, curve), tagged(4, sec1));
        }

        private static byte @Nullable [] curve(byte[] sec1) {
            int at = 0;
            int end = sec1.length;
            while (at + 2 <= end) {
                int tag = sec1[at] & 0xff;
                int length = sec1[at + 1] & 0xff;
                int head = 2;
                if (length == 0x81 && at + 2 < end) { // a length of one more octet; an EC key needs no longer one
                    length = sec1[at + 2] & 0xff;
                    head = 3;
                } else if (length > 0x7f) {
                    return null;
                }
                if (at + head + length > end) {
                    return null;
                }
                if (tag == 0xa0) {
                    return java.util.Arrays.copyOfRange(sec1, at + head, at + head + length);
                }
                at += tag == 0x30 && at == 0 ? head : head + length;
            }
            return null;
        }

        private static byte[] tagged(int tag, byte[]... parts) {
            int length = 0;
            for (byte[] part : parts) {
                length += part.length;
            }
            byte[] head = length < 0x80
                    ? new byte[] {(byte) tag, (byte) length}
                    : new byte[] {(byte) tag, (byte) 0x82, (byte) (length >> 8), (byte) length};
            byte[] all = java.util.Arrays.copyOf(head, head.length + length);
            int at = head.length;
            for (byte[] part : parts) {
                System.arraycopy(part, 0, all, at, part.length);
                at += part.length;
            }
            return all;
        }
    }
}
