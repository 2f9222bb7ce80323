package carteiro.clean;

import carteiro.control.ControlException;
import carteiro.control.Installation;
import carteiro.protocol.Cleaning;
import carteiro.protocol.Program;
import carteiro.protocol.VitalThread;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;

/** The cleaner as start runs it (docs/programs/clean.md). */
public final class CleanProgram implements Program {
    /** The most names queue gives at once: {@link Cleaning#dead}. */
    private static final int MOST_NAMES = 1000;

    /** Rounds a second apart that may fail without a word: queue is starting, or starting again. */
    private static final int QUIET_ROUNDS = 6;

    /** Lots of names in a round. */
    private static final int MOST_LOTS = 100;

    /** For the service loader. */
    public CleanProgram() {}

    @Override
    public String name() {
        return "clean";
    }

    @Override
    public String user() {
        return "qmailq";
    }

    @Override
    public void check(Installation installation) throws ControlException {
        var _ = CleanSettings.read(installation);
    }

    @Override
    public Running start(Surroundings surroundings) throws ControlException, IOException {
        surroundings.dropPrivileges();
        var settings = new AtomicReference<>(CleanSettings.read(surroundings.installation()));
        var atWork = new AtWork(surroundings, settings);
        atWork.begin();
        return atWork;
    }

    /** One thread that looks, removes, and pauses. */
    private static final class AtWork implements Running {
        private final Surroundings surroundings;
        private final AtomicReference<CleanSettings> settings;
        private final Cleaning queue;
        private final Broom broom;
        private final CountDownLatch stopping = new CountDownLatch(1);
        private final AtomicLong removed = new AtomicLong();
        private final AtomicLong octets = new AtomicLong();
        private final AtomicLong rewritten = new AtomicLong();
        private final VitalThread thread;
        private int failed; // rounds one after the other; of the thread

        AtWork(Surroundings surroundings, AtomicReference<CleanSettings> settings) {
            this.surroundings = surroundings;
            this.settings = settings;
            this.queue = surroundings.wires().cleaning();
            this.broom = new Broom(surroundings.installation().queue(), surroundings.log());
            this.thread = new VitalThread(
                    Thread.ofVirtual().name("clean"),
                    "clean",
                    surroundings.log(),
                    () -> stopping.getCount() == 0,
                    this::clean);
        }

        void begin() {
            thread.start();
        }

        private void clean() {
            try {
                do {
                    round();
                } while (!stopping.await(pause().toMillis(), TimeUnit.MILLISECONDS));
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }

        private Duration pause() {
            return failed > 0 && failed <= QUIET_ROUNDS
                    ? Duration.ofSeconds(1)
                    : settings.get().pause();
        }

        private void round() {
            try {
                int lots = 0;
                while (sweep() == MOST_NAMES && ++lots < MOST_LOTS && stopping.getCount() > 0) {
                    // there are more
                }
                rewritten.addAndGet(queue.rewriteSparse());
                failed = 0;
            } catch (IOException e) {
                if (++failed == QUIET_ROUNDS + 1) {
                    surroundings.log().log(new CleanEvent.Waiting(String.valueOf(e.getMessage())));
                }
            } catch (RuntimeException e) {
                surroundings.log().bug("clean", e);
            }
        }

        private int sweep() throws IOException {
            List<String> dead = queue.dead();
            if (!dead.isEmpty()) {
                List<String> gone = broom.sweep(dead);
                queue.removed(gone);
                removed.addAndGet(gone.size());
                octets.set(broom.octets());
            }
            return dead.size();
        }

        @Override
        public void reload() throws ControlException {
            settings.set(CleanSettings.read(surroundings.installation()));
        }

        @Override
        public boolean alive() {
            return thread.alive();
        }

        @Override
        public String status() {
            return "removed=" + removed + " octets=" + octets + " rewritten=" + rewritten;
        }

        @Override
        public void stop(Duration patience) {
            stopping.countDown();
            try {
                if (!thread.join(patience)) {
                    surroundings.log().info("clean", "still at work after " + patience.toSeconds() + " s; left alone");
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
