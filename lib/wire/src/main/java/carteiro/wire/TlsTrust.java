package carteiro.wire;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManagerFactory;
import org.jspecify.annotations.Nullable;

/** Whom a client believes to be the server. Safe for any number of threads. */
public final class TlsTrust {
    private final SSLContext context;

    private TlsTrust(SSLContext context) {
        this.context = context;
    }

    /** Trust in the authorities that Java trusts. */
    public static TlsTrust ofJava() throws GeneralSecurityException {
        return of(null);
    }

    /**
     * Trust in the given authorities alone.
     *
     * @param pem their certificates
     * @throws GeneralSecurityException if there is none, or one cannot be understood
     */
    public static TlsTrust in(String pem) throws GeneralSecurityException {
        return of(authorities(pem));
    }

    private static TlsTrust of(@Nullable KeyStore authorities) throws GeneralSecurityException {
        SSLContext context = SSLContext.getInstance("TLS");
        TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trust.init(authorities);
        context.init(null, trust.getTrustManagers(), null);
        return new TlsTrust(context);
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
        if (number == 0) {
            throw new GeneralSecurityException("it holds no certificate");
        }
        return store;
    }

    /** What a library needs that makes its TLS itself; it must compare the name. */
    public SSLContext context() {
        return context;
    }

    /**
     * The client's side of TLS over a connection, with the handshake done: the server's certificate is of that name (RFC 9110
     * section 4.3.4) and leads to an authority.
     *
     * @param connection connected; closed together with the result
     * @param name a host name or an IP address
     */
    public SSLSocket connect(Socket connection, String name) throws IOException {
        SSLSocket tls =
                (SSLSocket) context.getSocketFactory().createSocket(connection, name, connection.getPort(), true);
        SSLParameters parameters = tls.getSSLParameters();
        parameters.setEndpointIdentificationAlgorithm("HTTPS");
        tls.setSSLParameters(parameters);
        tls.startHandshake();
        return tls;
    }
}
