package carteiro.start;

import carteiro.control.ControlException;
import carteiro.log.EventLog;
import carteiro.log.LogText;
import carteiro.protocol.Control.ProgramState;
import carteiro.protocol.Control.ProgramStatus;
import carteiro.protocol.Program;
import carteiro.protocol.StopStage;
import carteiro.protocol.VitalThread;
import java.io.IOException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Watches one program: starts it, starts it again when it ends by itself, after a pause that grows, and stops it when
 * somebody says so. A thread of its own leads it from state to state; any thread may ask for a change.
 *
 * <p>No virtual thread: in one process all programs start at once, and each loads its classes. A virtual thread that waits for
 * a class which another one initialises holds its carrier, and so few of them hold up all there are.
 */
final class Monitor {
    /** The pause after the first death; doubles with each further one up to {@link #LONGEST_PAUSE}. */
    static final Duration FIRST_PAUSE = Duration.ofSeconds(1);

    static final Duration LONGEST_PAUSE = Duration.ofSeconds(60);

    /** A program that was ready for this long has recovered: its next pause is the first again. */
    static final Duration RECOVERED = Duration.ofSeconds(10);

    /** Between looks at whether a program is alive; one that cannot tell of its end is found by them. */
    private static final Duration LOOK = Duration.ofSeconds(1);

    private final Program program;
    private final ProgramInstance.InstanceStarter beginning;
    private final EventLog log;
    private final Clock clock;

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    // All below belong to the lock.
    private ProgramState state = ProgramState.DOWN;
    private Instant since;
    private boolean wanted;
    private boolean over;
    private boolean tried;
    private Duration patience = Duration.ZERO;
    private boolean hurry; // somebody asked for it while it paused
    private int pauses;
    private long restarts;
    private String last = "";
    private List<String> problems = List.of();
    private @Nullable ProgramInstance instance;

    Monitor(Program program, ProgramInstance.InstanceStarter beginning, EventLog log, Clock clock) {
        this.program = program;
        this.beginning = beginning;
        this.log = log;
        this.clock = clock;
        this.since = clock.instant();
    }

    String name() {
        return program.name();
    }

    StopStage order() {
        return program.stopStage();
    }

    /** Begins to watch; the program is down until {@link #up}. */
    void begin() {
        Thread.ofPlatform().daemon(true).name("watch/" + name()).start(this::supervise);
    }

    private void supervise() {
        while (awaitWanted()) {
            ProgramInstance begun;
            try {
                enter(ProgramState.STARTING);
                begun = beginning.begin(program, this::isWanted);
            } catch (ControlException e) {
                notStarted(String.join("\n", e.problems()), e.problems());
                continue;
            } catch (IOException e) {
                notStarted(LogText.reason(e), List.of());
                continue;
            } catch (RuntimeException | Error e) { // no threads, no descriptors, a bug: it is tried again all the same
                VitalThread.endProcessIfOutOfMemory(e);
                log.bug("start", e);
                notStarted(e.toString(), List.of());
                continue;
            }
            ready(begun);
            if (awaitEnd(begun)) {
                stop(begun);
            } else {
                died(begun);
            }
        }
    }

    /** Waits, while down, until it is wanted. False when the watch is over. */
    private boolean awaitWanted() {
        lock.lock();
        try {
            while (!wanted && !over) {
                setState(ProgramState.DOWN);
                changed.awaitUninterruptibly();
            }
            if (over) {
                setState(ProgramState.DOWN);
            }
            return !over;
        } finally {
            lock.unlock();
        }
    }

    private void ready(ProgramInstance begun) {
        lock.lock();
        try {
            instance = begun;
            tried = true;
            problems = List.of();
            last = "";
            setState(ProgramState.READY);
        } finally {
            lock.unlock();
        }
        log.log(new StartEvent.ProgramReady(name(), begun.pid()));
        begun.whenEnded(this::look);
    }

    /** Has the leading thread look at once whether the program is alive. */
    private void look() {
        lock.lock();
        try {
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** Whether it is to stop; false when it has ended by itself. */
    private boolean awaitEnd(ProgramInstance begun) {
        while (true) {
            lock.lock();
            try {
                if (!wanted) {
                    setState(ProgramState.STOPPING);
                    return true;
                }
                if (!begun.alive()) {
                    return false;
                }
                await(LOOK);
            } finally {
                lock.unlock();
            }
        }
    }

    private void stop(ProgramInstance begun) {
        Duration limit = patience();
        log.log(new StartEvent.Stopping(name(), limit.toSeconds()));
        stop(begun, limit);
        log.log(new StartEvent.Stopped(name()));
        lock.lock();
        try {
            instance = null;
            pauses = 0;
            if (!wanted) {
                setState(ProgramState.DOWN);
            }
        } finally {
            lock.unlock();
        }
    }

    private void stop(ProgramInstance begun, Duration limit) {
        try {
            begun.stop(limit);
        } catch (RuntimeException | Error e) {
            VitalThread.endProcessIfOutOfMemory(e);
            log.bug("start", e);
        }
    }

    private void died(ProgramInstance begun) {
        String why = begun.ending();
        Duration pause;
        lock.lock();
        try {
            if (Duration.between(since, clock.instant()).compareTo(RECOVERED) >= 0) {
                pauses = 0;
            }
            pause = nextPause();
            restarts++;
            last = why;
            instance = null;
            setState(ProgramState.PAUSING);
        } finally {
            lock.unlock();
        }
        log.log(new StartEvent.Died(name(), why, pause.toSeconds()));
        stop(begun, Duration.ZERO); // what is left of it: sockets, threads, a process that hangs
        pause(pause);
    }

    private void notStarted(String why, List<String> found) {
        Duration pause;
        lock.lock();
        try {
            pause = nextPause();
            last = why;
            tried = true;
            problems = found;
            if (over || !wanted) {
                changed.signalAll();
                return;
            }
            setState(ProgramState.PAUSING);
        } finally {
            lock.unlock();
        }
        log.log(new StartEvent.NotStarted(name(), why, pause.toSeconds()));
        pause(pause);
    }

    private Duration nextPause() {
        Duration pause = FIRST_PAUSE.multipliedBy(1L << Math.min(pauses, 6));
        pauses++;
        return pause.compareTo(LONGEST_PAUSE) > 0 ? LONGEST_PAUSE : pause;
    }

    private void pause(Duration pause) {
        long until = System.nanoTime() + pause.toNanos();
        lock.lock();
        try {
            setState(ProgramState.PAUSING);
            hurry = false;
            while (wanted && !over && !hurry && System.nanoTime() < until) {
                await(Duration.ofNanos(until - System.nanoTime()));
            }
        } finally {
            lock.unlock();
        }
    }

    private void enter(ProgramState entered) {
        lock.lock();
        try {
            setState(entered);
        } finally {
            lock.unlock();
        }
    }

    private void setState(ProgramState entered) {
        if (state != entered) {
            state = entered;
            since = clock.instant();
        }
        changed.signalAll();
    }

    @SuppressWarnings("WaitNotInLoop") // each caller loops until what it waits for is so
    private void await(Duration limit) {
        try {
            boolean _ = changed.await(limit.toNanos(), TimeUnit.NANOSECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private boolean isWanted() {
        lock.lock();
        try {
            return wanted && !over;
        } finally {
            lock.unlock();
        }
    }

    private Duration patience() {
        lock.lock();
        try {
            return patience;
        } finally {
            lock.unlock();
        }
    }

    /** Wants it to run; a pause ends at once. Nothing once the watch is over. */
    void up() {
        lock.lock();
        try {
            if (over) {
                return;
            }
            if (state == ProgramState.PAUSING) { // tried anew without delay
                pauses = 0;
                hurry = true;
            }
            wanted = true;
            tried = state == ProgramState.READY;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** Wants it to end within that time; does not wait for it. */
    void down(Duration limit) {
        lock.lock();
        try {
            patience = limit;
            wanted = false;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** As {@link #down}, and the watch ends with it. */
    void end(Duration limit) {
        lock.lock();
        try {
            over = true;
        } finally {
            lock.unlock();
        }
        down(limit);
    }

    /** Waits until it is down. @return whether it is */
    boolean awaitDown(Duration limit) {
        return awaitThat(limit, () -> state == ProgramState.DOWN);
    }

    /** Waits until it is ready or has failed to become so. @return whether it is ready */
    boolean awaitTried(Duration limit) {
        awaitThat(limit, () -> tried || !wanted);
        return awaitThat(Duration.ZERO, () -> state == ProgramState.READY);
    }

    private boolean awaitThat(Duration limit, java.util.function.BooleanSupplier condition) {
        long until = System.nanoTime() + limit.toNanos();
        lock.lock();
        try {
            while (!condition.getAsBoolean()) {
                long left = until - System.nanoTime();
                if (left <= 0) {
                    return false;
                }
                await(Duration.ofNanos(left));
            }
            return true;
        } finally {
            lock.unlock();
        }
    }

    /** What is wrong with its settings, as the last try to start it said. */
    List<String> problems() {
        lock.lock();
        try {
            return problems;
        } finally {
            lock.unlock();
        }
    }

    /** Why it last failed or ended by itself; empty if it never did. */
    String last() {
        lock.lock();
        try {
            return last;
        } finally {
            lock.unlock();
        }
    }

    /** The life that is ready, or null. */
    @Nullable
    ProgramInstance life() {
        lock.lock();
        try {
            return state == ProgramState.READY ? instance : null;
        } finally {
            lock.unlock();
        }
    }

    ProgramStatus row() {
        ProgramInstance now = life();
        String status = now == null ? "" : now.status();
        lock.lock();
        try {
            return new ProgramStatus(
                    name(), state, since, now == null ? 0 : now.pid(), restarts, now == null ? last : status);
        } finally {
            lock.unlock();
        }
    }
}
