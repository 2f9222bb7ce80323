package carteiro.tests;

import static org.assertj.core.api.Assertions.assertThat;

import carteiro.testkit.Covers;
import carteiro.tests.CarteiroProcess.Form;
import carteiro.tests.CarteiroProcess.Verb;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The whole product with its accounts in a real OpenLDAP. */
class DirectoryTest {
    private static final String MESSAGE = "Subject: hello\n\nbody\n";

    private static final String PEOPLE = """
            dn: dc=example,dc=org
            objectClass: dcObject
            objectClass: organization
            dc: example
            o: Example

            dn: cn=reader,dc=example,dc=org
            objectClass: applicationProcess
            objectClass: simpleSecurityObject
            cn: reader
            userPassword: secret-of-the-reader

            dn: cn=ana,dc=example,dc=org
            objectClass: organizationalRole
            objectClass: qmailUser
            cn: ana
            uid: ana
            mail: ana@example.org
            mailAlternateAddress: annie@example.org
            mailMessageStore: ana/

            dn: cn=bia,dc=example,dc=org
            objectClass: organizationalRole
            objectClass: qmailUser
            cn: bia
            uid: bia
            mail: bia@example.org
            mailMessageStore: bia/
            mailForwardingAddress: ana@example.org

            dn: cn=sales,dc=example,dc=org
            objectClass: organizationalRole
            objectClass: qmailUser
            cn: sales
            mail: sales@example.org
            mailForwardingAddress: ana@example.org
            mailForwardingAddress: bia@example.org

            dn: cn=suspended,dc=example,dc=org
            objectClass: organizationalRole
            objectClass: qmailUser
            cn: suspended
            uid: suspended
            mail: suspended@example.org
            mailMessageStore: suspended/
            accountStatus: disabled

            dn: cn=gone,dc=example,dc=org
            objectClass: organizationalRole
            objectClass: qmailUser
            cn: gone
            uid: gone
            mail: gone@example.org
            mailMessageStore: gone/
            accountStatus: deleted
            """;

    @TempDir
    Path folder;

    private final class Slapd implements AutoCloseable {
        private final int port;
        private final Path configuration = folder.resolve("slapd.conf");
        private Process process;

        Slapd() throws Exception {
            Assumptions.assumeTrue(
                    Files.isExecutable(Path.of("/usr/sbin/slapd")), "needs slapd (Debian: slapd), which is not here");
            try (var free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
                port = free.getLocalPort();
            }
            Files.createDirectories(folder.resolve("data"));
            Files.writeString(configuration, """
                    include /etc/ldap/schema/core.schema
                    include /etc/ldap/schema/cosine.schema
                    include /etc/ldap/schema/nis.schema
                    include %s/docs/ldap/qmail.schema
                    modulepath /usr/lib/ldap
                    moduleload back_mdb
                    database mdb
                    suffix "dc=example,dc=org"
                    directory %s/data
                    dbnosync
                    access to attrs=userPassword by anonymous auth by * none
                    access to * by dn.exact="cn=reader,dc=example,dc=org" read by * none
                    """.formatted(System.getProperty("carteiro.root"), folder));
            Files.writeString(folder.resolve("people.ldif"), PEOPLE);
            var added = CarteiroProcess.run(
                    List.of("/usr/sbin/slapadd", "-q", "-f", configuration.toString(), "-l", folder + "/people.ldif"),
                    Map.of(),
                    "");
            assertThat(added.exit()).as(added.output()).isZero();
            start();
        }

        void start() throws IOException {
            process = new ProcessBuilder(
                            "/usr/sbin/slapd",
                            "-d",
                            "0",
                            "-h",
                            "ldap://127.0.0.1:" + port,
                            "-f",
                            configuration.toString())
                    .redirectErrorStream(true)
                    .redirectOutput(folder.resolve("slapd.log").toFile())
                    .start();
        }

        boolean listens() {
            try (var _ = new Socket(InetAddress.getLoopbackAddress(), port)) {
                return true;
            } catch (IOException e) {
                return false;
            }
        }

        void stop() throws InterruptedException {
            process.destroyForcibly();
            process.waitFor(10, TimeUnit.SECONDS);
        }

        @Override
        public void close() throws InterruptedException {
            stop();
        }
    }

    private static CarteiroProcess prepare(Form form, Slapd slapd) throws Exception {
        var carteiro = CarteiroProcess.prepare(form);
        carteiro.accounts("ana", "bia"); // for their homes
        Files.delete(carteiro.home().resolve("users/cdb"));
        carteiro.control("ldapserver", "127.0.0.1:" + slapd.port);
        carteiro.control("ldapbasedn", "dc=example,dc=org");
        carteiro.control("ldaplogin", "cn=reader,dc=example,dc=org");
        carteiro.control("ldappassword", "secret-of-the-reader");
        carteiro.control("ldapmessagestore", carteiro.folder().resolve("mail").toString());
        carteiro.control("ldapuid", Integer.toString(CarteiroProcess.owner()));
        carteiro.control("ldapgid", Integer.toString(CarteiroProcess.owner()));
        carteiro.control("ldaplocaldelivery", "0");
        carteiro.control("ldapcachettl", "0");
        carteiro.control("ldapcachenegativettl", "0");
        carteiro.await("slapd", slapd::listens);
        return carteiro;
    }

    private static void send(CarteiroProcess carteiro, String recipient) throws IOException {
        try (var client = new SmtpClient(carteiro.smtp())) {
            assertThat(client.send("dora@example.net", List.of(recipient), MESSAGE))
                    .startsWith("250 ");
        }
    }

    private static String rcpt(CarteiroProcess carteiro, String recipient) throws IOException {
        try (var client = new SmtpClient(carteiro.smtp())) {
            client.say("MAIL FROM:<dora@example.net>");
            return client.say("RCPT TO:<" + recipient + ">");
        }
    }

    @ParameterizedTest
    @EnumSource
    @Covers({"ldap:QL-036", "ldap:QL-044"})
    void mailForPeopleOfTheDirectoryArrives(Form form) throws Exception {
        try (var slapd = new Slapd();
                var carteiro = prepare(form, slapd)) {
            carteiro.start();
            send(carteiro, "annie@example.org");
            assertThat(carteiro.awaitMailbox("ana", 1)).hasSize(1);
            send(carteiro, "bia@example.org");
            assertThat(carteiro.awaitMailbox("bia", 1)).hasSize(1);
            assertThat(carteiro.awaitMailbox("ana", 2)).hasSize(2);
            send(carteiro, "sales@example.org");
            assertThat(carteiro.awaitMailbox("bia", 2)).hasSize(2);
            assertThat(carteiro.awaitMailbox("ana", 4))
                    .as("its own copy, and bia's")
                    .hasSize(4);
            assertThat(rcpt(carteiro, "suspended@example.org")).startsWith("550 5.2.1 ");
            assertThat(rcpt(carteiro, "gone@example.org")).startsWith("550 5.1.1 ");
            assertThat(rcpt(carteiro, "nobody@example.org")).startsWith("550 5.1.1 ");
            try (Stream<Path> files = Files.list(carteiro.accountHome("ana").resolve("Maildir/new"))) {
                for (Path file : files.toList()) {
                    assertThat((Integer) Files.getAttribute(file, "unix:uid")).isEqualTo(CarteiroProcess.owner());
                }
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    @Covers("ldap:QL-012")
    void withoutTheDirectoryMailWaitsAndNothingBounces(Form form) throws Exception {
        try (var slapd = new Slapd();
                var carteiro = prepare(form, slapd)) {
            carteiro.start();
            carteiro.control(Verb.STOP, "local");
            send(carteiro, "ana@example.org");
            slapd.stop();
            carteiro.control(Verb.START, "local");
            carteiro.control(Verb.ALARM, "send");
            assertThat(rcpt(carteiro, "ana@example.org")).startsWith("451 ");
            assertThat(rcpt(carteiro, "nobody@example.org")).startsWith("451 ");
            carteiro.awaitLog("delivery \\d+: deferral: .*");
            slapd.start();
            carteiro.await("the directory to be asked again", () -> {
                try {
                    return rcpt(carteiro, "ana@example.org").startsWith("250");
                } catch (IOException e) {
                    return false;
                }
            });
            carteiro.control(Verb.ALARM, "send");
            assertThat(carteiro.awaitMailbox("ana", 1)).hasSize(1);
            assertThat(carteiro.log())
                    .noneMatch(line -> line.startsWith("bounce msg") || line.contains("secret-of-the-reader"));
        }
    }
}
