package carteiro.pop3;

import static org.assertj.core.api.Assertions.assertThat;

import carteiro.pop3.Pop3Mailbox.ListMemory;
import carteiro.testkit.Covers;
import carteiro.testkit.NeedsOrdinaryUser;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributeView;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Conversations about a real Maildir. */
class Pop3SessionTest {
    private static final String OK = "+OK \r\n";
    private static final Duration HOUR = Duration.ofHours(1);

    @TempDir
    Path folder;

    private TestMaildir maildir = new TestMaildir(Path.of("/nonexistent"));

    @BeforeEach
    void make() throws Exception {
        maildir = TestMaildir.make(folder.resolve("Maildir"));
    }

    private void threeMessages() throws Exception {
        maildir.put("cur/300.third.host:2,S", "Subject: 3\n\nthree\n", HOUR.multipliedBy(1));
        maildir.put("new/200.second.host", "Subject: 2\n\ntwo\n", HOUR.multipliedBy(2));
        maildir.put("cur/900.first.host:2,RS", "Subject: 1\n\none\n", HOUR.multipliedBy(3));
    }

    @Test
    @Covers("qmail:O05")
    void theOldestIsTheFirstAndUidsAreNamesWithoutFlags() throws Exception {
        threeMessages();
        assertThat(maildir.converse("LIST", "UIDL", "list 2", "Uidl 3", "STAT", "QUIT"))
                .isEqualTo(OK
                        + "+OK \r\n1 16\r\n2 16\r\n3 18\r\n.\r\n"
                        + "+OK \r\n1 900.first.host\r\n2 200.second.host\r\n3 300.third.host\r\n.\r\n"
                        + "+OK 2 16\r\n+OK 3 300.third.host\r\n+OK 3 50\r\n" + OK);
    }

    @Test
    @Covers("qmail:O05")
    void hiddenFilesFoldersLinksAndFilesOfThisSecondAreNotListed() throws Exception {
        threeMessages();
        maildir.put("new/.hidden", "x\n", HOUR);
        maildir.put("new/1.future.host", "x\n", Duration.ofSeconds(-100));
        Files.createDirectory(maildir.folder().resolve("cur/folder"));
        Path outside = Files.writeString(folder.resolve("outside"), "secret\n");
        Files.setLastModifiedTime(outside, FileTime.from(Instant.now().minus(HOUR)));
        Files.createSymbolicLink(maildir.folder().resolve("cur/1.link.host:2,S"), outside);
        assertThat(maildir.converse("STAT", "QUIT")).isEqualTo(OK + "+OK 3 50\r\n" + OK);
        Instant later = Instant.now().plusSeconds(10); // all but the future one is old enough
        try (var mailbox = Pop3Mailbox.open(maildir.folder(), later, ListMemory.of(Pop3Mailbox.MEMORY))) {
            assertThat(mailbox.count()).isEqualTo(3);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"new", "cur"})
    void aFolderThatIsALinkIsNotFollowed(String name) throws Exception {
        Files.delete(maildir.folder().resolve(name));
        Path elsewhere = Files.createDirectory(folder.resolve("elsewhere"));
        Files.writeString(elsewhere.resolve("1.x"), "secret\n");
        Files.createSymbolicLink(maildir.folder().resolve(name), elsewhere);
        assertThat(maildir.converse("QUIT")).isEqualTo("-ERR unable to scan $HOME/Maildir\r\n");
    }

    @Test
    @Covers("qmail:O06")
    void linesEndInCrLfDotsAreDoubledAndAnEmptyLineIsBeforeTheEnd() throws Exception {
        maildir.put("cur/1.a.host:2,", "Subject: x\n.dot: y\n\n.\n..\na.b\n\n.end", HOUR);
        maildir.put("cur/2.b.host:2,", "A: b\r\n\r\n\u0000\u00ff\r\r\n", HOUR.dividedBy(2));
        assertThat(maildir.converse("RETR 1", "RETR 2", "QUIT"))
                .isEqualTo(OK
                        + "+OK \r\nSubject: x\r\n..dot: y\r\n\r\n..\r\n...\r\na.b\r\n\r\n..end\r\n\r\n.\r\n"
                        + "+OK \r\nA: b\r\r\n\r\r\n\u0000\u00ff\r\r\r\n\r\n.\r\n" + OK);
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(
            delimiter = '|',
            value = {
                "TOP 1 0  | S: x;;",
                "TOP 1 1  | S: x;;1;",
                "TOP 1 3  | S: x;;1;..2;;",
                "TOP 1 9  | S: x;;1;..2;;4;",
                "TOP 1 99999999999999999999 | S: x;;1;..2;;4;",
                "TOP 1    | S: x;;1;..2;;4;",
                "RETR 1   | S: x;;1;..2;;4;",
                "RETR 1 1 | S: x;;1;"
            })
    @Covers("qmail:O06")
    void topAndRetrAreOneCommand(String command, String text) throws Exception {
        maildir.put("cur/1.a.host:2,", "S: x\n\n1\n.2\n\n4\n", HOUR);
        assertThat(maildir.converse(command, "QUIT")).isEqualTo(OK + OK + text.replace(";", "\r\n") + "\r\n.\r\n" + OK);
    }

    @Test
    @Covers("qmail:O06")
    void whateverStandsInAMessageItComesBackAndEndsOnce() throws Exception {
        long seed = new Random().nextLong();
        var random = new Random(seed);
        for (int round = 0; round < 200; round++) {
            var text = new StringBuilder();
            int length = random.nextInt(round < 190 ? 60 : 100_000);
            for (int i = 0; i < length; i++) {
                text.append("\n\n..\ra\u0000\u00e9".charAt(random.nextInt(8)));
            }
            maildir.put("cur/1.a.host:2,", text.toString(), HOUR);
            String came = maildir.converse("RETR 1");
            assertThat(came).as("seed %s", seed).startsWith(OK + OK).endsWith("\r\n\r\n.\r\n");
            String whole = text.isEmpty() || text.toString().endsWith("\n") ? text.toString() : text + "\n";
            String[] lines = came.substring(2 * OK.length(), came.length() - 5).split("(?<=\r\n)", -1);
            var read = new StringBuilder();
            for (String line : lines) {
                assertThat(line).as("seed %s", seed).isNotEqualTo(".\r\n");
                String plain = line.startsWith(".") ? line.substring(1) : line;
                read.append(plain.endsWith("\r\n") ? plain.substring(0, plain.length() - 2) + "\n" : plain);
            }
            assertThat(read.toString()).as("seed %s", seed).isEqualTo(whole);
        }
    }

    @Test
    @Covers("qmail:O07")
    void quitRemovesWhatIsMarkedAndMovesTheRestToCur() throws Exception {
        threeMessages();
        maildir.put("new/400.fourth.host", "Subject: 4\n\n", Duration.ofMinutes(5));
        assertThat(maildir.files())
                .containsExactly(
                        "cur/300.third.host:2,S",
                        "cur/900.first.host:2,RS",
                        "new/200.second.host",
                        "new/400.fourth.host");
        assertThat(maildir.converse("DELE 1", "DELE 4", "LAST", "LIST", "STAT", "QUIT"))
                .isEqualTo(OK + OK + OK + "+OK 4\r\n+OK \r\n2 16\r\n3 18\r\n.\r\n+OK 2 34\r\n" + OK);
        assertThat(maildir.files()).containsExactly("cur/200.second.host:2,", "cur/300.third.host:2,S");
    }

    @Test
    @Covers("qmail:O07")
    void rsetTakesBackMarksAndLast() throws Exception {
        threeMessages();
        assertThat(maildir.converse("RETR 3", "LAST", "DELE 2", "DELE 1", "LAST", "RSET", "LAST", "STAT", "QUIT"))
                .endsWith(".\r\n+OK 0\r\n" + OK + OK + "+OK 2\r\n" + OK + "+OK 0\r\n+OK 3 50\r\n" + OK);
        assertThat(maildir.files())
                .containsExactly("cur/200.second.host:2,", "cur/300.third.host:2,S", "cur/900.first.host:2,RS");
    }

    @Test
    @Covers("qmail:O08")
    void whoGoesWithoutQuitChangesNothing() throws Exception {
        threeMessages();
        List<String> before = maildir.files();
        assertThat(maildir.converse("DELE 1", "RETR 2", "DELE 2")).contains("two");
        assertThat(maildir.files()).isEqualTo(before);
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource({
        "0, messages are counted from 1",
        "000, messages are counted from 1",
        "4, not that many messages",
        "99999999999999999999999999, not that many messages",
        "4294967297, not that many messages",
        "1, already deleted",
        "two, syntax error",
        "-1, syntax error",
        "+1, syntax error",
        "1x, syntax error",
        "2 x, syntax error"
    })
    @Covers("qmail:O09")
    void numbersThatAreNone(String number, String reason) throws Exception {
        threeMessages();
        String refusal = "-ERR " + reason + "\r\n";
        assertThat(maildir.converse(
                        "DELE 1",
                        "DELE " + number,
                        "RETR " + number,
                        "TOP " + number,
                        "LIST " + number,
                        "UIDL " + number,
                        "QUIT"))
                .isEqualTo(OK + OK + refusal.repeat(5) + OK);
        assertThat(maildir.files()).hasSize(2);
    }

    @Test
    @Covers("qmail:O09")
    void commandsThatNeedANumberAndLackIt() throws Exception {
        threeMessages();
        assertThat(maildir.converse("DELE", "RETR", "TOP", "DELE  ", "DELE 2  ", "QUIT"))
                .isEqualTo(OK + "-ERR syntax error\r\n".repeat(4) + OK + OK);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"USER ann", "PASS x", "APOP a b", "XTND", "", "ST\tAT", "DELETE-EVERYTHING-THAT-THERE-IS 1"})
    void otherCommandsAreUnknown(String command) {
        assertThat(maildir.converse(command, "noop", "QUIT")).isEqualTo(OK + "-ERR unimplemented\r\n" + OK + OK);
    }

    @Test
    void capabilitiesAreTold() {
        assertThat(maildir.converse("CAPA", "QUIT"))
                .isEqualTo(
                        OK + OK + "TOP\r\nUIDL\r\nPIPELINING\r\nRESP-CODES\r\nIMPLEMENTATION Carteiro\r\n.\r\n" + OK);
    }

    @Test
    void nothingIsDoneBehindQuit() throws Exception {
        threeMessages();
        assertThat(maildir.converse("QUIT", "DELE 1", "QUIT")).isEqualTo(OK + OK);
        assertThat(maildir.files()).hasSize(3);
    }

    @Test
    @Covers("qmail:O10")
    void withoutAMaildirTheClientIsTold() throws Exception {
        assertThat(new TestMaildir(folder.resolve("none")).converse("QUIT"))
                .isEqualTo("-ERR this user has no $HOME/Maildir\r\n");
        assertThat(new TestMaildir(Files.writeString(folder.resolve("file"), "")).converse("QUIT"))
                .isEqualTo("-ERR this user has no $HOME/Maildir\r\n");
        Files.delete(maildir.folder().resolve("new"));
        assertThat(maildir.converse("QUIT")).isEqualTo("-ERR unable to scan $HOME/Maildir\r\n");
    }

    @Test
    void draftsThatNobodyHasReadForLongAreRemoved() throws Exception {
        for (String name : List.of("old", "young", ".old")) {
            Path draft = maildir.put("tmp/" + name, "x", Duration.ofHours(100));
            FileTime read = FileTime.from(
                    Instant.now().minus(Pop3Mailbox.ABANDONED).plusSeconds(name.equals("young") ? 60 : -60));
            Files.getFileAttributeView(draft, BasicFileAttributeView.class).setTimes(null, read, null);
        }
        maildir.converse();
        assertThat(maildir.files()).containsExactly("tmp/.old", "tmp/young");
    }

    /** Does something in the middle of a conversation: before the first octet of {@code later} is read. */
    private String converse(String first, Change change, String later) {
        var out = new ByteArrayOutputStream();
        var parts = new ArrayList<>(List.of(first, later));
        QmailPop3d.serve(
                maildir.folder().toString(),
                new InputStream() {
                    private InputStream part = InputStream.nullInputStream();

                    @Override
                    public int read() {
                        throw new UnsupportedOperationException();
                    }

                    @Override
                    public int read(byte[] into, int from, int length) throws java.io.IOException {
                        int count = part.read(into, from, length);
                        while (count < 0 && !parts.isEmpty()) {
                            if (parts.size() == 1) {
                                change.make();
                            }
                            part = new ByteArrayInputStream(
                                    parts.removeFirst().replace(";", "\r\n").getBytes(StandardCharsets.US_ASCII));
                            count = part.read(into, from, length);
                        }
                        return count;
                    }
                },
                out);
        return out.toString(StandardCharsets.ISO_8859_1);
    }

    /** What another session does meanwhile. */
    @FunctionalInterface
    private interface Change {
        void make() throws java.io.IOException;
    }

    private void move(String from, String to) throws java.io.IOException {
        Files.move(maildir.folder().resolve(from), maildir.folder().resolve(to));
    }

    @Test
    void aMessageThatAnotherSessionHasRenamedIsFound() throws Exception {
        threeMessages();
        assertThat(converse(
                        "STAT;",
                        () -> {
                            move("new/200.second.host", "cur/200.second.host:2,S");
                            move("cur/300.third.host:2,S", "cur/300.third.host:2,RS");
                        },
                        "RETR 2;DELE 3;QUIT;"))
                .isEqualTo(OK + "+OK 3 50\r\n+OK \r\nSubject: 2\r\n\r\ntwo\r\n\r\n.\r\n" + OK + OK);
        assertThat(maildir.files()).containsExactly("cur/200.second.host:2,S", "cur/900.first.host:2,RS");
    }

    @Test
    void aMessageThatIsGoneIsRefusedAndSoIsItsRemoval() throws Exception {
        threeMessages();
        assertThat(converse(
                        "NOOP;",
                        () -> Files.delete(maildir.folder().resolve("new/200.second.host")),
                        "RETR 2;TOP 2 1;DELE 2;QUIT;"))
                .isEqualTo(OK + OK + "-ERR unable to open that message\r\n".repeat(2) + OK
                        + "-ERR unable to unlink all deleted messages\r\n" + OK);
    }

    @Test
    void aMessageThatHasBecomeALinkIsRefused() throws Exception {
        threeMessages();
        Path outside = Files.writeString(folder.resolve("outside"), "secret\n");
        Path message = maildir.folder().resolve("new/200.second.host");
        assertThat(converse(
                        "NOOP;",
                        () -> {
                            Files.delete(message);
                            Files.createSymbolicLink(message, outside);
                        },
                        "RETR 2;DELE 2;QUIT;"))
                .isEqualTo(OK + OK + "-ERR unable to open that message\r\n" + OK + OK);
        assertThat(outside).hasContent("secret");
        assertThat(message).doesNotExist();
    }

    @Test
    void whenTheMaildirIsReplacedTheOldOneIsServed() throws Exception {
        threeMessages();
        Path aside = folder.resolve("aside");
        assertThat(converse(
                        "NOOP;",
                        () -> {
                            Files.move(maildir.folder(), aside, StandardCopyOption.ATOMIC_MOVE);
                            TestMaildir.make(maildir.folder());
                        },
                        "RETR 2;DELE 1;QUIT;"))
                .contains("two")
                .endsWith("\r\n.\r\n" + OK + OK);
        assertThat(new TestMaildir(aside).files()).hasSize(2);
    }

    @Test
    void aNewMessageDoesNotReplaceOneInCur() throws Exception {
        maildir.put("new/1.a.host", "new\n", HOUR);
        maildir.put("cur/1.a.host:2,", "old\n", HOUR);
        maildir.converse("QUIT");
        assertThat(maildir.files()).containsExactly("cur/1.a.host:2,", "new/1.a.host");
        assertThat(maildir.folder().resolve("cur/1.a.host:2,")).hasContent("old");
    }

    @Test
    void namesThatUidlCannotTellAreToldInAscii() throws Exception {
        maildir.put("cur/1.a b\n2 x.host:2,S", "x\n", HOUR);
        assertThat(maildir.converse("UIDL 1")).isEqualTo(OK + "+OK 1 1.a%20b%0A2%20x.host\r\n");
    }

    @Test
    void theListHasABoundAndTheNextSessionSeesTheRest() throws Exception {
        for (int i = 0; i < 10; i++) {
            maildir.put("cur/" + i + ".a.host:2,", "x\n", HOUR.plusSeconds(i));
        }
        try (var all = Pop3Mailbox.open(maildir.folder(), Instant.now(), ListMemory.of(Pop3Mailbox.MEMORY));
                var some = Pop3Mailbox.open(maildir.folder(), Instant.now(), ListMemory.of(1000))) {
            assertThat(all.count()).isEqualTo(10);
            assertThat(some.count()).isBetween(3, 8);
        }
    }

    @Test
    @NeedsOrdinaryUser("root may remove everything")
    @Covers("qmail:O07")
    void eachMessageThatCannotBeRemovedIsTold() throws Exception {
        threeMessages();
        Path cur = maildir.folder().resolve("cur");
        Files.setPosixFilePermissions(cur, PosixFilePermissions.fromString("r-xr-xr-x"));
        assertThat(maildir.converse("DELE 1", "DELE 3", "QUIT"))
                .isEqualTo(OK + OK + OK + "-ERR unable to unlink all deleted messages\r\n".repeat(2) + OK);
        assertThat(maildir.files()).hasSize(3);
        Files.setPosixFilePermissions(cur, PosixFilePermissions.fromString("rwx------"));
    }
}
