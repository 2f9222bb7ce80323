package carteiro.posix;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.ProcessBuilder.Redirect;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * How every child process of ours is begun: in a session of its own, through setsid(1), so that it has no controlling terminal. A
 * program that shares its starter's terminal can push characters into it (TIOCSTI) that root's shell then runs. Standard input
 * is empty unless another is set.
 *
 * <p>The child is the leader of its session and of its process group; its process id is both. A program that cannot be run is
 * told by setsid on standard error and by the exit codes of a shell: 127 if there is none, otherwise 126.
 */
public final class ChildCommand {
    /** What an empty standard input is read from. */
    public static final Redirect NO_INPUT = Redirect.from(new File("/dev/null"));

    private static final List<Path> SETSID = List.of(Path.of("/usr/bin/setsid"), Path.of("/bin/setsid"));
    private static final List<Path> SETPRIV = List.of(Path.of("/usr/bin/setpriv"), Path.of("/bin/setpriv"));
    private static final int SIGKILL = 9;

    /** What setsid, and a shell, answer for a program that cannot be run or is not there. */
    private static final int CANNOT_RUN = 126;

    private static final int NOT_FOUND = 127;

    /** What is added to a signal's number when it ended the child. */
    private static final int SIGNAL = 128;

    /** Where the terminal stands in /proc/self/stat, behind the name: state, parent, group, session, terminal. */
    private static final int TTY = 4;

    /** Not now, in the words of qmail's programs. */
    private static final int TEMPORARY = 111;

    private ChildCommand() {}

    private static final class KillFunction {
        static final CFunction KILL = CFunction.named("kill");
    }

    /** The administrator's problem with starting any child; empty if there is none. */
    public static String problem() {
        return setsid().isEmpty() ? "setsid is missing, so no program can be started; install util-linux" : "";
    }

    /**
     * A child with these variables and no others.
     *
     * @param words the program, found by its path or by our own PATH, and its arguments
     * @throws IOException if setsid is missing
     */
    public static ProcessBuilder withEnvironment(Map<String, String> variables, List<String> words) throws IOException {
        ProcessBuilder builder = inSession(words);
        builder.environment().clear();
        builder.environment().putAll(variables);
        return builder;
    }

    /**
     * A child with those of our own variables that anybody's program may see; for children of the daemons.
     *
     * @throws IOException if setsid is missing
     * @see PassedVariables
     */
    public static ProcessBuilder withFewVariables(List<String> words) throws IOException {
        ProcessBuilder builder = inSession(words);
        builder.environment().keySet().removeIf(name -> !PassedVariables.STANDARD.contains(name));
        return builder;
    }

    /**
     * A child with all of our own variables, octet for octet; for the commands that a user calls, whose variables are the
     * user's.
     *
     * @throws IOException if setsid is missing
     */
    public static ProcessBuilder withOurVariables(List<String> words) throws IOException {
        return inSession(words);
    }

    /**
     * A child that was prepared here, in our own session and process group, where those have no terminal that it could reach: for programs of ours that
     * hand work to each other all the time. Linux divides the machine by sessions first (sched_autogroup), and each of them would wait
     * for its session's turn at every step.
     */
    public static ProcessBuilder besideUs(ProcessBuilder child) {
        if (!child.command().getFirst().equals(setsid())) {
            throw new IllegalArgumentException("not begun here: " + child.command());
        }
        if (!hasTerminal()) {
            child.command(List.copyOf(child.command().subList(1, child.command().size()))); // without setsid
        }
        return child;
    }

    /** Whether this process has a controlling terminal (proc(5), tty_nr); taken to have one where the system does not say. */
    private static boolean hasTerminal() {
        try {
            String status = Files.readString(Path.of("/proc/self/stat"), StandardCharsets.ISO_8859_1);
            String[] fields = status.substring(status.lastIndexOf(')') + 2).split(" ");
            return !fields[TTY].equals("0");
        } catch (IOException | IndexOutOfBoundsException e) {
            return true;
        }
    }

    private static ProcessBuilder inSession(List<String> words) throws IOException {
        String setsid = setsid();
        if (setsid.isEmpty()) {
            throw new IOException(problem());
        }
        if (words.isEmpty() || words.getFirst().startsWith("-")) {
            throw new IOException("no program to start: " + words); // setsid would take it as an option
        }
        var line = new ArrayList<String>();
        line.add(setsid); // a child of Java leads no group yet, so setsid does not fork: the process id stays
        line.addAll(words);
        return new ProcessBuilder(line).redirectInput(NO_INPUT);
    }

    /** Where setpriv(1) is, by which a child gives up rights before it begins; empty if it is missing. */
    public static Optional<String> setpriv() {
        return Optional.of(found(SETPRIV)).filter(path -> !path.isEmpty());
    }

    private static String setsid() {
        return found(SETSID);
    }

    private static String found(List<Path> candidates) {
        for (Path candidate : candidates) {
            if (Files.isExecutable(candidate)) {
                return candidate.toString();
            }
        }
        return "";
    }

    /**
     * Waits for the end of a child that was begun here, for a command that answers with its exit code. The child has no terminal
     * whose interrupt it would hear: it is killed when this process ends first, or this thread is interrupted.
     *
     * @return its exit code; 111 if it could not be run (126, 127) or a signal ended it (above 128): it may go better next time
     */
    public static int exitCode(Process child) throws IOException {
        int code = waitFor(child);
        return code == CANNOT_RUN || code == NOT_FOUND || code > SIGNAL ? TEMPORARY : code;
    }

    /**
     * Waits as {@link #exitCode} does.
     *
     * @return what the system tells: above 128 a signal ended it, most probably
     */
    public static int waitFor(Process child) throws IOException {
        var end = new Thread(() -> kill(child));
        Runtime.getRuntime().addShutdownHook(end);
        try {
            return child.waitFor();
        } catch (InterruptedException e) {
            kill(child);
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        } finally {
            removeHook(end);
        }
    }

    private static void removeHook(Thread end) {
        try {
            Runtime.getRuntime().removeShutdownHook(end);
        } catch (IllegalStateException e) {
            // this process is ending: the hook runs
        }
    }

    /** Writes the input to a child whose standard input is a pipe, by a thread of its own, and closes it; the child need not read it. */
    public static void feed(Process child, InputStream input) {
        Thread.ofPlatform().daemon(true).start(() -> {
            try (OutputStream into = child.getOutputStream()) {
                input.transferTo(into);
            } catch (IOException e) {
                // it has read what it wanted
            }
        });
    }

    /**
     * Kills a child that was begun here, with its whole process group, and those of its descendants that left the group. A child that
     * has ended is left alone, and so are the processes it left behind.
     */
    public static void kill(Process child) {
        List<ProcessHandle> started = child.descendants().toList(); // before their parent is gone
        if (child.isAlive()) {
            signalGroup(child.pid());
        }
        child.destroyForcibly(); // it may not have come as far as leading a group
        started.forEach(ProcessHandle::destroyForcibly);
    }

    private static void signalGroup(long leader) {
        var _ = KillFunction.KILL.call(-leader, SIGKILL);
    }
}
