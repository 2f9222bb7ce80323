package carteiro.start;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.regex.Pattern;

/** The command as a process, with the toy programs. */
final class StartProcess implements AutoCloseable {
    private static final Duration LIMIT = Duration.ofSeconds(60);

    final Process process;
    private final List<String> lines = new CopyOnWriteArrayList<>();
    private final Thread reader;

    StartProcess(String... arguments) throws IOException {
        this(List.of(), arguments);
    }

    StartProcess(List<String> flags, String... arguments) throws IOException {
        this(List.of(), flags, arguments);
    }

    /** @param by the command that starts Java, such as nohup */
    StartProcess(List<String> by, List<String> flags, String... arguments) throws IOException {
        var command = new ArrayList<String>(by);
        command.addAll(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-XX:+UseSerialGC",
                "--enable-native-access=ALL-UNNAMED"));
        command.addAll(flags);
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), "carteiro.start.Start"));
        command.addAll(List.of(arguments));
        var builder = new ProcessBuilder(command).redirectErrorStream(true);
        builder.environment().put("X", "1");
        builder.environment().put("QMAILREMOTE", "/their/program");
        process = builder.start();
        reader = Thread.ofVirtual().start(() -> {
            try (var in =
                    new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.ISO_8859_1))) {
                for (String line = in.readLine(); line != null; line = in.readLine()) {
                    lines.add(line);
                }
            } catch (IOException e) {
                lines.add("(" + e + ")");
            }
        });
    }

    /** Runs it to its end. */
    static StartProcess toEnd(String... arguments) throws Exception {
        try (var start = new StartProcess(arguments)) {
            start.exit();
            return start;
        }
    }

    int exit() throws Exception {
        if (!process.waitFor(LIMIT.toSeconds(), TimeUnit.SECONDS)) {
            throw new AssertionError("it does not end:\n" + output());
        }
        reader.join();
        return process.exitValue();
    }

    String output() {
        return String.join("\n", lines);
    }

    List<String> lines() {
        return List.copyOf(lines);
    }

    /** Waits for the nth line that matches, from 1. */
    String await(String regex, int nth) {
        Pattern pattern = Pattern.compile(regex);
        return until(
                () -> lines.stream()
                        .filter(line -> pattern.matcher(line).matches())
                        .skip(nth - 1L)
                        .findFirst()
                        .orElse(null),
                regex);
    }

    String await(String regex) {
        return await(regex, 1);
    }

    <T> T until(Supplier<T> something, String what) {
        long end = System.nanoTime() + LIMIT.toNanos();
        while (true) {
            T found = something.get();
            if (found != null) {
                return found;
            }
            if (System.nanoTime() > end || !process.isAlive() && !reader.isAlive()) {
                throw new AssertionError("there was no " + what + ":\n" + output());
            }
            java.util.concurrent.locks.LockSupport.parkNanos(10_000_000);
        }
    }

    /** Sends a signal by its name. */
    void signal(String name) throws Exception {
        signal(name, process.pid());
    }

    static void signal(String name, long pid) throws Exception {
        new ProcessBuilder("kill", "-" + name, Long.toString(pid))
                .inheritIO()
                .start()
                .waitFor();
    }

    /** The first control files, by hand. */
    static Path home(Path folder) throws IOException {
        Files.createDirectories(folder.resolve("control"));
        Files.writeString(folder.resolve("control/me"), "mail.example.org\n");
        Files.writeString(folder.resolve("control/timeoutstop"), "10\n");
        return folder;
    }

    @Override
    public void close() {
        List<ProcessHandle> children = process.descendants().toList();
        process.destroyForcibly();
        children.forEach(ProcessHandle::destroyForcibly);
    }
}
