package carteiro.demo;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class DemoLogTest {
    private final ByteArrayOutputStream shown = new ByteArrayOutputStream();
    private final DemoLog journal = new DemoLog(new PrintStream(shown));

    private void log(String text) {
        byte[] octets = text.getBytes(StandardCharsets.ISO_8859_1);
        journal.write(octets, 0, octets.length);
    }

    @Test
    void deliveriesOfEveryMessageOfASenderAreFound() {
        log("""
                new msg 1
                info msg 1: bytes 247 from <visitor-to-team@visitor.example> qp 1 uid 0
                starting delivery 1: msg 1 to local team@example.org
                info msg 2: bytes 247 from <other@visitor.example> qp 2 uid 0
                starting delivery 2: msg 2 to local bob@example.org
                delivery 2: success: did_1+0+0/
                info msg 3: bytes 247 from <visitor-to-team@visitor.example> qp 3 uid 0
                starting delivery 3: msg 3 to remote carl@partner.example
                delivery 1: success: did_0+1+0/qp_3/
                delivery 3: deferral: Connected_to_127.0.0.1_but_connection_died./
                """);
        assertThat(journal.deliveries("visitor-to-team@visitor.example"))
                .containsExactly(
                        "msg 1 to local team@example.org: success: did_0+1+0/qp_3/",
                        "msg 3 to remote carl@partner.example: deferral: Connected_to_127.0.0.1_but_connection_died./");
        assertThat(journal.deliveries("nobody@visitor.example")).isEmpty();
    }

    @Test
    void linesAreShownWholeWithTheirTimeHoweverTheyCome() {
        log("status: local 0");
        assertThat(shown.toString()).isEmpty();
        log("/10 remote 0/20\nend msg 1\n");
        assertThat(shown.toString())
                .matches("(?s) +\\d+\\.\\d{3}  status: local 0/10 remote 0/20\\R +\\d+\\.\\d{3}  end msg 1\\R");
    }
}
