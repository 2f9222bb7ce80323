package carteiro.pop3;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

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
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.SequencedSet;
import java.util.TreeSet;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Numbers and names of messages as Dovecot has them, and Dovecot itself beside us. */
class DovecotUidListTest {
    private static final int NOBODY = 65534;
    private static final UidlFormat DOVECOT = UidlFormat.parse("%08Xu%08Xv").orElseThrow();

    @TempDir
    private Path home;

    private Path maildir;
    private final EventLog log =
            new EventLog(OutputStream.nullOutputStream(), EventLog.LogFormat.PLAIN, Clock.systemUTC());
    private final FileThreads files = new FileThreads(
            "mailboxes", new AccountPrivilege.OneUser(SystemAccount.effectiveUid()), Duration.ofSeconds(20), log);

    @BeforeEach
    void folders() throws IOException {
        maildir = home.resolve("Maildir");
        for (String folder : List.of("new", "cur", "tmp")) {
            Files.createDirectories(maildir.resolve(folder));
        }
    }

    @AfterEach
    void end() {
        log.close();
    }

    private void message(String name, String text) throws IOException {
        Path file = Files.write(maildir.resolve(name), Octets.bytes(text));
        Files.setLastModifiedTime(file, FileTime.fromMillis(1_000_000));
    }

    private Path list(String text) throws IOException {
        return Files.writeString(maildir.resolve("dovecot-uidlist"), text);
    }

    private String visit(UidlFormat format, String... commands) throws IOException {
        var said = new ByteArrayOutputStream();
        var account = new MailboxOfAccount("ann", SystemAccount.effectiveUid(), 0, maildir.toString());
        try (var memory = new VisitMemory(new ClientBudget(1 << 24).share(1));
                var mailbox = AccountMailbox.open(account, files, new SentSizes(), format, memory)) {
            var out = new BufferedOutputStream(said);
            var in = new ByteArrayInputStream(Octets.bytes(String.join("\r\n", commands) + "\r\n"));
            new Pop3Session(new Pop3Input(in, out, 512), out, mailbox, Pop3Session.Pop3Style.EXACT).converse();
        }
        return Octets.text(said.toByteArray()).replace("+OK \r\n", "").replace("\r\n", "|");
    }

    /** What Dovecot's POP3 says to the same, in a mailbox that is already open. */
    private String dovecot(String format, String... commands) throws Exception {
        Path program = Path.of("/usr/lib/dovecot/pop3");
        assumeTrue(Files.isExecutable(program), "SKIPPED: needs Dovecot's POP3 (Debian: dovecot-pop3d)");
        Path settings = Files.writeString(
                home.resolve("dovecot.conf"),
                "mail_location = maildir:" + maildir
                        + "\nlog_path = /dev/stderr\nssl = no\nfirst_valid_uid = 0\nfirst_valid_gid = 0\nmail_uid = "
                        + own(maildir) + "\nmail_gid = " + Files.getAttribute(home, "unix:gid") + "\n"
                        + "stats_writer_socket_path =\nbase_dir = " + home.resolve("run")
                        + "\npop3_uidl_format = " + format + "\n");
        var builder = new ProcessBuilder(program.toString(), "-c", settings.toString());
        builder.environment().put("HOME", home.toString());
        builder.environment().put("USER", "ann");
        Path errors = home.resolve("dovecot.log");
        Process process = builder.redirectError(errors.toFile()).start();
        try (OutputStream in = process.getOutputStream()) {
            in.write(Octets.bytes(String.join("\r\n", commands) + "\r\n"));
        }
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);
        assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
        assertThat(said).as(Files.readString(errors)).contains("+OK");
        return said.lines()
                .filter(line -> !line.matches("\\+OK( Logging out\\.| [0-9]+ messages:| Marked.*|)|\\+OK "))
                .reduce("", (all, line) -> all + line + "|");
    }

    /** Dovecot refuses to be root: then the mailbox is another user's. @return whose it is */
    private static int own(Path maildir) throws IOException {
        int uid = SystemAccount.effectiveUid() == 0 ? NOBODY : SystemAccount.effectiveUid();
        try (Stream<Path> all = Files.walk(maildir.getParent())) {
            for (Path file : all.toList()) {
                Files.setAttribute(file, "unix:uid", uid);
            }
        }
        return uid;
    }

    private static String[] everything() {
        return new String[] {"STAT", "LIST", "UIDL", "QUIT"};
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "%f | 5.name",
                "%08Xu%08Xv | 0000000500000010",
                "%v-%u | 16-5",
                "%v.%u | 16.5",
                "%u | 5",
                "UID%u-%v | UID5-16",
                "%03u | 005"
            })
    void formats(String format, String uid) throws IOException {
        message("new/5.name", "x\n");
        list("3 V16 N6 Gx\n5 :5.name\n");
        assertThat(visit(UidlFormat.parse(format).orElseThrow(), "UIDL 1")).isEqualTo("+OK 1 " + uid + "|");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "%",
                "%%",
                "%x",
                "%v",
                "text",
                "%u%u",
                "%f%u",
                "%8u",
                "%08f",
                "%u ",
                "%Mf",
                "%g",
                "%u\u00e9",
                "%u-12345678901234567890123456789012345678"
            })
    void whatIsNoFormatOrNamesMessagesAlikeIsRefused(String format) {
        assertThat(UidlFormat.parse(format)).isEmpty();
    }

    @Test
    void messagesComeByTheirNumbersAndTheListsSizesAndSavedNamesAreTaken() throws IOException {
        message("cur/1.a:2,S", "a\n");
        message("new/2.b", "b\n");
        message("cur/3.c:2,", "c\n");
        list("3 V16 N9 Gx\n2 W700 :3.c\n5 Psaved-name W800 :1.a\n6 :9.gone\n7 :2.b\n");
        assertThat(visit(DOVECOT, "LIST", "UIDL", "RETR 1"))
                .isEqualTo("1 700|2 800|3 3|.|1 0000000200000010|2 saved-name|3 0000000700000010|.|c|.|");
        list("3 V16 N9 Gx\n2 :3.c\n5 O2 :1.a\n7 O1 :2.b\n");
        assertThat(visit(DOVECOT, "UIDL"))
                .as("an order goes before numbers")
                .isEqualTo("1 0000000700000010|2 0000000500000010|3 0000000200000010|.|");
    }

    @Test
    void whatHasNoNumberGetsOneThatStays() throws IOException {
        message("new/2.b", "b\n");
        message("new/3.c", "c\n");
        Path list = list("3 V16 N9 Gx future\n2 Xyz :3.c\nnonsense\n7 :6.half");
        String first = visit(DOVECOT, "UIDL");
        assertThat(first).isEqualTo("1 0000000200000010|2 0000000900000010|.|");
        assertThat(list).hasContent("3 V16 N9 Gx future\n2 Xyz :3.c\nnonsense\n7 :6.half\n9 :2.b\n");
        message("new/1.a", "a\n");
        assertThat(visit(DOVECOT, "UIDL")).isEqualTo("1 0000000200000010|2 0000000900000010|3 0000000a00000010|.|");
        assertThat(visit(UidlFormat.NAMES, "UIDL")).isEqualTo("1 1.a|2 2.b|3 3.c|.|");
        try (Stream<Path> left = Files.list(maildir)) {
            assertThat(left.map(file -> file.getFileName().toString()))
                    .containsExactlyInAnyOrder("new", "cur", "tmp", "dovecot-uidlist");
        }
    }

    @Test
    void aNameThatTheListCannotHoldStaysAsItIs() throws IOException {
        message("new/1 a\n2 :x", "a\n");
        message("new/2.b", "b\n");
        assertThat(visit(DOVECOT, "UIDL")).matches("1 00000001[0-9a-f]{8}\\|2 1%20a%0A2%20\\|\\.\\|");
        assertThat(Files.readString(maildir.resolve("dovecot-uidlist"))).matches("3 V\\d+ N2 G[0-9a-f]{32}\n1 :2.b\n");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "1 12345 7 | has no first line that we know",
                "3 N7 | has no first line that we know",
                "'' | has no first line that we know",
                "3 V1 N4294967295 | has no numbers left"
            })
    void aListThatIsNoneOpensNoMailboxAndStaysAsItIs(String head, String why) throws IOException {
        message("new/1.a", "a\n");
        Path list = list(head + "\n");
        assertThatThrownBy(() -> visit(DOVECOT, "UIDL"))
                .isInstanceOf(IOException.class)
                .hasMessageContaining(why);
        assertThat(list).hasContent(head + "\n");
    }

    @Test
    void aLinkIsNotFollowed() throws IOException {
        message("new/1.a", "a\n");
        Path elsewhere = Files.writeString(home.resolve("elsewhere"), "3 V16 N9 Gx\n");
        Files.createSymbolicLink(maildir.resolve("dovecot-uidlist"), elsewhere);
        assertThatThrownBy(() -> visit(DOVECOT, "UIDL")).hasMessageContaining("symbolic link");
        assertThat(elsewhere).hasContent("3 V16 N9 Gx\n");
    }

    @Test
    void theLockOfAnotherIsWaitedForAndAStaleOneRemoved() throws Exception {
        message("new/1.a", "a\n");
        Path lock = Files.createFile(maildir.resolve("dovecot-uidlist.lock"));
        assertThatThrownBy(() -> visit(DOVECOT, "UIDL")).hasMessageContaining("dovecot-uidlist.lock is there");
        assertThat(lock).exists();
        Files.setLastModifiedTime(lock, FileTime.from(Instant.now().minusSeconds(121)));
        assertThat(visit(DOVECOT, "UIDL")).startsWith("1 00000001");
        assertThat(lock).doesNotExist();
    }

    @Test
    void manyAtOnceGiveEachMessageOneNumber() throws Exception {
        for (int i = 0; i < 50; i++) {
            message("new/" + i + ".m", "x\n");
        }
        List<Future<String>> said;
        try (var threads = Executors.newFixedThreadPool(12)) {
            said = threads.invokeAll(java.util.Collections.nCopies(12, () -> visit(DOVECOT, "UIDL")));
        }
        var different = new TreeSet<String>();
        for (Future<String> each : said) {
            different.add(each.get());
        }
        assertThat(different).hasSize(1);
        assertThat(Files.readAllLines(maildir.resolve("dovecot-uidlist"))).hasSize(51);
    }

    @Test
    void aListThatNeedsMoreMemoryThanThereIsIsNotRead() throws IOException {
        list("3 V16 N9 Gx\n" + "1 :x\n".repeat(2_000));
        SequencedSet<String> none = new java.util.LinkedHashSet<>();
        try (var memory = new VisitMemory(new ClientBudget(20_100).share(1))) {
            assertThat(DovecotUidList.numbering(maildir, none, memory).validity())
                    .isEqualTo(16);
            assertThat(DovecotUidList.numbering(maildir, none, memory).validity())
                    .as("was given back")
                    .isEqualTo(16);
        }
        try (var memory = new VisitMemory(new ClientBudget(20_000).share(1))) {
            assertThatThrownBy(() -> DovecotUidList.numbering(maildir, none, memory))
                    .hasMessageContaining("fill their part of the heap");
        }
    }

    // ---- with Dovecot

    @Test
    void dovecotsMailboxIsTheSameHere() throws Exception {
        message("new/1000.M1P1.h", "Subject: a\n\nhello\n");
        message("new/1001.M1P1.h", "Subject: b\n\nhello b\r\nx\n");
        message("cur/900.M1P1.h:2,S", "Subject: c\n\nno end");
        message("cur/1002.M1P1.h,S=13,W=16:2,RS", "Subject: d\n\n\n");
        String before = dovecot("%08Xu%08Xv", everything());
        assertThat(before).startsWith("+OK 4 ").contains("|1 00000001").contains("|4 00000004");
        assertThat(visit(DOVECOT, everything())).isEqualTo(before);
        for (String format : List.of("%v-%u", "%v.%u", "%u", "%04Xu.%v")) {
            assertThat(visit(UidlFormat.parse(format).orElseThrow(), "UIDL"))
                    .as(format)
                    .isEqualTo(dovecot(format, "UIDL", "QUIT"));
        }
        assertThat(visit(UidlFormat.NAMES, "UIDL").replaceAll("[0-9]+ ", "").split("\\|"))
                .as("without numbers the order is that of times")
                .containsExactlyInAnyOrder(
                        dovecot("%f", "UIDL", "QUIT").replaceAll("[0-9]+ ", "").split("\\|"));
    }

    @Test
    void whatCameHereKeepsItsNamesWhenDovecotComesBackAndTheOtherWayRound() throws Exception {
        message("new/1000.M1P1.h", "Subject: a\n\nhello\n");
        message("new/1001.M1P1.h", "Subject: b\n\nhello b\n");
        String first = dovecot("%08Xu%08Xv", everything());
        message("new/1003.M1P1.h", "Subject: c\n\nhello\n");
        message("new/1002.M1P1.h", "Subject: d\n\nhello\n");
        String here = visit(DOVECOT, everything());
        assertThat(uids(here)).hasSize(4).startsWith(uids(first).toArray(String[]::new));
        assertThat(dovecot("%08Xu%08Xv", everything())).isEqualTo(here);
        message("new/1004.M1P1.h", "Subject: e\n\nhello\n");
        String there = dovecot("%08Xu%08Xv", "DELE 1", "UIDL", "QUIT");
        assertThat(uids(visit(DOVECOT, "UIDL"))).hasSize(4);
        assertThat(uids(there).subList(0, 3)).isEqualTo(uids(here).subList(1, 4));
        assertThat(uids(visit(DOVECOT, "UIDL"))).isEqualTo(uids(there));
    }

    @Test
    void aListThatWasMadeHereIsDovecotsOwn() throws Exception {
        message("new/1000.M1P1.h", "Subject: a\n\nhello\n");
        message("new/1001.M1P1.h", "Subject: b\n\nhello b\n");
        String here = visit(DOVECOT, everything());
        assertThat(dovecot("%08Xu%08Xv", everything())).isEqualTo(here);
        assertThat(visit(DOVECOT, everything())).isEqualTo(here);
    }

    private static List<String> uids(String said) {
        var uids = new ArrayList<String>();
        for (String line : said.split("\\|")) {
            if (line.matches("[0-9]+ [0-9a-f]{16}")) {
                uids.add(line.substring(line.indexOf(' ') + 1));
            }
        }
        return uids;
    }
}
