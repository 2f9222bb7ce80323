package carteiro.posix;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

/** Who runs a process, by its lines in /proc. */
final class ProcessCredentialsTest {
    @Test
    void anIdAboveThoseOfASignedIntIsTold() {
        var told = ProcessCredentials.of(List.of(
                "Name:\tjava", "Pid:\t77", "Uid:\t4000000000\t1001\t1001\t1001", "Gid:\t1002\t1002\t1002\t1002"));
        assertThat(told.pid()).isEqualTo(77);
        assertThat(UnixId.number(told.uid())).isEqualTo(4_000_000_000L);
    }

    @Test
    void whatIsNotToldIsAskedOfTheSystem() {
        for (var lines :
                List.of(List.<String>of(), List.of("Pid:\t-", "Uid:\t4294967295\t1"), List.of("Pid:", "Uid:"))) {
            assertThat(ProcessCredentials.of(lines))
                    .isEqualTo(new ProcessCredentials(
                            ProcessHandle.current().pid(),
                            SystemAccount.effectiveUid(),
                            System.getProperty("user.name", "?")));
        }
    }

    @Test
    void thisProcessIsTold() {
        assertThat(ProcessCredentials.current().pid())
                .isEqualTo(ProcessHandle.current().pid());
    }
}
