package carteiro.wire;

import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import javax.net.ssl.ExtendedSSLSession;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLPeerUnverifiedException;
import javax.net.ssl.SSLSession;
import org.jspecify.annotations.Nullable;

/** What ties something said over a TLS connection to that connection (RFC 5056). */
public final class ChannelBindings {
    /** RFC 5929 section 4: the hash of the server's certificate. */
    private static final String SERVER_END_POINT = "tls-server-end-point";

    /** RFC 9266: what TLS 1.3 exports. */
    private static final String EXPORTER = "tls-exporter";

    private static final String EXPORTER_LABEL = "EXPORTER-Channel-Binding";
    private static final int EXPORTED = 32;

    private ChannelBindings() {}

    /** Those of the server's end of a connection, by type; one that cannot be found out is left out. */
    public static Map<String, byte[]> ofServer(SSLSession session) {
        return of(session, session.getLocalCertificates());
    }

    /** The same of the client's end, where the server has shown a certificate. */
    public static Map<String, byte[]> ofClient(SSLSession session) {
        try {
            return of(session, session.getPeerCertificates());
        } catch (SSLPeerUnverifiedException e) {
            return of(session, null);
        }
    }

    private static Map<String, byte[]> of(SSLSession session, Certificate @Nullable [] server) {
        var bindings = new HashMap<String, byte[]>();
        if (server != null && server.length > 0 && server[0] instanceof X509Certificate certificate) {
            try {
                bindings.put(SERVER_END_POINT, endPoint(certificate));
            } catch (GeneralSecurityException e) {
                // an algorithm of which nobody knows a hash: RFC 5929 leaves it undefined
            }
        }
        if (session instanceof ExtendedSSLSession extended
                && session.getProtocol().equals("TLSv1.3")) {
            try {
                bindings.put(EXPORTER, extended.exportKeyingMaterialData(EXPORTER_LABEL, new byte[0], EXPORTED));
            } catch (SSLException | UnsupportedOperationException e) {
                // a provider of TLS that exports nothing
            }
        }
        return bindings;
    }

    /** The hash of the certificate by the hash of its signature; MD5 and SHA-1 become SHA-256. */
    static byte[] endPoint(X509Certificate certificate) throws GeneralSecurityException {
        String algorithm = certificate.getSigAlgName().toUpperCase(Locale.ROOT);
        int with = algorithm.indexOf("WITH");
        if (with < 0) {
            throw new GeneralSecurityException("the signature algorithm " + algorithm + " names no hash");
        }
        String hash = algorithm.substring(0, with);
        String name = switch (hash) {
            case "MD5", "SHA1", "SHA-1" -> "SHA-256";
            case "SHA224", "SHA256", "SHA384", "SHA512" -> "SHA-" + hash.substring(3);
            default -> hash;
        };
        return MessageDigest.getInstance(name).digest(certificate.getEncoded());
    }
}
