package carteiro.checkpassword;

import carteiro.control.ControlException;
import carteiro.control.Installation;
import carteiro.control.Settings;
import carteiro.log.EventLog;
import carteiro.log.LogText;
import carteiro.posix.Identity;
import carteiro.protocol.PasswordChecker;
import carteiro.protocol.Passwords.LoginAttempt;
import carteiro.protocol.Program;
import carteiro.protocol.StopStage;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/** Has a checkpassword program look at passwords, for lookup (docs/programs/checkpassword.md). */
public final class CheckpasswordProgram implements Program {
    static final String NAME = "checkpassword";

    /** For the service loader. */
    public CheckpasswordProgram() {}

    @Override
    public String name() {
        return NAME;
    }

    /** Such a program reads what root alone may, and becomes any user. */
    @Override
    public String user() {
        return "root";
    }

    @Override
    public StopStage stopStage() {
        return StopStage.ASKED;
    }

    @Override
    public boolean isWanted(Installation installation) {
        return Files.exists(installation.control(Settings.CHECKPASSWORD));
    }

    @Override
    public void check(Installation installation) throws ControlException {
        if (isWanted(installation)) {
            var _ = CheckerCommand.read(installation);
        }
    }

    @Override
    public RunningProgram start(ProgramContext context) throws ControlException, IOException {
        CheckerCommand command = CheckerCommand.read(context.installation());
        context.dropPrivileges();
        boolean asRoot = Identity.ownUid() == 0;
        String problem = CheckerRun.problem(asRoot);
        if (!problem.isEmpty()) {
            throw new IOException(problem);
        }
        Path folder = context.installation().run(NAME).resolve("reports");
        clear(folder);
        var host = new CheckerHost(context.log(), folder, asRoot, command);
        return new RunningCheckpassword(
                context.installation(), host, context.wires().offerChecker(host));
    }

    /** A folder for named pipes; those that a crash has left are removed. */
    private static void clear(Path folder) throws IOException {
        if (Files.notExists(folder)) {
            Files.createDirectories(folder.getParent());
            Files.createDirectory(
                    folder, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
            return;
        }
        try (var left = Files.newDirectoryStream(folder, "report.*")) {
            for (Path each : left) {
                Files.deleteIfExists(each);
            }
        }
    }

    /** Answers. */
    private static final class CheckerHost implements PasswordChecker {
        /** The most programs at once: whoever tries passwords must not start hundreds. */
        private static final int MOST = 8;

        /** How long a question waits for its turn. */
        private static final Duration PATIENCE = Duration.ofSeconds(40);

        private final EventLog log;
        private final Path folder;
        private final boolean asRoot;
        private final Semaphore free = new Semaphore(MOST, true);
        private final AtomicLong runs = new AtomicLong();
        private final AtomicLong refused = new AtomicLong();
        private volatile CheckerCommand command;

        CheckerHost(EventLog log, Path folder, boolean asRoot, CheckerCommand command) {
            this.log = log;
            this.folder = folder;
            this.asRoot = asRoot;
            this.command = command;
        }

        @Override
        public CheckerAnswer check(LoginAttempt attempt, String name, byte[] password) {
            try {
                if (!free.tryAcquire(PATIENCE.toMillis(), TimeUnit.MILLISECONDS)) {
                    return new CheckerAnswer.CheckerUndecided("all " + MOST + " programs at once take too long");
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return new CheckerAnswer.CheckerUndecided("interrupted");
            }
            try {
                CheckerCommand now = command;
                CheckerAnswer answer = new CheckerRun(now, folder, asRoot, runs.incrementAndGet(), CheckerRun.LIMIT)
                        .check(attempt, name, password);
                return told(answer, now);
            } catch (IOException e) {
                return told(new CheckerAnswer.CheckerUndecided(LogText.reason(e)), command);
            } finally {
                free.release();
            }
        }

        private CheckerAnswer told(CheckerAnswer answer, CheckerCommand asked) {
            switch (answer) {
                case CheckerAnswer.PasswordAccepted _ -> {}
                case CheckerAnswer.PasswordRefused _ -> refused.incrementAndGet();
                case CheckerAnswer.CheckerUndecided(var reason) -> {
                    String whole = asked.words().getFirst() + ": " + reason;
                    log.warning(NAME, whole);
                    return new CheckerAnswer.CheckerUndecided(whole);
                }
            }
            return answer;
        }
    }

    /** The program at work. */
    private record RunningCheckpassword(Installation installation, CheckerHost host, Closeable endpoint)
            implements RunningProgram {
        @Override
        public void reload() throws ControlException {
            host.command = CheckerCommand.read(installation);
        }

        @Override
        public String status() {
            return "runs=" + host.runs.get() + " refused=" + host.refused.get() + " now="
                    + (CheckerHost.MOST - host.free.availablePermits());
        }

        @Override
        public void stop(Duration patience) {
            try {
                endpoint.close();
            } catch (IOException e) {
                host.log.warning(NAME, "closing its socket: " + LogText.reason(e));
            }
        }
    }
}
