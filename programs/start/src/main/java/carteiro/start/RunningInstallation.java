package carteiro.start;

import carteiro.control.ControlException;
import carteiro.control.Installation;
import carteiro.control.Settings;
import carteiro.log.EventLog;
import carteiro.posix.SystemAccount;
import carteiro.protocol.Control;
import carteiro.protocol.Control.ControlVerb;
import carteiro.protocol.ControlWire;
import carteiro.protocol.DirectWires;
import carteiro.protocol.Program;
import carteiro.protocol.SocketWires;
import carteiro.start.StartCommand.ProcessModel;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Files;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** A whole installation at work, in either form; what {@code carteiro run} runs. Safe for any thread. */
public final class RunningInstallation implements AutoCloseable {
    private final HomeLock lock;
    private final @Nullable DirectWires wires;
    private final Supervisor supervisor;
    private final Closeable control;
    private final EventLog log;

    private RunningInstallation(
            HomeLock lock, @Nullable DirectWires wires, Supervisor supervisor, Closeable control, EventLog log) {
        this.lock = lock;
        this.wires = wires;
        this.supervisor = supervisor;
        this.control = control;
        this.log = log;
    }

    /**
     * Starts every program in this process and returns when each is ready or has failed once.
     *
     * @param log where events go; stays open
     * @param environment the variables that reach local's programs
     * @throws ControlException naming every setting that cannot be used; nothing runs then
     * @throws IOException if another instance is at work here, or a file is in the way
     */
    public static RunningInstallation startTogether(
            Installation installation, EventLog log, Map<String, String> environment)
            throws ControlException, IOException {
        RunningInstallation product =
                open(installation, ProcessModel.TOGETHER, InstalledPrograms.wanted(installation), log, environment);
        try {
            product.start();
            return product;
        } catch (ControlException | RuntimeException e) {
            product.close();
            throw e;
        }
    }

    /** Takes the installation and answers to control, but starts nothing yet. See {@link #startTogether}. */
    static RunningInstallation open(
            Installation installation,
            ProcessModel form,
            List<Program> programs,
            EventLog log,
            Map<String, String> environment)
            throws ControlException, IOException {
        StartSettings.read(installation);
        boolean root = SystemAccount.effectiveUid() == 0;
        Layout.checkHome(installation);
        Layout.refuseQueueOfQmail(installation);
        Layout.run(installation, "start", new Layout.FolderOwner.Us());
        HomeLock lock = HomeLock.whole(
                installation,
                InstalledPrograms.all().stream().map(Program::name).toList()); // also of one that nobody wants any more
        DirectWires wires = null;
        try {
            ProgramInstance.InstanceStarter beginning;
            switch (form) {
                case TOGETHER -> {
                    if (root) {
                        log.warning(
                                "start",
                                "every program runs as root in this one process; run --split gives each its own user");
                    }
                    for (Program program : programs) {
                        Layout.run(installation, program.name(), new Layout.FolderOwner.Us());
                    }
                    wires = new DirectWires(new SocketWires(installation, log));
                    beginning = InProcessInstance.with(
                            new Program.ProgramContext(installation, wires, log, environment, () -> {}));
                }
                case SPLIT -> {
                    if (root) {
                        Layout.separate(installation, programs);
                    }
                    beginning = ChildProcessInstance.in(installation, log);
                }
                default -> throw new IllegalStateException(form.toString());
            }
            var supervisor = new Supervisor(
                    programs,
                    beginning,
                    log,
                    patience(installation),
                    new ControlChanges(
                            installation, programs.stream().map(Program::name).toList()));
            Closeable control = ControlWire.offer("start", installation, owner(installation), supervisor, log);
            return new RunningInstallation(lock, wires, supervisor, control, log);
        } catch (IOException | RuntimeException e) {
            if (wires != null) {
                wires.close();
            }
            lock.close();
            throw e;
        }
    }

    /**
     * Starts every program, as {@link Supervisor#start}; a stop from another thread ends it early.
     *
     * @throws ControlException naming every setting that cannot be used; nothing runs then
     */
    void start() throws ControlException {
        supervisor.start();
    }

    /** Who may control besides root and our own user: the owner of the installation. */
    static Set<String> owner(Installation installation) throws IOException {
        return Set.of(Files.getOwner(installation.home()).getName());
    }

    /** How long a stop may take, as control/timeoutstop says at the time of the stop. */
    static Supplier<Duration> patience(Installation installation) {
        return () -> {
            try {
                return StartSettings.read(installation).stopTimeout();
            } catch (ControlException e) { // somebody broke it meanwhile
                return Duration.ofSeconds(Long.parseLong(Settings.TIMEOUTSTOP.standard()));
            }
        };
    }

    /** Orders something of all programs, as a signal does; what goes wrong is in the log. */
    void order(ControlVerb verb) {
        Control.ControlReply answer = supervisor.ask(verb, Control.ALL);
        if (verb == ControlVerb.ALARM
                && answer.result() != Control.ControlResult.DONE) { // a reload writes its own lines
            answer.text().lines().forEach(problem -> log.warning("start", problem));
        }
    }

    /** Stops every program in order; returns when they have stopped. */
    public void stop() {
        supervisor.stop();
    }

    /** As {@link #stop}, because nobody reads the log. */
    void stopWithoutLogReader() {
        supervisor.stop(Supervisor.Cause.UNHEARD);
    }

    /** Waits until somebody has stopped everything. */
    public void awaitStopped() throws InterruptedException {
        var _ = supervisor.awaitStopped();
    }

    /** As {@link #awaitStopped}. @return why */
    Supervisor.Cause awaitCause() throws InterruptedException {
        return supervisor.awaitStopped();
    }

    /** Stops what runs and frees the installation. */
    @Override
    public void close() throws IOException {
        supervisor.stop();
        if (wires != null) {
            wires.close();
        }
        try (lock) {
            control.close();
        }
    }
}
