package carteiro.remote;

import static org.assertj.core.api.Assertions.assertThat;

import carteiro.mail.Octets;
import carteiro.testkit.Covers;
import carteiro.testkit.DnsOnLoopback;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The command. */
class QmailRemoteTest {
    private static final String GOOD = """
            S: 220 ready
            C: EHLO client.example
            S: 250 next.example
            C: MAIL FROM:<s@client.example>
            S: 250 ok
            C: RCPT TO:<a@example.org>
            S: 250 ok
            C: DATA
            S: 354 go
            D:
            S: 250 taken
            C: QUIT
            """;

    @TempDir
    Path home;

    private String run(Post post, byte[] message, String... arguments) throws Exception {
        var out = new ByteArrayOutputStream();
        new QmailRemote(
                        post.installation(),
                        new ByteArrayInputStream(message),
                        out,
                        new ByteArrayOutputStream(),
                        post.own::contains,
                        post.port)
                .run(List.of(arguments));
        return Octets.text(out.toByteArray());
    }

    @Test
    @Covers({"qmail:X20", "qmail:X08"})
    void aDeliveryIsAnsweredByRecords() throws Exception {
        try (var server = ScriptedServer.start(GOOD);
                var post = new Post(home).allTo(server)) {
            assertThat(run(post, Octets.bytes("x\n"), "example.org", "s@client.example", "a@example.org"))
                    .isEqualTo("r\0K127.0.0.1 accepted message.\nRemote host said: 250 taken\n\0");
        }
    }

    @Test
    @Covers("qmail:X12")
    void aMessageThatEndsInAPartialLineIsRefusedAsItMayBeCut() throws Exception {
        try (var server = ScriptedServer.start(GOOD);
                var post = new Post(home).allTo(server)) {
            assertThat(run(post, Octets.bytes("x\ny"), "example.org", "s@client.example", "a@example.org"))
                    .startsWith("D")
                    .contains("(#5.6.2)")
                    .endsWith("\n\0");
            assertThat(server.connections()).isZero();
        }
    }

    @Test
    @Covers("qmail:X10")
    void anEmptyMessageIsJustTheDot() throws Exception {
        try (var server = ScriptedServer.start(GOOD);
                var post = new Post(home).allTo(server)) {
            assertThat(run(post, new byte[0], "example.org", "s@client.example", "a@example.org"))
                    .startsWith("r\0K");
            assertThat(server.messages()).singleElement().isEqualTo(new byte[0]);
        }
    }

    @Test
    void aLargeMessageArrivesWhole() throws Exception {
        byte[] message = new byte[3_000_000];
        Arrays.fill(message, (byte) '.');
        for (int i = 70; i < message.length; i += 71) {
            message[i] = '\n';
        }
        message[message.length - 1] = '\n';
        try (var server = ScriptedServer.start(GOOD);
                var post = new Post(home).allTo(server)) {
            assertThat(run(post, message, "example.org", "s@client.example", "a@example.org"))
                    .startsWith("r\0K");
            String got = Octets.text(server.messages().getFirst());
            assertThat(got.replace("\r\n.", "\r\n")
                            .substring(1)
                            .replace("\r\n", "\n")
                            .equals(Octets.text(message)))
                    .isTrue();
        }
    }

    @Test
    @Covers({"qmail:X01", "qmail:X04", "qmail:X05"})
    void namesAreLookedUpAtTheServersOfDnsservers() throws Exception {
        try (var dns = DnsOnLoopback.start(
                        "example.org. 60 IN MX 10 mx.example.org.",
                        "mx.example.org. 60 IN A 127.0.0.5",
                        "here.example. 60 IN MX 10 mx.here.example.",
                        "mx.here.example. 60 IN A 127.0.0.1",
                        "null.example. 60 IN MX 0 .");
                var server = ScriptedServer.at("127.0.0.5", 0, GOOD);
                var post = new Post(home).control("dnsservers", dns.server())) {
            post.port = server.port();
            dns.knowsOf("empty.example.").fails("broken.example.");
            post.own.add(java.net.InetAddress.ofLiteral("127.0.0.1"));
            byte[] message = Octets.bytes("x\n");
            assertThat(run(post, message, "example.org", "s@client.example", "a@example.org"))
                    .startsWith("r\0K127.0.0.5 accepted message.\n");
            assertThat(run(post, message, "gone.example", "s@x", "a@gone.example"))
                    .startsWith("D")
                    .contains("(#5.1.2)");
            assertThat(run(post, message, "empty.example", "s@x", "a@empty.example"))
                    .startsWith("D")
                    .contains("(#5.4.4)");
            assertThat(run(post, message, "here.example", "s@x", "a@here.example"))
                    .startsWith("D")
                    .contains("(#5.4.6)");
            assertThat(run(post, message, "null.example", "s@x", "a@null.example"))
                    .startsWith("D")
                    .contains("(#5.1.10)");
            assertThat(run(post, message, "broken.example", "s@x", "a@broken.example"))
                    .startsWith("Z")
                    .contains("(#4.4.3)");
        }
    }

    @Test
    void wrongUseIsAPermanentRecord() throws Exception {
        try (var post = new Post(home)) {
            assertThat(run(post, new byte[0], "example.org", "s@x"))
                    .startsWith("D")
                    .contains("(#5.3.5)");
            assertThat(run(post, new byte[0], "h", "s@x", "a".repeat(1001)))
                    .startsWith("D")
                    .contains("(#5.1.3)");
        }
    }

    @Test
    void settingsThatCannotBeUsedDefer() throws Exception {
        try (var post = new Post(home).control("smtproutes", ":x:y")) {
            assertThat(run(post, Octets.bytes("x\n"), "example.org", "s@x", "a@example.org"))
                    .startsWith("Z")
                    .contains("control/smtproutes");
        }
        try (var post = new Post(home)) {
            Files.delete(home.resolve("control/me"));
            Files.delete(home.resolve("control/smtproutes"));
            assertThat(run(post, Octets.bytes("x\n"), "example.org", "s@x", "a@example.org"))
                    .startsWith("Z");
        }
    }
}
