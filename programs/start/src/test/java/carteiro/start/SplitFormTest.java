package carteiro.start;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import carteiro.control.Installation;
import carteiro.protocol.Control;
import carteiro.protocol.ControlWire;
import carteiro.testkit.Covers;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What only a process of its own for each program gives. */
class SplitFormTest {
    @TempDir
    Path folder;

    private Path home;

    @BeforeEach
    void prepare() throws Exception {
        Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));
        home = StartProcess.home(folder.resolve("h"));
    }

    private static long pid(StartProcess run, String program, int nth) {
        String line = run.await("start: " + program + " ready pid \\d+", nth);
        return Long.parseLong(line.substring(line.lastIndexOf(' ') + 1));
    }

    @Test
    void aKilledProgramComesBackAndTheOthersStay() throws Exception {
        try (var run = new StartProcess("run", "--split", "--home", home.toString())) {
            long smtpd = pid(run, "smtpd", 1);
            long queue = pid(run, "queue", 1);
            StartProcess.signal("KILL", smtpd);
            run.await("alert: start: smtpd ended by itself: killed by signal 9; starting it again in 1 s");
            assertThat(pid(run, "smtpd", 2)).isNotEqualTo(smtpd);
            assertThat(ProcessHandle.of(queue)).get().matches(ProcessHandle::isAlive);
        }
    }

    @Test
    void aProgramLostWhileItIsAskedIsNamed() throws Exception {
        try (var run = new StartProcess("run", "--split", "--home", home.toString())) {
            pid(run, "smtpd", 1);
            long send = pid(run, "send", 1);
            StartProcess.signal("STOP", send);
            Control control = ControlWire.client("start", new Installation(home), Duration.ofSeconds(30));
            var asking = CompletableFuture.supplyAsync(() -> {
                try {
                    return control.ask(Control.ControlVerb.ALARM, "send");
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            });
            awaitConnection(home.resolve("run/send/control")); // sooner, and send is found gone
            StartProcess.signal("KILL", send);
            Control.ControlReply answer = asking.get(30, TimeUnit.SECONDS);
            assertThat(answer.result()).isEqualTo(Control.ControlResult.FAILED);
            assertThat(answer.text()).startsWith("send has not tried (").contains("ask again when");
        }
    }

    @Test
    void aProgramThatFailsToTryIsNamed() throws Exception {
        Files.writeString(home.resolve("control/toy-send"), "fails\n");
        try (var run = new StartProcess("run", "--split", "--home", home.toString())) {
            pid(run, "smtpd", 1);
            Control control = ControlWire.client("start", new Installation(home), Duration.ofSeconds(30));
            Control.ControlReply answer = control.ask(Control.ControlVerb.ALARM, "send");
            assertThat(answer.result()).isEqualTo(Control.ControlResult.FAILED);
            assertThat(answer.text())
                    .startsWith("send has not tried (a bug in send (")
                    .contains("cannot try");
            run.await("alert: send: bug, please report: java.lang.IllegalStateException: cannot try.*");
        }
    }

    /** Waits until somebody is connected to the listener there, whose process does not accept. */
    private static void awaitConnection(Path listener) throws Exception {
        for (int looks = 0; looks < 3_000; looks++) {
            long ends = Files.readAllLines(Path.of("/proc/net/unix")).stream()
                    .filter(line -> line.endsWith(" " + listener))
                    .count();
            if (ends > 1) { // the listener, and the end that waits to be accepted
                return;
            }
            Thread.sleep(10);
        }
        throw new AssertionError("nobody connected to " + listener);
    }

    @Test
    void whenStartIsKilledTheProgramsEndByThemselves() throws Exception {
        try (var run = new StartProcess("run", "--split", "--home", home.toString())) {
            ProcessHandle smtpd = ProcessHandle.of(pid(run, "smtpd", 1)).orElseThrow();
            ProcessHandle queue = ProcessHandle.of(pid(run, "queue", 1)).orElseThrow();
            run.process.destroyForcibly();
            smtpd.onExit().get(30, TimeUnit.SECONDS);
            queue.onExit().get(30, TimeUnit.SECONDS);
        }
        try (var again = new StartProcess("run", "--split", "--home", home.toString())) { // nothing is in the way
            pid(again, "smtpd", 1);
        }
    }

    /** What proc(5) says of a process behind its name: state, parent, group, session, terminal, ... */
    private static String[] status(long pid) throws Exception {
        String status = Files.readString(Path.of("/proc/" + pid + "/stat"));
        return status.substring(status.lastIndexOf(')') + 2).split(" ");
    }

    @Test
    void eachProgramHasNoTerminalAndFewVariablesAndGainsNoRights() throws Exception {
        try (var run = new StartProcess("run", "--split", "--home", home.toString())) {
            for (String program : new String[] {"queue", "send", "remote", "smtpd"}) {
                long pid = pid(run, program, 1);
                String[] fields = status(pid);
                String[] ofStart = status(run.process.pid());
                assertThat(fields[3])
                        .as("session: start's, unless that has a terminal")
                        .isEqualTo(ofStart[4].equals("0") ? ofStart[3] : Long.toString(pid));
                assertThat(fields[4]).as("terminal").isEqualTo("0");
                assertThat(Files.readAllLines(Path.of("/proc/" + pid + "/status")))
                        .contains("NoNewPrivs:\t1");
                assertThat(new String(
                                        Files.readAllBytes(Path.of("/proc/" + pid + "/environ")),
                                        StandardCharsets.ISO_8859_1)
                                .split("\0"))
                        .noneMatch(variable -> variable.startsWith("X="))
                        .anyMatch(variable -> variable.startsWith("PATH="));
            }
        }
    }

    @Test
    @Covers("qmail:A01")
    void startedByRootEachRunsAsItsOwnUser() throws Exception {
        assumeThat(System.getProperty("user.name")).as("needs root").isEqualTo("root");
        try (var run = new StartProcess("run", "--split", "--home", home.toString())) {
            assertThat(owner(pid(run, "smtpd", 1))).isEqualTo("nobody");
            assertThat(owner(pid(run, "queue", 1))).isEqualTo("daemon");
            assertThat(owner(run.process.pid())).isEqualTo("root");
            assertThat(Files.getOwner(home.resolve("run/smtpd")).getName()).isEqualTo("nobody");
            assertThat(Files.getOwner(home.resolve("queue")).getName()).isEqualTo("daemon");
            assertThat(Files.getOwner(home.resolve("run")).getName()).isEqualTo("root");
        }
    }

    @Test
    void aProgramThatKeepsRootIsNotRun() throws Exception {
        assumeThat(System.getProperty("user.name")).as("needs root").isEqualTo("root");
        Files.writeString(home.resolve("control/toy-remote"), "rooted\n");
        StartProcess alone = StartProcess.toEnd("remote", "--home", home.toString());
        assertThat(alone.process.exitValue()).isEqualTo(111);
        assertThat(alone.output()).contains("alert: cannot start: remote has not given up root");
    }

    @Test
    void queueFilesThatRootWroteAreNamedWithTheWayToMendIt() throws Exception {
        assumeThat(System.getProperty("user.name")).as("needs root").isEqualTo("root");
        Files.createDirectories(home.resolve("queue"));
        Files.writeString(home.resolve("queue/segment"), "x");
        StartProcess alone = StartProcess.toEnd("queue", "--home", home.toString());
        assertThat(alone.process.exitValue()).isEqualTo(111);
        assertThat(alone.output()).contains("chown -R daemon: " + home.resolve("queue"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"status", "stop"})
    void whoMayNotAskIsToldSo(String verb) throws Exception {
        assumeThat(System.getProperty("user.name")).as("needs root").isEqualTo("root");
        try (var run = new StartProcess("run", "--home", home.toString())) {
            pid(run, "smtpd", 1);
            var stranger = new ProcessBuilder(
                            "setpriv",
                            "--reuid=41001",
                            "--regid=41001",
                            "--clear-groups",
                            Path.of(System.getProperty("java.home"), "bin", "java")
                                    .toString(),
                            "-XX:TieredStopAtLevel=1",
                            "--enable-native-access=ALL-UNNAMED",
                            "-cp",
                            classesForEverybody(),
                            "carteiro.start.Start",
                            verb,
                            "--home",
                            home.toString())
                    .redirectErrorStream(true)
                    .start();
            String said = new String(stranger.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            assertThat(said).contains("what runs in " + home + " answers root, the owner of this folder");
            assertThat(stranger.waitFor()).isEqualTo(111);
            assertThat(run.process.isAlive()).isTrue();
        }
    }

    /** The class path, copied to where other users may read it. */
    private String classesForEverybody() throws Exception {
        var path = new ArrayList<String>();
        for (String entry : System.getProperty("java.class.path").split(":")) {
            String copy = folder.resolve("classes" + path.size()).toString();
            path.add(copy);
            assertThat(new ProcessBuilder("cp", "-rL", entry, copy).start().waitFor())
                    .isZero();
        }
        assertThat(new ProcessBuilder("chmod", "-R", "go+rX", folder.toString())
                        .start()
                        .waitFor())
                .isZero();
        return String.join(":", path);
    }

    private static String owner(long pid) throws Exception {
        return Files.getOwner(Path.of("/proc/" + pid)).getName();
    }
}
