package carteiro.pop3;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import carteiro.listen.ClientBudget;
import carteiro.log.EventLog;
import carteiro.mail.Octets;
import carteiro.posix.SystemAccount;
import carteiro.protocol.AccountPrivilege;
import carteiro.protocol.FileThreads;
import carteiro.protocol.MailboxTickets.TicketAnswer.MailboxOfAccount;
import java.io.BufferedOutputStream;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What mailboxes says in a visit, over the Maildir of whoever runs the test. */
class ExactSessionTest {
    @TempDir
    private Path maildir;

    private final EventLog log =
            new EventLog(OutputStream.nullOutputStream(), EventLog.LogFormat.PLAIN, Clock.systemUTC());
    private final FileThreads files = new FileThreads(
            "mailboxes", new AccountPrivilege.OneUser(SystemAccount.effectiveUid()), Duration.ofSeconds(20), log);

    private ClientBudget lists = new ClientBudget(1 << 20);

    @BeforeEach
    void folders() throws IOException {
        for (String folder : List.of("new", "cur", "tmp")) {
            Files.createDirectory(maildir.resolve(folder));
        }
    }

    @AfterEach
    void end() {
        log.close();
    }

    private Path message(String name, String text) throws IOException {
        Path file = Files.write(maildir.resolve(name), Octets.bytes(text));
        Files.setLastModifiedTime(file, FileTime.fromMillis(1_000_000));
        return file;
    }

    private String visit(String... commands) throws IOException {
        return visit(UidlFormat.NAMES, commands);
    }

    private String visit(UidlFormat format, String... commands) throws IOException {
        var said = new ByteArrayOutputStream();
        var account = new MailboxOfAccount("ann", SystemAccount.effectiveUid(), 0, maildir.toString());
        try (var memory = new VisitMemory(lists.share(1));
                var mailbox = AccountMailbox.open(account, files, new SentSizes(), format, memory)) {
            var out = new BufferedOutputStream(said);
            var in = new ByteArrayInputStream(Octets.bytes(String.join("\r\n", commands) + "\r\n"));
            new Pop3Session(new Pop3Input(in, out, 512), out, mailbox, Pop3Session.Pop3Style.EXACT).converse();
        }
        return Octets.text(said.toByteArray());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "a",
                "a\n",
                "a\nb",
                "a\r\nb\r\n",
                "a\r\nb\n\r\n",
                "a\rb\n",
                "a\n\n\n",
                "a\r",
                "\n.\n..\n.x\n",
                "\u00e9\n"
            })
    void sizesAreThoseOfWhatIsSent(String text) throws IOException {
        for (String body : List.of(text, "x".repeat(32 * 1024 - 1) + text, "x".repeat(32 * 1024 - 2) + "\r" + text)) {
            Path file = message("new/1", body);
            String said = visit("LIST 1", "RETR 1", "STAT");
            long size = Long.parseLong(said.substring("+OK 1 ".length(), said.indexOf('\r')));
            int from = said.indexOf("\r\n", said.indexOf("\r\n") + 2) + 2;
            int end = said.lastIndexOf("\r\n.\r\n") + 2;
            String sent = said.substring(from, Math.max(from, end)).replace("\r\n.", "\r\n");
            assertThat((long) (sent.startsWith(".") ? sent.substring(1) : sent).length())
                    .as(body.length() > 100 ? "long" : body)
                    .isEqualTo(size);
            assertThat(said).endsWith("+OK 1 " + size + "\r\n").doesNotContain("\r\r\n\n");
            Files.delete(file);
        }
    }

    @Test
    void theSizeThatANameTellsIsTaken() throws IOException {
        message("cur/1.x,S=2,W=77:2,S", "a\n");
        assertThat(visit("STAT")).isEqualTo("+OK 1 77\r\n");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "RETR 1 1 | -ERR syntax error",
                "TOP 1 | -ERR syntax error",
                "TOP 1 x | -ERR syntax error",
                "RETR | -ERR syntax error",
                "RETR 2 | -ERR not that many messages",
                "DELE 0 | -ERR messages are counted from 1",
                "LIST 99999999999999999999 | -ERR not that many messages",
                "LANG | +OK languages:",
                "LANG pt | -ERR that language is not spoken here",
                "LANG * | +OK en English it is",
                "UTF8 | +OK UTF8 is what mailboxes hold here",
                "USER ann | -ERR unimplemented",
                "STLS | -ERR unimplemented"
            })
    void answers(String command, String answer) throws IOException {
        message("new/1", "a\n");
        assertThat(visit(command)).startsWith(answer + "\r\n");
    }

    @Test
    void whatWasRemovedIsTakenOffTheQuota() throws IOException {
        message("new/1", "Subject: x\n\n");
        message("new/2", "four\n");
        message("cur/3:2,", "stays\n");
        Path quota = Files.writeString(maildir.resolve("maildirsize"), "1000S\n23 3\n");
        visit("DELE 1", "DELE 2");
        assertThat(quota).as("no QUIT").hasContent("1000S\n23 3\n");
        visit("DELE 1", "DELE 2", "QUIT");
        assertThat(quota).hasContent("1000S\n23 3\n-17 -2\n");
        try (Stream<Path> left = Files.list(maildir.resolve("cur"))) {
            assertThat(left).hasSize(1);
        }
        Files.delete(quota);
        visit("DELE 1", "QUIT");
        assertThat(quota).as("none is made").doesNotExist();
    }

    @Test
    @Timeout(20)
    void aNamedPipeInAPlaceOfAFileHoldsNothingUp() throws Exception {
        message("new/1", "one\n");
        message("new/2", "two\n");
        pipe(maildir.resolve("maildirsize"));
        assertThat(visit("DELE 1", "QUIT")).isEqualTo("+OK \r\n+OK \r\n");
        var account = new MailboxOfAccount("ann", SystemAccount.effectiveUid(), 0, maildir.toString());
        try (var memory = new VisitMemory(lists.share(1));
                var mailbox = AccountMailbox.open(account, files, new SentSizes(), UidlFormat.NAMES, memory)) {
            Files.delete(maildir.resolve("cur/2:2,"));
            pipe(maildir.resolve("cur/2:2,"));
            assertThat(mailbox.read(0)).isEmpty();
            mailbox.countAll();
            assertThat(mailbox.octets(0)).isZero();
        }
        assertThat(visit("STAT")).as("that is no message").isEqualTo("+OK 0 0\r\n");
    }

    private static void pipe(Path at) throws Exception {
        assertThat(new ProcessBuilder("mkfifo", at.toString()).start().waitFor())
                .isZero();
    }

    @Test
    void aNameThatIsNoTextIsReadAsAnyOther() throws Exception {
        var name = new ProcessBuilder("sh", "-c", "printf 'three\\n' > new/$(printf 'a\\374b')");
        assertThat(name.directory(maildir.toFile()).start().waitFor()).isZero();
        try (Stream<Path> files = Files.list(maildir.resolve("new"))) {
            Files.setLastModifiedTime(files.findFirst().orElseThrow(), FileTime.fromMillis(1_000_000));
        }
        assertThat(visit("STAT", "RETR 1", "UIDL 1")).isEqualTo("+OK 1 7\r\n+OK \r\nthree\r\n.\r\n+OK 1 a%FCb\r\n");
    }

    @Test
    void sizesAreReadOnceAndForgottenBeforeTheyFillTheHeap() throws IOException {
        var sizes = new SentSizes(3 * 162);
        for (int i = 10; i < 14; i++) {
            message("new/" + i, "x\n");
        }
        try (var memory = new VisitMemory(lists.share(1))) {
            var account = new MailboxOfAccount("ann", SystemAccount.effectiveUid(), 0, maildir.toString());
            var mailbox = AccountMailbox.open(account, files, sizes, UidlFormat.NAMES, memory);
            mailbox.countAll();
            for (int i = 0; i < 4; i++) {
                assertThat(mailbox.octets(i)).isEqualTo(3);
            }
            assertThat(sizes.of(account.uid(), mailbox.message(0))).isEmpty();
            assertThat(sizes.of(account.uid(), mailbox.message(3))).hasValue(3);
        }
    }

    @Test
    void anotherVisitAndADeliveryMeanwhileLoseNothing() throws IOException {
        message("new/1", "one\n");
        message("new/2", "two\n");
        var account = new MailboxOfAccount("ann", SystemAccount.effectiveUid(), 0, maildir.toString());
        try (var memory = new VisitMemory(lists.share(1));
                var first = AccountMailbox.open(account, files, new SentSizes(), UidlFormat.NAMES, memory)) {
            assertThat(visit("DELE 1", "QUIT")).isEqualTo("+OK \r\n+OK \r\n");
            message("new/3", "three\n");
            assertThat(first.count()).isEqualTo(2);
            assertThat(first.read(0)).as("removed by the other").isEmpty();
            assertThat(first.read(1)).as("moved by the other").isPresent();
            var deleted = new java.util.BitSet();
            deleted.set(1);
            assertThat(first.finish(deleted)).isZero();
        }
        assertThat(visit("STAT", "RETR 1")).contains("three");
    }

    @Test
    void betweenTwoCallsNothingOfTheMaildirIsOpen() throws IOException {
        message("new/1", "one\n");
        var account = new MailboxOfAccount("ann", SystemAccount.effectiveUid(), 0, maildir.toString());
        try (var memory = new VisitMemory(lists.share(1));
                var mailbox = AccountMailbox.open(account, files, new SentSizes(), UidlFormat.NAMES, memory)) {
            assertThat(openFiles()).isEmpty();
            assertThat(mailbox.octets(0)).isEqualTo(5);
            assertThat(openFiles()).isEmpty();
            try (InputStream message = mailbox.read(0).orElseThrow()) {
                assertThat(openFiles()).singleElement().asString().endsWith("/new/1");
                assertThat(message.readAllBytes()).hasSize(4);
            }
            assertThat(openFiles()).isEmpty();
        }
    }

    private List<String> openFiles() throws IOException {
        try (Stream<Path> descriptors = Files.list(Path.of("/proc/self/fd"))) {
            return descriptors
                    .map(descriptor -> {
                        try {
                            return Files.readSymbolicLink(descriptor).toString();
                        } catch (IOException e) {
                            return ""; // closed meanwhile
                        }
                    })
                    .filter(name -> name.startsWith(maildir + "/"))
                    .toList();
        }
    }

    @Test
    void oneUsersListsDoNotFillTheHeap() throws IOException {
        for (int i = 0; i < 20; i++) {
            message("new/" + i, "x\n");
        }
        lists = new ClientBudget(2 * 20 * 165);
        try (var mine = new VisitMemory(lists.share(1))) {
            assertThat(open(mine).count()).isEqualTo(20);
            assertThatThrownBy(() -> visit("STAT"))
                    .isInstanceOf(IOException.class)
                    .hasMessage("the lists of open mailboxes fill their part of the heap");
            try (var other = new VisitMemory(lists.share(2))) {
                assertThatThrownBy(() -> open(other)).hasMessageContaining("fill their part of the heap");
            }
        }
        assertThat(lists.taken()).isZero();
        assertThat(visit("STAT")).startsWith("+OK 20 ");
    }

    private AccountMailbox open(VisitMemory memory) throws IOException {
        var account = new MailboxOfAccount("ann", SystemAccount.effectiveUid(), 0, maildir.toString());
        return AccountMailbox.open(account, files, new SentSizes(), UidlFormat.NAMES, memory);
    }
}
