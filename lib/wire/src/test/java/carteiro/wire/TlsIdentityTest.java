package carteiro.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Keys and certificates in every form that OpenSSL writes. */
class TlsIdentityTest {
    @TempDir
    Path folder;

    private void openssl(String... arguments) throws Exception {
        Assumptions.assumeTrue(Files.isExecutable(Path.of("/usr/bin/openssl")), "skipped: openssl is not installed");
        var command = new java.util.ArrayList<>(java.util.List.of("/usr/bin/openssl"));
        command.addAll(java.util.List.of(arguments));
        Process process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .directory(folder.toFile())
                .start();
        String said = new String(process.getInputStream().readAllBytes(), java.nio.charset.StandardCharsets.UTF_8);
        assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
        assertThat(process.exitValue()).as(said).isZero();
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource({
        "genrsa -out key 2048",
        "genrsa -traditional -out key 2048",
        "ecparam -genkey -name prime256v1 -out key",
        "ecparam -genkey -name secp384r1 -noout -out key",
        "genpkey -algorithm EC -pkeyopt ec_paramgen_curve:secp521r1 -out key",
        "genpkey -algorithm ED25519 -out key"
    })
    void keysOfEveryFormAreRead(String how) throws Exception {
        openssl(how.split(" "));
        openssl("req", "-x509", "-key", "key", "-out", "certificate", "-days", "30", "-subj", "/CN=x");
        String key = Files.readString(folder.resolve("key"));
        String certificate = Files.readString(folder.resolve("certificate"));
        assertThat(TlsIdentity.read(key + certificate)).isNotNull();
        assertThat(TlsIdentity.read("comment\r\n" + (certificate + key).replace("\n", "\r\n")))
                .isNotNull();
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource({
        "genrsa -out KEY 2048",
        "genpkey -algorithm EC -pkeyopt ec_paramgen_curve:prime256v1 -out KEY",
        "genpkey -algorithm ED25519 -out KEY"
    })
    void aKeyThatIsNotTheCertificatesIsRefused(String how) throws Exception {
        openssl(how.replace("KEY", "key").split(" "));
        openssl(how.replace("KEY", "other").split(" "));
        openssl("req", "-x509", "-key", "key", "-out", "certificate", "-days", "30", "-subj", "/CN=x");
        String certificate = Files.readString(folder.resolve("certificate"));
        assertThat(TlsIdentity.read(Files.readString(folder.resolve("key")) + certificate)
                        .chain())
                .hasSize(1);
        String other = Files.readString(folder.resolve("other"));
        assertThatThrownBy(() -> TlsIdentity.read(other + certificate))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("the private key is not that of the first certificate");
    }

    @Test
    void aCertificateForAnotherKindOfKeyIsNamed() throws Exception {
        openssl("genrsa", "-out", "key", "2048");
        openssl("req", "-x509", "-key", "key", "-out", "certificate", "-days", "30", "-subj", "/CN=x");
        openssl("genpkey", "-algorithm", "ED25519", "-out", "other");
        String pem = Files.readString(folder.resolve("other")) + Files.readString(folder.resolve("certificate"));
        assertThatThrownBy(() -> TlsIdentity.read(pem))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("the first certificate is for another kind of key");
    }

    @Test
    void anyTextIsReadOrRefusedByAnIoException() {
        var random = new java.util.Random(1);
        String[] pieces = {
            "-----BEGIN CERTIFICATE-----\n",
            "-----END CERTIFICATE-----\n",
            "-----BEGIN EC PRIVATE KEY-----\n",
            "-----END EC PRIVATE KEY-----\n",
            "-----BEGIN RSA PRIVATE KEY-----\n",
            "-----END X-----\n",
            "MIIBAgMEBQ==\n",
            "MHcCAQEEIA==\n",
            "oAA=\n",
            "\u00ff"
        };
        for (int i = 0; i < 3000; i++) {
            var text = new StringBuilder();
            for (int j = random.nextInt(12); j > 0; j--) {
                text.append(pieces[random.nextInt(pieces.length)]);
            }
            assertThatThrownBy(() -> TlsIdentity.read(text.toString()))
                    .as(text.toString())
                    .isInstanceOf(IOException.class);
        }
    }
}
