package carteiro.protocol;

import static org.assertj.core.api.Assertions.assertThat;

import carteiro.control.Installation;
import carteiro.log.EventLog;
import carteiro.mail.Address;
import carteiro.mail.Envelope;
import carteiro.mail.Envelope.AddressForm;
import carteiro.mail.Envelope.BodyType;
import java.io.ByteArrayOutputStream;
import java.io.Closeable;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.ServerSocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A thread that its program cannot do without does not end unnoticed. */
@Timeout(60)
class VitalThreadTest {
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    @TempDir
    Path home;

    private final ByteArrayOutputStream lines = new ByteArrayOutputStream();

    private VitalThread run(boolean stopping, Runnable work) throws Exception {
        try (var log = new EventLog(lines, EventLog.LogFormat.PLAIN, Clock.systemUTC())) {
            var thread = VitalThread.start(Thread.ofVirtual().name("toy/work"), "toy", log, () -> stopping, work);
            assertThat(thread.join(PATIENCE)).isTrue();
            return thread;
        }
    }

    private String said() {
        return lines.toString(StandardCharsets.ISO_8859_1);
    }

    @Test
    void oneThatReturnsThoughNobodyStopsTheProgramIsLost() throws Exception {
        assertThat(run(false, () -> {}).alive()).isFalse();
        assertThat(said()).contains("alert: toy: its thread toy/work has ended; toy cannot work without it");
    }

    @Test
    void oneThatFailsIsLostAndTheMistakeIsTold() throws Exception {
        VitalThread thread = run(false, () -> {
            throw new StackOverflowError("no end");
        });
        assertThat(thread.alive()).isFalse();
        assertThat(said())
                .contains("StackOverflowError: no end")
                .contains("its thread toy/work has ended by a mistake");
    }

    @Test
    void oneThatFailsWhileTheProgramStopsIsToldTo() throws Exception {
        VitalThread thread = run(true, () -> {
            throw new IllegalStateException("late");
        });
        assertThat(thread.alive()).isFalse();
        assertThat(said()).contains("IllegalStateException: late");
    }

    @Test
    void oneThatEndsWithItsProgramIsNotMissed() throws Exception {
        assertThat(run(true, () -> {}).alive()).isTrue();
        assertThat(said()).isEmpty();
    }

    @Test
    void aProgramWhoseEndpointLetsNobodyInAnyMoreIsNotAlive() throws Exception {
        try (var log = new EventLog(lines, EventLog.LogFormat.PLAIN, Clock.systemUTC());
                var sockets = new SocketWires(new Installation(home), log)) {
            Messages none = _ -> Messages.MessageBody.of(new byte[0]);
            Closeable endpoint = sockets.offer(none);
            var both = new DirectWires(sockets);
            assertThat(both.serves("queue")).isTrue();
            listenerOf(sockets).close(); // as if it had failed
            while (both.serves("queue")) {
                LockSupport.parkNanos(1_000_000);
            }
            assertThat(both.serves("local")).as("another program").isTrue();
            endpoint.close();
            assertThat(both.serves("queue")).as("when it is stopped").isTrue();
        }
        assertThat(said()).contains("alert: queue: its thread queue/messages has ended");
    }

    @Test
    void anEndpointThatIsClosedIsNotMissed() throws Exception {
        try (var log = new EventLog(lines, EventLog.LogFormat.PLAIN, Clock.systemUTC());
                var sockets = new SocketWires(new Installation(home), log)) {
            sockets.offer((Messages) _ -> Messages.MessageBody.of(new byte[0])).close();
            assertThat(sockets.serves("queue")).isTrue();
        }
        assertThat(said()).isEmpty();
    }

    private static ServerSocketChannel listenerOf(SocketWires sockets) throws ReflectiveOperationException {
        var open = SocketWires.class.getDeclaredField("open");
        open.setAccessible(true);
        Object keeper = ((java.util.Set<?>) open.get(sockets)).iterator().next();
        var listener = EndpointServer.class.getDeclaredField("listener");
        listener.setAccessible(true);
        return (ServerSocketChannel) listener.get(keeper);
    }

    @Test
    void aProcessOutOfMemoryEndsWhicheverOfItsThreadsGotTheError() throws Exception {
        for (String thread : List.of("vital", "answer", "conversation")) {
            Process process = new ProcessBuilder(
                            Path.of(System.getProperty("java.home"), "bin", "java")
                                    .toString(),
                            "-Xmx32m",
                            "--enable-native-access=ALL-UNNAMED",
                            "-cp",
                            System.getProperty("java.class.path"),
                            Exhausted.class.getName(),
                            thread,
                            home.toString())
                    .redirectErrorStream(true)
                    .start();
            try {
                process.getOutputStream().close();
                String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);
                assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
                assertThat(process.exitValue()).as(thread + ": " + output).isEqualTo(VitalThread.OUT_OF_MEMORY);
                assertThat(output).contains("out of memory; this process ends");
            } finally {
                process.destroyForcibly();
            }
        }
    }

    /** A process whose heap is exhausted in one of its threads, and which would wait for ever otherwise. */
    static final class Exhausted {
        private Exhausted() {}

        public static void main(String[] arguments) throws Exception {
            var log = new EventLog(OutputStream.nullOutputStream(), EventLog.LogFormat.PLAIN, Clock.systemUTC());
            var wires = new SocketWires(new Installation(Path.of(arguments[1])), log);
            switch (arguments[0]) {
                case "vital" -> VitalThread.start(Thread.ofVirtual(), "toy", log, () -> false, Exhausted::exhaust);
                case "answer" -> {
                    wires.offer(Wires.Channel.REMOTE, (Deliver) _ -> {
                        exhaust();
                        return List.of();
                    });
                    var _ = wires.deliver(Wires.Channel.REMOTE).deliver(delivery());
                }
                case "conversation" -> {
                    wires.offer((Cleaning) new CleaningThatExhausts());
                    try {
                        var _ = wires.cleaning().dead();
                    } catch (IOException e) {
                        // the connection is closed first
                    }
                }
                default -> throw new IllegalArgumentException(arguments[0]);
            }
            new CountDownLatch(1).await();
        }

        private static final class CleaningThatExhausts implements Cleaning {
            @Override
            public List<String> dead() {
                exhaust();
                return List.of();
            }

            @Override
            public void removed(List<String> files) {}

            @Override
            public long rewriteSparse() {
                return 0;
            }
        }

        private static void exhaust() {
            var kept = new byte[Integer.MAX_VALUE / 8];
            throw new IllegalStateException("a heap of that size was not expected: " + kept.length);
        }

        private static Deliver.Delivery delivery() {
            return new Deliver.Delivery(
                    1,
                    1,
                    1,
                    new Envelope(
                            new Address("joe@example.org"),
                            List.of(new Address("ann@example.org")),
                            BodyType.SEVEN_BIT,
                            AddressForm.ASCII,
                            Envelope.NO_UID),
                    "");
        }
    }
}
