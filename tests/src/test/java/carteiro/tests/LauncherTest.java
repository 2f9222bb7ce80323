package carteiro.tests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import carteiro.testkit.Covers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
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
            "init",
            "status",
            "queue",
            "check",
            "qread",
            "trace",
            "why",
            "version",
            "sendmail",
            "qmail-tcpok",
            "datemail",
            "maildirmake"
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
        assertThat(folder.resolve("carteiro").toRealPath()).isEqualTo(LAUNCHER.toRealPath());
        CarteiroProcess.Result system = launch(LAUNCHER, "links", "/usr/sbin");
        assertThat(system.exit()).isEqualTo(100);
        assertThat(system.output()).contains("carteiro links /usr/sbin sendmail mailq newaliases");
        assertThat(launch(LAUNCHER, "links", folder.toString(), "postdrop").exit())
                .isEqualTo(100);
        Path some = folder.resolve("some");
        CarteiroProcess.Result named = launch(LAUNCHER, "links", some.toString(), "sendmail", "mailq");
        assertThat(named.output()).contains("2 links made in " + some);
        try (var all = Files.list(some)) {
            for (Path link : all.toList()) {
                assertThat(link.getFileName().toString()).isIn("sendmail", "mailq");
                Files.delete(link);
            }
        }
        Path other = Files.createDirectory(folder.resolve("other")); // maildrop has one of that name, for instance
        Path first = Files.writeString(other.resolve("maildirmake"), "#!/bin/sh\n");
        Files.setPosixFilePermissions(first, PosixFilePermissions.fromString("rwxr-xr-x"));
        Path clash = folder.resolve("clash");
        CarteiroProcess.Result warned = CarteiroProcess.run(
                List.of(LAUNCHER.toString(), "links", clash.toString(), "maildirmake"),
                Map.of("CARTEIRO_NO_BUILD", "1", "PATH", other + ":" + System.getenv("PATH")),
                "");
        assertThat(warned.output())
                .contains("note: maildirmake is another program where PATH finds it first: " + first);
        Files.delete(clash.resolve("maildirmake"));
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
                .filter(name -> !List.of("inject", "pop3", "queuetool", "tools")
                        .contains(name)) // known by the names of their commands
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
        Map<String, String> environment = checkout();
        Path copy = folder.resolve("carteiro");
        Path source = folder.resolve("lib/mail/src/main/java");
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
    void whatRunsKeepsItsBuildAndWhatNothingRunsIsRemoved() throws Exception {
        Map<String, String> environment = checkout();
        Path dist = folder.resolve("target/dist");
        List<String> build = List.of(folder.resolve("carteiro").toString(), "build");
        var builds = new ArrayList<Path>();
        Process running = null;
        try {
            for (int i = 0; i < 4; i++) {
                Files.setLastModifiedTime(
                        folder.resolve("pom.xml"), FileTime.from(Instant.now().plusSeconds(100)));
                assertThat(CarteiroProcess.run(build, environment, "").exit()).isZero();
                builds.add(
                        dist.resolve(Files.readString(dist.resolve("current")).strip()));
                assertThat(builds.getLast().resolve("lib")).isDirectory();
                if (running == null) { // a program with the first build on its command line
                    running = new ProcessBuilder("tail", "-f", "/dev/null", builds.getFirst() + "/lib/none.jar")
                            .redirectErrorStream(true)
                            .start();
                }
            }
            assertThat(builds).doesNotHaveDuplicates();
            assertThat(builds.get(0)).as("it is run").isDirectory();
            assertThat(builds.get(1)).as("nothing runs it").doesNotExist();
            assertThat(builds.get(2)).as("the one before").isDirectory();
        } finally {
            if (running != null) {
                running.destroyForcibly();
            }
        }
    }

    @Test
    void aCommandThatSendsMailNeverBuilds() throws Exception {
        Map<String, String> environment = checkout();
        Path sendmail = Files.createSymbolicLink(folder.resolve("bin/sendmail"), folder.resolve("carteiro"));
        for (List<String> command : List.of(
                List.of(sendmail.toString(), "-t"),
                List.of(folder.resolve("carteiro").toString(), "sendmail", "-t"),
                List.of(folder.resolve("carteiro").toString(), "forward", "ann@example.org"))) {
            CarteiroProcess.Result result = CarteiroProcess.run(command, environment, "");
            assertThat(result.exit()).isEqualTo(111);
            assertThat(result.output()).contains(folder + " is not built yet");
        }
        assertThat(folder.resolve("maven.calls")).doesNotExist();
    }

    @Test
    void rootBuildsNothingThatAnotherUserCouldChange() throws Exception {
        assumeTrue(CarteiroProcess.asRoot(), "SKIPPED: only root has this limit");
        Map<String, String> environment = checkout();
        Path theirs = Files.createFile(folder.resolve("lib/mail/src/main/java/Eve.java"));
        Files.setAttribute(theirs, "unix:uid", 41_000);
        List<String> build = List.of(folder.resolve("carteiro").toString(), "build");
        CarteiroProcess.Result result = CarteiroProcess.run(build, environment, "");
        assertThat(result.exit()).isEqualTo(111);
        assertThat(result.output()).contains(theirs + " is not root's alone");
        assertThat(folder.resolve("target")).doesNotExist();
        Files.setAttribute(theirs, "unix:uid", 0);
        Files.setPosixFilePermissions(folder.resolve("lib"), PosixFilePermissions.fromString("rwxrwxrwx"));
        result = CarteiroProcess.run(build, environment, "");
        assertThat(result.output()).contains(folder + "/lib is not root's alone");
        Files.setPosixFilePermissions(folder.resolve("lib"), PosixFilePermissions.fromString("rwxrwxr-x"));
        Files.setAttribute(folder.resolve("lib"), "unix:gid", 41_000);
        result = CarteiroProcess.run(build, environment, "");
        assertThat(result.output()).contains(folder + "/lib is not root's alone");
        Files.setAttribute(folder.resolve("lib"), "unix:gid", 0);
        Files.setPosixFilePermissions(folder.resolve("lib"), PosixFilePermissions.fromString("rwxr-xr-x"));
        Path above = Files.createDirectory(folder.resolve("above"));
        CarteiroProcess.Result copied = CarteiroProcess.run(
                List.of(
                        "sh",
                        "-c",
                        "cd \"$1/..\" && mkdir above/c && cp -a carteiro pom.xml lib above/c",
                        "sh",
                        above.toString()),
                Map.of(),
                "");
        assertThat(copied.exit()).as(copied.output()).isZero();
        Files.setAttribute(above, "unix:uid", 41_000); // who could put another checkout there
        result = CarteiroProcess.run(List.of(above.resolve("c/carteiro").toString(), "build"), environment, "");
        assertThat(result.output()).contains(above + " is not root's alone");
        Files.setAttribute(above, "unix:uid", 0);
        assertThat(CarteiroProcess.run(build, environment, "").exit()).isZero();
    }

    @Test
    void whatTheLockOfTheBuildRefusesIsNeitherBuiltWithNorUsed() throws Exception {
        Map<String, String> environment = checkout();
        Path lock = Files.createDirectories(folder.resolve("dist")).resolve("checksums");
        for (String refused : List.of("check", "libraries")) {
            Files.writeString(
                    lock,
                    "#!/bin/sh\n[ \"$1\" != " + refused
                            + " ] || { echo 'dist/checksums: somebody else made it'; exit 1; }\n");
            Files.setPosixFilePermissions(lock, PosixFilePermissions.fromString("rwxr-xr-x"));
            CarteiroProcess.Result result =
                    CarteiroProcess.run(List.of(folder.resolve("carteiro").toString(), "build"), environment, "");
            assertThat(result.exit()).as(refused).isEqualTo(111);
            assertThat(result.output()).contains("dist/checksums: somebody else made it");
            assertThat(Files.exists(folder.resolve("maven.calls"))).isEqualTo(refused.equals("libraries"));
            assertThat(folder.resolve("target/dist/current")).doesNotExist();
        }
    }

    /** A small checkout in {@link #folder}, whose Maven only writes down that it was called. */
    private Map<String, String> checkout() throws Exception {
        Files.copy(LAUNCHER, folder.resolve("carteiro"));
        Files.writeString(folder.resolve("pom.xml"), "<project/>");
        Files.createDirectories(folder.resolve("lib/mail/src/main/java"));
        Path bin = Files.createDirectory(folder.resolve("bin"));
        Path maven = Files.writeString(bin.resolve("mvn"), """
                #!/bin/sh
                echo "$JAVA_HOME $*" >>maven.calls
                [ ! -e broken ] || { echo '[ERROR] Bob.java:[1,1] not a statement'; exit 1; }
                for word; do case $word in -Ddist.folder=*) mkdir -p "${word#*=}/lib" ;; esac; done
                """);
        Files.setPosixFilePermissions(maven, PosixFilePermissions.fromString("rwxr-xr-x"));
        return Map.of("PATH", bin + ":" + System.getenv("PATH"), "JAVA_HOME", System.getProperty("java.home"));
    }

    /** A copy of this checkout's build, as another folder or an image has it. */
    private Path moved() throws Exception {
        Path dist = LAUNCHER.resolveSibling("target/dist");
        assumeThat(dist.resolve("built")).as("a build (./carteiro build)").exists();
        Path copy = Files.createDirectories(folder.resolve("moved/target")).getParent();
        Files.copy(LAUNCHER, copy.resolve("carteiro"));
        Files.copy(LAUNCHER.resolveSibling("pom.xml"), copy.resolve("pom.xml"));
        CarteiroProcess.Result copied = CarteiroProcess.run(
                List.of("cp", "-a", dist.toString(), copy.resolve("target").toString()), Map.of(), "");
        assertThat(copied.exit()).as(copied.output()).isZero();
        return copy;
    }

    private Path product(Path checkout) throws Exception {
        Path dist = checkout.resolve("target/dist");
        return dist.resolve(Files.readString(dist.resolve("current")).strip());
    }

    private static CarteiroProcess.Result sh(String script, Map<String, String> more, String... words)
            throws Exception {
        var command = Stream.concat(Stream.of("bash", "-c", script, "bash"), Stream.of(words))
                .toList();
        var environment = new HashMap<>(more);
        environment.put("CARTEIRO_NO_BUILD", "1");
        return CarteiroProcess.run(command, environment, "");
    }

    private static void assertStarts(CarteiroProcess.Result run) {
        assertThat(run.exit()).as(run.output()).isEqualTo(111);
        assertThat(run.output()).startsWith("alert: cannot start: /nonexistent/control/me is missing");
    }

    @Test
    void aProductThatWasMovedStartsFromItsCachesWithoutTheFolderOfItsBuild() throws Exception {
        assumeTrue(CarteiroProcess.asRoot(), "SKIPPED: only root may hide a folder");
        Path copy = moved();
        for (String options : List.of("", "-XX:AOTMode=on")) {
            assertStarts(sh(
                    "exec unshare --mount sh -c 'mount -t tmpfs none \"$1\" && exec \"$2\" run --home /nonexistent' sh"
                            + " \"$@\"",
                    Map.of("CARTEIRO_JAVA_OPTS", options),
                    LAUNCHER.getParent().toString(),
                    copy.resolve("carteiro").toString()));
        }
    }

    @Test
    void whateverIsWrongWithACacheTheStartGoesOnWithoutIt() throws Exception {
        Path copy = moved();
        String carteiro = copy.resolve("carteiro").toString();
        Path product = product(copy);
        Path whole = product(LAUNCHER.getParent());
        for (String fault : List.of("octets", "cut", "empty", "gone", "touched jar")) {
            for (String cache : List.of("whole.aot", "command.aot", "smtpd.aot")) {
                Path file = product.resolve(cache);
                switch (fault) {
                    case "touched jar" -> {
                        Files.copy(whole.resolve(cache), file, StandardCopyOption.REPLACE_EXISTING);
                        Files.setLastModifiedTime(
                                product.resolve("lib/carteiro-start-0.1.0.jar"), FileTime.from(Instant.EPOCH));
                    }
                    case "octets" -> {
                        byte[] octets = Files.readAllBytes(file);
                        for (int at = 8192; at < octets.length; at += 97) {
                            octets[at] ^= 0x55;
                        }
                        Files.write(file, octets);
                    }
                    case "cut" -> Files.write(file, java.util.Arrays.copyOf(Files.readAllBytes(file), 1 << 20));
                    case "empty" -> Files.write(file, new byte[0]);
                    default -> Files.delete(file);
                }
            }
            assertStarts(sh("exec \"$1\" run --home /nonexistent", Map.of(), carteiro));
            CarteiroProcess.Result status = sh(
                    "exec \"$1\" status --home /nonexistent",
                    Map.of("CARTEIRO_JAVA_OPTS", "-XX:ErrorFile=/dev/null"), // it dies of some of these
                    carteiro);
            assertThat(status.exit()).as(fault + status.output()).isEqualTo(3);
            assertThat(status.output()).as(fault).contains("nothing runs in /nonexistent");
            CarteiroProcess.Result smtpd = sh(
                    "exec \"$1\" qmail-smtpd --home /nonexistent",
                    Map.of("CARTEIRO_JAVA_OPTS", "-XX:ErrorFile=/dev/null"),
                    carteiro);
            assertThat(smtpd.exit()).as(fault + smtpd.output()).isEqualTo(1);
            assertThat(smtpd.output()).as(fault).contains("421 ");
        }
    }

    /** A JDK whose java does first what the script says; its folder. */
    private Path java(String script) throws Exception {
        Path home = Files.createDirectories(folder.resolve("jdk/bin")).getParent();
        Files.writeString(home.resolve("release"), "JAVA_VERSION=\"25.0.1\"\n");
        Path java = Files.writeString(
                home.resolve("bin/java"),
                "#!/bin/sh\n" + script + "\nexec " + System.getProperty("java.home") + "/bin/java \"$@\"\n");
        Files.setPosixFilePermissions(java, PosixFilePermissions.fromString("rwxr-xr-x"));
        return home;
    }

    @Test
    void aCommandIsTriedOnceMoreOnlyIfItHasReadNothingYet() throws Exception {
        Path copy = moved();
        Path calls = folder.resolve("calls");
        Path java = java("echo called >>" + calls);
        for (String command : List.of("status --home /nonexistent", "qmail-smtpd --home /nonexistent")) {
            Files.deleteIfExists(calls);
            CarteiroProcess.Result result = sh(
                    "exec \"$1\" " + command,
                    Map.of("JAVA_HOME", java.toString()),
                    copy.resolve("carteiro").toString());
            assertThat(result.exit()).as(result.output()).isIn(1, 3); // codes that Java has, too
            assertThat(calls).as(command).hasContent("called");
        }
        Files.delete(calls);
        Path dying = java("echo called >>" + calls + "\nexit 1");
        for (String command : List.of("sendmail joe@example.org", "status --home /nonexistent")) {
            CarteiroProcess.Result result = sh(
                    "echo hello | exec \"$1\" " + command,
                    Map.of("JAVA_HOME", dying.toString()),
                    copy.resolve("carteiro").toString());
            assertThat(result.exit()).as(command).isEqualTo(111);
            assertThat(calls).as("with its cache and without").hasContent("called\ncalled");
            Files.delete(calls);
        }
    }

    @Test
    void aProgramThatStartsAgainIsOfTheSameBuild() throws Exception {
        Path copy = moved();
        Path kept = Files.createDirectories(folder.resolve("kept/lib")).getParent();
        Files.writeString(kept.resolve("lib/one.jar"), "");
        Path java = java("echo \"$LC_ALL $*\"; exit 0");
        for (String arguments : List.of("send --home /h --child", "send --home /h")) {
            CarteiroProcess.Result result = sh(
                    "exec \"$1\" " + arguments,
                    Map.of("JAVA_HOME", java.toString(), "CARTEIRO_BUILD", kept.toString(), "LC_ALL", "de_DE.UTF-8"),
                    copy.resolve("carteiro").toString());
            assertThat(result.output()).contains("C.UTF-8 -XX:");
            if (arguments.endsWith("--child")) {
                assertThat(result.output()).contains("-cp " + kept + "/lib/one.jar ");
            } else {
                assertThat(result.output()).doesNotContain(kept.toString());
            }
        }
    }

    @Test
    void runTellsItsProgramsWhichBuildItIsAndNobodyElseReadsWhatTheyWrite() throws Exception {
        Path copy = moved();
        Path java = java("echo \"build $CARTEIRO_BUILD umask $(umask)\"; exit 0");
        for (String command : List.of("run", "queue", "init")) {
            CarteiroProcess.Result result = sh(
                    "umask 002; exec \"$1\" " + command + " --home /h",
                    Map.of("JAVA_HOME", java.toString()),
                    copy.resolve("carteiro").toString());
            assertThat(result.output())
                    .isEqualTo("build " + (command.equals("run") ? product(copy) : "") + " umask "
                            + (command.equals("init") ? "0022\n" : "0077\n"));
        }
    }

    @Test
    void rootRunsTheBuildThatThereIsWhereItMayNotBuild() throws Exception {
        assumeTrue(CarteiroProcess.asRoot(), "SKIPPED: only root has this limit");
        Path copy = moved();
        Files.setLastModifiedTime(
                copy.resolve("pom.xml"), FileTime.from(Instant.now().plusSeconds(100)));
        Files.setAttribute(copy.resolve("pom.xml"), "unix:uid", 41_000);
        CarteiroProcess.Result status = CarteiroProcess.run(
                List.of(copy.resolve("carteiro").toString(), "status", "--home", "/nonexistent"),
                Map.of("CARTEIRO_NO_BUILD", ""),
                "");
        assertThat(status.exit()).as(status.output()).isEqualTo(3);
        assertThat(status.output()).contains("is not root's alone", "nothing runs in /nonexistent");
    }

    @Test
    void qmailQueueHasACodeOfItsOwnForAJavaThatDoesNotStart() throws Exception {
        assumeThat(LAUNCHER.resolveSibling("target/dist/built")).as("a build").exists();
        CarteiroProcess.Result result = sh("ulimit -v 700000; exec \"$1\" qmail-queue", Map.of(), LAUNCHER.toString());
        assertThat(result.exit()).as(result.output()).isEqualTo(51);
    }

    @Test
    void rootRunsNoTestsThatAnotherUserCouldChange() throws Exception {
        assumeTrue(CarteiroProcess.asRoot(), "SKIPPED: only root has this limit");
        var environment = new HashMap<>(checkout());
        Path theirs = Files.createFile(folder.resolve("lib/mail/src/main/java/Eve\u0007.java"));
        Files.setAttribute(theirs, "unix:uid", 41_000);
        environment.put("CARTEIRO_TEST_AS_ROOT", ""); // as whoever runs these tests may have set it
        CarteiroProcess.Result result =
                CarteiroProcess.run(List.of(folder.resolve("carteiro").toString(), "test"), environment, "");
        assertThat(result.exit()).isEqualTo(111);
        assertThat(result.output()).contains("Eve_.java is not root's alone", "CARTEIRO_TEST_AS_ROOT=1");
        assertThat(folder.resolve("target")).doesNotExist();
    }

    @Test
    void theLoggerOfRootGetsFewVariables() throws Exception {
        assumeTrue(CarteiroProcess.asRoot(), "SKIPPED: an ordinary user's variables are the user's own");
        assumeThat(LAUNCHER.resolveSibling("target/dist/built")).as("a build").exists();
        Path log = folder.resolve("log");
        Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxrwxrwx"));
        CarteiroProcess.Result run = sh(
                "\"$1\" run --home /nonexistent -- sh -c 'env >\"$1\"; exec cat >/dev/null' sh \"$2\"",
                Map.of("AWS_SECRET_ACCESS_KEY", "secret", "TZ", "Europe/Lisbon"),
                LAUNCHER.toString(),
                log.toString());
        assertThat(run.exit()).as(run.output()).isEqualTo(111);
        assertThat(log).content().contains("TZ=Europe/Lisbon", "PATH=").doesNotContain("AWS", "secret");
    }

    @Test
    void theLoggerOfRootIsQmaillAndGainsNoRights() throws Exception {
        assumeTrue(CarteiroProcess.asRoot(), "SKIPPED: an ordinary user's logger is the user's own");
        assumeThat(LAUNCHER.resolveSibling("target/dist/built")).as("a build").exists();
        Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));
        Path log = Files.createDirectory(folder.resolve("logs")).resolve("log");
        Files.setPosixFilePermissions(log.getParent(), PosixFilePermissions.fromString("rwxrwxrwx"));
        CarteiroProcess.Result init = launch(
                LAUNCHER,
                "init",
                "--create-users",
                "--home",
                folder.resolve("h").toString(),
                "--me",
                "a.example");
        assertThat(init.exit()).as(init.output()).isZero();
        CarteiroProcess.Result run = sh(
                "\"$1\" run --home /nonexistent -- sh -c 'exec >\"$1\"; id -un; id -Gn; grep NoNewPrivs /proc/self/status;"
                        + " exec cat >/dev/null' sh \"$2\"",
                Map.of(),
                LAUNCHER.toString(),
                log.toString());
        assertThat(run.exit()).as(run.output()).isEqualTo(111);
        assertThat(log).content().isEqualTo("qmaill\nnofiles\nNoNewPrivs:\t1\n");
    }

    @Test
    void optionsOfTheCallersOwnJavaAreNotOurs() throws Exception {
        assumeThat(LAUNCHER.resolveSibling("target/dist/built")).as("a build").exists();
        for (Map.Entry<String, String> variable : Map.of(
                        "JAVA_TOOL_OPTIONS", "-Xms900g",
                        "JDK_JAVA_OPTIONS", "-javaagent:/opt/app/agent.jar",
                        "_JAVA_OPTIONS", "-Dapp=1",
                        "CLASSPATH", "/nowhere",
                        "LD_PRELOAD", "/nowhere/lib.so",
                        "LD_LIBRARY_PATH", "/nowhere")
                .entrySet()) {
            CarteiroProcess.Result status = sh(
                    "exec \"$1\" status --home /nonexistent",
                    Map.of(variable.getKey(), variable.getValue()),
                    LAUNCHER.toString());
            assertThat(status.exit()).as(variable + status.output()).isEqualTo(3);
            if (!variable.getKey().equals("LD_PRELOAD")) { // the system's loader complains of it to each program before
                assertThat(status.output()).startsWith("nothing runs in /nonexistent");
            }
        }
    }

    @Test
    void aJavaThatDoesNotStartIsTryAgain() throws Exception {
        assumeThat(LAUNCHER.resolveSibling("target/dist/built")).as("a build").exists();
        for (String limit :
                List.of("ulimit -v 100000", "ulimit -v 300000", "ulimit -v 700000", "ulimit -n 8", "ulimit -n 5")) {
            for (String command :
                    List.of("sendmail -i joe@example.org", "qmail-inject -n", "run --home /nonexistent", "smtpd")) {
                CarteiroProcess.Result result = sh(limit + "; exec \"$1\" " + command, Map.of(), LAUNCHER.toString());
                assertThat(result.exit())
                        .as(limit + ": " + command + ": " + result.output())
                        .isIn(111, 0);
                if (limit.contains("-v")) {
                    assertThat(result.exit())
                            .as(limit + ": " + command + ": " + result.output())
                            .isEqualTo(111);
                }
            }
        }
    }

    @Test
    void aFolderThatIsGoneIsNoTrouble() throws Exception {
        assumeThat(LAUNCHER.resolveSibling("target/dist/built")).as("a build").exists();
        Path gone = Files.createDirectory(folder.resolve("gone"));
        CarteiroProcess.Result status = sh(
                "cd \"$1\" && rmdir \"$1\" && exec \"$2\" status --home /nonexistent",
                Map.of(),
                gone.toString(),
                LAUNCHER.toString());
        assertThat(status.exit()).as(status.output()).isEqualTo(3);
        CarteiroProcess.Result relative =
                sh("cd \"$1\" && exec \"$2\" status --home h", Map.of(), folder.toString(), LAUNCHER.toString());
        assertThat(relative.output()).contains("nothing runs in " + folder + "/h");
    }

    @Test
    void fileNamesAreThoseOfUtf8WhateverTheLocale() throws Exception {
        assumeThat(LAUNCHER.resolveSibling("target/dist/built")).as("a build").exists();
        Files.setPosixFilePermissions(
                folder, PosixFilePermissions.fromString("rwxr-xr-x")); // alias gets its Maildir there
        String name = "caf$(printf '\\303\\251')"; // in octets: what this Java takes file names by does not matter
        CarteiroProcess.Result made = sh(
                "env -i PATH=\"$PATH\" LC_ALL=POSIX CARTEIRO_NO_BUILD=1 \"$2\" init --me a.example --home \"$1/" + name
                        + "\" && test -f \"$1/" + name + "/control/me\"",
                Map.of(),
                folder.toString(),
                LAUNCHER.toString());
        assertThat(made.exit()).as(made.output()).isZero();
        sh("rm -r \"$1\"/caf*", Map.of(), folder.toString());
    }

    @Test
    void initAsksAtATerminalAndNowhereElse() throws Exception {
        assumeThat(LAUNCHER.resolveSibling("target/dist/built")).as("a build").exists();
        Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));
        String init = "\"$1\" init --me mail.example.org --home \"$2\"";
        CarteiroProcess.Result answered = sh(
                "export L=\"$1\" H=\"$2\"; echo y | script -qec '\"$L\" init --me mail.example.org --home \"$H\"' /dev/null",
                Map.of(),
                LAUNCHER.toString(),
                folder.resolve("answered").toString());
        assertThat(answered.output()).contains("Is mail for user@example.org for this host, too");
        assertThat(folder.resolve("answered/control/locals")).hasContent("mail.example.org\nexample.org\n");
        Path quiet = folder.resolve("quiet");
        CarteiroProcess.Result elsewhere = sh(init + " </dev/null", Map.of(), LAUNCHER.toString(), quiet.toString());
        assertThat(elsewhere.output()).contains("mail for user@example.org is refused");
        assertThat(quiet.resolve("control/locals")).hasContent("mail.example.org\n");
    }

    @Test
    void whoEndsACommandEndsItsJava() throws Exception {
        assumeThat(LAUNCHER.resolveSibling("target/dist/built")).as("a build").exists();
        for (String signal : List.of("TERM", "KILL")) {
            var builder = new ProcessBuilder(LAUNCHER.toString(), "sendmail", "-i", "joe@example.org");
            builder.environment().put("CARTEIRO_NO_BUILD", "1");
            Process command = builder.start(); // its Java waits for the message
            try {
                long end = System.nanoTime() + CarteiroProcess.PATIENCE.toNanos();
                Optional<ProcessHandle> child = Optional.empty();
                while (child.isEmpty()) {
                    assertThat(System.nanoTime())
                            .as("gave up waiting for the command's Java")
                            .isLessThan(end);
                    java.util.concurrent.locks.LockSupport.parkNanos(10_000_000);
                    child = command.descendants()
                            .filter(one -> one.info().command().orElse("").endsWith("/java"))
                            .findFirst();
                }
                new ProcessBuilder("kill", "-" + signal, Long.toString(command.pid()))
                        .start()
                        .waitFor();
                child.get().onExit().get(CarteiroProcess.PATIENCE.toSeconds(), TimeUnit.SECONDS);
            } finally {
                command.descendants().forEach(ProcessHandle::destroyForcibly);
                command.destroyForcibly();
            }
        }
    }

    @Test
    @Covers("qmail:A03")
    void theLogGoesToTheLoggerThatIsNamed() throws Exception {
        assumeThat(LAUNCHER.resolveSibling("target/dist/built"))
                .as("a build (./carteiro build)")
                .exists();
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

    /** A home whose smtpd listens on any port. */
    private Path home() throws Exception {
        assumeThat(LAUNCHER.resolveSibling("target/dist/built")).as("a build").exists();
        Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));
        Path home = folder.resolve("home");
        CarteiroProcess.Result init = launch(LAUNCHER, "init", "--home", home.toString(), "--me", "mail.example.org");
        assertThat(init.exit()).as(init.output()).isZero();
        Files.writeString(home.resolve("control/smtpdlisten"), "127.0.0.1:0\n");
        return home;
    }

    @Test
    void explainIsOfAnAddressAndWithAClientOfWhatSmtpdWouldAnswer() throws Exception {
        String home = home().toString();
        String recipient = "\"\"@mail.example.org"; // taken whatever users the system has; written as RCPT has it
        CarteiroProcess.Result address = launch(LAUNCHER, "explain", "--home", home, "@mail.example.org");
        assertThat(address.exit()).as(address.output()).isZero();
        assertThat(address.output())
                .contains("\n  route: local <@mail.example.org> ")
                .doesNotContain("192.0.2.7");
        for (List<String> client :
                List.of(List.of("--client", "192.0.2.7"), List.of("--client=192.0.2.7", "--from=ann@example.net"))) {
            var words = new ArrayList<>(List.of("explain", "--home", home));
            words.addAll(client);
            words.add(recipient);
            CarteiroProcess.Result taken = launch(LAUNCHER, words.toArray(String[]::new));
            assertThat(taken.exit()).as(taken.output()).isZero();
            assertThat(taken.output())
                    .startsWith("connected from 192.0.2.7\n  R03 tcp.smtp (allow) goes on: ")
                    .contains("\n    route: local <@mail.example.org> ", "\n  250 2.1.5 ok\n");
            words.add("x@elsewhere.example");
            CarteiroProcess.Result refused = launch(LAUNCHER, words.toArray(String[]::new));
            assertThat(refused.exit()).as(refused.output()).isEqualTo(100);
            assertThat(refused.output()).contains("\n  553 5.7.1 ").contains(" [R32]\n");
        }
        CarteiroProcess.Result wrong = launch(LAUNCHER, "explain", "--home", home, "--helo", "pc", recipient);
        assertThat(wrong.exit()).isEqualTo(100);
        assertThat(wrong.output()).startsWith("explain: usage: carteiro explain [--home DIR] --client IP ");
    }

    @Test
    void aLoggerThatEndsAtOnceStartsNothing() throws Exception {
        Path home = home();
        CarteiroProcess.Result run = launch(
                LAUNCHER,
                "run",
                "--home",
                home.toString(),
                "--",
                "sh",
                "-c",
                "echo cannot lock the folder >&2; exit 111");
        assertThat(run.exit()).isEqualTo(111);
        assertThat(run.output())
                .as("at once, or on a slow host a moment later")
                .containsAnyOf("so nothing is started", "so everything is stopped");
    }

    @Test
    void aLoggerThatDiesEndsTheServer() throws Exception {
        Path home = home();
        for (List<String> form : List.of(List.<String>of(), List.of("--split"))) {
            if (!form.isEmpty() && CarteiroProcess.asRoot()) {
                continue; // wants accounts of the system
            }
            var command = new ArrayList<>(List.of(LAUNCHER.toString(), "run", "--home", home.toString()));
            command.addAll(form);
            command.addAll(List.of("--", "sed", "/listening on/q"));
            CarteiroProcess.Result run = CarteiroProcess.run(command, Map.of("CARTEIRO_NO_BUILD", "1"), "");
            assertThat(run.output()).contains("listening on", "nobody reads the log any more");
            assertThat(run.exit()).isEqualTo(111);
        }
    }
}
