package carteiro.start;

import carteiro.control.ControlException;
import carteiro.control.Installation;
import carteiro.protocol.Control;
import carteiro.protocol.Control.Answer;
import carteiro.protocol.Control.Result;
import carteiro.protocol.Control.Verb;
import carteiro.protocol.ControlWire;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A program's life in a process of its own, led over its control socket. What it says is bounded and never trusted. */
final class Child implements Life {
    /** Exit code of a program whose settings cannot be used (EX_CONFIG): trying again is of no use. */
    static final int BAD_SETTINGS = 78;

    /** Between looks at a program that is not ready yet. */
    private static final Duration LOOK = Duration.ofMillis(50);

    /** How long a child may take for a status line. */
    private static final Duration STATUS = Duration.ofSeconds(3);

    /** How long it may take for anything else but stopping. */
    private static final Duration ANSWER = Duration.ofSeconds(60);

    /** What a child may take beyond the patience it was given, before it is killed. */
    private static final Duration GRACE = Duration.ofSeconds(2);

    private final Process process;
    private final String name;
    private final Installation installation;

    private Child(Process process, String name, Installation installation) {
        this.process = process;
        this.name = name;
        this.installation = installation;
    }

    static Beginning in(Installation installation) {
        return (program, wanted) -> {
            var builder = new ProcessBuilder(command(program.name(), installation));
            builder.environment().put("CARTEIRO_NO_BUILD", "1");
            builder.redirectOutput(ProcessBuilder.Redirect.INHERIT);
            builder.redirectError(ProcessBuilder.Redirect.INHERIT);
            var child = new Child(builder.start(), program.name(), installation);
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

    /** The same program by the launcher, which knows how much memory it needs; without one, as we were started. */
    private static List<String> command(String program, Installation installation) {
        var command = new ArrayList<String>();
        String launcher = System.getProperty("carteiro.launcher", "");
        if (launcher.isEmpty()) {
            command.addAll(List.of(
                    System.getProperty("java.home") + "/bin/java",
                    "-XX:+UseSerialGC",
                    "-XX:-UsePerfData",
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

    private Answer ask(Verb verb, Duration limit) throws IOException {
        return ControlWire.client(name, installation, limit).ask(verb, name);
    }

    private boolean ready() {
        try {
            Answer answer = ask(Verb.STATUS, STATUS);
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
        return code > 128 && code < 160 ? "killed by signal " + (code - 128) : "exit code " + code;
    }

    @Override
    public long pid() {
        return process.pid();
    }

    @Override
    public String status() {
        try {
            Answer answer = ask(Verb.STATUS, STATUS);
            return answer.programs().stream()
                    .filter(row -> row.pid() == pid())
                    .map(Control.Row::status)
                    .findFirst()
                    .orElse("says nothing of itself: " + answer.text());
        } catch (IOException e) {
            return "does not answer: " + e.getMessage();
        }
    }

    @Override
    public void reload() throws ControlException, IOException {
        Answer answer = ask(Verb.RELOAD, ANSWER);
        if (answer.result() != Result.DONE) {
            throw new ControlException(answer.text().lines().toList());
        }
    }

    @Override
    public void tryNow() throws IOException {
        Answer answer = ask(Verb.ALARM, ANSWER);
        if (answer.result() != Result.DONE) {
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
