package carteiro.log;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a terminal is shown of text that comes from outside. */
class LogTextTest {
    private static String octets(String text) {
        return new String(text.getBytes(StandardCharsets.UTF_8), StandardCharsets.ISO_8859_1);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "joe@example.org",
                "a b  c~!",
                "jos\u00e9@caf\u00e9.example",
                "\u0434\u043e\u043c",
                "\u6771\u4eac\u3002",
                "\u0627\u0644\u0639",
                "e\u0301",
                "\ud83d\ude00"
            })
    void whatEverybodyCanReadStays(String text) {
        assertThat(LogText.printable(octets(text))).isEqualTo(octets(text));
        if (text.chars().anyMatch(c -> c > 0xff)) {
            assertThat(LogText.printable(text)).as("characters").isEqualTo(octets(text));
        }
    }

    @ParameterizedTest(name = "U+{0}, {1}")
    @CsvSource({
        "1b, escape",
        "07, bell",
        "0d, return",
        "08, backspace",
        "7f, delete",
        "80, C1",
        "9b, CSI of 8 bits",
        "9d, OSC",
        "200b, zero width",
        "200e, left-to-right mark",
        "202a, embedding",
        "202e, override",
        "2066, isolate",
        "2069, end of isolate",
        "61c, Arabic mark",
        "2028, line separator",
        "2029, paragraph separator",
        "feff, mark",
        "ad, soft hyphen",
        "a0, no-break space",
        "3000, wide blank",
        "e000, private",
        "e0041, tag",
        "378, unassigned",
        "3164, filler",
        "34f, joiner of graphemes",
        "17b4, inherent vowel",
        "180b, variation of Mongolian",
        "fe0f, variation selector",
        "e0101, variation selector",
        "1d159, null notehead",
        "fffe, no character"
    })
    void whatNobodySeesOrATerminalObeysIsShownAsALine(String codePoint, String name) {
        String text = "a" + Character.toString(Integer.parseInt(codePoint, 16)) + "b";
        assertThat(LogText.printable(octets(text))).as(name).isEqualTo("a_b");
        assertThat(LogText.printableLines(octets(text))).as(name).isEqualTo("a_b");
    }

    @ParameterizedTest
    @CsvSource({
        "'\u00ff', _",
        "'\u00c3', _",
        "'\u00c3(', _(",
        "'\u00a9', _",
        "'\u00c0\u00af', __",
        "'\u00e0\u0080\u00af', ___",
        "'\u00ed\u00a0\u0080', ___",
        "'\u00f4\u0090\u0080\u0080', ____",
        "'\u00f8\u0088\u0080\u0080\u0080', _____",
        "'\u00e2\u0080', __",
        "'\u009b31m', _31m"
    })
    void whatIsNoUtf8IsShownAsLines(String octets, String shown) {
        assertThat(LogText.printable(octets)).isEqualTo(shown);
    }

    @Test
    void aPathIsShownInItsOctets() {
        assertThat(LogText.path(Path.of("/caf\u00e9/\u0434\u001b[2J"))).isEqualTo(octets("/caf\u00e9/\u0434_[2J"));
    }

    @Test
    void linesStayLinesWhereTheyMay() {
        assertThat(LogText.printable("a\nb\tc")).isEqualTo("a_b_c");
        assertThat(LogText.printableLines("a\nb\tc\r\n")).isEqualTo("a\nb\tc_\n");
    }

    @Test
    void whateverComesNothingIsLeftThatATerminalObeys() {
        var random = new Random(7);
        byte[] noise = new byte[64];
        for (int i = 0; i < 20_000; i++) {
            random.nextBytes(noise);
            String shown = LogText.printable(new String(noise, StandardCharsets.ISO_8859_1));
            byte[] octets = shown.getBytes(StandardCharsets.ISO_8859_1);
            String text = new String(octets, StandardCharsets.UTF_8);
            assertThat(text).doesNotContain("\ufffd").doesNotContainPattern("[\\p{Cc}\\p{Cf}\\p{Zl}\\p{Zp}]");
        }
    }
}
