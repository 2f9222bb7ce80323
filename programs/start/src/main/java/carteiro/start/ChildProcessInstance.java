package carteiro.start;

import carteiro.control.ControlException;
import carteiro.control.Installation;
import carteiro.log.EventLog;
import carteiro.posix.ChildCommand;
import carteiro.posix.PassedVariables;
import carteiro.protocol.Control;
import carteiro.protocol.Control.ControlReply;
import carteiro.protocol.Control.ControlResult;
import carteiro.protocol.Control.ControlVerb;
import carteiro.protocol.ControlWire;
import carteiro.protocol.Program;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** A program's life in a process of its own, led over its control socket. What it says is bounded and never trusted. */
final class ChildProcessInstance implements ProgramInstance {
    /** Exit code of a program whose settings cannot be used (EX_CONFIG): trying again is of no use. */
    static final int BAD_SETTINGS = 78;

    /** Exit code of a Java whose heap is full (-XX:+ExitOnOutOfMemoryError). */
    private static final int NO_MEMORY = 3;

    /** Between looks at a program that is not ready yet. */
    private static final Duration LOOK = Duration.ofMillis(50);

    /** How long a child may take for a status line. */
    private static final Duration STATUS = Duration.ofSeconds(3);

    /** How long it may take for anything else but stopping. */
    private static final Duration ANSWER = Duration.ofSeconds(60);

    /** What a child may take beyond the patience it was given, before it is killed. */
    private static final Duration GRACE = Duration.ofSeconds(1);

    private final Process process;
    private final String name;
    private final Installation installation;

    private ChildProcessInstance(Process process, String name, Installation installation) {
        this.process = process;
        this.name = name;
        this.installation = installation;
    }

    static InstanceStarter in(Installation installation, EventLog log) {
        if (ChildCommand.setpriv().isEmpty()) {
            log.alert(
                    "start", "setpriv is missing, so the programs start without no-new-privileges; install util-linux");
        }
        return (program, wanted) -> {
            ProcessBuilder builder = ChildCommand.besideUs(builder(program, installation));
            builder.redirectInput(ProcessBuilder.Redirect.PIPE); // by which it learns that it is to end
            builder.redirectOutput(ProcessBuilder.Redirect.INHERIT);
            builder.redirectError(ProcessBuilder.Redirect.INHERIT);
            var child = new ChildProcessInstance(builder.start(), program.name(), installation);
            while (!child.ready()) {
                if (!wanted.getAsBoolean()) {
                    child.stop(Duration.ZERO);
                    throw new IOException("stopped before it was ready");
                }
                child.waitFor(LOOK);
                if (!child.alive()) {
                    if (child.process.exitValue() == BAD_SETTINGS) {
                        throw new ControlException(
                                List.of(program.name() + ": settings cannot be used; see its lines"));
                    }
                    throw new IOException(child.ending());
                }
            }
            return child;
        };
    }

    /**
     * Without a terminal, and unable to gain rights by what it runs; of our variables it gets those
     * that a program of ours reads (QMAILREMOTE names the one that remote runs). local alone keeps that and all variables:
     * its users' programs may be set-user-id, and control/programvariables may name any variable.
     */
    private static ProcessBuilder builder(Program program, Installation installation) throws IOException {
        List<String> command = command(program.name(), installation);
        ProcessBuilder builder;
        if (program.user().equals("root")) {
            builder = ChildCommand.withOurVariables(command);
        } else {
            Map<String, String> environment = System.getenv();
            Map<String, String> passed = PassedVariables.STANDARD
                    .and(List.of("CARTEIRO_*", "JOURNAL_STREAM", "QMAILREMOTE"))
                    .of(environment);
            passed.putIfAbsent("JAVA_HOME", System.getProperty("java.home"));
            var tied = new ArrayList<String>();
            ChildCommand.setpriv().ifPresent(setpriv -> tied.addAll(List.of(setpriv, "--no-new-privs", "--")));
            tied.addAll(command);
            builder = ChildCommand.withEnvironment(passed, tied);
        }
        builder.environment().put("CARTEIRO_NO_BUILD", "1");
        builder.environment().remove("NOTIFY_SOCKET"); // start alone speaks for all
        return builder;
    }

    /** The same program by the launcher, which knows how much memory it needs; without one, as we were started. */
    private static List<String> command(String program, Installation installation) {
        var command = new ArrayList<String>();
        String launcher = System.getProperty("carteiro.launcher", "");
        if (launcher.isEmpty()) {
            command.addAll(List.of(
                    System.getProperty("java.home") + "/bin/java",
                    "-XX:+UseSerialGC",
                    "-XX:-UsePerfData",
                    "-XX:+ExitOnOutOfMemoryError",
                    "--enable-native-access=ALL-UNNAMED",
                    "-cp",
                    System.getProperty("java.class.path"),
                    Start.class.getName()));
        } else {
            command.add(launcher);
        }
        command.addAll(List.of(program, "--home", installation.home().toString(), "--child"));
        return command;
    }

    private ControlReply ask(ControlVerb verb, Duration limit) throws IOException {
        return ControlWire.client(name, installation, limit).ask(verb, name);
    }

    private boolean ready() {
        try {
            ControlReply answer = ask(ControlVerb.STATUS, STATUS);
            return answer.programs().stream().anyMatch(row -> row.pid() == pid());
        } catch (IOException e) {
            return false; // its socket is not there yet
        }
    }

    /** @return whether it has ended */
    private boolean waitFor(Duration limit) {
        try {
            return process.waitFor(limit.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return !process.isAlive();
        }
    }

    @Override
    public boolean alive() {
        return process.isAlive();
    }

    @Override
    public void whenEnded(Runnable action) {
        var _ = process.onExit().thenRun(action);
    }

    @Override
    public String ending() {
        if (process.isAlive()) {
            return "it is being ended";
        }
        int code = process.exitValue();
        if (code == NO_MEMORY) {
            return "its memory was exhausted (exit code 3); see CARTEIRO_JAVA_OPTS in docs/programs/carteiro.md";
        }
        return code > 128 && code < 160 ? "killed by signal " + (code - 128) : "exit code " + code;
    }

    @Override
    public long pid() {
        return process.pid();
    }

    @Override
    public String status() {
        try {
            ControlReply answer = ask(ControlVerb.STATUS, STATUS);
            return answer.programs().stream()
                    .filter(row -> row.pid() == pid())
                    .map(Control.ProgramStatus::status)
                    .findFirst()
                    .orElse("says nothing of itself: " + answer.text());
        } catch (IOException e) {
            return "does not answer: " + e.getMessage();
        }
    }

    @Override
    public void reload() throws ControlException, IOException {
        ControlReply answer = ask(ControlVerb.RELOAD, ANSWER);
        if (answer.result() != ControlResult.DONE) {
            throw new ControlException(answer.text().lines().toList());
        }
    }

    @Override
    public void tryNow() throws IOException {
        ControlReply answer = ask(ControlVerb.ALARM, ANSWER);
        if (answer.result() != ControlResult.DONE) {
            throw new IOException(answer.text());
        }
    }

    @Override
    public void stop(Duration patience) {
        try {
            process.getOutputStream()
                    .write((patience.toMillis() + "\n").getBytes(java.nio.charset.StandardCharsets.US_ASCII));
            process.getOutputStream().close(); // the end of its input tells it to end
        } catch (IOException e) {
            // it has gone already
        }
        if (!waitFor(patience.plus(GRACE))) {
            process.destroyForcibly();
            waitFor(GRACE);
        }
    }
}
