package carteiro.wire;

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

/** Lines of a hostile peer. */
class LineReaderTest {
    private static final int LIMIT = 1000;

    private static InputStream inPieces(String octets, int most, Random random) {
        var whole = new ByteArrayInputStream(octets.getBytes(StandardCharsets.ISO_8859_1));
        return new InputStream() {
            @Override
            public int read() {
                return whole.read();
            }

            @Override
            public int read(byte[] into, int from, int length) {
                return whole.read(into, from, Math.min(length, 1 + random.nextInt(most)));
            }
        };
    }

    private static List<Line> lines(String octets, int most) throws IOException {
        var reader = new LineReader(inPieces(octets, most, new Random(1)), LIMIT);
        var lines = new ArrayList<Line>();
        Line line;
        do {
            line = reader.next();
            lines.add(line);
        } while (line instanceof Line.Text || line instanceof Line.TooLong);
        return lines;
    }

    /** What follows the first blank. */
    private static int behindBlank(byte[] octets, int from, int length) {
        for (int i = 0; i < length; i++) {
            if (octets[from + i] == ' ') {
                return i + 1;
            }
        }
        return length;
    }

    @ParameterizedTest
    @CsvSource({"1", "2", "7", "600", "100000"})
    void theSecretOfALineBecomesNoText(int pieces) throws IOException {
        for (int length : new int[] {1, 500, 996, 997, 1_000, 2_000, LineReader.SECRET_LIMIT - 4}) {
            String secret = "s".repeat(length);
            var reader = new LineReader(
                    inPieces("A " + secret + "\r\nB\r\n" + secret + "\r\nC " + secret + "\r\n", pieces, new Random(1)),
                    LIMIT);
            assertThat(reader.next(LineReaderTest::behindBlank)).isEqualTo(new Line.Text("A "));
            byte[] taken = reader.takeSecret();
            assertThat(taken).asString(StandardCharsets.ISO_8859_1).isEqualTo(secret);
            assertThat(reader.takeSecret()).isEmpty();
            assertThat(reader.next(LineReaderTest::behindBlank)).isEqualTo(new Line.Text("B"));
            assertThat(reader.takeSecret()).isEmpty();
            assertThat(reader.next(LineReader.SecretPart.ALL)).isEqualTo(new Line.Text(""));
            assertThat(reader.next(LineReaderTest::behindBlank)).isEqualTo(new Line.Text("C "));
            assertThat(reader.next()).isEqualTo(new Line.End());
            assertThat(reader.takeSecret()).as("it is kept until the next line").isEmpty();
        }
        for (int length : new int[] {LineReader.SECRET_LIMIT - 3, 30_000}) {
            var reader =
                    new LineReader(inPieces("A " + "s".repeat(length) + "\r\nB\r\n", pieces, new Random(1)), LIMIT);
            assertThat(reader.next(LineReaderTest::behindBlank)).isEqualTo(new Line.TooLong(LineReader.SECRET_LIMIT));
            assertThat(reader.next()).isEqualTo(new Line.Text("B"));
        }
        var reader = new LineReader(
                inPieces("x".repeat(1_500) + "\r\n" + "x".repeat(1_500) + " s\r\n", pieces, new Random(1)), LIMIT);
        assertThat(reader.next(LineReaderTest::behindBlank))
                .as("without a secret lines are as long as others")
                .isEqualTo(new Line.TooLong(LIMIT));
    }

    @Test
    void aSecretIsOverwrittenWhereItStood() throws Exception {
        var reader = new LineReader(
                new ByteArrayInputStream("A secretword\r\nB\r\n".getBytes(StandardCharsets.US_ASCII)), LIMIT);
        reader.next(LineReaderTest::behindBlank);
        var field = LineReader.class.getDeclaredField("buffer");
        field.setAccessible(true);
        assertThat((byte[]) field.get(reader))
                .asString(StandardCharsets.US_ASCII)
                .doesNotContain("secret", "word");
        byte[] secret = reader.takeSecret();
        assertThat(secret).asString(StandardCharsets.US_ASCII).isEqualTo("secretword");
    }

    @ParameterizedTest
    @CsvSource({"1", "2", "7", "600", "100000"})
    void linesOfEveryLengthAreReadUpToTheLimit(int pieces) throws IOException {
        for (int length : new int[] {0, 1, 509, 510, 511, 512, 513, 997, 998}) {
            String text = "x".repeat(length);
            assertThat(lines(text + "\r\n" + text + "\r\nNOOP\r\n", pieces))
                    .containsExactly(new Line.Text(text), new Line.Text(text), new Line.Text("NOOP"), new Line.End());
        }
        for (int length : new int[] {999, 1000, 1001, 1002, 1003, 5000, 60_000}) {
            assertThat(lines("x".repeat(length) + "\r\nNOOP\r\n", pieces))
                    .containsExactly(new Line.TooLong(LIMIT), new Line.Text("NOOP"), new Line.End());
        }
        assertThat(lines("x".repeat(70_000) + "\r\nNOOP\r\n", pieces)).containsExactly(new Line.Endless(LIMIT));
    }

    @ParameterizedTest
    @CsvSource({"1", "2", "100000"})
    void aLineEndThatStandsAloneIsNamed(int pieces) throws IOException {
        for (String begin :
                new String[] {"", "NOOP", "x".repeat(998), "x".repeat(999), "x".repeat(1000), "x".repeat(5000)}) {
            assertThat(lines(begin + "\nNOOP\r\n", pieces)).containsExactly(new Line.BareLineFeed());
            assertThat(lines(begin + "\rNOOP\r\n", pieces)).containsExactly(new Line.BareCarriageReturn());
            assertThat(lines(begin + "\r\r\n", pieces)).containsExactly(new Line.BareCarriageReturn());
        }
    }

    @Test
    void anUnfinishedLineIsDropped() throws IOException {
        assertThat(lines("NOOP\r\nQUI", 3)).containsExactly(new Line.Text("NOOP"), new Line.End());
        assertThat(lines("QUIT\r", 3)).containsExactly(new Line.End());
        assertThat(lines("x".repeat(3000), 100)).containsExactly(new Line.End());
    }

    @Test
    void everyOctetPasses() throws IOException {
        var all = new StringBuilder();
        for (char c = 0; c < 256; c++) {
            all.append(c == '\r' || c == '\n' ? ' ' : c);
        }
        assertThat(lines(all + "\r\n", 5)).startsWith(new Line.Text(all.toString()));
    }

    @Test
    void countedOctetsAreDroppedAndTheNextLineFollows() throws IOException {
        var reader = new LineReader(inPieces("BDAT 5\r\na\r\n\nbQUIT\r\n", 3, new Random(1)), LIMIT);
        assertThat(reader.next()).isEqualTo(new Line.Text("BDAT 5"));
        assertThat(reader.drop(5)).isTrue();
        assertThat(reader.next()).isEqualTo(new Line.Text("QUIT"));
        assertThat(reader.drop(1)).isFalse();
    }
}
