package carteiro.start;

import carteiro.control.ControlException;
import carteiro.control.Installation;
import carteiro.log.EventLog;
import carteiro.log.LogText;
import carteiro.log.Severity;
import carteiro.posix.Identity;
import carteiro.posix.LauncherLink;
import carteiro.posix.SystemAccount;
import carteiro.protocol.Control;
import carteiro.protocol.Control.ControlReply;
import carteiro.protocol.Control.ControlResult;
import carteiro.protocol.Control.ControlVerb;
import carteiro.protocol.ControlWire;
import carteiro.protocol.NoGreetingException;
import carteiro.protocol.NotRunningException;
import carteiro.protocol.Program;
import carteiro.protocol.RefusedException;
import carteiro.protocol.SocketWires;
import carteiro.start.StartCommand.Parent;
import carteiro.start.StartCommand.ProcessModel;
import java.io.BufferedReader;
import java.io.Console;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;

/** The command: {@code carteiro run}, {@code carteiro PROGRAM}, {@code carteiro status} and the like, {@code carteiro init}. */
public final class Start {
    /** Exit codes: done; what is asked about does not run (as in the Linux Standard Base); wrong use; trouble. */
    private static final int DONE = 0;

    private static final int NOT_RUNNING = 3;
    private static final int USAGE = 100;
    private static final int TROUBLE = 111;

    /** An answer to a control request may take as long as the longest stop, and some more. */
    private static final Duration CONTROL = Duration.ofSeconds(3_700);

    /** How long a program that takes no more questions may be there. */
    private static final Duration STOPPING = Duration.ofMillis(500);

    private final PrintStream out;
    private final Map<String, String> environment;

    Start(PrintStream out, Map<String, String> environment) {
        this.out = out;
        this.environment = environment;
    }

    /** Runs the command and ends the process. */
    public static void main(String[] arguments) throws InterruptedException {
        LauncherLink.begun();
        int code = TROUBLE;
        try {
            code = new Start(System.out, System.getenv()).command(List.of(arguments));
        } catch (RuntimeException | Error e) { // no descriptors, no threads, a bug: to be tried again
            System.out.println(Severity.of(System.getenv(), Path.of("/proc/self/fd/1"))
                    .of("alert: cannot start: " + LogText.sentence(e.toString())));
            e.printStackTrace();
        }
        System.out.flush();
        System.exit(code);
    }

    /** Runs it. @return the exit code */
    int command(List<String> arguments) throws InterruptedException {
        return switch (StartCommand.parse(arguments, environment)) {
            case StartCommand.RunAll(var home, var form) -> run(new Installation(home), form);
            case StartCommand.RunOne(var program, var home, var parent) -> one(program, new Installation(home), parent);
            case StartCommand.Ask(var verb, var program, var home) -> ask(verb, program, new Installation(home));
            case StartCommand.InitHome init -> init(init);
            case StartCommand.UsageError(var reason) -> {
                out.println("carteiro: " + reason);
                yield USAGE;
            }
        };
    }

    // ---- carteiro run

    private int run(Installation installation, ProcessModel form) throws InterruptedException {
        return logging(installation, (log, reader) -> {
            var notifier = ServiceNotifier.of(environment, log);
            var opened = new CompletableFuture<RunningInstallation>(); // a signal that comes early waits for it
            Signals.on("TERM", () -> opened.join().stop());
            Signals.on("INT", () -> opened.join().stop());
            Signals.on("HUP", () -> opened.join().order(ControlVerb.RELOAD));
            Signals.on("ALRM", () -> opened.join().order(ControlVerb.ALARM));
            Signals.ignoreTheRest();
            var _ = reader.gone().thenRunAsync(() -> opened.join().stopWithoutLogReader());
            try (var product = RunningInstallation.open(
                    installation, form, InstalledPrograms.wanted(installation), log, forPrograms(environment))) {
                opened.complete(product);
                product.start();
                notifier.ready();
                return switch (product.awaitCause()) {
                    case ASKED -> DONE;
                    case UNHEARD -> TROUBLE;
                };
            }
        });
    }

    /** What runs with a log. */
    private interface LoggedAction {
        int run(EventLog log, LogConsumer reader) throws ControlException, IOException, InterruptedException;
    }

    /** Runs it; a start that fails gives one line for each reason. The log is flushed at the end. */
    private int logging(Installation installation, LoggedAction work) throws InterruptedException {
        StartSettings settings;
        try {
            settings = StartSettings.read(installation);
        } catch (ControlException e) {
            e.problems().forEach(problem -> out.println(severity().of(new StartEvent.CannotStart(problem).line())));
            return TROUBLE;
        }
        var reader = new LogConsumer();
        try (var log = new EventLog(
                new FileOutputStream(FileDescriptor.out),
                settings.logForm(),
                Clock.systemUTC(),
                severity(),
                reader::trouble)) {
            reader.watch();
            try {
                return work.run(log, reader);
            } catch (ControlException e) {
                e.problems().forEach(problem -> log.log(new StartEvent.CannotStart(problem)));
            } catch (IOException e) {
                log.log(new StartEvent.CannotStart(LogText.reason(e)));
            }
            return TROUBLE;
        }
    }

    private Severity severity() {
        return Severity.of(environment, Path.of("/proc/self/fd/1"));
    }

    /** What reaches local's programs: everything but what is ours. */
    static Map<String, String> forPrograms(Map<String, String> environment) {
        var kept = new HashMap<>(environment);
        kept.keySet().removeIf(name -> name.startsWith("CARTEIRO_"));
        return kept;
    }

    // ---- carteiro PROGRAM

    private int one(String name, Installation installation, Parent parent) throws InterruptedException {
        List<Program> programs = InstalledPrograms.all();
        Optional<Program> found =
                programs.stream().filter(program -> program.name().equals(name)).findFirst();
        if (found.isEmpty()) {
            out.println("carteiro: there is no program " + name + "; there are "
                    + String.join(", ", programs.stream().map(Program::name).toList()));
            return USAGE;
        }
        return logging(installation, (log, reader) -> {
            try {
                return alone(found.get(), installation, parent, log, reader);
            } catch (ControlException | IOException wrong) {
                ControlException e = UnreadableSettings.setting(wrong, installation);
                if (parent == Parent.SYSTEM) {
                    throw e;
                }
                e.problems().forEach(problem -> log.log(new StartEvent.CannotStart(problem)));
                return ChildProcessInstance.BAD_SETTINGS;
            }
        });
    }

    private int alone(Program program, Installation installation, Parent parent, EventLog log, LogConsumer reader)
            throws ControlException, IOException, InterruptedException {
        boolean root = SystemAccount.effectiveUid() == 0;
        Layout.checkHome(installation);
        Layout.run(installation, "start", new Layout.FolderOwner.Us());
        if (program.name().equals("queue")) {
            Layout.refuseQueueOfQmail(installation);
        }
        if (root) {
            Layout.separate(installation, List.of(program));
        } else {
            Layout.run(installation, program.name(), new Layout.FolderOwner.Us());
        }
        openEveryJar();
        Supplier<Duration> patience = RunningInstallation.patience(installation);
        try (var _ = HomeLock.program(installation, program.name());
                var wires = new SocketWires(installation, log)) {
            var started = new CompletableFuture<Single>();
            signals(started, parent, patience, log);
            var _ = reader.gone().thenRunAsync(() -> started.join().end(Single.StopReason.DIED, patience.get()));
            Program.RunningProgram running = program.start(new Program.ProgramContext(
                    installation, wires, log, forPrograms(environment), privileges(program, root)));
            if (root && !program.user().equals("root") && SystemAccount.effectiveUid() == 0) {
                running.stop(Duration.ZERO);
                throw new IOException(program.name() + " has not given up root; a bug, please report");
            }
            var single = new Single(
                    program.name(),
                    running,
                    wires,
                    patience,
                    new ControlChanges(installation, List.of(program.name())));
            started.complete(single);
            Single.StopReason end;
            try (var _ = ControlWire.offer(
                    program.name(), installation, RunningInstallation.owner(installation), single, log)) {
                ServiceNotifier.of(environment, log).ready();
                end = single.awaitEnd();
            }
            return switch (end) {
                case ASKED -> DONE;
                case AGAIN, DIED -> TROUBLE; // a supervisor that restarts on failure does so
            };
        }
    }

    /** Jars are opened at the first look; the program's user may not be able to reach them later. */
    private static void openEveryJar() {
        boolean _ = ClassLoader.getSystemResource("carteiro/start/no-such-file") == null;
    }

    private static Program.Privileges privileges(Program program, boolean root) throws IOException {
        if (!root || program.user().equals("root")) {
            return () -> {};
        }
        SystemAccount account = SystemAccount.named(program.user())
                .orElseThrow(() -> new IOException("the system has no account " + program.user()));
        return () -> Identity.become(account);
    }

    /** A signal that comes early waits until the program is ready. */
    private static void signals(
            CompletableFuture<Single> started, Parent parent, Supplier<Duration> patience, EventLog log) {
        Signals.ignoreTheRest();
        Signals.on("ALRM", () -> started.join().ask(ControlVerb.ALARM, Control.ALL));
        Signals.on("HUP", () -> {
            ControlReply answer = started.join().ask(ControlVerb.RELOAD, Control.ALL);
            if (answer.result() == ControlResult.FAILED) {
                answer.text().lines().forEach(problem -> log.log(new StartEvent.ReloadRefused("it", problem)));
            }
        });
        switch (parent) {
            case SYSTEM -> {
                Signals.on("TERM", () -> started.join().end(Single.StopReason.ASKED, patience.get()));
                Signals.on("INT", () -> started.join().end(Single.StopReason.ASKED, patience.get()));
            }
            case START -> { // a terminal or supervisor sends these to everybody at once; start stops us in order
                Signals.ignore("TERM");
                Signals.ignore("INT");
                Thread.ofPlatform().name("parent").daemon(true).start(() -> followParent(started, patience, log));
            }
        }
    }

    /** Ends when start says so, in a line with the milliseconds we have, or when start is gone. */
    private static void followParent(CompletableFuture<Single> started, Supplier<Duration> patience, EventLog log) {
        try {
            Duration limit = patience.get();
            try (var in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.US_ASCII))) {
                String line = in.readLine();
                if (line != null && line.matches("\\d{1,9}")) {
                    limit = Duration.ofMillis(Long.parseLong(line));
                }
            } catch (IOException e) {
                // the pipe is as good as closed
            }
            if (started.isDone()) {
                started.join().end(Single.StopReason.ASKED, limit);
                return;
            }
        } catch (RuntimeException | Error e) {
            log.bug("start", e); // a program that start cannot end any more must not go on
        }
        Runtime.getRuntime().halt(TROUBLE); // nothing has been begun that could be finished
    }

    // ---- carteiro status, start, stop, restart, reload, alarm

    private int ask(ControlVerb verb, String program, Installation installation) {
        Control start = ControlWire.client("start", installation, CONTROL);
        ControlReply answer;
        try {
            answer = start.ask(verb, program);
        } catch (IOException e) {
            if (isStranger(e, "start", installation)) {
                return show(verb, refused(installation), installation);
            }
            if (isOfAnotherBuild(e, "start", installation) || answers("start", installation)) {
                out.println("carteiro: " + LogText.reason(e));
                return TROUBLE;
            }
            boolean ended = e instanceof java.io.EOFException || e instanceof NoGreetingException;
            if (verb == ControlVerb.STOP && program.equals(Control.ALL) && ended) {
                out.println("stopped"); // it ended before it could say so
                return DONE;
            }
            answer = askEach(verb, program, installation);
        }
        return show(verb, answer, installation);
    }

    private static boolean answers(String program, Installation installation) {
        try {
            ControlWire.client(program, installation, Duration.ofSeconds(10)).ask(ControlVerb.STATUS, Control.ALL);
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    /** Whether {@code e} means that the program is there, and that it or we do not understand the other. */
    private static boolean isOfAnotherBuild(IOException e, String program, Installation installation) {
        if (!(e instanceof NoGreetingException)) {
            return e instanceof RefusedException;
        }
        try {
            Thread.sleep(STOPPING.toMillis()); // it may be stopping: then it is gone the next time
            ControlWire.client(program, installation, CONTROL).ask(ControlVerb.STATUS, Control.ALL);
            return false;
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            return false;
        } catch (IOException again) {
            return again instanceof NoGreetingException;
        }
    }

    /** Whether {@code e} means that the program is there and hung up on us: on anybody but those of {@link #refused}. */
    private static boolean isStranger(IOException e, String program, Installation installation) {
        if (e instanceof NotRunningException) {
            return false;
        }
        int uid = SystemAccount.effectiveUid();
        try {
            return uid != 0
                    && !Integer.valueOf(uid).equals(Files.getAttribute(installation.home(), "unix:uid"))
                    && !Integer.valueOf(uid).equals(Files.getAttribute(installation.run(program), "unix:uid"));
        } catch (IOException gone) {
            return false;
        }
    }

    private static ControlReply refused(Installation installation) {
        return new ControlReply(
                ControlResult.FAILED,
                "what runs in " + installation.home()
                        + " answers root, the owner of this folder and the user that runs it, and nobody else",
                List.of());
    }

    private static boolean isAbsent(IOException e) {
        return e instanceof NotRunningException && !(e.getCause() instanceof NoGreetingException);
    }

    /** Programs that run by themselves each answer for themselves; one that nobody wants any more, too. */
    private static ControlReply askEach(ControlVerb verb, String program, Installation installation) {
        var rows = new ArrayList<Control.ProgramStatus>();
        var texts = new ArrayList<String>();
        ControlResult result = ControlResult.DONE;
        int answered = 0;
        List<Program> programs = InstalledPrograms.all().reversed().stream()
                .filter(each -> program.equals(Control.ALL) || each.name().equals(program))
                .toList();
        if (programs.isEmpty()) {
            return new ControlReply(
                    ControlResult.FAILED,
                    "there is no program " + program + "; there are "
                            + String.join(
                                    ", ",
                                    InstalledPrograms.all().stream()
                                            .map(Program::name)
                                            .toList()),
                    List.of());
        }
        for (Program each : programs) {
            String name = each.name();
            try {
                ControlReply answer =
                        ControlWire.client(name, installation, CONTROL).ask(verb, name);
                answered++;
                rows.addAll(0, answer.programs());
                texts.add(name + ": " + answer.text());
                result = answer.result() == ControlResult.DONE ? result : answer.result();
            } catch (IOException e) {
                if (isStranger(e, name, installation)) {
                    return refused(installation);
                }
                if (program.equals(Control.ALL) && !each.isWanted(installation) && isAbsent(e)) {
                    continue; // nobody has asked for it, and it does not run
                }
                rows.addFirst(new Control.ProgramStatus(
                        name, Control.ProgramState.DOWN, Instant.now(), 0, 0, "does not answer"));
                if (isOfAnotherBuild(e, name, installation)) {
                    answered++;
                    texts.add(name + ": " + LogText.reason(e));
                    result = ControlResult.FAILED;
                } else if (!program.equals(Control.ALL) || verb == ControlVerb.STATUS || verb == ControlVerb.START) {
                    result = ControlResult.NOT_RUNNING;
                }
            }
        }
        return answered == 0
                ? new ControlReply(ControlResult.NOT_RUNNING, "", List.of())
                : new ControlReply(result, verb == ControlVerb.STATUS ? "" : String.join("\n", texts), rows);
    }

    private int show(ControlVerb verb, ControlReply answer, Installation installation) {
        if (!answer.programs().isEmpty() && verb == ControlVerb.STATUS) {
            out.print(StatusTable.of(answer.programs(), ZoneId.systemDefault()));
        }
        answer.text().lines().map(LogText::sentence).forEach(out::println); // whoever answers need not be ours
        if (answer.result() == ControlResult.NOT_RUNNING && answer.programs().isEmpty()) {
            out.println("nothing runs in " + installation.home() + "; start it by: carteiro run --home "
                    + installation.home());
        }
        return switch (answer.result()) {
            case DONE -> DONE;
            case NOT_RUNNING -> NOT_RUNNING;
            case FAILED -> TROUBLE;
        };
    }

    // ---- carteiro init

    /** What a person at a terminal answers; empty if there is none. */
    @SuppressWarnings("SystemConsoleNull") // it is null again where there is no terminal, from Java 25 on
    private static Optional<String> askAtTerminal(String question) {
        Console console = System.console();
        return console == null || !console.isTerminal()
                ? Optional.empty()
                : Optional.ofNullable(console.readLine("%s", question));
    }

    private int init(StartCommand.InitHome asked) {
        var installation = new Installation(asked.home());
        try {
            boolean root = SystemAccount.effectiveUid() == 0;
            if (asked.users() == StartCommand.Users.CREATE) {
                ProgramAccounts.create(installation.home(), out);
            }
            new Init(installation, out, root, Start::askAtTerminal).write(asked.me(), asked.domain(), asked.delivery());
            return DONE;
        } catch (IOException e) {
            out.println("carteiro: " + LogText.sentence(LogText.reason(e)));
            return TROUBLE;
        }
    }
}
