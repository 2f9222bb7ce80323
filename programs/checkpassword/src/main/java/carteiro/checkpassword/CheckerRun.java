package carteiro.checkpassword;

import carteiro.mail.Octets;
import carteiro.posix.ChildCommand;
import carteiro.posix.Fifo;
import carteiro.posix.FilledPipe;
import carteiro.posix.ProcessStatus;
import carteiro.protocol.PasswordChecker.CheckerAnswer;
import carteiro.protocol.Passwords;
import carteiro.protocol.Passwords.LoginAttempt;
import java.io.ByteArrayOutputStream;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * One run of a checkpassword program. It gets the name and the password by descriptor 3, has nothing at its standard descriptors and no
 * network, and becomes the user; what it then starts is a shell of ours, which tells its process id and its home by descriptor 4 and
 * waits. Whose process that is the kernel tells: the user might have a hand in it by then.
 */
final class CheckerRun {
    /** How long it may take. */
    static final Duration LIMIT = Duration.ofSeconds(30);

    /** What such a program reads at most (the checkpassword interface). */
    static final int LONGEST = 512;

    private static final String SHELL = "/bin/sh";

    /** No word of a client is in it: the pipe's name is the first word. */
    private static final String OPEN_PIPES = "exec \"$@\" 3<\"$0\" 4>&1 >/dev/null";

    /** It outlives the look at it, and not by much. */
    private static final String TELL_IDS = "printf '%s\\0%s\\0' \"$$\" \"$HOME\" >&4; exec /bin/sleep 40 4>&-";

    private static final List<Path> UNSHARE = List.of(Path.of("/usr/bin/unshare"), Path.of("/bin/unshare"));
    private static final int LONGEST_REPORT = Passwords.LONGEST_NAME + 4096;
    private static final long SHORTEST_PAUSE = 1; // milliseconds between two looks at the report, ...
    private static final long LONGEST_PAUSE = 50; // ... growing while there is none

    /** As the interface has it; 3 is what some programs say of a name that nobody has. */
    private static final List<Integer> REFUSED = List.of(1, 3);

    private static final int MISUSED = 2;
    private static final int TEMPORARY = 111;

    private final CheckerCommand command;
    private final Path folder;
    private final boolean asRoot;
    private final String number;
    private final Duration limit;

    /**
     * @param limit how long it may take
     * @param folder closed to others, for the report
     * @param number makes the report's name differ from others
     */
    CheckerRun(CheckerCommand command, Path folder, boolean asRoot, long number, Duration limit) {
        this.limit = limit;
        this.command = command;
        this.folder = folder;
        this.asRoot = asRoot;
        this.number = Long.toString(number);
    }

    /** What stands in the way of any run here; empty if nothing does. */
    static String problem(boolean asRoot) {
        if (!ChildCommand.problem().isEmpty()) {
            return ChildCommand.problem();
        }
        return asRoot && unshare().isEmpty()
                ? "unshare is missing, so that the program would have the network; install util-linux"
                : "";
    }

    /** systemd gives a program a network of its own, with nothing but its own loopback (PrivateNetwork). */
    private static boolean hasNetwork() throws IOException {
        try (Stream<String> interfaces = Files.lines(Path.of("/proc/self/net/dev"), StandardCharsets.ISO_8859_1)) {
            return interfaces.anyMatch(
                    line -> line.indexOf(':') > 0 && !line.strip().startsWith("lo:"));
        }
    }

    private static Optional<String> unshare() {
        return UNSHARE.stream().filter(Files::isExecutable).map(Path::toString).findFirst();
    }

    /**
     * Runs it.
     *
     * @param password is left as it is
     * @throws IOException if it cannot be started
     */
    CheckerAnswer check(LoginAttempt attempt, String name, byte[] password) throws IOException {
        byte[] user = Octets.bytes(name);
        if (user.length + password.length + 3 > LONGEST || indexOfNul(user) >= 0 || indexOfNul(password) >= 0) {
            return new CheckerAnswer.PasswordRefused(); // the interface has no words for it
        }
        byte[] told = new byte[user.length + password.length + 3]; // a NUL behind each, and behind no time stamp
        System.arraycopy(user, 0, told, 0, user.length);
        System.arraycopy(password, 0, told, user.length + 1, password.length);
        try (var pipe = FilledPipe.of(told)) {
            return run(attempt, pipe.path());
        } finally {
            Arrays.fill(told, (byte) 0);
        }
    }

    private static int indexOfNul(byte[] octets) {
        for (int i = 0; i < octets.length; i++) {
            if (octets[i] == 0) {
                return i;
            }
        }
        return -1;
    }

    private CheckerAnswer run(LoginAttempt attempt, Path pipe) throws IOException {
        Path report = folder.resolve("report." + number);
        Fifo.make(report);
        try (var bothEnds = new RandomAccessFile(report.toFile(), "rw"); // so that opening an end never waits
                var said = new FileInputStream(bothEnds.getFD())) {
            Process child;
            try {
                child = ChildCommand.withEnvironment(variables(attempt), line(pipe))
                        .directory(folder.getRoot().toFile())
                        .redirectOutput(report.toFile())
                        .redirectError(ProcessBuilder.Redirect.DISCARD)
                        .start();
            } finally {
                Files.deleteIfExists(report);
            }
            try {
                return watch(child, said);
            } finally {
                ChildCommand.kill(child);
            }
        }
    }

    private List<String> line(Path pipe) throws IOException {
        var words = new ArrayList<String>();
        if (asRoot && hasNetwork()) {
            words.add(unshare().orElseThrow(() -> new IOException(problem(true))));
            words.addAll(List.of("--net", "--"));
        }
        words.addAll(List.of(SHELL, "-c", OPEN_PIPES, pipe.toString()));
        words.addAll(command.words());
        words.addAll(List.of(SHELL, "-c", TELL_IDS));
        return words;
    }

    private static Map<String, String> variables(LoginAttempt attempt) {
        var variables = new HashMap<>(Map.of(
                "PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
                "PROTO", "TCP",
                "SERVICE", attempt.service().name().toLowerCase(Locale.ROOT)));
        if (attempt.client().matches("[0-9a-fA-F.:]+")) {
            variables.put("TCPREMOTEIP", attempt.client());
        }
        return variables;
    }

    private CheckerAnswer watch(Process child, FileInputStream said) throws IOException {
        long end = System.nanoTime() + limit.toNanos();
        var report = new ByteArrayOutputStream();
        long pause = SHORTEST_PAUSE;
        try {
            while (System.nanoTime() - end < 0) {
                boolean ended = child.waitFor(pause, TimeUnit.MILLISECONDS);
                if (read(said, report)) {
                    return accepted(child, report.toByteArray());
                }
                if (ended) {
                    return ended(child.exitValue());
                }
                pause = Math.min(2 * pause, LONGEST_PAUSE);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while the program ran", e);
        }
        return undecided("it did not end within " + limit.toSeconds() + " s");
    }

    /** Whether the report is whole. */
    private static boolean read(FileInputStream said, ByteArrayOutputStream report) throws IOException {
        for (int there = said.available(); there > 0 && report.size() < LONGEST_REPORT; there = said.available()) {
            report.writeBytes(said.readNBytes(Math.min(there, LONGEST_REPORT - report.size())));
        }
        return nuls(report.toByteArray()) >= 2 || report.size() >= LONGEST_REPORT;
    }

    private static int nuls(byte[] octets) {
        int count = 0;
        for (byte octet : octets) {
            count += octet == 0 ? 1 : 0;
        }
        return count;
    }

    private static CheckerAnswer accepted(Process child, byte[] report) throws IOException {
        String[] words = Octets.text(report).split("\0", -1);
        if (words.length != 3 || !words[2].isEmpty() || !words[0].matches("[0-9]{1,9}")) {
            return undecided("what it has started is not what it was to start");
        }
        String home = words[1];
        if (!home.startsWith("/")) {
            return undecided("it has set no HOME, or one that does not begin with a slash");
        }
        ProcessStatus status = ProcessStatus.of(Long.parseLong(words[0])).orElse(null);
        if (status == null || status.session() != child.pid()) {
            return undecided("what it has started ended too early, or is not in its session");
        }
        if (!status.hasOneIdentity()) {
            return undecided("what it has started can still become another user");
        }
        if (status.uid() == 0) {
            return undecided("it has become no user, but stayed root; nobody is served as root");
        }
        return new CheckerAnswer.PasswordAccepted(status.uid(), status.gid(), home);
    }

    private static CheckerAnswer ended(int code) {
        if (REFUSED.contains(code)) {
            return new CheckerAnswer.PasswordRefused();
        }
        return undecided(
                switch (code) {
                    case 0 -> "it ended with code 0 and has not started the program that it was given";
                    case MISUSED -> "it ended with code 2: it takes its arguments for wrong";
                    case TEMPORARY -> "it ended with code 111: try again later";
                    default -> "it ended with code " + code + ", which the interface does not have";
                });
    }

    private static CheckerAnswer undecided(String reason) {
        return new CheckerAnswer.CheckerUndecided(reason);
    }
}
