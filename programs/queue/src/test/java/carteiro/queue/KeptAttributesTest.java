package carteiro.queue;

import static org.assertj.core.api.Assertions.assertThat;

import carteiro.log.EventLog;
import carteiro.mail.Address;
import carteiro.mail.Attribute;
import carteiro.mail.Attributes;
import carteiro.mail.Envelope;
import carteiro.mail.Envelope.BodyType;
import carteiro.mail.RecipientList;
import carteiro.protocol.Enqueue.Receipt;
import carteiro.protocol.Waiting.Report;
import carteiro.protocol.Waiting.WaitingMessage;
import carteiro.queue.SampleHome.Ran;
import carteiro.segments.Framing;
import carteiro.segments.SegmentPosition;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Attributes of messages and recipients, those too that queue does not know: kept on disk, told to send, exported and imported. */
class KeptAttributesTest {
    private static final byte[] NO_INPUT = {};
    private static final int UNKNOWN = 40_000;
    private static final int TOLD = 1;
    private static final int DELIVERER_MUST = 4;

    private static final Attributes OF_MESSAGE = Attributes.NONE
            .with(Attribute.BODY, BodyType.EIGHT_BIT_MIME)
            .with(Attribute.UID, 71)
            .with(Attribute.CLIENT_ADDRESS, "192.0.2.7")
            .with(Attribute.CLIENT_HELO, "pc\u001b[2J")
            .with(Attribute.PARENT, 5L)
            .with(UNKNOWN, DELIVERER_MUST, "\u0000\u00ff,");
    private static final Attributes OF_RECIPIENT =
            Attributes.NONE.with(UNKNOWN + 1, TOLD, "notify").with(UNKNOWN + 2, 0, "kept");

    @TempDir
    Path folder;

    private final ByteArrayOutputStream lines = new ByteArrayOutputStream();
    private final EventLog log = new EventLog(lines, EventLog.LogFormat.PLAIN, Clock.systemUTC());
    private SampleHome home = new SampleHome(Path.of("/nonexistent"), log);

    @BeforeEach
    void home() {
        home = new SampleHome(folder.resolve("a"), log);
    }

    @AfterEach
    void close() {
        log.close();
    }

    /** For so many recipients, of which the second and the last have attributes. */
    private static Envelope envelope(int recipients) {
        var attributed = new TreeMap<Integer, Attributes>();
        attributed.put(1, OF_RECIPIENT);
        attributed.put(recipients - 1, OF_RECIPIENT);
        return new Envelope(
                new Address("ann@x"),
                RecipientList.of(Collections.nCopies(recipients, new Address("bob@x")), attributed),
                OF_MESSAGE);
    }

    private static void submit(Queue queue, Envelope envelope) throws IOException {
        assertThat(Sample.submit(queue.enqueue(), Sample.octets(100, 1), envelope))
                .isInstanceOf(Receipt.Accepted.class);
    }

    private static void assertTold(WaitingMessage message, Envelope accepted) {
        assertThat(message.envelope().attributes()).isEqualTo(OF_MESSAGE.told());
        assertThat(message.envelope().recipients())
                .isEqualTo(
                        accepted.told().recipients().subList(0, message.states().size()));
    }

    @Test
    void sendIsToldWhatHasAMarkAtOnceAndAfterARestartAndAfterRewriting() throws Exception {
        try (Queue queue = home.open(Sample.EARLY);
                var session = queue.waiting().open()) {
            submit(queue, envelope(2));
            assertTold(Sample.drain(session).getFirst(), envelope(2));
        }
        try (Queue queue = home.open(Sample.EARLY)) {
            assertTold(Sample.waiting(queue.waiting()).getFirst(), envelope(2));
            try (var session = queue.waiting().open()) {
                submit(queue, envelope(3));
                session.report(List.of(new Report.RecipientDelivered(1, 0)));
            }
            assertThat(queue.cleaning().rewriteSparse()).isNotNegative();
        }
        try (Queue queue = home.open(Sample.EARLY)) {
            assertThat(Sample.waiting(queue.waiting()))
                    .hasSize(2)
                    .allSatisfy(message -> assertTold(message, envelope(message.recipients())));
        }
    }

    @Test
    void pagesOfManyRecipientsHaveTheirAttributes() throws Exception {
        int count = 2500;
        try (Queue queue = home.open(Sample.EARLY)) {
            submit(queue, envelope(count));
            try (var session = queue.waiting().open()) {
                var all = new ArrayList<Attributes>();
                while (all.size() < count) {
                    session.recipients(1, all.size()).recipients().forEach(one -> all.add(one.attributes()));
                }
                for (int i = 0; i < count; i++) {
                    assertThat(all.get(i)).isEqualTo(i == 1 || i == count - 1 ? OF_RECIPIENT.told() : Attributes.NONE);
                }
            }
        }
    }

    /** Behind the last address that fits into what send is told at once. */
    @Test
    void attributesOfARecipientThatIsNotToldYetHurtNothing() throws Exception {
        var addresses = Collections.nCopies(100, new Address("x".repeat(88) + "@x"));
        var attributed = new TreeMap<Integer, Attributes>();
        attributed.put(95, OF_RECIPIENT);
        try (Queue queue = home.open(Sample.EARLY);
                var session = queue.waiting().open()) {
            submit(queue, new Envelope(new Address("ann@x"), RecipientList.of(addresses, attributed), OF_MESSAGE));
            WaitingMessage told = Sample.drain(session).getFirst();
            int some = told.states().size();
            assertThat(some).isBetween(80, 95);
            assertThat(told.envelope().recipients().attributed()).isZero();
            assertThat(session.recipients(1, some).recipients().attributes(95 - some))
                    .isEqualTo(OF_RECIPIENT.told());
        }
    }

    /** As many as one answer may have of the largest messages: what a frame takes is bounded. */
    @Test
    void messagesWithTheMostAttributesAreToldInSeveralAnswers() throws Exception {
        Attributes most = Attributes.NONE.with(UNKNOWN, TOLD, "x".repeat(Attributes.MOST_TOLD - 5));
        var attributed = new TreeMap<Integer, Attributes>();
        for (int i = 0; i < 100; i++) {
            attributed.put(i, most);
        }
        var envelope = new Envelope(
                new Address("ann@x"),
                RecipientList.of(Collections.nCopies(100, new Address("b@x")), attributed),
                OF_MESSAGE);
        try (Queue queue = home.open(Sample.EARLY)) {
            for (int i = 0; i < 60; i++) {
                submit(queue, envelope);
            }
            int told = 0;
            try (var session = queue.waiting().open()) {
                while (told < 60) {
                    List<WaitingMessage> some = session.next(1000, java.time.Duration.ofSeconds(5));
                    assertThat(some).hasSizeBetween(1, 30);
                    told += some.size();
                }
            }
        }
    }

    /** As many as enqueue takes, and what queue adds: read after a restart, exported, and imported. */
    @Test
    void theMostThatIsTakenInIsKeptExportedAndImported() throws Exception {
        Attributes most = Attributes.NONE.with(UNKNOWN, TOLD, "x".repeat(Attributes.MOST_TOLD - 5));
        for (int i = 1; i < 60; i++) {
            most = most.with(UNKNOWN + i, 0, "");
        }
        most = most.with(UNKNOWN + 59, 0, "z".repeat(4032 - most.size()));
        var attributed = new TreeMap<Integer, Attributes>();
        attributed.put(0, most);
        var claimed =
                new Envelope(new Address("ann@x"), RecipientList.of(List.of(new Address("b@x")), attributed), most);
        claimed.check();
        try (Queue queue = home.open(Sample.EARLY)) {
            submit(queue, claimed.by(-2));
        }
        try (Queue queue = home.open(Sample.EARLY)) {
            WaitingMessage told = Sample.waiting(queue.waiting()).getFirst();
            assertThat(told.envelope().attributes())
                    .isEqualTo(most.with(Attribute.UID, -2).told());
        }
        Path export = folder.resolve("q.tar");
        assertThat(home.run(NO_INPUT, "export", export.toString()).exit()).isZero();
        assertThat(shown(imported(export))).isEqualTo(shown(home));
    }

    /** Its sum is right: what this build does not understand another one may. */
    @Test
    void anEnvelopeThatThisBuildCannotReadWaits() throws Exception {
        try (Queue queue = home.open(Sample.EARLY)) {
            submit(queue, envelope(2));
        }
        Path segment = home.queue().resolve("segments/0000000001");
        byte[] octets = Files.readAllBytes(segment);
        int at = new String(octets, StandardCharsets.ISO_8859_1).indexOf("notify") - 5;
        octets[at] = 0; // the tag becomes 0, which no build writes
        octets[at + 1] = 0;
        java.nio.ByteBuffer whole = java.nio.ByteBuffer.wrap(octets);
        var place = new SegmentPosition(1, recordOfMessage(octets));
        Framing.RecordHeader header = java.util.Objects.requireNonNull(Framing.read(whole, place.offset(), place));
        int sum = Framing.sum(octets, place.offset() + Framing.HEADER, header.payload());
        Framing.put(
                whole.duplicate().position(place.offset()),
                new Framing.RecordHeader(
                        header.kind(),
                        header.payload(),
                        sum,
                        header.body(),
                        header.bodySum(),
                        header.message(),
                        header.synced()),
                place);
        Files.write(segment, octets);
        try (Queue queue = home.open(Sample.EARLY)) {
            assertThat(Sample.waiting(queue.waiting())).isEmpty();
            assertThat(queue.inspection().counts().messages())
                    .as("it still waits")
                    .isEqualTo(1);
        }
        log.close();
        assertThat(lines.toString(StandardCharsets.ISO_8859_1))
                .contains("message 1 has an envelope that this build cannot read")
                .doesNotContain("damaged");
    }

    /** Where the accepted record begins, behind that of the segment. */
    private static int recordOfMessage(byte[] octets) {
        return new String(octets, StandardCharsets.ISO_8859_1).indexOf("CQ\u0002\u0001");
    }

    @Test
    void whoLooksSeesThemAll() throws Exception {
        try (Queue queue = home.open(Sample.EARLY)) {
            submit(queue, envelope(2));
        }
        Ran show = home.run(NO_INPUT, "show", "1");
        assertThat(show.out())
                .contains(
                        "\n  sender: <ann@x>\n  body: 8BITMIME\n  uid: 71\n  client-address: 192.0.2.7\n  client-helo: pc_[2J\n"
                                + "  parent: 5\n  attribute-40000: ")
                .contains(
                        "\n  recipient: <bob@x>: not tried yet\n    attribute-40001: notify\n    attribute-40002: kept\n")
                .doesNotContain("\u001b");
    }

    private SampleHome imported(Path export) throws IOException {
        var other = new SampleHome(folder.resolve("b"), log);
        Files.createDirectories(other.queue());
        Path control = Files.createDirectories(folder.resolve("b/control"));
        Files.writeString(control.resolve("queuediskfloor"), "1048576\n");
        assertThat(other.run(NO_INPUT, "import", export.toString()).exit()).isZero();
        return other;
    }

    /** What show says of the first message, without the lines that name it and its time. */
    private static String shown(SampleHome of) throws IOException {
        long number;
        try (Queue queue = of.open(Sample.EARLY)) {
            number = Sample.waiting(queue.waiting()).getFirst().message();
        }
        return of.run(NO_INPUT, "show", Long.toString(number)).out().replaceFirst("message \\d+\n  arrived: .*", "");
    }

    @Test
    void anExportTakesThemAlong() throws Exception {
        try (Queue queue = home.open(Sample.EARLY)) {
            submit(queue, envelope(3));
        }
        Path export = folder.resolve("q.tar");
        assertThat(home.run(NO_INPUT, "export", export.toString()).exit()).isZero();
        SampleHome other = imported(export);
        assertThat(shown(other)).isEqualTo(shown(home)).contains("attribute-40002: kept");
    }

    @Test
    void anExportOfTheFirstFormatNamesWhatIsLost() throws Exception {
        try (Queue queue = home.open(Sample.EARLY)) {
            submit(queue, envelope(3));
            Sample.accepted(queue.enqueue(), Sample.octets(10, 2), "plain@x");
        }
        Path export = folder.resolve("q.tar");
        Ran ran = home.run(NO_INPUT, "export", "--format", "1", export.toString());
        assertThat(ran.exit()).isZero();
        assertThat(ran.out())
                .contains("format 1 has no place for client-address, which 1 messages had: it is not in the export\n")
                .contains(
                        "client-helo, which 1",
                        "parent, which 1",
                        "attribute-40000, which 1",
                        "attribute-40001, which 1")
                .doesNotContain("body", "uid");
        assertThat(Files.readString(export, StandardCharsets.ISO_8859_1))
                .contains("\"export\" : 1,", "\"body\" : \"8BITMIME\"", "\"uid\" : 71")
                .doesNotContain("attributes");
        SampleHome other = imported(export);
        assertThat(shown(other)).contains("\n  sender: <ann@x>\n  body: 8BITMIME\n  uid: 71\n  recipient: ");
        assertThat(home.run(NO_INPUT, "export", "--format", "3", export + "3").exit())
                .isEqualTo(100);
    }
}
