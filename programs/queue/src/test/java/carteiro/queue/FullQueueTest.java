package carteiro.queue;

import static org.assertj.core.api.Assertions.assertThat;

import carteiro.log.EventLog;
import carteiro.mail.Address;
import carteiro.mail.Attribute;
import carteiro.mail.Attributes;
import carteiro.mail.Envelope;
import carteiro.mail.Envelope.AddressForm;
import carteiro.mail.Envelope.BodyType;
import carteiro.posix.SystemAccount;
import carteiro.protocol.Enqueue.Receipt;
import carteiro.protocol.Waiting.Report;
import carteiro.protocol.Waiting.WaitingSession;
import carteiro.segments.FileDisk;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What waits has a share of the memory; what is above it is put off, but for bounces, which let messages end. */
class FullQueueTest {
    private static final byte[] HELLO = Sample.octets(300, 1);
    private static final int STRANGER = 4242;
    private static final long MEMORY = 20_000;

    @TempDir
    Path folder;

    private final ByteArrayOutputStream lines = new ByteArrayOutputStream();
    private final EventLog log = new EventLog(lines, EventLog.LogFormat.PLAIN, Clock.systemUTC());
    private Queue queue;

    @BeforeEach
    void open() throws IOException {
        var settings = new QueueSettings(32 << 20, 0);
        queue = new Queue(new FileDisk(folder), () -> settings, log, Sample.EARLY, 1 << 20, MEMORY);
    }

    @AfterEach
    void close() throws IOException {
        queue.close();
        log.close();
    }

    private Receipt submit(byte[] message, String sender, int uid, int recipients) throws IOException {
        return Sample.submit(
                queue.enqueue(),
                message,
                new Envelope(
                        sender.equals("#@[]") ? Address.DOUBLE_BOUNCE : new Address(sender),
                        Collections.nCopies(recipients, new Address("bob@example.net")),
                        BodyType.SEVEN_BIT,
                        AddressForm.ASCII,
                        uid));
    }

    /** The numbers of all that are taken until one is not. */
    private List<Long> fill(String sender, int uid) throws IOException {
        var taken = new ArrayList<Long>();
        while (submit(HELLO, sender, uid, 1) instanceof Receipt.Accepted(long number)) {
            taken.add(number);
        }
        return taken;
    }

    @Test
    void itIsFullBeforeSendIsAndBouncesOfOurOwnAreTakenAllTheSame() throws Exception {
        List<Long> taken = fill("ann@example.org", STRANGER);
        int attributes = Attributes.NONE.with(Attribute.UID, STRANGER).size();
        int each = 128 + 3 + 2 + 2 + attributes + "ann@example.org".length() + "bob@example.net".length();
        assertThat(taken.size())
                .as("the last is over it; records are as long as a multiple of 8")
                .isBetween((int) MEMORY / (each + 8), (int) MEMORY / each + 1);
        Receipt refused = submit(HELLO, "ann@example.org", STRANGER, 1);
        assertThat(refused).hasToString("TemporaryFailure[status=4.3.1, reason=too many messages wait]");
        assertThat(submit(new byte[0], "ann@example.org", STRANGER, 1)).isEqualTo(refused);
        assertThat(submit(Sample.octets(400_000, 2), "ann@example.org", STRANGER, 1))
                .isEqualTo(refused);
        try (Stream<Path> files = Files.list(folder.resolve("large"))) {
            assertThat(files).isEmpty();
        }
        assertThat(submit(HELLO, "", STRANGER, 1)).as("a bounce of others").isEqualTo(refused);
        int self = SystemAccount.effectiveUid();
        assertThat(submit(HELLO, "ann@example.org", self, 1)).isEqualTo(refused);
        assertThat(submit(HELLO, "", self, 2)).as("no bounce").isEqualTo(refused);
        assertThat(submit(HELLO, "#@[]", self, 1)).isInstanceOf(Receipt.Accepted.class);
        List<Long> bounces = fill("", self);
        assertThat(bounces).hasSizeBetween(8, 20);
        log.close();
        assertThat(lines.toString(StandardCharsets.ISO_8859_1).lines())
                .filteredOn(line -> line.startsWith("alert: "))
                .singleElement()
                .asString()
                .startsWith("alert: queue: full: " + taken.size() + " messages wait and take " + MEMORY
                        + " octets of memory");
        try (WaitingSession session = queue.waiting().open()) {
            for (long number : bounces) {
                session.report(List.of(new Report.MessageEnded(number)));
            }
            session.report(List.of(new Report.MessageEnded(taken.get(0)), new Report.MessageEnded(taken.get(1))));
        }
        assertThat(submit(HELLO, "ann@example.org", STRANGER, 1)).isInstanceOf(Receipt.Accepted.class);
    }

    @Test
    void failuresToComeAreCountedWithTheMessage() throws Exception {
        int most = (int) (MEMORY / 28);
        assertThat(submit(HELLO, "ann@example.org", STRANGER, most)).isInstanceOf(Receipt.Accepted.class);
        assertThat(submit(HELLO, "ann@example.org", STRANGER, 1)).isInstanceOf(Receipt.TemporaryFailure.class);
    }
}
