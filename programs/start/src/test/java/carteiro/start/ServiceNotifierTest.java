package carteiro.start;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What systemd hears, by a socket as it offers one: the message and the process that sent it. */
class ServiceNotifierTest {
    /** Tells of one datagram: the sender's pid as the kernel has it, and the text. */
    private static final String LISTENER = """
            import socket, struct, sys
            name = sys.argv[1]
            s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
            s.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
            s.bind(name if name[0] == '/' else '\\0' + name[1:])
            print('listening', flush=True)
            text, more, _, _ = s.recvmsg(100, 100)
            print(struct.unpack('3i', more[0][2])[0], text.decode(), flush=True)
            """;

    @TempDir
    Path folder;

    @Test
    void theProcessThatIsReadySaysSoItself() throws Exception {
        assumeTrue(Files.isExecutable(Path.of("/usr/bin/python3")), "SKIPPED: python3 is not installed");
        Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));
        for (String name : List.of(
                folder.resolve("notify").toString(),
                "@carteiro-test" + ProcessHandle.current().pid())) {
            Process listener = new ProcessBuilder("/usr/bin/python3", "-c", LISTENER, name)
                    .redirectError(ProcessBuilder.Redirect.INHERIT)
                    .start();
            try (var heard = new BufferedReader(
                            new InputStreamReader(listener.getInputStream(), StandardCharsets.US_ASCII));
                    var run = listening(heard, name)) {
                assertThat(heard.readLine()).isEqualTo(run.process.pid() + " READY=1");
                run.await("start: smtpd ready pid \\d+");
            } finally {
                listener.destroyForcibly();
            }
        }
    }

    private StartProcess listening(BufferedReader heard, String name) throws Exception {
        assertThat(heard.readLine()).isEqualTo("listening");
        Path home = StartProcess.home(folder.resolve("h"));
        return new StartProcess(List.of("env", "NOTIFY_SOCKET=" + name), List.of(), "run", "--home", home.toString());
    }

    @Test
    void aSocketThatNobodyReadsIsToldAndTheServerRuns() throws Exception {
        Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));
        Path home = StartProcess.home(folder.resolve("h"));
        try (var run = new StartProcess(
                List.of("env", "NOTIFY_SOCKET=" + folder.resolve("none")),
                List.of(),
                "run",
                "--home",
                home.toString())) {
            run.await("start: smtpd ready pid \\d+");
            run.await("alert: start: systemd cannot be told .*");
        }
    }
}
