package carteiro.protocol;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import carteiro.control.Installation;
import carteiro.log.EventLog;
import carteiro.mail.Address;
import carteiro.mail.Envelope;
import carteiro.mail.Envelope.AddressForm;
import carteiro.mail.Envelope.BodyType;
import carteiro.protocol.Lookup.AccountHome;
import carteiro.protocol.Lookup.AccountIdentity;
import carteiro.protocol.Lookup.AddressVerdict;
import carteiro.protocol.Lookup.Answer;
import carteiro.protocol.Lookup.LookupQuestion;
import carteiro.protocol.Lookup.RecipientAnswer;
import carteiro.protocol.Wires.Channel;
import carteiro.wire.FrameReader;
import carteiro.wire.FrameWriter;
import carteiro.wire.Watchdog;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PipedInputStream;
import java.io.PipedOutputStream;
import java.net.SocketTimeoutException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.assertj.core.api.ThrowableAssert;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Numbered questions: many at once over one connection. */
@Timeout(60)
class RequestClientTest {
    private static final Duration LONG = Duration.ofMinutes(1);
    private static final int LIMIT = 4096;
    private static final Envelope ENVELOPE =
            new Envelope(Address.NULL, List.of(new Address("a@b")), BodyType.SEVEN_BIT, AddressForm.ASCII, 0);

    @TempDir
    Path folder;

    private final ByteArrayOutputStream lines = new ByteArrayOutputStream();
    private final EventLog log = new EventLog(lines, EventLog.LogFormat.PLAIN, Clock.systemUTC());
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();

    @AfterEach
    void close() {
        threads.close();
        log.close();
    }

    private Installation home() {
        return new Installation(folder);
    }

    /** Answers that an address is the only target of itself, when it is told to. */
    private interface Slow {
        void before(Address address) throws Exception;
    }

    private static Lookup lookup(Slow slow) {
        return new Lookup() {
            @Override
            public RecipientAnswer recipient(LookupQuestion question) {
                return new RecipientAnswer("example.org", true, new AddressVerdict.KnownAddress());
            }

            @Override
            public Answer account(LookupQuestion question) {
                Address address = question.recipient();
                try {
                    slow.before(address);
                } catch (RuntimeException e) {
                    throw e;
                } catch (Exception e) {
                    throw new AssertionError(e);
                }
                return new Answer.ForwardOnly(List.of(address));
            }
        };
    }

    private static Answer itself(Address address) {
        return new Answer.ForwardOnly(List.of(address));
    }

    /** A server that serves one connection after another as it likes. */
    private final class Doorman implements Closeable {
        private final ServerSocketChannel listener = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        final AtomicInteger questions = new AtomicInteger();

        interface Serving {
            void serve(FrameReader question, OutputStream out, SocketChannel peer) throws IOException;
        }

        Doorman(Endpoint endpoint, Serving serving) throws IOException {
            Path socket = endpoint.socket(home().run());
            Files.createDirectories(socket.getParent());
            listener.bind(UnixDomainSocketAddress.of(socket));
            var _ = threads.submit(() -> {
                while (true) {
                    try (SocketChannel peer = listener.accept()) {
                        InputStream in = Channels.newInputStream(peer);
                        in.skipNBytes("+1\n".length());
                        WireVersion.say(Channels.newOutputStream(peer));
                        while (true) {
                            FrameReader question = FrameReader.receive(in, 64 * 1024);
                            questions.incrementAndGet();
                            serving.serve(question, Channels.newOutputStream(peer), peer);
                        }
                    } catch (java.io.EOFException e) {
                        // the next one
                    } catch (java.nio.channels.ClosedChannelException e) {
                        if (!listener.isOpen()) {
                            return null;
                        }
                    }
                }
            });
        }

        @Override
        public void close() throws IOException {
            listener.close();
        }
    }

    @Test
    @DisplayName("a hundred threads that ask at once are answered at once, each with its own answer")
    void eachGetsItsOwnAnswer() throws Exception {
        int count = 100;
        var all = new CyclicBarrier(count);
        try (var wires = new SocketWires(home(), log);
                Closeable _ = wires.offer(lookup(_ -> all.await(30, TimeUnit.SECONDS)))) { // none before all have asked
            var answers = new ArrayList<Future<Answer>>();
            for (int i = 0; i < count; i++) {
                Address address = new Address(i + "@h");
                answers.add(threads.submit((Callable<Answer>)
                        () -> wires.lookup().account(LookupQuestion.delivering(address, Address.NULL))));
            }
            for (int i = 0; i < count; i++) {
                assertThat(answers.get(i).get()).isEqualTo(itself(new Address(i + "@h")));
            }
        }
    }

    @Test
    @DisplayName("one answer that takes long, or that the program has a mistake in, holds up and spoils no other")
    void oneDoesNotSpoilTheOthers() throws Exception {
        var release = new CountDownLatch(1);
        try (var wires = new SocketWires(home(), log);
                Closeable _ = wires.offer(lookup(address -> {
                    switch (address.localPart()) {
                        case "slow" -> release.await();
                        case "wrong" -> throw new IllegalStateException("a mistake");
                        default -> {}
                    }
                }))) {
            Address slowOne = new Address("slow@h");
            Future<Answer> slow = threads.submit(
                    (Callable<Answer>) () -> wires.lookup().account(LookupQuestion.delivering(slowOne, Address.NULL)));
            assertThatThrownBy(() ->
                            wires.lookup().account(LookupQuestion.delivering(new Address("wrong@h"), Address.NULL)))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("its log tells more");
            assertThat(wires.lookup().account(LookupQuestion.delivering(new Address("quick@h"), Address.NULL)))
                    .isEqualTo(itself(new Address("quick@h")));
            assertThat(slow.isDone()).isFalse();
            release.countDown();
            assertThat(slow.get()).isEqualTo(itself(slowOne));
        }
        log.close();
        assertThat(lines.toString(StandardCharsets.UTF_8)).contains("a mistake");
    }

    @Test
    @DisplayName("an answer too large to be sent, as of an account with many long programs, spoils no other")
    void tooLargeAnAnswer() throws Exception {
        var release = new CountDownLatch(1);
        Lookup hostile = new Lookup() {
            @Override
            public RecipientAnswer recipient(LookupQuestion question) {
                return new RecipientAnswer("example.org", true, new AddressVerdict.KnownAddress());
            }

            @Override
            public Answer account(LookupQuestion question) {
                Address address = question.recipient();
                if (address.equals(new Address("a@b"))) {
                    return slowly(address);
                }
                return new Answer.Account(
                        new AccountIdentity("joe", 503, 78),
                        new AccountHome("/home/joe", "", ""),
                        new Lookup.DeliveryInstructions.DirectoryInstructions(
                                "",
                                Lookup.Mailbox.KEEP,
                                Collections.nCopies(500, "x".repeat(4000)),
                                List.of(),
                                Lookup.DotFiles.IGNORED));
            }

            private Answer slowly(Address address) {
                try {
                    release.await();
                } catch (InterruptedException e) {
                    throw new AssertionError(e);
                }
                return itself(address);
            }
        };
        try (var wires = new SocketWires(home(), log);
                Closeable _ = wires.offer(hostile)) {
            Address address = new Address("a@b");
            Future<Answer> other = threads.submit(
                    (Callable<Answer>) () -> wires.lookup().account(LookupQuestion.delivering(address, Address.NULL)));
            assertThatThrownBy(() ->
                            wires.lookup().account(LookupQuestion.delivering(new Address("large@b"), Address.NULL)))
                    .hasMessageContaining("its log tells more");
            release.countDown();
            assertThat(other.get()).isEqualTo(itself(address));
        }
        log.close();
        assertThat(lines.toString(StandardCharsets.UTF_8)).contains("the answer has 20", "octets, over 98304");
    }

    @Test
    @DisplayName("an answer that comes too late is given up, and the next question is answered all the same")
    void lateAnswer() throws Exception {
        var late = new AtomicInteger();
        try (var _ = new Doorman(Endpoint.LOOKUP, (question, out, _) -> {
                    assertThat(question.marked('#')).isTrue();
                    long number = question.number(1, 9);
                    if (number == 1) {
                        late.incrementAndGet();
                    } else {
                        for (long answered = 1; answered <= number; answered++) { // the late one too
                            FrameWriter.marked('#').put(answered).put("yes").send(out);
                        }
                    }
                });
                var watchdog = new Watchdog();
                var requests = new RequestClient(new ConnectionPool(Endpoint.LOOKUP, home().run(), watchdog), LIMIT)) {
            assertThatThrownBy(() -> requests.ask(Duration.ofMillis(50), frame -> frame.put("a")))
                    .isInstanceOf(SocketTimeoutException.class)
                    .hasMessageContaining("lookup has not answered");
            assertThat(requests.ask(LONG, frame -> frame.put("b")).text(3)).isEqualTo("yes");
            assertThat(late).hasValue(1);
        }
    }

    @Test
    @DisplayName(
            "what is safe to ask twice is asked once more when the connection is lost; a message is handed in once")
    void lostConnection() throws Exception {
        try (var lookup = new Doorman(Endpoint.LOOKUP, (_, _, peer) -> peer.close());
                var queue = new Doorman(Endpoint.ENQUEUE, (_, _, peer) -> peer.close());
                var wires = new SocketWires(home(), log)) {
            assertThatThrownBy(
                            () -> wires.lookup().account(LookupQuestion.delivering(new Address("a@b"), Address.NULL)))
                    .isInstanceOf(IOException.class);
            assertThat(lookup.questions).hasValue(2);
            try (var submission = wires.enqueue().open()) {
                submission.write(new byte[] {'a', '\n'}, 0, 2);
                assertThatThrownBy(() -> submission.commit(ENVELOPE))
                        .isInstanceOf(IOException.class)
                        .isNotInstanceOf(NotRunningException.class); // perhaps it is queued
            }
            assertThat(queue.questions).hasValue(1);
        }
    }

    /** Whether the refusal comes before, while or after the question is written, and whatever the wire. */
    @Test
    @DisplayName("what a program says to whom it does not serve reaches the one who asked, at each kind of wire")
    void refusals() throws Exception {
        var delivery = new Deliver.Delivery(
                1,
                2,
                3,
                new Envelope(
                        Address.NULL,
                        List.of(new Address("a@b")),
                        BodyType.SEVEN_BIT,
                        AddressForm.ASCII,
                        Envelope.NO_UID),
                "");
        try (var local = new Refuser(Endpoint.deliver(Channel.LOCAL));
                var messages = new Refuser(Endpoint.MESSAGES);
                var waiting = new Refuser(Endpoint.WAITING);
                var enqueue = new Refuser(Endpoint.ENQUEUE);
                var wires = new SocketWires(home(), log)) {
            for (int i = 0; i < 200; i++) {
                assertRefused("local", () -> wires.deliver(Channel.LOCAL).deliver(delivery));
                assertRefused("queue", () -> wires.messages().open(457));
                assertRefused("queue", () -> wires.waiting().open());
                assertRefused("queue", () -> {
                    try (var submission = wires.enqueue().open()) {
                        submission.write(new byte[200_000], 0, 200_000);
                        submission.commit(ENVELOPE);
                    }
                });
                assertRefused("queue", () -> {
                    try (var submission = wires.enqueue().open()) {
                        submission.commit(ENVELOPE);
                    }
                });
            }
            assertThat(List.of(local, messages, waiting, enqueue))
                    .allSatisfy(each -> assertThat(each.refused).hasPositiveValue());
        }
    }

    private static void assertRefused(String program, ThrowableAssert.ThrowingCallable question) {
        assertThatThrownBy(question)
                .isInstanceOf(RefusedException.class)
                .hasMessage(program + " refuses this connection: user joe_ is none of those that it serves here");
    }

    /** Refuses everybody, as a {@link EndpointServer} does. */
    private final class Refuser implements Closeable {
        private final ServerSocketChannel listener = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        final AtomicInteger refused = new AtomicInteger();

        Refuser(Endpoint endpoint) throws IOException {
            Path socket = endpoint.socket(home().run());
            Files.createDirectories(socket.getParent());
            listener.bind(UnixDomainSocketAddress.of(socket));
            var _ = threads.submit(() -> {
                while (true) {
                    try (SocketChannel peer = listener.accept()) {
                        GreetingInput.refuse(peer, "user joe\u001b is none of those that it serves here");
                        refused.incrementAndGet();
                    } catch (java.nio.channels.ClosedChannelException e) {
                        return null;
                    }
                }
            });
        }

        @Override
        public void close() throws IOException {
            listener.close();
        }
    }

    /** Or a message that ends local each time would be tried again and again, as if local had been away by itself. */
    @Test
    @DisplayName("a program that is lost with a delivery in hand counts as lost by it, even when it stays away")
    void lostDelivery() throws Exception {
        var listener = new AtomicReference<Closeable>();
        try (var local = new Doorman(Endpoint.deliver(Channel.LOCAL), (_, _, peer) -> {
                    listener.get().close();
                    peer.close();
                });
                var wires = new SocketWires(home(), log)) {
            listener.set(local);
            var delivery = new Deliver.Delivery(
                    1,
                    2,
                    3,
                    new Envelope(
                            Address.NULL,
                            List.of(new Address("a@b")),
                            BodyType.SEVEN_BIT,
                            AddressForm.ASCII,
                            Envelope.NO_UID),
                    "");
            Deliver deliver = wires.deliver(Channel.LOCAL);
            assertThatThrownBy(() -> deliver.deliver(delivery))
                    .isInstanceOf(IOException.class)
                    .isNotInstanceOf(NotRunningException.class);
            assertThat(local.questions).hasValue(1);
            assertThatThrownBy(() -> deliver.deliver(delivery)).isInstanceOf(NotRunningException.class);
        }
    }

    @Test
    @DisplayName(
            "queue may be restarted between any two messages: what could not be handed in is handed in again, once")
    void restarts() throws Exception {
        var accepted = new AtomicInteger();
        Enqueue queue = () -> new Enqueue.Submission() {
            @Override
            public void write(byte[] octets, int from, int length) {}

            @Override
            public Enqueue.Receipt commit(Envelope envelope, String fields) {
                return new Enqueue.Receipt.Accepted(accepted.incrementAndGet());
            }

            @Override
            public void close() {}
        };
        try (var wires = new SocketWires(home(), log)) {
            for (int i = 1; i <= 200; i++) {
                try (Closeable _ = new SocketWires(home(), log).offer(queue);
                        var submission = wires.enqueue().open()) {
                    assertThat(submission.commit(ENVELOPE)).isEqualTo(new Enqueue.Receipt.Accepted(i));
                }
            }
        }
    }

    @Test
    @DisplayName("an answer to what was not asked ends the connection; those who wait get no answer")
    void answerToNoQuestion() throws Exception {
        try (var _ = new Doorman(
                        Endpoint.LOOKUP,
                        (_, out, _) -> FrameWriter.marked('#').put(2).put("yes").send(out));
                var watchdog = new Watchdog();
                var requests = new RequestClient(new ConnectionPool(Endpoint.LOOKUP, home().run(), watchdog), LIMIT)) {
            assertThatThrownBy(() -> requests.ask(LONG, frame -> frame.put("a")))
                    .isInstanceOf(carteiro.wire.MalformedFrameException.class);
        }
    }

    @Test
    @DisplayName("a guest's questions are answered one after another, those of our programs side by side")
    void guestsOneAfterAnother() throws Exception {
        assertThat(mostAtOnce(true)).isEqualTo(1);
        assertThat(mostAtOnce(false)).isEqualTo(5);
    }

    /** Where anyone may ask, nobody fills our memory with answers that nobody fetches, or with half a question. */
    @Test
    @DisplayName("a guest that does not read its answer, or does not end its question, is given up")
    void lazyGuests() throws Exception {
        var question = new ByteArrayOutputStream();
        for (int number = 1; number <= 5_000; number++) {
            FrameWriter.marked('#').put(number).write(question);
        }
        byte[] questions = question.toByteArray();
        for (byte[] said : List.of(questions, Arrays.copyOf(questions, 3))) {
            var answered = new AtomicInteger();
            var limits = new RequestServer.RequestLimits(LIMIT, LIMIT, Duration.ofMillis(100), 4_000);
            try (var pair = new Pair();
                    var watchdog = new Watchdog()) {
                EndpointServer.ConnectionHandler server = RequestServer.server(limits, watchdog, (_, answer, _) -> {
                    answered.incrementAndGet();
                    answer.put("x".repeat(1000));
                });
                Future<?> served = threads.submit(() -> {
                    server.serve(
                            new BufferedInputStream(Channels.newInputStream(pair.ours)),
                            Channels.newOutputStream(pair.ours),
                            new EndpointServer.Caller(
                                    4711, "joe", EndpointServer.CallerRole.GUEST, pair.ours, _ -> {}));
                    return null;
                });
                pair.theirs.write(ByteBuffer.wrap(said));
                assertThatThrownBy(() -> served.get(30, TimeUnit.SECONDS))
                        .hasCauseInstanceOf(ClosedChannelException.class);
                assertThat(answered.get()).as("what the kernel holds, and one").isLessThan(1_000);
                assertThat(pair.ours.isOpen()).isFalse();
            }
        }
    }

    /** Two ends of a connection. */
    private final class Pair implements Closeable {
        private final ServerSocketChannel listener = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        final SocketChannel theirs;
        final SocketChannel ours;

        Pair() throws IOException {
            var address = UnixDomainSocketAddress.of(folder.resolve("pair" + System.nanoTime()));
            listener.bind(address);
            theirs = SocketChannel.open(address);
            ours = listener.accept();
        }

        @Override
        public void close() throws IOException {
            ours.close();
            theirs.close();
            listener.close();
        }
    }

    private int mostAtOnce(boolean guest) throws Exception {
        var running = new AtomicInteger();
        var most = new AtomicInteger();
        var all = new CountDownLatch(5);
        var question = new ByteArrayOutputStream();
        for (int number = 1; number <= 5; number++) {
            FrameWriter.marked('#').put(number).write(question);
        }
        var watchdog = new Watchdog();
        EndpointServer.ConnectionHandler server =
                RequestServer.server(new RequestServer.RequestLimits(LIMIT, LIMIT), watchdog, (_, _, _) -> {
                    most.accumulateAndGet(running.incrementAndGet(), Math::max);
                    all.countDown();
                    try {
                        var _ = all.await(guest ? 50 : 30_000, TimeUnit.MILLISECONDS); // a guest's next one could begin
                    } catch (InterruptedException e) {
                        throw new IOException(e);
                    } finally {
                        running.decrementAndGet();
                    }
                });
        try (var asked = new PipedOutputStream();
                var in = new PipedInputStream(asked)) {
            asked.write(question.toByteArray());
            asked.close();
            var answers = new ByteArrayOutputStream();
            server.serve(
                    new BufferedInputStream(in),
                    answers,
                    new EndpointServer.Caller(
                            4711,
                            "joe",
                            guest ? EndpointServer.CallerRole.GUEST : EndpointServer.CallerRole.NEIGHBOUR,
                            Channels.newChannel(answers),
                            e -> {
                                throw new AssertionError(e);
                            }));
            assertThat(answers.toString(StandardCharsets.US_ASCII).split("#", -1))
                    .hasSize(6);
        } finally {
            watchdog.close();
        }
        return most.get();
    }
}
