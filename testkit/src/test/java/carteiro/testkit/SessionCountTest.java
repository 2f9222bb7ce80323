package carteiro.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SessionCountTest {
    @TempDir
    private Path folder;

    @Test
    @DisplayName("the last of several processes is given what the first found; who was killed is not waited for")
    void lastOfSeveral() throws Exception {
        Path file = folder.resolve("sessions");
        try (Session first = session(file, "as the first found it");
                Session second = session(file, "second");
                Session killed = session(file, "third")) {
            killed.kill();
            assertThat(first.end()).isEqualTo("others are there");
            try (Session fourth = session(file, "fourth")) {
                assertThat(second.end()).isEqualTo("others are there");
                assertThat(fourth.end()).isEqualTo("last: as the first found it");
            }
        }
        try (Session anew = session(file, "anew")) {
            assertThat(anew.end()).isEqualTo("last: anew");
        }
    }

    private static Session session(Path file, String found) throws IOException {
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-cp",
                        System.getProperty("java.class.path"),
                        Joined.class.getName(),
                        file.toString(),
                        found)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        var session = new Session(process, process.inputReader(StandardCharsets.UTF_8));
        assertThat(session.lines().readLine()).isEqualTo("joined");
        return session;
    }

    private record Session(Process process, BufferedReader lines) implements AutoCloseable {
        String end() throws Exception {
            process.getOutputStream().close();
            String line = lines.readLine();
            assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
            return line;
        }

        void kill() throws InterruptedException {
            process.destroyForcibly();
            assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
        }

        @Override
        public void close() {
            process.destroyForcibly();
        }
    }

    /** A process that joins, waits for the end of its input and leaves. */
    static final class Joined {
        private Joined() {}

        public static void main(String[] args) throws IOException {
            SessionCount count = SessionCount.join(Path.of(args[0]), () -> List.of(args[1]));
            System.out.println("joined");
            System.in.transferTo(OutputStream.nullOutputStream());
            var said = new ArrayList<>(List.of("others are there"));
            count.leave(lines -> said.set(0, "last: " + String.join("|", lines)));
            System.out.println(said.getFirst());
        }
    }
}
