package carteiro.smtpd;

import carteiro.control.ControlFiles;
import carteiro.control.Settings;
import carteiro.listen.LoginMechanism;
import carteiro.mail.Octets;
import carteiro.wire.ClientTrust;
import carteiro.wire.TlsIdentity;
import java.io.IOException;
import java.security.GeneralSecurityException;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Whom the certificates of clients stand for: control/clientca.pem vouches for them, control/clientcerts says which account a name in one
 * logs in to.
 */
final class ClientCertificates {
    /** No client is asked for one. */
    static final ClientCertificates NONE = new ClientCertificates(Optional.empty(), Map.of());

    private final Optional<ClientTrust> trust;
    private final Map<String, String> accounts; // by name in small letters
    private @Nullable AskingIdentity last; // guarded by this

    private ClientCertificates(Optional<ClientTrust> trust, Map<String, String> accounts) {
        this.trust = trust;
        this.accounts = accounts;
    }

    /** Reads them if the mechanisms have EXTERNAL, and notes what is wrong. */
    static ClientCertificates read(ControlFiles files, Set<LoginMechanism> mechanisms) {
        if (!mechanisms.contains(LoginMechanism.EXTERNAL)) {
            return NONE;
        }
        Optional<String> pem = files.get(Settings.CLIENTCA_PEM);
        if (pem.isEmpty()) {
            files.problem(
                    Settings.CLIENTCA_PEM,
                    0,
                    "is missing, and external in control/authmechanisms needs it; write the certificates of your authorities"
                            + " into it, or remove external");
            return NONE;
        }
        var accounts = new HashMap<String, String>();
        files.numbered(Settings.CLIENTCERTS).forEach((number, line) -> {
            int colon = line.indexOf(':');
            String name = colon < 0 ? "" : line.substring(0, colon).strip();
            String account = line.substring(colon + 1).strip();
            if (name.isEmpty() || account.isEmpty()) {
                files.problem(
                        Settings.CLIENTCERTS,
                        number,
                        "\"" + line + "\" is not name:account; write, for example, ann@example.org:ann");
            } else if (accounts.putIfAbsent(Octets.lowerCase(name), account) != null) {
                files.problem(Settings.CLIENTCERTS, number, "\"" + name + "\" has a line above; leave one of the two");
            }
        });
        try {
            return new ClientCertificates(Optional.of(ClientTrust.in(pem.get())), accounts);
        } catch (GeneralSecurityException e) {
            files.problem(Settings.CLIENTCA_PEM, 0, "cannot be used: " + e.getMessage());
            return NONE;
        }
    }

    /** This host's identity, by which clients are asked for a certificate if any counts. */
    synchronized TlsIdentity asking(TlsIdentity identity) throws IOException {
        if (trust.isEmpty()) {
            return identity;
        }
        AskingIdentity made = last; // connections share what TLS remembers of them
        if (made == null || made.plain() != identity) {
            made = new AskingIdentity(identity, identity.asking(trust.get()));
            last = made;
        }
        return made.asking();
    }

    private record AskingIdentity(TlsIdentity plain, TlsIdentity asking) {}

    /** Whom a client's certificate stands for. */
    sealed interface CertifiedClient {
        /** That account. */
        record CertifiedAccount(String account) implements CertifiedClient {}

        /** Nobody: it has shown none that counts. */
        record Uncertified(String why) implements CertifiedClient {}
    }

    /** @param shown the client's own certificate first; empty if it has shown none */
    CertifiedClient of(List<X509Certificate> shown) {
        if (trust.isEmpty() || shown.isEmpty()) {
            return new CertifiedClient.Uncertified("");
        }
        try {
            Set<String> names = trust.get().names(shown);
            return names.stream()
                    .filter(accounts::containsKey)
                    .findFirst()
                    .<CertifiedClient>map(name -> new CertifiedClient.CertifiedAccount(accounts.getOrDefault(name, "")))
                    .orElseGet(() -> new CertifiedClient.Uncertified(
                            "control/clientcerts has none of its names: " + String.join(", ", names)));
        } catch (CertificateException e) {
            return new CertifiedClient.Uncertified(String.valueOf(e.getMessage()));
        }
    }
}
