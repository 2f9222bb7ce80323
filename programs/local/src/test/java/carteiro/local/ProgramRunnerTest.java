package carteiro.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import carteiro.mail.Address;
import carteiro.mail.Attribute;
import carteiro.mail.Attributes;
import carteiro.mail.Envelope;
import carteiro.mail.Octets;
import carteiro.mail.Outcome;
import carteiro.mail.RecipientList;
import carteiro.mail.Status;
import carteiro.protocol.AccountPrivilege;
import carteiro.protocol.BusyException;
import carteiro.protocol.Lookup.AccountHome;
import carteiro.protocol.Lookup.AccountIdentity;
import carteiro.protocol.Lookup.Answer;
import carteiro.protocol.Lookup.DeliveryInstructions;
import carteiro.protocol.Lookup.DotFiles;
import carteiro.protocol.Lookup.Mailbox;
import carteiro.protocol.NotRunningException;
import carteiro.testkit.Covers;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The program local: commands of users, forwards, and the directory's recipes. */
@Timeout(60)
class ProgramRunnerTest {
    private static final Status DELIVERED = new Status(2, 1, 5);

    @TempDir
    Path folder;

    private static String dtLine(String local) {
        return "Delivered-To: " + local + "@" + LocalAtWork.HOST + "\n";
    }

    @Test
    @Covers({"qmail:L11", "qmail:L15"})
    void aProgramSeesItsHomeAndTheRawMessageFromTheStartEachTime() throws Exception {
        try (var local = new LocalAtWork(folder)) {
            local.write(".qmail", "|pwd -P; umask\n|cat\n|cat; echo /; cat\n|cat <&0; cat /dev/stdin\n");
            String message = "Subject: x\n\nbody\n";
            assertThat(local.deliver("joe", message).report())
                    .isEqualTo(local.home.toRealPath() + "\n0077\n" + message + message + "/\n" + message + message
                            + "did 0+0+4\n");
            assertThat(local.leftBehind()).isEmpty();
        }
    }

    @Test
    void aLargeMessageReachesProgramsMailboxAndForward() throws Exception {
        try (var local = new LocalAtWork(folder)) {
            local.write(".qmail", "|wc -c\n./Maildir/\n|wc -c\n&a@b.example\n");
            String large = "line\n".repeat(MessageSpool.SMALL);
            assertThat(local.deliver("joe", large).report())
                    .isEqualTo(large.length() + "\n" + large.length() + "\ndid 1+1+2\nqp 4001\n");
            assertThat(local.queue.kept.getFirst().message()).endsWith("\n" + dtLine("joe") + large);
            assertThat(local.leftBehind()).isEmpty();
        }
    }

    @Test
    @Covers("qmail:A07")
    void aProgramHasTheUsersIdsAndNoOtherGroups() throws Exception {
        try (var local = new LocalAtWork(folder)) {
            local.write(".qmail", "|id -u; id -g; id -G; grep -E '^(Uid|Gid|Groups|CapEff)' /proc/self/status\n");
            String report = local.deliver("joe", "\n").report();
            if (Person.isRoot()) {
                assertThat(report.replaceAll("[\\t ]+", " "))
                        .isEqualTo("41001\n41001\n41001\nUid: 41001 41001 41001 41001\nGid: 41001 41001 41001 41001\n"
                                + "Groups: \nCapEff: 0000000000000000\ndid 0+0+1\n");
            } else {
                assertThat(report).startsWith(local.person.uid() + "\n" + local.person.gid() + "\n");
            }
        }
    }

    @Test
    @Covers("qmail:A07")
    void theGroupsOfWhoeverStartedLocalReachNeitherProgramsNorFiles() throws Exception {
        Assumptions.assumeTrue(Person.isRoot(), "needs root, to have groups");
        Files.setPosixFilePermissions(folder, java.nio.file.attribute.PosixFilePermissions.fromString("rwxr-xr-x"));
        Process process = new ProcessBuilder(
                        "setpriv",
                        "--groups",
                        WithGroups.GROUP + ",41778",
                        "--",
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-XX:TieredStopAtLevel=1",
                        "--enable-native-access=ALL-UNNAMED",
                        "-cp",
                        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
                        WithGroups.class.getName(),
                        folder.toString())
                .redirectErrorStream(true)
                .start();
        String said = Octets.text(process.getInputStream().readAllBytes());
        assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
        assertThat(said.replaceAll("[\\t ]+", " "))
                .isEqualTo("41001\n41001\n41001\nUid: 41001 41001 41001 41001\nGid: 41001 41001 41001 41001\n"
                        + "Groups: \nCapEff: 0000000000000000\ndid 0+0+1\n"
                        + "Cannot deliver now: permission denied. (#4.3.0)\n");
    }

    @Test
    void aHomeThatWasSwappedForAFolderOfRootIsNotEntered() throws Exception {
        Assumptions.assumeTrue(Person.isRoot(), "needs root");
        try (var local = new LocalAtWork(folder)) {
            Path secret = Files.createDirectories(local.installation.resolve("secret/open"));
            Files.setAttribute(secret.getParent(), "unix:mode", 0700);
            Files.writeString(secret.resolve(".qmail"), "|pwd\n");
            local.accounts.put(
                    "swap@" + LocalAtWork.HOST,
                    new Answer.Account(
                            new AccountIdentity("swap", 41001, 41001),
                            new AccountHome(secret.toString(), "", ""),
                            new DeliveryInstructions.DotQmailInstructions()));
            assertThat(local.deliver("swap", "\n").report()).contains("permission denied");
            var report = new DeliveryReport();
            var programs = new ProgramRunner(
                    new AccountPrivilege.EveryUser(),
                    local.installation.resolve("run/local/messages"),
                    Map.of(),
                    ProgramRunner.LIMIT);
            var account = new Answer.Account(
                    new AccountIdentity("swap", 41001, 41001),
                    new AccountHome(secret.toString(), "", ""),
                    new DeliveryInstructions.DotQmailInstructions());
            var ended = programs.run(
                    account,
                    "pwd",
                    Map.of("HOME", secret.toString()),
                    ProcessBuilder.Redirect.from(new java.io.File("/dev/null")),
                    report);
            assertThat(ended).isEqualTo(new ProgramRunner.ProgramEnd.Exited(111));
            assertThat(report.delivered("").report()).contains("Unable to switch to the home directory.");
        }
    }

    /** Of a .qmail file, and of an address that is nothing but others. */
    @Test
    void aForwardHasWhatItsMessageCarries() throws Exception {
        try (var local = new LocalAtWork(folder)) {
            local.write(".qmail", "&a@b.example\n");
            local.accounts.put("all@" + LocalAtWork.HOST, new Answer.ForwardOnly(List.of(new Address("c@d.example"))));
            Attributes carried = Attributes.NONE.with(40_000, 1, "to be told");
            for (String to : List.of("joe", "all")) {
                var envelope = new Envelope(
                        new Address("s@x.example"),
                        RecipientList.of(List.of(new Address(to + "@" + LocalAtWork.HOST))),
                        carried);
                assertThat(local.deliver(envelope, new byte[] {'\n'})).isInstanceOf(Outcome.Delivered.class);
                Attributes forward = local.queue.kept.getLast().envelope().attributes();
                assertThat(forward.without(Attribute.UID).without(Attribute.PARENT))
                        .isEqualTo(carried);
                assertThat(forward.get(Attribute.PARENT)).isPositive();
            }
        }
    }

    /** Whoever asks for it: an account with uid 0 has been refused before. */
    @Test
    void noProgramIsRunAsRoot() throws Exception {
        Path made = folder.resolve("made");
        var programs = new ProgramRunner(new AccountPrivilege.EveryUser(), folder, Map.of(), ProgramRunner.LIMIT);
        var account = new Answer.Account(
                new AccountIdentity("root", 0, 0),
                new AccountHome(folder.toString(), "", ""),
                new DeliveryInstructions.DotQmailInstructions());
        assertThatThrownBy(() -> programs.run(
                        account,
                        "touch made",
                        Map.of("HOME", folder.toString()),
                        ProcessBuilder.Redirect.from(new java.io.File("/dev/null")),
                        new DeliveryReport()))
                .isInstanceOf(IOException.class)
                .hasMessage("no program is run as root");
        assertThat(made).doesNotExist();
    }

    @Test
    void whereOneUserIsServedNoProgramOfAnotherIsRun() throws Exception {
        Path made = folder.resolve("made");
        var programs = new ProgramRunner(new AccountPrivilege.OneUser(41001), folder, Map.of(), ProgramRunner.LIMIT);
        var account = new Answer.Account(
                new AccountIdentity("ann", 41002, 41001),
                new AccountHome(folder.toString(), "", ""),
                new DeliveryInstructions.DotQmailInstructions());
        assertThatThrownBy(() -> programs.run(
                        account,
                        "touch made",
                        Map.of("HOME", folder.toString()),
                        ProcessBuilder.Redirect.from(new java.io.File("/dev/null")),
                        new DeliveryReport()))
                .isInstanceOf(IOException.class)
                .hasMessage("not started by root: only uid 41001 can be served");
        assertThat(made).doesNotExist();
    }

    @Test
    @Covers({"qmail:L16", "qmail:A10"})
    void theVariablesAreThoseOfQmail() throws Exception {
        try (var local = new LocalAtWork(folder, Map.of("programvariables", "# ours\nX\n"))) {
            local.account("joe-a-b.c-d", "-", "a-b.c-d");
            local.write(".qmail-a-default", "|env | sort\n");
            String report = local.deliver("joe-a-b.c-d", "\n").report();
            String user = "joe-a-b.c-d@x.example.org";
            assertThat(report.lines())
                    .contains(
                            "DEFAULT=b.c-d",
                            "EXT=a-b.c-d",
                            "EXT2=b.c-d",
                            "EXT3=d",
                            "EXT4=",
                            "HOME=" + local.home,
                            "HOST=x.example.org",
                            "HOST2=x.example",
                            "HOST3=x",
                            "HOST4=x",
                            "LOCAL=joe-a-b.c-d",
                            "NEWSENDER=s@x.example",
                            "RECIPIENT=" + user,
                            "SENDER=s@x.example",
                            "USER=joe",
                            "X=1",
                            "PATH=/usr/bin:/bin",
                            "DTLINE=Delivered-To: " + user,
                            "RPLINE=Return-Path: <s@x.example>",
                            "CARTEIRO_HOME=" + local.installation)
                    .anyMatch(line -> line.matches("UFLINE=From s@x\\.example .{24}"));
        }
    }

    @Test
    @Covers("qmail:A10")
    void ofTheStartersVariablesOnlyTheCommonAndTheNamedReachPrograms() throws Exception {
        try (var local = new LocalAtWork(folder)) {
            local.write(".qmail", "|env\n");
            assertThat(local.deliver("joe", "\n").report().lines())
                    .contains("PATH=/usr/bin:/bin", "LC_X=y")
                    .noneMatch(line -> line.matches("(X|DEFAULT|AWS_SECRET_ACCESS_KEY)=.*"));
            Path control = local.installation.resolve("control/programvariables");
            Files.writeString(control, "X\nAWS_*\n");
            local.running.reload();
            assertThat(local.deliver("joe", "\n").report().lines())
                    .contains("X=1", "AWS_SECRET_ACCESS_KEY=secret", "LC_X=y");
            Files.writeString(control, "X=1\nCARTEIRO_HOME\n*\n");
            assertThatThrownBy(local.running::reload)
                    .hasMessageContaining("control/programvariables:1: \"X=1\" is no name of a variable")
                    .hasMessageContaining("programvariables:2: \"CARTEIRO_HOME\" is never passed on")
                    .hasMessageContaining("programvariables:3: \"*\" is no name");
        }
    }

    @Test
    void aProgramLeadsASessionOfItsOwnAndHasNoTerminal() throws Exception {
        try (var local = new LocalAtWork(folder)) {
            local.write(
                    ".qmail",
                    "|echo $$; cut -d' ' -f5-7 /proc/$$/stat; (exec 3</dev/tty) 2>/dev/null && echo a terminal; exit 0\n");
            String[] lines = local.deliver("joe", "\n").report().split("\n");
            assertThat(lines).hasSize(3);
            assertThat(lines[1]).isEqualTo(lines[0] + " " + lines[0] + " 0"); // group, session, no terminal
        }
    }

    @Test
    @Covers("qmail:L17")
    void defaultIsTheTailThatTheFileNameLeavesOpen() throws Exception {
        try (var local = new LocalAtWork(folder)) {
            String show = "|echo ${DEFAULT-unset}\n";
            local.account("joe-A-b", "-", "A-b");
            local.write(".qmail-a-b", show);
            assertThat(local.deliver("joe-A-b", "\n").report()).isEqualTo("unset\ndid 0+0+1\n");
            Files.delete(local.home.resolve(".qmail-a-b"));
            local.write(".qmail-a-default", show);
            assertThat(local.deliver("joe-A-b", "\n").report()).isEqualTo("b\ndid 0+0+1\n");
            Files.delete(local.home.resolve(".qmail-a-default"));
            local.write(".qmail-default", show);
            assertThat(local.deliver("joe-A-b", "\n").report()).isEqualTo("A-b\ndid 0+0+1\n");
            local.account("joe-x-Default", "-", "x-Default");
            local.write(".qmail-x-default", show);
            assertThat(local.deliver("joe-x-Default", "\n").report()).isEqualTo("Default\ndid 0+0+1\n");
        }
    }

    @Test
    void octetsOutsideAsciiReachProgramsUnchanged() throws Exception {
        try (var local = new LocalAtWork(folder)) {
            String octets = "caf\u00e9 \u00c3\u00a9'\"$(id)`id`\\n%s\\\\";
            local.account("joe-x", "-", "x");
            local.write(
                    ".qmail-x",
                    "|printf '%s\\n' \"$SENDER\" \"$NEWSENDER\" '\u00e9\u00ff'; printf '%s|' \"$RPLINE\"\n");
            String report = local.deliver(octets + "@h", "joe-x", new byte[0]).report();
            String quoted = octets.replace("\\", "\\\\").replace("\"", "\\\"");
            assertThat(report)
                    .isEqualTo(octets + "@h\n" + octets + "@h\n\u00e9\u00ff\nReturn-Path: <\"" + quoted
                            + "\"@h>\n|\ndid 0+0+1\n");
        }
    }

    @Test
    @Covers("qmail:L12")
    void exit99StopsWithoutFailing() throws Exception {
        try (var local = new LocalAtWork(folder)) {
            local.write(".qmail", "&a@b.example\n|exit 99\n./Maildir/\n&c@d.example\n");
            assertThat(local.deliver("joe", "\n")).isEqualTo(new Outcome.Delivered(DELIVERED, "did 0+1+1\nqp 4001\n"));
            assertThat(local.queue.kept.getFirst().envelope().addresses()).containsExactly(new Address("a@b.example"));
            assertThat(local.inMaildir("Maildir")).isEmpty();
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {100, 64, 65, 70, 76, 77, 78, 112})
    @Covers("qmail:L13")
    void theHardExitCodesFailForGood(int code) throws Exception {
        try (var local = new LocalAtWork(folder)) {
            local.write(".qmail", "|echo no '(#5.7.1)'; exit " + code + "\n./Maildir/\n");
            assertThat(local.deliver("joe", "\n")).isEqualTo(new Outcome.Failed(new Status(5, 7, 1), "no (#5.7.1)\n"));
            assertThat(local.inMaildir("Maildir")).isEmpty();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"exit 111", "exit 1", "exit 71", "exit 75", "kill -9 $$", "kill -TERM $$"})
    @Covers("qmail:L14")
    void allOtherEndsAreTriedAgain(String command) throws Exception {
        try (var local = new LocalAtWork(folder)) {
            local.write(".qmail", "|echo later; " + command + "\n./Maildir/\n");
            Outcome outcome = local.deliver("joe", "\n");
            assertThat(outcome).isInstanceOf(Outcome.Deferred.class);
            assertThat(outcome.status()).isEqualTo(new Status(4, 3, 0));
            assertThat(outcome.report())
                    .isEqualTo(command.startsWith("kill") ? "later\nAack, child crashed. (#4.3.0)\n" : "later\n");
            assertThat(local.inMaildir("Maildir")).isEmpty();
        }
    }

    @Test
    @Covers("qmail:A09")
    void aLongReportIsCutWithANote() throws Exception {
        try (var local = new LocalAtWork(folder)) {
            local.write(".qmail", "|yes x | head -c 10000; yes y | head -c 10000 >&2; exit 100\n");
            String report = local.deliver("joe", "\n").report();
            assertThat(report)
                    .startsWith("x\nx\n")
                    .hasSizeLessThan(3100)
                    .contains("cut: the output was longer than 3000");
            assertThat(report).doesNotContain("y\ny");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"sleep 1000 &", "(trap '' PIPE; yes) &", "setsid sleep 1000 &"})
    void aChildThatKeepsTheOutputOpenHoldsNothingUp(String background) throws Exception {
        try (var local = new LocalAtWork(folder)) {
            local.write(".qmail", "|" + background + " echo $! >pid; exit 0\n");
            assertThat(local.deliver("joe", "\n")).isInstanceOf(Outcome.Delivered.class);
            assertThat(local.leftBehind()).isEmpty();
            long pid =
                    Long.parseLong(Files.readString(local.home.resolve("pid")).strip());
            ProcessHandle.of(pid).ifPresent(ProcessHandle::destroyForcibly);
        }
    }

    @Test
    void stoppingKillsWhatStillRunsAndAnswersDeferred() throws Exception {
        var local = new LocalAtWork(folder);
        try (local) {
            local.write(".qmail", "|sleep 1000 & echo $$ $! >pids.new; mv pids.new pids; wait\n");
            var outcome = new CompletableFuture<Outcome>();
            Thread.ofVirtual().start(() -> {
                try {
                    outcome.complete(local.deliver("joe", "\n"));
                } catch (Exception e) {
                    outcome.completeExceptionally(e);
                }
            });
            Path pids = local.home.resolve("pids");
            while (!Files.exists(pids)) {
                Thread.onSpinWait();
            }
            assertThat(local.running.status()).isEqualTo("running=1");
            local.running.stop(Duration.ofMillis(50));
            assertThat(outcome.get(10, TimeUnit.SECONDS).report()).contains("killed because the mail system stops");
            assertThatThrownBy(() -> local.deliver("joe", "\n")).isInstanceOf(NotRunningException.class);
            for (String pid : Files.readString(pids).strip().split(" ")) {
                var handle = ProcessHandle.of(Long.parseLong(pid));
                if (handle.isPresent()) {
                    handle.get().onExit().get(10, TimeUnit.SECONDS);
                }
            }
        }
    }

    @Test
    void aProgramThatRunsTooLongIsKilled() throws Exception {
        try (var local = new LocalAtWork(folder)) {
            var account = local.account("joe", "", "");
            var programs = new ProgramRunner(
                    local.person.privilege(),
                    local.installation.resolve("run/local/messages"),
                    Map.of(),
                    Duration.ofMillis(100));
            assertThat(programs.run(
                            account,
                            "sleep 1000",
                            Map.of("HOME", local.home.toString()),
                            ProcessBuilder.Redirect.from(new java.io.File("/dev/null")),
                            new DeliveryReport()))
                    .isEqualTo(new ProgramRunner.ProgramEnd.TimedOut());
        }
    }

    private static Future<Outcome> begin(ExecutorService threads, LocalAtWork local, String recipient) {
        return threads.submit(() -> local.deliver(recipient, "\n"));
    }

    private static void awaitFiles(Path home, String prefix, int count) throws IOException {
        while (true) {
            try (var files = Files.list(home)) {
                if (files.filter(file -> file.getFileName().toString().startsWith(prefix))
                                .count()
                        >= count) {
                    return;
                }
            }
            Thread.onSpinWait();
        }
    }

    @Test
    void programsOfOneUserLeaveSlotsToOthersAndMailboxesAlwaysGoOn() throws Exception {
        var four = Map.of("concurrencylocal", "4", "concurrencyperuser", "4");
        try (var local = new LocalAtWork(folder, four);
                var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            local.write(".qmail", "./Maildir/\n|>began.$$; while [ ! -e go ]; do sleep 0.05; done\n");
            local.account("joe-box", "-", "box");
            local.write(".qmail-box", "./Maildir2/\n");
            var running = new ArrayList<Future<Outcome>>();
            for (int i = 0; i < 2; i++) { // of 4, 3 may have programs, and 2 of those may be one user's
                running.add(begin(threads, local, "joe"));
            }
            awaitFiles(local.home, "began.", 2);
            assertThatThrownBy(() -> local.deliver("joe", "\n")).isInstanceOfSatisfying(BusyException.class, busy -> {
                assertThat(busy.key()).isEqualTo("programs of user " + Integer.toUnsignedString(local.person.uid()));
                assertThat(busy.atOnce()).isEqualTo(2);
            });
            assertThat(local.inMaildir("Maildir")).hasSize(2); // nothing was done of the third
            assertThat(local.deliver("joe-box", "\n")).isInstanceOf(Outcome.Delivered.class);
            Files.createFile(local.home.resolve("go"));
            for (Future<Outcome> outcome : running) {
                assertThat(outcome.get()).isInstanceOf(Outcome.Delivered.class);
            }
            assertThat(local.deliver("joe", "\n")).isInstanceOf(Outcome.Delivered.class);
            assertThat(local.running.status()).isEqualTo("running=0");
        }
    }

    @Test
    void oneUserHasAShareOfTheDeliveriesWhateverTheAddresses() throws Exception {
        var two = Map.of("concurrencylocal", "100", "concurrencyperuser", "1");
        try (var local = new LocalAtWork(folder, two);
                var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            local.write(".qmail", "|>began.$$; while [ ! -e go ]; do sleep 0.05; done\n");
            local.account("jim", "", "");
            Future<Outcome> running = begin(threads, local, "joe");
            awaitFiles(local.home, "began.", 1);
            assertThatThrownBy(() -> local.deliver("jim", "\n"))
                    .isInstanceOfSatisfying(
                            BusyException.class,
                            busy -> assertThat(busy.key())
                                    .isEqualTo("user " + Integer.toUnsignedString(local.person.uid())));
            Files.createFile(local.home.resolve("go"));
            assertThat(running.get()).isInstanceOf(Outcome.Delivered.class);
            assertThat(local.deliver("jim", "\n")).isInstanceOf(Outcome.Delivered.class);
        }
    }

    @ParameterizedTest
    @CsvSource({
        "10, 8, 8, 8, 6",
        "10, 1000, 10, 8, 6",
        "10, 1, 1, 8, 1",
        "1, 1, 1, 1, 1",
        "0, 1, 1, 1, 1",
        "2, 1, 1, 1, 1",
        "100, 100, 100, 75, 57"
    })
    void sharesFollowTheSettings(long concurrency, long perUser, int user, int programs, int programsPerUser) {
        assertThat(DeliveryLimiter.DeliveryLimits.of(concurrency, perUser))
                .isEqualTo(new DeliveryLimiter.DeliveryLimits(user, programs, programsPerUser));
    }

    @Test
    @Covers({"qmail:L28", "qmail:L29"})
    void allForwardsAreOneNewMessageAfterTheRest() throws Exception {
        try (var local = new LocalAtWork(folder)) {
            local.write(".qmail", "&a@b.example\n./Maildir/\nc@d.example\n&a b@c\n");
            assertThat(local.deliver("joe", "Subject: x\n\nbody").report()).isEqualTo("did 1+3+0\nqp 4001\n");
            assertThat(local.queue.kept).hasSize(1);
            KeptMessages.Kept kept = local.queue.kept.getFirst();
            assertThat(kept.envelope())
                    .isEqualTo(new Envelope(
                                    new Address("s@x.example"),
                                    List.of(
                                            new Address("a@b.example"),
                                            new Address("c@d.example"),
                                            new Address("a b@c")),
                                    Envelope.BodyType.EIGHT_BIT_MIME,
                                    Envelope.AddressForm.ASCII,
                                    local.person.uid())
                            .with(Attribute.PARENT, 1L));
            assertThat(kept.message())
                    .matches("Received: \\(qmail \\d+ invoked by uid \\d+\\); [^\n]+ -0000\n" + dtLine("joe")
                            + "Subject: x\n\nbody");
        }
    }

    @Test
    void anAddressInAngleBracketsIsTheAddress() throws Exception {
        try (var local = new LocalAtWork(folder)) {
            local.write(".qmail", "&<a@b.example>\n<c@d.example> \n&<e\n&f<g@h>\n&<i@j><k@l>\n&<>\n");
            local.deliver("joe", "\n");
            assertThat(local.queue.kept.getFirst().envelope().addresses().stream()
                            .map(Address::octets))
                    .containsExactly("a@b.example", "c@d.example", "<e", "f<g@h>", "<i@j><k@l>", "<>");
        }
    }

    @Test
    void aForwardOfOverAThousandOctetsHoldsMailBack() throws Exception {
        try (var local = new LocalAtWork(folder)) {
            String longest = "x".repeat(Address.LIMIT - 10) + "@b.example";
            local.write(".qmail", "&" + longest + "\n");
            assertThat(local.deliver("joe", "\n")).isInstanceOf(Outcome.Delivered.class);
            local.write(".qmail", "# text\n&x" + longest + "\n");
            assertThat(local.deliver("joe", "\n"))
                    .isEqualTo(new Outcome.Deferred(
                            new Status(4, 2, 1),
                            "Uh-oh: .qmail file is wrong in line 2: the address has over 1000 octets. (#4.2.1)\n"));
        }
    }

    @Test
    @Covers("qmail:L30")
    void aFailureKeepsForwardsBack() throws Exception {
        try (var local = new LocalAtWork(folder)) {
            local.write(".qmail", "&a@b.example\n|exit 111\n");
            assertThat(local.deliver("joe", "\n")).isInstanceOf(Outcome.Deferred.class);
            assertThat(local.queue.kept).isEmpty();
        }
    }

    @Test
    void aQueueThatCannotTakeTheForwardDecides() throws Exception {
        try (var local = new LocalAtWork(folder)) {
            local.write(".qmail", "&a@b.example\n");
            local.queue.answer = KeptMessages.Answer.NOT_NOW;
            assertThat(local.deliver("joe", "\n"))
                    .isEqualTo(new Outcome.Deferred(
                            new Status(4, 3, 1), "Unable to forward message: The disk is full. (#4.3.1)\n"));
            local.queue.answer = KeptMessages.Answer.NEVER;
            assertThat(local.deliver("joe", "\n")).isInstanceOf(Outcome.Failed.class);
            local.queue.answer = KeptMessages.Answer.AWAY;
            assertThat(local.deliver("joe", "\n")).isInstanceOf(Outcome.Deferred.class);
        }
    }

    @Test
    @Covers({"qmail:L32", "qmail:L33", "qmail:L34"})
    void theOwnerOfAListAnswersForItButNotForBounces() throws Exception {
        try (var local = new LocalAtWork(folder)) {
            local.account("joe-L.x", "-", "L.x");
            local.write(".qmail-default", "|echo $NEWSENDER\n&a@b.example\n");
            local.write(".qmail-l:x-owner", "./Maildir/\n");
            assertThat(local.deliver("joe-L.x", "\n").report()).startsWith("joe-L.x-owner@x.example.org\n");
            local.write(".qmail-l:x-owner-default", "./Maildir/\n");
            assertThat(local.deliver("joe-L.x", "\n").report()).startsWith("joe-L.x-owner-@x.example.org-@[]\n");
            assertThat(local.deliver("", "joe-L.x", Octets.bytes("\n")).report())
                    .startsWith("\ndid");
            assertThat(local.deliver("#@[]", "joe-L.x", Octets.bytes("\n")).report())
                    .startsWith("#@[]\n");
            assertThat(local.queue.kept.stream()
                            .map(kept -> kept.envelope().sender().octets()))
                    .containsExactly("joe-L.x-owner@x.example.org", "joe-L.x-owner-@x.example.org-@[]", "", "#@[]");
        }
    }

    @Test
    void anAddressThatIsNothingButOthersIsForwardedAndLoopsAreFound() throws Exception {
        try (var local = new LocalAtWork(folder)) {
            local.accounts.put(
                    "all@" + LocalAtWork.HOST,
                    new Answer.ForwardOnly(List.of(new Address("a@b.example"), new Address("c@d.example"))));
            assertThat(local.deliver("all", "Subject: x\n\n").report()).isEqualTo("did 0+2+0\nqp 4001\n");
            assertThat(local.queue.kept.getFirst().message())
                    .contains(dtLine("all") + "Precedence: bulk\nSubject: x\n");
            assertThat(local.deliver("all", dtLine("all") + "\n")).isInstanceOf(Outcome.Failed.class);
        }
    }

    @Test
    void theDirectorysRecipeGoesProgramsMailboxQmailForwards() throws Exception {
        try (var local = new LocalAtWork(folder)) {
            local.write(".qmail", "|ls Maildir/new | wc -l\n&dot@b.example\n");
            local.account(
                    "joe",
                    "",
                    "",
                    new DeliveryInstructions.DirectoryInstructions(
                            "./Maildir/",
                            Mailbox.KEEP,
                            List.of("ls Maildir/new | wc -l"),
                            List.of(new Address("a@b.example")),
                            DotFiles.APPENDED));
            assertThat(local.deliver("joe", "\n").report().replace(" ", "")).isEqualTo("0\n1\ndid1+2+2\nqp4001\n");
            assertThat(local.queue.kept.getFirst().envelope().addresses())
                    .containsExactly(new Address("a@b.example"), new Address("dot@b.example"));
        }
    }

    @Test
    void aProgramOfTheDirectoryThatExits99SkipsForwardsAndMailbox() throws Exception {
        try (var local = new LocalAtWork(folder)) {
            local.account(
                    "joe",
                    "",
                    "",
                    new DeliveryInstructions.DirectoryInstructions(
                            "./Maildir/",
                            Mailbox.KEEP,
                            List.of("exit 99", "echo second"),
                            List.of(new Address("a@b.example")),
                            DotFiles.IGNORED));
            assertThat(local.deliver("joe", "\n").report()).isEqualTo("did 0+0+1\n");
            assertThat(local.queue.kept).isEmpty();
        }
    }

    @Test
    void theDirectorySaysWhetherQmailFilesCount() throws Exception {
        try (var local = new LocalAtWork(folder)) {
            local.write(".qmail", "./Maildir2/\n");
            for (DotFiles dotFiles : DotFiles.values()) {
                local.account(
                        "joe",
                        "",
                        "",
                        new DeliveryInstructions.DirectoryInstructions(
                                "./Maildir/", Mailbox.KEEP, List.of(), List.of(), dotFiles));
                local.deliver("joe", "\n");
                int first = local.inMaildir("Maildir").size();
                int second = local.inMaildir("Maildir2").size();
                switch (dotFiles) {
                    case IGNORED -> assertThat(List.of(first, second)).containsExactly(1, 0);
                    case APPENDED -> assertThat(List.of(first, second)).containsExactly(2, 1);
                    case ALONE -> assertThat(List.of(first, second)).containsExactly(2, 2);
                }
            }
            local.account(
                    "joe-x",
                    "-",
                    "x",
                    new DeliveryInstructions.DirectoryInstructions(
                            "./Maildir/", Mailbox.KEEP, List.of(), List.of(), DotFiles.ALONE));
            assertThat(local.deliver("joe-x", "\n").status()).isEqualTo(new Status(5, 1, 1));
        }
    }
}
