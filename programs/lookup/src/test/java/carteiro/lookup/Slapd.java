package carteiro.lookup;

import carteiro.testkit.Certificates;
import com.unboundid.ldap.sdk.LDAPConnection;
import com.unboundid.ldap.sdk.LDAPException;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Assumptions;

/** OpenLDAP's slapd on a loopback port, with the schema that we ship and a directory from an LDIF file. */
final class Slapd implements AutoCloseable {
    private static final Path PROGRAM = Path.of("/usr/sbin/slapd");
    private static final Path SCHEMAS = Path.of("/etc/ldap/schema");
    static final Path OUR_SCHEMA = Path.of(System.getProperty("carteiro.root", "."), "docs", "ldap", "qmail.schema");
    static final Path OUR_SCHEMA_LDIF = OUR_SCHEMA.resolveSibling("qmail-schema.ldif");
    static final String ROOT = "cn=root,dc=example,dc=org";
    static final String READER = "cn=carteiro,ou=services,dc=example,dc=org";

    /** The access rules that stand at the head of example.ldif. */
    static final String ACCESS = """
            access to attrs=userPassword
              by dn.exact="cn=carteiro-auth,ou=services,dc=example,dc=org" read
              by self write
              by anonymous auth
              by * none
            access to dn.subtree="dc=example,dc=org"
              by dn.children="ou=services,dc=example,dc=org" read
              by self read
              by anonymous auth
              by * none
            """;

    static final String OPEN = "access to * by * read\n";

    private final Path folder;
    private final String urls;
    final int port;
    final int tlsPort;
    private Process process;

    private Slapd(Path folder, String access, String ldif, @Nullable Certificates certificates) throws Exception {
        this.folder = Files.createDirectories(folder);
        this.port = freePort();
        this.tlsPort = freePort();
        this.urls = "ldap://127.0.0.1:" + port + (certificates == null ? "" : " ldaps://127.0.0.1:" + tlsPort);
        Files.createDirectories(folder.resolve("data"));
        Files.writeString(folder.resolve("slapd.conf"), configuration(access, certificates));
        if (!ldif.isEmpty()) {
            Path file = folder.resolve("data.ldif");
            try (InputStream in = Slapd.class.getResourceAsStream(ldif)) {
                Files.copy(in, file, StandardCopyOption.REPLACE_EXISTING);
            }
            run("/usr/sbin/slapadd", "-q", "-f", folder + "/slapd.conf", "-l", file.toString());
        }
        start();
    }

    /** A server with the entries of example.ldif. */
    static Slapd withExample(Path folder, String access) throws Exception {
        assume();
        return new Slapd(folder, access, "/ldap/example.ldif", null);
    }

    /** A server with the entries of a resource. */
    static Slapd with(Path folder, String access, String ldif) throws Exception {
        assume();
        return new Slapd(folder, access, ldif, null);
    }

    /** A server with a certificate, for StartTLS and LDAPS. */
    static Slapd withTls(Path folder, String access, Certificates certificates) throws Exception {
        assume();
        return new Slapd(folder, access, "/ldap/example.ldif", certificates);
    }

    static void assume() {
        Assumptions.assumeTrue(Files.isExecutable(PROGRAM), "needs slapd (Debian: slapd)");
    }

    private String configuration(String access, @Nullable Certificates certificates) {
        String tls = certificates == null
                ? ""
                : """
                TLSCACertificateFile %s
                TLSCertificateFile %s
                TLSCertificateKeyFile %s
                """.formatted(certificates.authority(), certificates.certificate(), certificates.key());
        return """
                include %1$s/core.schema
                include %1$s/cosine.schema
                include %1$s/nis.schema
                include %1$s/inetorgperson.schema
                include %2$s
                modulepath /usr/lib/ldap
                moduleload back_mdb
                pidfile %3$s/slapd.pid
                %4$s
                database mdb
                suffix "dc=example,dc=org"
                rootdn "%5$s"
                rootpw root
                directory %3$s/data
                dbnosync
                sizelimit 100
                index objectClass,uid,mail,mailAlternateAddress eq
                %6$s
                """.formatted(SCHEMAS, OUR_SCHEMA.toAbsolutePath(), folder, tls, ROOT, access);
    }

    /** Starts it (again) and waits until it listens. */
    void start() throws IOException {
        process = new ProcessBuilder(PROGRAM.toString(), "-d", "stats", "-h", urls, "-f", folder + "/slapd.conf")
                .redirectErrorStream(true)
                .redirectOutput(
                        ProcessBuilder.Redirect.appendTo(folder.resolve("log").toFile()))
                .start();
        long deadline = System.nanoTime() + Duration.ofSeconds(20).toNanos();
        while (true) {
            try (var _ = new Socket(InetAddress.getLoopbackAddress(), port)) {
                return;
            } catch (IOException e) {
                if (System.nanoTime() > deadline || !process.isAlive()) {
                    throw new IOException("slapd does not start: " + log(), e);
                }
                LockSupport.parkNanos(20_000_000);
            }
        }
    }

    /** Ends it at once. */
    void kill() throws InterruptedException {
        process.destroyForcibly();
        process.waitFor(10, TimeUnit.SECONDS);
    }

    /** STOP or CONT. */
    void signal(String name) throws Exception {
        run("kill", "-" + name, Long.toString(process.pid()));
    }

    /** What it logged so far. */
    String log() throws IOException {
        return Files.readString(folder.resolve("log"), StandardCharsets.ISO_8859_1);
    }

    /** What it logs while something is done; its log comes a little late, so an own search marks the end. */
    String logged(ThrowingRunnable work) throws Exception {
        mark("(description=begin)");
        int begin = log().length();
        work.run();
        String end = "(description=end" + System.nanoTime() + ")";
        mark(end);
        String log = log();
        return log.substring(begin, log.indexOf(end, begin));
    }

    /** Some work. */
    interface ThrowingRunnable {
        void run() throws Exception;
    }

    private void mark(String filter) throws Exception {
        try (LDAPConnection root = asRoot()) {
            root.search("dc=example,dc=org", com.unboundid.ldap.sdk.SearchScope.BASE, filter);
        }
        long deadline = System.nanoTime() + Duration.ofSeconds(10).toNanos();
        while (!log().contains(filter)) {
            if (System.nanoTime() > deadline) {
                throw new IOException("slapd does not log");
            }
            LockSupport.parkNanos(5_000_000);
        }
    }

    /** A connection that may do everything. */
    LDAPConnection asRoot() throws LDAPException {
        return new LDAPConnection("127.0.0.1", port, ROOT, "root");
    }

    static int freePort() throws IOException {
        try (var socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    static String run(String... command) throws Exception {
        Process process =
                new ProcessBuilder(List.of(command)).redirectErrorStream(true).start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (!process.waitFor(60, TimeUnit.SECONDS) || process.exitValue() != 0) {
            throw new IOException(List.of(command) + ": " + said);
        }
        return said;
    }

    @Override
    public void close() throws Exception {
        kill();
    }
}
