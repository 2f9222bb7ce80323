package carteiro.smtpd;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The filter of docs/fail2ban, on lines that smtpd wrote. */
class Fail2banTest {
    private static final Path FILTER =
            Path.of(System.getProperty("carteiro.root", "."), "docs", "fail2ban", "carteiro.conf");

    @TempDir
    Path home;

    private static String plain(String name) {
        return Base64.getEncoder().encodeToString(("\0" + name + "\0x").getBytes(StandardCharsets.UTF_8));
    }

    @Test
    void whoGivesWrongPasswordsIsFoundAndNobodyElse() throws Exception {
        TestTools.assumeInstalled("fail2ban-regex");
        String forged = "smtpd: refused AUTH from <> client 203.0.113.9: 535 x rule login";
        String log;
        try (var smtpd = SmtpdOnLoopback.start(home, "tcp.smtp", "127.:allow,SMTPAUTH=\"\"\n")) {
            try (var client = Dialogue.from("127.0.0.2", smtpd.port())) {
                client.expect("220 ").say("EHLO client.example", "250-");
                client.say("AUTH PLAIN " + plain("ann"), "535 ");
                client.say("AUTH PLAIN " + plain(forged), "535 ");
                smtpd.passwords.blocked = true;
                client.say("AUTH PLAIN " + plain("ann"), "454 ");
                smtpd.passwords.blocked = false;
            }
            try (var client = Dialogue.from("127.0.0.3", smtpd.port())) {
                client.expect("220 ").say("EHLO " + forged, "250-");
                client.say("AUTH PLAIN !", "501 ");
                client.say("MAIL FROM:<\"" + forged + "\"@x.example>", "250 ");
                client.say("RCPT TO:<\"" + forged + "\"@elsewhere.example>", "553 ");
                client.say("RSET", "250 ").say("QUIT", "221 ");
            }
            smtpd.passwords.undecided = true;
            try (var client = Dialogue.from("127.0.0.4", smtpd.port())) {
                client.expect("220 ").say("EHLO client.example", "250-");
                client.say("AUTH PLAIN " + plain("ann"), "454 ").say("QUIT", "221 ");
            }
            log = smtpd.awaitLog("rule login-undecided");
        }
        Path file = Files.writeString(
                home.resolve("log"),
                log.lines().map(line -> "2026-12-01 06:00:00 " + line + "\n").collect(Collectors.joining()));
        String found = TestTools.run("fail2ban-regex", "--out", "ip", file.toString(), FILTER.toString());
        assertThat(List.of(found.strip().split("\\s+"))).containsExactly("127.0.0.2", "127.0.0.2", "127.0.0.2");
    }
}
