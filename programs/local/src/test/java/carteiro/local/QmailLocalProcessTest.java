package carteiro.local;

import static org.assertj.core.api.Assertions.assertThat;

import carteiro.control.Installation;
import carteiro.log.EventLog;
import carteiro.mail.Octets;
import carteiro.maildir.Maildir;
import carteiro.posix.Identity;
import carteiro.protocol.Wires;
import carteiro.testkit.Covers;
import carteiro.wire.Watchdog;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** qmail-local as a process of its own, run by the user it delivers for. */
@Timeout(120)
class QmailLocalProcessTest {
    /** One class of each module that it needs. */
    private static final List<Class<?>> MODULES = List.of(
            QmailLocal.class,
            Octets.class,
            Watchdog.class,
            EventLog.class,
            Identity.class,
            Installation.class,
            Wires.class,
            Maildir.class);

    @TempDir
    Path folder;

    private Person person = new Person(-1, -1);
    private Path home = Path.of("/nonexistent");
    private String classes = "";

    private record Ended(int code, String output) {}

    @BeforeEach
    void makeHome() throws Exception {
        person = Person.one();
        home = person.home(folder);
        var path = new ArrayList<String>();
        for (Class<?> module : MODULES) { // where everybody can read them
            Path from = Path.of(
                    module.getProtectionDomain().getCodeSource().getLocation().toURI());
            Path to = folder.resolve("classes").resolve(module.getSimpleName());
            copy(from, to);
            path.add(to.toString());
        }
        classes = String.join(":", path);
    }

    private static void copy(Path from, Path to) throws IOException {
        try (var files = Files.walk(from)) {
            for (Path file : files.toList()) {
                Path target = to.resolve(from.relativize(file));
                if (Files.isDirectory(file)) {
                    Files.createDirectories(target);
                    Files.setPosixFilePermissions(target, PosixFilePermissions.fromString("rwxr-xr-x"));
                } else {
                    Files.createDirectories(to);
                    Files.copy(file, target, StandardCopyOption.REPLACE_EXISTING);
                    Files.setPosixFilePermissions(target, PosixFilePermissions.fromString("rw-r--r--"));
                }
            }
        }
    }

    /** Runs it with a message on standard input, after a shell prefix such as {@code ulimit -f 8;}. */
    private Ended run(String before, String message) throws Exception {
        Path input = folder.resolve("message");
        Files.write(input, Octets.bytes(message));
        var command = new ArrayList<String>();
        if (Person.isRoot()) {
            command.addAll(List.of(
                    "setpriv",
                    "--reuid",
                    String.valueOf(person.uid()),
                    "--regid",
                    String.valueOf(person.gid()),
                    "--clear-groups",
                    "--"));
        }
        String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
        command.addAll(List.of(
                "sh",
                "-c",
                before + " exec \"$@\"",
                "sh",
                java,
                "-XX:-UsePerfData",
                "-XX:TieredStopAtLevel=1",
                "-Xshare:auto",
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                classes,
                "carteiro.local.QmailLocal",
                "joe",
                home.toString(),
                "joe",
                "",
                "",
                "x.example",
                "s@x.example",
                "./Mailbox"));
        var builder = new ProcessBuilder(command).directory(folder.toFile());
        builder.environment()
                .put("CARTEIRO_HOME", folder.resolve("no-installation").toString());
        var process =
                builder.redirectInput(input.toFile()).redirectErrorStream(true).start();
        String output = Octets.text(process.getInputStream().readAllBytes());
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        return new Ended(process.exitValue(), output);
    }

    private void dotQmail(String text) throws IOException {
        Files.writeString(home.resolve(".qmail"), text);
        person.own(home);
    }

    @Test
    void itDeliversRewindsItsInputForEachProgramAndEndsWithItsCode() throws Exception {
        dotQmail("|cat\n|cat; echo $CARTEIRO_HOME >&2\n./Maildir/\n");
        assertThat(run("", "body\n"))
                .isEqualTo(new Ended(0, "body\nbody\n" + folder.resolve("no-installation") + "\ndid 1+0+2\n"));
        dotQmail("|exit 100\n");
        assertThat(run("", "body\n").code()).isEqualTo(100);
        dotQmail("&a@b.example\n");
        Ended forwarded = run("", "body\n");
        assertThat(forwarded.code()).isEqualTo(111);
        assertThat(forwarded.output()).contains("Unable to forward message: the queue cannot be reached. (#4.3.0)");
    }

    @Test
    @Covers("qmail:L06")
    void aWriteThatFailsLeavesTheMboxAndTheMaildirAsTheyWere() throws Exception {
        Files.writeString(home.resolve("Mailbox"), "before\n");
        dotQmail("./Mailbox\n");
        String message = "x".repeat(100_000);
        Ended ended = run("ulimit -f 16; trap '' XFSZ;", message); // 8 or 16 KiB, as the shell counts
        assertThat(ended.code()).as(ended.output()).isEqualTo(111);
        assertThat(ended.output()).contains("(#4.3.0)");
        assertThat(home.resolve("Mailbox")).hasContent("before\n");
        dotQmail("./Maildir/\n");
        assertThat(run("ulimit -f 16; trap '' XFSZ;", message).code()).isEqualTo(111);
        assertThat(home.resolve("Maildir/new")).isEmptyDirectory();
        assertThat(home.resolve("Maildir/tmp")).isEmptyDirectory();
    }

    @Test
    @Covers("qmail:L09")
    void theKernelSeesTheOrderOfWritesOfAMaildir() throws Exception {
        Assumptions.assumeTrue(Files.isExecutable(Path.of("/usr/bin/strace")), "needs strace");
        dotQmail("./Maildir/\n");
        Path trace = folder.resolve("trace");
        Files.writeString(trace, "");
        Files.setPosixFilePermissions(trace, PosixFilePermissions.fromString("rw-rw-rw-"));
        Ended ended = run(
                "set -- strace -f -y -o " + trace
                        + " -e trace=openat,fsync,fdatasync,link,linkat,unlink,unlinkat \"$@\";",
                "body\n");
        Assumptions.assumeFalse(ended.output().contains("ptrace"), "strace may not trace here: " + ended.output());
        assertThat(ended.code()).as(ended.output()).isZero();
        String calls = String.join(
                "\n",
                Files.readAllLines(trace).stream()
                        .filter(line -> line.contains(home + "/"))
                        .toList());
        assertThat(calls)
                .containsPattern(Pattern.compile(
                        "openat\\([^\\n]*Maildir/tmp/[^\\n]*O_CREAT\\|O_EXCL[^\\n]*0600[^\\n]*\\n"
                                + "[^\\n]*fsync\\([^\\n]*Maildir/tmp/[^\\n]*\\n"
                                + "[^\\n]*link(at)?\\([^\\n]*Maildir/tmp/[^\\n]*Maildir/new/[^\\n]*\\n"
                                + "[^\\n]*unlink(at)?\\([^\\n]*Maildir/tmp/[^\\n]*\\n"
                                + "[^\\n]*fsync\\([^\\n]*Maildir/new>",
                        Pattern.DOTALL));
    }
}
