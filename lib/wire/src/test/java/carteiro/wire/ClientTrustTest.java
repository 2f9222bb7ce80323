package carteiro.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import carteiro.testkit.Certificates;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ClientTrustTest {
    @TempDir
    static Path folder;

    private static Certificates authority;
    private static ClientTrust trust;

    @BeforeAll
    static void make() throws Exception {
        authority = Certificates.make(folder.resolve("authority"), "DNS:unused.example");
        trust = ClientTrust.in(Files.readString(authority.authority()));
    }

    private static X509Certificate read(Path pem) throws GeneralSecurityException, IOException {
        return (X509Certificate) CertificateFactory.getInstance("X.509")
                .generateCertificate(new ByteArrayInputStream(Files.readAllBytes(pem)));
    }

    private static List<X509Certificate> issued(String name, String extensions, String... more) throws Exception {
        return List.of(read(authority
                .issue(folder.resolve(name), "/O=Example/CN=" + name, extensions, more)
                .certificate()));
    }

    @Test
    void itsNamesAreThoseOfTheAlternativesAndTheCommonName() throws Exception {
        assertThat(trust.names(issued(
                        "Ann",
                        "subjectAltName=email:Ann@Example.org,DNS:PC.example.org,IP:192.0.2.1\n"
                                + "extendedKeyUsage=serverAuth,clientAuth")))
                .containsExactly("ann@example.org", "pc.example.org", "ann");
        assertThat(trust.names(issued("Plain", "keyUsage=digitalSignature"))).containsExactly("plain");
    }

    @Test
    void theAuthorityItselfMayComeAlong() throws Exception {
        var chain = new ArrayList<>(issued("Along", "keyUsage=digitalSignature"));
        chain.add(read(authority.authority()));
        assertThat(trust.names(chain)).containsExactly("along");
    }

    @ParameterizedTest
    @CsvSource({
        "expired, keyUsage=digitalSignature, -1, no authority of ours vouches for it",
        "server, extendedKeyUsage=serverAuth, 2, it is not for clients"
    })
    void oneThatDoesNotCount(String name, String extensions, String days, String why) throws Exception {
        List<X509Certificate> chain = issued(name, extensions, "-days", days);
        assertThatThrownBy(() -> trust.names(chain))
                .isInstanceOf(CertificateException.class)
                .hasMessageContaining(why);
    }

    @Test
    void othersAuthoritiesAndCertificatesThatIssueThemselvesCountForNothing() throws Exception {
        Certificates stranger = Certificates.make(folder.resolve("stranger"), "email:ann@example.org");
        X509Certificate of = read(stranger.certificate());
        X509Certificate by = read(stranger.authority());
        for (List<X509Certificate> chain : List.of(List.of(of), List.of(of, by), List.of(by))) {
            assertThatThrownBy(() -> trust.names(chain)).isInstanceOf(CertificateException.class);
        }
        assertThatThrownBy(() -> trust.names(List.of())).hasMessage("the client has shown none");
        assertThatThrownBy(() -> trust.names(Collections.nCopies(11, of)))
                .hasMessage("its chain has over 10 certificates");
        List<X509Certificate> leafAsAuthority = List.of(
                read(new Certificates(authority.certificate(), authority.certificate(), authority.key())
                        .issue(folder.resolve("below"), "/CN=below", "keyUsage=digitalSignature")
                        .certificate()),
                read(authority.certificate()));
        assertThatThrownBy(() -> trust.names(leafAsAuthority)).isInstanceOf(CertificateException.class);
    }

    @Test
    void aTextWithoutACertificateIsNoTrust() {
        for (String pem :
                List.of("", "no certificate", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")) {
            assertThatThrownBy(() -> ClientTrust.in(pem)).isInstanceOf(GeneralSecurityException.class);
        }
    }
}
