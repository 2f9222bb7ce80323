package carteiro.testkit;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
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
        Path ca = folder.resolve("ca.pem");
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
                keyOf(ca),
                "-out",
                ca.toString());
        return issued(ca, folder, "/CN=Test Server", "subjectAltName=" + name);
    }

    /**
     * Another certificate of the same authority.
     *
     * @param folder where it goes to; not that of another one
     * @param subject as in {@code /CN=Ann}
     * @param extensions lines of openssl's, such as {@code subjectAltName=email:ann@example.org}
     * @param more what else openssl is told, such as {@code -days} and {@code -1}
     */
    public Certificates issue(Path folder, String subject, String extensions, String... more) throws Exception {
        Files.createDirectories(folder);
        return issued(authority, folder, subject, extensions, more);
    }

    private static String keyOf(Path authority) {
        return authority.toString().replaceFirst("\\.pem$", ".key");
    }

    private static Certificates issued(Path ca, Path folder, String subject, String extensions, String... more)
            throws Exception {
        String leaf = folder.resolve("leaf").toString();
        Path written = Files.writeString(folder.resolve("extensions"), extensions + "\n");
        run(
                "openssl",
                "req",
                "-newkey",
                "ec",
                "-pkeyopt",
                "ec_paramgen_curve:P-256",
                "-nodes",
                "-subj",
                subject,
                "-keyout",
                leaf + ".key",
                "-out",
                leaf + ".csr");
        var command = new ArrayList<>(List.of(
                "openssl",
                "x509",
                "-req",
                "-in",
                leaf + ".csr",
                "-CA",
                ca.toString(),
                "-CAkey",
                keyOf(ca),
                "-CAcreateserial",
                "-extfile",
                written.toString(),
                "-out",
                leaf + ".pem"));
        command.addAll(more.length == 0 ? List.of("-days", "2") : List.of(more));
        run(command.toArray(String[]::new));
        return new Certificates(ca, Path.of(leaf + ".pem"), Path.of(leaf + ".key"));
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
