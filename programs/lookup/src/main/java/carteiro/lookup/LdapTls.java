package carteiro.lookup;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/** Whom we believe to be the directory. */
final class LdapTls {
    private LdapTls() {}

    /**
     * A context that trusts the given authorities alone.
     *
     * @param pem certificates; empty: the authorities that Java trusts
     * @throws GeneralSecurityException if a certificate cannot be understood
     */
    static SSLContext context(String pem) throws GeneralSecurityException {
        SSLContext context = SSLContext.getInstance("TLS");
        TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trust.init(pem.isEmpty() ? null : authorities(pem));
        context.init(null, trust.getTrustManagers(), null);
        return context;
    }

    private static KeyStore authorities(String pem) throws GeneralSecurityException {
        KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
        try {
            store.load(null, null);
        } catch (IOException e) {
            throw new GeneralSecurityException(e);
        }
        var octets = new ByteArrayInputStream(pem.getBytes(StandardCharsets.ISO_8859_1));
        int number = 0;
        for (Certificate certificate : CertificateFactory.getInstance("X.509").generateCertificates(octets)) {
            store.setCertificateEntry("ca" + number++, certificate);
        }
        return store;
    }
}
