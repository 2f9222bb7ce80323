package carteiro.posix;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** How children are begun. */
@Timeout(60)
final class ChildCommandTest {
    @TempDir
    Path folder;

    private static String output(ProcessBuilder builder) throws Exception {
        Process process = builder.redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);
        assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
        return output;
    }

    /** Starts a child, by {@link ChildCommand} or plainly, that says whether it can open the terminal. */
    static final class OnTerminal {
        private OnTerminal() {}

        public static void main(String[] arguments) throws Exception {
            var words =
                    List.of("/bin/sh", "-c", "if (exec 3<>/dev/tty) 2>/dev/null; then echo opened; else echo none; fi");
            var builder = switch (arguments[0]) {
                case "plain" -> new ProcessBuilder(words);
                case "beside us" -> ChildCommand.besideUs(ChildCommand.withOurVariables(words));
                default -> ChildCommand.withOurVariables(words);
            };
            System.out.println("terminal " + output(builder));
        }
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource({"plain, opened", "by ChildCommand, none", "beside us, none"})
    void aChildHasNoTerminalThoughItsStarterHasOne(String how, String outcome) throws Exception {
        String onTerminal = """
                import os, pty, sys
                pid, master = pty.fork()
                if pid == 0:
                    os.execv(sys.argv[1], sys.argv[1:])
                said = b''
                try:
                    while True:
                        octets = os.read(master, 4096)
                        if not octets: break
                        said += octets
                except OSError:
                    pass
                os.waitpid(pid, 0)
                sys.stdout.write(said.decode())
                """;
        String said = output(new ProcessBuilder(
                "python3",
                "-c",
                onTerminal,
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
                OnTerminal.class.getName(),
                how));
        assertThat(said).contains("terminal " + outcome);
    }

    @Test
    void aChildLeadsItsSessionAndItsGroupAndHasNoInput() throws Exception {
        String output = output(ChildCommand.withOurVariables(
                List.of("/bin/sh", "-c", "echo $$; cut -d' ' -f5-7 /proc/$$/stat; readlink /proc/$$/fd/0; wc -c")));
        String[] lines = output.split("\n");
        assertThat(lines).hasSize(4);
        assertThat(lines[1]).isEqualTo(lines[0] + " " + lines[0] + " 0"); // group, session, no terminal
        assertThat(lines[2]).isEqualTo("/dev/null");
        assertThat(lines[3].strip()).isEqualTo("0");
    }

    @Test
    void aChildBesideUsIsOfOurSessionWhereThatHasNoTerminal() throws Exception {
        List<String> session = List.of("/usr/bin/cut", "-d", " ", "-f6,7", "/proc/self/stat");
        String terminal = output(new ProcessBuilder(session)).split("[ \n]")[1];
        assumeTrue(terminal.equals("0"), "SKIPPED: the tests were started on a terminal");
        assertThat(output(ChildCommand.besideUs(ChildCommand.withFewVariables(session))))
                .isEqualTo(output(new ProcessBuilder(session)));
    }

    @Test
    void aChildThatWasNotPreparedHereIsNotPutBesideUs() {
        assertThatThrownBy(() -> ChildCommand.besideUs(new ProcessBuilder("/bin/true")))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void theProcessIdIsTheChildsOwn() throws Exception {
        Process process = ChildCommand.withOurVariables(List.of("/bin/sh", "-c", "echo $$"))
                .start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1).strip();
        assertThat(said).isEqualTo(String.valueOf(process.pid()));
    }

    @Test
    void aChildGetsTheVariablesItIsGivenAndNoOthers() throws Exception {
        assertThat(output(ChildCommand.withEnvironment(Map.of("A", "1"), List.of("/usr/bin/env"))))
                .isEqualTo("A=1\n");
    }

    @Test
    void aChildOfADaemonGetsTheStandardOnesOfOurs() throws Exception {
        assertThat(output(ChildCommand.withFewVariables(List.of("/usr/bin/env")))
                        .lines())
                .isNotEmpty()
                .allMatch(line -> PassedVariables.STANDARD.contains(line.substring(0, line.indexOf('='))));
    }

    @Test
    void killingAChildEndsItsGroupAndWhatLeftTheGroup() throws Exception {
        Path pids = folder.resolve("pids");
        Process child = ChildCommand.withOurVariables(List.of(
                        "/bin/sh",
                        "-c",
                        // the first has lost its parent, so it is no descendant any more; the second leads a session of
                        // its own
                        "(sleep 1000 & echo $! >\"$1.a\"); setsid sleep 1000 & echo $! >\"$1.b\"; mv \"$1.a\" \"$1\"; wait",
                        "sh",
                        pids.toString()))
                .start();
        while (!Files.exists(pids)) {
            Thread.onSpinWait();
        }
        ChildCommand.kill(child);
        assertThat(child.waitFor()).isEqualTo(128 + 9);
        for (Path file : List.of(pids, folder.resolve("pids.b"))) {
            var left = ProcessHandle.of(Long.parseLong(Files.readString(file).strip()));
            if (left.isPresent()) {
                left.get().onExit().get(10, TimeUnit.SECONDS);
            }
        }
    }

    @ParameterizedTest
    @CsvSource({
        "exit 0, 0",
        "exit 7, 7",
        "exit 100, 100",
        "exit 111, 111",
        "exit 126, 111",
        "exit 127, 111",
        "exit 140, 111",
        "kill -9 $$, 111",
        "exec /nowhere/at/all, 111"
    })
    void whatCouldNotBeRunOrWasKilledMayGoBetterNextTime(String script, int code) throws Exception {
        assertThat(ChildCommand.exitCode(ChildCommand.withOurVariables(List.of("/bin/sh", "-c", script))
                        .redirectError(ProcessBuilder.Redirect.DISCARD)
                        .start()))
                .isEqualTo(code);
    }

    @Test
    void aProgramThatIsNotThereIsTriedAgain() throws Exception {
        assertThat(ChildCommand.exitCode(ChildCommand.withOurVariables(List.of("/nowhere/at/all"))
                        .redirectError(ProcessBuilder.Redirect.DISCARD)
                        .start()))
                .isEqualTo(111);
    }

    @Test
    void aChildNeedNotReadWhatItIsFed() throws Exception {
        Process child = ChildCommand.withOurVariables(List.of("/bin/sh", "-c", "head -c 3"))
                .redirectInput(ProcessBuilder.Redirect.PIPE)
                .start();
        ChildCommand.feed(child, InputStream.nullInputStream());
        assertThat(ChildCommand.exitCode(child)).isZero();
        child = ChildCommand.withOurVariables(List.of("/bin/sh", "-c", "head -c 3"))
                .redirectInput(ProcessBuilder.Redirect.PIPE)
                .start();
        ChildCommand.feed(child, new ByteArrayInputStream(new byte[1 << 20]));
        assertThat(ChildCommand.exitCode(child)).isZero();
        assertThat(child.getInputStream().readAllBytes()).hasSize(3);
    }

    /** Waits for a child that never ends, and then says its process id. */
    static final class Waits {
        private Waits() {}

        public static void main(String[] arguments) throws Exception {
            Process child =
                    ChildCommand.withOurVariables(List.of("sleep", "1000")).start();
            Thread waiting = Thread.currentThread();
            Thread.ofPlatform().daemon(true).start(() -> {
                while (waiting.getState() != Thread.State.WAITING) {
                    Thread.onSpinWait();
                }
                System.out.println(child.pid());
            });
            ChildCommand.exitCode(child);
        }
    }

    @Test
    void aChildDoesNotOutliveTheCommandThatWaitsForIt() throws Exception {
        Process command = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-XX:TieredStopAtLevel=1",
                        "--enable-native-access=ALL-UNNAMED",
                        "-cp",
                        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
                        Waits.class.getName())
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        String said = command.inputReader().readLine();
        ProcessHandle child = ProcessHandle.of(Long.parseLong(said)).orElseThrow();
        command.destroy(); // SIGTERM
        child.onExit().get(30, TimeUnit.SECONDS);
    }

    @Test
    void anOptionIsNoProgram() {
        assertThatThrownBy(() -> ChildCommand.withOurVariables(List.of("-f", "x")))
                .hasMessageContaining("no program");
        assertThatThrownBy(() -> ChildCommand.withOurVariables(List.of())).hasMessageContaining("no program");
    }

    @ParameterizedTest
    @CsvSource({
        "PATH, true",
        "LC_ALL, true",
        "LC_TIME, true",
        "LC, false",
        "PATH2, false",
        "AWS_SECRET_ACCESS_KEY, false",
        "JAVA_TOOL_OPTIONS, false",
        "LD_PRELOAD, false",
        "QMAIL, true",
        "SITE_, true",
        "SITE_X, true"
    })
    void namesAreComparedWhole(String name, boolean passed) {
        assertThat(PassedVariables.STANDARD.and(List.of("QMAIL", "SITE_*")).contains(name))
                .isEqualTo(passed);
    }

    @ParameterizedTest
    @CsvSource({"A, true", "_a9, true", "A*, true", "*, false", "9A, false", "A=1, false", "A*B, false", "'', false"})
    void aNameIsAsAShellHasIt(String text, boolean name) {
        assertThat(PassedVariables.isName(text)).isEqualTo(name);
    }
}
