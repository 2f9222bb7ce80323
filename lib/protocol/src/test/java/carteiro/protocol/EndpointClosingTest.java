package carteiro.protocol;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import carteiro.control.Installation;
import carteiro.log.EventLog;
import carteiro.mail.Address;
import carteiro.mail.Envelope;
import carteiro.mail.Envelope.AddressForm;
import carteiro.mail.Envelope.BodyType;
import carteiro.mail.Outcome;
import carteiro.mail.Status;
import java.io.ByteArrayOutputStream;
import java.io.Closeable;
import java.io.OutputStream;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What happens to a call that is being served when its program closes the endpoint. */
class EndpointClosingTest {
    @TempDir
    Path home;

    /** remote does so with a message when no recipient is taken; nothing is wrong then. */
    @Test
    void aCallerThatHasReadEnoughIsNotTold() throws Exception {
        var lines = new ByteArrayOutputStream();
        var ended = new CountDownLatch(1);
        EndpointServer.ConnectionHandler endless = (_, out, _) -> {
            try {
                while (true) {
                    out.write(new byte[64 * 1024]);
                }
            } finally {
                ended.countDown();
            }
        };
        Path run = new Installation(home).run();
        try (var log = new EventLog(lines, EventLog.LogFormat.PLAIN, Clock.systemUTC());
                var endpoint = EndpointServer.open(Endpoint.REMOTE, run, endless, log)) {
            try (var caller = SocketChannel.open(UnixDomainSocketAddress.of(Endpoint.REMOTE.socket(run)))) {
                WireVersion.say(Channels.newOutputStream(caller));
                var heard = ByteBuffer.allocate("+1\n".length() + 10);
                while (heard.hasRemaining()) {
                    assertThat(caller.read(heard)).isPositive();
                }
            }
            ended.await();
            assertThat(endpoint.alive()).isTrue();
        }
        assertThat(lines.toString(StandardCharsets.ISO_8859_1)).isEmpty();
    }

    @Test
    void anEndpointAtWhichAnotherProgramAnswersIsNotTakenFromIt() throws Exception {
        Path run = new Installation(home).run();
        EndpointServer.ConnectionHandler first = (_, out, _) -> {
            out.write('1');
            out.flush();
        };
        try (var log = new EventLog(OutputStream.nullOutputStream(), EventLog.LogFormat.PLAIN, Clock.systemUTC());
                var _ = EndpointServer.open(Endpoint.REMOTE, run, first, log)) {
            assertThatThrownBy(() -> EndpointServer.open(Endpoint.REMOTE, run, (_, _, _) -> {}, log))
                    .isInstanceOf(java.io.IOException.class)
                    .hasMessageContaining("another remote answers here; stop it first");
            try (var caller = SocketChannel.open(UnixDomainSocketAddress.of(Endpoint.REMOTE.socket(run)))) {
                WireVersion.say(Channels.newOutputStream(caller));
                assertThat(Channels.newInputStream(caller).readNBytes("+1\n1".length()))
                        .asString(StandardCharsets.US_ASCII)
                        .isEqualTo("+1\n1");
            }
        }
    }

    @Test
    void anAnswerThatIsReadySoonStillGoesOut() throws Exception {
        var installation = new Installation(home);
        var called = new CountDownLatch(1);
        var closing = new CountDownLatch(1);
        Outcome done = new Outcome.Delivered(new Status(2, 0, 0), "done\n");
        Deliver deliver = delivery -> {
            called.countDown();
            try {
                closing.await();
            } catch (InterruptedException e) {
                throw new java.io.IOException(e);
            }
            return List.of(done);
        };
        try (var log = new EventLog(OutputStream.nullOutputStream(), EventLog.LogFormat.PLAIN, Clock.systemUTC());
                var wires = new SocketWires(installation, log);
                var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            Closeable endpoint = wires.offer(Wires.Channel.REMOTE, deliver);
            Future<List<Outcome>> answer = threads.submit((Callable<List<Outcome>>)
                    () -> wires.deliver(Wires.Channel.REMOTE).deliver(delivery()));
            called.await();
            Future<?> closed = threads.submit(() -> {
                endpoint.close();
                return null;
            });
            Path socket = Endpoint.REMOTE.socket(installation.run());
            while (Files.exists(socket)) { // it is being closed
                LockSupport.parkNanos(1_000_000);
            }
            closing.countDown();
            assertThat(answer.get(20, TimeUnit.SECONDS)).containsExactly(done);
            closed.get(20, TimeUnit.SECONDS);
        }
    }

    private static Deliver.Delivery delivery() {
        return new Deliver.Delivery(
                1,
                1,
                1,
                new Envelope(
                        Address.NULL,
                        List.of(new Address("a@b")),
                        BodyType.SEVEN_BIT,
                        AddressForm.ASCII,
                        Envelope.NO_UID),
                "");
    }
}
