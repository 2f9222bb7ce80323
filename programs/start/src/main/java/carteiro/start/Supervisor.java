package carteiro.start;

import carteiro.control.ControlException;
import carteiro.log.EventLog;
import carteiro.log.LogText;
import carteiro.protocol.Control;
import carteiro.protocol.Program;
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

    private final List<Watch> watches;
    private final EventLog log;
    private final Supplier<Duration> patience;
    private final ControlChanges changes;
    private final ReentrantLock stopping = new ReentrantLock();
    private final CountDownLatch stopped = new CountDownLatch(1);
    private final AtomicReference<@Nullable Cause> cause = new AtomicReference<>();

    /** @param patience how long a stop may take in all, asked at each stop */
    Supervisor(
            List<Program> programs,
            Life.Beginning beginning,
            EventLog log,
            Supplier<Duration> patience,
            ControlChanges changes) {
        this.changes = changes;
        Life.Beginning noted = (program, wanted) -> {
            changes.started(program.name());
            return beginning.begin(program, wanted);
        };
        this.watches = programs.stream()
                .map(program -> new Watch(program, noted, log, Clock.systemUTC()))
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
        watches.forEach(Watch::begin);
        List<Watch> rest =
                watches.stream().filter(watch -> watch.order() != Order.WAY_IN).toList();
        List<Watch> waysIn =
                watches.stream().filter(watch -> watch.order() == Order.WAY_IN).toList();
        rest.forEach(Watch::up);
        long until = System.nanoTime() + REST_READY.toNanos();
        for (Watch watch : rest) {
            watch.awaitTried(Duration.ofNanos(Math.max(0, until - System.nanoTime())));
        }
        waysIn.forEach(Watch::up);
        for (Watch watch : watches) {
            watch.awaitTried(START);
        }
        List<String> problems = watches.stream()
                .flatMap(watch -> watch.problems().stream())
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
            watches.forEach(watch -> {
                if (watch.life() == null) { // neither tried again nor waited for
                    watch.end(Duration.ZERO);
                }
            });
            Map<Order, List<Watch>> stages = new EnumMap<>(Order.class);
            watches.forEach(watch -> stages.computeIfAbsent(watch.order(), _ -> new ArrayList<>())
                    .add(watch));
            for (Order stage : List.of(Order.values()).reversed()) {
                List<Watch> together = stages.getOrDefault(stage, List.of());
                Duration left = stage.left(whole, Duration.ofNanos(System.nanoTime() - began));
                together.forEach(watch -> watch.end(left));
                together.forEach(watch -> {
                    if (!watch.awaitDown(left.plus(BEYOND))) {
                        log.alert("start", watch.name() + " does not end; left behind");
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
    public Answer ask(Verb verb, String program) {
        List<Watch> asked = watches.stream()
                .filter(watch -> program.equals(ALL) || watch.name().equals(program))
                .toList();
        if (asked.isEmpty()) {
            return new Answer(
                    Result.FAILED,
                    "there is no program " + program + "; there are "
                            + String.join(
                                    ", ", watches.stream().map(Watch::name).toList()),
                    List.of());
        }
        return switch (verb) {
            case STATUS -> status(asked);
            case START -> {
                asked.forEach(Watch::up);
                yield started(asked);
            }
            case STOP -> {
                if (program.equals(ALL)) {
                    stop();
                } else {
                    stop(asked);
                }
                yield new Answer(Result.DONE, "stopped", rows(asked));
            }
            case RESTART -> {
                List<Watch> lastFirst = asked.reversed();
                lastFirst.forEach(watch -> stop(List.of(watch)));
                asked.forEach(Watch::up);
                yield started(asked);
            }
            case RELOAD -> reload(asked, program);
            case ALARM -> alarm(asked);
        };
    }

    private static List<Row> rows(List<Watch> asked) {
        return asked.stream().map(Watch::row).toList();
    }

    private static Answer status(List<Watch> asked) {
        List<Row> rows = rows(asked);
        boolean ready = rows.stream().allMatch(row -> row.state() == State.READY);
        return new Answer(ready ? Result.DONE : Result.NOT_RUNNING, "", rows);
    }

    private static Answer started(List<Watch> asked) {
        var failures = new ArrayList<String>();
        for (Watch watch : asked) {
            if (!watch.awaitTried(START)) {
                String why = watch.last();
                failures.add(watch.name() + " is not ready: " + (why.isEmpty() ? "still starting" : why));
            }
        }
        return new Answer(
                failures.isEmpty() ? Result.DONE : Result.FAILED,
                failures.isEmpty() ? "ready" : String.join("\n", failures),
                rows(asked));
    }

    private void stop(List<Watch> asked) {
        Duration limit = patience.get();
        asked.forEach(watch -> watch.down(limit));
        asked.forEach(watch -> watch.awaitDown(limit.plus(BEYOND)));
    }

    private Answer reload(List<Watch> asked, String program) {
        var problems = new ArrayList<String>();
        for (Watch watch : asked) {
            Life life = watch.life();
            if (life == null) {
                continue; // it reads its settings when it starts
            }
            try {
                life.reload();
            } catch (ControlException e) {
                e.problems().forEach(problem -> {
                    log.log(new StartEvent.ReloadRefused(watch.name(), problem));
                    problems.add(watch.name() + " keeps its old settings: " + problem);
                });
            } catch (IOException e) {
                log.log(new StartEvent.ReloadUnanswered(watch.name(), LogText.reason(e)));
                problems.add(watch.name() + " did not say whether it has read them: " + LogText.reason(e));
            }
        }
        if (!problems.isEmpty()) {
            return new Answer(Result.FAILED, String.join("\n", problems), rows(asked));
        }
        String told = changes.tell(program);
        log.log(new StartEvent.Reloaded(told));
        return new Answer(Result.DONE, "settings read again; " + told, rows(asked));
    }

    private static Answer alarm(List<Watch> asked) {
        var problems = new ArrayList<String>();
        Result result = Result.DONE;
        for (Watch watch : asked) {
            Life life = watch.life();
            if (life == null) {
                Row row = watch.row();
                problems.add(row.program() + " is " + row.state().name().toLowerCase(Locale.ROOT)
                        + ": nothing of it is tried now; ask again when carteiro status says ready");
                result = result == Result.DONE ? Result.NOT_RUNNING : result;
                continue;
            }
            try {
                life.tryNow();
            } catch (IOException e) {
                problems.add(watch.name() + " has not tried (" + LogText.reason(e)
                        + "): ask again when carteiro status says ready");
                result = Result.FAILED;
            }
        }
        return new Answer(
                result, problems.isEmpty() ? "what waits is tried now" : String.join("\n", problems), rows(asked));
    }
}
