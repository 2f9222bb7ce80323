package carteiro.wire;

import java.io.ByteArrayInputStream;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.cert.CertPathValidator;
import java.security.cert.CertPathValidatorException;
import java.security.cert.Certificate;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.PKIXParameters;
import java.security.cert.TrustAnchor;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import javax.naming.InvalidNameException;
import javax.naming.ldap.LdapName;
import javax.naming.ldap.Rdn;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509ExtendedTrustManager;

/** Which certificates of clients a server believes: those that lead to its own authorities (RFC 5280 section 6). Any thread. */
public final class ClientTrust {
    private static final String FOR_CLIENTS = "1.3.6.1.5.5.7.3.2";
    private static final String FOR_ANYTHING = "2.5.29.37.0";

    // Kinds of names in subjectAltName (RFC 5280 section 4.2.1.6).
    private static final int MAIL = 1;
    private static final int DNS = 2;

    /** The most certificates of a chain; the end of it is the authority, which need not be sent. */
    private static final int LONGEST = 10;

    private final List<X509Certificate> authorities;

    private ClientTrust(List<X509Certificate> authorities) {
        this.authorities = List.copyOf(authorities);
    }

    /**
     * Trust in these authorities.
     *
     * @param pem their certificates
     * @throws GeneralSecurityException if there is none, or one cannot be understood
     */
    public static ClientTrust in(String pem) throws GeneralSecurityException {
        var octets = new ByteArrayInputStream(pem.getBytes(StandardCharsets.ISO_8859_1));
        var authorities = new ArrayList<X509Certificate>();
        for (Certificate certificate : CertificateFactory.getInstance("X.509").generateCertificates(octets)) {
            authorities.add((X509Certificate) certificate);
        }
        if (authorities.isEmpty()) {
            throw new GeneralSecurityException("it holds no certificate");
        }
        return new ClientTrust(authorities);
    }

    /**
     * Whom a certificate names: mail addresses, host names, and the common name, in small letters. Its client has proved in the
     * handshake to have the key.
     *
     * @param chain the client's own certificate first
     * @throws CertificateException if none of the authorities vouches for it, or not for a client
     */
    public Set<String> names(List<X509Certificate> chain) throws CertificateException {
        if (chain.isEmpty() || chain.size() > LONGEST) {
            throw new CertificateException(
                    chain.isEmpty() ? "the client has shown none" : "its chain has over " + LONGEST + " certificates");
        }
        X509Certificate own = chain.getFirst();
        List<String> purposes = own.getExtendedKeyUsage();
        if (purposes != null && !purposes.contains(FOR_CLIENTS) && !purposes.contains(FOR_ANYTHING)) {
            throw new CertificateException("it is not for clients (extendedKeyUsage)");
        }
        try {
            var anchors = new HashSet<TrustAnchor>();
            authorities.forEach(authority -> anchors.add(new TrustAnchor(authority, null)));
            var parameters = new PKIXParameters(anchors);
            parameters.setRevocationEnabled(false);
            CertPathValidator.getInstance("PKIX")
                    .validate(CertificateFactory.getInstance("X.509").generateCertPath(below(chain)), parameters);
        } catch (CertPathValidatorException e) {
            throw new CertificateException("no authority of ours vouches for it (" + e.getMessage() + ")", e);
        } catch (GeneralSecurityException e) {
            throw new CertificateException(e);
        }
        return named(own);
    }

    /** Without the authority itself, if the client has sent it. */
    private List<X509Certificate> below(List<X509Certificate> chain) {
        X509Certificate last = chain.getLast();
        return chain.size() > 1 && authorities.contains(last) ? chain.subList(0, chain.size() - 1) : chain;
    }

    private static Set<String> named(X509Certificate certificate) throws CertificateException {
        var names = new LinkedHashSet<String>();
        Collection<List<?>> alternatives = certificate.getSubjectAlternativeNames();
        if (alternatives != null) {
            for (List<?> each : alternatives) {
                if (each.get(0) instanceof Integer kind
                        && (kind == MAIL || kind == DNS)
                        && each.get(1) instanceof String name) {
                    names.add(name.toLowerCase(Locale.ROOT));
                }
            }
        }
        try {
            for (Rdn part : new LdapName(certificate.getSubjectX500Principal().getName()).getRdns()) {
                if (part.getType().equalsIgnoreCase("CN") && part.getValue() instanceof String name) {
                    names.add(name.toLowerCase(Locale.ROOT));
                }
            }
        } catch (InvalidNameException e) {
            throw new CertificateException("its subject is no name", e);
        }
        return names;
    }

    /** Lets any client in: what its certificate is worth is asked later. */
    TrustManager anybody() {
        return new AskingTrust(authorities.toArray(X509Certificate[]::new));
    }

    private static final class AskingTrust extends X509ExtendedTrustManager {
        private final X509Certificate[] authorities;

        AskingTrust(X509Certificate[] authorities) {
            this.authorities = authorities;
        }

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type, Socket socket) {}

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type, SSLEngine engine) {}

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type, Socket socket)
                throws CertificateException {
            throw new CertificateException("this is for clients");
        }

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type, SSLEngine engine)
                throws CertificateException {
            throw new CertificateException("this is for clients");
        }

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type) throws CertificateException {
            throw new CertificateException("this is for clients");
        }

        @Override
        public X509Certificate[] getAcceptedIssuers() {
            return authorities.clone();
        }
    }
}
