package carteiro.protocol;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import carteiro.control.Installation;
import carteiro.log.EventLog;
import carteiro.mail.Address;
import carteiro.mail.Envelope;
import carteiro.mail.Envelope.AddressForm;
import carteiro.mail.Envelope.BodyType;
import carteiro.posix.SystemAccount;
import carteiro.posix.ThreadIdentity;
import carteiro.testkit.SystemUser;
import carteiro.wire.FrameReader;
import carteiro.wire.FrameWriter;
import carteiro.wire.Watchdog;
import java.io.ByteArrayOutputStream;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Who calls is who the kernel says, seen with a caller that is another user. Needs root, to be one. */
@Timeout(60)
class CallerTest {
    private static final int STRANGER = 54_321; // nobody's
    private static final int OTHER = 54_322;

    private Path home;
    private final ByteArrayOutputStream lines = new ByteArrayOutputStream();
    private final EventLog log = new EventLog(lines, EventLog.LogFormat.PLAIN, Clock.systemUTC());
    private final List<Closeable> open = new ArrayList<>();

    @BeforeEach
    void place() throws Exception {
        assumeTrue(SystemAccount.effectiveUid() == 0, "only root can be another user");
        home = Files.createTempDirectory(Path.of("/tmp"), "ct");
        Files.setPosixFilePermissions(home, PosixFilePermissions.fromString("rwxr-xr-x"));
    }

    @AfterEach
    void leave() throws Exception {
        for (Closeable each : open.reversed()) {
            each.close();
        }
        log.close();
        if (home != null) {
            try (Stream<Path> all = Files.walk(home)) {
                for (Path path : all.sorted(java.util.Comparator.reverseOrder()).toList()) {
                    Files.delete(path);
                }
            }
        }
    }

    private SocketWires wires() {
        var wires = new SocketWires(new Installation(home), log);
        open.add(wires);
        return wires;
    }

    private void offer(Closeable offered) throws IOException {
        open.add(offered);
        try (Stream<Path> all = Files.walk(home)) {
            for (Path path : all.filter(Files::isDirectory).toList()) {
                Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rwxr-xr-x"));
            }
        }
    }

    /** Connects as that user; nothing else is done as that user, so that no thread inherits it. */
    private SocketChannel connect(int uid, Endpoint endpoint) throws Exception {
        var address = UnixDomainSocketAddress.of(endpoint.socket(new Installation(home).run()));
        var task = new FutureTask<SocketChannel>(() -> {
            if (uid == 0) {
                return SocketChannel.open(address);
            }
            try {
                ThreadIdentity.assume(uid, uid);
                return SocketChannel.open(address);
            } finally {
                ThreadIdentity.restore();
            }
        });
        Thread thread = Thread.ofPlatform().start(task);
        thread.join();
        SocketChannel channel = task.get();
        open.add(channel);
        try {
            WireVersion.say(Channels.newOutputStream(channel));
        } catch (IOException e) {
            // who is refused may have been told so already
        }
        return channel;
    }

    /** What comes back behind the greeting. */
    private static InputStream answers(Endpoint endpoint, SocketChannel channel) {
        return new GreetingInput(endpoint.program(), Channels.newInputStream(channel));
    }

    private FrameReader ask(int uid, Endpoint endpoint, FrameWriter question) throws Exception {
        SocketChannel channel = connect(uid, endpoint);
        question.send(Channels.newOutputStream(channel));
        return FrameReader.receive(answers(endpoint, channel), 1000);
    }

    private static final Envelope CLAIMED = new Envelope(
            new Address("ann@example.org"),
            List.of(new Address("bob@example.org")),
            BodyType.SEVEN_BIT,
            AddressForm.ASCII,
            0); // as if it were root's

    @Test
    void theUidOfAMessageIsThatOfItsUserWhateverItSays() throws Exception {
        var uids = new ArrayList<Integer>();
        offer(wires().offer((Enqueue) () -> new Enqueue.Submission() {
            @Override
            public void write(byte[] octets, int from, int length) {}

            @Override
            public Enqueue.Receipt commit(Envelope envelope, String fields) {
                uids.add(envelope.uid());
                return new Enqueue.Receipt.Accepted(1);
            }

            @Override
            public void close() {}
        }));
        for (int uid : new int[] {STRANGER, OTHER, 0}) {
            var frame = new FrameWriter().put("E");
            Frames.put(frame, CLAIMED);
            assertThat(ask(uid, Endpoint.ENQUEUE, frame).text(1)).isEqualTo("K");
        }
        assertThat(uids).containsExactly(STRANGER, OTHER, 0);
    }

    private static Waiting.WaitingMessage waiting(long number, int uid) {
        return new Waiting.WaitingMessage(
                number, Instant.EPOCH, 5, CLAIMED.by(uid), List.of(Waiting.RecipientState.Due.NOW));
    }

    private static Enqueue counting(AtomicInteger begun) {
        return () -> new Enqueue.Submission() {
            private boolean counted;

            @Override
            public void write(byte[] octets, int from, int length) {
                if (!counted) {
                    counted = true;
                    begun.incrementAndGet();
                }
            }

            @Override
            public Enqueue.Receipt commit(Envelope envelope, String fields) {
                return new Enqueue.Receipt.Accepted(1);
            }

            @Override
            public void close() {
                if (counted) {
                    begun.decrementAndGet();
                }
            }
        };
    }

    private static final byte[] HALF = "2:MX,".getBytes(StandardCharsets.US_ASCII);

    @Test
    void aGuestBeginsAHundredMessagesAtOnceAndNoMoreAndAnotherBeginsAllTheSame() throws Exception {
        var begun = new AtomicInteger();
        offer(wires().offer(counting(begun)));
        for (int i = 0; i < 100; i++) {
            connect(STRANGER, Endpoint.ENQUEUE).write(ByteBuffer.wrap(HALF));
        }
        await(begun, 100);
        SocketChannel further = connect(STRANGER, Endpoint.ENQUEUE);
        further.write(ByteBuffer.wrap(HALF));
        assertThat(answers(Endpoint.ENQUEUE, further).read()).as("closed").isEqualTo(-1);
        connect(OTHER, Endpoint.ENQUEUE).write(ByteBuffer.wrap(HALF));
        await(begun, 101);
        open.removeLast().close();
        await(begun, 100);
    }

    @Test
    void aGuestHasFiveHundredConnectionsAndNoMoreAndAnotherHasItsOwn() throws Exception {
        offer(wires().offer(counting(new AtomicInteger())));
        SocketChannel first = connect(STRANGER, Endpoint.ENQUEUE);
        envelope().send(Channels.newOutputStream(first));
        assertThat(FrameReader.receive(answers(Endpoint.ENQUEUE, first), 1000).text(1))
                .isEqualTo("K");
        for (int i = 1; i < CallerQuota.MOST_OF_ONE; i++) {
            assertThat(ask(STRANGER, Endpoint.ENQUEUE, envelope()).text(1)).isEqualTo("K");
        }
        assertThatThrownBy(() -> ask(STRANGER, Endpoint.ENQUEUE, envelope())).isInstanceOf(IOException.class);
        assertThat(ask(OTHER, Endpoint.ENQUEUE, envelope()).text(1)).isEqualTo("K");
        first.close();
        boolean served = false;
        while (!served) { // its place is free a moment later; the test's time-out ends it
            try {
                served = ask(STRANGER, Endpoint.ENQUEUE, envelope()).text(1).equals("K");
            } catch (IOException e) {
                LockSupport.parkNanos(1_000_000);
            }
        }
        log.close();
        assertThat(lines.toString(StandardCharsets.ISO_8859_1))
                .contains("refused: there are " + CallerQuota.MOST_OF_ONE + " of this user");
    }

    private static FrameWriter envelope() {
        var frame = new FrameWriter().put("E");
        Frames.put(frame, CLAIMED);
        return frame;
    }

    @Test
    void aGuestThatFallsSilentWithinAMessageIsClosed() throws Exception {
        var begun = new AtomicInteger();
        var watchdog = new Watchdog();
        open.add(watchdog);
        for (var patience : List.of(
                new EnqueueWire.ReceiveTimeouts(Duration.ofMillis(50), Duration.ofHours(1)),
                new EnqueueWire.ReceiveTimeouts(Duration.ofHours(1), Duration.ofMillis(50)))) {
            EndpointServer keeper = EndpointServer.open(
                    Endpoint.ENQUEUE,
                    new Installation(home).run(),
                    EnqueueWire.server(counting(begun), watchdog, patience),
                    log);
            offer(keeper);
            SocketChannel silent = connect(STRANGER, Endpoint.ENQUEUE);
            silent.write(ByteBuffer.wrap(HALF));
            assertThat(answers(Endpoint.ENQUEUE, silent).read()).as("closed").isEqualTo(-1);
            await(begun, 0);
            keeper.close();
        }
    }

    private static void await(AtomicInteger count, int wanted) {
        while (count.get() != wanted) { // the test's time-out ends it
            LockSupport.parkNanos(1_000_000);
        }
    }

    @Test
    void remoteReadsOnlyWhatSendHasHandedToIt() throws Exception {
        Tickets tickets = Tickets.fresh();
        String ticket = tickets.of(Wires.Channel.REMOTE, 457);
        assertThat(ticket).hasSize(Tickets.LENGTH);
        Tickets same = Tickets.by(tickets.key());
        assertThat(same.match(Wires.Channel.REMOTE, 457, ticket)).isTrue();
        assertThat(same.match(Wires.Channel.REMOTE, 458, ticket)).isFalse();
        assertThat(same.match(Wires.Channel.LOCAL, 457, ticket)).isFalse();
        assertThat(same.match(Wires.Channel.REMOTE, 457, "")).isFalse();
        assertThat(Tickets.fresh().match(Wires.Channel.REMOTE, 457, ticket)).isFalse();
        int qmailr = SystemUser.make("qmailr");
        var read = new ArrayList<Long>();
        SocketWires queue = wires();
        offer(queue.offer((Messages) message -> {
            read.add(message);
            return Messages.MessageBody.of("for others\n".getBytes(StandardCharsets.US_ASCII));
        }));
        offer(queue.offer((Waiting) NothingWaits::new));
        assertThat(ask(qmailr, Endpoint.MESSAGES, new FrameWriter().put(457)).text(1))
                .isEqualTo("R");
        assertThat(ask(qmailr, Endpoint.MESSAGES, new FrameWriter().put(457).putTagged(1, ticket))
                        .text(1))
                .as("of another queue's key")
                .isEqualTo("R");
        assertThat(read).isEmpty();
        try (Waiting.WaitingSession send = wires().waiting().open()) { // as root: it is told the key, as qmails is
            String handed = send.ticket(Wires.Channel.REMOTE, 457);
            FrameReader answer =
                    ask(qmailr, Endpoint.MESSAGES, new FrameWriter().put(457).putTagged(1, handed));
            assertThat(answer.text(1)).isEqualTo("K");
            assertThat(answer.number(0, 1000)).isEqualTo("for others\n".length());
            assertThat(ask(qmailr, Endpoint.MESSAGES, new FrameWriter().put(458).putTagged(1, handed))
                            .text(1))
                    .as("of another message")
                    .isEqualTo("R");
            String local = send.ticket(Wires.Channel.LOCAL, 457);
            assertThat(ask(qmailr, Endpoint.MESSAGES, new FrameWriter().put(457).putTagged(1, local))
                            .text(1))
                    .as("of the other way out")
                    .isEqualTo("R");
        }
        assertThat(read).containsExactly(457L);
        assertThatThrownBy(() -> ask(qmailr, Endpoint.WAITING, new FrameWriter().put("session")))
                .as("the key")
                .isInstanceOf(IOException.class);
    }

    /** A session of a queue that is empty. */
    private static final class NothingWaits implements Waiting.WaitingSession {
        @Override
        public List<Waiting.WaitingMessage> next(int most, Duration patience) {
            return List.of();
        }

        @Override
        public void report(List<Waiting.Report> reports) {}

        @Override
        public Waiting.Page recipients(long message, int from) {
            return Waiting.Page.NONE;
        }

        @Override
        public List<Waiting.Failure> failures(long message, int after) {
            return List.of();
        }

        @Override
        public void close() {}
    }

    @Test
    void aStrangerReadsNoMessage() throws Exception {
        var read = new ArrayList<Long>();
        offer(wires().offer((Messages) message -> {
            read.add(message);
            return Messages.MessageBody.of("secret\n".getBytes(StandardCharsets.US_ASCII));
        }));
        try (var refused = new ConnectionPool.PooledConnection("queue", connect(STRANGER, Endpoint.MESSAGES))) {
            assertThatThrownBy(() -> FrameReader.receive(refused.in, 1000))
                    .isInstanceOf(RefusedException.class)
                    .hasMessage("queue refuses this connection: user " + STRANGER
                            + " is none of those that it serves here");
        }
        assertThat(read).isEmpty();
        try (var body = wires().messages().open(457)) {
            assertThat(body.readAllBytes()).hasSize(7);
        }
        log.close();
        assertThat(lines.toString(StandardCharsets.ISO_8859_1)).contains(Integer.toString(STRANGER));
    }

    @Test
    void aStrangerListsWhatItHandedInItselfAndNothingElse() throws Exception {
        List<Waiting.WaitingMessage> all = List.of(
                waiting(1, STRANGER), waiting(2, OTHER), waiting(3, 0), waiting(4, STRANGER), waiting(5, OTHER));
        offer(wires().offer(new Inspection() {
            @Override
            public QueueCounts counts() {
                return new QueueCounts(1, 2, 3, 4, 5, 6);
            }

            @Override
            public List<Waiting.WaitingMessage> page(long after, int most) {
                return all.stream()
                        .filter(message -> message.message() > after)
                        .limit(Math.min(most, 2))
                        .toList();
            }

            @Override
            public Waiting.Page recipients(long message, int from) {
                return new Waiting.Page(CLAIMED.addresses(), List.of(Waiting.RecipientState.Due.NOW));
            }

            @Override
            public List<String> reasons(long message, int from, int count) {
                return java.util.Collections.nCopies(count, "secret");
            }
        }));
        assertThatThrownBy(() -> ask(STRANGER, Endpoint.INSPECTION, new FrameWriter().put("counts")))
                .isInstanceOf(IOException.class);
        FrameReader page = ask(
                STRANGER,
                Endpoint.INSPECTION,
                new FrameWriter().put("page").put(0).put(1000));
        assertThat(page.number(0, 9)).as("looked at").isEqualTo(2);
        assertThat(Frames.items(page, 1, WaitingWire::message)).containsExactly(all.getFirst());
        assertThat(page.more()).isFalse();
        FrameReader none = ask(
                OTHER, Endpoint.INSPECTION, new FrameWriter().put("page").put(2).put(1000));
        assertThat(none.number(0, 9)).isEqualTo(4);
        assertThat(none.number(0, 9)).isZero();
        for (String question : List.of("recipients", "reasons")) {
            var own = new FrameWriter().put(question).put(1).put(0);
            var asked = new FrameWriter().put(question).put(2).put(0);
            if (question.equals("reasons")) {
                own.put(1);
                asked.put(1);
            }
            assertThat(ask(STRANGER, Endpoint.INSPECTION, own).number(0, 9)).isPositive();
            assertThat(ask(STRANGER, Endpoint.INSPECTION, asked).number(0, 9))
                    .as(question)
                    .isZero();
        }
        Inspection root = wires().inspection();
        assertThat(root.counts().messages()).isEqualTo(1);
        assertThat(root.page(0, 10)).isEqualTo(all.subList(0, 2));
        assertThat(root.reasons(2, 0, 1)).containsExactly("secret");
    }
}
