package carteiro.queue;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import carteiro.control.Installation;
import carteiro.log.EventLog;
import carteiro.mail.Address;
import carteiro.mail.Attribute;
import carteiro.mail.Attributes;
import carteiro.mail.Envelope;
import carteiro.mail.Octets;
import carteiro.mail.Status;
import carteiro.posix.ProcessCredentials;
import carteiro.posix.SystemAccount;
import carteiro.protocol.Enqueue;
import carteiro.protocol.Enqueue.Receipt;
import carteiro.protocol.LocalSubmission;
import carteiro.protocol.NotRunningException;
import carteiro.protocol.Spool;
import carteiro.protocol.SpooledMessage;
import carteiro.protocol.Waiting.WaitingMessage;
import carteiro.segments.FileDisk;
import carteiro.wire.FrameWriter;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What lies in the spool comes into the queue once; whatever else lies there harms nobody. */
class SpoolIntakeTest {
    @TempDir
    Path home;

    private final ByteArrayOutputStream lines = new ByteArrayOutputStream();
    private final EventLog log = new EventLog(lines, EventLog.LogFormat.PLAIN, Clock.systemUTC());
    private final int self = SystemAccount.effectiveUid();
    private Path folder;
    private Queue queue;

    @BeforeEach
    void open() throws Exception {
        queue = new SampleHome(home, log).open(Clock.systemUTC());
        folder = Spool.folder(new Installation(home));
        Spool.make(folder);
    }

    @AfterEach
    void close() throws Exception {
        queue.close();
        log.close();
    }

    private SpoolIntake intake(Enqueue into) throws IOException {
        return new SpoolIntake(
                new SpoolFolder(folder),
                self,
                queue,
                into,
                new SpoolIntakeMarker(new FileDisk(home.resolve("queue"))),
                log,
                Clock.systemUTC());
    }

    private boolean round() throws IOException {
        return intake(queue.enqueue()).round();
    }

    /** What a command leaves there when queue does not answer. */
    private Path leave(String text) throws IOException {
        List<Path> before = files();
        Enqueue absent = () -> {
            throw new NotRunningException("queue does not answer; is it running?");
        };
        var spool = new Spool(new Installation(home), Duration.ZERO);
        try (var submission = new LocalSubmission(absent, spool, new ProcessCredentials(1, 7, "joe"), Instant.EPOCH)) {
            submission.write(Octets.bytes(text));
            submission.commit(new Address("ann@x"), List.of(new Address("bob@y")));
        }
        List<Path> now = new ArrayList<>(files());
        now.removeAll(before);
        return now.getFirst();
    }

    private List<Path> files() throws IOException {
        try (Stream<Path> all = Files.list(folder)) {
            return all.toList();
        }
    }

    private List<String> names() throws IOException {
        return files().stream().map(file -> file.getFileName().toString()).toList();
    }

    private List<String> bodies() throws IOException {
        var bodies = new ArrayList<String>();
        for (WaitingMessage message : queue.inspection().page(0, 1000)) {
            try (var body = queue.messages().open(message.message())) {
                bodies.add(Octets.text(body.readAllBytes()).replaceFirst("^Received: [^\n]*\n", ""));
            }
        }
        return bodies;
    }

    /** All that was logged; nothing more is. */
    private String logged() {
        log.close();
        return lines.toString(StandardCharsets.ISO_8859_1);
    }

    private void assertSetAside(String why) throws IOException {
        assertThat(bodies()).isEmpty();
        assertThat(names()).hasSize(1).allMatch(name -> name.startsWith("damaged-"));
        assertThat(round()).isFalse();
        assertThat(names()).hasSize(1);
        assertThat(logged()).contains("alert: queue: spool/", why);
    }

    private static String name(int number) {
        return "0123456789abcdef0123456789ab" + String.format(java.util.Locale.ROOT, "%04x", number);
    }

    @Test
    void messagesComeIntoTheQueueAsTheirUsersOwn() throws Exception {
        String large = "x".repeat(400_000) + "\n";
        Path first = leave("first\n");
        leave(large);
        if (self == 0) {
            Files.setAttribute(first, "unix:uid", 4242);
        }
        assertThat(round()).isFalse();
        assertThat(bodies()).containsExactlyInAnyOrder("first\n", large);
        assertThat(files()).isEmpty();
        for (WaitingMessage message : queue.inspection().page(0, 10)) {
            assertThat(message.envelope().sender()).isEqualTo(new Address("ann@x"));
            assertThat(message.envelope().addresses()).containsExactly(new Address("bob@y"));
            assertThat(message.envelope().uid())
                    .as("what the file says, not what is written in it")
                    .isEqualTo(self == 0 && message.octets() < 1000 ? 4242 : self);
        }
        assertThat(logged()).contains("queue: spool: took in msg ");
    }

    @Test
    void fileThatHasOtherNamesIsNotRead() throws Exception {
        Path mine = leave("x\n");
        Files.createLink(home.resolve("other"), mine);
        round();
        assertSetAside("it has 2 names");
    }

    @Test
    void nameOfAFileOfTheQueueIsNotRead() throws Exception {
        Sample.accepted(queue.enqueue(), Sample.octets(400_000, 1), "a@x");
        Path large;
        try (Stream<Path> files = Files.list(home.resolve("queue/large"))) {
            large = files.findFirst().orElseThrow();
        }
        Files.createLink(folder.resolve(name(1)), large);
        round();
        assertThat(names()).hasSize(1).allMatch(name -> name.startsWith("damaged-"));
        Files.move(folder.resolve(names().getFirst()), folder.resolve(name(2)));
        Files.delete(large); // as clean does: now it has one name
        round();
        assertThat(names()).hasSize(1).allMatch(name -> name.startsWith("damaged-"));
        assertThat(logged()).contains("it has 2 names");
    }

    /** There is no room for the uid, or a value makes no sense: it would be so each time. */
    @ParameterizedTest
    @ValueSource(strings = {"of over 4032 octets", "no value of attribute body"})
    void attributesThatCannotBeTakenAreSetAsideAndTheOthersAreTaken(String why) throws Exception {
        Path bad = leave("x\n");
        Attributes attributes = why.startsWith("no value")
                ? Attributes.NONE.with(Attribute.BODY.tag(), 4, "9BIT")
                : Attributes.NONE.with(40_000, 0, "x".repeat(Attributes.MOST_OCTETS - 5));
        var out = new java.io.ByteArrayOutputStream();
        out.writeBytes(Octets.bytes("carteiro spool 2\n3:Mx\n,"));
        byte[] octets = attributes.octets();
        new FrameWriter()
                .put("E")
                .put("ann@x")
                .put(octets, 0, octets.length)
                .put(1)
                .put("bob@y")
                .put(0)
                .write(out);
        var sum = new java.util.zip.CRC32C();
        sum.update(out.toByteArray());
        new FrameWriter().put("S").put(sum.getValue()).write(out);
        Files.write(bad, out.toByteArray()); // the file stays its owner's
        leave("y\n");
        round();
        assertThat(names()).hasSize(1).allMatch(name -> name.startsWith("damaged-"));
        assertThat(Sample.waiting(queue.waiting())).hasSize(1);
        assertThat(logged()).contains(why);
    }

    @Test
    void linkIntoTheQueueOrElsewhereIsNotFollowed() throws Exception {
        Files.createSymbolicLink(folder.resolve(name(1)), home.resolve("queue/format"));
        round();
        assertSetAside("it is a symbolic link");
        assertThat(home.resolve("queue/format")).exists();
    }

    @Test
    void namedPipeIsNotWaitedFor() throws Exception {
        Process made = new ProcessBuilder("mkfifo", folder.resolve(name(1)).toString()).start();
        assertThat(made.waitFor()).isZero();
        round();
        assertSetAside("it is no file");
    }

    @Test
    void socketIsNoMessage() throws Exception {
        try (var listener = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            listener.bind(UnixDomainSocketAddress.of(folder.resolve(name(1))));
            round();
            assertSetAside("it is a socket");
        }
    }

    @Test
    void folderIsNoMessageEvenWithSomethingInIt() throws Exception {
        Files.createDirectory(folder.resolve(name(1)));
        Files.writeString(folder.resolve(name(1)).resolve("inside"), "x");
        round();
        assertSetAside("it is no file");
    }

    @Test
    void fileOfAnotherGroupWasNotMadeHere() throws Exception {
        assumeThat(self).isZero();
        Path file = leave("x\n");
        Files.setAttribute(file, "unix:gid", 4243);
        round();
        assertSetAside("its group is 4243");
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 1, 100_000, Spool.LARGEST, Spool.LARGEST + 1, 1L << 42})
    void sparseFileIsNoMessage(long size) throws Exception {
        try (var file = new RandomAccessFile(folder.resolve(name(1)).toFile(), "rw")) {
            file.setLength(size);
        }
        round();
        assertSetAside(size > Spool.LARGEST ? "over " + Spool.LARGEST : "does not begin as a message of a spool");
    }

    @Test
    void fileThatGrowsBehindItsEndIsNoMessage() throws Exception {
        Path file = leave("x\n");
        Files.writeString(file, "more", StandardOpenOption.APPEND);
        round();
        assertSetAside("something follows behind its end");
    }

    @Test
    void fileThatGrowsWhileItIsReadIsTakenAsItWasWhenItWasLookedAt() throws Exception {
        String text = "x".repeat(400_000) + "\n";
        Path file = leave(text);
        intake(() -> new Passing(queue.enqueue().open()) {
                    @Override
                    public void write(byte[] octets, int from, int length) throws IOException {
                        super.write(octets, from, length);
                        Files.writeString(file, "more", StandardOpenOption.APPEND);
                    }
                })
                .round();
        assertThat(bodies()).containsExactly(text);
    }

    @Test
    void fileThatWasCutIsNoMessage() throws Exception {
        Path file = leave("x\n");
        try (var cut = new RandomAccessFile(file.toFile(), "rw")) {
            cut.setLength(cut.length() - 1);
        }
        round();
        assertSetAside("");
    }

    @Test
    void whatIsSetAsideTwiceOfTheSameNameIsInNobodysWay() throws Exception {
        for (int i = 0; i < 3; i++) {
            Files.writeString(folder.resolve(name(1)), "no message");
            round();
        }
        assertThat(names()).hasSize(3).allMatch(name -> name.startsWith("damaged-"));
    }

    @Test
    void namesThatAreNoMessagesAreLeftAlone() throws Exception {
        for (String name : new String[] {"x", "damaged-x", "0".repeat(33), "new-" + "0".repeat(32), ".hidden"}) {
            Files.writeString(folder.resolve(name), "x");
        }
        assertThat(round()).isFalse();
        assertThat(files()).hasSize(5);
        assertThat(bodies()).isEmpty();
    }

    @Test
    void draftThatIsNeverEndedIsRemovedWhenItIsOld() throws Exception {
        Path fresh = Files.writeString(folder.resolve("new-" + name(1)), "x");
        Path old = Files.writeString(folder.resolve("new-" + name(2)), "x");
        Path folderOfThatName = Files.createDirectory(folder.resolve("new-" + name(3)));
        FileTime longAgo = FileTime.from(Instant.now().minus(SpoolFolder.OLD).minusSeconds(60));
        Files.setLastModifiedTime(old, longAgo);
        Files.setLastModifiedTime(folderOfThatName, longAgo);
        round();
        assertThat(files()).containsExactlyInAnyOrder(fresh, folderOfThatName);
    }

    @Test
    void thousandsOfFilesOfOneUserKeepNobodyElseWaiting() throws Exception {
        assumeThat(self).isZero();
        Path model = leave("greedy\n");
        byte[] octets = Files.readAllBytes(model);
        Files.delete(model);
        for (int i = 0; i < 2_500; i++) {
            Path file = Files.write(folder.resolve(name(i)), octets);
            Files.setAttribute(file, "unix:uid", 4242);
        }
        Path other = leave("other\n");
        Files.setAttribute(other, "unix:uid", 4243);
        assertThat(round()).as("there is more to do").isTrue();
        assertThat(bodies()).hasSize(SpoolFolder.SHARE + 1).contains("other\n");
        assertThat(files()).hasSize(2_500 - SpoolFolder.SHARE);
        assertThat(intakeStatus()).isEqualTo("spool=" + (2_500 - 2 * SpoolFolder.SHARE) + " spooldamaged=0");
    }

    private String intakeStatus() throws IOException {
        var intake = intake(queue.enqueue());
        intake.round();
        return intake.status();
    }

    @Test
    void theOctetsOfOneUserInOneRoundAreBounded() throws Exception {
        Path large = folder.resolve(name(1));
        try (var file = new RandomAccessFile(large.toFile(), "rw")) {
            file.setLength(SpoolIntake.SHARE_OCTETS);
        }
        Files.setLastModifiedTime(large, FileTime.from(Instant.EPOCH));
        leave("later\n");
        assertThat(round()).as("there is more to do").isTrue();
        assertThat(bodies()).isEmpty();
        round();
        assertThat(bodies()).containsExactly("later\n");
    }

    @Test
    void theUsersOfOneRoundAreBounded() throws Exception {
        assumeThat(self).isZero();
        for (int i = 0; i <= SpoolFolder.MOST_USERS; i++) {
            Path file = Files.writeString(folder.resolve(name(i)), "no message");
            Files.setAttribute(file, "unix:uid", 100_000 + i);
        }
        assertThat(round()).as("there is more to do").isTrue();
        assertThat(names()).filteredOn(Spool::isMessage).hasSize(1);
        round();
        assertThat(names()).noneMatch(Spool::isMessage);
    }

    @Test
    void thousandsOfBadFilesAreOneAlertASecond() throws Exception {
        for (int i = 0; i < 300; i++) {
            Files.writeString(folder.resolve(name(i)), "no message");
        }
        leave("good\n");
        var intake = intake(queue.enqueue());
        for (int i = 0; i < 10 && intake.round(); i++) {}
        assertThat(bodies()).containsExactly("good\n");
        assertThat(intake.status()).isEqualTo("spool=0 spooldamaged=300");
        assertThat(logged().lines().filter(line -> line.contains("alert: "))).hasSizeLessThan(100);
    }

    @Test
    void folderInPlaceOfWhatWasJustTakenStopsNobody() throws Exception {
        Path file = leave("x\n");
        var intake = intake(() -> new Passing(queue.enqueue().open()) {
            @Override
            public Receipt commit(Envelope envelope, String fields) throws IOException {
                Receipt receipt = super.commit(envelope, fields);
                if (Files.isRegularFile(file)) {
                    Files.delete(file); // as its owner may
                    Files.createDirectory(file);
                    Files.writeString(file.resolve("inside"), "x");
                }
                return receipt;
            }
        });
        intake.round();
        Path other = leave("other\n");
        intake.round();
        assertThat(bodies()).containsExactlyInAnyOrder("x\n", "other\n");
        assertThat(other).doesNotExist();
        assertThat(names()).hasSize(1).allMatch(name -> name.startsWith("damaged-"));
        assertThat(logged()).contains("alert: queue: spool/" + file.getFileName(), "it is no file");
    }

    @Test
    void whatCannotBeReadNowIsTriedAgainAndTheOthersGoOn() throws Exception {
        Path file = leave("trouble\n");
        leave("other\n");
        Enqueue failing = () -> new Passing(queue.enqueue().open()) {
            @Override
            public void write(byte[] octets, int from, int length) throws IOException {
                if (Octets.text(octets, from, length).contains("trouble")) {
                    throw new IOException("Input/output error"); // as a read of the file
                }
                super.write(octets, from, length);
            }
        };
        var intake = intake(failing);
        intake.round();
        intake.round();
        assertThat(files()).containsExactly(file);
        assertThat(bodies()).containsExactly("other\n");
        round();
        assertThat(bodies()).containsExactlyInAnyOrder("other\n", "trouble\n");
        assertThat(files()).isEmpty();
        assertThat(logged().lines())
                .filteredOn(line -> line.contains("warning: "))
                .singleElement()
                .asString()
                .contains(
                        "spool/" + file.getFileName() + " of uid " + self + " cannot be read now (Input/output error)");
    }

    @Test
    void whatComesLaterIsNotTakenForWhatWasBeingTakenIn() throws Exception {
        Path file = leave("x\n");
        byte[] octets = Files.readAllBytes(file);
        killAt(() -> new Passing(queue.enqueue().open()) {
            @Override
            public Receipt commit(Envelope envelope, String fields) {
                throw new Killed();
            }
        });
        var intake = intake(queue.enqueue());
        try (var in = Files.newInputStream(file);
                var submission = queue.enqueue().open()) { // another client, faster, with the very same octets
            submission.commit(SpooledMessage.read(in, submission).by(4242));
        }
        intake.round();
        assertThat(bodies()).containsExactly("x\n", "x\n");
        Files.write(file, octets); // the name again, by its owner
        intake.round();
        assertThat(bodies()).hasSize(3);
    }

    @Test
    void queueThatTakesNothingNowLeavesItThere() throws Exception {
        Path file = leave("x\n");
        Enqueue low = answering(new Receipt.TemporaryFailure(new Status(4, 3, 1), "disk space is low"));
        assertThat(intake(low).round()).isFalse();
        assertThat(files()).containsExactly(file);
        assertThat(round()).isFalse();
        assertThat(bodies()).containsExactly("x\n");
    }

    @Test
    void whatQueueNeverTakesIsSetAside() throws Exception {
        leave("x\n");
        intake(answering(new Receipt.PermanentFailure(new Status(5, 3, 4), "message too big")))
                .round();
        assertSetAside("message too big (#5.3.4)");
    }

    private Enqueue answering(Receipt receipt) {
        return () -> new Passing(queue.enqueue().open()) {
            @Override
            public Receipt commit(Envelope envelope, String fields) {
                return receipt;
            }
        };
    }

    private static class Passing implements Enqueue.Submission {
        private final Enqueue.Submission to;

        Passing(Enqueue.Submission to) {
            this.to = to;
        }

        @Override
        public void write(byte[] octets, int from, int length) throws IOException {
            to.write(octets, from, length);
        }

        @Override
        public Receipt commit(Envelope envelope, String fields) throws IOException {
            return to.commit(envelope, fields);
        }

        @Override
        public void close() {
            to.close();
        }
    }

    private static final class Killed extends Error {
        private static final long serialVersionUID = 1L;
    }

    private void killAt(Enqueue dying) throws Exception {
        assertThatThrownBy(() -> intake(dying).round()).isInstanceOf(Killed.class);
        queue.close();
        queue = new SampleHome(home, log).open(Clock.systemUTC());
    }

    @ParameterizedTest
    @ValueSource(ints = {10, 400_000})
    void killBetweenSyncAndRemovalDoesNotRepeatIt(int size) throws Exception {
        String text = "y".repeat(size) + "\n";
        leave(text);
        killAt(() -> new Passing(queue.enqueue().open()) {
            @Override
            public Receipt commit(Envelope envelope, String fields) throws IOException {
                super.commit(envelope, fields);
                throw new Killed();
            }
        });
        assertThat(files()).hasSize(1);
        Sample.accepted(queue.enqueue(), Sample.octets(size + 100, 3), "another@x");
        leave(text); // as the other was, and yet another message
        round();
        assertThat(files()).isEmpty();
        assertThat(bodies().stream().filter(text::equals)).hasSize(2);
        assertThat(logged()).contains("had been taken in as msg ");
    }

    @Test
    void killBeforeTheSyncLosesNothing() throws Exception {
        leave("x\n");
        killAt(() -> new Passing(queue.enqueue().open()) {
            @Override
            public Receipt commit(Envelope envelope, String fields) {
                throw new Killed();
            }
        });
        assertThat(bodies()).isEmpty();
        round();
        assertThat(bodies()).containsExactly("x\n");
        assertThat(files()).isEmpty();
    }

    @Test
    void spoolThatIsMissingIsMadeAndOneThatIsNoFolderIsNamed() throws Exception {
        Files.delete(folder);
        round();
        assertThat((int) Files.getAttribute(folder, "unix:mode") & 07777).isIn(Spool.MODE, Spool.MODE_OF_ONE);
        Files.delete(folder);
        Files.createSymbolicLink(folder, home.resolve("control"));
        assertThatThrownBy(this::round).hasMessageContaining("is no folder");
    }

    @Test
    void folderOfAnotherUserIsNotUsed() {
        assumeThat(self).isZero();
        assertThatThrownBy(() -> new SpoolFolder(folder).prepare(4242))
                .hasMessageContaining("not to queue's user")
                .hasMessageContaining("chown 4242");
    }
}
