package carteiro.pop3;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Lines of a client, at their limits and beyond. */
class Pop3InputTest {
    private static List<String> read(byte[] octets, int atOnce) throws IOException {
        var input = new Pop3Input(new ByteArrayInputStream(octets), () -> {}, atOnce);
        var lines = new ArrayList<String>();
        while (true) {
            switch (input.next()) {
                case Pop3Line.Pop3Command command ->
                    lines.add(command.verb() + "|" + new String(command.argument(), StandardCharsets.ISO_8859_1));
                case Pop3Line.Pop3Malformed(String reason) -> lines.add("malformed: " + reason);
                case Pop3Line.Pop3Endless _ -> {
                    lines.add("endless");
                    return lines;
                }
                case Pop3Line.Pop3End _ -> {
                    return lines;
                }
            }
        }
    }

    private static List<String> read(String octets) throws IOException {
        List<String> lines = read(octets.getBytes(StandardCharsets.ISO_8859_1), 512);
        assertThat(read(octets.getBytes(StandardCharsets.ISO_8859_1), 1)).isEqualTo(lines);
        return lines;
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(
            delimiter = ';',
            ignoreLeadingAndTrailingWhitespace = false,
            value = {
                "PASS x;pass|x",
                "PaSs   two  words ;pass|two  words ",
                "STAT;stat|",
                " STAT;|STAT",
                "QUIT\\r;quit|",
                "QUIT\\r\\r;quit\\r|",
                "A\\0B;malformed: syntax error",
                "12345678901234567 x;|x"
            })
    void aCommandAndItsArgument(String line, String understood) throws IOException {
        String octets = line.replace("\\r", "\r").replace("\\0", "\0");
        assertThat(read(octets + "\n")).containsExactly(understood.replace("\\r", "\r"));
    }

    @Test
    void aLineIsTakenUpToItsLimitAndDroppedBeyond() throws IOException {
        String most = "a".repeat(Pop3Input.LIMIT - 3);
        assertThat(read("X " + most + "\nNOOP\n")).containsExactly("x|" + most, "noop|");
        assertThat(read("X " + most + "a\nNOOP\n")).containsExactly("malformed: line too long", "noop|");
        String more = "a".repeat(Pop3Input.SKIPPED);
        assertThat(read(more + "\nNOOP\n")).containsExactly("malformed: line too long", "noop|");
        assertThat(read(more + "a\nNOOP\n")).containsExactly("endless");
    }

    @Test
    void halfALineIsNone() throws IOException {
        assertThat(read("NOOP\r\nQUIT")).containsExactly("noop|");
    }

    @Test
    void withOneOctetAtATimeNothingBehindALineIsRead() throws IOException {
        InputStream in = new ByteArrayInputStream("PASS x\nSTAT\n".getBytes(StandardCharsets.US_ASCII));
        assertThat(new Pop3Input(in, () -> {}, 1).next()).isInstanceOf(Pop3Line.Pop3Command.class);
        assertThat(in.readAllBytes()).asString(StandardCharsets.US_ASCII).isEqualTo("STAT\n");
    }

    @Test
    void answersLeaveBeforeItWaits() throws IOException {
        var flushed = new ArrayList<String>();
        InputStream in = new ByteArrayInputStream("A\nB\n".getBytes(StandardCharsets.US_ASCII));
        var input = new Pop3Input(in, () -> flushed.add("flush"), 512);
        input.next();
        input.next();
        assertThat(flushed).hasSize(1);
        input.next();
        assertThat(flushed).hasSize(2);
    }

    @Test
    void anyOctetsAreRead() throws IOException {
        long seed = new Random().nextLong();
        var random = new Random(seed);
        for (int round = 0; round < 300; round++) {
            byte[] octets = new byte[random.nextInt(3000)];
            random.nextBytes(octets);
            for (int i = 0; i < octets.length; i += 1 + random.nextInt(80)) {
                octets[i] = '\n';
            }
            int ends = 0;
            for (byte octet : octets) {
                ends += octet == '\n' ? 1 : 0;
            }
            assertThat(read(octets, 1 + random.nextInt(600)))
                    .as("seed %s", seed)
                    .hasSize(ends);
        }
    }
}
