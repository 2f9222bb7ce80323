package carteiro.pop3;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;

/** A command of ours as a process of its own. */
final class Pop3Process implements AutoCloseable {
    /** Whom root gives Maildirs to; no entry in the system's passwd is needed. */
    static final int OWNER = 41001;

    private final Process process;

    private Pop3Process(Process process) {
        this.process = process;
    }

    /** What it wrote and how it ended. */
    record Ended(String output, String errors, int code) {}

    static boolean asRoot() {
        return System.getProperty("user.name").equals("root");
    }

    /** The words that run a class. */
    static List<String> java(Class<?> command, List<String> arguments) {
        var words = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-XX:+UseSerialGC",
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                System.getProperty("java.class.path"),
                command.getName()));
        words.addAll(arguments);
        return words;
    }

    /** The words by which root runs something as an ordinary user; an ordinary user needs none. */
    static List<String> asOwner() {
        return asRoot()
                ? List.of(assumeInstalled("setpriv"), "--reuid=" + OWNER, "--regid=" + OWNER, "--clear-groups", "--")
                : List.of();
    }

    /** Lets that user in, when root runs the tests. */
    static void own(Path tree) throws IOException {
        if (asRoot()) {
            try (Stream<Path> all = Files.walk(tree)) {
                for (Path path : all.toList()) {
                    Files.setAttribute(path, "unix:uid", OWNER, java.nio.file.LinkOption.NOFOLLOW_LINKS);
                }
            }
        }
    }

    static Pop3Process start(List<String> words) throws IOException {
        return new Pop3Process(new ProcessBuilder(words).start());
    }

    /** Runs it with that input, and then none. */
    static Ended run(List<String> words, String input) throws Exception {
        try (var running = start(words)) {
            running.say(input);
            return running.end();
        }
    }

    long pid() {
        return process.pid();
    }

    /** Says something; whoever does not listen need not. */
    void say(String octets) throws IOException {
        OutputStream to = process.getOutputStream();
        to.write(octets.getBytes(StandardCharsets.ISO_8859_1));
        to.flush();
    }

    /** The next line it writes, with its end. */
    String line() throws IOException {
        var line = new StringBuilder();
        for (int octet = process.getInputStream().read();
                octet >= 0;
                octet = process.getInputStream().read()) {
            line.append((char) octet);
            if (octet == '\n') {
                break;
            }
        }
        return line.toString();
    }

    /** The client has nothing more to say; the rest that it wrote. */
    Ended end() throws Exception {
        process.getOutputStream().close();
        return rest();
    }

    /** The rest that it writes, while the client is still there. */
    Ended rest() throws Exception {
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);
        String errors = new String(process.getErrorStream().readAllBytes(), StandardCharsets.ISO_8859_1);
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        return new Ended(output, errors, process.exitValue());
    }

    @Override
    public void close() {
        process.destroyForcibly();
    }

    /** Skips the test if the program is not there. */
    static String assumeInstalled(String program) {
        String folders = System.getenv("PATH") + ":/usr/sbin:/usr/local/sbin:/usr/bin:/bin";
        String found = Stream.of(folders.split(":"))
                .map(folder -> Path.of(folder, program))
                .filter(Files::isExecutable)
                .findFirst()
                .map(Path::toString)
                .orElse("");
        Assumptions.assumeFalse(found.isEmpty(), "skipped: " + program + " is not installed");
        return found;
    }
}
