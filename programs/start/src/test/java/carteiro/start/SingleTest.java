package carteiro.start;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Programs that run by themselves, as under systemd. */
class SingleTest {
    @TempDir
    Path folder;

    private Path home;

    @BeforeEach
    void prepare() throws Exception {
        Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));
        home = StartProcess.home(folder.resolve("h"));
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

    private StartProcess alone(String program) throws Exception {
        var alone = new StartProcess(program, "--home", home.toString());
        alone.await("toy: " + program + " starts .*");
        alone.until(() -> Files.exists(home.resolve("run/" + program + "/control")) ? true : null, "control socket");
        return alone;
    }

    @Test
    void theyAnswerToTheSameCommands() throws Exception {
        try (var queue = alone("queue");
                var send = alone("send")) {
            Asked status = ask("status");
            assertThat(status.exit()).isEqualTo(3); // not all of them
            assertThat(status.output())
                    .containsPattern("(?m)^queue +ready +\\S+ \\S+ +" + queue.process.pid())
                    .containsPattern("(?m)^remote +down .*does not answer");
            assertThat(ask("status", "send").exit()).isZero();

            assertThat(ask("alarm", "send").exit()).isZero();
            send.await("toy: send tries now");
            assertThat(ask("reload").exit()).isZero();
            queue.await("toy: queue reloads");

            StartProcess second = StartProcess.toEnd("send", "--home", home.toString());
            assertThat(second.process.exitValue()).isEqualTo(111);
            assertThat(second.output()).contains("alert: cannot start: another send is at work in");
            StartProcess whole = StartProcess.toEnd("run", "--home", home.toString());
            assertThat(whole.process.exitValue()).isEqualTo(111);
            assertThat(whole.output()).contains("queue, send run here already, each by itself; stop them first");

            assertThat(ask("restart", "send").exit()).isZero();
            assertThat(send.exit())
                    .as("a supervisor that restarts on failure does so")
                    .isEqualTo(111);
            queue.signal("TERM");
            assertThat(queue.exit()).isZero();
            assertThat(queue.output()).contains("toy: queue stops");
        }
    }

    @Test
    void onlyRootTheOwnerAndTheOwnUserMayControl() throws Exception {
        assumeThat(System.getProperty("user.name"))
                .as("needs root, to be somebody else")
                .isEqualTo("root");
        try (var queue = alone("queue")) {
            var command = new ArrayList<String>(List.of("setpriv", "--reuid", "nobody", "--clear-groups"));
            command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
            command.addAll(List.of("--enable-native-access=ALL-UNNAMED", "-cp", System.getProperty("java.class.path")));
            command.addAll(List.of("carteiro.start.Start", "stop", "queue", "--home", home.toString()));
            Process stranger =
                    new ProcessBuilder(command).redirectErrorStream(true).start();
            String said = new String(stranger.getInputStream().readAllBytes());
            assumeThat(said).as("classes readable for nobody").doesNotContain("ClassNotFoundException");
            assertThat(stranger.waitFor()).isNotZero();
            queue.await("warning: queue: .*/run/queue/control: connection by user nobody refused");
            assertThat(queue.process.isAlive()).isTrue();
        }
    }

    @Test
    void withoutControlMeTheWayToMakeItIsTold() throws Exception {
        Files.delete(home.resolve("control/me"));
        StartProcess run = StartProcess.toEnd("run", "--home", home.toString());
        assertThat(run.process.exitValue()).isEqualTo(111);
        assertThat(run.output())
                .isEqualTo(
                        "alert: cannot start: " + home + "/control/me is missing, so this is no installation yet; write"
                                + " its first files by: carteiro init --home " + home + " --me HOST");
        assertThat(home.resolve("run")).doesNotExist();
    }

    @Test
    void theLogHasTheFormThatItsControlFileNames() throws Exception {
        Files.writeString(home.resolve("control/logformat"), "tai64n\n");
        try (var queue = new StartProcess("queue", "--home", home.toString())) {
            queue.await("@4[0-9a-f]{23} toy: queue starts .*");
        }
        Files.writeString(home.resolve("control/logformat"), "json\n");
        try (var queue = new StartProcess("queue", "--home", home.toString())) {
            queue.await("\\{\"time\":.*\"line\":\"toy: queue starts .*\"\\}");
        }
        Files.writeString(home.resolve("control/logformat"), "xml\n");
        assertThat(StartProcess.toEnd("queue", "--home", home.toString()).output())
                .contains("control/logformat:1: \"xml\" is none of plain, tai64n, json");
    }
}
