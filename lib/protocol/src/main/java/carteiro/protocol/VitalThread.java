package carteiro.protocol;

import carteiro.log.EventLog;
import java.time.Duration;
import java.util.function.BooleanSupplier;

/**
 * A thread that its program cannot do without. If it ends while the program is not stopping, that is said as an alert and
 * {@link #alive} turns false: the program answers so to {@link Program.RunningProgram#alive}, and start ends it and starts it again.
 * A program that goes on without such a thread looks ready and does nothing.
 *
 * <p>An exhausted heap ends the whole process at once ({@link #endProcessIfOutOfMemory}): which of its threads got the error
 * is chance, and what they held is in no known state.
 */
public final class VitalThread {
    /** The exit code of a process that is out of memory; Java's own with {@code -XX:+ExitOnOutOfMemoryError}. */
    public static final int OUT_OF_MEMORY = 3;

    private final String program;
    private final EventLog log;
    private final BooleanSupplier stopping;
    private final Runnable work;
    private final Thread thread;
    private volatile boolean lost;

    /**
     * A thread that is not started yet.
     *
     * @param builder virtual or not, and with the name that the alert tells
     * @param stopping whether the program is stopping: only then may the work end. Set it before the work can notice
     */
    public VitalThread(Thread.Builder builder, String program, EventLog log, BooleanSupplier stopping, Runnable work) {
        this.program = program;
        this.log = log;
        this.stopping = stopping;
        this.work = work;
        this.thread = builder.unstarted(this::run);
    }

    /** As the constructor, and starts it. */
    public static VitalThread start(
            Thread.Builder builder, String program, EventLog log, BooleanSupplier stopping, Runnable work) {
        var vital = new VitalThread(builder, program, log, stopping, work);
        vital.start();
        return vital;
    }

    /** Starts it; once. */
    public void start() {
        thread.start();
    }

    private void run() {
        Throwable why = null;
        try {
            work.run();
        } catch (Throwable e) { // whatever it is: the program learns it
            endProcessIfOutOfMemory(e);
            why = e;
        }
        if (why == null && stopping.getAsBoolean()) {
            return;
        }
        if (why != null) {
            log.bug(program, why);
        }
        log.alert(
                program,
                "its thread " + thread.getName() + " has ended" + (why == null ? "" : " by a mistake of our own") + "; "
                        + program + " cannot work without it, ends, and is started again");
        lost = true;
    }

    /** False once it has ended though the program was not stopping. */
    public boolean alive() {
        return !lost;
    }

    /** Whether it was started and has not ended, for whatever reason. */
    public boolean isRunning() {
        return thread.isAlive();
    }

    /** Waits for its end. */
    public void join() throws InterruptedException {
        thread.join();
    }

    /**
     * Waits for its end, for so long at most.
     *
     * @return whether it has ended
     */
    public boolean join(Duration patience) throws InterruptedException {
        return thread.join(patience);
    }

    /** Interrupts it. */
    public void interrupt() {
        thread.interrupt();
    }

    /**
     * Ends the process, with {@link #OUT_OF_MEMORY}, if that is an {@link OutOfMemoryError}; returns if it is not. To be
     * called wherever an Error is caught: going on would mean that others fail next, one after another. The launcher starts
     * Java so that it ends by itself at most of them, but not for instance at those of direct buffers.
     */
    public static void endProcessIfOutOfMemory(Throwable error) {
        for (Throwable cause = error; cause != null; cause = cause.getCause()) {
            if (cause instanceof OutOfMemoryError) {
                try {
                    System.err.println(
                            "carteiro: out of memory; this process ends, whatever watches it starts it again");
                } catch (Throwable e) {
                    // not even that
                }
                Runtime.getRuntime().halt(OUT_OF_MEMORY);
            }
        }
    }
}
