package carteiro.posix;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class SystemAccountTest {
    @Test
    void theSystemsOwnAccountsAreFound() throws Exception {
        assertThat(SystemAccount.named("root")).contains(new SystemAccount("root", 0, 0, "/root"));
        assertThat(SystemAccount.withUid(0)).map(SystemAccount::name).contains("root");
    }

    @Test
    void whatIsNotThereIsEmptyAndNoError() throws Exception {
        assertThat(SystemAccount.named("nobody-has-this-name")).isEmpty();
        assertThat(SystemAccount.named("")).isEmpty();
        assertThat(SystemAccount.withUid(1_999_999_999)).isEmpty();
    }

    @Test
    void theEffectiveUidIsThatOfOurFiles() throws Exception {
        Path file = Files.createTempFile("uid", "");
        assertThat(Files.getAttribute(file, "unix:uid")).isEqualTo(SystemAccount.effectiveUid());
        Files.delete(file);
    }
}
