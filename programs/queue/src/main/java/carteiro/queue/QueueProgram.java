package carteiro.queue;

import carteiro.control.ControlException;
import carteiro.control.Installation;
import carteiro.protocol.Program;
import carteiro.protocol.Wires;
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
    public void check(Installation installation) throws ControlException {
        var _ = QueueSettings.read(installation);
    }

    @Override
    public Running start(Surroundings surroundings) throws ControlException, IOException {
        Installation installation = surroundings.installation();
        surroundings.dropPrivileges(); // nothing here needs root: every file is ours
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
        var queue =
                new Queue(new FileDisk(folder), settings::get, surroundings.log(), Clock.systemUTC(), Journal.SEGMENT);
        Deque<Closeable> doors = new ArrayDeque<>();
        SpoolIntake spool;
        try {
            spool = SpoolIntake.of(installation, queue, surroundings.log());
            Wires wires = surroundings.wires();
            doors.push(wires.offer(queue.messages()));
            doors.push(wires.offer(queue.enqueue()));
            doors.push(
                    wires.offer(queue.waiting())); // after these two: send begins with bounces that could not be queued
            doors.push(wires.offer(queue.cleaning()));
            doors.push(wires.offer(queue.inspection()));
        } catch (IOException | RuntimeException e) {
            closeAll(doors);
            queue.close();
            throw e;
        }
        queue.keepUp();
        spool.start();
        return new AtWork(surroundings, settings, queue, spool, doors);
    }

    private static void closeAll(Deque<Closeable> doors) {
        for (Closeable door : doors) {
            try {
                door.close();
            } catch (IOException e) {
                // it is gone either way
            }
        }
    }

    private static final class AtWork implements Running {
        private final Surroundings surroundings;
        private final AtomicReference<QueueSettings> settings;
        private final Queue queue;
        private final SpoolIntake spool;
        private final Deque<Closeable> doors;
        private final AtomicBoolean stopped = new AtomicBoolean();

        AtWork(
                Surroundings surroundings,
                AtomicReference<QueueSettings> settings,
                Queue queue,
                SpoolIntake spool,
                Deque<Closeable> doors) {
            this.surroundings = surroundings;
            this.settings = settings;
            this.queue = queue;
            this.spool = spool;
            this.doors = doors;
        }

        @Override
        public void reload() throws ControlException {
            settings.set(QueueSettings.read(surroundings.installation()));
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
            closeAll(doors);
            try {
                queue.close();
            } catch (IOException e) {
                surroundings.log().warning("queue", "cannot close the queue: " + e);
            }
        }
    }
}
