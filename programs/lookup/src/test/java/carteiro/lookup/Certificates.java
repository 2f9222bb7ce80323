package carteiro.lookup;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Assumptions;

/** An authority and a server's certificate, made by openssl for one test run. */
record Certificates(Path authority, Path certificate, Path key) {
    /** @param name as in subjectAltName: {@code IP:127.0.0.1}, {@code DNS:ldap.example} */
    static Certificates make(Path folder, String name) throws Exception {
        Path openssl = Path.of("/usr/bin/openssl");
        Assumptions.assumeTrue(Files.isExecutable(openssl), "needs openssl");
        Files.createDirectories(folder);
        String ca = folder.resolve("ca").toString();
        String leaf = folder.resolve("leaf").toString();
        Files.writeString(folder.resolve("extensions"), "subjectAltName=" + name + "\n");
        Slapd.run(
                "openssl",
                "req",
                "-x509",
                "-newkey",
                "ec",
                "-pkeyopt",
                "ec_paramgen_curve:P-256",
                "-nodes",
                "-days",
                "2",
                "-subj",
                "/CN=Test Authority",
                "-keyout",
                ca + ".key",
                "-out",
                ca + ".pem");
        Slapd.run(
                "openssl",
                "req",
                "-newkey",
                "ec",
                "-pkeyopt",
                "ec_paramgen_curve:P-256",
                "-nodes",
                "-subj",
                "/CN=Test Server",
                "-keyout",
                leaf + ".key",
                "-out",
                leaf + ".csr");
        Slapd.run(
                "openssl",
                "x509",
                "-req",
                "-in",
                leaf + ".csr",
                "-CA",
                ca + ".pem",
                "-CAkey",
                ca + ".key",
                "-CAcreateserial",
                "-days",
                "2",
                "-extfile",
                folder + "/extensions",
                "-out",
                leaf + ".pem");
        return new Certificates(Path.of(ca + ".pem"), Path.of(leaf + ".pem"), Path.of(leaf + ".key"));
    }
}
