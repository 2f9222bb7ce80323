package carteiro.tools;

import carteiro.control.ControlFiles;
import carteiro.control.Setting;
import carteiro.control.Settings;
import carteiro.idna.DomainName;
import carteiro.mail.Octets;
import carteiro.wire.TlsIdentity;
import carteiro.wire.TlsTrust;
import java.io.IOException;
import java.security.GeneralSecurityException;
import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;

/**
 * The authorities that others' certificates lead to; and control/servercert.pem: whether key and certificate belong together, until when they serve, and for which names.
 */
final class CertificateFindings {
    private static final String PLACE = Settings.SERVERCERT_PEM + ": ";
    private static final int DNS_NAME = 2; // RFC 5280 section 4.2.1.6, as Java numbers them

    /** Certificates are renewed a month before their end; who has so little left has missed that. */
    static final Duration SOON = Duration.ofDays(14);

    private final ControlFiles files;
    private final FindingList found;

    CertificateFindings(ControlFiles files, FindingList found) {
        this.files = files;
        this.found = found;
    }

    void look() {
        authorities(Settings.QMQPCACERTS); // lookup says the same of ldapcacerts, remote of remotecacerts
        Optional<String> pem = files.get(Settings.SERVERCERT_PEM);
        if (pem.isEmpty()) {
            return;
        }
        List<X509Certificate> chain;
        try {
            chain = TlsIdentity.read(pem.get()).chain();
        } catch (IOException e) {
            found.mistake(PLACE + e.getMessage());
            return;
        }
        for (int i = 0; i < chain.size(); i++) {
            dates(i == 0 ? "the certificate" : "certificate " + (i + 1) + " of the chain", chain.get(i));
        }
        names(chain.getFirst());
    }

    private void authorities(Setting<Optional<String>> setting) {
        Optional<String> pem = files.get(setting);
        try {
            if (pem.isPresent()) {
                TlsTrust.in(pem.get());
            }
        } catch (GeneralSecurityException e) {
            found.mistake(setting + ": cannot be used (" + e.getMessage()
                    + "); write the authorities' certificates in PEM form");
        }
    }

    private void dates(String which, X509Certificate certificate) {
        Instant now = Instant.now();
        Instant from = certificate.getNotBefore().toInstant();
        Instant until = certificate.getNotAfter().toInstant();
        if (until.isBefore(now)) {
            found.mistake(PLACE + which + " expired on " + day(until) + "; renew it, then run: carteiro reload");
        } else if (until.isBefore(now.plus(SOON))) {
            found.warning(PLACE + which + " expires on " + day(until) + "; renew it, then run: carteiro reload");
        }
        if (from.isAfter(now)) {
            found.mistake(
                    PLACE + which + " is not valid before " + day(from) + "; set the clock, or use another until then");
        }
    }

    private static String day(Instant instant) {
        return instant.atOffset(ZoneOffset.UTC).toLocalDate().toString();
    }

    /** Clients of submission, and hosts that verify by MTA-STS, compare the name they connected to. */
    private void names(X509Certificate certificate) {
        List<String> certified = certified(certificate);
        var wanted = new LinkedHashSet<String>();
        files.get(Settings.ME).ifPresent(wanted::add);
        files.line(Settings.SMTPGREETING).ifPresent(greeting -> wanted.add(greeting.split(" ", 2)[0]));
        for (String name : wanted) {
            if (DomainName.isHost(name) && certified.stream().noneMatch(each -> covers(each, name))) {
                found.warning(PLACE + "the certificate is for "
                        + (certified.isEmpty() ? "no host" : String.join(", ", certified))
                        + ", not for " + name
                        + ", this host's name in control/me or control/smtpgreeting; hosts that verify"
                        + " certificates will not send here");
            }
        }
    }

    /** The host names; the common name only where there is no other. */
    private static List<String> certified(X509Certificate certificate) {
        var names = new ArrayList<String>();
        try {
            Collection<List<?>> others = certificate.getSubjectAlternativeNames();
            for (List<?> name : others == null ? List.<List<?>>of() : others) {
                if (name.getFirst().equals(DNS_NAME)) {
                    names.add(String.valueOf(name.get(1)));
                }
            }
        } catch (CertificateParsingException e) {
            return names; // for nobody
        }
        if (names.isEmpty()) {
            for (String part : certificate.getSubjectX500Principal().getName().split(",")) {
                if (Octets.lowerCase(part).startsWith("cn=")) {
                    names.add(part.substring(3));
                }
            }
        }
        return names;
    }

    private static boolean covers(String certified, String host) {
        String pattern = Octets.lowerCase(certified); // IA5, so A-labels
        String name = DomainName.key(host);
        if (!pattern.startsWith("*.")) {
            return pattern.equals(name);
        }
        int dot = name.indexOf('.');
        return dot > 0 && name.substring(dot).equals(pattern.substring(1));
    }
}
