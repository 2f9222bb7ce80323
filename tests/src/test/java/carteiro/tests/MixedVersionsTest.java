package carteiro.tests;

import static org.assertj.core.api.Assertions.assertThat;

import carteiro.tests.CarteiroProcess.Form;
import carteiro.tests.CarteiroProcess.Verb;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/**
 * Programs of builds whose wires have different versions. The other builds are made of the product's own sources: of another
 * version, each frame with a field that this build does not know.
 */
class MixedVersionsTest {
    private static final List<String> PROGRAMS =
            List.of("lookup", "queue", "local", "send", "remote", "smtpd", "clean");
    private static final int CLIENTS = 4;

    /** Messages that have to be taken in between two restarts. */
    private static final int BETWEEN = 10;

    private static Path folder = Path.of("/nonexistent");

    @BeforeAll
    static void builds() throws Exception {
        folder = Files.createTempDirectory("builds");
        Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));
        build(2);
        build(3);
    }

    @AfterAll
    static void remove() throws IOException {
        try (Stream<Path> all = Files.walk(folder)) {
            for (Path each : all.sorted(java.util.Comparator.reverseOrder()).toList()) {
                Files.delete(each);
            }
        }
    }

    /** Compiles the classes that differ; they come before those of this build. */
    private static void build(int version) throws IOException {
        Path sources = Files.createDirectories(folder.resolve("sources" + version));
        Path protocol = changed(
                "lib/protocol/src/main/java/carteiro/protocol/WireVersion.java",
                sources,
                "int OURS = 1;",
                "int OURS = " + version + ";");
        Path writer = changed(
                "lib/wire/src/main/java/carteiro/wire/FrameWriter.java",
                sources,
                "byte[] octets = nested.fields.toByteArray();",
                "byte[] octets = nested.putTagged(9_998, \"newer\").fields.toByteArray();",
                "public FrameWriter() {}",
                "public FrameWriter() {}\nprivate boolean tagged;",
                "public void write(OutputStream out) throws IOException {",
                "public void write(OutputStream out) throws IOException {\n"
                        + "if (!tagged) { tagged = true; putTagged(9_999, \"newer\"); }");
        var options = new ArrayList<>(
                List.of("-d", build(folder, version).toString(), "-cp", System.getProperty("java.class.path")));
        options.add(protocol.toString());
        options.add(writer.toString());
        for (String user : List.of("EndpointServer", "GreetingInput")) { // they have the number of the version in them
            options.add("../lib/protocol/src/main/java/carteiro/protocol/" + user + ".java");
        }
        assertThat(ToolProvider.getSystemJavaCompiler().run(null, null, null, options.toArray(String[]::new)))
                .as("compiled")
                .isZero();
    }

    private static Path build(Path folder, int version) {
        return folder.resolve("classes" + version);
    }

    /** A source with some strings, each of which it has once, replaced by those that follow them. */
    private static Path changed(String source, Path into, String... replacements) throws IOException {
        String text = Files.readString(Path.of("..").resolve(source));
        for (int i = 0; i < replacements.length; i += 2) {
            assertThat(text.split(java.util.regex.Pattern.quote(replacements[i]), -1))
                    .as("parts of %s around %s", source, replacements[i])
                    .hasSize(2);
            text = text.replace(replacements[i], replacements[i + 1]);
        }
        return Files.writeString(into.resolve(Path.of(source).getFileName()), text);
    }

    private static CarteiroProcess prepare(SmtpSink otherHost) throws Exception {
        CarteiroProcess carteiro = CarteiroProcess.prepare(Form.SPLIT);
        carteiro.accounts("bob", Load.SENDER);
        carteiro.control("smtproutes", ":127.0.0.1:" + otherHost.port());
        carteiro.control("rcpthosts", "example.org\nfar.example");
        return carteiro;
    }

    /** In the first round each program is newer than those behind it in the list, in the second the other way round. */
    @Test
    @DisplayName(
            "programs are replaced by the next version one by one, and then taken back, while mail flows: nothing is lost")
    void oneByOne() throws Exception {
        try (var otherHost = SmtpSink.start();
                var carteiro = prepare(otherHost)) {
            InetSocketAddress smtp;
            try (var free = new ServerSocket(0)) { // one port for both versions
                smtp = new InetSocketAddress("127.0.0.1", free.getLocalPort());
            }
            carteiro.control("smtpdlisten", "127.0.0.1:" + smtp.getPort());
            carteiro.start();
            var load = Load.ofAllKinds(() -> smtp, 500, otherHost);
            load.start(CLIENTS);
            for (String program : PROGRAMS) {
                carteiro.build(program, build(folder, 2));
                restart(carteiro, program, load);
            }
            for (String program : PROGRAMS) {
                carteiro.thisBuild(program);
                restart(carteiro, program, load);
            }
            load.stop();
            carteiro.control(Verb.ALARM, "send"); // deferred while a program was away: now
            System.out.println("mixed versions: " + load.answered() + " answered, " + load.awaitArrival(carteiro));
            assertThat(carteiro.log())
                    .noneMatch(line -> line.matches(".*(understood|refuse[ds]|bug).*version.*|.*not understood.*"));
        }
    }

    private static void restart(CarteiroProcess carteiro, String program, Load load) throws Exception {
        carteiro.control(Verb.RESTART, program);
        int before = load.answered();
        carteiro.await("mail that is taken with another " + program, () -> load.answered() >= before + BETWEEN);
    }

    @Test
    @DisplayName(
            "a program whose version is too far is refused in a clear line, its mail waits, and goes when it is replaced")
    void tooFar() throws Exception {
        try (var otherHost = SmtpSink.start();
                var carteiro = prepare(otherHost)) {
            carteiro.build("remote", build(folder, 3));
            carteiro.start();
            try (var client = new SmtpClient(carteiro.smtp())) {
                assertThat(client.send("ann@example.org", List.of("dora@far.example"), "Subject: x\n\nbody\n"))
                        .startsWith("250 ");
            }
            carteiro.awaitLog(
                    "alert: oh no! remote refuses send .*speaks version 3 of the wires, this program version 1.*");
            assertThat(otherHost.messages()).isEmpty();
            carteiro.thisBuild("remote");
            carteiro.control(Verb.RESTART, "remote");
            carteiro.await(
                    "the message at the other host", () -> otherHost.messages().size() == 1);
        }
    }
}
