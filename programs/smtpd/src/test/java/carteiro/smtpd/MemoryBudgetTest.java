package carteiro.smtpd;

import static org.assertj.core.api.Assertions.assertThat;

import carteiro.control.Installation;
import carteiro.log.EventLog;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Clock;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What all conversations may hold together. */
class MemoryBudgetTest {
    @TempDir
    Path home;

    @Test
    void sharesTakeOnlyWhatThereIsAndGiveItBack() {
        var budget = new MemoryBudget(100);
        var one = budget.share();
        var other = budget.share();
        assertThat(one.take(60)).isTrue();
        assertThat(other.take(41)).isFalse();
        assertThat(other.take(40)).isTrue();
        one.giveBackTo(10);
        assertThat(budget.taken()).isEqualTo(50);
        assertThat(other.take(50)).isTrue();
        one.giveBackTo(0);
        other.giveBackTo(0);
        assertThat(budget.taken()).isZero();
    }

    @Test
    void recipientsBeyondTheBudgetAreDeferredAndItIsWholeAgainAfterTheSession() throws Exception {
        SmtpdOnLoopback.writeControl(home, "me", "mail.example.org\n");
        SmtpdOnLoopback.writeControl(home, "locals", "example.org\n");
        var installation = new Installation(home);
        var settings = SmtpdSettings.read(installation);
        var budget = new MemoryBudget(3 * (MemoryBudget.RECIPIENT + "bob@example.org".length()));
        String rcpt = "RCPT TO:<bob@example.org>\r\n";
        String envelope = "MAIL FROM:<>\r\n" + rcpt + rcpt + rcpt + rcpt;
        String input = envelope + "DATA\r\nx\r\n.\r\n" + envelope + "RSET\r\n" + envelope + "BDAT 3 LAST\r\nx\r\n"
                + envelope + "QUIT\r\n";
        var out = new ByteArrayOutputStream();
        var queue = new KeptMessages();
        try (var log = new EventLog(new ByteArrayOutputStream(), EventLog.Form.PLAIN, Clock.systemUTC())) {
            var socket = new StandardSocket(new ByteArrayInputStream(input.getBytes(StandardCharsets.ISO_8859_1)), out);
            new SmtpdSession(
                            new ClientConnection(socket, settings.silence(), settings.conversation()),
                            Client.of(Map.of()),
                            settings,
                            new SmtpdSession.Surroundings(
                                    queue, new KnownAddresses(), log, Clock.systemUTC(), home, budget, 0, () -> false))
                    .run();
        }
        String group = "250 2.1.0 ok/" + "250 2.1.5 ok/".repeat(3) + "452 4.3.1 no room for more recipients now/";
        assertThat(out.toString(StandardCharsets.ISO_8859_1).replace("\r\n", "/"))
                .matches("220 [^/]*/" + group + "354 [^/]*/250 ok [^/]*/" + group + "250 2.0.0 flushed/" + group
                        + "250 ok [^/]*/" + group + "221 .*");
        assertThat(queue.messages).hasSize(2);
        assertThat(queue.messages.getFirst().envelope().recipients()).hasSize(3);
        assertThat(budget.taken()).isZero();
    }
}
