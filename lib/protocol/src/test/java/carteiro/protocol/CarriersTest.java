package carteiro.protocol;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import carteiro.control.ControlException;
import carteiro.control.Installation;
import carteiro.log.EventLog;
import carteiro.mail.Address;
import carteiro.mail.Attribute;
import carteiro.mail.Attributes;
import carteiro.mail.Envelope;
import carteiro.mail.Outcome;
import carteiro.mail.RecipientList;
import carteiro.mail.Status;
import carteiro.protocol.Enqueue.Receipt;
import carteiro.protocol.Waiting.Failure;
import carteiro.protocol.Waiting.RecipientState;
import carteiro.protocol.Waiting.Report;
import carteiro.protocol.Waiting.WaitingMessage;
import java.io.ByteArrayOutputStream;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What both carriers must do alike. */
class CarriersTest {
    private static final int GREATEST_ID = (int) 4_294_967_294L;
    private static final Envelope ENVELOPE = new Envelope(
            new Address("ann@example.org"),
            List.of(new Address("bob@example.org"), new Address("caf\u00c3\u00a9@example.org")),
            Envelope.BodyType.EIGHT_BIT_MIME,
            Envelope.AddressForm.SMTPUTF8,
            71);

    enum Carrier {
        DIRECT,
        SOCKETS
    }

    @TempDir
    Path home;

    private final EventLog log = new EventLog(new ByteArrayOutputStream(), EventLog.LogFormat.PLAIN, Clock.systemUTC());
    private final List<AutoCloseable> open = new ArrayList<>();

    private Wires server = new DirectWires(new SocketWires(new Installation(Path.of("/nonexistent")), log));
    private Wires client = server;

    @BeforeEach
    void nothingYet() {
        server.close();
    }

    private void connect(Carrier carrier) {
        var sockets = new SocketWires(new Installation(home), log);
        open.add(sockets);
        server = carrier == Carrier.DIRECT ? new DirectWires(sockets) : sockets;
        client = carrier == Carrier.DIRECT ? server : new SocketWires(new Installation(home), log);
        open.add(client);
    }

    @AfterEach
    void close() throws Exception {
        for (AutoCloseable resource : open.reversed()) {
            resource.close();
        }
        log.close();
    }

    /** Keeps what is committed. */
    private static final class Kept implements Enqueue {
        final List<String> messages = new CopyOnWriteArrayList<>();
        final List<Envelope> envelopes = new CopyOnWriteArrayList<>();
        final List<String> tops = new CopyOnWriteArrayList<>();
        Receipt answer = new Receipt.Accepted(457);

        @Override
        public Submission open() {
            var message = new ByteArrayOutputStream();
            return new Submission() {
                @Override
                public void write(byte[] octets, int from, int length) {
                    message.write(octets, from, length);
                }

                @Override
                public Receipt commit(Envelope envelope, String fields) {
                    messages.add(message.toString(StandardCharsets.ISO_8859_1));
                    envelopes.add(envelope);
                    tops.add(fields);
                    return answer;
                }

                @Override
                public void close() {}
            };
        }
    }

    /** Over a socket, where nobody is trusted. Too much is refused for good; a value of a newer build may be understood later. */
    @Test
    void attributesThatCannotBeTakenAreRefused() throws Exception {
        connect(Carrier.SOCKETS);
        var queue = new Kept();
        open.add(server.offer(queue));
        for (int size : new int[] {2, 100_000}) {
            try (var submission = client.enqueue().open()) {
                submission.write(new byte[size], 0, size);
                assertThat(submission.commit(ENVELOPE.with(Attributes.NONE.with(Attribute.BODY.tag(), 4, "9BIT"))))
                        .isEqualTo(new Receipt.TemporaryFailure(
                                new Status(4, 3, 3), "no value of attribute body, or not its marks"));
            }
            try (var submission = client.enqueue().open()) {
                submission.write(new byte[size], 0, size);
                assertThat(submission.commit(ENVELOPE.with(Attributes.NONE.with(40_000, 1, "x".repeat(600)))))
                        .isInstanceOf(Receipt.PermanentFailure.class);
            }
        }
        assertThat(queue.envelopes).isEmpty();
    }

    /** As a numbered question, as frames, and with the most that may be given. */
    @ParameterizedTest
    @EnumSource
    void fieldsOnTopArriveWithTheEnvelope(Carrier carrier) throws Exception {
        connect(carrier);
        var queue = new Kept();
        open.add(server.offer(queue));
        String most = "X: " + "\u00ff".repeat(Enqueue.Submission.MOST_FIELDS - 4) + "\n";
        for (int size : new int[] {2, 100_000}) {
            for (String fields : List.of("A: b\n", most, "")) {
                try (var submission = client.enqueue().open()) {
                    submission.write(new byte[size], 0, size);
                    assertThat(submission.commit(ENVELOPE, fields)).isEqualTo(new Receipt.Accepted(457));
                }
            }
        }
        assertThat(queue.tops).containsExactly("A: b\n", most, "", "A: b\n", most, "");
        assertThat(queue.envelopes).allMatch(envelope -> envelope.addresses().equals(ENVELOPE.addresses()));
        if (carrier == Carrier.SOCKETS) { // the queue itself refuses it elsewhere
            try (var submission = client.enqueue().open()) {
                assertThatThrownBy(() -> submission.commit(ENVELOPE, most + "\n"))
                        .isInstanceOf(IllegalArgumentException.class);
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void messageAndEnvelopeArriveWhole(Carrier carrier) throws Exception {
        connect(carrier);
        var queue = new Kept();
        open.add(server.offer(queue));
        String large = "x".repeat(100_000) + "\n";
        for (String text : List.of("a\n", "", large, "M\n", "8-bit \u00ff\n")) {
            byte[] octets = text.getBytes(StandardCharsets.ISO_8859_1);
            try (var submission = client.enqueue().open()) {
                submission.write(octets, 0, octets.length);
                assertThat(submission.commit(ENVELOPE)).isEqualTo(new Receipt.Accepted(457));
            }
        }
        assertThat(queue.messages).containsExactly("a\n", "", large, "M\n", "8-bit \u00ff\n");
        assertThat(queue.envelopes.getFirst().addresses()).isEqualTo(ENVELOPE.addresses());
        assertThat(queue.envelopes.getFirst().form()).isEqualTo(ENVELOPE.form());
    }

    @ParameterizedTest
    @EnumSource
    void theGreatestUserIdArrives(Carrier carrier) throws Exception {
        connect(carrier);
        var queue = new Kept();
        open.add(server.offer(queue));
        var envelope =
                new Envelope(ENVELOPE.sender(), ENVELOPE.addresses(), ENVELOPE.body(), ENVELOPE.form(), GREATEST_ID);
        try (var submission = client.enqueue().open()) {
            assertThat(submission.commit(envelope)).isEqualTo(new Receipt.Accepted(457));
        }
    }

    @ParameterizedTest
    @EnumSource
    void refusalsArrive(Carrier carrier) throws Exception {
        connect(carrier);
        var queue = new Kept();
        open.add(server.offer(queue));
        for (Receipt receipt : List.of(
                new Receipt.TemporaryFailure(new Status(4, 3, 1), "disk low"),
                new Receipt.PermanentFailure(new Status(5, 3, 0), "no"))) {
            queue.answer = receipt;
            try (var submission = client.enqueue().open()) {
                assertThat(submission.commit(ENVELOPE)).isEqualTo(receipt);
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void withdrawnMessageIsNotKept(Carrier carrier) throws Exception {
        connect(carrier);
        var queue = new Kept();
        open.add(server.offer(queue));
        try (var submission = client.enqueue().open()) {
            submission.write(new byte[] {'a', '\n'}, 0, 2);
        }
        try (var submission = client.enqueue().open()) {
            submission.commit(ENVELOPE);
        }
        assertThat(queue.messages).containsExactly("");
    }

    @ParameterizedTest
    @EnumSource
    void absentProgramIsNotRunning(Carrier carrier) {
        connect(carrier);
        assertThatThrownBy(() ->
                        client.lookup().recipient(Lookup.LookupQuestion.receiving(new Address("a@b"), Address.NULL)))
                .isInstanceOf(NotRunningException.class);
        assertThatThrownBy(() -> client.enqueue().open().commit(ENVELOPE)).isInstanceOf(NotRunningException.class);
    }

    @ParameterizedTest
    @EnumSource
    void clientSurvivesARestartOfTheServer(Carrier carrier) throws Exception {
        connect(carrier);
        var queue = new Kept();
        for (int i = 0; i < 3; i++) {
            try (var _ = server.offer(queue);
                    var submission = client.enqueue().open()) {
                submission.write(new byte[] {'a', '\n'}, 0, 2);
                submission.commit(ENVELOPE);
            }
        }
        assertThat(queue.messages).hasSize(3);
    }

    @ParameterizedTest
    @EnumSource
    void everyLookupAnswerArrives(Carrier carrier) throws Exception {
        connect(carrier);
        List<Lookup.Answer> answers = List.of(
                new Lookup.Answer.Account(
                        new Lookup.AccountIdentity("joe", 503, 78),
                        new Lookup.AccountHome("/home/joe", "-", "a"),
                        new Lookup.DeliveryInstructions.DotQmailInstructions()),
                new Lookup.Answer.Account(
                        new Lookup.AccountIdentity("joe", 503, 78),
                        new Lookup.AccountHome("/home/joe", "", ""),
                        new Lookup.DeliveryInstructions.DirectoryInstructions(
                                "./Maildir/",
                                Lookup.Mailbox.NONE,
                                List.of("cat"),
                                List.of(new Address("x@y")),
                                Lookup.DotFiles.APPENDED)),
                new Lookup.Answer.ForwardOnly(List.of(new Address("a@b"), new Address("c@d"))),
                new Lookup.Answer.OtherHost(),
                new Lookup.Answer.Trash(),
                new Lookup.Answer.NoSuchAddress(new Status(5, 1, 1), "no such address"),
                new Lookup.Answer.Unresolved(new Status(4, 4, 3), "directory away"));
        List<Lookup.RecipientAnswer> verdicts = List.of(
                new Lookup.RecipientAnswer("h", true, new Lookup.AddressVerdict.KnownAddress()),
                new Lookup.RecipientAnswer("far.example", false, new Lookup.AddressVerdict.RemoteAddress()),
                new Lookup.RecipientAnswer("far.example", false, new Lookup.AddressVerdict.GatewayAddress()),
                new Lookup.RecipientAnswer(
                        "h", false, new Lookup.AddressVerdict.UnknownAddress(new Status(5, 1, 1), "no such address")),
                new Lookup.RecipientAnswer(
                        "", true, new Lookup.AddressVerdict.Undecided(new Status(4, 4, 3), "directory away")));
        var asked = new ArrayList<Lookup.LookupQuestion>();
        open.add(server.offer(new Lookup() {
            @Override
            public RecipientAnswer recipient(LookupQuestion question) {
                asked.add(question);
                return verdicts.get(Integer.parseInt(question.recipient().localPart()));
            }

            @Override
            public Answer account(LookupQuestion question) {
                Address address = question.recipient();
                return answers.get(Integer.parseInt(address.localPart()));
            }
        }));
        for (int i = 0; i < answers.size(); i++) {
            assertThat(client.lookup().account(Lookup.LookupQuestion.delivering(new Address(i + "@h"), Address.NULL)))
                    .isEqualTo(answers.get(i));
        }
        for (int i = 0; i < verdicts.size(); i++) {
            assertThat(client.lookup().recipient(Lookup.LookupQuestion.receiving(new Address(i + "@h"), Address.NULL)))
                    .isEqualTo(verdicts.get(i));
        }
        var question =
                new Lookup.LookupQuestion(new Address("0@h"), new Address("ann@s"), Lookup.LookupPurpose.EXPLAIN);
        assertThat(client.lookup().recipient(question)).isEqualTo(verdicts.getFirst());
        assertThat(asked).last().isEqualTo(question);
    }

    @ParameterizedTest
    @EnumSource
    void routesArriveInTheirOrderHoweverManyAndLong(Carrier carrier) throws Exception {
        connect(carrier);
        String longest = "x".repeat(Address.LIMIT - 2) + "@h";
        var mistakes = new ArrayList<String>();
        open.add(server.offerRouting(new Routing() {
            @Override
            public List<Route> routes(List<Address> envelopeRecipients) {
                return envelopeRecipients.stream()
                        .map(recipient -> route(recipient))
                        .toList();
            }

            private Route route(Address recipient) {
                return recipient.localPart().startsWith("v")
                        ? new Route.ToLocal(new Address("joe-" + recipient.octets()), recipient)
                        : recipient.domain().equals("h")
                                ? new Route.ToLocal(recipient, recipient)
                                : new Route.ToRemote(recipient);
            }

            @Override
            public void reread() throws ControlException {
                if (!mistakes.isEmpty()) {
                    throw new ControlException(mistakes);
                }
            }
        }));
        var asked = new ArrayList<Address>();
        var expected = new ArrayList<Route>();
        for (int i = 0; i < 2_500; i++) {
            Address each = new Address(
                    switch (i % 4) {
                        case 0 -> "v" + i + "@virt.example";
                        case 1 -> "u" + i + "@h";
                        case 2 -> longest;
                        default -> "w" + i + "@far.example";
                    });
            asked.add(each);
            expected.add(
                    switch (i % 4) {
                        case 0 -> new Route.ToLocal(new Address("joe-" + each.octets()), each);
                        case 1, 2 -> new Route.ToLocal(each, each);
                        default -> new Route.ToRemote(each);
                    });
        }
        assertThat(client.routing().routes(asked)).isEqualTo(expected);
        assertThat(client.routing().routes(List.of())).isEmpty();
        client.routing().reread();
        mistakes.add("control/locals: cannot be read");
        mistakes.add("control/virtualdomains:3: nonsense");
        assertThatThrownBy(() -> client.routing().reread())
                .isInstanceOfSatisfying(
                        ControlException.class, e -> assertThat(e.problems()).isEqualTo(mistakes));
    }

    @Test
    void overASocketLookupIsNotAskedAboutAForeignDomainAgainAndAgain() throws Exception {
        connect(Carrier.SOCKETS);
        var asked = new ArrayList<String>();
        open.add(server.offerRouting(new Routing() {
            @Override
            public List<Route> routes(List<Address> envelopeRecipients) {
                envelopeRecipients.forEach(recipient -> asked.add(recipient.octets()));
                return envelopeRecipients.stream()
                        .<Route>map(Route.ToRemote::new)
                        .toList();
            }

            @Override
            public boolean isForeign(Address recipient) {
                return recipient.domain().equals("far.example");
            }

            @Override
            public void reread() throws IOException {
                ForeignDomains.forget(new Installation(home));
            }
        }));
        Address ann = new Address("ann@far.example");
        Address bob = new Address("bob@far.example");
        Address eve = new Address("eve@near.example");
        assertThat(client.routing().routes(List.of(ann, eve)))
                .containsExactly(new Route.ToRemote(ann), new Route.ToRemote(eve));
        assertThat(client.routing().routes(List.of(bob))).containsExactly(new Route.ToRemote(bob));
        assertThat(asked).containsExactly(ann.octets(), eve.octets());
        client.routing().routes(List.of(eve));
        client.routing().reread();
        client.routing().routes(List.of(bob));
        assertThat(asked).containsExactly(ann.octets(), eve.octets(), eve.octets(), bob.octets());
        asked.clear();
        open.add(server.offer(new Lookup() {
            @Override
            public RecipientAnswer recipient(LookupQuestion question) {
                asked.add(question.recipient().octets());
                return new RecipientAnswer(question.recipient().domain(), false, new AddressVerdict.RemoteAddress());
            }

            @Override
            public boolean isForeign(Address recipient) {
                return recipient.domain().equals("far.example");
            }

            @Override
            public Answer account(LookupQuestion question) {
                throw new AssertionError();
            }
        }));
        for (Address each : List.of(ann, bob, eve, eve)) {
            assertThat(client.lookup().recipient(Lookup.LookupQuestion.receiving(each, Address.NULL)))
                    .isEqualTo(new Lookup.RecipientAnswer(
                            each.domain(), false, new Lookup.AddressVerdict.RemoteAddress()));
        }
        assertThat(asked).containsExactly(ann.octets(), eve.octets(), eve.octets());
    }

    @ParameterizedTest
    @EnumSource
    void theLargestLookupAnswerArrives(Carrier carrier) throws Exception {
        connect(carrier);
        var forwards = new ArrayList<Address>();
        for (int i = 0; i < 500; i++) {
            forwards.add(new Address("x".repeat(65_536 / 500) + "@"));
        }
        String longest = "p".repeat(1024);
        var answer = new Lookup.Answer.Account(
                new Lookup.AccountIdentity(longest, Integer.MAX_VALUE, Integer.MAX_VALUE),
                new Lookup.AccountHome("/" + longest, longest, "e".repeat(1000)),
                new Lookup.DeliveryInstructions.DirectoryInstructions(
                        "./" + longest, Lookup.Mailbox.NONE, List.of(), forwards, Lookup.DotFiles.APPENDED));
        open.add(server.offer(new Lookup() {
            @Override
            public RecipientAnswer recipient(LookupQuestion question) {
                return new RecipientAnswer("example.org", true, new AddressVerdict.KnownAddress());
            }

            @Override
            public Answer account(LookupQuestion question) {
                return answer;
            }
        }));
        assertThat(client.lookup().account(Lookup.LookupQuestion.delivering(new Address("a@h"), Address.NULL)))
                .isEqualTo(answer);
    }

    @ParameterizedTest
    @EnumSource
    void whatIsInAHomeArrives(Carrier carrier) throws Exception {
        connect(carrier);
        assertThatThrownBy(() -> client.homes().look(new Homes.AccountExtension(503, 78, "/home/joe", "-", "a")))
                .isInstanceOf(NotRunningException.class);
        var asked = new ArrayList<Homes.AccountExtension>();
        open.add(server.offerHomes(extension -> {
            asked.add(extension);
            return Homes.Presence.valueOf(extension.extension());
        }));
        for (Homes.Presence presence : Homes.Presence.values()) {
            var extension = new Homes.AccountExtension(503, 78, "/home/jo\u00e9", "-", presence.name());
            assertThat(client.homes().look(extension)).isEqualTo(presence);
            assertThat(asked.getLast()).isEqualTo(extension);
        }
    }

    @ParameterizedTest
    @EnumSource
    void outcomesArriveInOrder(Carrier carrier) throws Exception {
        connect(carrier);
        List<Outcome> outcomes = List.of(
                new Outcome.Delivered(new Status(2, 0, 0), "did 1+0+0\n"),
                new Outcome.Failed(new Status(5, 1, 1), "no\n"));
        var asked = new ArrayList<Deliver.Delivery>();
        open.add(server.offer(Wires.Channel.REMOTE, delivery -> {
            asked.add(delivery);
            return outcomes;
        }));
        var delivery = new Deliver.Delivery(
                12,
                457,
                2048,
                new Envelope(Address.NULL, ENVELOPE.addresses(), ENVELOPE.body(), ENVELOPE.form(), Envelope.NO_UID),
                "");
        assertThat(client.deliver(Wires.Channel.REMOTE).deliver(delivery)).isEqualTo(outcomes);
        assertThat(asked).containsExactly(delivery);
    }

    @ParameterizedTest
    @EnumSource
    void aShareThatIsUsedUpIsToldWithItsKey(Carrier carrier) throws Exception {
        connect(carrier);
        String key = "u".repeat(BusyException.KEY_LIMIT);
        open.add(server.offer(Wires.Channel.LOCAL, _ -> {
            throw new BusyException(key, 8);
        }));
        var delivery = new Deliver.Delivery(
                12,
                457,
                2048,
                new Envelope(Address.NULL, ENVELOPE.addresses(), ENVELOPE.body(), ENVELOPE.form(), Envelope.NO_UID),
                "");
        assertThatThrownBy(() -> client.deliver(Wires.Channel.LOCAL).deliver(delivery))
                .isInstanceOfSatisfying(BusyException.class, busy -> {
                    assertThat(busy.key()).isEqualTo(key);
                    assertThat(busy.atOnce()).isEqualTo(8);
                });
        assertThatThrownBy(() -> new BusyException(key + "x", 8)).isInstanceOf(IllegalArgumentException.class);
    }

    @ParameterizedTest
    @EnumSource
    void messagesAreReadWhole(Carrier carrier) throws Exception {
        connect(carrier);
        byte[] text = "y".repeat(200_000).getBytes(StandardCharsets.US_ASCII);
        open.add(server.offer((Messages) message -> {
            if (message != 457) {
                throw new FileNotFoundException();
            }
            return Messages.MessageBody.of(text);
        }));
        for (int i = 0; i < 2; i++) {
            try (var body = client.messages().open(457)) {
                assertThat(body.octets()).isEqualTo(text.length);
                assertThat(body.readAllBytes()).isEqualTo(text);
            }
            assertThatThrownBy(() -> client.messages().open(458)).isInstanceOf(FileNotFoundException.class);
        }
    }

    @ParameterizedTest
    @EnumSource
    void waitingMessagesAndReportsArrive(Carrier carrier) throws Exception {
        connect(carrier);
        var waiting = new WaitingMessage(
                457,
                Instant.ofEpochMilli(1_795_487_925_123L),
                2048,
                ENVELOPE,
                List.of(RecipientState.Due.NOW, new RecipientState.ToBounce()));
        var reported = new ArrayList<Report>();
        open.add(server.offer((Waiting) () -> new Waiting.WaitingSession() {
            @Override
            public List<WaitingMessage> next(int most, Duration patience) {
                return List.of(waiting);
            }

            @Override
            public void report(List<Report> reports) {
                reported.addAll(reports);
            }

            @Override
            public Waiting.Page recipients(long message, int from) {
                return from < waiting.recipients()
                        ? new Waiting.Page(
                                waiting.envelope().addresses().subList(from, waiting.recipients()),
                                waiting.states().subList(from, waiting.recipients()))
                        : Waiting.Page.NONE;
            }

            @Override
            public List<Failure> failures(long message, int after) {
                return after > 0 ? List.of() : List.of(new Failure(1, "<caf\u00c3\u00a9@example.org>:\nno\n\n"));
            }

            @Override
            public void close() {}
        }));
        List<Report> reports = List.of(
                new Report.RecipientDelivered(457, 0),
                new Report.RecipientFailed(457, 1, "<x>:\nno\n\n"),
                new Report.RecipientsDeferred(457, List.of(0, 1), Instant.ofEpochSecond(1_795_490_000), "not now"),
                new Report.MessageEnded(457));
        try (var session = client.waiting().open()) {
            assertThat(session.next(10, Duration.ofSeconds(1))).containsExactly(waiting);
            assertThat(session.recipients(457, 1))
                    .isEqualTo(new Waiting.Page(
                            ENVELOPE.addresses().subList(1, 2), List.of(new RecipientState.ToBounce())));
            assertThat(session.recipients(457, 2)).isEqualTo(Waiting.Page.NONE);
            session.report(reports);
            assertThat(session.failures(457)).containsExactly(new Failure(1, "<caf\u00c3\u00a9@example.org>:\nno\n\n"));
        }
        assertThat(reported).isEqualTo(reports);
    }

    @ParameterizedTest
    @EnumSource
    void toolsSeeCountsAndPages(Carrier carrier) throws Exception {
        connect(carrier);
        var counts = new Inspection.QueueCounts(3, 1, 4, 6144, 2, 128 << 20);
        var waiting = new WaitingMessage(
                457,
                Instant.ofEpochMilli(1_795_487_925_123L),
                2048,
                ENVELOPE,
                List.of(new RecipientState.Due(Instant.ofEpochSecond(1_795_490_000)), new RecipientState.Done()));
        open.add(server.offer(new Inspection() {
            @Override
            public QueueCounts counts() {
                return counts;
            }

            @Override
            public List<WaitingMessage> page(long after, int most) {
                return after == 456 && most == 7 ? List.of(waiting) : List.of();
            }

            @Override
            public List<String> reasons(long message, int from, int count) {
                return java.util.Collections.nCopies(count, "not now");
            }

            @Override
            public Waiting.Page recipients(long message, int from) {
                return from < waiting.recipients()
                        ? new Waiting.Page(
                                waiting.envelope().addresses().subList(from, waiting.recipients()),
                                waiting.states().subList(from, waiting.recipients()))
                        : Waiting.Page.NONE;
            }
        }));
        assertThat(client.inspection().counts()).isEqualTo(counts);
        assertThat(client.inspection().page(456, 7)).containsExactly(waiting);
        assertThat(client.inspection().page(457, 7)).isEmpty();
        assertThat(client.inspection().reasons(457, 0, 2)).containsExactly("not now", "not now");
        assertThat(client.inspection().recipients(457, 1).addresses())
                .isEqualTo(ENVELOPE.addresses().subList(1, 2));
    }

    @ParameterizedTest
    @EnumSource
    void ordersToWithdrawArriveWithTheNameOfWhoGaveThem(Carrier carrier) throws Exception {
        connect(carrier);
        var heard = new ArrayList<String>();
        open.add(server.offer((Withdrawal) (order, by, messages) -> {
            heard.add(order.way() + " " + order.reason() + " " + by + " " + messages);
            return messages.stream()
                    .map(message -> message == 9
                            ? Withdrawal.WithdrawalOutcome.UNKNOWN
                            : Withdrawal.WithdrawalOutcome.WITHDRAWN)
                    .toList();
        }));
        String user = System.getProperty("user.name");
        var order = new Withdrawal.WithdrawalRequest(Withdrawal.WithdrawalAction.BOUNCE, "caf\u00c3\u00a9");
        assertThat(client.withdrawal().withdraw(order, user, List.of(8L, 9L)))
                .containsExactly(Withdrawal.WithdrawalOutcome.WITHDRAWN, Withdrawal.WithdrawalOutcome.UNKNOWN);
        var all = new ArrayList<Long>();
        for (long i = Long.MAX_VALUE - Withdrawal.MOST_MESSAGES; i < Long.MAX_VALUE; i++) {
            all.add(i);
        }
        var remove = new Withdrawal.WithdrawalRequest(Withdrawal.WithdrawalAction.REMOVE, "");
        assertThat(client.withdrawal().withdraw(remove, user, all)).hasSize(all.size());
        assertThat(heard).containsExactly("BOUNCE caf\u00c3\u00a9 " + user + " [8, 9]", "REMOVE  " + user + " " + all);
    }

    @ParameterizedTest
    @EnumSource
    void envelopeOfManyRecipientsArrivesWhole(Carrier carrier) throws Exception {
        connect(carrier);
        var queue = new Kept();
        open.add(server.offer(queue));
        var recipients = new ArrayList<Address>();
        for (int i = 0; i < Envelope.MOST_RECIPIENTS; i++) {
            recipients.add(new Address("recipient" + i + "@example.org"));
        }
        var envelope = new Envelope(Address.NULL, recipients, ENVELOPE.body(), ENVELOPE.form(), 71);
        for (int i = 0; i < 3; i++) {
            try (var submission = client.enqueue().open()) {
                submission.write(new byte[] {'a', '\n'}, 0, 2);
                assertThat(submission.commit(envelope)).isEqualTo(new Receipt.Accepted(457));
            }
        }
        assertThat(queue.envelopes).hasSize(3);
        assertThat(queue.envelopes.getLast().addresses()).isEqualTo(recipients);
    }

    /** A message of up to one frame goes with its envelope if both fit into a question, and before it if not. */
    @ParameterizedTest
    @EnumSource
    void aMessageOfAlmostOneFrameArrivesWithAnEnvelopeOfAnyLength(Carrier carrier) throws Exception {
        connect(carrier);
        var queue = new Kept();
        open.add(server.offer(queue));
        var attributes = Attributes.NONE.with(40_000, 0, "y".repeat(4_000));
        byte[] message = new byte[EnqueueWire.CHUNK - 1];
        for (int count = 1; count < 100; count += 7) {
            var recipients = new ArrayList<Address>();
            for (int i = 0; i < count; i++) {
                recipients.add(new Address("r".repeat(88) + "@e"));
            }
            var envelope = new Envelope(Address.NULL, recipients, ENVELOPE.body(), ENVELOPE.form(), 71);
            try (var submission = client.enqueue().open()) {
                submission.write(message, 0, message.length);
                assertThat(submission.commit(envelope.with(attributes)))
                        .as(count + " recipients")
                        .isEqualTo(new Receipt.Accepted(457));
            }
            assertThat(queue.messages.getLast()).hasSize(message.length);
            assertThat(queue.envelopes.getLast().addresses()).isEqualTo(recipients);
        }
    }

    @ParameterizedTest
    @EnumSource
    void attributesOfRecipientsArriveWithAMessageOfAlmostOneFrame(Carrier carrier) throws Exception {
        connect(carrier);
        var queue = new Kept();
        open.add(server.offer(queue));
        var addresses = new ArrayList<Address>();
        var attributes = new TreeMap<Integer, Attributes>();
        for (int i = 0; i < 10; i++) {
            addresses.add(new Address("recipient" + i + "@example.org"));
            attributes.put(i, Attributes.NONE.with(40_000, 0, "y".repeat(1_000) + i));
        }
        var envelope = new Envelope(Address.NULL, RecipientList.of(addresses, attributes), Attributes.NONE);
        byte[] message = new byte[EnqueueWire.CHUNK - 1];
        try (var submission = client.enqueue().open()) {
            submission.write(message, 0, message.length);
            assertThat(submission.commit(envelope)).isEqualTo(new Receipt.Accepted(457));
        }
        assertThat(queue.messages.getLast()).hasSize(message.length);
        assertThat(queue.envelopes.getLast().recipients().attributes(9)).isEqualTo(attributes.get(9));
    }
}
