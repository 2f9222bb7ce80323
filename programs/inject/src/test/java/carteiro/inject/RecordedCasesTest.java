package carteiro.inject;

import static org.assertj.core.api.Assertions.assertThat;

import carteiro.testkit.Covers;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What notqmail's qmail-inject made of 30 messages. */
class RecordedCasesTest {
    @TempDir
    Path home;

    static Stream<Arguments> cases() throws Exception {
        var cases = new ArrayList<Arguments>();
        try (var in = RecordedCasesTest.class.getResourceAsStream("/qmail-inject.json")) {
            for (JsonNode one : new ObjectMapper().readTree(in).get("cases")) {
                cases.add(Arguments.of(one.get("id").asText(), one));
            }
        }
        assertThat(cases).hasSize(30);
        return cases.stream();
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("cases")
    @Covers({"qmail:I02", "qmail:I06", "qmail:I09", "qmail:I10", "qmail:I11"})
    void headerIsRewrittenAsByQmail(String id, JsonNode one) throws Exception {
        var injection = new Injection(home);
        one.get("env")
                .properties()
                .forEach(v -> injection.with(v.getKey(), octets(v.getValue().asText())));
        if (one.get("env").has("QMAILMFTFILE")) {
            Path lists = home.resolve("lists");
            Files.writeString(lists, "# lists\nlist@y.example\n");
            injection.with("QMAILMFTFILE", lists.toString());
        }
        var arguments = new ArrayList<String>();
        one.get("args").forEach(a -> arguments.add(octets(a.asText())));

        var result = injection.run(octets(one.get("input").asText()), arguments.toArray(String[]::new));

        assertThat(masked(result.out()))
                .isEqualTo(masked(octets(one.get("stdout").asText())));
        assertThat(result.err()).isEqualTo(one.get("stderr").asText());
        assertThat(result.code()).isEqualTo(one.get("exit").asInt());
        assertThat(injection.queue.messages).isEmpty();
    }

    private static String octets(String text) {
        return new String(text.getBytes(StandardCharsets.UTF_8), StandardCharsets.ISO_8859_1);
    }

    private static String masked(String text) {
        return text.replaceAll(
                        "(?m)^((?:Resent-)?Date: )\\d{1,2} [A-Z][a-z]{2} \\d{4} \\d\\d:\\d\\d:\\d\\d -0000$",
                        "$1<DATE>")
                .replaceAll("(?m)^((?:Resent-)?Message-ID: <)\\d{14}\\.\\d+\\.qmail", "$1STAMP.PID.qmail")
                .replaceAll("joe-\\d{9,11}\\.\\d+@", "joe-SECONDS.PID@");
    }
}
