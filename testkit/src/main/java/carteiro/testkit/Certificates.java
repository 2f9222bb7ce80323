package carteiro.testkit;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;

/** An authority and a server's certificate, made by openssl for one test run. */
public record Certificates(Path authority, Path certificate, Path key) {
    /** @param name as in subjectAltName: {@code IP:127.0.0.1}, {@code DNS:ldap.example} */
    public static Certificates make(Path folder, String name) throws Exception {
        Path openssl = Path.of("/usr/bin/openssl");
        Assumptions.assumeTrue(Files.isExecutable(openssl), "needs openssl");
        Files.createDirectories(folder);
        String ca = folder.resolve("ca").toString();
        String leaf = folder.resolve("leaf").toString();
        Files.writeString(folder.resolve("extensions"), "subjectAltName=" + name + "\n");
        run(
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
        run(
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
        run(
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

    /** Key and certificate in one text, as control/servercert.pem has them. */
    public String identity() throws IOException {
        return Files.readString(key) + Files.readString(certificate);
    }

    private static void run(String... command) throws Exception {
        Process process =
                new ProcessBuilder(List.of(command)).redirectErrorStream(true).start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (!process.waitFor(60, TimeUnit.SECONDS) || process.exitValue() != 0) {
            throw new IOException(List.of(command) + ": " + said);
        }
    }
}
