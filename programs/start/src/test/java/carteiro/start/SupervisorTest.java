package carteiro.start;

import static org.assertj.core.api.Assertions.assertThat;

import carteiro.control.Installation;
import carteiro.log.EventLog;
import carteiro.protocol.Program;
import carteiro.protocol.StopStage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

class SupervisorTest {
    @TempDir
    Path home;

    /** A signal, or a logger that has gone, may come while programs are still starting. */
    @Test
    @Timeout(30)
    void aStopWhileEverythingStartsEndsTheStart() throws Exception {
        var installation = new Installation(StartProcess.home(home));
        List<Program> programs = InstalledPrograms.all();
        assertThat(programs).extracting(program -> program.stopStage()).contains(StopStage.WAY_IN, StopStage.KEEPER);
        var starting = new CountDownLatch(1);
        ProgramInstance.InstanceStarter slow = (program, wanted) -> {
            starting.countDown();
            while (wanted.getAsBoolean()) {
                LockSupport.parkNanos(1_000_000);
            }
            throw new IOException("stopped before it was ready");
        };
        try (var log = new EventLog(new ByteArrayOutputStream(), EventLog.LogFormat.PLAIN, Clock.systemUTC())) {
            var supervisor = new Supervisor(
                    programs,
                    slow,
                    log,
                    () -> Duration.ofSeconds(1),
                    new ControlChanges(
                            installation, programs.stream().map(Program::name).toList()));
            Thread stop = Thread.ofPlatform().start(() -> {
                try {
                    starting.await();
                    supervisor.stop();
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
            });
            supervisor.start();
            stop.join();
        }
    }

    @Test
    @Timeout(30)
    void whatHearsStrangersIsBegunWhenTheRestHasBeenTried() throws Exception {
        var installation = new Installation(StartProcess.home(home));
        List<Program> programs = InstalledPrograms.all();
        var tried = new ConcurrentLinkedQueue<StopStage>();
        ProgramInstance.InstanceStarter beginning = (program, wanted) -> {
            StopStage order = program.stopStage();
            if (order != StopStage.WAY_IN) {
                LockSupport.parkNanos(50_000_000);
            }
            tried.add(order);
            throw new IOException("not now");
        };
        try (var log = new EventLog(new ByteArrayOutputStream(), EventLog.LogFormat.PLAIN, Clock.systemUTC())) {
            var supervisor = new Supervisor(
                    programs,
                    beginning,
                    log,
                    () -> Duration.ofSeconds(1),
                    new ControlChanges(
                            installation, programs.stream().map(Program::name).toList()));
            supervisor.start();
            supervisor.stop();
        }
        long rest = programs.stream()
                .filter(program -> program.stopStage() != StopStage.WAY_IN)
                .count();
        assertThat(rest).isPositive();
        assertThat(tried.stream().takeWhile(order -> order != StopStage.WAY_IN).count())
                .isGreaterThanOrEqualTo(rest);
    }

    /** The logger may have gone before the first program is begun. */
    @Test
    @Timeout(30)
    void aStopBeforeTheStartLeavesNothingToWaitFor() throws Exception {
        var installation = new Installation(StartProcess.home(home));
        List<Program> programs = InstalledPrograms.all();
        ProgramInstance.InstanceStarter none = (program, wanted) -> {
            throw new AssertionError(program.name() + " was begun");
        };
        try (var log = new EventLog(new ByteArrayOutputStream(), EventLog.LogFormat.PLAIN, Clock.systemUTC())) {
            var supervisor = new Supervisor(
                    programs,
                    none,
                    log,
                    () -> Duration.ofSeconds(1),
                    new ControlChanges(
                            installation, programs.stream().map(Program::name).toList()));
            supervisor.stop();
            supervisor.start();
            assertThat(supervisor.awaitStopped()).isEqualTo(Supervisor.Cause.ASKED);
        }
    }
}
