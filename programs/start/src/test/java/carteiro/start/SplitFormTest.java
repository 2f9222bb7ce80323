package carteiro.start;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import carteiro.testkit.Covers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

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
    void whenStartIsKilledTheProgramsEndByThemselves() throws Exception {
        try (var run = new StartProcess("run", "--split", "--home", home.toString())) {
            ProcessHandle smtpd = ProcessHandle.of(pid(run, "smtpd", 1)).orElseThrow();
            ProcessHandle queue = ProcessHandle.of(pid(run, "queue", 1)).orElseThrow();
            run.process.destroyForcibly();
            smtpd.onExit().get(30, java.util.concurrent.TimeUnit.SECONDS);
            queue.onExit().get(30, java.util.concurrent.TimeUnit.SECONDS);
        }
        try (var again = new StartProcess("run", "--split", "--home", home.toString())) { // nothing is in the way
            pid(again, "smtpd", 1);
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

    private static String owner(long pid) throws Exception {
        return Files.getOwner(Path.of("/proc/" + pid)).getName();
    }
}
