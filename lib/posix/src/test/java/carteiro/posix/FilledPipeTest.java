package carteiro.posix;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a child reads of a pipe that was filled for it. */
class FilledPipeTest {
    @ParameterizedTest
    @ValueSource(ints = {0, 1, 512, FilledPipe.LIMIT})
    void aChildReadsItAsDescriptorThreeUntilItsEnd(int count) throws Exception {
        byte[] octets = new byte[count];
        Arrays.fill(octets, (byte) 'x');
        try (var pipe = FilledPipe.of(octets)) {
            Process child = ChildCommand.withOurVariables(List.of(
                            "/bin/sh",
                            "-c",
                            "exec \"$@\" 3<\"$0\"",
                            pipe.path().toString(),
                            "sh",
                            "-c",
                            "cat <&3; cat <&3"))
                    .start();
            assertThat(child.getInputStream().readAllBytes()).isEqualTo(octets);
            assertThat(child.waitFor(20, TimeUnit.SECONDS)).isTrue();
            assertThat(child.exitValue()).isZero();
        }
    }

    @Test
    void closedItLeadsNowhere() throws Exception {
        var pipe = FilledPipe.of("x".getBytes(StandardCharsets.US_ASCII));
        assertThat(Files.exists(pipe.path())).isTrue();
        pipe.close();
        pipe.close();
        assertThat(Files.exists(pipe.path())).isFalse();
    }

    @Test
    void whatMayHaveToWaitIsRefused() {
        assertThatThrownBy(() -> FilledPipe.of(new byte[FilledPipe.LIMIT + 1]))
                .isInstanceOf(IllegalArgumentException.class);
    }
}
