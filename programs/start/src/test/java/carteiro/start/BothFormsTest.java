package carteiro.start;

import static org.assertj.core.api.Assertions.assertThat;

import carteiro.testkit.Covers;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What holds in one process and in a process a program alike. */
class BothFormsTest {
    @TempDir
    Path folder;

    private Path home;

    @BeforeEach
    void prepare() throws Exception {
        Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));
        home = StartProcess.home(folder.resolve("h"));
    }

    private StartProcess run(StartCommand.ProcessModel form, String... by) throws Exception {
        var arguments = new ArrayList<>(List.of("run", "--home", home.toString()));
        if (form == StartCommand.ProcessModel.SPLIT) {
            arguments.add("--split");
        }
        return new StartProcess(List.of(by), List.of(), arguments.toArray(String[]::new));
    }

    /** A command that only asks, in this process. */
    private Asked ask(String... words) throws Exception {
        var arguments = new ArrayList<>(List.of(words));
        arguments.addAll(List.of("--home", home.toString()));
        var said = new java.io.ByteArrayOutputStream();
        int exit = new Start(new java.io.PrintStream(said), java.util.Map.of()).command(arguments);
        return new Asked(exit, said.toString().strip());
    }

    private record Asked(int exit, String output) {}

    private void toy(String name, String told) throws Exception {
        Files.writeString(home.resolve("control/toy-" + name), told + "\n");
    }

    @ParameterizedTest
    @EnumSource
    @Covers("qmail:P10")
    void remoteHearsOfTheProgramInItsPlace(StartCommand.ProcessModel form) throws Exception {
        try (var run = run(form)) {
            run.await("toy: remote starts as .* QMAILREMOTE=/their/program");
        }
    }

    @ParameterizedTest
    @EnumSource
    @Covers({"qmail:A04", "qmail:A10"})
    void allStartSecondInstanceIsRefusedAndTermStopsInOrder(StartCommand.ProcessModel form) throws Exception {
        try (var run = run(form)) {
            run.await("start: smtpd ready pid \\d+");
            assertThat(run.output())
                    .contains(
                            "queue starts as uid",
                            form == StartCommand.ProcessModel.TOGETHER ? "X=1" : "X=null"); // local's alone

            StartProcess second = StartProcess.toEnd("run", "--home", home.toString());
            assertThat(second.process.exitValue()).isEqualTo(111);
            assertThat(second.output()).contains("alert: cannot start: another carteiro run is at work in " + home);

            Asked status = ask("status");
            assertThat(status.exit()).isZero();
            assertThat(status.output()).containsPattern("(?m)^remote +ready .* told=$");

            run.signal("TERM");
            assertThat(run.exit()).isZero();
            assertThat(run.lines().stream()
                            .filter(line -> line.startsWith("toy: ") && line.endsWith(" stops"))
                            .toList())
                    .containsExactly("toy: smtpd stops", "toy: send stops", "toy: remote stops", "toy: queue stops");
        }
        Asked status = ask("status");
        assertThat(status.exit()).isEqualTo(3);
        assertThat(status.output()).contains("nothing runs in " + home);
    }

    /** As a start of a build from before wires had versions: it hangs up on whoever says one. */
    @Test
    void aStartThatHangsUpIsNotTakenForOneThatDoesNotRun() throws Exception {
        Path socket = Files.createDirectories(home.resolve("run/start")).resolve("control");
        try (var listener = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            listener.bind(UnixDomainSocketAddress.of(socket));
            Thread.ofVirtual().start(() -> {
                while (listener.isOpen()) {
                    try (SocketChannel peer = listener.accept()) {
                        peer.read(ByteBuffer.allocate(1));
                    } catch (IOException e) {
                        // closed
                    }
                }
            });
            for (String verb : List.of("status", "stop")) {
                Asked asked = ask(verb);
                assertThat(asked.exit()).isEqualTo(111);
                assertThat(asked.output())
                        .contains(
                                "start closed the connection without saying its version: it is stopping, or of a build")
                        .doesNotContain("nothing runs", "stopped");
            }
        }
    }

    @Test
    void programsStartAndStopThoughNoVirtualThreadGetsATurn() throws Exception {
        toy("queue", "busy");
        try (var run = run(StartCommand.ProcessModel.TOGETHER)) {
            run.await("start: smtpd ready pid \\d+");
            run.signal("TERM");
            run.await("start: queue stopped");
        }
    }

    @ParameterizedTest
    @EnumSource
    void oneProgramIsStoppedStartedAndRestartedWhileTheOthersGoOn(StartCommand.ProcessModel form) throws Exception {
        try (var run = run(form)) {
            run.await("start: smtpd ready pid \\d+");
            assertThat(ask("stop", "remote").exit()).isZero();
            Asked status = ask("status", "remote");
            assertThat(status.exit()).isEqualTo(3);
            assertThat(status.output()).containsPattern("(?m)^remote +down ");
            Asked alarm = ask("alarm");
            assertThat(alarm.exit()).isEqualTo(3);
            assertThat(alarm.output())
                    .isEqualTo("remote is down: nothing of it is tried now; ask again when carteiro status says ready");
            run.await("toy: send tries now"); // the others do

            assertThat(ask("start", "remote").output()).isEqualTo("ready");
            assertThat(ask("restart", "send").exit()).isZero();
            run.await("start: send ready .*", 2);
            assertThat(run.output()).doesNotContain("queue stops", "smtpd stops");

            Asked stranger = ask("stop", "pop3d");
            assertThat(stranger.exit()).isEqualTo(111);
            assertThat(stranger.output()).contains("there is no program pop3d; there are queue, remote, send, smtpd");

            Asked stop = ask("stop");
            assertThat(stop.output()).contains("stopped");
            assertThat(stop.exit()).isZero();
            assertThat(run.exit()).isZero();
        }
    }

    @ParameterizedTest
    @EnumSource
    void hupReloadsAlsoWhereItWasIgnored(StartCommand.ProcessModel form) throws Exception {
        try (var run = run(form, "sh", "-c", "trap '' HUP; exec \"$@\"", "sh")) { // as nohup does
            run.await("start: smtpd ready pid \\d+");
            run.signal("HUP");
            run.await("toy: queue reloads");
            run.await("toy: smtpd reloads");
        }
    }

    @ParameterizedTest
    @EnumSource
    void hupReloadsAndAlrmTriesNow(StartCommand.ProcessModel form) throws Exception {
        try (var run = run(form)) {
            run.await("start: smtpd ready pid \\d+");
            run.signal("HUP");
            run.await("toy: queue reloads");
            run.await("toy: smtpd reloads");
            run.signal("ALRM");
            run.await("toy: send tries now");
            assertThat(ask("alarm", "send").exit()).isZero();
            run.await("toy: send tries now", 2);

            toy("smtpd", "settings");
            Asked reload = ask("reload");
            assertThat(reload.exit()).isEqualTo(111);
            assertThat(reload.output())
                    .contains("smtpd keeps its old settings: control/toy-smtpd:1: says settings; say something else");
            run.await("alert: start: smtpd keeps its old settings: .*");
            assertThat(ask("status").exit()).isZero();
        }
    }

    @ParameterizedTest
    @EnumSource
    void whatEndsByItselfOrCannotStartIsTriedAgainAfterAGrowingPause(StartCommand.ProcessModel form) throws Exception {
        toy("remote", "die");
        toy("send", "absent");
        try (var run = run(form)) {
            run.await("start: smtpd ready pid \\d+"); // the others do not wait for them
            run.await("alert: start: remote .* again in 1 s");
            run.await("alert: start: remote .* again in 2 s");
            run.await("alert: start: send cannot start: .*; trying again in 1 s");
            run.await("alert: start: send cannot start: .*; trying again in 2 s");
            toy("remote", "fine");
            toy("send", "fine");
            run.await("start: send ready .*");
            Asked status = ask("status", "queue");
            assertThat(status.exit()).isZero();
            assertThat(ask("start", "remote").exit()).isZero();
        }
    }

    @ParameterizedTest
    @EnumSource
    void everyMistakeInTheSettingsIsToldAndNothingRuns(StartCommand.ProcessModel form) throws Exception {
        toy("remote", "settings");
        toy("smtpd", "settings");
        try (var run = run(form)) {
            assertThat(run.exit()).isEqualTo(111);
            assertThat(run.output())
                    .contains("alert: cannot start: control/toy-remote:1: says settings; say something else")
                    .contains("alert: cannot start: control/toy-smtpd:1: says settings; say something else");
        }
        assertThat(ask("status").exit()).isEqualTo(3);
    }

    @ParameterizedTest
    @EnumSource
    void aReloadNamesWhatHasChangedAndWhatWaits(StartCommand.ProcessModel form) throws Exception {
        try (var run = run(form)) {
            run.await("start: smtpd ready pid \\d+");
            assertThat(ask("reload").output()).contains("settings read again; no control file has changed");
            Files.writeString(home.resolve("control/databytes"), "1000000\n");
            Files.writeString(home.resolve("control/concurrencyremote"), "10\n");
            Files.writeString(home.resolve("control/smtproutes"), "example.org:host\n");
            Files.writeString(home.resolve("control/database"), "x\n");
            assertThat(ask("reload").output())
                    .contains("settings read again; changed: concurrencyremote (waits for: carteiro restart send), "
                            + "database (waits for: nothing, no program reads it), databytes, smtproutes");
            run.await("start: settings read again; changed: .*");
            Files.delete(home.resolve("control/smtproutes"));
            assertThat(ask("reload").output())
                    .as("what waits is named until it is read")
                    .contains("changed: concurrencyremote (waits for: carteiro restart send), smtproutes");
            assertThat(ask("reload", "smtpd").output()).contains("no control file has changed");
            assertThat(ask("restart", "send").exit()).isZero();
            Files.writeString(home.resolve("control/destinationlimits"), "example.org 1\n");
            assertThat(ask("reload", "remote").output()).contains("no control file has changed");
            assertThat(ask("reload").output()).contains("settings read again; changed: destinationlimits");
            Files.writeString(home.resolve("control/smtproutes"), "example.org:other\n");
            Files.writeString(home.resolve("control/timeoutconnect"), "30\n");
            assertThat(ask("reload", "send").output())
                    .as("what another program reads with it")
                    .contains("changed: smtproutes")
                    .doesNotContain("timeoutconnect");
            assertThat(ask("reload").output())
                    .contains("changed: timeoutconnect")
                    .doesNotContain("smtproutes");
        }
    }

    @ParameterizedTest
    @EnumSource
    void aSettingThatCannotBeReadEndsTheStart(StartCommand.ProcessModel form) throws Exception {
        toy("remote", "unreadable");
        try (var run = run(form)) {
            assertThat(run.exit()).isEqualTo(111);
            assertThat(run.output())
                    .contains("alert: cannot start: " + home + "/control/secret: permission denied; make it readable");
        }
    }

    @ParameterizedTest
    @EnumSource
    void aQueueOfQmailIsRefused(StartCommand.ProcessModel form) throws Exception {
        Files.createDirectories(home.resolve("queue/mess"));
        Files.createDirectories(home.resolve("queue/lock"));
        try (var run = run(form)) {
            assertThat(run.exit()).isEqualTo(111);
            assertThat(run.output()).startsWith("alert: cannot start: " + home + "/queue is qmail's own");
        }
    }

    @ParameterizedTest
    @EnumSource
    void signalsThatNobodyMeansForUsEndNothing(StartCommand.ProcessModel form) throws Exception {
        try (var run = run(form)) {
            run.await("start: smtpd ready pid \\d+");
            List<ProcessHandle> all = new ArrayList<>(run.process.descendants().toList());
            all.add(run.process.toHandle());
            for (String signal : List.of("USR1", "PWR", "IO", "VTALRM", "PROF", "STKFLT")) {
                for (ProcessHandle process : all) {
                    StartProcess.signal(signal, process.pid());
                }
            }
            run.signal("HUP");
            run.await("toy: smtpd reloads");
            assertThat(all).allMatch(ProcessHandle::isAlive);
            assertThat(run.output()).doesNotContain("ended by itself");
        }
    }

    @ParameterizedTest
    @EnumSource
    void aLogThatNobodyReadsEndsTheServer(StartCommand.ProcessModel form) throws Exception {
        try (var run = run(form)) {
            run.await("start: smtpd ready pid \\d+");
            List<ProcessHandle> children = run.process.descendants().toList();
            run.process.getInputStream().close();
            boolean ended = false;
            for (int i = 0; i < 60 && !ended; i++) { // what the reader was waiting for is still read
                run.signal("HUP"); // each program says that it has read its settings again
                ended = run.process.waitFor(1, java.util.concurrent.TimeUnit.SECONDS);
            }
            assertThat(run.exit()).isEqualTo(111);
            for (ProcessHandle child : children) {
                child.onExit().get(30, java.util.concurrent.TimeUnit.SECONDS);
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void aProgramThatDoesNotEndIsLeftBehindAfterTheTimeThereIs(StartCommand.ProcessModel form) throws Exception {
        Files.writeString(home.resolve("control/timeoutstop"), "1\n");
        toy("remote", "dull");
        try (var run = run(form)) {
            run.await("start: smtpd ready pid \\d+");
            run.signal("TERM");
            assertThat(run.exit()).isZero();
            assertThat(run.output()).contains("toy: queue stops"); // what comes after it still ends in order
            assertThat(run.process.descendants()).isEmpty();
        }
    }
}
