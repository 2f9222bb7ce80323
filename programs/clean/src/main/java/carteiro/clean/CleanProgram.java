package carteiro.clean;

import carteiro.control.ControlException;
import carteiro.control.Installation;
import carteiro.protocol.Cleaning;
import carteiro.protocol.Program;
import carteiro.protocol.StopStage;
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
    public StopStage stopStage() {
        return StopStage.CLEANER;
    }

    @Override
    public void check(Installation installation) throws ControlException {
        var _ = CleanSettings.read(installation);
    }

    @Override
    public RunningProgram start(ProgramContext context) throws ControlException, IOException {
        context.dropPrivileges();
        var settings = new AtomicReference<>(CleanSettings.read(context.installation()));
        var atWork = new RunningClean(context, settings);
        atWork.begin();
        return atWork;
    }

    /** One thread that looks, removes, and pauses. */
    private static final class RunningClean implements RunningProgram {
        private final ProgramContext context;
        private final AtomicReference<CleanSettings> settings;
        private final Cleaning queue;
        private final FileRemover remover;
        private final CountDownLatch stopping = new CountDownLatch(1);
        private final AtomicLong removed = new AtomicLong();
        private final AtomicLong octets = new AtomicLong();
        private final AtomicLong rewritten = new AtomicLong();
        private final VitalThread thread;
        private int failed; // rounds one after the other; of the thread

        RunningClean(ProgramContext context, AtomicReference<CleanSettings> settings) {
            this.context = context;
            this.settings = settings;
            this.queue = context.wires().cleaning();
            this.remover = new FileRemover(context.installation().queue(), context.log());
            this.thread = new VitalThread(
                    Thread.ofVirtual().name("clean"),
                    "clean",
                    context.log(),
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
                    context.log().log(new CleanEvent.QueueNotAnswering(String.valueOf(e.getMessage())));
                }
            } catch (RuntimeException e) {
                context.log().bug("clean", e);
            }
        }

        private int sweep() throws IOException {
            List<String> dead = queue.dead();
            if (!dead.isEmpty()) {
                List<String> gone = remover.remove(dead);
                queue.removed(gone);
                removed.addAndGet(gone.size());
                octets.set(remover.octets());
            }
            return dead.size();
        }

        @Override
        public void reload() throws ControlException {
            settings.set(CleanSettings.read(context.installation()));
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
                    context.log().info("clean", "still at work after " + patience.toSeconds() + " s; left alone");
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
