package carteiro.tests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import carteiro.testkit.Certificates;
import carteiro.testkit.Covers;
import carteiro.tests.CarteiroProcess.Form;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Programs that fetch mail, and what ends in the middle of it. */
class Pop3ClientsTest {
    private static final String PASSWORD = "sesame 1";

    @TempDir
    Path folder;

    private int clear;
    private int tls;
    private Path authority;

    @BeforeEach
    void ports() throws IOException {
        clear = freePort();
        tls = freePort();
    }

    private static int freePort() throws IOException {
        try (var socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    private CarteiroProcess started(Form form, String cleartext) throws Exception {
        var carteiro = CarteiroProcess.prepare(form);
        try {
            Certificates certificates = Certificates.make(folder, "DNS:localhost,IP:127.0.0.1");
            authority = certificates.authority();
            carteiro.accounts("ann", "bob");
            carteiro.control("pop3dlisten", "127.0.0.1:" + clear + "\n127.0.0.1:" + tls + " tls");
            carteiro.control("servercert.pem", certificates.identity());
            carteiro.control("authmechanisms", "plain\nlogin\nscram-sha-256");
            carteiro.control("pop3dcleartext", cleartext);
            carteiro.control("pop3duidl", "%08Xu%08Xv");
            for (String name : List.of("ann", "bob")) {
                carteiro.commandWithInput(PASSWORD + "\n", "carteiro.lookup.Passwd", "--scram", name);
                deliver(carteiro, name, "1", "Subject: first\n\nhello\n.a dot\n");
                deliver(carteiro, name, "2", "Subject: second\n\nwith a second line\n");
            }
            CarteiroProcess.own(carteiro.accountHome("ann"));
            CarteiroProcess.own(carteiro.accountHome("bob"));
            carteiro.start();
            carteiro.awaitLog(".*pop3d: listening on 127\\.0\\.0\\.1:" + tls);
            return carteiro;
        } catch (Exception | AssertionError e) {
            carteiro.close();
            throw e;
        }
    }

    private static void deliver(CarteiroProcess carteiro, String account, String name, String text) throws IOException {
        Path file = carteiro.accountHome(account).resolve("Maildir/new/" + name);
        Files.writeString(file, text);
        Files.setLastModifiedTime(file, FileTime.fromMillis(1_000_000));
    }

    private Path settings(String name, String text) throws IOException {
        Path file = Files.writeString(folder.resolve(name), text);
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
        return file;
    }

    private String run(String... command) throws Exception {
        assumeTrue(Files.isExecutable(Path.of(command[0])), "SKIPPED: " + command[0] + " is not installed");
        var said = CarteiroProcess.run(
                List.of(command),
                Map.of("HOME", folder.toString(), "FETCHMAILHOME", folder.toString(), "LC_ALL", "C.UTF-8"),
                "");
        return said.exit() + "\n" + said.output();
    }

    private Path mbox() throws IOException {
        Path mbox = folder.resolve("mbox");
        return Files.exists(mbox) ? mbox : Files.createFile(mbox);
    }

    private static long messages(Path mbox) throws IOException {
        String text = Files.readString(mbox);
        assertThat(text).doesNotContain("..a dot");
        return text.lines().filter(line -> line.startsWith("Subject: ")).count();
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource({"ONE_PROCESS", "SPLIT"})
    @DisplayName("mpop by SCRAM and by USER, fetchmail by STLS and getmail fetch each message once")
    @Covers({"qmail:O05", "qmail:O07"})
    void clients(Form form) throws Exception {
        try (var carteiro = started(form, "0")) {
            for (String mechanism : List.of("scram-sha-256", "plain", "login", "user")) {
                Path mbox = mbox();
                Path mpop = settings(
                        "mpoprc",
                        "account default\nhost 127.0.0.1\nport " + (mechanism.equals("user") ? tls : clear)
                                + "\nuser ann\npassword " + PASSWORD + "\nauth " + mechanism + "\ntls on\ntls_starttls "
                                + (mechanism.equals("user") ? "off" : "on") + "\ntls_trust_file " + authority
                                + "\ndelivery mbox " + mbox + "\nuidls_file " + folder.resolve("uidls")
                                + "\nkeep on\n");
                assertThat(run("/usr/bin/mpop", "-C", mpop.toString()))
                        .as(mechanism)
                        .startsWith("0\n");
                assertThat(messages(mbox)).as(mechanism).isEqualTo(2);
                assertThat(run("/usr/bin/mpop", "-C", mpop.toString())).startsWith("0\n");
                assertThat(messages(mbox)).as("again by " + mechanism).isEqualTo(2);
                Files.delete(mbox);
                Files.deleteIfExists(folder.resolve("uidls"));
            }
            Path fetched = mbox();
            Path fetchmail = settings(
                    "fetchmailrc",
                    "poll localhost protocol POP3 port " + clear + " uidl user \"ann\" password \"" + PASSWORD
                            + "\" sslproto \"TLS1.2+\" sslcertck sslcertfile \"" + authority
                            + "\" keep mda \"/bin/cat >>" + fetched + "\"\n");
            String said = run("/usr/bin/fetchmail", "-f", fetchmail.toString(), "--nosyslog", "-v");
            assertThat(said).startsWith("0\n").contains("STLS");
            assertThat(messages(fetched)).isEqualTo(2);
            assertThat(run("/usr/bin/fetchmail", "-f", fetchmail.toString(), "--nosyslog"))
                    .as("no new mail")
                    .startsWith("1\n");
            Files.delete(fetched);
            Path got = mbox();
            if (CarteiroProcess.asRoot()) { // as which getmail delivers nothing
                CarteiroProcess.ownBy(got, "nobody");
                Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));
            }
            settings(
                    "getmailrc",
                    "[retriever]\ntype = SimplePOP3SSLRetriever\nserver = 127.0.0.1\nport = " + tls
                            + "\nusername = bob\npassword = " + PASSWORD + "\nca_certs = " + authority
                            + "\n[destination]\ntype = Mboxrd\npath = " + got
                            + (CarteiroProcess.asRoot() ? "\nuser = nobody" : "")
                            + "\n[options]\ndelete = true\nread_all = false\n");
            assertThat(run("/usr/bin/getmail", "--getmaildir", folder.toString(), "--rcfile", "getmailrc"))
                    .startsWith("0\n");
            assertThat(messages(got)).isEqualTo(2);
            assertThat(files(carteiro, "bob")).isEmpty();
            assertThat(files(carteiro, "ann")).hasSize(2).allMatch(name -> name.endsWith(":2,"));
            carteiro.awaitLog(".*pop3d: login ann client 127\\.0\\.0\\.1 by SCRAM-SHA-256.*");
            carteiro.awaitLog(".*pop3d: login ann client 127\\.0\\.0\\.1 by LOGIN");
            carteiro.awaitLog(".*pop3d: login bob client 127\\.0\\.0\\.1 by USER");
            assertThat(carteiro.log()).noneMatch(line -> line.contains("sesame"));
        }
    }

    private static List<String> files(CarteiroProcess carteiro, String account) throws IOException {
        try (Stream<Path> all = Files.walk(carteiro.accountHome(account).resolve("Maildir"))) {
            return all.filter(file ->
                            file.getParent().endsWith("new") || file.getParent().endsWith("cur"))
                    .map(file -> String.valueOf(file.getFileName()))
                    .toList();
        }
    }

    /** A visit over a connection in the clear. */
    private final class Visitor implements AutoCloseable {
        private final Socket socket = new Socket("127.0.0.1", clear);
        private final OutputStream out = socket.getOutputStream();
        private final BufferedReader in =
                new BufferedReader(new InputStreamReader(socket.getInputStream(), StandardCharsets.ISO_8859_1));

        Visitor() throws IOException {
            socket.setSoTimeout((int) CarteiroProcess.PATIENCE.toMillis());
            in.readLine();
        }

        /** One line of answer; empty if the connection has ended. */
        String say(String command) {
            try {
                out.write((command + "\r\n").getBytes(StandardCharsets.ISO_8859_1));
                String line = in.readLine();
                return line == null ? "" : line;
            } catch (IOException e) {
                return "";
            }
        }

        boolean logsIn() {
            return say("USER ann").startsWith("+OK") && say("PASS " + PASSWORD).startsWith("+OK");
        }

        @Override
        public void close() throws IOException {
            socket.close();
        }
    }

    @Test
    @DisplayName(
            "kill -9 of pop3d or mailboxes in the middle of a visit changes nothing; the others go on, and people log in again")
    void killed() throws Exception {
        try (var carteiro = started(Form.SPLIT, "1")) {
            for (String program : List.of("pop3d", "mailboxes")) {
                var before = carteiro.programs();
                try (var visitor = new Visitor()) {
                    assertThat(visitor.logsIn()).isTrue();
                    assertThat(visitor.say("STAT")).startsWith("+OK 2 ");
                    assertThat(visitor.say("DELE 1")).startsWith("+OK");
                    assertThat(before.get(program).destroyForcibly()).isTrue();
                    carteiro.await(
                            "the end of the visit", () -> visitor.say("NOOP").isEmpty());
                }
                carteiro.await("a new " + program, () -> {
                    try (var visitor = new Visitor()) {
                        return visitor.logsIn() && visitor.say("STAT").startsWith("+OK 2 ");
                    } catch (IOException e) {
                        return false;
                    }
                });
                var after = carteiro.programs();
                before.forEach((name, process) -> assertThat(after.get(name).pid() == process.pid())
                        .as(name + " when " + program + " was killed")
                        .isEqualTo(!name.equals(program)));
            }
            assertThat(files(carteiro, "ann")).hasSize(2);
        }
    }
}
