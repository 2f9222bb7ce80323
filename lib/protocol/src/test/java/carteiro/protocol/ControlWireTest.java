package carteiro.protocol;

import static org.assertj.core.api.Assertions.assertThat;

import carteiro.control.Installation;
import carteiro.log.EventLog;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What whoever asks hears when the answer cannot be given. */
@Timeout(60)
class ControlWireTest {
    @TempDir
    Path home;

    private final ByteArrayOutputStream lines = new ByteArrayOutputStream();

    private Control.ControlReply ask(Control control) throws IOException {
        var installation = new Installation(home);
        try (var log = new EventLog(lines, EventLog.LogFormat.PLAIN, Clock.systemUTC());
                var _ = ControlWire.offer("send", installation, Set.of(), control, log)) {
            return ControlWire.client("send", installation, Duration.ofSeconds(30))
                    .ask(Control.ControlVerb.ALARM, "send");
        }
    }

    @Test
    void trouble() throws IOException {
        Control.ControlReply answer = ask((_, _) -> {
            throw new IOException("queue: disk full");
        });
        assertThat(answer.result()).isEqualTo(Control.ControlResult.FAILED);
        assertThat(answer.text()).isEqualTo("queue: disk full");
    }

    @Test
    void aBug() throws IOException {
        Control.ControlReply answer = ask((_, _) -> {
            throw new IllegalStateException("impossible");
        });
        assertThat(answer.result()).isEqualTo(Control.ControlResult.FAILED);
        assertThat(answer.text()).contains("a bug in send", "impossible", "its log has more");
        assertThat(lines.toString()).contains("IllegalStateException: impossible");
    }
}
