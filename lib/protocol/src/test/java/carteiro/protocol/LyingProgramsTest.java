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
import carteiro.protocol.Lookup.AccountHome;
import carteiro.protocol.Lookup.AccountIdentity;
import carteiro.protocol.Lookup.AddressVerdict;
import carteiro.protocol.Lookup.Answer;
import carteiro.protocol.Lookup.DeliveryInstructions;
import carteiro.protocol.Lookup.LookupQuestion;
import carteiro.protocol.Lookup.RecipientAnswer;
import carteiro.protocol.Waiting.Failure;
import carteiro.protocol.Waiting.RecipientState;
import carteiro.protocol.Waiting.Report;
import carteiro.protocol.Waiting.WaitingMessage;
import carteiro.wire.FrameReader;
import carteiro.wire.Watchdog;
import java.io.ByteArrayOutputStream;
import java.io.Closeable;
import java.io.IOException;
import java.io.OutputStream;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Programs that lie to each other, stop reading, vanish in the middle of a frame. A conversation of each protocol is
 * recorded; then each side is given what the other said, cut at every octet and with every octet changed.
 */
@Timeout(60)
class LyingProgramsTest {
    private static final Instant THEN = Instant.ofEpochSecond(1_800_000_000);
    private static final Address ANN = new Address("ann@example.org");
    private static final Envelope ENVELOPE = new Envelope(
            ANN, List.of(new Address("bob@example.org"), ANN), BodyType.EIGHT_BIT_MIME, AddressForm.SMTPUTF8, 71);
    private static final WaitingMessage WAITING = new WaitingMessage(
            457, THEN, 5, ENVELOPE, List.of(new RecipientState.ToBounce(), new RecipientState.Due(THEN)));

    private static final Passwords.LoginAttempt ATTEMPT =
            new Passwords.LoginAttempt(Passwords.LoginService.POP3, "192.0.2.7");
    private static final byte[] PASSWORD = {'s', 'e', 's', 'a', 'm', 'e'};

    /** The side that answers; it notes what it was made to do. */
    private interface Answering {
        Closeable at(Installation home, EventLog log, List<String> did) throws IOException;
    }

    /** The side that asks. */
    private interface Asking {
        void of(Installation home, EventLog log) throws IOException;
    }

    private interface OfWires<T> {
        T of(Wires wires) throws IOException;
    }

    private static Answering offering(Function<List<String>, OfWires<Closeable>> offer) {
        return (home, log, did) -> {
            var wires = new SocketWires(home, log);
            Closeable endpoint = offer.apply(did).of(wires);
            return () -> {
                endpoint.close();
                wires.close();
            };
        };
    }

    private static Asking asking(OfWires<?> question) {
        return (home, log) -> {
            try (var wires = new SocketWires(home, log)) {
                question.of(wires);
            }
        };
    }

    enum Protocol {
        ENQUEUE(Endpoint.ENQUEUE, offering(did -> wires -> wires.offer(enqueue(did))), asking(wires -> {
            try (var submission = wires.enqueue().open()) {
                submission.write("Subject: x\n\nbody\n".getBytes(StandardCharsets.US_ASCII), 0, 17);
                return submission.commit(ENVELOPE);
            }
        })),
        /** Too many recipients for a numbered question. */
        ENQUEUE_LARGE(Endpoint.ENQUEUE, offering(did -> wires -> wires.offer(enqueue(did))), asking(wires -> {
            try (var submission = wires.enqueue().open()) {
                submission.write("Subject: x\n\nbody\n".getBytes(StandardCharsets.US_ASCII), 0, 17);
                return submission.commit(new Envelope(
                        ANN, Collections.nCopies(500, ANN), BodyType.EIGHT_BIT_MIME, AddressForm.SMTPUTF8, 71));
            }
        })),
        LOOKUP(
                Endpoint.LOOKUP,
                offering(did -> wires -> wires.offer(lookup(did))),
                asking(wires -> wires.lookup().account(LookupQuestion.delivering(ANN, Address.NULL)))),
        VERDICT(
                Endpoint.LOOKUP,
                offering(did -> wires -> wires.offer(lookup(did))),
                asking(wires -> wires.lookup().recipient(LookupQuestion.receiving(ANN, Address.NULL)))),
        HOMES(
                Endpoint.HOMES,
                offering(did -> wires -> wires.offerHomes(extension -> {
                    did.add("looked " + extension);
                    return Homes.Presence.YES;
                })),
                asking(wires -> wires.homes().look(new Homes.AccountExtension(1000, 100, "/home/ann", "-", "ext")))),
        TOKENS(
                Endpoint.TOKENS,
                offering(did -> wires -> wires.offerTokens(token -> {
                    did.add("looked at " + token.length);
                    return new BearerTokens.TokenAnswer.TokenRefused(
                            "it has expired",
                            new BearerTokens.TokenFault("invalid_token", "mail", "https://id.example/"));
                })),
                asking(wires -> wires.tokens().look("abc.def.ghi".getBytes(StandardCharsets.US_ASCII)))),
        DELIVER(
                Endpoint.REMOTE,
                offering(did -> wires -> wires.offer(Wires.Channel.REMOTE, delivery -> {
                    did.add("delivered " + delivery);
                    return List.of(
                            new Outcome.Delivered(new Status(2, 0, 0), "done\n"),
                            new Outcome.Failed(new Status(5, 1, 1), "no\n"));
                })),
                asking(wires -> wires.deliver(Wires.Channel.REMOTE)
                        .deliver(new Deliver.Delivery(
                                1,
                                457,
                                5,
                                new Envelope(
                                        ANN,
                                        ENVELOPE.addresses(),
                                        BodyType.SEVEN_BIT,
                                        AddressForm.ASCII,
                                        Envelope.NO_UID),
                                "")))),
        MESSAGES(
                Endpoint.MESSAGES,
                offering(did -> wires -> wires.offer(messages(did, "body\n".getBytes(StandardCharsets.US_ASCII)))),
                asking(wires -> {
                    try (var body = wires.messages().open(457)) {
                        return body.readAllBytes();
                    }
                })),
        /** Too long for a numbered answer. */
        MESSAGES_LARGE(
                Endpoint.MESSAGES,
                offering(did ->
                        wires -> wires.offer(messages(did, "body\n".repeat(8000).getBytes(StandardCharsets.US_ASCII)))),
                asking(wires -> {
                    try (var body = wires.messages().open(457)) {
                        return body.readAllBytes();
                    }
                })),
        WAITING(Endpoint.WAITING, offering(did -> wires -> wires.offer(waiting(did))), asking(wires -> {
            try (var session = wires.waiting().open()) {
                session.next(10, Duration.ZERO);
                session.report(List.of(
                        new Report.RecipientDelivered(457, 1),
                        new Report.RecipientFailed(457, 0, "no\n"),
                        new Report.RecipientsDeferred(457, List.of(0, 1), THEN),
                        new Report.MessageEnded(457)));
                session.recipients(457, 0);
                return session.failures(457, -1);
            }
        })),
        CLEANING(Endpoint.CLEANING, offering(did -> wires -> wires.offer(cleaning(did))), asking(wires -> {
            wires.cleaning().removed(wires.cleaning().dead());
            return wires.cleaning().rewriteSparse();
        })),
        INSPECTION(Endpoint.INSPECTION, offering(did -> wires -> wires.offer(inspection())), asking(wires -> {
            wires.inspection().counts();
            return wires.inspection().page(0, 10);
        })),
        WITHDRAWAL(
                Endpoint.WITHDRAWAL,
                offering(did -> wires -> wires.offer((Withdrawal) (order, by, messages) -> {
                    did.add(order + " " + messages);
                    return messages.stream()
                            .map(_ -> Withdrawal.WithdrawalOutcome.WITHDRAWN)
                            .toList();
                })),
                asking(wires -> wires.withdrawal()
                        .withdraw(
                                new Withdrawal.WithdrawalRequest(Withdrawal.WithdrawalAction.BOUNCE, "no such project"),
                                "root",
                                List.of(457L, 458L)))),
        PASSWORDS(
                Endpoint.PASSWORDS,
                offering(did -> wires -> wires.offer(passwords(did))),
                asking(wires -> wires.passwords().check(ATTEMPT, "ann", PASSWORD.clone()))),
        CERTIFIED(
                Endpoint.PASSWORDS,
                offering(did -> wires -> wires.offer(passwords(did))),
                asking(wires -> wires.passwords().certified(ATTEMPT, "ann"))),
        SCRAM(Endpoint.PASSWORDS, offering(did -> wires -> wires.offer(passwords(did))), asking(wires -> {
            wires.passwords()
                    .begin(
                            ATTEMPT,
                            new Passwords.ScramRequest(
                                    "SCRAM-SHA-256",
                                    List.of(new Passwords.TlsBinding("tls-exporter", "x".repeat(32))),
                                    "p=tls-exporter,,n=ann,r=abc"));
            return wires.passwords().finish(ATTEMPT, "00ff", "c=biws,r=abc,p=x");
        })),
        SENDERS(Endpoint.PASSWORDS, offering(did -> wires -> wires.offer(passwords(did))), asking(wires -> {
            wires.passwords().ownership("ann", List.of(ANN, ANN));
            return wires.passwords().sending("ann", 3);
        })),
        TICKETS(
                Endpoint.TICKETS,
                offering(did -> wires -> wires.offerTickets(ticket -> {
                    did.add("redeemed " + ticket);
                    return new MailboxTickets.TicketAnswer.MailboxOfAccount("ann", 1000, 100, "/home/ann/Maildir/");
                })),
                asking(wires -> wires.tickets().redeem("0123456789abcdef0123456789abcdef"))),
        CHECKPASSWORD(
                Endpoint.CHECKPASSWORD,
                offering(did -> wires -> wires.offerChecker((attempt, name, password) -> {
                    did.add("checked " + name);
                    return new PasswordChecker.CheckerAnswer.PasswordAccepted(1000, 100, "/home/ann");
                })),
                asking(wires -> wires.passwordChecker().check(ATTEMPT, "ann", PASSWORD.clone()))),
        CONTROL(
                new Endpoint("smtpd", "control", Set.of()),
                (home, log, did) -> ControlWire.offer(
                        "smtpd",
                        home,
                        Set.of(),
                        (verb, program) -> {
                            did.add(verb + " " + program);
                            return new Control.ControlReply(
                                    Control.ControlResult.DONE,
                                    "yes",
                                    List.of(new Control.ProgramStatus(
                                            "smtpd", Control.ProgramState.READY, THEN, 1, 0, "well")));
                        },
                        log),
                (home, log) -> ControlWire.client("smtpd", home, Duration.ofMinutes(1))
                        .ask(Control.ControlVerb.STATUS, "smtpd"));

        private final Endpoint endpoint;
        private final Answering answering;
        private final Asking asking;

        Protocol(Endpoint endpoint, Answering answering, Asking asking) {
            this.endpoint = endpoint;
            this.answering = answering;
            this.asking = asking;
        }

        /** Several questions on one connection: those before a cut are answered. */
        boolean asksMore() {
            return this == WAITING || this == CLEANING || this == SCRAM || this == SENDERS;
        }
    }

    // ---- Programs that are what they should be

    private static Enqueue enqueue(List<String> did) {
        return () -> new Enqueue.Submission() {
            @Override
            public void write(byte[] octets, int from, int length) {}

            @Override
            public Enqueue.Receipt commit(Envelope envelope, String fields) {
                did.add("accepted " + envelope);
                return new Enqueue.Receipt.Accepted(457);
            }

            @Override
            public void close() {}
        };
    }

    private static Lookup lookup(List<String> did) {
        return new Lookup() {
            @Override
            public RecipientAnswer recipient(LookupQuestion question) {
                did.add("asked " + question.recipient());
                return new RecipientAnswer(
                        "example.org", true, new AddressVerdict.UnknownAddress(new Status(5, 1, 1), "no such address"));
            }

            @Override
            public Answer account(LookupQuestion question) {
                Address localRecipient = question.recipient();
                did.add("asked " + localRecipient);
                return new Answer.Account(
                        new AccountIdentity("ann", 1000, 100),
                        new AccountHome("/home/ann", "-", "ext"),
                        new DeliveryInstructions.DirectoryInstructions(
                                "./Maildir/",
                                Lookup.Mailbox.KEEP,
                                List.of("cat"),
                                List.of(ANN),
                                Lookup.DotFiles.IGNORED));
            }
        };
    }

    private static Passwords passwords(List<String> did) {
        return new Passwords() {
            @Override
            public LoginVerdict check(LoginAttempt attempt, String name, byte[] password) {
                did.add("checked " + name);
                return new LoginVerdict.LoggedIn("ann", "0123456789abcdef0123456789abcdef");
            }

            @Override
            public TokenReply token(LoginAttempt attempt, String name, byte[] token) {
                did.add("presented for " + name);
                return new TokenReply(new LoginVerdict.LoggedIn("ann"), BearerTokens.TokenFault.INVALID);
            }

            @Override
            public LoginVerdict certified(LoginAttempt attempt, String account) {
                did.add("certified " + account);
                return new LoginVerdict.LoggedIn("ann");
            }

            @Override
            public List<Ownership> ownership(String account, List<Address> addresses) {
                did.add("asked for " + addresses);
                return Collections.nCopies(addresses.size(), Ownership.OWN);
            }

            @Override
            public SendingVerdict sending(String account, int recipients) {
                did.add("counted " + recipients);
                return new SendingVerdict.OverLimit("3 an hour", Duration.ofSeconds(7));
            }

            @Override
            public ScramReply begin(LoginAttempt attempt, ScramRequest request) {
                did.add("begun " + request);
                return new ScramReply.ScramChallenge("00ff", "r=abc,s=abc,i=4096");
            }

            @Override
            public ScramReply finish(LoginAttempt attempt, String exchange, String message) {
                did.add("finished " + exchange);
                return new ScramReply.ScramProven("v=x", "ann", "0123456789abcdef0123456789abcdef");
            }
        };
    }

    private static Messages messages(List<String> did, byte[] octets) {
        return message -> {
            did.add("opened");
            return Messages.MessageBody.of(octets);
        };
    }

    private static Waiting waiting(List<String> did) {
        return () -> new Waiting.WaitingSession() {
            @Override
            public List<WaitingMessage> next(int most, Duration patience) {
                return List.of(WAITING);
            }

            @Override
            public void report(List<Report> reports) {
                did.add("told " + reports);
            }

            @Override
            public Waiting.Page recipients(long message, int from) {
                return new Waiting.Page(ENVELOPE.addresses(), WAITING.states());
            }

            @Override
            public List<Failure> failures(long message, int after) {
                return List.of(new Failure(0, "no\n"));
            }

            @Override
            public void close() {}
        };
    }

    private static Cleaning cleaning(List<String> did) {
        return new Cleaning() {
            @Override
            public List<String> dead() {
                return List.of("segments/0000000001", "large/7");
            }

            @Override
            public void removed(List<String> files) {
                did.add("removed " + files);
            }

            @Override
            public long rewriteSparse() {
                return 4711;
            }
        };
    }

    private static Inspection inspection() {
        return new Inspection() {
            @Override
            public QueueCounts counts() {
                return new QueueCounts(1, 2, 3, 4, 5, 6);
            }

            @Override
            public List<WaitingMessage> page(long after, int most) {
                return List.of(WAITING);
            }

            @Override
            public List<String> reasons(long message, int from, int count) {
                return java.util.Collections.nCopies(count, "not now");
            }

            @Override
            public Waiting.Page recipients(long message, int from) {
                return new Waiting.Page(ENVELOPE.addresses(), WAITING.states());
            }
        };
    }

    // ---- What both say, and what becomes of it

    @TempDir
    Path folder;

    private final ByteArrayOutputStream lines = new ByteArrayOutputStream();
    private final EventLog log = new EventLog(lines, EventLog.LogFormat.PLAIN, Clock.systemUTC());
    private final List<String> did = new CopyOnWriteArrayList<>();
    private Installation answerer = new Installation(Path.of("/nonexistent"));
    private Installation asker = answerer;

    @BeforeEach
    void homes() {
        answerer = new Installation(folder.resolve("a"));
        asker = new Installation(folder.resolve("b"));
    }

    @AfterEach
    void close() {
        log.close();
        assertThat(lines.toString(StandardCharsets.UTF_8)).doesNotContain("bug");
    }

    /** What went over one connection. */
    private static final class Recorded {
        final ByteArrayOutputStream asked = new ByteArrayOutputStream();
        final ByteArrayOutputStream answered = new ByteArrayOutputStream();
    }

    /** Stands at an endpoint, and gives each connection to a function with its number; they are served one at a time or side by side. */
    private static final class Doorman implements Closeable {
        private final ServerSocketChannel listener;
        private final List<SocketChannel> open = new CopyOnWriteArrayList<>();

        interface Serving {
            void serve(int number, SocketChannel peer) throws IOException;
        }

        Doorman(Path socket, Serving serving) throws IOException {
            Files.createDirectories(socket.getParent());
            listener = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
            listener.bind(UnixDomainSocketAddress.of(socket));
            Thread.ofVirtual().start(() -> {
                try {
                    for (int i = 0; ; i++) {
                        int number = i;
                        SocketChannel peer = listener.accept();
                        open.add(peer);
                        Thread.ofVirtual().start(() -> {
                            try (peer) {
                                serving.serve(number, peer);
                            } catch (IOException e) {
                                // the other side has gone
                            }
                        });
                    }
                } catch (IOException e) {
                    // closed
                }
            });
        }

        @Override
        public void close() throws IOException {
            listener.close();
            for (SocketChannel peer : open) {
                peer.close();
            }
        }
    }

    private static void copy(SocketChannel from, SocketChannel to, OutputStream record) throws IOException {
        ByteBuffer piece = ByteBuffer.allocate(4096);
        while (from.read(piece) >= 0) {
            record.write(piece.array(), 0, piece.position());
            to.write(piece.flip());
            piece.clear();
        }
        to.shutdownOutput();
    }

    /** One conversation, as it should be; what went over each of its connections. */
    private List<Recorded> record(Protocol protocol) throws Exception {
        var recorded = new CopyOnWriteArrayList<Recorded>();
        Path socket = protocol.endpoint.socket(asker.run());
        Path real = protocol.endpoint.socket(answerer.run());
        try (var _ = new Doorman(socket, (number, peer) -> {
            var one = new Recorded();
            recorded.add(one);
            try (var onward = SocketChannel.open(UnixDomainSocketAddress.of(real))) {
                Thread back = Thread.ofVirtual().start(() -> {
                    try {
                        copy(onward, peer, one.answered);
                    } catch (IOException e) {
                        // the asker has gone
                    }
                });
                copy(peer, onward, one.asked);
                back.join();
            } catch (InterruptedException e) {
                throw new IOException(e);
            }
        })) {
            protocol.asking.of(asker, log);
        }
        Files.delete(socket);
        assertThat(recorded).anyMatch(one -> one.asked.size() > 0 && one.answered.size() > 0);
        return recorded;
    }

    private static byte[] with(byte[] said, int at, int octet) {
        byte[] lie = said.clone();
        lie[at] = (byte) octet;
        return lie;
    }

    /** Where lies begin: everywhere; in what is long, where it begins and ends, and at places between. */
    private static List<Integer> places(byte[] said) {
        return IntStream.range(0, said.length)
                .filter(at -> said.length < 1000 || at < 100 || at >= said.length - 50 || at % 997 == 0)
                .boxed()
                .toList();
    }

    /** Cut before an octet. */
    private static List<byte[]> cuts(byte[] said) {
        return places(said).stream().map(at -> Arrays.copyOf(said, at)).toList();
    }

    /** Cut before each octet, and each octet changed: to another digit, to what no frame has, to its neighbour. */
    private static List<byte[]> lies(byte[] said) {
        var lies = new ArrayList<>(cuts(said));
        for (int at : places(said)) {
            for (int octet : new int[] {'9', '0', 0xff, said[at] ^ 1}) {
                if ((byte) octet != said[at]) {
                    lies.add(with(said, at, octet));
                }
            }
        }
        lies.add("134217728:1:K,".getBytes(StandardCharsets.US_ASCII));
        lies.add("999999999:".getBytes(StandardCharsets.US_ASCII));
        return lies;
    }

    @ParameterizedTest
    @EnumSource
    @DisplayName(
            "what is asked may be cut anywhere and be anything: nothing is done for half a question, all others are served")
    void lyingAskers(Protocol protocol) throws Exception {
        try (Closeable _ = protocol.answering.at(answerer, log, did)) {
            List<Recorded> recorded = record(protocol);
            int whole = did.size();
            did.clear();
            for (int i = 0; i < recorded.size(); i++) {
                byte[] asked = recorded.get(i).asked.toByteArray();
                List<byte[]> lies = lies(asked);
                did.clear();
                for (int k = 0; k < lies.size(); k++) {
                    say(protocol, lies.get(k), i);
                    if (k == cuts(asked).size() - 1 && !protocol.asksMore()) {
                        assertThat(did).as("done for half a question").isEmpty();
                    }
                }
            }
            did.clear();
            protocol.asking.of(answerer, log);
            assertThat(did).hasSize(whole);
        }
    }

    /** Says it over a connection of its own, and hears the other side out. */
    private void say(Protocol protocol, byte[] lie, int number) throws IOException {
        var socket = UnixDomainSocketAddress.of(protocol.endpoint.socket(answerer.run()));
        boolean reports = protocol == Protocol.WAITING && number == 1;
        try (var before = SocketChannel.open(socket);
                var peer = !reports ? before : SocketChannel.open(socket)) {
            byte[] said = lie;
            if (reports) { // reports are told with the token of a session that is open
                before.write(ByteBuffer.wrap("+1\n10:7:session,,".getBytes(StandardCharsets.US_ASCII)));
                var answers = new GreetingInput("queue", Channels.newInputStream(before));
                byte[] token = FrameReader.receive(answers, 128).octets(64);
                if (said.length >= TOKEN_AT + token.length) {
                    said = lie.clone();
                    System.arraycopy(token, 0, said, TOKEN_AT, token.length);
                }
            }
            try {
                peer.write(ByteBuffer.wrap(said));
                peer.shutdownOutput();
                Channels.newInputStream(peer).readAllBytes();
            } catch (IOException e) {
                // it was understood to be a lie before it was heard out
            }
        }
    }

    private static final int TOKEN_AT = "+1\n50:7:reports,36:".length();

    @ParameterizedTest
    @EnumSource
    @DisplayName(
            "what is answered may be cut anywhere and be anything: an answer of the right shape, or an IOException")
    void lyingAnswerers(Protocol protocol) throws Exception {
        List<Recorded> recorded;
        try (Closeable _ = protocol.answering.at(answerer, log, did)) {
            recorded = record(protocol);
        }
        var script = new AtomicReference<>(List.<byte[]>of());
        var next = new AtomicInteger();
        try (var _ = new Doorman(protocol.endpoint.socket(asker.run()), (_, peer) -> {
            int number = next.getAndIncrement();
            if (number < script.get().size()) {
                peer.write(ByteBuffer.wrap(script.get().get(number)));
                peer.shutdownOutput();
                Channels.newInputStream(peer).readAllBytes();
            }
        })) {
            for (int i = 0; i < recorded.size(); i++) {
                byte[] answered = recorded.get(i).answered.toByteArray();
                for (byte[] lie : lies(answered)) {
                    var said = new ArrayList<byte[]>();
                    recorded.forEach(one -> said.add(one.answered.toByteArray()));
                    said.set(i, lie);
                    next.set(0);
                    script.set(said);
                    try {
                        protocol.asking.of(asker, log);
                    } catch (IOException e) {
                        // that is how it should be
                    } catch (RuntimeException e) {
                        throw new AssertionError("answered: " + new String(lie, StandardCharsets.ISO_8859_1), e);
                    }
                }
            }
        }
    }

    @Test
    @DisplayName("a session that ends before its second connection is served is no lie")
    void reportsForASessionThatIsOver() throws Exception {
        try (var wires = new SocketWires(answerer, log);
                var _ = wires.offer(waiting(did));
                var late = SocketChannel.open(UnixDomainSocketAddress.of(Endpoint.WAITING.socket(answerer.run())))) {
            late.write(ByteBuffer.wrap(
                    ("+1\n50:7:reports,36:" + "0".repeat(36) + ",,").getBytes(StandardCharsets.US_ASCII)));
            String answered = new String(Channels.newInputStream(late).readAllBytes(), StandardCharsets.US_ASCII);
            assertThat(answered).isEqualTo("+1\n");
        }
        log.close();
        assertThat(lines.toString(StandardCharsets.UTF_8)).isEmpty();
    }

    @Test
    @DisplayName("who asks and does not read holds up nobody else, nor the end of the program")
    void askerThatStopsReading() throws Exception {
        byte[] octets = new byte[8 << 20];
        try (var wires = new SocketWires(answerer, log)) {
            Closeable endpoint = wires.offer(messages(did, octets));
            try (var deaf = SocketChannel.open(UnixDomainSocketAddress.of(Endpoint.MESSAGES.socket(answerer.run())))) {
                deaf.write(ByteBuffer.wrap("+1\n6:3:457,,".getBytes(StandardCharsets.US_ASCII)));
                var beginning = ByteBuffer.allocate("+1\n1".length());
                while (beginning.hasRemaining()) { // up to the answer: it is being served
                    assertThat(deaf.read(beginning)).isPositive();
                }
                try (var body = wires.messages().open(457)) {
                    assertThat(body.readAllBytes()).isEqualTo(octets);
                }
                endpoint.close();
            }
        }
        assertThat(did).hasSize(3); // once for the deaf one; that it is large, and all of it, for the other
    }

    @Test
    @DisplayName("who neither reads nor answers is given up when the time for an answer is over")
    void answererThatStopsReading() throws Exception {
        var end = new CountDownLatch(1);
        try (var _ = new Doorman(Endpoint.LOOKUP.socket(asker.run()), (_, _) -> {
                    try {
                        end.await();
                    } catch (InterruptedException e) {
                        throw new IOException(e);
                    }
                });
                var watchdog = new Watchdog();
                var connections = new ConnectionPool(Endpoint.LOOKUP, asker.run(), watchdog)) {
            Duration soon = Duration.ofMillis(100);
            assertThatThrownBy(() -> connections.ask(soon, connection -> connection.in.read()))
                    .isInstanceOf(IOException.class);
            assertThatThrownBy(() -> connections.ask(soon, connection -> {
                        connection.out.write(new byte[8 << 20]);
                        return 0;
                    }))
                    .isInstanceOf(IOException.class);
        } finally {
            end.countDown();
        }
    }
}
