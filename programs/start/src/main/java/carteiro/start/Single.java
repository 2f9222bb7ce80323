package carteiro.start;

import carteiro.control.ControlException;
import carteiro.protocol.Control;
import carteiro.protocol.Program;
import carteiro.protocol.Wires;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** One program alone in this process: answers for itself, and waits for its end. Safe for any thread. */
final class Single implements Control {
    /** How it came to an end. */
    enum StopReason {
        /** Somebody said so. */
        ASKED,
        /** Somebody wants it started again, by whoever watches this process. */
        AGAIN,
        /** It can no longer work. */
        DIED
    }

    private final String name;
    private final Program.RunningProgram running;
    private final Wires wires;
    private final Supplier<Duration> patience;
    private final ControlChanges changes;
    private final Instant since = Instant.now();
    private final AtomicReference<StopReason> end = new AtomicReference<>(StopReason.DIED);
    private final AtomicReference<@Nullable Duration> given = new AtomicReference<>();
    private final CountDownLatch asked = new CountDownLatch(1);
    private final CountDownLatch stopped = new CountDownLatch(1);

    Single(
            String name,
            Program.RunningProgram running,
            Wires wires,
            Supplier<Duration> patience,
            ControlChanges changes) {
        this.changes = changes;
        this.name = name;
        this.running = running;
        this.wires = wires;
        this.patience = patience;
    }

    /** Ends it soon; the first who asks decides how. */
    void end(StopReason how, Duration limit) {
        if (given.compareAndSet(null, limit)) {
            end.set(how);
            asked.countDown();
        }
    }

    /** Waits until it is to end or can no longer work, then stops it. */
    StopReason awaitEnd() throws InterruptedException {
        while (!asked.await(1, TimeUnit.SECONDS)) {
            if (!running.alive() || !wires.serves(name)) {
                break;
            }
        }
        Duration limit = given.get();
        running.stop(limit == null ? Duration.ZERO : limit);
        stopped.countDown();
        return end.get();
    }

    @Override
    public ControlReply ask(ControlVerb verb, String program) {
        if (!program.equals(ALL) && !program.equals(name)) {
            return new ControlReply(ControlResult.FAILED, "this is " + name + " alone, not " + program, List.of());
        }
        return switch (verb) {
            case STATUS -> new ControlReply(ControlResult.DONE, "", List.of(row(ProgramState.READY)));
            case START -> new ControlReply(ControlResult.DONE, "ready", List.of(row(ProgramState.READY)));
            case STOP -> ended(StopReason.ASKED, "stopped");
            case RESTART -> ended(StopReason.AGAIN, "ended; whatever started this process is to start it again");
            case RELOAD -> {
                try {
                    running.reload();
                    yield new ControlReply(
                            ControlResult.DONE,
                            "settings read again; " + changes.tell(name),
                            List.of(row(ProgramState.READY)));
                } catch (ControlException e) {
                    yield new ControlReply(
                            ControlResult.FAILED, String.join("\n", e.problems()), List.of(row(ProgramState.READY)));
                }
            }
            case ALARM -> {
                running.tryNow();
                yield new ControlReply(ControlResult.DONE, "what waits is tried now", List.of(row(ProgramState.READY)));
            }
        };
    }

    private ControlReply ended(StopReason how, String text) {
        Duration limit = patience.get();
        end(how, limit);
        boolean done = false;
        try {
            done = stopped.await(limit.plusSeconds(5).toSeconds(), TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        return new ControlReply(
                done ? ControlResult.DONE : ControlResult.FAILED, done ? text : "still stopping", List.of());
    }

    private ProgramStatus row(ProgramState state) {
        return new ProgramStatus(name, state, since, ProcessHandle.current().pid(), 0, running.status());
    }
}
