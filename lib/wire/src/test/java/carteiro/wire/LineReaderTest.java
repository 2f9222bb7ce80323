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
