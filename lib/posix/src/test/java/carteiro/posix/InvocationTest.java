package carteiro.posix;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class InvocationTest {
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();
    private final Invocation call = new Invocation(List.of(), Map.of(), InputStream.nullInputStream(), out, err);

    /** A path alone tells nobody what is wrong with it. */
    @Test
    void aFileThatCannotBeUsedIsToldWithTheReason() {
        assertThat(call.run("tool", _ -> {
                    throw new java.nio.file.AccessDeniedException("/etc/shadow");
                }))
                .isEqualTo(111);
        assertThat(err.toString(StandardCharsets.UTF_8)).isEqualTo("tool: fatal: /etc/shadow: permission denied\n");
    }

    @Test
    void whateverACommandSaysIsPrintable() throws Exception {
        call.print("value \u001b[2J\u009b1m\nnext\tline\r\u00e2\u0080\u00ae\n");
        call.complain("jos\u00c3\u00a9 \u00e9\u0007\n");
        assertThat(out.toString(StandardCharsets.ISO_8859_1)).isEqualTo("value _[2J_1m\nnext\tline__\n");
        assertThat(err.toString(StandardCharsets.ISO_8859_1)).isEqualTo("jos\u00c3\u00a9 __\n");
    }

    @Test
    void soIsWhatAnExceptionSays() {
        int code = call.run("tool", _ -> {
            throw new IOException("/tmp/\u001b]0;x\u0007\u6771: no such file");
        });
        assertThat(code).isEqualTo(111);
        assertThat(err.toString(StandardCharsets.UTF_8)).isEqualTo("tool: fatal: /tmp/_]0;x_\u6771: no such file\n");
    }
}
