package carteiro.maildir;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import carteiro.mail.Octets;
import carteiro.posix.Fifo;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Clock;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class MaildirTest {
    private static final byte[] HEADER = Octets.bytes("Return-Path: <a@b>\n");
    private static final MessageOctets MESSAGE =
            new MessageOctets.InMemory(Octets.bytes("Subject: x\n\n\u00ff\u0000partial"));

    @TempDir
    Path folder;

    private final Maildir maildir = new Maildir(new MaildirNames("host", 7), new DirectorySync(), Clock.systemUTC());

    @BeforeEach
    void makeMaildir() throws IOException {
        for (String part : List.of("tmp", "new", "cur")) {
            Files.createDirectory(folder.resolve(part));
        }
    }

    private List<Path> files(String part) throws IOException {
        try (var files = Files.list(folder.resolve(part))) {
            return files.toList();
        }
    }

    @Test
    void theMessageIsInNewOctetForOctetAndNothingIsLeftInTmp() throws Exception {
        assertThat(maildir.deliver(folder, HEADER, MESSAGE)).isEqualTo(Maildir.MaildirResult.DELIVERED);
        Path file = files("new").getFirst();
        assertThat(Octets.text(Files.readAllBytes(file)))
                .isEqualTo("Return-Path: <a@b>\nSubject: x\n\n\u00ff\u0000partial");
        assertThat(file.getFileName().toString()).matches("\\d{10}\\.M\\d{1,6}P7Q1\\.host,S=40");
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
                .isEqualTo("rw-------");
        assertThat(files("tmp")).isEmpty();
    }

    /** S is what is on the disk, W what a reader sends; of half a line there is no W. */
    @ParameterizedTest
    @CsvSource({"'a\n', 'S=21,W=23'", "'a\n\nb\n', 'S=24,W=28'", "'a\r\n', 'S=22,W=23'", "'', 'S=19,W=20'", "a, S=20"})
    void theNameTellsTheSizes(String text, String told) throws Exception {
        byte[] octets = Octets.bytes(text);
        maildir.deliver(folder, HEADER, new MessageOctets.InMemory(octets));
        Path large = Files.write(folder.resolve("large"), octets);
        try (var channel = FileChannel.open(large, StandardOpenOption.READ)) {
            maildir.deliver(folder, HEADER, new MessageOctets.InFile(channel, octets.length));
        }
        assertThat(files("new")).hasSize(2).allSatisfy(file -> {
            assertThat(file.getFileName().toString()).endsWith(".host," + told);
            assertThat(file).hasSize(octets.length + HEADER.length);
        });
    }

    @ParameterizedTest
    @ValueSource(strings = {"new", "tmp"})
    @Timeout(20)
    void aPipeAFileOrADeviceInPlaceOfAFolderIsNoMaildirAtOnce(String part) throws Exception {
        Path place = folder.resolve(part);
        Files.delete(place);
        Fifo.make(place);
        assertThat(maildir.deliver(folder, HEADER, MESSAGE)).isEqualTo(Maildir.MaildirResult.NO_MAILDIR);
        Files.delete(place);
        Files.createFile(place);
        assertThat(maildir.deliver(folder, HEADER, MESSAGE)).isEqualTo(Maildir.MaildirResult.NO_MAILDIR);
        Files.delete(place);
        Files.createSymbolicLink(place, Path.of("/dev/zero"));
        assertThat(maildir.deliver(folder, HEADER, MESSAGE)).isEqualTo(Maildir.MaildirResult.NO_MAILDIR);
        assertThat(files(part.equals("new") ? "tmp" : "new")).isEmpty();
    }

    @Test
    void aLargeMessageComesFromAFile() throws Exception {
        Path large = folder.resolve("large");
        byte[] octets = new byte[1_000_000];
        java.util.Arrays.fill(octets, (byte) 'x');
        Files.write(large, octets);
        try (var channel = FileChannel.open(large, StandardOpenOption.READ)) {
            var message = new MessageOctets.InFile(channel, octets.length);
            maildir.deliver(folder, HEADER, message);
            maildir.deliver(folder, HEADER, message);
            assertThat(channel.position()).isZero();
        }
        assertThat(files("new")).hasSize(2).allSatisfy(file -> assertThat(file).hasSize(1_000_000 + HEADER.length));
    }

    @Test
    void aMessageThatComesShortLeavesNothing() throws Exception {
        Path large = folder.resolve("large");
        Files.writeString(large, "short");
        try (var channel = FileChannel.open(large, StandardOpenOption.READ)) {
            assertThatThrownBy(() -> maildir.deliver(folder, HEADER, new MessageOctets.InFile(channel, 100)))
                    .isInstanceOf(IOException.class);
        }
        assertThat(files("new")).isEmpty();
        assertThat(files("tmp")).isEmpty();
    }

    @Test
    void thousandsOfNamesInOneInstantAllDiffer() {
        var names = new MaildirNames("host", 7);
        Set<String> given = ConcurrentHashMap.newKeySet();
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            for (int i = 0; i < 5000; i++) {
                threads.execute(() -> given.add(names.next(Instant.EPOCH)));
            }
        }
        assertThat(given).hasSize(5000);
    }

    @Test
    void deliveriesAtTheSameTimeAreAllKept() throws Exception {
        var results = new ArrayList<Future<Maildir.MaildirResult>>();
        try (var threads = Executors.newFixedThreadPool(16)) {
            for (int i = 0; i < 200; i++) {
                results.add(threads.submit(() -> maildir.deliver(folder, HEADER, MESSAGE)));
            }
        }
        for (Future<Maildir.MaildirResult> result : results) {
            assertThat(result.get()).isEqualTo(Maildir.MaildirResult.DELIVERED);
        }
        assertThat(files("new")).hasSize(200);
        assertThat(files("tmp")).isEmpty();
    }

    @Test
    void aNameThatIsInNewAlreadyIsNeverOverwritten() throws Exception {
        InstantSource still = InstantSource.fixed(Instant.EPOCH);
        new Maildir(new MaildirNames("host", 7), new DirectorySync(), still).deliver(folder, HEADER, MESSAGE);
        var again = new Maildir(new MaildirNames("host", 7), new DirectorySync(), still);
        assertThatThrownBy(() ->
                        again.deliver(folder, HEADER, new MessageOctets.InMemory(new byte[(int) MESSAGE.count()])))
                .isInstanceOf(FileAlreadyExistsException.class);
        assertThat(files("new").getFirst()).content().endsWith("partial");
        assertThat(files("tmp")).isEmpty();
        assertThat(again.deliver(folder, HEADER, MESSAGE)).isEqualTo(Maildir.MaildirResult.DELIVERED);
    }

    @Test
    void aNameThatIsInTmpAlreadyIsLeftAlone() throws Exception {
        InstantSource still = InstantSource.fixed(Instant.EPOCH);
        Path taken = folder.resolve("tmp").resolve(new MaildirNames("host", 7).next(Instant.EPOCH));
        Files.createSymbolicLink(taken, folder.resolve("elsewhere"));
        var again = new Maildir(new MaildirNames("host", 7), new DirectorySync(), still);
        assertThat(again.deliver(folder, HEADER, MESSAGE)).isEqualTo(Maildir.MaildirResult.DELIVERED);
        assertThat(folder.resolve("elsewhere")).doesNotExist();
        assertThat(taken).isSymbolicLink();
    }

    @Test
    void whatIsNoMaildirIsTold() throws Exception {
        assertThat(maildir.deliver(folder.resolve("none"), HEADER, MESSAGE))
                .isEqualTo(Maildir.MaildirResult.NO_MAILDIR);
        Files.delete(folder.resolve("tmp"));
        assertThat(maildir.deliver(folder, HEADER, MESSAGE)).isEqualTo(Maildir.MaildirResult.NO_MAILDIR);
        Files.writeString(folder.resolve("tmp"), "");
        assertThat(maildir.deliver(folder, HEADER, MESSAGE)).isEqualTo(Maildir.MaildirResult.NO_MAILDIR);
        assertThat(files("new")).isEmpty();
    }

    @Test
    void aHostNameCannotLeaveTheFolderAndIsCut() {
        assertThat(new MaildirNames("a/b:c", 1).next(Instant.EPOCH)).isEqualTo("0.M0P1Q1.a\\057b\\072c");
        assertThat(new MaildirNames("h".repeat(100), 1).next(Instant.EPOCH)).endsWith("Q1." + "h".repeat(64));
        assertThat(MaildirNames.ofThisHost().next(Instant.EPOCH))
                .contains("P" + ProcessHandle.current().pid() + "Q");
    }
}
