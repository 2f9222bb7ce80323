package carteiro.queue;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import carteiro.log.EventLog;
import carteiro.mail.Address;
import carteiro.mail.Envelope.AddressForm;
import carteiro.mail.Envelope.BodyType;
import carteiro.protocol.Waiting.Failure;
import carteiro.protocol.Waiting.RecipientState;
import carteiro.protocol.Waiting.Report;
import carteiro.protocol.Waiting.WaitingMessage;
import carteiro.queue.SampleHome.Ran;
import carteiro.queuetool.CommandsOnADisk;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code carteiro queue export} and {@code import}: from one queue into another. */
class ExportTest {
    private static final Instant ARRIVED = Instant.parse("2025-11-20T10:00:00.123Z");
    private static final Instant DUE = Instant.ofEpochSecond(2_000_000_000);
    private static final int LARGE = MessageIntake.INLINE + 1;
    private static final int TAR_BLOCK = 512;

    @TempDir
    Path folder;

    private final ByteArrayOutputStream lines = new ByteArrayOutputStream();
    private final EventLog log = new EventLog(lines, EventLog.LogFormat.PLAIN, Clock.systemUTC());

    @AfterEach
    void close() {
        log.close();
    }

    private Queue open(String home, Clock clock) throws IOException {
        return new SampleHome(folder.resolve(home), log).open(clock);
    }

    private Queue open(String home) throws IOException {
        return open(home, Sample.EARLY);
    }

    /** Four messages: one untried, one of every state, one large, one ended. */
    private void write(String home) throws IOException {
        try (Queue queue = open(home, Clock.fixed(ARRIVED, ZoneOffset.UTC))) {
            Sample.accepted(queue.enqueue(), Sample.octets(0, 1), "a@x");
            Sample.accepted(queue.enqueue(), Sample.octets(2000, 2), "done@x", "caf\u00c3\u00a9@x", "later@x", "new@x");
            Sample.accepted(queue.enqueue(), Sample.octets(LARGE, 3), "large@x");
            Sample.accepted(queue.enqueue(), Sample.octets(4, 4), "ended@x");
            try (var session = queue.waiting().open()) {
                session.report(List.of(
                        new Report.RecipientDelivered(2, 0),
                        new Report.RecipientFailed(2, 1, "<caf\u00c3\u00a9@x>:\nno \u00ff\"\\\n\n"),
                        new Report.RecipientsDeferred(2, List.of(2), DUE),
                        new Report.MessageEnded(4)));
            }
        }
    }

    private Ran run(byte[] input, String home, String... words) {
        return new SampleHome(folder.resolve(home), log).run(input, words);
    }

    private byte[] exported(String home) {
        Ran result = run(new byte[0], home, "export", "-");
        assertThat(result.exit()).as(result.err()).isZero();
        return result.octets();
    }

    @Test
    void whatWaitedWaitsInTheOtherQueueAsItDidInTheFirst() throws IOException {
        write("old");
        Path archive = folder.resolve("queue.tar");
        Ran export = run(new byte[0], "old", "export", archive.toString());
        assertThat(export.out()).contains("exported 3 messages of 264145 octets; 0 needed nothing more; 0 could not");
        assertThat(export.exit()).isZero();
        try (Queue queue = open("new")) { // it has mail of its own
            Sample.accepted(queue.enqueue(), Sample.octets(9, 9), "own@x");
        }
        Ran result = run(new byte[0], "new", "import", archive.toString());
        assertThat(result.err()).doesNotContain("fatal");
        assertThat(result.out()).contains("imported 3 messages of 264145 octets, with 5 recipients to be tried or");
        assertThat(result.exit()).isZero();
        try (Queue queue = open("new");
                var session = queue.waiting().open()) {
            List<WaitingMessage> waiting = Sample.drain(session);
            assertThat(waiting)
                    .extracting(message -> message.envelope().addresses())
                    .containsExactlyInAnyOrder(
                            List.of(new Address("own@x")),
                            List.of(new Address("a@x")),
                            List.of(new Address("caf\u00c3\u00a9@x"), new Address("later@x"), new Address("new@x")),
                            List.of(new Address("large@x")));
            for (WaitingMessage message : waiting) {
                String first = message.envelope().addresses().getFirst().octets();
                byte[] expected = switch (first) {
                    case "own@x" -> Sample.octets(9, 9);
                    case "a@x" -> Sample.octets(0, 1);
                    case "large@x" -> Sample.octets(LARGE, 3);
                    default -> Sample.octets(2000, 2);
                };
                try (var body = queue.messages().open(message.message())) {
                    assertThat(body.readAllBytes()).isEqualTo(expected);
                }
                if (!first.equals("own@x")) {
                    assertThat(message.birth()).isEqualTo(ARRIVED);
                    assertThat(message.envelope().sender()).isEqualTo(new Address("ann@example.org"));
                    assertThat(message.envelope().body()).isEqualTo(BodyType.EIGHT_BIT_MIME);
                    assertThat(message.envelope().form()).isEqualTo(AddressForm.SMTPUTF8);
                    assertThat(message.envelope().uid()).isEqualTo(71);
                }
                if (first.startsWith("caf")) {
                    assertThat(message.states())
                            .containsExactly(
                                    new RecipientState.ToBounce(), new RecipientState.Due(DUE), RecipientState.Due.NOW);
                    assertThat(session.failures(message.message()))
                            .containsExactly(new Failure(0, "<caf\u00c3\u00a9@x>:\nno \u00ff\"\\\n\n"));
                }
            }
        }
        assertThat(run(new byte[0], "new", "check").out()).endsWith("sound\n");
    }

    @Test
    void theSameExportIsNotImportedTwice() throws IOException {
        write("old");
        byte[] archive = exported("old");
        open("new").close();
        assertThat(run(archive, "new", "import", "-").exit()).isZero();
        Ran again = run(exported("old"), "new", "import", "-");
        assertThat(again.exit()).isEqualTo(111);
        assertThat(again.err())
                .contains("this export was imported before (imports/")
                .contains("nothing was imported");
        try (Queue queue = open("new")) {
            assertThat(Sample.waiting(queue.waiting())).hasSize(3);
        }
    }

    @Test
    void importThatWasKilledIsUndoneByTheNextStart() throws IOException {
        Path killed = Files.createDirectories(folder.resolve("killed/queue"));
        try (Queue queue = open("new")) {
            Sample.accepted(queue.enqueue(), Sample.octets(9, 9), "own@x");
            queue.beginImport();
            Sample.accepted(queue.enqueue(), Sample.octets(10, 10), "imported@x");
            Sample.accepted(queue.enqueue(), Sample.octets(LARGE, 11), "imported@x");
            copy(folder.resolve("new/queue"), killed);
        }
        for (int start = 0; start < 2; start++) {
            try (Queue queue = open("killed")) {
                assertThat(Sample.waiting(queue.waiting()))
                        .extracting(message -> message.envelope().addresses())
                        .containsExactly(List.of(new Address("own@x")));
                long next = Sample.accepted(queue.enqueue(), Sample.octets(1, 1), "own@x");
                assertThat(next).isEqualTo(start == 0 ? 3 + Recovery.LEFT_OUT : 3 + 2 * Recovery.LEFT_OUT);
                try (var session = queue.waiting().open()) {
                    session.report(List.of(new Report.MessageEnded(next)));
                }
            }
        }
        write("old");
        assertThat(run(exported("old"), "killed", "import", "-").exit()).isZero();
        log.close();
        assertThat(lines.toString(StandardCharsets.ISO_8859_1))
                .containsOnlyOnce("queue: an import was broken off: its 2 messages are out of the queue again");
    }

    private static void copy(Path from, Path to) throws IOException {
        try (Stream<Path> files = Files.walk(from)) {
            for (Path file : files.toList()) {
                Path copy = to.resolve(from.relativize(file).toString());
                if (Files.isDirectory(file)) {
                    Files.createDirectories(copy);
                } else if (!file.endsWith("lock")) {
                    Files.copy(file, copy);
                }
            }
        }
    }

    @Test
    void runningQueueIsExportedAsItIsAtOneMomentAndNothingIsImportedIntoOne() throws Exception {
        var over = new AtomicBoolean();
        try (Queue queue = open("old")) {
            Sample.accepted(queue.enqueue(), Sample.octets(5, 5), "stays@x");
            Thread worker = Thread.ofPlatform().start(() -> comeAndGo(queue, over));
            try {
                for (int i = 0; i < 10; i++) {
                    Ran result = run(new byte[0], "old", "export", "-");
                    assertThat(result.exit()).as(result.err()).isZero();
                    assertThat(result.err()).contains("queue is running, and goes on to deliver what was exported");
                    String home = "new" + i;
                    open(home).close();
                    assertThat(run(result.octets(), home, "import", "-").exit()).isZero();
                    try (Queue copy = open(home)) {
                        assertThat(Sample.waiting(copy.waiting()))
                                .extracting(message -> message.envelope()
                                        .addresses()
                                        .getFirst()
                                        .octets())
                                .contains("stays@x");
                    }
                }
                Ran into = run(exported("old"), "old", "import", "-");
                assertThat(into.exit()).isEqualTo(111);
                assertThat(into.err()).contains("another queue is running on this HOME; stop it first");
            } finally {
                over.set(true);
                worker.join();
            }
        }
    }

    private void comeAndGo(Queue queue, AtomicBoolean over) {
        try (var session = queue.waiting().open()) {
            for (int i = 0; !over.get(); i++) {
                long number =
                        Sample.accepted(queue.enqueue(), Sample.octets(i % 20 == 3 ? LARGE : 700, i), "a@x", "b@x");
                if (i % 7 != 0) {
                    session.report(List.of(new Report.RecipientDelivered(number, 1), new Report.MessageEnded(number)));
                }
                if (i % 40 == 39) {
                    queue.checkpoint();
                    queue.cleaning().rewriteSparse();
                    List<String> dead = queue.cleaning().dead();
                    for (String name : dead) {
                        Files.deleteIfExists(folder.resolve("old/queue").resolve(name));
                    }
                    queue.cleaning().removed(dead);
                }
            }
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    @Test
    void whereADiskFailsDuringAnImportWhatIsSaidOfItIsTrue() throws IOException {
        try (Queue queue = open("old")) {
            Sample.accepted(queue.enqueue(), Sample.octets(700, 1), "a@x");
        }
        byte[] archive = exported("old");
        for (int failing = 0; ; failing++) {
            var disk = new TrialDisk();
            String said = "";
            try (Queue queue = trial(disk)) {
                disk.fail(failing, failing + 1);
                CommandsOnADisk.importInto(queue, new ByteArrayInputStream(archive), Clock.systemUTC());
            } catch (IOException e) {
                said = String.valueOf(e.getMessage());
            }
            disk.fail(0, 0);
            try (Queue queue = trial(disk)) {
                int expected = said.contains("nothing was imported") ? 0 : 1;
                assertThat(Sample.waiting(queue.waiting()))
                        .as("call " + failing + " failed: " + said)
                        .hasSize(expected);
            }
            if (said.contains("all was imported")) {
                return; // the last call of all
            }
            assertThat(failing).isLessThan(200);
        }
    }

    private Queue trial(TrialDisk disk) throws IOException {
        return new Queue(disk, () -> new QueueSettings(1 << 20, 1 << 20), log, Clock.systemUTC(), 1 << 16);
    }

    @Test
    void messageThatIsDamagedIsNamedAndTheOthersAreExported() throws IOException {
        write("old");
        Path large = folder.resolve("old/queue/large/1");
        byte[] octets = Files.readAllBytes(large);
        octets[LARGE / 2] ^= 1;
        Files.write(large, octets);
        Ran result = run(new byte[0], "old", "export", "-");
        assertThat(result.exit()).isEqualTo(1);
        assertThat(result.err()).contains("message 3 cannot be read: ").contains("exported 2 messages");
        open("new").close();
        assertThat(run(result.octets(), "new", "import", "-").out()).contains("imported 2 messages");
    }

    @Test
    void archiveThatExistsIsNotWrittenOver() throws IOException {
        write("old");
        Path file = Files.writeString(folder.resolve("precious"), "x");
        assertThat(run(new byte[0], "old", "export", file.toString()).err()).contains("precious is there already");
        assertThat(file).hasContent("x");
    }

    @Test
    void exportThatFailsLeavesNoArchive() throws IOException {
        Path archive = folder.resolve("archive");
        for (int i = 0; i < 2; i++) { // the second one is not told that it is there already
            Ran result = run(new byte[0], "nowhere", "export", archive.toString());
            assertThat(result.exit()).isEqualTo(111);
            assertThat(result.err()).contains("queue is not there");
            assertThat(archive).doesNotExist();
        }
    }

    @Test
    void tarReadsWhatIsExportedAndItsArchivesAreImported() throws Exception {
        assumeTrue(Files.exists(Path.of("/usr/bin/tar")) || Files.exists(Path.of("/bin/tar")), "SKIPPED: no tar here");
        write("old");
        Path archive = folder.resolve("a.tar");
        Files.write(archive, exported("old"));
        Path files = Files.createDirectories(folder.resolve("files"));
        sh("tar -xf a.tar -C files");
        assertThat(files.resolve("000000000003.eml")).hasBinaryContent(Sample.octets(LARGE, 3));
        sh("cd files && tar -cf ../b.tar . && tar --format=posix -cf ../c.tar *");
        for (String repacked : List.of("b.tar", "c.tar")) {
            open(repacked + "-home").close();
            Ran result = run(
                    new byte[0],
                    repacked + "-home",
                    "import",
                    folder.resolve(repacked).toString());
            if (result.exit() != 0) { // "." is packed in the order of the folder, which may part a pair: said so
                assertThat(result.err())
                        .contains("is not followed by its envelope")
                        .contains("nothing was imported");
            } else {
                assertThat(result.out()).contains("imported 3 messages");
            }
        }
    }

    private void sh(String command) throws Exception {
        Process process = new ProcessBuilder("sh", "-c", command)
                .directory(folder.toFile())
                .redirectErrorStream(true)
                .start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(output).isZero();
    }

    @Test
    void archiveThatIsCutAnywhereImportsNothing() throws IOException {
        try (Queue queue = open("old")) {
            Sample.accepted(queue.enqueue(), Sample.octets(700, 1), "a@x");
            Sample.accepted(queue.enqueue(), Sample.octets(700, 2), "b@x");
        }
        byte[] whole = exported("old");
        open("new").close();
        int end = whole.length - 2 * TAR_BLOCK; // what follows end.json is not needed
        for (int length = 0; length < end - TAR_BLOCK; length += 307) {
            Ran result = run(Arrays.copyOf(whole, length), "new", "import", "-");
            assertThat(result.exit()).as("cut at " + length).isEqualTo(111);
            assertThat(result.err()).contains("nothing was imported");
        }
        for (int at = 0; at < end; at += 61) {
            byte[] changed = whole.clone();
            changed[at] ^= 4;
            Ran result = run(changed, "new", "import", "-");
            boolean nothing = result.exit() == 111 && result.err().contains("nothing was imported");
            // what the header's sum or an envelope does not cover: the zeros behind an entry
            assertThat(nothing || whole[at] == 0)
                    .as("octet " + at + " changed: " + result.err())
                    .isTrue();
            if (!nothing) {
                try (Queue queue = open("new");
                        var session = queue.waiting().open()) {
                    for (WaitingMessage message : Sample.drain(session)) {
                        session.report(List.of(new Report.MessageEnded(message.message())));
                    }
                }
                try (Stream<Path> sums = Files.list(folder.resolve("new/queue/imports"))) {
                    for (Path sum : sums.toList()) {
                        Files.delete(sum);
                    }
                }
            }
        }
        try (Queue queue = open("new")) {
            assertThat(Sample.waiting(queue.waiting())).isEmpty();
        }
        assertThat(run(new byte[0], "new", "check").out()).endsWith("sound\n");
    }

    @Test
    void importWithoutAnArchiveIsRefused() throws IOException {
        open("new").close();
        assertThat(run(new byte[0], "new", "import", folder.resolve("none").toString())
                        .exit())
                .isEqualTo(111);
        assertThat(run(new byte[0], "new", "export").exit()).isEqualTo(100);
    }
}
