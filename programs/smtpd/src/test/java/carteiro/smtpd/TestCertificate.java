package carteiro.smtpd;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** Keys and certificates made by openssl. */
final class TestCertificate {
    private TestCertificate() {}

    /** @param key {@code rsa:2048} or {@code ec} */
    static String pem(Path folder, String key) throws Exception {
        TestTools.assumeInstalled("openssl");
        Path keyFile = folder.resolve("key.pem");
        Path certificate = folder.resolve("certificate.pem");
        if (key.equals("ec")) {
            TestTools.run("openssl", "ecparam", "-genkey", "-name", "prime256v1", "-out", keyFile.toString());
            TestTools.run(
                    "openssl",
                    "req",
                    "-x509",
                    "-key",
                    keyFile.toString(),
                    "-out",
                    certificate.toString(),
                    "-days",
                    "30",
                    "-subj",
                    "/CN=mail.example.org");
        } else {
            TestTools.run(
                    "openssl",
                    "req",
                    "-x509",
                    "-newkey",
                    key,
                    "-nodes",
                    "-keyout",
                    keyFile.toString(),
                    "-out",
                    certificate.toString(),
                    "-days",
                    "30",
                    "-subj",
                    "/CN=mail.example.org");
        }
        return Files.readString(keyFile, StandardCharsets.US_ASCII)
                + Files.readString(certificate, StandardCharsets.US_ASCII);
    }
}
