package carteiro.pop3;

import static org.assertj.core.api.Assertions.assertThat;

import carteiro.testkit.AlsoAsOrdinaryUser;
import carteiro.testkit.Covers;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Clients of others, and both commands below tcpserver with a checker between them. */
@AlsoAsOrdinaryUser
class RealPop3ClientsTest {
    /** The checkpassword interface: descriptor 3, the user, then the rest of the words. Knows APOP too. */
    private static final String CHECKER = """
            #!/bin/sh
            told=$(tr '\\0' '\\n' <&3)
            exec 3<&-
            name=$(printf '%s\\n' "$told" | sed -n 1p)
            secret=$(printf '%s\\n' "$told" | sed -n 2p)
            stamp=$(printf '%s\\n' "$told" | sed -n 3p)
            digest=$(printf '%s%s' "$stamp" 'secret word' | md5sum)
            [ "$name" = ann ] || exit 1
            [ "$secret" = 'secret word' ] || [ "$secret" = "${digest%% *}" ] || exit 1
            exec AS_OWNER"$@"
            """;

    @TempDir
    Path folder;

    private TestMaildir maildir = new TestMaildir(Path.of("/nonexistent"));
    private Optional<Process> server = Optional.empty();
    private int port;

    @BeforeEach
    void serve() throws Exception {
        String tcpserver = Pop3Process.assumeInstalled("tcpserver");
        Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));
        maildir = TestMaildir.make(folder.resolve("Maildir"));
        maildir.put("new/1.a.host", "Subject: one\n\n.dot\nlast\n", Duration.ofHours(3));
        maildir.put("cur/2.b.host:2,S", "Subject: two\n\ntwo\n", Duration.ofHours(2));
        Pop3Process.own(maildir.folder());
        Path checker = Files.writeString(
                folder.resolve("checker"), CHECKER.replace("AS_OWNER", String.join(" ", Pop3Process.asOwner()) + " "));
        Files.setPosixFilePermissions(checker, PosixFilePermissions.fromString("rwxr-xr-x"));
        var arguments = new ArrayList<>(List.of("mail.example.org", checker.toString()));
        arguments.addAll(
                Pop3Process.java(QmailPop3d.class, List.of(maildir.folder().toString())));
        var words = new ArrayList<>(List.of(tcpserver, "-1", "-R", "-H", "-l", "local.example", "127.0.0.1", "0"));
        words.addAll(Pop3Process.java(QmailPopup.class, arguments));
        Process started = new ProcessBuilder(words)
                .redirectError(folder.resolve("log").toFile())
                .start();
        server = Optional.of(started);
        port = Integer.parseInt(
                started.inputReader(StandardCharsets.US_ASCII).readLine().strip());
    }

    @AfterEach
    void stop() throws Exception {
        if (server.isPresent()) {
            server.get().destroy();
            assertThat(server.get().waitFor(10, TimeUnit.SECONDS)).isTrue();
        }
    }

    private static Pop3Process.Ended run(String... words) throws Exception {
        return Pop3Process.run(List.of(words), "");
    }

    private Pop3Process.Ended curl(String path, String... options) throws Exception {
        var words = new ArrayList<>(
                List.of(Pop3Process.assumeInstalled("curl"), "-sS", "--max-time", "60", "--noproxy", "*"));
        words.addAll(List.of(options));
        words.add("pop3://127.0.0.1:" + port + "/" + path);
        return Pop3Process.run(words, "");
    }

    @Test
    @Covers({"qmail:O02", "qmail:O04", "qmail:O06"})
    void curlListsAndReads() throws Exception {
        Pop3Process.Ended list = curl("", "-u", "ann:secret word", "--login-options", "AUTH=+LOGIN");
        list = list.code() == 0 ? list : curl("", "-u", "ann:secret word");
        assertThat(list).isEqualTo(new Pop3Process.Ended("1 24\r\n2 18\r\n", "", 0));
        assertThat(curl("1", "-u", "ann:secret word").output()).isEqualTo("Subject: one\r\n\r\n.dot\r\nlast\r\n\r\n");
        assertThat(curl("2", "-u", "ann:wrong").code()).isEqualTo(67); // CURLE_LOGIN_DENIED
    }

    @Test
    @Covers({"qmail:O03", "qmail:O05", "qmail:O06", "qmail:O07"})
    void poplibDoesAllThatPop3Has() throws Exception {
        String python = Pop3Process.assumeInstalled("python3");
        Pop3Process.Ended ended = run(python, "-c", """
                import poplib, sys
                port = int(sys.argv[1])
                box = poplib.POP3("127.0.0.1", port, timeout=60)
                print(sorted(box.capa()))
                box.user("ann")
                box.pass_("secret word")
                print(box.stat(), box.list()[1], box.uidl()[1])
                print(box.retr(1)[1], box.top(1, 1)[1])
                print(sorted(box.capa()))
                box.dele(2)
                box.rset()
                box.noop()
                box.dele(1)
                print(box.stat())
                box.quit()
                box = poplib.POP3("127.0.0.1", port, timeout=60)
                box.apop("ann", "secret word")
                print(box.stat())
                box.dele(1)
                box.close()
                box = poplib.POP3("127.0.0.1", port, timeout=60)
                box.user("ann")
                try:
                    box.pass_("wrong")
                except poplib.error_proto as refused:
                    print(refused)
                """, Integer.toString(port));
        assertThat(ended.errors()).isEmpty();
        assertThat(ended.output()).isEqualTo("""
                ['IMPLEMENTATION', 'PIPELINING', 'RESP-CODES', 'TOP', 'UIDL', 'USER']
                (2, 42) [b'1 24', b'2 18'] [b'1 1.a.host', b'2 2.b.host']
                [b'Subject: one', b'', b'.dot', b'last', b''] [b'Subject: one', b'', b'.dot', b'']
                ['IMPLEMENTATION', 'PIPELINING', 'RESP-CODES', 'TOP', 'UIDL']
                (1, 18)
                (1, 18)
                b'-ERR authorization failed'
                """);
        assertThat(maildir.files()).containsExactly("cur/2.b.host:2,S");
    }

    /** RFC 2449 section 6.8: commands behind the login come with it. */
    @Test
    void aWholeVisitInOnePacket() throws Exception {
        assertThat(packet("USER ann\r\nPASS secret word\r\nSTAT\r\nUIDL 2\r\nDELE 1\r\nQUIT\r\n"))
                .matches(
                        "\\+OK <[^>]+>\r\n\\+OK \r\n\\+OK \r\n\\+OK 2 42\r\n\\+OK 2 2\\.b\\.host\r\n\\+OK \r\n\\+OK \r\n");
        assertThat(maildir.files()).containsExactly("cur/2.b.host:2,S");
    }

    @Test
    @Covers("qmail:O04")
    void theAnswerToAFailedLoginArrivesThoughMoreWasSent() throws Exception {
        assertThat(packet("USER ann\r\nPASS wrong\r\n" + "STAT\r\n".repeat(2000)))
                .matches("\\+OK <[^>]+>\r\n\\+OK \r\n-ERR authorization failed\r\n");
    }

    private String packet(String octets) throws IOException {
        try (var socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
            socket.setSoTimeout(60_000);
            socket.getOutputStream().write(octets.getBytes(StandardCharsets.ISO_8859_1));
            return new String(socket.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);
        }
    }
}
