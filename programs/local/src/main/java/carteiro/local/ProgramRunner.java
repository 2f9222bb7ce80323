package carteiro.local;

import carteiro.posix.ChildCommand;
import carteiro.posix.Fifo;
import carteiro.protocol.AccountPrivilege;
import carteiro.protocol.Lookup.Answer.Account;
import java.io.File;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.ProcessBuilder.Redirect;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Runs the commands of users, each as its user, and keeps what they say.
 *
 * <p>Their output comes through a named pipe that is read without waiting, not through Java's own pipes: those are read
 * to their end when the program has ended, and a program may leave a child behind that holds the pipe, or fills it
 * for ever. Such a child finds the pipe closed.
 */
final class ProgramRunner {
    /** How long a program may run; qmail's limit. */
    static final Duration LIMIT = Duration.ofHours(24);

    private static final String SHELL = "/bin/sh";
    private static final long SHORTEST_PAUSE = 1; // milliseconds between two looks at the output, ...
    private static final long LONGEST_PAUSE = 100; // ... growing while there is none; the end is noticed at once
    private static final int READ_AT_ONCE = 1 << 20;

    private final AccountPrivilege privilege;
    private final Path folder;
    private volatile Map<String, String> environment;
    private final Duration limit;
    private final AtomicLong counter = new AtomicLong();
    private final Set<Process> running = ConcurrentHashMap.newKeySet();
    private volatile boolean stopping;

    /**
     * @param folder a folder of this process's user, closed to others, for the pipes
     * @param environment what every program gets besides its variables
     */
    ProgramRunner(AccountPrivilege privilege, Path folder, Map<String, String> environment, Duration limit) {
        this.privilege = privilege;
        this.folder = folder;
        this.environment = Map.copyOf(environment);
        this.limit = limit;
    }

    /** What every program that is started from now on gets besides its variables. */
    void use(Map<String, String> changed) {
        environment = Map.copyOf(changed);
    }

    /** How a program ended. */
    sealed interface ProgramEnd {
        /** By itself, or by a signal (128 and more). */
        record Exited(int code) implements ProgramEnd {}

        /** It ran too long and was killed. */
        record TimedOut() implements ProgramEnd {}

        /** local is being stopped, so it was killed. */
        record KilledByStop() implements ProgramEnd {}
    }

    /** The administrator's problem with this privilege, or an empty text. */
    String problem() {
        if (!ChildCommand.problem().isEmpty()) {
            return ChildCommand.problem();
        }
        return switch (privilege) {
            case AccountPrivilege.OneUser _ -> "";
            case AccountPrivilege.EveryUser _ ->
                ChildCommand.setpriv().isEmpty()
                        ? "setpriv is missing, so no program can be run as its user, and mail for programs waits; "
                                + "install util-linux"
                        : "";
        };
    }

    /**
     * Runs a command as the account's user in its home.
     *
     * @param variables octets
     * @param input the message, opened anew for this program
     * @throws IOException if it cannot be started
     */
    ProgramEnd run(
            Account account, String command, Map<String, String> variables, Redirect input, DeliveryReport report)
            throws IOException {
        Path pipe = folder.resolve("output." + counter.incrementAndGet());
        Fifo.make(pipe);
        try (var bothEnds = new RandomAccessFile(pipe.toFile(), "rw"); // so that opening an end never waits
                var output = new FileInputStream(bothEnds.getFD())) {
            Process process;
            try {
                process = start(account, command, variables, input, pipe.toFile());
            } finally {
                Files.deleteIfExists(pipe);
            }
            running.add(process);
            try {
                return watch(process, output, report);
            } finally {
                running.remove(process);
            }
        }
    }

    private Process start(Account account, String command, Map<String, String> variables, Redirect input, File output)
            throws IOException {
        var plain = new HashMap<>(environment);
        plain.remove("DEFAULT");
        var others = new HashMap<String, String>();
        variables.forEach((name, value) -> (CommandScript.isPlain(value) ? plain : others).put(name, value));
        var line = new ArrayList<>(asUser(account));
        line.addAll(List.of(SHELL, "-c", CommandScript.of(others, command), "sh"));
        if (CommandScript.isPlain(command)) {
            line.add(command);
        }
        if (stopping) {
            throw new IOException("local is being stopped");
        }
        return ChildCommand.withEnvironment(plain, line)
                .directory(new File("/")) // the script enters the home, as the user
                .redirectInput(input)
                .redirectOutput(output)
                .redirectErrorStream(true)
                .start();
    }

    private List<String> asUser(Account account) throws IOException {
        return switch (privilege) {
            case AccountPrivilege.OneUser(int uid) -> {
                if (account.identity().uid() != uid) {
                    throw new IOException(
                            "not started by root: only uid " + Integer.toUnsignedString(uid) + " can be served");
                }
                yield List.of();
            }
            case AccountPrivilege.EveryUser _ -> {
                if (account.identity().uid() == 0) {
                    throw new IOException("no program is run as root");
                }
                yield List.of(
                        ChildCommand.setpriv().orElseThrow(() -> new IOException(problem())),
                        "--reuid",
                        Integer.toUnsignedString(account.identity().uid()),
                        "--regid",
                        Integer.toUnsignedString(account.identity().gid()),
                        "--clear-groups",
                        "--");
            }
        };
    }

    private ProgramEnd watch(Process process, FileInputStream output, DeliveryReport report) throws IOException {
        long deadline = System.nanoTime() + limit.toNanos();
        long pause = SHORTEST_PAUSE;
        try {
            while (!process.waitFor(pause, TimeUnit.MILLISECONDS)) {
                pause = read(output, report) ? SHORTEST_PAUSE : Math.min(2 * pause, LONGEST_PAUSE);
                if (stopping) {
                    ChildCommand.kill(process);
                    return new ProgramEnd.KilledByStop();
                }
                if (System.nanoTime() - deadline > 0) {
                    ChildCommand.kill(process);
                    return new ProgramEnd.TimedOut();
                }
            }
            read(output, report); // what it wrote last is in the pipe
            return stopping && process.exitValue() == 128 + 9
                    ? new ProgramEnd.KilledByStop()
                    : new ProgramEnd.Exited(process.exitValue());
        } catch (InterruptedException e) {
            ChildCommand.kill(process);
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while a program ran", e);
        } catch (IOException | RuntimeException e) {
            ChildCommand.kill(process);
            throw e;
        }
    }

    /** Reads what is there, and no more than a part of an endless stream; whether there was anything. */
    private static boolean read(FileInputStream output, DeliveryReport report) throws IOException {
        byte[] chunk = new byte[8 * 1024];
        int total = 0;
        for (int there = output.available(); there > 0 && total < READ_AT_ONCE; there = output.available()) {
            int count = output.read(chunk, 0, Math.min(there, chunk.length));
            report.output(chunk, count);
            total += count;
        }
        return total > 0;
    }

    /** Kills every program that runs, with all it started; those who wait for one get {@link ProgramEnd.KilledByStop}. */
    void killAll() {
        stopping = true;
        running.forEach(ChildCommand::kill);
    }
}
