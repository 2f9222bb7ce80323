package carteiro.tests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import carteiro.testkit.Covers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The launcher's own answers: those that start no Java. */
class LauncherTest {
    private static final Path LAUNCHER =
            Path.of(System.getProperty("carteiro.root")).resolve("carteiro");

    @TempDir
    Path folder;

    private static CarteiroProcess.Result launch(Path launcher, String... arguments) throws Exception {
        var command = Stream.concat(Stream.of(launcher.toString()), Stream.of(arguments))
                .toList();
        return CarteiroProcess.run(command, Map.of("CARTEIRO_NO_BUILD", "1"), "");
    }

    @Test
    void helpListsTheCommandsAndSoDoesAnUnknownOne() throws Exception {
        CarteiroProcess.Result help = launch(LAUNCHER, "help");
        assertThat(help.exit()).isZero();
        assertThat(help.output()).contains("demo [--once]", "run --home DIR", "qmail-inject, sendmail");
        CarteiroProcess.Result unknown = launch(LAUNCHER, "fly");
        assertThat(unknown.exit()).isEqualTo(100);
        assertThat(unknown.output()).contains("\"fly\" is no command of Carteiro", "demo [--once]");
    }

    @Test
    void versionSaysWhichCarteiroAndWhichJava() throws Exception {
        for (String word : new String[] {"version", "--version"}) {
            CarteiroProcess.Result version = launch(LAUNCHER, word);
            assertThat(version.exit()).isZero();
            assertThat(version.output())
                    .matches("Carteiro \\d+\\.\\d+\\.\\d+( \\(commit [0-9a-f]+\\))?, Java \\S+ in /\\S+\n");
        }
    }

    @Test
    void everyCommandShowsItsManualPageAndDoesNothing() throws Exception {
        for (String command : new String[] {
            "init", "status", "queue", "check", "qread", "trace", "sendmail", "qmail-tcpok", "datemail", "maildirmake"
        }) {
            CarteiroProcess.Result asked = launch(LAUNCHER, command, "--help");
            assertThat(asked.exit()).as(command).isZero();
            assertThat(asked.output()).as(command).startsWith("# ").contains(command);
            assertThat(launch(LAUNCHER, "help", command).output()).isEqualTo(asked.output());
        }
        assertThat(launch(LAUNCHER, "queue", "check", "--help").output()).startsWith("# queue");
        assertThat(launch(LAUNCHER, "links", "--help").output()).startsWith("# carteiro");
        assertThat(Path.of("--help")).doesNotExist();
    }

    @Test
    void linksHaveTheNamesOfQmailAndLeaveAloneWhatIsThere() throws Exception {
        Files.writeString(folder.resolve("sendmail"), "another one");
        CarteiroProcess.Result links = launch(LAUNCHER, "links", folder.toString());
        assertThat(links.exit()).isZero();
        assertThat(links.output()).contains(folder + "/sendmail exists, left as it is");
        assertThat(folder.resolve("sendmail")).content().isEqualTo("another one");
        assertThat(folder.resolve("qmail-inject").toRealPath()).isEqualTo(LAUNCHER.toRealPath());
        CarteiroProcess.Result again = launch(LAUNCHER, "links", folder.toString());
        assertThat(again.output()).contains("0 links made");
        try (var all = Files.list(folder)) { // JUnit warns of links out of its folder
            for (Path link : all.filter(Files::isSymbolicLink).toList()) {
                Files.delete(link);
            }
        }
    }

    @Test
    void everyCommandOfTheTableHasAClass() throws Exception {
        List<String> classes = Files.readAllLines(LAUNCHER).stream()
                .map(line -> line.replaceAll(".*\\bclass=([a-z]+\\.[A-Z][A-Za-z0-9]*).*|.*", "$1"))
                .filter(name -> !name.isEmpty())
                .distinct()
                .toList();
        assertThat(classes).hasSizeGreaterThan(25);
        for (String name : classes) {
            assertThat(Class.forName("carteiro." + name).getMethod("main", String[].class))
                    .as(name)
                    .isNotNull();
        }
    }

    @Test
    void everyCommandAndProgramHasAPageThatTheIndexLeadsTo() throws Exception {
        Path pages = LAUNCHER.resolveSibling("docs/programs");
        String index = Files.readString(pages.resolve("README.md"));
        Matcher names = Pattern.compile("\nnames=\"([^\"]+)\"").matcher(Files.readString(LAUNCHER));
        assertThat(names.find()).isTrue();
        List<String> commands = List.of(names.group(1).split("\\s+"));
        assertThat(commands).hasSizeGreaterThan(25);
        for (String name : Stream.concat(commands.stream(), ArchitectureTest.PROGRAMS.stream())
                .filter(name -> !List.of("inject", "tools").contains(name)) // known by the names of their commands
                .toList()) {
            Matcher link = Pattern.compile("\\[[^]]*\\b" + name + "\\b[^]]*]\\(([\\w.-]+)\\)")
                    .matcher(index);
            assertThat(link.find()).as("a link for " + name).isTrue();
            assertThat(Files.readString(pages.resolve(link.group(1))))
                    .as(link.group(1))
                    .contains(name);
        }
    }

    @Test
    void withoutJavaItSaysWhatToDo() throws Exception {
        Path copy = folder.resolve("carteiro"); // looks at folders where there is none
        Files.writeString(
                copy,
                Files.readString(LAUNCHER)
                        .replace("/usr/lib/jvm/*", "/nowhere/*")
                        .replace("/opt/*", "/nowhere/*"));
        Files.setPosixFilePermissions(copy, Files.getPosixFilePermissions(LAUNCHER));
        Path bin = Files.createDirectory(folder.resolve("bin"));
        for (String tool : List.of("bash", "readlink", "env")) {
            for (String place : List.of("/bin/", "/usr/bin/")) {
                if (Files.exists(Path.of(place + tool)) && !Files.exists(bin.resolve(tool))) {
                    Files.createSymbolicLink(bin.resolve(tool), Path.of(place + tool));
                }
            }
        }
        CarteiroProcess.Result status = CarteiroProcess.run(
                List.of(bin.resolve("bash").toString(), copy.toString(), "status"),
                Map.of("PATH", bin.toString(), "JAVA_HOME", "/nowhere", "HOME", "/nowhere"),
                "");
        for (String tool : List.of("bash", "readlink", "env")) {
            Files.deleteIfExists(bin.resolve(tool));
        }
        assertThat(status.exit()).isEqualTo(111);
        assertThat(status.output()).contains("no JDK 25 or later found", "apt install", "set JAVA_HOME");
    }

    @Test
    void itBuildsWhenASourceIsNewerAndOnlyThen() throws Exception {
        Path copy = Files.copy(LAUNCHER, folder.resolve("carteiro"));
        Files.writeString(folder.resolve("pom.xml"), "<project/>");
        Path source = Files.createDirectories(folder.resolve("lib/mail/src/main/java"));
        Path bin = Files.createDirectory(folder.resolve("bin"));
        Path maven = Files.writeString(bin.resolve("mvn"), """
                #!/bin/sh
                echo "$JAVA_HOME $*" >>maven.calls
                [ ! -e broken ] || { echo '[ERROR] Bob.java:[1,1] not a statement'; exit 1; }
                mkdir -p target/dist/lib
                """);
        Files.setPosixFilePermissions(maven, PosixFilePermissions.fromString("rwxr-xr-x"));
        var environment =
                Map.of("PATH", bin + ":" + System.getenv("PATH"), "JAVA_HOME", System.getProperty("java.home"));
        Path calls = folder.resolve("maven.calls");
        List<String> build = List.of(copy.toString(), "build");
        for (int again = 0; again < 2; again++) {
            CarteiroProcess.Result result = CarteiroProcess.run(build, environment, "");
            assertThat(result.exit()).as(result.output()).isZero();
            assertThat(calls).content().matches(System.getProperty("java.home") + " .*package\n");
        }
        Files.createFile(source.resolve("Bob.java"));
        Files.createFile(folder.resolve("broken"));
        for (String command : List.of("build", "status")) {
            CarteiroProcess.Result broken = CarteiroProcess.run(List.of(copy.toString(), command), environment, "");
            assertThat(broken.exit()).isEqualTo(111);
            assertThat(broken.output()).contains("[ERROR] Bob.java:[1,1] not a statement", "the build failed");
        }
        Files.delete(folder.resolve("broken"));
        assertThat(CarteiroProcess.run(build, environment, "").exit()).isZero();
        assertThat(Files.readAllLines(calls)).hasSize(4);
    }

    @Test
    @Covers("qmail:A03")
    void theLogGoesToTheLoggerThatIsNamed() throws Exception {
        assumeThat(LAUNCHER.resolveSibling("target/dist/lib"))
                .as("jars of a build (./carteiro build)")
                .isNotEmptyDirectory();
        Path home = folder.resolve("h"); // without control/me: one line, and the end
        Path log = folder.resolve("log");
        Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxrwxrwx")); // root's logger is qmaill
        String logger = "sed 's/^/logged: /' > " + log;
        CarteiroProcess.Result run = launch(LAUNCHER, "run", "--home", home.toString(), "--", "sh", "-c", logger);
        assertThat(run.exit()).isEqualTo(111);
        assertThat(run.output()).isEmpty();
        long end = System.nanoTime() + CarteiroProcess.PATIENCE.toNanos();
        while (!Files.exists(log) || !Files.readString(log).contains("\n")) { // the logger ends after carteiro
            assertThat(System.nanoTime()).as("gave up waiting for the log").isLessThan(end);
            java.util.concurrent.locks.LockSupport.parkNanos(10_000_000);
        }
        assertThat(log).content().startsWith("logged: alert: cannot start: " + home + "/control/me is missing");
    }
}
