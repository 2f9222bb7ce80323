package carteiro.local;

import static org.assertj.core.api.Assertions.assertThat;

import carteiro.log.EventLog;
import carteiro.mail.Address;
import carteiro.mail.Octets;
import carteiro.posix.Invocation;
import carteiro.testkit.Covers;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.ProcessBuilder.Redirect;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** The command against what notqmail's qmail-local did with the same files, arguments and messages. */
@Timeout(60)
class QmailLocalTest {
    @TempDir
    Path folder;

    private final KeptMessages queue = new KeptMessages();
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();
    private Person person = new Person(-1, -1);
    private Path home = Path.of("/nonexistent");

    @BeforeEach
    void makeHome() throws Exception {
        person = Person.one();
        home = person.home(folder);
    }

    private int run(String message, List<String> arguments) throws Exception {
        Path file = folder.resolve("message");
        Files.write(file, Octets.bytes(message));
        var call = new Invocation(arguments, Map.of(), InputStream.nullInputStream(), out, err);
        try (var input = FileChannel.open(file, StandardOpenOption.READ);
                var log = new EventLog(OutputStream.nullOutputStream(), EventLog.LogFormat.PLAIN, Clock.systemUTC())) {
            return new QmailLocal(
                            call,
                            input,
                            Redirect.from(file.toFile()),
                            person.privilege(),
                            person.uid(),
                            Map.of("PATH", "/usr/bin:/bin"),
                            queue,
                            log)
                    .run();
        }
    }

    static List<Arguments> recorded() throws Exception {
        JsonNode cases;
        try (InputStream in = QmailLocalTest.class.getResourceAsStream("/qmail/qmail-local.json")) {
            cases = new ObjectMapper().readTree(in).get("cases");
        }
        var list = new ArrayList<Arguments>();
        cases.forEach(one -> list.add(
                Arguments.of(one.get("id").asText() + " " + one.get("mode").asText(), one)));
        assertThat(list).hasSize(50);
        return list;
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("recorded")
    @Covers({
        "qmail:L12", "qmail:L13", "qmail:L14", "qmail:L19", "qmail:L20", "qmail:L21", "qmail:L22", "qmail:L26",
        "qmail:L27", "qmail:L28", "qmail:L29", "qmail:L31", "qmail:L32", "qmail:L33", "qmail:L36", "qmail:L37"
    })
    void asRecorded(String name, JsonNode recorded) throws Exception {
        recorded.get("files").properties().forEach(file -> {
            try {
                Path path = home.resolve(file.getKey());
                Files.write(path, Octets.bytes(file.getValue().asText()));
                Files.setPosixFilePermissions(
                        path, PosixFilePermissions.fromString(name.startsWith("xbit") ? "rwxr--r--" : "rw-r--r--"));
            } catch (java.io.IOException e) {
                throw new java.io.UncheckedIOException(e);
            }
        });
        person.own(home);
        var arguments = new ArrayList<String>(List.of(recorded.get("mode").asText()));
        List<String> args = new ArrayList<>();
        recorded.get("args").forEach(arg -> args.add(arg.asText()));
        args.set(1, home.toString());
        arguments.addAll(args);
        int exit = run(recorded.get("message").asText(), arguments);
        assertThat(Octets.text(out.toByteArray()).replaceAll("qp \\d+", "qp NNN"))
                .isEqualTo(recorded.get("output").asText());
        assertThat(exit).isEqualTo(recorded.get("exit").asInt());
        assertStored(recorded);
        assertForwarded(recorded);
    }

    private void assertStored(JsonNode recorded) throws Exception {
        var stored = new TreeMap<String, String>();
        try (var files = Files.walk(home)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                String name = home.relativize(file).toString();
                if (!name.startsWith(".qmail")) {
                    String text = Octets.text(Files.readAllBytes(file))
                            .replaceAll(
                                    "(?m)^(From \\S+) [A-Z][a-z]{2} [A-Z][a-z]{2} \\d\\d \\d\\d:\\d\\d:\\d\\d \\d{4}$",
                                    "$1 <CTIME>");
                    stored.put(name.replaceAll("new/[^/]+$", "new/UNIQUE"), text);
                }
            }
        }
        var expected = new TreeMap<String, String>();
        if (recorded.has("stored")) {
            recorded.get("stored")
                    .properties()
                    .forEach(file ->
                            expected.put(file.getKey(), file.getValue().get(0).asText()));
        }
        assertThat(stored).isEqualTo(expected);
    }

    private void assertForwarded(JsonNode recorded) {
        var expected = new ArrayList<String>();
        if (recorded.has("forwarded")) {
            recorded.get("forwarded")
                    .forEach(forward -> expected.add(forward.get("envelope").asText()
                            + forward.get("message").asText()));
        }
        assertThat(queue.kept.stream().map(kept -> {
                    var envelope =
                            new StringBuilder("F" + kept.envelope().sender().octets() + "\\0");
                    for (Address recipient : kept.envelope().addresses()) {
                        envelope.append("T").append(recipient.octets()).append("\\0");
                    }
                    return envelope + "\\0"
                            + kept.message()
                                    .replaceFirst(
                                            "^Received: \\(qmail \\d+ invoked by uid " + person.uid()
                                                    + "\\); \\d{1,2} [A-Z][a-z]{2} \\d{4} \\d\\d:\\d\\d:\\d\\d -0000\n",
                                            "");
                }))
                .isEqualTo(expected);
    }

    @Test
    @Covers("qmail:L38")
    void wrongArgumentsAreRefusedForGood() throws Exception {
        assertThat(run("", List.of("user", home.toString(), "user", "", "", "example.org", "s@x.example")))
                .isEqualTo(100);
        assertThat(run("", List.of("user", "home", "user", "", "", "example.org", "s@x.example", "./Maildir/")))
                .isEqualTo(100);
        assertThat(run("", List.of("-x", home.toString(), "user", "", "", "example.org", "s@x.example", "./")))
                .isEqualTo(100);
        assertThat(run("", List.of())).isEqualTo(100);
        assertThat(err.toString()).contains("usage:", "does not begin with a slash");
    }

    @Test
    void aDefaultDeliveryOfSeveralLinesIsListed() throws Exception {
        var arguments = List.of(
                "-n",
                "user",
                home.toString(),
                "user",
                "",
                "",
                "example.org",
                "s@x.example",
                "# all\n./A/\n\n./B\nc@d\n");
        assertThat(run("", arguments)).isZero();
        assertThat(out.toString()).isEqualTo("maildir ./A/\nmbox ./B\nforward c@d\ndid 2+1+0\n");
    }
}
