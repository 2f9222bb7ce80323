package carteiro.local;

import carteiro.control.ControlException;
import carteiro.control.Installation;
import carteiro.log.EventLog;
import carteiro.maildir.DirectorySync;
import carteiro.maildir.Maildir;
import carteiro.maildir.MaildirNames;
import carteiro.maildir.Mbox;
import carteiro.protocol.AccountPrivilege;
import carteiro.protocol.FileThreads;
import carteiro.protocol.Program;
import carteiro.protocol.StopStage;
import carteiro.protocol.Wires.Channel;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;

/** The program local: offers deliveries into accounts to send (docs/programs/local.md). */
public final class Local implements Program {
    /** How long one piece of work on files may take before the delivery is given up as deferred. */
    private static final Duration FILE_PATIENCE = Duration.ofHours(1);

    /** How long deliveries get to answer after their programs were killed. */
    private static final Duration LAST_PATIENCE = Duration.ofSeconds(5);

    /** How long the last answers get to leave by their sockets. */
    private static final Duration ANSWER_PATIENCE = Duration.ofMillis(100);

    /** For start, through {@link java.util.ServiceLoader}. */
    public Local() {}

    @Override
    public String name() {
        return "local";
    }

    @Override
    public String user() {
        return "root";
    }

    @Override
    public StopStage stopStage() {
        return StopStage.WAY_OUT;
    }

    @Override
    public void check(Installation installation) throws ControlException {
        var _ = LocalSettings.read(installation);
    }

    @Override
    public RunningProgram start(ProgramContext context) throws ControlException, IOException {
        context.dropPrivileges();
        return start(context, AccountPrivilege.ofThisProcess());
    }

    private static RunningProgram start(ProgramContext context, AccountPrivilege privilege)
            throws ControlException, IOException {
        Installation installation = context.installation();
        LocalSettings settings = LocalSettings.read(installation);
        EventLog log = context.log();
        Path folder = installation.run("local").resolve("messages");
        MessageSpool spool = MessageSpool.in(folder, privilege);
        var programs = new ProgramRunner(
                privilege, folder, forPrograms(context.environment(), settings, installation), ProgramRunner.LIMIT);
        Clock clock = Clock.systemUTC();
        var sync = new DirectorySync();
        var tools = new AccountDelivery.LocalDeliveryContext(
                new FileThreads("local", privilege, FILE_PATIENCE, log),
                new Maildir(MaildirNames.ofThisHost(), sync, clock),
                new Mbox(sync, Mbox.PATIENCE),
                programs,
                new ForwardSender(
                        context.wires().enqueue(),
                        clock,
                        ProcessHandle.current().pid()),
                log,
                clock);
        WarmUp.run(tools, privilege, folder);
        if (!programs.problem().isEmpty()) {
            log.alert("local", programs.problem());
        }
        if (!SystemText.namesEverything()) {
            log.warning(
                    "local",
                    "the locale of this process cannot name files outside ASCII; start it with LC_ALL=C.UTF-8");
        }
        var deliveries = new LocalDeliveries(context.wires(), privilege, spool, tools, log, settings);
        Closeable homes = context.wires().offerHomes(new HomeChecker(privilege, log));
        Closeable deliver = context.wires().offer(Channel.LOCAL, deliveries);
        Closeable offer = () -> {
            try {
                homes.close();
            } finally {
                deliver.close();
            }
        };
        return new RunningLocal(context, deliveries, programs, offer, new AtomicBoolean());
    }

    /** What every program of a user gets of the environment that local was started with. */
    private static Map<String, String> forPrograms(
            Map<String, String> environment, LocalSettings settings, Installation installation) {
        var passed = settings.passed().of(environment);
        passed.put("CARTEIRO_HOME", installation.home().toString()); // by which forward and others find the queue
        return passed;
    }

    private record RunningLocal(
            ProgramContext context,
            LocalDeliveries deliveries,
            ProgramRunner programs,
            Closeable offer,
            AtomicBoolean stopped)
            implements RunningProgram {
        @Override
        public void reload() throws ControlException {
            LocalSettings settings = LocalSettings.read(context.installation());
            deliveries.use(settings);
            programs.use(forPrograms(context.environment(), settings, context.installation()));
        }

        @Override
        public String status() {
            return "running=" + deliveries.running();
        }

        @Override
        public void stop(Duration patience) {
            if (stopped.getAndSet(true)) {
                return;
            }
            EventLog log = context.log();
            deliveries.refuse();
            try {
                if (!deliveries.quiet(patience)) {
                    programs.killAll();
                    if (!deliveries.quiet(LAST_PATIENCE)) {
                        log.warning(
                                "local", deliveries.running() + " deliveries are left behind; they will be repeated");
                    }
                }
                Thread.sleep(ANSWER_PATIENCE);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            programs.killAll();
            try {
                offer.close();
            } catch (IOException e) {
                log.warning("local", "cannot close its socket: " + e.getMessage());
            }
        }
    }
}
