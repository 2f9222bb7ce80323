package carteiro.smtpd;

import carteiro.control.ControlException;
import carteiro.control.Installation;
import carteiro.listen.Budgets;
import carteiro.log.EventLog;
import carteiro.protocol.DirectWires;
import carteiro.protocol.Program;
import carteiro.protocol.SocketWires;
import carteiro.testkit.Await;
import java.io.ByteArrayOutputStream;
import java.io.Closeable;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Clock;
import java.time.Duration;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A whole smtpd on a free port, with doubles of its neighbours. */
final class SmtpdOnLoopback implements AutoCloseable {
    final KeptMessages queue = new KeptMessages();
    final KnownAddresses lookup;
    final KnownPasswords passwords = new KnownPasswords();
    final Path home;
    final SmtpdServer running;

    private final ByteArrayOutputStream logged = new ByteArrayOutputStream();
    private final EventLog log = new EventLog(logged, EventLog.LogFormat.PLAIN, Clock.systemUTC());
    private final DirectWires wires;
    private Closeable queueOffer;
    private Closeable lookupOffer;
    private Closeable passwordsOffer;

    private SmtpdOnLoopback(Path home, Budgets budgets, SmtpdServer.Times times) throws IOException, ControlException {
        this.home = home;
        this.lookup = new KnownAddresses(home);
        var installation = new Installation(home);
        wires = new DirectWires(new SocketWires(installation, log));
        queueOffer = wires.offer(queue);
        lookupOffer = wires.offer(lookup);
        passwordsOffer = wires.offer(passwords);
        running = Smtpd.start(new Program.ProgramContext(installation, wires, log, Map.of(), () -> {}), budgets, times);
    }

    /** The control files of most tests, beside those given as names and texts. */
    static SmtpdOnLoopback start(Path home, String... files) throws IOException, ControlException {
        return start(home, Budgets.ofThisProcess(), files);
    }

    static SmtpdOnLoopback start(Path home, Budgets budgets, String... files) throws IOException, ControlException {
        return start(home, budgets, SmtpdServer.Times.STANDARD, files);
    }

    static SmtpdOnLoopback start(Path home, Budgets budgets, SmtpdServer.Times times, String... files)
            throws IOException, ControlException {
        writeControl(home, "me", "mail.example.org\n");
        writeControl(home, "locals", "example.org\nmail.example.org\n");
        writeControl(home, "rcpthosts", "example.org\nbackup.example\n.sub.example\n");
        writeControl(home, "smtpdlisten", "127.0.0.1:0\n");
        for (int i = 0; i < files.length; i += 2) {
            writeControl(home, files[i], files[i + 1]);
        }
        return new SmtpdOnLoopback(home, budgets, times);
    }

    static void writeControl(Path home, String name, String text) {
        try {
            Files.createDirectories(home.resolve("control"));
            Path file = home.resolve("control").resolve(name);
            Files.writeString(file, text, StandardCharsets.ISO_8859_1);
            if (name.equals("servercert.pem")) {
                Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r-----"));
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    void control(String name, String text) {
        writeControl(home, name, text);
    }

    /** queue and lookup go away. */
    void neighboursLeave() throws IOException {
        queueOffer.close();
        lookupOffer.close();
        passwordsOffer.close();
    }

    void neighboursCome() throws IOException {
        queueOffer = wires.offer(queue);
        lookupOffer = wires.offer(lookup);
        passwordsOffer = wires.offer(passwords);
    }

    /** The port of the first listener. */
    int port() {
        Matcher port = Pattern.compile("listening=[^ ,]*:(\\d+)").matcher(running.status());
        if (!port.find()) {
            throw new AssertionError(running.status());
        }
        return Integer.parseInt(port.group(1));
    }

    Dialogue connect() throws IOException {
        return Dialogue.with(port());
    }

    /** The log so far. */
    String log() {
        return logged.toString(StandardCharsets.ISO_8859_1);
    }

    /** Waits for a line in the log. */
    String awaitLog(String part) {
        return Await.until(
                () -> {
                    String text = log();
                    return text.contains(part) ? text : null;
                },
                () -> "no \"" + part + "\" in\n" + log());
    }

    @Override
    public void close() throws IOException {
        running.stop(Duration.ofSeconds(2));
        wires.close();
        log.close();
    }
}
