package carteiro.qmqpd;

import static org.assertj.core.api.Assertions.assertThat;

import carteiro.control.Installation;
import carteiro.log.EventLog;
import carteiro.protocol.SocketWires;
import carteiro.testkit.Covers;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.Closeable;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** One message on standard input and output; queue is reached by its socket. */
class QmailQmqpdTest {
    private static final String WHOLE = Qmqp.message("Subject: x\n\nHello\n", "ann@x.example", "bob@example.org");

    @TempDir
    Path home;

    private final KeptMessages queue = new KeptMessages();
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream errors = new ByteArrayOutputStream();
    private final EventLog log = new EventLog(new ByteArrayOutputStream(), EventLog.LogFormat.PLAIN, Clock.systemUTC());
    private Closeable offer = () -> {};
    private SocketWires wires = new SocketWires(new Installation(Path.of("/nonexistent")), log);

    @BeforeEach
    void neighbours() throws Exception {
        QmqpdOnLoopback.writeControl(home, "me", "mail.example.org\n");
        wires = new SocketWires(new Installation(home), log);
        offer = wires.offer(queue);
    }

    @AfterEach
    void close() throws Exception {
        offer.close();
        wires.close();
        log.close();
    }

    private int run(Map<String, String> environment, String input, String... arguments) {
        return QmailQmqpd.run(
                arguments.length == 0 ? List.of("--home", home.toString()) : List.of(arguments),
                environment,
                new ByteArrayInputStream(input.getBytes(StandardCharsets.ISO_8859_1)),
                out,
                errors);
    }

    private String said() {
        return out.toString(StandardCharsets.ISO_8859_1);
    }

    @Test
    @Covers("qmail:P06")
    void variablesOfTcpserverAreInTheReceivedField() {
        assertThat(run(
                        Map.of(
                                "TCPREMOTEIP",
                                "192.0.2.7",
                                "TCPREMOTEHOST",
                                "host.example",
                                "TCPLOCALHOST",
                                "l.example"),
                        WHOLE))
                .isZero();
        assertThat(said()).contains(":Kok ");
        assertThat(queue.messages.getFirst().received())
                .startsWith("Received: from host.example (host.example [192.0.2.7])\n  by l.example with QMQP id ");
    }

    @ParameterizedTest
    @CsvSource({
        "2000000010:, 111, 5.3.4",
        "2000000009:1:x, 0, ''",
        "12x:, 100, 5.5.2",
        "x, 100, 5.5.2",
        "0:x, 100, 5.5.2",
        "8:2000000010:, 111, 5.3.4",
        "'', 0, ''",
        "12:5:hel, 0, ''"
    })
    @Covers("qmail:P09")
    void exitCodesAreThoseOfNetstrings(String input, int code, String status) {
        String padded = input.startsWith("8:") ? "30:" + input.substring(2) : input;
        assertThat(run(Map.of(), padded)).isEqualTo(code);
        assertThat(said()).contains(status);
        assertThat(said().isEmpty()).isEqualTo(status.isEmpty());
        assertThat(queue.messages).isEmpty();
    }

    @Test
    void anAnswerThatIsARefusalIsNoFaultOfTheProgram() {
        assertThat(run(Map.of("DATABYTES", "3"), WHOLE)).isZero();
        assertThat(said()).contains("(#5.3.4),");
    }

    @Test
    void withoutQueueTheClientIsToldToComeAgain() throws Exception {
        offer.close();
        assertThat(run(Map.of(), WHOLE)).isZero();
        assertThat(said()).contains(":Zmessages cannot be taken now (#4.3.0),");
    }

    @Test
    void settingsAndArgumentsThatAreWrong() {
        assertThat(run(Map.of("DATABYTES", "5m"), WHOLE)).isEqualTo(111);
        assertThat(said()).contains(":Zthe settings here cannot be read (#4.3.0),");
        assertThat(errors.toString(StandardCharsets.ISO_8859_1)).contains("alert: qmail-qmqpd: DATABYTES");
        assertThat(run(Map.of(), WHOLE, "--port")).isEqualTo(100);
        assertThat(queue.messages).isEmpty();
    }
}
