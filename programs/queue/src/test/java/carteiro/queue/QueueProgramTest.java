package carteiro.queue;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import carteiro.control.ControlException;
import carteiro.control.Installation;
import carteiro.log.EventLog;
import carteiro.protocol.DirectWires;
import carteiro.protocol.Enqueue.Receipt;
import carteiro.protocol.Program;
import carteiro.protocol.SocketWires;
import carteiro.protocol.Waiting.RecipientState;
import carteiro.protocol.Waiting.Report;
import carteiro.protocol.Waiting.WaitingMessage;
import carteiro.protocol.Wires;
import carteiro.testkit.Covers;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.ServiceLoader;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** The program, as start runs it and as others reach it. */
class QueueProgramTest {
    enum Form {
        ONE_PROCESS,
        SPLIT
    }

    @TempDir
    Path home;

    private final ByteArrayOutputStream lines = new ByteArrayOutputStream();
    private final EventLog log = new EventLog(lines, EventLog.LogFormat.PLAIN, Clock.systemUTC());
    private final List<AutoCloseable> open = new ArrayList<>();

    @BeforeEach
    void control() throws IOException {
        Files.createDirectories(home.resolve("control"));
        Files.writeString(home.resolve("control/queuediskfloor"), "1048576\n");
    }

    @Test
    void aQueueOfQmailIsNamedWithTheWayOn() throws Exception {
        for (String name : List.of("mess", "lock", "todo")) {
            Files.createDirectories(home.resolve("queue").resolve(name));
        }
        var installation = new Installation(home);
        try (var wires = new SocketWires(installation, log)) {
            var context = new Program.ProgramContext(installation, wires, log, Map.of(), () -> {});
            assertThatThrownBy(() -> new QueueProgram().start(context))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("is qmail's own")
                    .hasMessageContaining("qmail-qstat");
        }
        assertThat(home.resolve("queue/format")).doesNotExist();
    }

    @AfterEach
    void close() throws Exception {
        for (AutoCloseable one : open.reversed()) {
            one.close();
        }
        log.close();
    }

    private Wires wires(Form form) {
        var sockets = new SocketWires(new Installation(home), log);
        open.add(sockets);
        return form == Form.SPLIT ? sockets : new DirectWires(sockets);
    }

    private Program.RunningProgram start(Wires wires) throws Exception {
        Program queue = ServiceLoader.load(Program.class).stream()
                .map(ServiceLoader.Provider::get)
                .filter(program -> program.name().equals("queue"))
                .findFirst()
                .orElseThrow();
        Program.RunningProgram running =
                queue.start(new Program.ProgramContext(new Installation(home), wires, log, Map.of(), () -> {}));
        open.add(() -> running.stop(Duration.ofSeconds(5)));
        return running;
    }

    @ParameterizedTest
    @EnumSource
    @Covers("qmail:A05")
    void messagesAreTakenPresentedReadAndEnded(Form form) throws Exception {
        Wires wires = wires(form);
        Program.RunningProgram queue = start(wires);
        byte[] small = Sample.octets(5000, 1);
        byte[] large = Sample.octets(800_000, 2);
        long first = Sample.accepted(wires.enqueue(), small, "a@x");
        long second = Sample.accepted(wires.enqueue(), large, "b@x", "c@x");
        assertThat(queue.status()).startsWith("messages=2 recipients=3 unseen=2 octets=805000 segments=1 disk=");
        try (var session = wires.waiting().open()) {
            List<WaitingMessage> waiting = Sample.drain(session);
            assertThat(waiting).extracting(WaitingMessage::message).containsExactly(first, second);
            for (WaitingMessage message : waiting) {
                try (var body = wires.messages().open(message.message())) {
                    assertThat(body.readAllBytes()).isEqualTo(message.message() == first ? small : large);
                }
            }
            session.report(List.of(new Report.MessageEnded(first), new Report.RecipientFailed(second, 0, "no\n")));
            assertThat(session.failures(second)).hasSize(1);
        }
        queue.stop(Duration.ofSeconds(5));
        assertThatThrownBy(() -> Sample.submit(wires.enqueue(), small, Sample.envelope("a@x")))
                .isInstanceOf(IOException.class);
        Program.RunningProgram again = start(wires);
        try (var session = wires.waiting().open()) {
            List<WaitingMessage> waiting = Sample.drain(session);
            assertThat(waiting).extracting(WaitingMessage::message).containsExactly(second);
            assertThat(waiting.getFirst().states())
                    .containsExactly(new RecipientState.ToBounce(), RecipientState.Due.NOW);
        }
        assertThat(wires.inspection().page(0, 10)).hasSize(1);
        assertThat(wires.cleaning().dead()).isEmpty();
        assertThat(again.status()).startsWith("messages=1 recipients=1 ");
    }

    @Test
    @Covers("qmail:Q07")
    void manyClientsOverSocketsGetNumbersOfTheirOwn() throws Exception {
        Wires wires = wires(Form.SPLIT);
        start(wires);
        try (var clients = Executors.newVirtualThreadPerTaskExecutor()) {
            var sent = new ArrayList<Future<Long>>();
            for (int i = 0; i < 200; i++) {
                byte[] message = Sample.octets(2000, i);
                sent.add(clients.submit((Callable<Long>) () -> Sample.accepted(wires.enqueue(), message, "a@x")));
            }
            var numbers = new ArrayList<Long>();
            for (Future<Long> one : sent) {
                numbers.add(one.get());
            }
            assertThat(numbers).doesNotHaveDuplicates();
            for (int i = 0; i < 200; i++) {
                try (var body = wires.messages().open(numbers.get(i))) {
                    assertThat(body.readAllBytes()).isEqualTo(Sample.octets(2000, i));
                }
            }
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
                    15:12:Mhello world\\n,      |
                    15:12:Mhel                 |
                    99999999999999999999:      |
                    200000000:M                |
                    3:1:X,,                    |
                    20:1:E,3:a@b,9:notnumber,, |
                    4:,,,,,                    |
                    """)
    @Covers("qmail:Q02")
    void callerThatStopsOrTalksNonsenseLeavesNothingBehind(String octets) throws Exception {
        Wires wires = wires(Form.SPLIT);
        Program.RunningProgram queue = start(wires);
        long before = Sample.accepted(wires.enqueue(), Sample.octets(10, 1), "a@x");
        try (var caller = SocketChannel.open(UnixDomainSocketAddress.of(home.resolve("run/queue/enqueue")))) {
            caller.write(ByteBuffer.wrap(
                    ("+1\n" + octets.strip().replace("\\n", "\n")).getBytes(StandardCharsets.US_ASCII)));
            caller.shutdownOutput();
            assertThat(Channels.newInputStream(caller).readAllBytes())
                    .asString()
                    .isEqualTo("+1\n");
        }
        assertThat(queue.status()).startsWith("messages=1 ");
        assertThat(Sample.accepted(wires.enqueue(), Sample.octets(10, 1), "a@x"))
                .isEqualTo(before + 1);
    }

    @Test
    void secondQueueOnOneHomeIsRefused() throws Exception {
        start(wires(Form.SPLIT));
        Wires others = wires(Form.SPLIT);
        assertThatThrownBy(() -> start(others)).hasMessageContaining("another queue is running on this HOME");
    }

    @Test
    void badSettingLeavesTheOldOneAndNamesEveryMistake() throws Exception {
        Wires wires = wires(Form.ONE_PROCESS);
        Program.RunningProgram queue = start(wires);
        Files.writeString(home.resolve("control/queuememory"), "5\n");
        Files.writeString(home.resolve("control/queuediskfloor"), "1\n");
        assertThatThrownBy(queue::reload)
                .isInstanceOf(ControlException.class)
                .hasMessageContaining("control/queuememory:1: \"5\" is not a number from 1048576 to")
                .hasMessageContaining("control/queuediskfloor:1: \"1\" is not a number from 1048576 to");
        Sample.accepted(wires.enqueue(), Sample.octets(10, 1), "a@x");
        Files.delete(home.resolve("control/queuememory"));
        Files.writeString(home.resolve("control/queuediskfloor"), "1125899906842624\n");
        queue.reload();
        long until = System.nanoTime() + Duration.ofSeconds(20).toNanos();
        Receipt receipt;
        do { // the disk is looked at ten times a second
            receipt = Sample.submit(wires.enqueue(), Sample.octets(10, 1), Sample.envelope("a@x"));
        } while (receipt instanceof Receipt.Accepted && System.nanoTime() - until < 0);
        assertThat(receipt).isInstanceOf(Receipt.TemporaryFailure.class);
    }
}
