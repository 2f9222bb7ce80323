package carteiro.start;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The commands that make accounts end, and say why they failed. */
@Timeout(30)
final class ProgramAccountsTest {
    private static void call(String script, Duration limit) throws IOException {
        ProgramAccounts.call(List.of("/bin/sh", "-c", script), limit);
    }

    @Test
    void whatKeepsItsOutputOpenIsEndedAtTheLimit() {
        assertThatThrownBy(() -> call("sleep 600; true", Duration.ofSeconds(1)))
                .hasMessageContaining("sleep 600; true failed: it did not end within 1 seconds")
                .hasMessageContaining("docs/programs/init.md");
    }

    @Test
    void whyItFailedIsTold() {
        assertThatThrownBy(() -> call("echo no such group >&2; exit 6", Duration.ofSeconds(20)))
                .hasMessageContaining("failed: no such group; the accounts");
    }

    @Test
    void muchOutputHoldsNothingUp() {
        assertThatCode(() -> call("head -c 200000 /dev/zero", Duration.ofSeconds(20)))
                .doesNotThrowAnyException();
    }

    @Test
    void whatSomebodyElseMakesAtTheSameTimeIsThere() throws Exception {
        var looks = new java.util.concurrent.atomic.AtomicInteger();
        assertThat(ProgramAccounts.make(() -> looks.incrementAndGet() > 1, List.of("/bin/sh", "-c", "exit 9")))
                .isFalse();
        assertThat(looks).hasValue(2);
        assertThatThrownBy(() -> ProgramAccounts.make(() -> false, List.of("/bin/sh", "-c", "echo no; exit 9")))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("failed: no");
        assertThat(ProgramAccounts.make(() -> false, List.of("/bin/true"))).isTrue();
    }
}
