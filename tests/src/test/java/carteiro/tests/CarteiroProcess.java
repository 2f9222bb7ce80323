package carteiro.tests;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The whole product in a temporary home, as real processes, in either form. */
final class CarteiroProcess implements AutoCloseable {
    /** The two forms of running. */
    enum Form {
        ONE_PROCESS,
        SPLIT
    }

    /** How long anything may take before a test gives up. */
    static final Duration PATIENCE = Duration.ofSeconds(60);

    /** Whom root delivers for; no entry in the system's passwd is needed. */
    static final int ROOT_OWNER = 41001;

    /** Of a Java that lives for some seconds: its second compiler would take two fifths of the time it needs to start. */
    private static final List<String> FLAGS = List.of("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xmx512m");

    /** How the links to classes that come before those of this build begin; the program's name follows. */
    private static final String ANOTHER_BUILD = "build-";

    private final Form form;
    private final Path folder;
    private final Path home;
    private List<String> within; // what every command is run by
    private final List<String> log = new ArrayList<>(); // guarded by itself
    private final List<String> flags = new ArrayList<>(FLAGS); // of what stays
    private Process process;

    private CarteiroProcess(Form form, Path folder, List<String> within) {
        this.form = form;
        this.folder = folder;
        this.within = List.copyOf(within);
        this.home = folder.resolve("home");
    }

    /** A new home, by {@code carteiro init}, listening on a free port of loopback; nothing runs yet. */
    static CarteiroProcess prepare(Form form) throws Exception {
        return prepare(form, List.of(), asRoot() ? List.of("--create-users") : List.of());
    }

    /**
     * @param within a command that every process of it is run by; it is given its own as arguments
     * @param init further arguments of init
     */
    static CarteiroProcess prepare(Form form, List<String> within, List<String> init) throws Exception {
        Path folder = Files.createTempDirectory(Path.of("/tmp"), "ct");
        Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));
        var carteiro = new CarteiroProcess(form, folder, within);
        var command = new ArrayList<>(List.of("init", "--home", carteiro.home.toString(), "--me", "mail.example.org"));
        command.addAll(init);
        carteiro.command("carteiro.start.Start", command.toArray(String[]::new));
        carteiro.control("smtpdlisten", "127.0.0.1:0");
        carteiro.control("locals", "example.org\nmail.example.org");
        carteiro.control("rcpthosts", "example.org\nmail.example.org");
        carteiro.control("defaultdelivery", "./Maildir/");
        carteiro.control("concurrencyperclient", "500");
        carteiro.control("maxidlecommands", "1000000"); // tests ask again and again until something is so
        carteiro.control("concurrencyincoming", "500");
        return carteiro;
    }

    /** From here on every process of it is run by this command. */
    void runAllBy(List<String> command) {
        within = List.copyOf(command);
    }

    static boolean asRoot() {
        return System.getProperty("user.name").equals("root");
    }

    static int owner() throws Exception {
        if (asRoot()) {
            return ROOT_OWNER;
        }
        return (Integer) Files.getAttribute(Path.of(System.getProperty("java.io.tmpdir")), "unix:uid") >= 0
                ? Integer.parseInt(
                        run(List.of("id", "-u"), Map.of(), "").output().strip())
                : -1;
    }

    /** What stays has so many MiB of heap, and ends when they are exhausted. */
    CarteiroProcess heap(int mebibytes) {
        flags.add("-Xmx" + mebibytes + "m"); // the last one counts
        flags.add("-XX:+ExitOnOutOfMemoryError");
        return this;
    }

    Path home() {
        return home;
    }

    Path folder() {
        return folder;
    }

    Form form() {
        return form;
    }

    void control(String name, String text) throws IOException {
        Path file = home.resolve("control").resolve(name);
        Files.writeString(file, text + "\n", StandardCharsets.ISO_8859_1);
        if (name.equals("servercert.pem")) {
            Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r-----"));
        }
    }

    /** Accounts, each with a home of its own and a Maildir, by users/assign. */
    void accounts(String... names) throws Exception {
        var assign = new StringBuilder();
        int owner = owner();
        for (String name : names) {
            Path account = accountHome(name);
            for (String part : List.of("Maildir/new", "Maildir/cur", "Maildir/tmp")) {
                Files.createDirectories(account.resolve(part));
            }
            own(account);
            assign.append(
                    String.format(java.util.Locale.ROOT, "=%s:%s:%d:%d:%s:::\n", name, name, owner, owner, account));
            assign.append(
                    String.format(java.util.Locale.ROOT, "+%s-:%s:%d:%d:%s:-::\n", name, name, owner, owner, account));
        }
        Files.createDirectories(home.resolve("users"));
        Files.writeString(home.resolve("users/assign"), assign.append(".\n"));
        command("carteiro.lookup.QmailNewu");
    }

    /** Gives a secret to a user of Carteiro when root runs the tests. */
    static void ownBy(Path file, String user) throws IOException {
        Files.setPosixFilePermissions(file, java.nio.file.attribute.PosixFilePermissions.fromString("rw-------"));
        if (asRoot()) {
            Files.setOwner(
                    file, file.getFileSystem().getUserPrincipalLookupService().lookupPrincipalByName(user));
        }
    }

    /** Gives a tree to the account's owner when root runs the tests. */
    static void own(Path tree) throws Exception {
        if (!asRoot()) {
            return;
        }
        try (Stream<Path> all = Files.walk(tree)) {
            for (Path path : all.toList()) {
                Files.setAttribute(path, "unix:uid", ROOT_OWNER);
                Files.setAttribute(path, "unix:gid", ROOT_OWNER);
            }
        }
    }

    Path accountHome(String name) {
        return folder.resolve("mail").resolve(name);
    }

    void dotQmail(String account, String name, String text) throws Exception {
        Path file = accountHome(account).resolve(name);
        Files.writeString(file, text, StandardCharsets.ISO_8859_1);
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r--r--"));
        own(file);
    }

    /** Starts it and waits until it listens. */
    CarteiroProcess start() throws Exception {
        int from = logSize();
        launch();
        awaitLog(".*smtpd: listening on .*", from); // behind a stamp, perhaps
        return this;
    }

    /** Starts it and waits for nothing. */
    void launch() throws Exception {
        var command = new ArrayList<>(within);
        command.addAll(java(flags.toArray(String[]::new)));
        command.add("-Dcarteiro.launcher=" + launcher());
        command.addAll(List.of("carteiro.start.Start", "run"));
        command.addAll(List.of("--home", home.toString()));
        if (form == Form.SPLIT) {
            command.add("--split");
        }
        var builder = new ProcessBuilder(command).redirectErrorStream(true);
        builder.directory(folder.toFile());
        process = builder.start();
        Process started = process;
        Thread.ofVirtual().start(() -> {
            try (var lines =
                    new BufferedReader(new InputStreamReader(started.getInputStream(), StandardCharsets.ISO_8859_1))) {
                for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                    keep(line);
                }
            } catch (IOException e) {
                keep("(the log ended: " + e + ")");
            }
        });
    }

    /** What starts the processes of the split form: as the first is started. */
    private Path launcher() throws IOException {
        Path launcher = folder.resolve("launcher");
        if (!Files.exists(launcher)) {
            // children of start get few variables: those of env are said for each anew
            List<String> variables = !within.isEmpty() && within.getFirst().equals("env") ? within : List.of();
            List<String> java = java(flags.toArray(String[]::new));
            String command = Stream.concat(variables.stream(), java.stream())
                    .map(word -> "'" + word + "'")
                    .collect(Collectors.joining(" "));
            String another = folder.resolve(ANOTHER_BUILD) + "$1";
            Files.writeString(
                    launcher,
                    "#!/bin/sh\n[ ! -e \"" + another + "\" ] || CLASSPATH=" + another + ":\nexec "
                            + command.replace("'-cp' '", "-cp \"$CLASSPATH\"'") + " carteiro.start.Start \"$@\"\n");
            Files.setPosixFilePermissions(launcher, PosixFilePermissions.fromString("rwxr-xr-x"));
        }
        return launcher;
    }

    /** From its next start on, a program of the split form is of another build. */
    void build(String program, Path classes) throws IOException {
        Path link = folder.resolve(ANOTHER_BUILD + program);
        Files.deleteIfExists(link);
        Files.createSymbolicLink(link, classes);
    }

    /** From its next start on, a program is of this build again. */
    void thisBuild(String program) throws IOException {
        Files.delete(folder.resolve(ANOTHER_BUILD + program));
    }

    static List<String> java(String... flags) {
        var command = new ArrayList<String>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.add("--enable-native-access=ALL-UNNAMED");
        command.addAll(List.of(flags));
        command.addAll(List.of("-cp", System.getProperty("java.class.path")));
        return command;
    }

    Process process() {
        return process;
    }

    /** Where smtpd listens now. */
    InetSocketAddress smtp() {
        Pattern listening = Pattern.compile(".*smtpd: listening on 127\\.0\\.0\\.1:(\\d+).*");
        return log().reversed().stream()
                .map(listening::matcher)
                .filter(Matcher::matches)
                .findFirst()
                .map(found -> new InetSocketAddress("127.0.0.1", Integer.parseInt(found.group(1))))
                .orElseThrow(
                        () -> new AssertionError("smtpd never said where it listens:\n" + String.join("\n", log())));
    }

    List<String> log() {
        synchronized (log) {
            return List.copyOf(log);
        }
    }

    int logSize() {
        synchronized (log) {
            return log.size();
        }
    }

    private void keep(String line) {
        synchronized (log) {
            log.add(line);
        }
    }

    /** Waits for a line that matches from its start to its end, and returns it. */
    String awaitLog(String regex) {
        return awaitLog(regex, 0);
    }

    /** As {@link #awaitLog(String)}, among the lines from that index on. */
    String awaitLog(String regex, int from) {
        Pattern pattern = Pattern.compile(regex);
        String[] found = new String[1];
        await("log line " + regex, () -> {
            Optional<String> line = log().stream()
                    .skip(from)
                    .filter(l -> pattern.matcher(l).matches())
                    .findFirst();
            line.ifPresent(l -> found[0] = l);
            if (line.isEmpty() && process != null && !process.isAlive()) {
                throw new AssertionError("carteiro ended with " + process.exitValue() + ":\n" + tail());
            }
            return line.isPresent();
        });
        return found[0];
    }

    /** Waits for the log to say of so many messages that they have ended. */
    void awaitEnds(int count) {
        await(
                count + " ended messages",
                () -> log().stream().filter(line -> line.startsWith("end msg ")).count() >= count);
    }

    void await(String what, BooleanSupplier condition) {
        long end = System.nanoTime() + PATIENCE.toNanos();
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() > end) {
                throw new AssertionError("gave up waiting for " + what + "; the log's end:\n" + tail() + threads());
            }
            java.util.concurrent.locks.LockSupport.parkNanos(20_000_000);
        }
    }

    /** What the threads of the process do, if it can still tell. */
    private String threads() {
        if (process == null || !process.isAlive()) {
            return "";
        }
        try {
            Path jcmd = Path.of(System.getProperty("java.home"), "bin", "jcmd");
            return "\n"
                    + run(List.of(jcmd.toString(), Long.toString(process.pid()), "Thread.print"), Map.of(), "")
                            .output();
        } catch (Exception e) {
            return "\n(no list of its threads: " + e + ")";
        }
    }

    private String tail() {
        List<String> all = log();
        return String.join("\n", all.subList(Math.max(0, all.size() - 60), all.size()));
    }

    /** {@code carteiro stop PROGRAM} and the like, on the running product. */
    Result control(Verb verb, String program) throws Exception {
        var arguments = new ArrayList<>(List.of(verb.name().toLowerCase(java.util.Locale.ROOT)));
        if (!program.isEmpty()) {
            arguments.add(program);
        }
        arguments.addAll(List.of("--home", home.toString()));
        return command("carteiro.start.Start", arguments.toArray(String[]::new));
    }

    enum Verb {
        START,
        STOP,
        RESTART,
        RELOAD,
        STATUS,
        ALARM
    }

    /** A command under its own name in HOME/bin, where sendmail looks for the commands that it runs. */
    String install(String name, String mainClass) throws Exception {
        return install(home(), name, mainClass);
    }

    /** The same in another home. */
    static String install(Path home, String name, String mainClass) throws Exception {
        Path bin = Files.createDirectories(home.resolve("bin"));
        Path script = Files.writeString(
                bin.resolve(name),
                "#!/bin/sh\nexec "
                        + String.join(" ", java("-XX:TieredStopAtLevel=1", "-Xmx64m"))
                        + " " + mainClass + " \"$@\"\n");
        Files.setPosixFilePermissions(script, PosixFilePermissions.fromString("rwxr-xr-x"));
        return script.toString();
    }

    /** Runs one of the product's commands in this home. */
    Result command(String mainClass, String... arguments) throws Exception {
        return commandWithInput("", mainClass, arguments);
    }

    Result commandWithInput(String input, String mainClass, String... arguments) throws Exception {
        Result result = attempt(input, mainClass, arguments);
        if (result.exit() != 0) {
            throw new AssertionError(
                    mainClass + " " + List.of(arguments) + " ended with " + result.exit() + ":\n" + result.output());
        }
        return result;
    }

    /** As the others, and may fail. */
    Result attempt(String input, String mainClass, String... arguments) throws Exception {
        var command = new ArrayList<>(within);
        command.addAll(java("-XX:TieredStopAtLevel=1", "-Xmx128m", "-XX:+UseSerialGC"));
        command.add(mainClass);
        command.addAll(List.of(arguments));
        // a program that is down in a test stays down: nothing is won by waiting for it
        return run(command, Map.of("CARTEIRO_HOME", home.toString(), "QUEUEWAIT", "0"), input);
    }

    record Result(int exit, String output) {}

    static Result run(List<String> command, Map<String, String> environment, String input) throws Exception {
        var builder = new ProcessBuilder(command).redirectErrorStream(true);
        builder.environment().putAll(environment);
        Process child = builder.start();
        Thread.ofVirtual().start(() -> {
            try (var out = child.getOutputStream()) {
                out.write(input.getBytes(StandardCharsets.ISO_8859_1));
            } catch (IOException e) {
                // it did not read all of it
            }
        });
        String output = new String(child.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);
        if (!child.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS)) {
            child.destroyForcibly();
            throw new AssertionError(command + " did not end:\n" + output);
        }
        return new Result(child.exitValue(), output);
    }

    /** The messages in an account's Maildir, by file name. */
    Map<String, String> mailbox(String account) throws IOException {
        var messages = new TreeMap<String, String>();
        for (String sub : List.of("new", "cur")) {
            Path folderOfMessages = accountHome(account).resolve("Maildir").resolve(sub);
            if (!Files.isDirectory(folderOfMessages)) {
                continue;
            }
            try (Stream<Path> files = Files.list(folderOfMessages)) {
                for (Path file : files.toList()) {
                    messages.put(file.getFileName().toString(), Files.readString(file, StandardCharsets.ISO_8859_1));
                }
            }
        }
        return messages;
    }

    /** Waits until the account has that many messages, and returns them. */
    List<String> awaitMailbox(String account, int count) {
        List<String> messages = new ArrayList<>();
        await(count + " messages for " + account, () -> {
            try {
                messages.clear();
                messages.addAll(mailbox(account).values());
                return messages.size() >= count;
            } catch (IOException e) {
                return false; // a file moved between listing and reading
            }
        });
        return messages;
    }

    /** The process ids of the programs in the split form, by name. */
    Map<String, ProcessHandle> programs() {
        var programs = new TreeMap<String, ProcessHandle>();
        process.descendants()
                .forEach(child -> child.info().arguments().ifPresent(arguments -> {
                    List<String> words = List.of(arguments);
                    int start = words.indexOf("carteiro.start.Start");
                    if (start >= 0 && start + 1 < words.size()) {
                        programs.put(words.get(start + 1), child);
                    }
                }));
        return programs;
    }

    /** Kills everything at once, as a power cut would for the processes. */
    void killAll() throws Exception {
        List<ProcessHandle> children = process.descendants().toList();
        process.destroyForcibly();
        children.forEach(ProcessHandle::destroyForcibly);
        process.waitFor();
        for (ProcessHandle child : children) {
            child.onExit().get(10, TimeUnit.SECONDS);
        }
    }

    /** Stops it in order. */
    int stop() throws Exception {
        List<ProcessHandle> children = process.descendants().toList();
        process.destroy();
        if (!process.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS)) {
            String log = tail();
            killAll();
            throw new AssertionError("carteiro did not stop:\n" + log);
        }
        for (ProcessHandle child : children) {
            if (child.isAlive()) {
                child.destroyForcibly();
                throw new AssertionError("left running: " + child.info());
            }
        }
        return process.exitValue();
    }

    @Override
    public void close() throws Exception {
        try {
            if (process != null && process.isAlive()) {
                stop();
            }
        } finally {
            try (Stream<Path> all = Files.walk(folder)) {
                for (Path path : all.sorted(Comparator.reverseOrder()).toList()) {
                    Files.deleteIfExists(path);
                }
            }
        }
    }
}
