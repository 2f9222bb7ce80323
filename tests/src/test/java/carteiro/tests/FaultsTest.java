package carteiro.tests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import carteiro.control.Installation;
import carteiro.protocol.Control;
import carteiro.protocol.ControlWire;
import carteiro.tests.CarteiroProcess.Form;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Bad input and bad days, against the whole product: a clear reply, nothing lost, nothing left running. */
class FaultsTest {
    private static final String MESSAGE = "Subject: hello\n\nbody\n";

    @ParameterizedTest
    @EnumSource
    @DisplayName("5,000 idle connections leave room for those who work, and go away without a trace")
    void idleConnections(Form form) throws Exception {
        int idle = 5_000;
        try (var carteiro = CarteiroProcess.prepare(form)) {
            carteiro.accounts("bob");
            carteiro.control("concurrencyincoming", "6000");
            carteiro.control("concurrencyperclient", "6000");
            carteiro.start();
            InetSocketAddress smtp = carteiro.smtp();
            var connections = new ArrayList<Socket>();
            try {
                for (int i = 0; i < idle; i++) {
                    var socket = new Socket();
                    socket.connect(smtp, 10_000);
                    connections.add(socket);
                }
                for (Socket socket : connections) {
                    socket.setSoTimeout(60_000);
                    assertThat(socket.getInputStream().read()).isEqualTo('2');
                }
                try (var client = new SmtpClient(smtp)) {
                    assertThat(client.send("ann@example.net", List.of("bob@example.org"), MESSAGE))
                            .startsWith("250 ");
                }
                assertThat(carteiro.awaitMailbox("bob", 1)).hasSize(1);
            } finally {
                for (Socket socket : connections) {
                    socket.close();
                }
            }
            awaitNoSession(carteiro);
        }
    }

    /**
     * Takes as many connections as it gets at two sockets, says how many, then begins large envelopes over forty of those to
     * the first, says how many octets went out, and stays until its input ends.
     */
    private static final String GREEDY_USER = """
            import socket, sys, time
            def take(path):
                taken = []
                for _ in range(700):
                    one = socket.socket(socket.AF_UNIX)
                    one.settimeout(20)
                    one.connect(path)
                    one.setblocking(False)
                    taken.append(one)
                time.sleep(2)
                return [one for one in taken if not ended(one)]
            def ended(one):
                try: # a refusal, and the end: who is served has said nothing yet
                    return one.recv(1) in (b'-', b'')
                except BlockingIOError:
                    return False
            places = [take(path) for path in sys.argv[1:]]
            print(' '.join(str(len(taken)) for taken in places), flush=True)
            octets, again, data = 0, time.time() + 3, b'+1\\n1048576:' + bytes(900 * 1024)
            left = [(one, data) for one in places[0][:40]]
            while left and time.time() < again:
                rest = []
                for one, unsent in left:
                    try:
                        count = one.send(unsent)
                        octets += count
                        again = time.time() + 3
                        unsent = unsent[count:]
                    except BlockingIOError:
                        pass
                    if unsent:
                        rest.append((one, unsent))
                left = rest
                time.sleep(0.01)
            print(octets, flush=True)
            sys.stdin.read()
            """;

    @ParameterizedTest
    @EnumSource
    @DisplayName("a user of the host who takes all connections and begins large envelopes leaves room for the programs")
    void greedyUser(Form form) throws Exception {
        assumeTrue(CarteiroProcess.asRoot(), "SKIPPED: only root can be another user");
        Path python = Path.of("/usr/bin/python3");
        assumeTrue(Files.isExecutable(python), "SKIPPED: python3 is not installed");
        try (var carteiro = CarteiroProcess.prepare(form)) {
            carteiro.accounts("bob");
            carteiro.control("smtproutes", ":127.0.0.1:1");
            carteiro.start();
            Path run = carteiro.home().resolve("run");
            Process greedy = new ProcessBuilder(
                            "setpriv",
                            "--reuid=65534",
                            "--regid=65534",
                            "--clear-groups",
                            python.toString(),
                            "-c",
                            GREEDY_USER,
                            run.resolve("queue/enqueue").toString(),
                            run.resolve("lookup/lookup").toString())
                    .redirectErrorStream(true)
                    .start();
            try (var said = greedy.inputReader()) {
                assertThat(said.readLine()).isEqualTo("500 500");
                assertThat(Long.parseLong(said.readLine())).isBetween(8L << 20, 24L << 20);
                String many = IntStream.range(0, 600)
                        .mapToObj(i -> "recipient" + i + "@far.example")
                        .collect(Collectors.joining(",\n "));
                carteiro.commandWithInput("To: " + many + "\n\nby inject\n", "carteiro.inject.QmailInject");
                try (var client = new SmtpClient(carteiro.smtp())) {
                    assertThat(client.send("ann@example.net", List.of("bob@example.org"), MESSAGE))
                            .startsWith("250 ");
                }
                assertThat(carteiro.awaitMailbox("bob", 1)).hasSize(1);
                carteiro.awaitLog(
                        "warning: queue: .*run/queue/enqueue: connection by user \\S+ refused: there are 500 .*");
                assertThat(carteiro.log().stream()
                                .filter(line -> line.contains("run/queue/enqueue: "))
                                .toList())
                        .as("not a line each")
                        .hasSizeLessThan(10);
            } finally {
                greedy.destroyForcibly().waitFor();
            }
        }
    }

    private static void awaitNoSession(CarteiroProcess carteiro) {
        Control control = ControlWire.client("start", new Installation(carteiro.home()), CarteiroProcess.PATIENCE);
        carteiro.await("the end of every session", () -> {
            try {
                return control.ask(Control.ControlVerb.STATUS, "smtpd")
                        .programs()
                        .getFirst()
                        .status()
                        .contains(" sessions=0 ");
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        });
    }

    @ParameterizedTest
    @EnumSource
    @DisplayName("clients that stall, drip or send without end in a message are ended, and nothing of it is kept")
    void stallingDrippingEndless(Form form) throws Exception {
        try (var carteiro = CarteiroProcess.prepare(form)) {
            carteiro.accounts("bob");
            carteiro.control("timeoutsmtpd", "2");
            carteiro.control("timeoutsession", "4");
            carteiro.control("databytes", "1000000");
            carteiro.start();
            var threads = new ArrayList<Thread>();
            for (String more : List.of("", "x", "x".repeat(98).concat("\r\n").repeat(1000))) {
                threads.add(Thread.ofVirtual().start(() -> neverEnd(carteiro.smtp(), more)));
            }
            carteiro.awaitLog("smtpd: session .* ended: timeout");
            carteiro.awaitLog("smtpd: session .* ended: conversation too long");
            carteiro.awaitLog("smtpd: session .* ended: message without end");
            carteiro.awaitLog("smtpd: refused DATA from <a@example.net> client 127.0.0.1: 552 5.3.4 .*");
            for (Thread thread : threads) {
                thread.join();
            }
            awaitNoSession(carteiro);
            try (var client = new SmtpClient(carteiro.smtp())) {
                client.send("ann@example.net", List.of("bob@example.org"), MESSAGE);
            }
            assertThat(carteiro.awaitMailbox("bob", 1)).hasSize(1);
            assertThat(carteiro.log().stream().filter(line -> line.startsWith("new msg")))
                    .hasSize(1);
            try (Stream<Path> large = Files.list(carteiro.home().resolve("queue/large"))) {
                assertThat(large).isEmpty();
            }
        }
    }

    /** A message that goes on and on with this, a second octet ten times a second if it is a single one. */
    private static void neverEnd(InetSocketAddress smtp, String more) {
        try (var socket = new Socket()) {
            socket.connect(smtp, 10_000);
            OutputStream out = socket.getOutputStream();
            out.write("EHLO x\r\nMAIL FROM:<a@example.net>\r\nRCPT TO:<bob@example.org>\r\nDATA\r\nS: x\r\n\r\n"
                    .getBytes(StandardCharsets.US_ASCII));
            if (more.isEmpty()) {
                socket.getInputStream().readAllBytes(); // until it is closed over there
                return;
            }
            while (true) {
                out.write(more.getBytes(StandardCharsets.US_ASCII));
                if (more.length() == 1) {
                    LockSupport.parkNanos(100_000_000);
                }
            }
        } catch (IOException e) {
            // closed over there
        }
    }

    @ParameterizedTest
    @EnumSource
    @DisplayName("a header of 50 MB in one line is refused, by SMTP and by inject, and nothing of it is kept")
    void hugeHeader(Form form) throws Exception {
        String header = "X-Long: " + "x".repeat(50_000_000);
        try (var carteiro = CarteiroProcess.prepare(form)) {
            carteiro.accounts("bob");
            carteiro.start();
            try (var client = new SmtpClient(carteiro.smtp())) {
                assertThat(client.sendRaw("ann@example.net", List.of("bob@example.org"), header + "\r\n\r\nbody"))
                        .startsWith("552 5.6.0 ");
                carteiro.awaitLog("smtpd: refused .* from <ann@example.net> client 127.0.0.1.* 552 5.6.0 .*");
                var injected = carteiro.attempt(
                        "To: bob@example.org\n" + header + "\n\nbody\n", "carteiro.inject.QmailInject");
                assertThat(injected.exit()).as(injected.output()).isEqualTo(100);
                assertThat(injected.output()).contains("qmail-inject: fatal: header over ");
                assertThat(client.send("ann@example.net", List.of("bob@example.org"), MESSAGE))
                        .startsWith("250 ");
            }
            assertThat(carteiro.awaitMailbox("bob", 1)).hasSize(1);
            assertThat(carteiro.log().stream().filter(line -> line.startsWith("new msg")))
                    .hasSize(1);
        }
    }

    @ParameterizedTest
    @EnumSource
    @DisplayName("10,000 recipients get their message; the next one is put off")
    void tenThousandRecipients(Form form) throws Exception {
        int many = 10_000;
        try (var sink = SmtpSink.start();
                var carteiro = CarteiroProcess.prepare(form)) {
            carteiro.control("maxrecipients", String.valueOf(many));
            carteiro.control("smtproutes", ":127.0.0.1:" + sink.port());
            carteiro.control("rcpthosts", "far.example");
            carteiro.start();
            try (var client = new SmtpClient(carteiro.smtp())) {
                client.say("MAIL FROM:<ann@example.net>");
                for (int i = 0; i < many; i++) {
                    assertThat(client.say("RCPT TO:<u" + i + "@far.example>")).startsWith("250 ");
                }
                assertThat(client.say("RCPT TO:<one-more@far.example>")).startsWith("452 4.5.3 ");
                client.say("DATA");
                assertThat(client.say("Subject: x\r\n\r\nbody\r\n.")).startsWith("250 ");
            }
            carteiro.awaitLog("end msg \\d+");
            assertThat(sink.messages().stream().flatMap(message -> message.recipients().stream()))
                    .hasSize(many)
                    .doesNotHaveDuplicates()
                    .contains("u0@far.example", "u9999@far.example");
        }
    }

    @ParameterizedTest
    @EnumSource
    @DisplayName("clients that vanish at every step leave nothing in the queue and nothing running")
    void vanishing(Form form) throws Exception {
        List<String> dialogue = List.of(
                "EHLO x\r\n",
                "MAIL FROM:<ann@example.net>\r\n",
                "RCPT TO:<bob@example.org>\r\n",
                "DATA\r\n",
                "Subject: x\r\n\r\nbo",
                "dy\r\n",
                ".");
        try (var carteiro = CarteiroProcess.prepare(form)) {
            carteiro.accounts("bob");
            carteiro.start();
            for (int steps = 0; steps <= dialogue.size(); steps++) {
                try (var socket = new Socket()) {
                    socket.connect(carteiro.smtp(), 10_000);
                    socket.setSoTimeout(10_000);
                    socket.getInputStream().read();
                    OutputStream out = socket.getOutputStream();
                    for (String step : dialogue.subList(0, steps)) {
                        out.write(step.getBytes(StandardCharsets.US_ASCII));
                        out.flush();
                    }
                    if (steps % 2 == 1) {
                        socket.setSoLinger(true, 0); // a reset, not a farewell
                    }
                }
            }
            try (var client = new SmtpClient(carteiro.smtp())) {
                client.send("ann@example.net", List.of("bob@example.org"), MESSAGE);
            }
            assertThat(carteiro.awaitMailbox("bob", 1)).hasSize(1);
            assertThat(carteiro.log().stream().filter(line -> line.startsWith("new msg")))
                    .hasSize(1);
            assertThat(carteiro.log()).noneMatch(line -> line.contains("bug"));
        }
    }

    @Test
    @DisplayName("a full disk under the queue: 452 in the dialogue; with room again, all flows and nothing was lost")
    void fullDisk() throws Exception {
        assumeTrue(CarteiroProcess.asRoot(), "SKIPPED: only root can mount a small file system");
        try (var carteiro = CarteiroProcess.prepare(Form.ONE_PROCESS)) {
            carteiro.accounts("bob");
            Path queue = carteiro.home().resolve("queue");
            var mounted = CarteiroProcess.run(
                    List.of("mount", "-t", "tmpfs", "-o", "size=160m", "carteiro-test", queue.toString()),
                    Map.of(),
                    "");
            assumeTrue(mounted.exit() == 0, "SKIPPED: no small file system can be mounted here: " + mounted.output());
            try {
                carteiro.start();
                try (var client = new SmtpClient(carteiro.smtp())) {
                    assertThat(client.send("ann@example.net", List.of("bob@example.org"), MESSAGE))
                            .startsWith("250 ");
                    Path ballast = queue.resolve("ballast");
                    CarteiroProcess.run(List.of("dd", "if=/dev/zero", "of=" + ballast, "bs=1M"), Map.of(), "");
                    int accepted = 1;
                    String reply = "";
                    for (int i = 0; i < 200 && !reply.startsWith("452"); i++) {
                        reply = oneTransaction(client);
                        accepted += reply.startsWith("250") ? 1 : 0;
                    }
                    assertThat(reply).startsWith("452 4.3.1");
                    Files.delete(ballast);
                    carteiro.await("mail is accepted again", () -> {
                        try {
                            return oneTransaction(client).startsWith("250");
                        } catch (java.io.IOException e) {
                            throw new java.io.UncheckedIOException(e);
                        }
                    });
                    assertThat(carteiro.awaitMailbox("bob", accepted + 1)).hasSize(accepted + 1);
                }
                carteiro.stop();
            } finally {
                if (carteiro.process() != null && carteiro.process().isAlive()) {
                    carteiro.killAll();
                }
                CarteiroProcess.run(List.of("umount", queue.toString()), Map.of(), "");
            }
        }
    }

    /** One message; the reply to whatever step was refused, or to the last. */
    private static String oneTransaction(SmtpClient client) throws java.io.IOException {
        client.say("RSET");
        for (String step : List.of("MAIL FROM:<ann@example.net>", "RCPT TO:<bob@example.org>", "DATA")) {
            String reply = client.say(step);
            if (!reply.startsWith("2") && !reply.startsWith("3")) {
                return reply;
            }
        }
        return client.say("Subject: x\r\n\r\n" + ("x".repeat(70) + "\r\n").repeat(800) + ".");
    }

    @ParameterizedTest
    @EnumSource
    @DisplayName("an unreadable control file is named, with the rest of the mistakes, and nothing starts")
    void badControlFiles(Form form) throws Exception {
        try (var carteiro = CarteiroProcess.prepare(form)) {
            makeUnreadable(carteiro, "databytes");
            carteiro.control("maxrecipients", "5");
            carteiro.control("timeoutremote", "0");
            carteiro.launch();
            assertThat(carteiro.process().waitFor(CarteiroProcess.PATIENCE.toSeconds(), TimeUnit.SECONDS))
                    .isTrue();
            assertThat(carteiro.process().exitValue()).isEqualTo(111);
            for (String mistake : List.of("timeoutremote:1: ", "maxrecipients:1: ", "databytes: cannot be read")) {
                carteiro.await(
                        mistake,
                        () -> carteiro.log().stream()
                                .anyMatch(line -> line.startsWith("alert: cannot start: control/" + mistake)));
            }
            assertThat(carteiro.log())
                    .filteredOn(line -> line.startsWith("alert: cannot start: control/databytes"))
                    .hasSize(1);
            assertThat(carteiro.process().descendants()).isEmpty();
        }
    }

    @ParameterizedTest
    @EnumSource
    @DisplayName("a control file that has become unreadable is named at a reload, and the old settings stay")
    void badControlFilesAtReload(Form form) throws Exception {
        try (var carteiro = CarteiroProcess.prepare(form)) {
            carteiro.accounts("bob");
            carteiro.start();
            Path locals = carteiro.home().resolve("control/locals");
            Files.move(locals, locals.resolveSibling("locals.away"));
            makeUnreadable(carteiro, "locals");
            var reload = carteiro.attempt(
                    "",
                    "carteiro.start.Start",
                    "reload",
                    "--home",
                    carteiro.home().toString());
            assertThat(reload.exit()).isEqualTo(111);
            assertThat(reload.output())
                    .contains("lookup keeps its old settings: control/locals: cannot be read")
                    .doesNotContain("is missing");
            carteiro.awaitLog("alert: start: send keeps its old settings: control/locals: cannot be read .*");
            try (var client = new SmtpClient(carteiro.smtp())) {
                client.send("ann@example.net", List.of("bob@example.org"), MESSAGE);
            }
            assertThat(carteiro.awaitMailbox("bob", 1)).hasSize(1);
        }
    }

    /** Not even root can read a folder as a file. */
    private static void makeUnreadable(CarteiroProcess carteiro, String name) throws IOException {
        Files.createDirectory(carteiro.home().resolve("control").resolve(name));
    }
}
