package carteiro.remote;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import carteiro.control.ControlException;
import carteiro.control.Installation;
import carteiro.log.EventLog;
import carteiro.mail.Address;
import carteiro.mail.Envelope;
import carteiro.mail.Envelope.AddressForm;
import carteiro.mail.Envelope.BodyType;
import carteiro.mail.Octets;
import carteiro.mail.Outcome;
import carteiro.protocol.Deliver;
import carteiro.protocol.DirectWires;
import carteiro.protocol.Messages;
import carteiro.protocol.NotRunningException;
import carteiro.protocol.Program;
import carteiro.protocol.SocketWires;
import carteiro.protocol.Wires;
import carteiro.testkit.Covers;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.ServiceLoader;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The program between its neighbours. */
class RemoteTest {
    private static final String GOOD = """
            S: 220 ready
            C: EHLO *
            S: 250 next.example
            C: MAIL *
            S: 250 ok
            C: RCPT *
            S: 250 ok
            C: DATA
            S: 354 go
            D:
            S: 250 taken
            """;

    /** How the programs are joined. */
    enum Form {
        DIRECT,
        SOCKETS
    }

    @TempDir
    Path home;

    private final ByteArrayOutputStream lines = new ByteArrayOutputStream();
    private final EventLog log = new EventLog(lines, EventLog.LogFormat.PLAIN, Clock.systemUTC());
    private final List<AutoCloseable> open = new ArrayList<>();
    private Installation installation;

    @BeforeEach
    void layOut() throws IOException {
        installation = new Installation(home);
        Files.createDirectories(installation.control());
        control("me", "client.example");
    }

    private void control(String file, String text) throws IOException {
        Files.writeString(installation.control(file), text + "\n");
    }

    @AfterEach
    void end() throws Exception {
        for (AutoCloseable each : open.reversed()) {
            each.close();
        }
        log.close();
    }

    private Wires wires(Form form) {
        var sockets = new SocketWires(installation, log);
        Wires wires = form == Form.DIRECT ? new DirectWires(sockets) : sockets;
        open.add(wires);
        return wires;
    }

    private Program.RunningProgram start(Wires wires) throws Exception {
        return start(wires, Map.of());
    }

    private Program.RunningProgram start(Wires wires, Map<String, String> environment) throws Exception {
        Program remote = ServiceLoader.load(Program.class).stream()
                .map(ServiceLoader.Provider::get)
                .filter(program -> program.name().equals("remote"))
                .findFirst()
                .orElseThrow();
        Program.RunningProgram running =
                remote.start(new Program.ProgramContext(installation, wires, log, environment, () -> {}));
        open.add(() -> running.stop(Duration.ofSeconds(1)));
        return running;
    }

    private void offerMessages(Wires wires, byte[] message) throws IOException {
        Messages messages = number -> {
            if (number != 7) {
                throw new FileNotFoundException("no message " + number);
            }
            return new Body(message);
        };
        open.add(wires.offer(messages));
    }

    private static final class Body extends Messages.MessageBody {
        private final InputStream in;
        private final int length;

        Body(byte[] octets) {
            in = new ByteArrayInputStream(octets);
            length = octets.length;
        }

        @Override
        public long octets() {
            return length;
        }

        @Override
        public int read() throws IOException {
            return in.read();
        }

        @Override
        public int read(byte[] into, int from, int count) throws IOException {
            return in.read(into, from, count);
        }
    }

    private static Deliver.Delivery delivery(long message, String... recipients) {
        return new Deliver.Delivery(
                1,
                message,
                10,
                new Envelope(
                        new Address("s@client.example"),
                        List.of(recipients).stream().map(Address::new).toList(),
                        BodyType.SEVEN_BIT,
                        AddressForm.ASCII,
                        Envelope.NO_UID),
                "");
    }

    @ParameterizedTest
    @EnumSource
    void aMessageOfTheQueueIsDelivered(Form form) throws Exception {
        Wires wires = wires(form);
        try (var server = ScriptedServer.start(GOOD)) {
            control("smtproutes", ":[127.0.0.1]:" + server.port());
            offerMessages(wires, Octets.bytes("Subject: x\n\n.y\n"));
            Program.RunningProgram running = start(wires);
            List<Outcome> outcomes = wires.deliver(Wires.Channel.REMOTE).deliver(delivery(7, "a@example.org"));
            assertThat(outcomes).singleElement().isInstanceOf(Outcome.Delivered.class);
            assertThat(server.messages())
                    .singleElement()
                    .extracting(Octets::text)
                    .isEqualTo("Subject: x\r\n\r\n..y\r\n");
            assertThat(running.status()).isEqualTo("running=0 kept=1");
            running.stop(Duration.ofSeconds(1));
            assertThat(server.heardToTheEnd(0)).endsWith("QUIT");
            running.stop(Duration.ofSeconds(1));
        }
    }

    @ParameterizedTest
    @EnumSource
    void withoutTheQueueOrTheMessageAllIsDeferred(Form form) throws Exception {
        Wires wires = wires(form);
        try (var server = ScriptedServer.start("S: 220 ready\nC: EHLO *\nS: 250 a")) {
            control("smtproutes", ":[127.0.0.1]:" + server.port());
            start(wires);
            Deliver remote = wires.deliver(Wires.Channel.REMOTE);
            assertThat(remote.deliver(delivery(7, "a@example.org", "b@example.org")))
                    .hasSize(2)
                    .allSatisfy(outcome -> assertThat(outcome).isInstanceOf(Outcome.Deferred.class));
            offerMessages(wires, Octets.bytes("x\n"));
            assertThat(remote.deliver(delivery(8, "a@example.org")))
                    .singleElement()
                    .isInstanceOf(Outcome.Deferred.class);
        }
    }

    @Test
    void aBadReloadLeavesTheOldSettingsAndAGoodOneTakesHold() throws Exception {
        Wires wires = wires(Form.DIRECT);
        try (var first = ScriptedServer.start(GOOD + GOOD.substring(GOOD.indexOf("C: MAIL")));
                var second = ScriptedServer.start(GOOD)) {
            control("smtproutes", ":[127.0.0.1]:" + first.port());
            offerMessages(wires, Octets.bytes("x\n"));
            Program.RunningProgram running = start(wires);
            Deliver remote = wires.deliver(Wires.Channel.REMOTE);
            remote.deliver(delivery(7, "a@example.org"));
            control("smtproutes", ":[127.0.0.1]:x");
            assertThatThrownBy(running::reload).isInstanceOf(ControlException.class);
            remote.deliver(delivery(7, "a@example.org"));
            assertThat(first.messages()).hasSize(2);
            control("smtproutes", ":[127.0.0.1]:" + second.port());
            running.reload();
            remote.deliver(delivery(7, "a@example.org"));
            assertThat(second.messages()).hasSize(1);
        }
    }

    @ParameterizedTest
    @EnumSource
    void stoppingWaitsForDeliveriesInHandAndThenEndsThem(Form form) throws Exception {
        Wires wires = wires(form);
        try (var server = ScriptedServer.start(GOOD.replace("S: 250 taken", "W:"));
                var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            control("smtproutes", ":[127.0.0.1]:" + server.port());
            offerMessages(wires, Octets.bytes("x\n"));
            Program.RunningProgram running = start(wires);
            Future<List<Outcome>> outcome = threads.submit((Callable<List<Outcome>>)
                    () -> wires.deliver(Wires.Channel.REMOTE).deliver(delivery(7, "a@example.org")));
            awaitTrue(() -> server.messages().size() == 1);
            assertThat(running.status()).startsWith("running=1 ");
            running.stop(Duration.ofMillis(200));
            assertThat(outcome.get(10, TimeUnit.SECONDS)).singleElement().satisfies(deferred -> {
                assertThat(deferred).isInstanceOf(Outcome.Deferred.class);
                assertThat(deferred.report()).contains("Possible duplicate!");
            });
            assertThatThrownBy(() -> wires.deliver(Wires.Channel.REMOTE).deliver(delivery(7, "a@example.org")))
                    .isInstanceOf(IOException.class);
        }
    }

    @ParameterizedTest
    @EnumSource
    void whileStoppingNothingNewIsTried(Form form) throws Exception {
        Wires wires = wires(form);
        try (var server =
                        ScriptedServer.start(GOOD.replace("S: 250 taken", "W:")).leniently();
                var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            control("smtproutes", ":[127.0.0.1]:" + server.port());
            offerMessages(wires, Octets.bytes("x\n"));
            Program.RunningProgram running = start(wires);
            Deliver remote = wires.deliver(Wires.Channel.REMOTE);
            var _ = threads.submit((Callable<List<Outcome>>) () -> remote.deliver(delivery(7, "a@example.org")));
            awaitTrue(() -> server.messages().size() == 1);
            Future<?> stopped = threads.submit(() -> running.stop(Duration.ofSeconds(30)));
            awaitTrue(() -> {
                try {
                    remote.deliver(delivery(8, "b@example.org"));
                    return false;
                } catch (NotRunningException e) {
                    return true;
                } catch (IOException e) {
                    return false;
                }
            });
            assertThat(stopped.isDone()).isFalse();
            server.close();
            stopped.get(10, TimeUnit.SECONDS);
        }
    }

    @Test
    void aProgramWithBadSettingsDoesNotStart() throws Exception {
        control("smtproutes", ":[127.0.0.1]:x");
        control("timeoutremote", "0");
        Wires wires = wires(Form.DIRECT);
        assertThatThrownBy(() -> start(wires))
                .isInstanceOfSatisfying(
                        ControlException.class, e -> assertThat(e.problems()).hasSize(2));
    }

    private static void awaitTrue(java.util.function.BooleanSupplier condition) {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        while (!condition.getAsBoolean() && System.nanoTime() < deadline) {
            LockSupport.parkNanos(5_000_000);
        }
        assertThat(condition.getAsBoolean()).isTrue();
    }

    @Test
    void postfixsSinkReceivesManyMessagesOctetForOctet() throws Exception {
        Path sink = Path.of("/usr/sbin/smtp-sink");
        Assumptions.assumeTrue(Files.isExecutable(sink), "smtp-sink (package postfix) is not installed");
        int port;
        try (var free = new ServerSocket(0)) {
            port = free.getLocalPort();
        }
        Path dumps = Files.createDirectories(home.resolve("dumps"));
        var command = new ArrayList<>(List.of(sink.toString()));
        if (Files.getOwner(home).getName().equals("root")) {
            command.addAll(List.of("-u", "root"));
        }
        command.addAll(List.of("-d", dumps + "/%M.", "127.0.0.1:" + port, "100"));
        Process process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(home.resolve("sink.out").toFile())
                .start();
        try {
            awaitTrue(() -> answers(port));
            control("smtproutes", ":127.0.0.1:" + port);
            Wires wires = wires(Form.DIRECT);
            String message = "Subject: caf\u00e9\n\n.\n..dots\n" + "a long line ".repeat(60) + "\n\n"
                    + "x\n".repeat(20_000) + "last\n";
            offerMessages(wires, Octets.bytes(message));
            start(wires);
            Deliver remote = wires.deliver(Wires.Channel.REMOTE);
            int many = 30;
            try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
                var futures = new ArrayList<Future<List<Outcome>>>();
                for (int i = 0; i < many; i++) {
                    futures.add(threads.submit((Callable<List<Outcome>>)
                            () -> remote.deliver(delivery(7, "a@example.org", "b@example.org"))));
                }
                for (Future<List<Outcome>> future : futures) {
                    assertThat(future.get(30, TimeUnit.SECONDS))
                            .hasSize(2)
                            .allSatisfy(outcome -> assertThat(outcome).isInstanceOf(Outcome.Delivered.class));
                }
            }
            try (var files = Files.list(dumps)) {
                List<Path> all = files.toList();
                assertThat(all).hasSize(many);
                for (Path each : all) {
                    String dump = Octets.text(Files.readAllBytes(each));
                    int start = dump.indexOf("Subject: ");
                    assertThat(dump.substring(start).stripTrailing() + "\n").isEqualTo(message);
                }
            }
        } finally {
            process.destroy();
            process.waitFor(10, TimeUnit.SECONDS);
        }
    }

    private static boolean answers(int port) {
        try (var socket = new Socket()) {
            socket.connect(new InetSocketAddress("127.0.0.1", port), 1000);
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    private Map<String, String> otherProgram(String script) throws IOException {
        Path program = home.resolve("other");
        Files.writeString(program, "#!/bin/sh\n" + script + "\n");
        Files.setPosixFilePermissions(program, java.nio.file.attribute.PosixFilePermissions.fromString("rwx------"));
        return Map.of("QMAILREMOTE", program.toString());
    }

    @ParameterizedTest
    @EnumSource
    @Covers("qmail:P10")
    void theProgramOfQmailremoteIsRunInItsPlace(Form form) throws Exception {
        Wires wires = wires(form);
        offerMessages(wires, Octets.bytes("Subject: x\n\n.y\n"));
        var environment = otherProgram("""
                for word; do echo "$word"; done > "$CARTEIRO_HOME/words"
                cat > "$CARTEIRO_HOME/message"
                printf 'r\\0'
                printf 'hno such user (#5.1.1)\\n\\0'
                printf 'Kaccepted\\n\\0'
                """);
        start(wires, environment);
        String wide = Octets.text("\u00fc@example.org".getBytes(java.nio.charset.StandardCharsets.UTF_8));
        List<Outcome> outcomes = wires.deliver(Wires.Channel.REMOTE).deliver(delivery(7, "a b@example.org", wide));
        assertThat(outcomes.get(0)).isInstanceOf(Outcome.Delivered.class);
        assertThat(outcomes.get(0).report()).isEqualTo("accepted\n");
        assertThat(outcomes.get(1)).isInstanceOf(Outcome.Failed.class);
        assertThat(outcomes.get(1).status()).hasToString("5.1.1");
        assertThat(Files.readString(home.resolve("words")))
                .isEqualTo("example.org\ns@client.example\na b@example.org\n\u00fc@example.org\n");
        assertThat(Files.readString(home.resolve("message"))).isEqualTo("Subject: x\n\n.y\n");
        try (var left = Files.list(installation.run("remote"))) {
            assertThat(left.map(file -> file.getFileName().toString()))
                    .noneMatch(name -> name.startsWith("message-") || name.startsWith("records-"));
        }
    }

    @ParameterizedTest(name = "{0}")
    @org.junit.jupiter.params.provider.CsvSource(delimiter = '@', quoteCharacter = '"', textBlock = """
            true                                      @ no record for the message
            printf 'r\\0'                             @ no record for the message
            printf 'Kok'                              @ no record for the message
            printf 'Kok\\0'                           @ records for 0 of 1 recipients
            printf 'xok\\0'                           @ record that begins with
            printf 'r\\0Kok\\0'; exit 111             @ exit code 111
            kill -9 $$                                @ exit code 137
            head -c 3000000 /dev/zero                 @ over 1048576 octets
            while head -c 99999 /dev/zero; do :; done @ over 1048576 octets
            """)
    void whateverElseTheProgramOfQmailremoteDoesTheMessageWaits(String script, String why) throws Exception {
        Wires wires = wires(Form.DIRECT);
        offerMessages(wires, Octets.bytes("x\n"));
        start(wires, otherProgram(script));
        List<Outcome> outcomes = wires.deliver(Wires.Channel.REMOTE).deliver(delivery(7, "a@example.org"));
        assertThat(outcomes).singleElement().isInstanceOf(Outcome.Deferred.class);
        assertThat(outcomes.getFirst().report()).contains("QMAILREMOTE names", why);
    }

    @Test
    void recordsOfQmailremotesProgramAreTakenOncePerRecipient() throws Exception {
        Wires wires = wires(Form.DIRECT);
        offerMessages(wires, Octets.bytes("x\n"));
        start(wires, otherProgram("printf 'r\\0hno such user\\0r\\0Kok\\0'"));
        Deliver remote = wires.deliver(Wires.Channel.REMOTE);
        assertThat(remote.deliver(delivery(7, "a@example.org", "b@example.org")))
                .hasExactlyElementsOfTypes(Outcome.Delivered.class, Outcome.Failed.class);
        List<Outcome> four =
                remote.deliver(delivery(7, "a@example.org", "b@example.org", "c@example.org", "d@example.org"));
        assertThat(four)
                .hasExactlyElementsOfTypes(
                        Outcome.Delivered.class, Outcome.Failed.class, Outcome.Delivered.class, Outcome.Deferred.class);
        assertThat(four.getLast().report()).contains("records for 3 of 4 recipients");
    }

    @Test
    void aFileThatCannotBeRemovedChangesNothingOfWhatQmailremotesProgramHasDone() throws Exception {
        Wires wires = wires(Form.DIRECT);
        offerMessages(wires, Octets.bytes("x\n"));
        start(wires, otherProgram("""
                file=$(echo "$CARTEIRO_HOME"/run/remote/message-*)
                rm "$file" && mkdir "$file" && touch "$file/x"
                printf 'r\\0Kok\\0'
                """));
        assertThat(wires.deliver(Wires.Channel.REMOTE).deliver(delivery(7, "a@example.org")))
                .singleElement()
                .isInstanceOf(Outcome.Delivered.class);
        try (var left = Files.list(installation.run("remote"))) {
            assertThat(left.map(file -> file.getFileName().toString()))
                    .as("the other is removed nevertheless")
                    .noneMatch(name -> name.startsWith("records-"));
        }
    }

    @Test
    void aProgramOfQmailremoteThatCannotBeRunLetsMailWait() throws Exception {
        Wires wires = wires(Form.DIRECT);
        offerMessages(wires, Octets.bytes("x\n"));
        start(wires, Map.of("QMAILREMOTE", home.resolve("none").toString()));
        Deliver remote = wires.deliver(Wires.Channel.REMOTE);
        List<Outcome> outcomes = remote.deliver(delivery(7, "a@example.org", "\u00ff@example.org"));
        assertThat(outcomes).hasSize(2).allMatch(outcome -> outcome instanceof Outcome.Deferred);
        assertThat(outcomes.getFirst().report()).contains("not UTF-8");
        outcomes = remote.deliver(delivery(7, "a@example.org"));
        assertThat(outcomes).singleElement().isInstanceOf(Outcome.Deferred.class);
        assertThat(outcomes.getFirst().report()).contains("exit code 127");
    }

    @Test
    void stoppingEndsTheProgramOfQmailremote() throws Exception {
        Wires wires = wires(Form.DIRECT);
        offerMessages(wires, Octets.bytes("x\n"));
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            Program.RunningProgram running =
                    start(wires, otherProgram("echo x > $CARTEIRO_HOME/begun; exec sleep 600"));
            Future<List<Outcome>> outcome = threads.submit((Callable<List<Outcome>>)
                    () -> wires.deliver(Wires.Channel.REMOTE).deliver(delivery(7, "a@example.org")));
            awaitTrue(() -> Files.exists(home.resolve("begun")));
            running.stop(Duration.ofMillis(200));
            assertThat(outcome.get(10, TimeUnit.SECONDS)).singleElement().isInstanceOf(Outcome.Deferred.class);
        }
    }

    @Test
    void remoteWarnsOfPasswordsThatOthersCanRead() throws Exception {
        control("smtproutes", ":relay.example:587|ann|sesame");
        control("authsenders", "@example.org:relay.example:587|ann|sesame");
        Files.setPosixFilePermissions(installation.control("smtproutes"), PosixFilePermissions.fromString("rw-r-----"));
        Files.setPosixFilePermissions(
                installation.control("authsenders"), PosixFilePermissions.fromString("rw-------"));
        Program.RunningProgram running = start(wires(Form.DIRECT));
        Files.setPosixFilePermissions(
                installation.control("authsenders"), PosixFilePermissions.fromString("rw-r--r--"));
        Files.delete(installation.control("smtproutes"));
        running.reload();
        log.close();
        assertThat(lines.toString().lines().filter(line -> line.startsWith("warning: ")))
                .containsExactly(
                        "warning: remote: control/smtproutes has passwords and can be read by others than its owner;"
                                + " chown qmailr it and chmod 600 it",
                        "warning: remote: control/authsenders has passwords and can be read by others than its owner;"
                                + " chown qmailr it and chmod 600 it");
        assertThat(lines.toString()).doesNotContain("sesame");
    }
}
