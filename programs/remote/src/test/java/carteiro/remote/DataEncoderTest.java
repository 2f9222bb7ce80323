package carteiro.remote;

import static org.assertj.core.api.Assertions.assertThat;

import carteiro.mail.Octets;
import carteiro.testkit.Covers;
import java.io.ByteArrayOutputStream;
import java.util.List;
import java.util.Random;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DataEncoderTest {
    @ParameterizedTest(name = "{0}")
    @Covers({"qmail:X10", "qmail:X11"})
    @CsvSource(delimiter = '|', ignoreLeadingAndTrailingWhitespace = true, textBlock = """
            ''              | .RN
            aN              | aRN.RN
            NN              | RNRN.RN
            .N              | ..RN.RN
            ..aN.N          | ...aRN..RN.RN
            a.bN            | a.bRN.RN
            aRN             | aRN.RN
            aRbN            | aRNbRN.RN
            aRRN            | aRNRN.RN
            aR              | aRN.RN
            R.N             | RN..RN.RN
            RN.RN           | RN..RN.RN
            aNR             | aRNRN.RN
            a               | aRN.RN
            .               | ..RN.RN
            """)
    void linesEndInCrLfAndDotsAreDoubled(String message, String wire) {
        assertThat(text(encoded(octets(message), 7))).isEqualTo(text(octets(wire)));
    }

    private static byte[] octets(String text) {
        return Octets.bytes(text.replace('R', '\r').replace('N', '\n'));
    }

    private static String text(byte[] octets) {
        return Octets.text(octets).replace("\r", "\\r").replace("\n", "\\n");
    }

    @Provide
    Arbitrary<List<Byte>> messages() {
        return Arbitraries.of((byte) '\n', (byte) '\r', (byte) '.', (byte) 'a', (byte) 0, (byte) -1)
                .list()
                .ofMaxSize(60);
    }

    @Property
    @Covers({"qmail:X10", "qmail:X11"})
    void whatAReceiverReadsIsTheMessage(@ForAll("messages") List<Byte> list, @ForAll Random random) {
        byte[] message = new byte[list.size()];
        for (int i = 0; i < message.length; i++) {
            message[i] = list.get(i);
        }
        byte[] wire = encoded(message, 1 + random.nextInt(9));
        assertThat(Octets.text(decoded(wire))).isEqualTo(normalized(Octets.text(message)));
    }

    /** In blocks of the size. */
    private static byte[] encoded(byte[] message, int block) {
        var form = new DataEncoder();
        var all = new ByteArrayOutputStream();
        byte[] wire = new byte[DataEncoder.room(block)];
        for (int at = 0; at < message.length; at += block) {
            int length = Math.min(block, message.length - at);
            int put = form.put(message, at, length, wire, 0);
            assertThat(put).isLessThanOrEqualTo(2 * length);
            all.write(wire, 0, put);
        }
        all.write(wire, 0, form.end(wire, 0));
        return all.toByteArray();
    }

    /** By the letter of RFC 5321 section 4.5.2: strict lines, one leading dot taken away, nothing after the end. */
    private static byte[] decoded(byte[] wire) {
        String text = Octets.text(wire);
        assertThat(text).endsWith("\r\n").matches("(?s)([^\r\n]|\r\n)*");
        var message = new StringBuilder();
        String[] lines = text.substring(0, text.length() - 2).split("\r\n", -1);
        for (int i = 0; i < lines.length; i++) {
            boolean last = i == lines.length - 1;
            assertThat(lines[i].equals(".")).isEqualTo(last);
            if (!last) {
                message.append(lines[i].startsWith(".") ? lines[i].substring(1) : lines[i])
                        .append('\n');
            }
        }
        return Octets.bytes(message.toString());
    }

    private static String normalized(String message) {
        String lines = message.replace("\r\n", "\n").replace('\r', '\n');
        return lines.isEmpty() || lines.endsWith("\n") ? lines : lines + "\n";
    }
}
