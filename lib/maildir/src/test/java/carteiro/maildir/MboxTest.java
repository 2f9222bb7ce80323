package carteiro.maildir;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import carteiro.mail.Address;
import carteiro.mail.Octets;
import carteiro.posix.Fifo;
import carteiro.testkit.Covers;
import carteiro.testkit.ModelDisk;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Random;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Timeout(60)
class MboxTest {
    private static final byte[] HEADER = Octets.bytes("From a@b Thu Jan 01 00:00:00 1970\n");

    @TempDir
    Path folder;

    private final Mbox mbox = new Mbox(new DirectorySync(), Duration.ofMillis(200));

    private static MessageOctets message(String octets) {
        return new MessageOctets.InMemory(Octets.bytes(octets));
    }

    private static String entry(String octets) throws IOException {
        var out = new ByteArrayOutputStream();
        MboxEntry.write(out, new byte[0], message(octets));
        return Octets.text(out.toByteArray());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            a~              | a~~
            a               | a~~
            From x~         | >From x~~
            >From x~        | >>From x~~
            >>>From x~      | >>>>From x~~
            From:~          | From:~~
            Fro~From x      | Fro~>From x~~
            FFrom x~        | FFrom x~~
            ~From ~         | ~>From ~~
            >>~>Fr          | >>~>Fr~~
            From            | From~~
            x From y~       | x From y~~
            >>x>From~       | >>x>From~~
            """)
    @Covers({"qmail:L02", "qmail:L03"})
    void linesThatBeginWithFromAreQuotedAndTheLastLineIsEnded(String octets, String expected) throws Exception {
        assertThat(entry(octets.replace('~', '\n'))).isEqualTo(expected.replace('~', '\n'));
    }

    @Test
    void afterWhatCouldBeNeitherForcedNorCutOffAMessageBeginsALineWhateverThatBecomes() throws Exception {
        var disk = new ModelDisk();
        Path box = disk.root().resolve("mbox");
        assertThat(mbox.deliver(box, HEADER, message("one\n"))).isEqualTo(Mbox.MboxResult.DELIVERED);

        disk.fail(1, 3); // the write works; the force and the cut do not
        assertThatThrownBy(() -> mbox.deliver(box, HEADER, message("two\n"))).isInstanceOf(IOException.class);
        assertThat(mbox.deliver(box, HEADER, message("three\n"))).isEqualTo(Mbox.MboxResult.DELIVERED);
        assertThat(mbox.deliver(box, HEADER, message("four\n"))).isEqualTo(Mbox.MboxResult.DELIVERED);

        String header = Octets.text(HEADER);
        assertThat(Files.readString(box))
                .isEqualTo(
                        header + "one\n\n" + header + "two\n\n" + "\n\n" + header + "three\n\n" + header + "four\n\n");
    }

    @Test
    void anEmptyMessageIsAnEmptyLine() throws Exception {
        assertThat(entry("")).isEqualTo("\n");
    }

    @Test
    void quotingIsUndoneByTakingOneMarkAwayWhateverTheChunks() throws Exception {
        var random = new Random(20260101);
        for (int i = 0; i < 300; i++) {
            var octets = new StringBuilder();
            int length = i < 290 ? random.nextInt(40) : 64 * 1024 * 2 + random.nextInt(10) - 5;
            for (int j = 0; j < length; j++) {
                octets.append("From >\n".charAt(random.nextInt(7)));
            }
            String text = octets.append('\n').toString();
            String unquoted = entry(text).replaceAll("(?m)^>(>*From )", "$1");
            assertThat(unquoted).isEqualTo(text + "\n");
        }
    }

    @Test
    @Covers("qmail:L04")
    void theFromLineHasADateOfTwentyFourCharactersInUtc() {
        Instant instant = Instant.parse("2026-03-01T02:03:04.9Z");
        assertThat(MboxEntry.fromLine(new Address("a b\tc@d"), instant))
                .isEqualTo("From a-b-c@d Sun Mar 01 02:03:04 2026\n");
        assertThat(MboxEntry.fromLine(Address.NULL, instant))
                .isEqualTo("From MAILER-DAEMON Sun Mar 01 02:03:04 2026\n");
    }

    @Test
    void anMboxIsMadeForItsOwnerAloneAndGrows() throws Exception {
        Path file = folder.resolve("Mailbox");
        assertThat(mbox.deliver(file, HEADER, message("one\n"))).isEqualTo(Mbox.MboxResult.DELIVERED);
        assertThat(mbox.deliver(file, HEADER, message("two"))).isEqualTo(Mbox.MboxResult.DELIVERED);
        String header = Octets.text(HEADER);
        assertThat(file).hasContent(header + "one\n\n" + header + "two\n\n");
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
                .isEqualTo("rw-------");
    }

    @Test
    void deliveriesAtTheSameTimeStandOneAfterTheOther() throws Exception {
        Path file = folder.resolve("Mailbox");
        var patient = new Mbox(new DirectorySync(), Duration.ofSeconds(30));
        String body = "line\n".repeat(10_000);
        var deliveries = new ArrayList<Future<?>>();
        try (var threads = Executors.newFixedThreadPool(8)) {
            for (int i = 0; i < 8; i++) {
                deliveries.add(threads.submit(() -> patient.deliver(file, HEADER, message(body))));
            }
        }
        for (Future<?> delivery : deliveries) {
            delivery.get();
        }
        assertThat(Files.readString(file)).isEqualTo((Octets.text(HEADER) + body + "\n").repeat(8));
    }

    @Test
    void aLockByFlockOfAnotherProcessIsRespected() throws Exception {
        Assumptions.assumeTrue(Files.isExecutable(Path.of("/usr/bin/flock")), "needs flock (util-linux)");
        Path file = Files.writeString(folder.resolve("Mailbox"), "");
        var holder = new ProcessBuilder("/usr/bin/flock", file.toString(), "sh", "-c", "echo locked; exec cat").start();
        try {
            assertThat(holder.inputReader().readLine()).isEqualTo("locked");
            assertThat(mbox.deliver(file, HEADER, message("one\n"))).isEqualTo(Mbox.MboxResult.LOCKED);
            assertThat(file).hasSize(0);
        } finally {
            holder.getOutputStream().close();
            holder.waitFor();
        }
        assertThat(mbox.deliver(file, HEADER, message("one\n"))).isEqualTo(Mbox.MboxResult.DELIVERED);
    }

    @Test
    void aLockByFcntlIsRespected() throws Exception {
        Path file = Files.writeString(folder.resolve("Mailbox"), "");
        try (var holder = FileChannel.open(file, StandardOpenOption.WRITE);
                var _ = holder.lock()) {
            assertThat(mbox.deliver(file, HEADER, message("one\n"))).isEqualTo(Mbox.MboxResult.LOCKED);
            assertThat(file).hasSize(0);
        }
    }

    @Test
    void aMessageThatComesShortIsCutOffAgain() throws Exception {
        Path file = Files.writeString(folder.resolve("Mailbox"), "before\n");
        Path source = Files.writeString(folder.resolve("source"), "x".repeat(300_000));
        try (var channel = FileChannel.open(source, StandardOpenOption.READ)) {
            assertThatThrownBy(() -> mbox.deliver(file, HEADER, new MessageOctets.InFile(channel, 300_001)))
                    .isInstanceOf(IOException.class);
        }
        assertThat(file).hasContent("before\n");
    }

    @Test
    void behindHalfALineAMessageBeginsALine() throws Exception {
        Path file = Files.writeString(folder.resolve("Mailbox"), "From x\nhalf a li");
        assertThat(mbox.deliver(file, HEADER, message("one\n"))).isEqualTo(Mbox.MboxResult.DELIVERED);
        assertThat(Files.readString(file)).isEqualTo("From x\nhalf a li\n\n" + Octets.text(HEADER) + "one\n\n");
    }

    /** Without a lock, what stands behind it may be somebody else's. */
    @Test
    void withoutALockNothingIsCutOff() throws Exception {
        var disk = new ModelDisk();
        disk.withoutLocks();
        Path box = disk.root().resolve("mbox");
        assertThat(mbox.deliver(box, HEADER, message("one\n"))).isEqualTo(Mbox.MboxResult.DELIVERED);
        long before = Files.size(box);
        Path source = Files.writeString(folder.resolve("source"), "x".repeat(300_000));
        try (var channel = FileChannel.open(source, StandardOpenOption.READ)) {
            assertThatThrownBy(() -> mbox.deliver(box, HEADER, new MessageOctets.InFile(channel, 300_001)))
                    .isInstanceOf(IOException.class);
        }
        assertThat(Files.size(box)).isGreaterThan(before);
        assertThat(mbox.deliver(box, HEADER, message("two\n"))).isEqualTo(Mbox.MboxResult.DELIVERED);
        assertThat(Files.readString(box)).contains("x\n\n" + Octets.text(HEADER) + "two\n\n");
    }

    @Test
    void whatIsNoRegularFileIsRefusedAtOnce() throws Exception {
        Path pipe = folder.resolve("pipe");
        Fifo.make(pipe);
        assertThat(mbox.deliver(pipe, HEADER, message("x"))).isEqualTo(Mbox.MboxResult.NO_FILE);
        assertThat(mbox.deliver(folder, HEADER, message("x"))).isEqualTo(Mbox.MboxResult.NO_FILE);
        assertThat(mbox.deliver(Path.of("/dev/null"), HEADER, message("x"))).isEqualTo(Mbox.MboxResult.NO_FILE);
    }
}
