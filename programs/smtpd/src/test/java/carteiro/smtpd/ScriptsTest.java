package carteiro.smtpd;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Raw client scripts that other servers have answered too. */
class ScriptsTest {
    /** What we answer where the scripts leave it open: a bare CR or LF ends the conversation. */
    private static final Map<String, String> OURS = new TreeMap<>(Map.of(
            "bare-lf-command 2",
            "500",
            "bare-lf-command 3",
            "",
            "bare-lf-data 5",
            "500",
            "bare-lf-data 6",
            "",
            "lf-dot-lf 5",
            "500",
            "lf-dot-lf 6",
            ""));

    @TempDir
    static Path home;

    private static SmtpdOnLoopback smtpd;

    @BeforeAll
    static void start() throws Exception {
        smtpd = SmtpdOnLoopback.start(home, "databytes", "1000000\n");
    }

    @AfterAll
    static void stop() throws Exception {
        smtpd.close();
    }

    static List<Arguments> scripts() throws IOException {
        var scripts = new ArrayList<Arguments>();
        try (InputStream in = ScriptsTest.class.getResourceAsStream("/smtp-scripts/scripts.json")) {
            for (JsonNode script : new ObjectMapper().readTree(in).get("scripts")) {
                scripts.add(Arguments.of(script.get("id").asText(), script));
            }
        }
        assertThat(scripts).hasSize(44);
        return scripts;
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("scripts")
    void theLastReplyOfEachStepIsAcceptable(String id, JsonNode script) throws Exception {
        try (var socket = new Socket("127.0.0.1", smtpd.port())) {
            assertThat(lastCode(socket, 1)).isEqualTo("220");
            int step = 0;
            for (JsonNode each : script.get("steps")) {
                step++;
                String sent = each.get("send").asText();
                String code = "";
                try {
                    socket.getOutputStream().write(sent.getBytes(StandardCharsets.ISO_8859_1));
                    code = lastCode(socket, repliesTo(sent));
                } catch (SocketException e) {
                    code = ""; // closed by the server before
                }
                String expected =
                        OURS.getOrDefault(id + " " + step, each.get("expect").asText("...|"));
                assertThat(code).as("step %d of %s", step, id).matches(expected);
            }
        }
    }

    /** Pipelined commands have a reply each; text after DATA has one in all. */
    private static int repliesTo(String sent) {
        if (sent.startsWith("MAIL") || sent.startsWith("RCPT")) {
            return sent.split("\r\n").length;
        }
        return sent.endsWith(".\r\nQUIT\r\n") ? 2 : 1;
    }

    private static String lastCode(Socket socket, int replies) throws IOException {
        socket.setSoTimeout(20_000);
        String code = "";
        for (int i = 0; i < replies; i++) {
            String line;
            do {
                line = line(socket.getInputStream());
                if (line.isEmpty()) {
                    return code;
                }
                code = line.substring(0, 3);
            } while (line.startsWith("-", 3));
        }
        return code;
    }

    private static String line(InputStream in) throws IOException {
        var line = new StringBuilder();
        try {
            for (int c = in.read(); c >= 0; c = in.read()) {
                if (c == '\n') {
                    return line.toString();
                }
                line.append((char) c);
            }
        } catch (SocketTimeoutException e) {
            throw new AssertionError("no reply", e);
        }
        return "";
    }
}
