package carteiro.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import carteiro.control.ControlException;
import carteiro.log.EventLog;
import carteiro.mail.Address;
import carteiro.mail.Attributes;
import carteiro.mail.Octets;
import carteiro.mail.Outcome;
import carteiro.mail.Status;
import carteiro.maildir.DirectorySync;
import carteiro.maildir.Maildir;
import carteiro.maildir.MaildirNames;
import carteiro.maildir.Mbox;
import carteiro.maildir.MessageOctets;
import carteiro.protocol.FileThreads;
import carteiro.protocol.Lookup;
import carteiro.protocol.Lookup.AccountHome;
import carteiro.protocol.Lookup.AccountIdentity;
import carteiro.protocol.Lookup.Answer;
import carteiro.testkit.Covers;
import carteiro.testkit.NeedsOrdinaryUser;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.ProcessBuilder.Redirect;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The program local: accounts, homes, Maildirs and mbox files. */
@Timeout(60)
class MailboxDeliveryTest {
    private static final Outcome DID_ONE_FILE = new Outcome.Delivered(new Status(2, 1, 5), "did 1+0+0\n");

    @TempDir
    Path folder;

    private static void assertDeferred(Outcome outcome, String code, String text) {
        assertThat(outcome).isInstanceOf(Outcome.Deferred.class);
        assertThat(outcome.status()).hasToString(code);
        assertThat(outcome.report()).contains(text).contains("(#" + code + ")").endsWith("\n");
    }

    @Test
    @Covers({"qmail:L07", "qmail:L08", "qmail:L37"})
    void aMaildirGetsTheMessageOctetForOctetBehindTwoLines() throws Exception {
        try (var local = new LocalAtWork(folder)) {
            local.write(".qmail", "./Maildir/\n");
            String message = "Subject: x\n\n\u0000\u00ff\r\nFrom here\npartial";
            assertThat(local.deliver("joe", message)).isEqualTo(DID_ONE_FILE);
            Path file = local.inMaildir("Maildir").getFirst();
            assertThat(Octets.text(Files.readAllBytes(file)))
                    .isEqualTo("Return-Path: <s@x.example>\nDelivered-To: joe@" + LocalAtWork.HOST + "\n" + message);
            assertThat(file.getFileName().toString())
                    .matches("\\d+\\.M\\d+P" + ProcessHandle.current().pid() + "Q\\d+\\.[^/:]+");
            assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
                    .isEqualTo("rw-------");
            assertThat(local.leftBehind()).isEmpty();
        }
    }

    @Test
    @Covers("qmail:A07")
    void filesAreTheUsersWithItsGroup() throws Exception {
        Assumptions.assumeTrue(Person.isRoot(), "needs root");
        try (var local = new LocalAtWork(folder)) {
            local.write(".qmail", "./Maildir/\n./Mailbox\n");
            assertThat(local.deliver("joe", "\n").report()).isEqualTo("did 2+0+0\n");
            for (Path file : List.of(local.inMaildir("Maildir").getFirst(), local.home.resolve("Mailbox"))) {
                assertThat(Files.getAttribute(file, "unix:uid")).isEqualTo(41001);
                assertThat(Files.getAttribute(file, "unix:gid")).isEqualTo(41001);
            }
        }
    }

    @Test
    void aFolderOfAnotherUserIsRefused() throws Exception {
        Assumptions.assumeTrue(Person.isRoot(), "needs root");
        try (var local = new LocalAtWork(folder)) {
            Path others = new Person(41002, 41002).home(folder);
            local.write(".qmail", others + "/Maildir/\n");
            assertDeferred(local.deliver("joe", "\n"), "4.3.0", "permission denied");
            local.write(".qmail", others + "/Mailbox\n");
            assertDeferred(local.deliver("joe", "\n"), "4.3.0", "permission denied");
            Files.createSymbolicLink(local.home.resolve("link"), folder.resolve("i"));
            local.write(".qmail", "./link/control/me\n");
            assertDeferred(local.deliver("joe", "\n"), "4.3.0", "permission denied");
            assertThat(others.resolve("Mailbox")).doesNotExist();
            assertThat(folder.resolve("i/control/me")).doesNotExist();
        }
    }

    @Test
    void aMaildirWrittenAsAnMboxIsSaidAndNoExceptionStandsInTheLog() throws Exception {
        var local = new LocalAtWork(folder);
        try (local) {
            Files.createDirectories(local.home.resolve("Maildir"));
            local.write(".qmail", "./Maildir\n");
            assertDeferred(local.deliver("joe", "\n"), "4.2.1", "no regular file");
            local.write(".qmail", "./nowhere/box\n");
            assertDeferred(local.deliver("joe", "\n"), "4.3.0", "trouble with files");
            local.write(".qmail", "./Maildir/\r\n");
            assertDeferred(local.deliver("joe", "\n"), "4.2.1", "ends in CR LF");
        }
        assertThat(local.log())
                .contains("./Maildir is a folder; a Maildir is named with a slash at its end")
                .contains("nowhere/box: there is no such file or folder")
                .contains(".qmail:1: the line ends in CR LF")
                .doesNotContain("Exception");
    }

    @Test
    @Covers("qmail:A08")
    void rootGetsNoMail() throws Exception {
        try (var local = new LocalAtWork(folder)) {
            local.accounts.put(
                    "root@" + LocalAtWork.HOST,
                    new Answer.Account(
                            new AccountIdentity("root", 0, 0),
                            new AccountHome(local.home.toString(), "", ""),
                            new Lookup.DeliveryInstructions.DotQmailInstructions()));
            assertDeferred(local.deliver("root", "\n"), "4.3.0", "root");
            assertThat(local.home.resolve("Mailbox")).doesNotExist();
        }
    }

    @Test
    @NeedsOrdinaryUser("root may deliver for everybody")
    void anOrdinaryUserDeliversForItselfAlone() throws Exception {
        try (var local = new LocalAtWork(folder)) {
            local.accounts.put(
                    "other@" + LocalAtWork.HOST,
                    new Answer.Account(
                            new AccountIdentity("other", 41002, 41002),
                            new AccountHome("/tmp", "", ""),
                            new Lookup.DeliveryInstructions.DotQmailInstructions()));
            assertDeferred(local.deliver("other", "\n"), "4.3.0", "cannot deliver for this user");
        }
    }

    @Test
    @Covers("qmail:R12")
    void theTrashAddressTakesAllAndKeepsNothing() throws Exception {
        try (var local = new LocalAtWork(folder)) {
            local.accounts.put("@" + LocalAtWork.HOST, new Answer.Trash());
            assertThat(local.deliver("", "\n")).isEqualTo(new Outcome.Delivered(new Status(2, 1, 5), ""));
        }
    }

    @Test
    void lookupThatIsNotThereYetWhenEverythingStartsIsWaitedFor() throws Exception {
        try (var local = new LocalAtWork(folder)) {
            local.write(".qmail", "./Maildir/\n");
            local.absent.set(3);
            assertThat(local.deliver("joe", "x\n")).isEqualTo(DID_ONE_FILE);
        }
    }

    @Test
    void unknownIsAFailureAndNotNowADeferral() throws Exception {
        try (var local = new LocalAtWork(folder)) {
            assertThat(local.deliver("nobody", "\n"))
                    .isEqualTo(new Outcome.Failed(new Status(5, 1, 1), "No such mailbox. (#5.1.1)\n"));
            local.accounts.put(
                    "ann@" + LocalAtWork.HOST, new Answer.Unresolved(new Status(4, 3, 0), "The directory is away."));
            assertThat(local.deliver("ann", "\n"))
                    .isEqualTo(new Outcome.Deferred(new Status(4, 3, 0), "The directory is away. (#4.3.0)\n"));
        }
    }

    @Test
    @Covers("qmail:L01")
    void anMboxGetsFromLineReturnPathDeliveredToBodyAndAnEmptyLine() throws Exception {
        try (var local = new LocalAtWork(folder)) {
            local.write(".qmail", "./Mailbox");
            assertThat(local.deliver("joe", "Subject: x\n\nbody\nFrom me")).isEqualTo(DID_ONE_FILE);
            assertThat(Files.readString(local.home.resolve("Mailbox")))
                    .matches("From s@x\\.example [A-Z][a-z]{2} [A-Z][a-z]{2} \\d\\d \\d\\d:\\d\\d:\\d\\d \\d{4}\n"
                            + "Return-Path: <s@x\\.example>\nDelivered-To: joe@x\\.example\\.org\n"
                            + "Subject: x\n\nbody\n>From me\n\n");
        }
    }

    @Test
    @Covers("qmail:L05")
    void anMboxThatAnotherProcessKeepsLockedDefers() throws Exception {
        Assumptions.assumeTrue(Files.isExecutable(Path.of("/usr/bin/flock")), "needs flock (util-linux)");
        assertThat(Mbox.PATIENCE).isEqualTo(Duration.ofSeconds(30)); // here it is shorter
        Person person = Person.one();
        Path home = person.home(folder);
        Path mailbox = Files.writeString(home.resolve("Mailbox"), "before\n");
        person.own(home);
        var holder =
                new ProcessBuilder("/usr/bin/flock", mailbox.toString(), "sh", "-c", "echo locked; exec cat").start();
        try {
            assertThat(holder.inputReader().readLine()).isEqualTo("locked");
            assertDeferred(deliverImpatiently(person, home), "4.3.0", "File has been locked for 30 seconds straight.");
            assertThat(mailbox).hasContent("before\n");
        } finally {
            holder.getOutputStream().close();
            holder.waitFor();
        }
        assertThat(deliverImpatiently(person, home)).isEqualTo(DID_ONE_FILE);
    }

    private static Outcome deliverImpatiently(Person person, Path home) throws IOException {
        var clock = Clock.systemUTC();
        var sync = new DirectorySync();
        try (var log = new EventLog(OutputStream.nullOutputStream(), EventLog.LogFormat.PLAIN, clock)) {
            var tools = new AccountDelivery.LocalDeliveryContext(
                    new FileThreads("local", person.privilege(), Duration.ofMinutes(1), log),
                    new Maildir(MaildirNames.ofThisHost(), sync, clock),
                    new Mbox(sync, Duration.ofMillis(300)),
                    new ProgramRunner(person.privilege(), home, Map.of(), ProgramRunner.LIMIT),
                    new ForwardSender(new KeptMessages(), clock, 1),
                    log,
                    clock);
            var message = new AccountDelivery.DeliverableMessage() {
                @Override
                public MessageOctets octets() {
                    return new MessageOctets.InMemory(Octets.bytes("body\n"));
                }

                @Override
                public Redirect input(int uid, int gid) {
                    throw new UnsupportedOperationException();
                }
            };
            return new AccountDelivery(
                            tools,
                            new Answer.Account(
                                    new AccountIdentity("joe", person.uid(), person.gid()),
                                    new AccountHome(home.toString(), "", ""),
                                    new Lookup.DeliveryInstructions.DotQmailInstructions()),
                            new Addressing(new Address("s@x.example"), "joe", LocalAtWork.HOST),
                            Attributes.NONE,
                            message,
                            List.of(new Instruction.MboxLine("./Mailbox")),
                            () -> {})
                    .deliver();
        }
    }

    @Test
    @Covers("qmail:L10")
    void aMissingMaildirDefersAndTheAdministratorLearnsWhere() throws Exception {
        var local = new LocalAtWork(folder);
        try (local) {
            local.write(".qmail", "./none/\n");
            assertDeferred(local.deliver("joe", "\n"), "4.2.1", "Unable to chdir to maildir. (#4.2.1)");
        }
        assertThat(local.log())
                .contains("warning: local: account joe")
                .contains("none is no Maildir; make it by maildirmake");
    }

    @Test
    void aMissingHomeDefersAndTheAdministratorLearnsWhere() throws Exception {
        var local = new LocalAtWork(folder);
        try (local) {
            local.accounts.put(
                    "gone@" + LocalAtWork.HOST,
                    new Answer.Account(
                            new AccountIdentity("gone", local.person.uid(), local.person.gid()),
                            new AccountHome("/nonexistent/gone", "", ""),
                            new Lookup.DeliveryInstructions.DotQmailInstructions()));
            assertDeferred(
                    local.deliver("gone", "\n"), "4.3.0", "Unable to switch to the home directory: it does not exist.");
        }
        assertThat(local.log()).contains("/nonexistent/gone, the home of gone, is missing; make it");
    }

    @Test
    void aHomeMayBeASymbolicLink() throws Exception {
        try (var local = new LocalAtWork(folder)) {
            local.write(".qmail", "./Maildir/\n");
            Path link = Files.createSymbolicLink(folder.resolve("link"), local.home);
            var account = new Answer.Account(
                    new AccountIdentity("joe", local.person.uid(), local.person.gid()),
                    new AccountHome(link.toString(), "", ""),
                    new Lookup.DeliveryInstructions.DotQmailInstructions());
            local.accounts.put("link@" + LocalAtWork.HOST, account);
            assertThat(local.deliver("link", "\n")).isEqualTo(DID_ONE_FILE);
        }
    }

    @Test
    @Covers({"qmail:L21", "qmail:L22", "qmail:A02"})
    void theDefaultDeliveryMayHaveSeveralLinesAndServesMissingAndEmptyFiles() throws Exception {
        try (var local = new LocalAtWork(folder, Map.of("defaultdelivery", "./Maildir/\n# and\n./Mailbox\n"))) {
            local.account("joe-x", "-", "x");
            assertThat(local.deliver("joe", "\n").report()).isEqualTo("did 2+0+0\n");
            local.write(".qmail-x", "");
            assertThat(local.deliver("joe-x", "\n").report()).isEqualTo("did 2+0+0\n");
            assertThat(local.inMaildir("Maildir")).hasSize(2);
            assertThat(Files.readString(local.home.resolve("Mailbox"))).containsPattern("(?s)From s@.*From s@");
        }
    }

    @Test
    void withoutAControlFileTheDefaultDeliveryIsTheMailbox() throws Exception {
        try (var local = new LocalAtWork(folder)) {
            assertThat(local.deliver("joe", "\n")).isEqualTo(DID_ONE_FILE);
            assertThat(local.home.resolve("Mailbox")).exists();
        }
    }

    @Test
    void aDefaultDeliveryThatWouldLoseMailIsRefusedAtStartAndOnReload() throws Exception {
        assertThatThrownBy(() -> new LocalAtWork(folder, Map.of("defaultdelivery", "# nothing\n")))
                .isInstanceOf(ControlException.class)
                .hasMessageContaining("control/defaultdelivery: has no instruction")
                .hasMessageContaining("./Maildir/");
        Path other = Files.createDirectory(folder.resolve("other"));
        try (var local = new LocalAtWork(other, Map.of("defaultdelivery", "./Maildir/\n"))) {
            Files.writeString(local.installation.resolve("control/defaultdelivery"), "\n./Maildir/\n");
            assertThatThrownBy(local.running::reload)
                    .isInstanceOf(ControlException.class)
                    .hasMessageContaining("control/defaultdelivery:1: the first line is blank");
            assertThat(local.deliver("joe", "\n")).isEqualTo(DID_ONE_FILE);
            assertThat(local.inMaildir("Maildir")).hasSize(1);
            Files.writeString(local.installation.resolve("control/defaultdelivery"), "./Maildir2/\n");
            local.running.reload();
            assertThat(local.deliver("joe", "\n")).isEqualTo(DID_ONE_FILE);
            assertThat(local.inMaildir("Maildir2")).hasSize(1);
        }
    }

    @Test
    @Covers("qmail:L23")
    void whatEverybodyMayWriteIsNotTrusted() throws Exception {
        try (var local = new LocalAtWork(folder)) {
            Path file = local.write(".qmail", "./Maildir/\n");
            Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r--rw-"));
            assertDeferred(local.deliver("joe", "\n"), "4.7.0", "Uh-oh: .qmail file is writable.");
            Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-rw-r--"));
            assertThat(local.deliver("joe", "\n")).isEqualTo(DID_ONE_FILE);
            Files.setPosixFilePermissions(local.home, PosixFilePermissions.fromString("rwxrwxrwx"));
            assertDeferred(local.deliver("joe", "\n"), "4.7.0", "Uh-oh: home directory is writable.");
        }
    }

    @Test
    @Covers("qmail:L24")
    void aStickyHomeDefersBecauseItsUserIsEditing() throws Exception {
        try (var local = new LocalAtWork(folder)) {
            local.write(".qmail", "./Maildir/\n");
            Files.setAttribute(local.home, "unix:mode", 01700);
            assertDeferred(
                    local.deliver("joe", "\n"), "4.2.1", "Home directory is sticky: user is editing his .qmail file.");
            Files.setAttribute(local.home, "unix:mode", 0700);
            assertThat(local.deliver("joe", "\n")).isEqualTo(DID_ONE_FILE);
        }
    }

    @Test
    @Covers("qmail:L25")
    void aBlankFirstLineDefersAndLaterOnesDoNot() throws Exception {
        try (var local = new LocalAtWork(folder)) {
            local.write(".qmail", " \t\n./Maildir/\n");
            assertDeferred(local.deliver("joe", "\n"), "4.2.1", "Uh-oh: first line of .qmail file is blank.");
            local.write(".qmail", "./Maildir/ \t\n\n  \n./Maildir2/");
            assertThat(local.deliver("joe", "\n").report()).isEqualTo("did 2+0+0\n");
        }
    }

    @Test
    @Covers({"qmail:L26", "qmail:L27"})
    void theXBitAndListForbidFilesAndProgramsButNotForwards() throws Exception {
        try (var local = new LocalAtWork(folder)) {
            Path file = local.write(".qmail", "./Maildir/\n");
            Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwx------"));
            assertDeferred(
                    local.deliver("joe", "\n"), "4.7.0", "Uh-oh: .qmail has file delivery but has x bit set. (#4.7.0)");
            local.write(".qmail", "|true\n");
            assertDeferred(
                    local.deliver("joe", "\n"), "4.7.0", "Uh-oh: .qmail has prog delivery but has x bit set. (#4.7.0)");
            local.write(".qmail", "&a@b.example\n");
            assertThat(local.deliver("joe", "\n").report()).startsWith("did 0+1+0\nqp ");
            Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
            local.write(".qmail", "+list\n./Maildir/\n");
            assertDeferred(local.deliver("joe", "\n"), "4.7.0", "x bit");
            local.write(".qmail", "+unknown\n./Maildir/\n");
            assertThat(local.deliver("joe", "\n")).isEqualTo(DID_ONE_FILE);
            assertThat(local.inMaildir("Maildir")).hasSize(1);
        }
    }

    @Test
    @Covers("qmail:L35")
    void aQmailFileThatCannotBeReadDefersAndDoesNotBounce() throws Exception {
        try (var local = new LocalAtWork(folder)) {
            Path file = local.write(".qmail-x", "./Maildir/\n");
            local.account("joe-x", "-", "x");
            Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("---------"));
            assertDeferred(local.deliver("joe-x", "\n"), "4.3.0", "permission denied");
        }
    }

    @Test
    @Covers({"qmail:L18", "qmail:L19", "qmail:L20"})
    void filesAreSearchedFromTheExactNameToTheShortestDefault() throws Exception {
        try (var local = new LocalAtWork(folder)) {
            local.account("joe-A.B-c", "-", "A.B-c");
            var order = List.of(".qmail-a:b-c", ".qmail-a:b-default", ".qmail-default");
            for (String name : order) {
                local.write(name, "|echo " + name + "\n");
            }
            local.write(".qmail", "|echo wrong\n");
            for (String name : order) {
                assertThat(local.deliver("joe-A.B-c", "\n").report()).isEqualTo(name + "\ndid 0+0+1\n");
                Files.delete(local.home.resolve(name));
            }
            assertThat(local.deliver("joe-A.B-c", "\n"))
                    .isEqualTo(
                            new Outcome.Failed(new Status(5, 1, 1), "Sorry, no mailbox here by that name. (#5.1.1)\n"));
        }
    }

    @Test
    void namesThatCanBeNoFilesAreAbsent() throws Exception {
        try (var local = new LocalAtWork(folder)) {
            local.write(".qmail-default", "./Maildir/\n");
            local.write(".qmail-f", "./Maildir/\n");
            Files.createDirectory(local.home.resolve(".qmail-folder"));
            person(local);
            for (String extension : List.of("x".repeat(300), "f/x", "../../etc/passwd", "folder", "a/b")) {
                local.account("joe", "-", extension);
                assertThat(local.deliver("joe", "\n")).as(extension).isEqualTo(DID_ONE_FILE);
            }
        }
    }

    private static void person(LocalAtWork local) throws IOException {
        local.person.own(local.home);
    }

    @Test
    void aNamedPipeInsteadOfAFileHangsNothing() throws Exception {
        try (var local = new LocalAtWork(folder)) {
            carteiro.posix.Fifo.make(local.home.resolve(".qmail"));
            carteiro.posix.Fifo.make(local.home.resolve("pipe"));
            person(local);
            assertThat(local.deliver("joe", "\n")).isEqualTo(DID_ONE_FILE); // as if there were no .qmail
            Files.delete(local.home.resolve(".qmail"));
            local.write(".qmail", "./pipe\n");
            assertThat(local.deliver("joe", "\n")).isInstanceOf(Outcome.Deferred.class);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"new", "tmp"})
    void aNamedPipeInPlaceOfAFolderOfAMaildirIsDeferredAtOnce(String part) throws Exception {
        try (var local = new LocalAtWork(folder)) {
            Files.delete(local.home.resolve("Maildir").resolve(part));
            carteiro.posix.Fifo.make(local.home.resolve("Maildir").resolve(part));
            local.write(".qmail", "./Maildir/\n");
            assertDeferred(local.deliver("joe", "\n"), "4.2.1", "Unable to chdir to maildir. (#4.2.1)");
        }
    }

    @Test
    void aByteOrderMarkIsNoPartOfTheFirstLine() throws Exception {
        try (var local = new LocalAtWork(folder)) {
            local.write(".qmail", "\u00ef\u00bb\u00bf./Maildir/\n");
            assertThat(local.deliver("joe", "\n")).isEqualTo(DID_ONE_FILE);
            local.write(".qmail", "\u00ef\u00bb\u00bf# text\n./Maildir/\n");
            assertThat(local.deliver("joe", "\n")).isEqualTo(DID_ONE_FILE);
            local.write(".qmail", "\u00ef\u00bb\u00bf"); // as good as empty: the default delivery
            assertThat(local.deliver("joe", "\n")).isEqualTo(DID_ONE_FILE);
            local.write(".qmail", "\u00ef\u00bb\u00bf\n./Maildir/\n");
            assertDeferred(local.deliver("joe", "\n"), "4.2.1", "Uh-oh: first line of .qmail file is blank.");
        }
    }

    @Test
    void anEndlessOrMeaninglessQmailFileIsRefusedBeforeAnythingIsDone() throws Exception {
        try (var local = new LocalAtWork(folder)) {
            local.write(".qmail", "./Maildir/\n" + "#\n".repeat(HomeFiles.LIMIT / 2));
            assertDeferred(local.deliver("joe", "\n"), "4.3.0", "too large");
            local.write(".qmail", "./Maildir/\n".repeat(Instruction.MOST_DELIVERIES + 1));
            assertDeferred(local.deliver("joe", "\n"), "4.2.1", "over 500 deliveries");
            local.write(".qmail", "./Maildir/\n./Mail\u0000box\n");
            assertDeferred(local.deliver("joe", "\n"), "4.2.1", "NUL");
            local.write(".qmail", "./Maildir/\n&" + "a".repeat(Address.LIMIT + 1));
            assertDeferred(local.deliver("joe", "\n"), "4.2.1", "1000 octets");
            assertThat(local.inMaildir("Maildir")).isEmpty();
        }
    }

    @Test
    @Covers("qmail:L31")
    void aLoopIsFoundInAHeaderOfAnySizeAndOnlyThere() throws Exception {
        try (var local = new LocalAtWork(folder)) {
            local.write(".qmail", "./Maildir/\n");
            String line = "Delivered-To: joe@" + LocalAtWork.HOST + "\n";
            assertThat(local.deliver("joe", "a: b\n" + line + "\n"))
                    .isEqualTo(new Outcome.Failed(
                            new Status(5, 4, 6),
                            "This message is looping: it already has my Delivered-To line. (#5.4.6)\n"));
            for (String harmless : List.of(
                    "a: b\n\n" + line,
                    "a: b\n " + line + "\n",
                    line.replace("joe", "JOE") + "\n",
                    line.strip() + " \n\n",
                    line.strip())) {
                assertThat(local.deliver("joe", harmless)).isEqualTo(DID_ONE_FILE);
            }
            byte[] huge = new byte[50 << 20];
            java.util.Arrays.fill(huge, (byte) 'x');
            assertThat(local.deliver("s@x.example", "joe", huge)).isEqualTo(DID_ONE_FILE);
            byte[] end = Octets.bytes("\n" + line + "\nbody\n");
            System.arraycopy(end, 0, huge, huge.length - end.length, end.length);
            assertThat(local.deliver("s@x.example", "joe", huge)).isInstanceOf(Outcome.Failed.class);
            assertThat(local.leftBehind()).isEmpty();
        }
    }

    @Test
    void manyDeliveriesAtOnceAreAllKept() throws Exception {
        try (var local = new LocalAtWork(folder)) {
            local.write(".qmail", "./Maildir/\n");
            var outcomes = new ArrayList<Future<Outcome>>();
            try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
                for (int i = 0; i < 300; i++) {
                    outcomes.add(threads.submit(() -> local.deliver("joe", "x".repeat(2000))));
                }
            }
            for (Future<Outcome> outcome : outcomes) {
                assertThat(outcome.get()).isEqualTo(DID_ONE_FILE);
            }
            assertThat(local.inMaildir("Maildir")).hasSize(300);
            assertThat(local.running.status()).isEqualTo("running=0");
        }
    }

    @Test
    void aFullDiskDefersLeavesNothingAndRecovers() throws Exception {
        Assumptions.assumeTrue(Person.isRoot(), "needs root, to mount a small disk");
        try (var local = new LocalAtWork(folder)) {
            Path disk = Files.createDirectory(local.home.resolve("disk"));
            var mount = new ProcessBuilder("mount", "-t", "tmpfs", "-o", "size=128k", "none", disk.toString()).start();
            Assumptions.assumeTrue(mount.waitFor() == 0, "cannot mount a tmpfs here");
            try {
                for (String part : List.of("tmp", "new", "cur")) {
                    Files.createDirectories(disk.resolve("Maildir").resolve(part));
                }
                local.write(".qmail", "./disk/Maildir/\n");
                String large = "x".repeat(100_000);
                assertThat(local.deliver("joe", large)).isEqualTo(DID_ONE_FILE);
                assertDeferred(local.deliver("joe", large), "4.3.0", "Temporary error on maildir delivery: ");
                local.write(".qmail", "./disk/Mailbox\n");
                assertDeferred(local.deliver("joe", large), "4.3.0", "Unable to write mailbox file: ");
                assertThat(local.inMaildir("disk/Maildir")).hasSize(1);
                assertThat(disk.resolve("Maildir/tmp")).isEmptyDirectory();
                assertThat(disk.resolve("Mailbox")).hasSize(0);
                Files.delete(local.inMaildir("disk/Maildir").getFirst());
                assertThat(local.deliver("joe", large)).isEqualTo(DID_ONE_FILE);
            } finally {
                assertThat(new ProcessBuilder("umount", disk.toString()).start().waitFor())
                        .isZero();
            }
        }
    }

    @Test
    void dovecotReadsWhatWasDelivered() throws Exception {
        Path doveadm = Path.of("/usr/bin/doveadm");
        Assumptions.assumeTrue(Files.isExecutable(doveadm), "needs doveadm (Debian: dovecot-core)");
        Assumptions.assumeTrue(Person.isRoot(), "needs root: doveadm becomes the user itself");
        try (var local = new LocalAtWork(folder)) {
            local.write(".qmail", "./Maildir/\n");
            assertThat(local.deliver("joe", "Subject: for dovecot\n\nbody\n")).isEqualTo(DID_ONE_FILE);
            Path settings = Files.writeString(
                    folder.resolve("dovecot.conf"),
                    "mail_location = maildir:" + local.home.resolve("Maildir")
                            + "\nmail_uid = 41001\nmail_gid = 41001\nlog_path = /dev/stderr\nssl = no\n"
                            + "stats_writer_socket_path =\n");
            var builder = new ProcessBuilder(
                    doveadm.toString(), "-c", settings.toString(), "fetch", "hdr.subject hdr.return-path", "all");
            builder.environment().put("HOME", local.home.toString());
            builder.environment().put("USER", "joe");
            var process = builder.redirectErrorStream(true).start();
            String said = new String(process.getInputStream().readAllBytes());
            assertThat(process.waitFor(10, TimeUnit.SECONDS)).isTrue();
            assertThat(said).contains("for dovecot", "<s@x.example>");
        }
    }
}
