package carteiro.qmqpd;

import carteiro.control.Installation;
import carteiro.listen.Budgets;
import carteiro.log.EventLog;
import carteiro.protocol.DirectWires;
import carteiro.protocol.Program;
import carteiro.protocol.SocketWires;
import carteiro.testkit.Await;
import java.io.ByteArrayOutputStream;
import java.io.Closeable;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Clock;
import java.time.Duration;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A whole qmqpd on a free port, with a double of queue. */
final class QmqpdOnLoopback implements AutoCloseable {
    final KeptMessages queue = new KeptMessages();
    final QmqpdServer running;

    private final ByteArrayOutputStream logged = new ByteArrayOutputStream();
    private final EventLog log = new EventLog(logged, EventLog.LogFormat.PLAIN, Clock.systemUTC());
    private final DirectWires wires;
    private final Closeable offer;
    private final Path home;

    private QmqpdOnLoopback(Path home, Budgets budgets) throws Exception {
        this.home = home;
        var installation = new Installation(home);
        wires = new DirectWires(new SocketWires(installation, log));
        offer = wires.offer(queue);
        running = Qmqpd.start(new Program.ProgramContext(installation, wires, log, Map.of(), () -> {}), budgets);
    }

    /** The control files of most tests, beside those given as names and texts. */
    static QmqpdOnLoopback start(Path home, String... files) throws Exception {
        return start(home, Budgets.ofThisProcess(), files);
    }

    static QmqpdOnLoopback start(Path home, Budgets budgets, String... files) throws Exception {
        writeControl(home, "me", "mail.example.org\n");
        writeControl(home, "qmqpdlisten", "127.0.0.1:0\n");
        for (int i = 0; i < files.length; i += 2) {
            writeControl(home, files[i], files[i + 1]);
        }
        return new QmqpdOnLoopback(home, budgets);
    }

    static void writeControl(Path home, String name, String text) throws Exception {
        Files.createDirectories(home.resolve("control"));
        Path file = home.resolve("control").resolve(name);
        Files.writeString(file, text, StandardCharsets.ISO_8859_1);
        if (name.equals("servercert.pem")) {
            Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r-----"));
        }
    }

    void control(String name, String text) throws Exception {
        writeControl(home, name, text);
    }

    /** The port of the first listener. */
    int port() {
        Matcher port = Pattern.compile("listening=[^ ,]*:(\\d+)").matcher(running.status());
        if (!port.find()) {
            throw new AssertionError(running.status());
        }
        return Integer.parseInt(port.group(1));
    }

    Qmqp connect() throws Exception {
        return Qmqp.to(port());
    }

    String log() {
        return logged.toString(StandardCharsets.ISO_8859_1);
    }

    String awaitLog(String part) {
        return Await.until(() -> log().contains(part) ? log() : null, () -> "no \"" + part + "\" in\n" + log());
    }

    @Override
    public void close() throws Exception {
        running.stop(Duration.ofSeconds(2));
        offer.close();
        wires.close();
        log.close();
    }
}
