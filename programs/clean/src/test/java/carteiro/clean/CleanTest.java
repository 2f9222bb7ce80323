package carteiro.clean;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import carteiro.control.ControlException;
import carteiro.control.Installation;
import carteiro.log.EventLog;
import carteiro.protocol.Cleaning;
import carteiro.protocol.DirectWires;
import carteiro.protocol.Program;
import carteiro.protocol.SocketWires;
import carteiro.protocol.Wires;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.ServiceLoader;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Clean against a queue that says what the test wants. */
class CleanTest {
    @TempDir
    Path home;

    private final ByteArrayOutputStream lines = new ByteArrayOutputStream();
    private final EventLog log = new EventLog(lines, EventLog.LogFormat.PLAIN, Clock.systemUTC());
    private Wires wires = new DirectWires(new SocketWires(new Installation(Path.of("/nonexistent")), log));

    @BeforeEach
    void folders() throws IOException {
        wires.close();
        Files.createDirectories(home.resolve("control"));
        Files.writeString(home.resolve("control/cleanpause"), "1\n");
        Files.createDirectories(home.resolve("queue/segments"));
        Files.createDirectories(home.resolve("queue/large"));
        wires = new DirectWires(new SocketWires(new Installation(home), log));
    }

    @AfterEach
    void close() {
        wires.close();
        log.close();
    }

    /** Names what it was told to until it is removed, and counts the rewriting. */
    private static final class Told implements Cleaning {
        private final List<String> dead = new ArrayList<>();
        private final List<String> removed = new ArrayList<>();
        private final CountDownLatch rounds = new CountDownLatch(2);

        Told(String... dead) {
            this.dead.addAll(List.of(dead));
        }

        @Override
        public synchronized List<String> dead() {
            return List.copyOf(dead);
        }

        @Override
        public synchronized void removed(List<String> files) {
            removed.addAll(files);
            dead.removeAll(files);
        }

        @Override
        public long rewriteSparse() {
            rounds.countDown();
            return 0;
        }

        void awaitTwoRounds() throws InterruptedException {
            assertThat(rounds.await(30, TimeUnit.SECONDS)).isTrue();
        }
    }

    private Program.RunningProgram start() throws Exception {
        Program clean = ServiceLoader.load(Program.class).stream()
                .map(ServiceLoader.Provider::get)
                .filter(program -> program.name().equals("clean"))
                .findFirst()
                .orElseThrow();
        return clean.start(new Program.ProgramContext(new Installation(home), wires, log, Map.of(), () -> {}));
    }

    private Path file(String name) throws IOException {
        return Files.writeString(home.resolve("queue").resolve(name), "octets");
    }

    @Test
    void deadFilesAreRemovedAndReportedAndTheRestStays() throws Exception {
        Path dead = file("segments/0000000001");
        Path deadLarge = file("large/17");
        Path live = file("segments/0000000002");
        var queue = new Told("segments/0000000001", "large/17", "segments/0000000099");
        try (var _ = wires.offer(queue)) {
            Program.RunningProgram clean = start();
            queue.awaitTwoRounds();
            clean.stop(Duration.ofSeconds(10));
            assertThat(clean.status()).isEqualTo("removed=3 octets=12 rewritten=0");
        }
        assertThat(dead).doesNotExist();
        assertThat(deadLarge).doesNotExist();
        assertThat(live).exists();
        assertThat(queue.removed).containsExactly("segments/0000000001", "large/17", "segments/0000000099");
        log.close();
        assertThat(lines.toString(StandardCharsets.US_ASCII)).contains("clean: removed: files 3 octets 12\n");
    }

    @Test
    void namesThatAreNoneOfItsOwnAreLeftAlone() throws Exception {
        Path secret = Files.writeString(home.resolve("secret"), "x");
        Path format = file("format");
        Path odd = file("segments/spare");
        Files.createDirectory(home.resolve("queue/large/5"));
        Files.createSymbolicLink(home.resolve("queue/large/6"), secret);
        var queue = new Told(
                "../secret",
                "format",
                "segments/spare",
                "segments/../../secret",
                "segments/1",
                "large/0",
                "/etc/x",
                "large/5",
                "large/6",
                "");
        try (var _ = wires.offer(queue)) {
            Program.RunningProgram clean = start();
            queue.awaitTwoRounds();
            clean.stop(Duration.ofSeconds(10));
        }
        assertThat(List.of(secret, format, odd, home.resolve("queue/large/5"), home.resolve("queue/large/6")))
                .allMatch(Files::exists);
        assertThat(queue.removed).isEmpty();
        log.close();
        assertThat(lines.toString(StandardCharsets.US_ASCII))
                .contains("alert: clean: queue named \"../secret\" as dead")
                .contains("warning: clean: cannot remove queue/large/5 ");
    }

    @Test
    void foldersThatAreLinksAreNotFollowed() throws Exception {
        Path elsewhere = Files.createDirectory(home.resolve("elsewhere"));
        Path victim = Files.writeString(elsewhere.resolve("7"), "x");
        Files.delete(home.resolve("queue/large"));
        Files.createSymbolicLink(home.resolve("queue/large"), elsewhere);
        var queue = new Told("large/7");
        try (var _ = wires.offer(queue)) {
            Program.RunningProgram clean = start();
            queue.awaitTwoRounds();
            clean.stop(Duration.ofSeconds(10));
        }
        assertThat(victim).exists();
    }

    @Test
    void queueMayBeAbsentAndComesBack() throws Exception {
        Path dead = file("large/1");
        Program.RunningProgram clean = start();
        try {
            long until = System.nanoTime() + Duration.ofSeconds(30).toNanos();
            while (!lines.toString(StandardCharsets.US_ASCII).contains("waiting for queue")
                    && System.nanoTime() - until < 0) {
                Thread.onSpinWait();
            }
            assertThat(lines.toString(StandardCharsets.US_ASCII)).contains("clean: waiting for queue: ");
            var queue = new Told("large/1");
            try (var _ = wires.offer(queue)) {
                queue.awaitTwoRounds();
            }
            assertThat(dead).doesNotExist();
        } finally {
            clean.stop(Duration.ofSeconds(10));
        }
    }

    @Test
    void settingOutOfRangeIsRefusedAndLeavesTheOldOne() throws Exception {
        Program.RunningProgram clean = start();
        try {
            Files.writeString(home.resolve("control/cleanpause"), "0\n");
            assertThatThrownBy(clean::reload)
                    .isInstanceOf(ControlException.class)
                    .hasMessageContaining("control/cleanpause:1: \"0\" is not a number from 1 to 3600");
        } finally {
            clean.stop(Duration.ofSeconds(10));
        }
    }
}
