package carteiro.start;

import static org.assertj.core.api.Assertions.assertThat;

import carteiro.protocol.Control;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import org.junit.jupiter.api.Test;

class StatusTableTest {
    @Test
    void whatAProgramSaysOfItselfCannotSteerATerminal() {
        var row = new Control.ProgramStatus(
                "queue\u001b[2J",
                Control.ProgramState.READY,
                Instant.EPOCH,
                7,
                0,
                "messages=1 \u001b]0;x\u0007 \u009b");
        assertThat(StatusTable.of(List.of(row), ZoneOffset.UTC))
                .contains("queue", "1970-01-01 00:00:00", "messages=1")
                .doesNotContain("\u001b", "\u0007", "\u009b");
    }
}
