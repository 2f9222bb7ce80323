package carteiro.queue;

import carteiro.control.ControlException;
import carteiro.control.Installation;
import carteiro.protocol.Program;
import carteiro.protocol.StopStage;
import carteiro.protocol.Wires;
import carteiro.segments.FileDisk;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;

/** The queue as start runs it (docs/programs/queue.md). */
public final class QueueProgram implements Program {
    /** For the service loader. */
    public QueueProgram() {}

    @Override
    public String name() {
        return "queue";
    }

    @Override
    public String user() {
        return "qmailq";
    }

    @Override
    public StopStage stopStage() {
        return StopStage.KEEPER;
    }

    @Override
    public void check(Installation installation) throws ControlException {
        var _ = QueueSettings.read(installation);
    }

    @Override
    public RunningProgram start(ProgramContext context) throws ControlException, IOException {
        Installation installation = context.installation();
        context.dropPrivileges(); // nothing here needs root: every file is ours
        var settings = new AtomicReference<>(QueueSettings.read(installation));
        Path folder = installation.queue();
        Optional<String> qmails = installation.queueOfQmail();
        if (qmails.isPresent()) {
            throw new IOException(qmails.get());
        }
        if (!Files.isDirectory(folder)) {
            try {
                Files.createDirectory(
                        folder, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
            } catch (IOException e) {
                throw new IOException(
                        folder + ": cannot make this folder (" + e
                                + "); make it, owned by the user of queue, mode 0750",
                        e);
            }
        }
        var queue = new Queue(new FileDisk(folder), settings::get, context.log(), Clock.systemUTC(), Journal.SEGMENT);
        Deque<Closeable> endpoints = new ArrayDeque<>();
        SpoolIntake spool;
        try {
            spool = SpoolIntake.of(installation, queue, context.log());
            Wires wires = context.wires();
            endpoints.push(wires.offer(queue.messages()));
            endpoints.push(wires.offer(queue.enqueue()));
            endpoints.push(
                    wires.offer(queue.waiting())); // after these two: send begins with bounces that could not be queued
            endpoints.push(wires.offer(queue.cleaning()));
            endpoints.push(wires.offer(queue.inspection()));
        } catch (IOException | RuntimeException e) {
            closeAll(endpoints);
            queue.close();
            throw e;
        }
        queue.startMaintenance();
        spool.start();
        return new RunningQueue(context, settings, queue, spool, endpoints);
    }

    private static void closeAll(Deque<Closeable> endpoints) {
        for (Closeable endpoint : endpoints) {
            try {
                endpoint.close();
            } catch (IOException e) {
                // it is gone either way
            }
        }
    }

    private static final class RunningQueue implements RunningProgram {
        private final ProgramContext context;
        private final AtomicReference<QueueSettings> settings;
        private final Queue queue;
        private final SpoolIntake spool;
        private final Deque<Closeable> endpoints;
        private final AtomicBoolean stopped = new AtomicBoolean();

        RunningQueue(
                ProgramContext context,
                AtomicReference<QueueSettings> settings,
                Queue queue,
                SpoolIntake spool,
                Deque<Closeable> endpoints) {
            this.context = context;
            this.settings = settings;
            this.queue = queue;
            this.spool = spool;
            this.endpoints = endpoints;
        }

        @Override
        public void reload() throws ControlException {
            settings.set(QueueSettings.read(context.installation()));
        }

        @Override
        public boolean alive() {
            return queue.alive() && spool.alive();
        }

        @Override
        public String status() {
            return queue.status() + " " + spool.status();
        }

        @Override
        public void stop(Duration patience) {
            if (!stopped.compareAndSet(false, true)) {
                return;
            }
            long end = System.nanoTime() + patience.toNanos(); // of all of it together
            spool.stop();
            try {
                queue.stopTaking(patience);
                spool.join(Duration.ofNanos(Math.max(0, end - System.nanoTime()))); // queue refuses what it is at
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            closeAll(endpoints);
            try {
                queue.close();
            } catch (IOException e) {
                context.log().warning("queue", "cannot close the queue: " + e);
            }
        }
    }
}
