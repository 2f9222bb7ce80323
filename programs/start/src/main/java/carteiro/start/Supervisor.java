package carteiro.start;

import carteiro.control.ControlException;
import carteiro.log.EventLog;
import carteiro.log.LogText;
import carteiro.protocol.Control;
import carteiro.protocol.Program;
import carteiro.protocol.StopStage;
import java.io.IOException;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Runs and watches all programs, in either form. Safe for any thread. */
final class Supervisor implements Control {
    /** How long a start is waited for, before it is said that it goes on by itself. */
    private static final Duration START = Duration.ofSeconds(60);

    /** How long the ways in wait at the start for the rest. */
    private static final Duration REST_READY = Duration.ofSeconds(10);

    /** What a program that does not end in its time may take beyond it, until it is killed or left behind. */
    private static final Duration BEYOND = Duration.ofSeconds(3);

    private final List<Monitor> watches;
    private final EventLog log;
    private final Supplier<Duration> patience;
    private final ControlChanges changes;
    private final ReentrantLock stopping = new ReentrantLock();
    private final CountDownLatch stopped = new CountDownLatch(1);
    private final AtomicReference<@Nullable Cause> cause = new AtomicReference<>();

    /** @param patience how long a stop may take in all, asked at each stop */
    Supervisor(
            List<Program> programs,
            ProgramInstance.InstanceStarter beginning,
            EventLog log,
            Supplier<Duration> patience,
            ControlChanges changes) {
        this.changes = changes;
        ProgramInstance.InstanceStarter noted = (program, wanted) -> {
            changes.started(program.name());
            return beginning.begin(program, wanted);
        };
        this.watches = programs.stream()
                .map(program -> new Monitor(program, noted, log, Clock.systemUTC()))
                .toList();
        this.log = log;
        this.patience = patience;
    }

    /**
     * Starts every program, the ways in when the rest is ready. A program that cannot start now is tried again; one that
     * cannot be used as it is set up stops the start.
     *
     * @throws ControlException with every problem of every program; nothing runs then
     */
    void start() throws ControlException {
        watches.forEach(Monitor::begin);
        List<Monitor> rest = watches.stream()
                .filter(monitor -> monitor.order() != StopStage.WAY_IN)
                .toList();
        List<Monitor> waysIn = watches.stream()
                .filter(monitor -> monitor.order() == StopStage.WAY_IN)
                .toList();
        rest.forEach(Monitor::up);
        long until = System.nanoTime() + REST_READY.toNanos();
        for (Monitor monitor : rest) {
            monitor.awaitTried(Duration.ofNanos(Math.max(0, until - System.nanoTime())));
        }
        waysIn.forEach(Monitor::up);
        for (Monitor monitor : watches) {
            monitor.awaitTried(START);
        }
        List<String> problems = watches.stream()
                .flatMap(monitor -> monitor.problems().stream())
                .distinct()
                .toList();
        if (!problems.isEmpty()) {
            stop();
            throw new ControlException(problems);
        }
    }

    /** Why everything stops. */
    enum Cause {
        /** Somebody said so. */
        ASKED,
        /** Nobody reads the log. */
        UNHEARD
    }

    /** Ends every program in order. Returns when all have ended; further calls wait for the first. */
    void stop() {
        stop(Cause.ASKED);
    }

    /** As {@link #stop()}; the first cause counts. */
    void stop(Cause why) {
        cause.compareAndSet(null, why);
        stopping.lock();
        try {
            if (stopped.getCount() == 0) {
                return;
            }
            long began = System.nanoTime();
            Duration whole = patience.get();
            watches.forEach(monitor -> {
                if (monitor.life() == null) { // neither tried again nor waited for
                    monitor.end(Duration.ZERO);
                }
            });
            Map<StopStage, List<Monitor>> stages = new EnumMap<>(StopStage.class);
            watches.forEach(monitor -> stages.computeIfAbsent(monitor.order(), _ -> new ArrayList<>())
                    .add(monitor));
            for (StopStage stage : List.of(StopStage.values()).reversed()) {
                List<Monitor> together = stages.getOrDefault(stage, List.of());
                Duration left = stage.left(whole, Duration.ofNanos(System.nanoTime() - began));
                together.forEach(monitor -> monitor.end(left));
                together.forEach(monitor -> {
                    if (!monitor.awaitDown(left.plus(BEYOND))) {
                        log.alert("start", monitor.name() + " does not end; left behind");
                    }
                });
            }
            stopped.countDown();
        } finally {
            stopping.unlock();
        }
    }

    /** Waits until everything has been stopped. @return why */
    Cause awaitStopped() throws InterruptedException {
        stopped.await();
        Cause why = cause.get();
        return why == null ? Cause.ASKED : why;
    }

    @Override
    public ControlReply ask(ControlVerb verb, String program) {
        List<Monitor> asked = watches.stream()
                .filter(monitor -> program.equals(ALL) || monitor.name().equals(program))
                .toList();
        if (asked.isEmpty()) {
            return new ControlReply(
                    ControlResult.FAILED,
                    "there is no program " + program + "; there are "
                            + String.join(
                                    ", ", watches.stream().map(Monitor::name).toList()),
                    List.of());
        }
        return switch (verb) {
            case STATUS -> status(asked);
            case START -> {
                asked.forEach(Monitor::up);
                yield started(asked);
            }
            case STOP -> {
                if (program.equals(ALL)) {
                    stop();
                } else {
                    stop(asked);
                }
                yield new ControlReply(ControlResult.DONE, "stopped", rows(asked));
            }
            case RESTART -> {
                List<Monitor> lastFirst = asked.reversed();
                lastFirst.forEach(monitor -> stop(List.of(monitor)));
                asked.forEach(Monitor::up);
                yield started(asked);
            }
            case RELOAD -> reload(asked, program);
            case ALARM -> alarm(asked);
        };
    }

    private static List<ProgramStatus> rows(List<Monitor> asked) {
        return asked.stream().map(Monitor::row).toList();
    }

    private static ControlReply status(List<Monitor> asked) {
        List<ProgramStatus> rows = rows(asked);
        boolean ready = rows.stream().allMatch(row -> row.state() == ProgramState.READY);
        return new ControlReply(ready ? ControlResult.DONE : ControlResult.NOT_RUNNING, "", rows);
    }

    private static ControlReply started(List<Monitor> asked) {
        var failures = new ArrayList<String>();
        for (Monitor monitor : asked) {
            if (!monitor.awaitTried(START)) {
                String why = monitor.last();
                failures.add(monitor.name() + " is not ready: " + (why.isEmpty() ? "still starting" : why));
            }
        }
        return new ControlReply(
                failures.isEmpty() ? ControlResult.DONE : ControlResult.FAILED,
                failures.isEmpty() ? "ready" : String.join("\n", failures),
                rows(asked));
    }

    private void stop(List<Monitor> asked) {
        Duration limit = patience.get();
        asked.forEach(monitor -> monitor.down(limit));
        asked.forEach(monitor -> monitor.awaitDown(limit.plus(BEYOND)));
    }

    private ControlReply reload(List<Monitor> asked, String program) {
        var problems = new ArrayList<String>();
        for (Monitor monitor : asked) {
            ProgramInstance instance = monitor.life();
            if (instance == null) {
                continue; // it reads its settings when it starts
            }
            try {
                instance.reload();
            } catch (ControlException e) {
                e.problems().forEach(problem -> {
                    log.log(new StartEvent.ReloadRefused(monitor.name(), problem));
                    problems.add(monitor.name() + " keeps its old settings: " + problem);
                });
            } catch (IOException e) {
                log.log(new StartEvent.ReloadUnanswered(monitor.name(), LogText.reason(e)));
                problems.add(monitor.name() + " did not say whether it has read them: " + LogText.reason(e));
            }
        }
        if (!problems.isEmpty()) {
            return new ControlReply(ControlResult.FAILED, String.join("\n", problems), rows(asked));
        }
        String told = changes.tell(program);
        log.log(new StartEvent.Reloaded(told));
        return new ControlReply(ControlResult.DONE, "settings read again; " + told, rows(asked));
    }

    private static ControlReply alarm(List<Monitor> asked) {
        var problems = new ArrayList<String>();
        ControlResult result = ControlResult.DONE;
        for (Monitor monitor : asked) {
            ProgramInstance instance = monitor.life();
            if (instance == null) {
                ProgramStatus row = monitor.row();
                problems.add(row.program() + " is " + row.state().name().toLowerCase(Locale.ROOT)
                        + ": nothing of it is tried now; ask again when carteiro status says ready");
                result = result == ControlResult.DONE ? ControlResult.NOT_RUNNING : result;
                continue;
            }
            try {
                instance.tryNow();
            } catch (IOException e) {
                problems.add(monitor.name() + " has not tried (" + LogText.reason(e)
                        + "): ask again when carteiro status says ready");
                result = ControlResult.FAILED;
            }
        }
        return new ControlReply(
                result, problems.isEmpty() ? "what waits is tried now" : String.join("\n", problems), rows(asked));
    }
}
