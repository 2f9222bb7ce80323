package carteiro.protocol;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import carteiro.control.Installation;
import carteiro.mail.Address;
import carteiro.mail.Envelope;
import carteiro.mail.Octets;
import carteiro.mail.Status;
import carteiro.posix.ProcessCredentials;
import carteiro.posix.UnixId;
import carteiro.protocol.Enqueue.Receipt;
import carteiro.wire.MalformedFrameException;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A local user's message finds its way while queue comes and goes: into the queue, or into the spool. */
class LocalSubmissionTest {
    private static final Instant NOW = Instant.parse("2026-11-24T03:08:09Z");
    private static final String RECEIVED = "Received: (qmail 4711 invoked by uid 1000); 24 Nov 2026 03:08:09 -0000\n";
    private static final int LARGE = 3 * LocalSubmission.KEPT + 17;

    @TempDir
    Path home;

    private Path folder;
    private final Scripted queue = new Scripted();

    @BeforeEach
    void spool() throws Exception {
        Files.createDirectory(home.resolve("control"));
        Files.writeString(home.resolve("control/queuediskfloor"), "1048576\n");
        folder = Spool.folder(new Installation(home));
        Spool.make(folder);
    }

    /** What queue does at each try; after the last it takes messages. */
    enum Does {
        ABSENT,
        STOPPING,
        LOST_IN_MESSAGE,
        LOST_AFTER_IT,
        LOW,
        REFUSES
    }

    /** A queue that does what it is told. */
    private static final class Scripted implements Enqueue {
        final Deque<Does> does = new ArrayDeque<>();
        final List<String> messages = new ArrayList<>();
        final List<Envelope> envelopes = new ArrayList<>();
        boolean everAbsent;

        @Override
        public Submission open() throws IOException {
            Does now = does.poll();
            if (everAbsent || now == Does.ABSENT) {
                throw new NotRunningException("queue does not answer at nowhere; is it running?");
            }
            var octets = new ByteArrayOutputStream();
            return new Submission() {
                @Override
                public void write(byte[] part, int from, int length) throws IOException {
                    if (now == Does.LOST_IN_MESSAGE) {
                        throw new IOException("broken pipe");
                    }
                    octets.write(part, from, length);
                }

                @Override
                public Receipt commit(Envelope envelope, String fields) throws IOException {
                    return switch (now) {
                        case STOPPING -> new Receipt.TemporaryFailure(new Status(4, 3, 2), "queue is stopping");
                        case LOW -> new Receipt.TemporaryFailure(new Status(4, 3, 1), "disk space is low");
                        case REFUSES -> new Receipt.PermanentFailure(new Status(5, 3, 4), "message too big");
                        case LOST_AFTER_IT -> throw new IOException("queue was lost before it answered");
                        case null, default -> {
                            messages.add(octets.toString(java.nio.charset.StandardCharsets.ISO_8859_1));
                            envelopes.add(envelope);
                            yield new Receipt.Accepted(messages.size());
                        }
                    };
                }

                @Override
                public void close() {}
            };
        }
    }

    private static String message(int size) {
        byte[] octets = new byte[size];
        new java.util.Random(size).nextBytes(octets);
        return Octets.text(octets);
    }

    private Receipt hand(String message, Duration patience) throws IOException {
        var spool = new Spool(new Installation(home), patience);
        try (var submission = new LocalSubmission(queue, spool, new ProcessCredentials(4711, 1000, "joe"), NOW)) {
            byte[] octets = Octets.bytes(message);
            for (int at = 0; at < octets.length; at += 70_000) {
                submission.write(octets, at, Math.min(70_000, octets.length - at));
            }
            return submission.commit(new Address("ann@x"), List.of(new Address("bob@y"), new Address("caf\u00e9@z")));
        }
    }

    private List<Path> spooled() throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.toList();
        }
    }

    private static String read(Path file, List<Envelope> envelopes) throws IOException {
        var octets = new ByteArrayOutputStream();
        try (var in = Files.newInputStream(file)) {
            envelopes.add(SpooledMessage.read(in, into(octets)));
        }
        return octets.toString(java.nio.charset.StandardCharsets.ISO_8859_1);
    }

    private static Enqueue.Submission into(ByteArrayOutputStream octets) {
        return new Enqueue.Submission() {
            @Override
            public void write(byte[] part, int from, int length) {
                octets.write(part, from, length);
            }

            @Override
            public Receipt commit(Envelope envelope, String fields) {
                throw new AssertionError();
            }

            @Override
            public void close() {}
        };
    }

    @Test
    void aCallersNumberHasNoSign() {
        var caller = new ProcessCredentials(4711, UnixId.of(4_000_000_000L), "4000000000");
        assertThat(LocalSubmission.received(caller, NOW)).contains("invoked by uid 4000000000)");
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 5, LocalSubmission.KEPT - 100, LocalSubmission.KEPT, LARGE})
    void messageWaitsInTheSpoolWhileQueueIsDown(int size) throws Exception {
        queue.everAbsent = true;
        String message = message(size);
        assertThat(hand(message, Duration.ZERO)).isEqualTo(new Receipt.Accepted(4711));
        assertThat(spooled()).hasSize(1);
        Path file = spooled().getFirst();
        assertThat(Spool.isMessage(file.getFileName().toString())).isTrue();
        assertThat((int) Files.getAttribute(file, "unix:mode") & 07777).isEqualTo(0640);
        assertThat(Files.getAttribute(file, "unix:gid")).isEqualTo(Files.getAttribute(folder, "unix:gid"));
        var envelopes = new ArrayList<Envelope>();
        assertThat(read(file, envelopes)).isEqualTo(RECEIVED + message);
        assertThat(envelopes.getFirst().sender().octets()).isEqualTo("ann@x");
        assertThat(envelopes.getFirst().addresses())
                .extracting(Address::octets)
                .containsExactly("bob@y", "caf\u00e9@z");
        assertThat(envelopes.getFirst().form()).isEqualTo(Envelope.AddressForm.SMTPUTF8);
    }

    @ParameterizedTest(name = "{0} octets, queue {1}")
    @CsvSource({
        "10, ABSENT ABSENT ABSENT",
        "10, STOPPING ABSENT",
        "10, LOST_IN_MESSAGE",
        "10, LOST_AFTER_IT STOPPING",
        LARGE + ", ABSENT ABSENT",
        LARGE + ", STOPPING",
        LARGE + ", LOST_IN_MESSAGE ABSENT LOST_AFTER_IT",
    })
    void queueThatComesBackGetsTheMessage(int size, String does) throws Exception {
        for (String one : does.split(" ")) {
            queue.does.add(Does.valueOf(one));
        }
        String message = message(size);
        assertThat(hand(message, Duration.ofSeconds(60))).isEqualTo(new Receipt.Accepted(1));
        assertThat(queue.messages).containsExactly(RECEIVED + message);
        assertThat(queue.envelopes.getFirst().uid()).isEqualTo(1000);
        assertThat(spooled()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({"LOW, 4.3.1", "REFUSES, 5.3.4"})
    void whatQueueAnswersIsPassedOn(Does does, String status) throws Exception {
        for (int size : new int[] {10, LARGE}) {
            queue.does.add(does);
            assertThat(hand(message(size), Duration.ZERO).toString()).contains(status);
            assertThat(queue.messages).isEmpty();
            assertThat(spooled()).isEmpty();
        }
    }

    @Test
    void queueThatGoesOnStoppingLeavesItToTheSpool() throws Exception {
        queue.does.add(Does.STOPPING);
        assertThat(hand("x", Duration.ZERO)).isEqualTo(new Receipt.Accepted(4711));
        assertThat(spooled()).hasSize(1);
    }

    @Test
    void withoutASpoolTheTroubleNamesBoth() throws Exception {
        Files.delete(folder);
        queue.everAbsent = true;
        for (int size : new int[] {10, LARGE}) {
            assertThatThrownBy(() -> hand(message(size), Duration.ZERO))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("is it running?");
        }
        assertThatThrownBy(() -> hand("x", Duration.ZERO)).hasMessageContaining("spool");
        queue.everAbsent = false;
        queue.does.add(Does.STOPPING);
        assertThat(hand("x", Duration.ZERO)).isInstanceOf(Receipt.TemporaryFailure.class);
        assertThat(hand(message(LARGE), Duration.ZERO)).isEqualTo(new Receipt.Accepted(1));
        assertThat(queue.messages).containsExactly(RECEIVED + message(LARGE));
    }

    @Test
    void nothingIsKeptWhereTheDiskIsLow() throws Exception {
        Files.writeString(home.resolve("control/queuediskfloor"), Long.toString(1L << 50) + "\n");
        queue.everAbsent = true;
        assertThatThrownBy(() -> hand("x", Duration.ZERO)).hasMessageContaining("disk space is low");
        assertThat(spooled()).isEmpty();
        queue.everAbsent = false;
        assertThat(hand(message(LARGE), Duration.ZERO)).isEqualTo(new Receipt.Accepted(1));
        assertThat(queue.messages).containsExactly(RECEIVED + message(LARGE));
    }

    /** Lets no file of this process grow beyond so many octets; a write beyond that fails, as on a full disk. */
    private static void limitFiles(String octets) throws Exception {
        Process process = new ProcessBuilder(
                        "prlimit",
                        "--pid",
                        Long.toString(ProcessHandle.current().pid()),
                        "--fsize=" + octets + ":")
                .redirectErrorStream(true)
                .start();
        String said = Octets.text(process.getInputStream().readAllBytes());
        assertThat(process.waitFor()).as(said).isZero();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "LOST_IN_MESSAGE ABSENT"})
    void spoolThatCanTakeNoMoreInTheMiddleLeavesItToQueue(String does) throws Exception {
        for (String one : does.isEmpty() ? new String[0] : does.split(" ")) {
            queue.does.add(Does.valueOf(one));
        }
        String message = message(LARGE);
        limitFiles(Integer.toString(LocalSubmission.KEPT + 100_000));
        try {
            assertThat(hand(message, Duration.ofSeconds(60))).isEqualTo(new Receipt.Accepted(1));
        } finally {
            limitFiles("unlimited");
        }
        assertThat(queue.messages).containsExactly(RECEIVED + message);
        assertThat(spooled()).isEmpty();
    }

    @Test
    void withdrawnMessageLeavesNothing() throws Exception {
        var spool = new Spool(new Installation(home), Duration.ZERO);
        try (var submission = new LocalSubmission(queue, spool, new ProcessCredentials(4711, 1000, "joe"), NOW)) {
            submission.write(new byte[LARGE]);
            assertThat(spooled())
                    .hasSize(1)
                    .allMatch(file -> Spool.isDraft(file.getFileName().toString()));
        }
        assertThat(spooled()).isEmpty();
        assertThat(queue.messages).isEmpty();
    }

    @Test
    void messageOverTheLimitOfTheSpoolGoesStraightToQueue() throws Exception {
        var octets = new long[1];
        Enqueue counting = () -> new Enqueue.Submission() {
            @Override
            public void write(byte[] part, int from, int length) {
                octets[0] += length;
            }

            @Override
            public Receipt commit(Envelope envelope, String fields) {
                return new Receipt.Accepted(1);
            }

            @Override
            public void close() {}
        };
        var spool = new Spool(new Installation(home), Duration.ZERO);
        byte[] piece = new byte[1 << 20];
        Arrays.fill(piece, (byte) 'x');
        int pieces = (int) (Spool.LARGEST >> 20);
        try (var submission = new LocalSubmission(counting, spool, new ProcessCredentials(4711, 1000, "joe"), NOW)) {
            for (int i = 0; i < pieces; i++) {
                submission.write(piece);
            }
            assertThat(spooled()).isEmpty();
            assertThat(submission.commit(new Address("a@x"), List.of(new Address("b@y"))))
                    .isEqualTo(new Receipt.Accepted(1));
        }
        assertThat(octets[0]).isEqualTo(RECEIVED.length() + ((long) pieces << 20));
    }

    @Test
    void envelopeHasALimitInOctets() throws Exception {
        var recipients = new ArrayList<Address>();
        String long900 = "a".repeat(900);
        while (recipients.size() * 906L < LocalSubmission.ENVELOPE_LIMIT - 1200) {
            recipients.add(new Address(long900));
        }
        var spool = new Spool(new Installation(home), Duration.ZERO);
        queue.everAbsent = true;
        try (var submission = new LocalSubmission(queue, spool, new ProcessCredentials(4711, 1000, "joe"), NOW)) {
            assertThat(submission.commit(new Address("a@x"), recipients)).isEqualTo(new Receipt.Accepted(4711));
        }
        var envelopes = new ArrayList<Envelope>();
        read(spooled().getFirst(), envelopes);
        assertThat(envelopes.getFirst().addresses()).hasSameSizeAs(recipients);
        recipients.add(new Address(long900));
        recipients.add(new Address(long900));
        try (var submission = new LocalSubmission(queue, spool, new ProcessCredentials(4711, 1000, "joe"), NOW)) {
            assertThat(submission.commit(new Address("a@x"), recipients)).isInstanceOf(Receipt.PermanentFailure.class);
        }
    }

    @Test
    void whatIsCutOrChangedIsNoMessage() throws Exception {
        queue.everAbsent = true;
        hand("Subject: x\n\nbody\n", Duration.ZERO);
        byte[] whole = Files.readAllBytes(spooled().getFirst());
        for (int at = 0; at < whole.length; at++) {
            byte[] changed = whole.clone();
            changed[at] ^= 1;
            refuse(changed);
            refuse(Arrays.copyOf(whole, at));
        }
        refuse(Arrays.copyOf(whole, whole.length + 1));
        refuse("carteiro spool 1\n9000000:".getBytes());
        refuse("carteiro spool 1\n0:,".getBytes());
    }

    private static void refuse(byte[] file) {
        assertThatThrownBy(() -> SpooledMessage.read(new ByteArrayInputStream(file), into(new ByteArrayOutputStream())))
                .isInstanceOfAny(MalformedFrameException.class, IllegalArgumentException.class);
    }

    @Test
    void waitingTimeIsTheUsersWithinItsRange() {
        var installation = new Installation(home);
        for (String wrong : new String[] {"", "x", "-1", "1000000000000", "5s"}) {
            assertThat(Spool.of(installation, java.util.Map.of("QUEUEWAIT", wrong))
                            .patience())
                    .isEqualTo(Spool.PATIENCE);
        }
        assertThat(Spool.of(installation, java.util.Map.of("QUEUEWAIT", "0")).patience())
                .isEqualTo(Duration.ZERO);
        assertThat(Spool.of(installation, java.util.Map.of("QUEUEWAIT", "300")).patience())
                .isEqualTo(Duration.ofSeconds(300));
        assertThat(Spool.of(installation, java.util.Map.of("QUEUEWAIT", "301")).patience())
                .isEqualTo(Duration.ofSeconds(300));
    }
}
