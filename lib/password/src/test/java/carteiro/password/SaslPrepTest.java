package carteiro.password;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SaslPrepTest {
    @Test
    void theExamplesOfRfc4013() {
        assertThat(SaslPrep.prepare("I\u00ADX")).contains("IX"); // soft hyphen mapped to nothing
        assertThat(SaslPrep.prepare("user")).contains("user"); // no transformation
        assertThat(SaslPrep.prepare("USER")).contains("USER"); // case preserved
        assertThat(SaslPrep.prepare("\u00AA")).contains("a"); // output is NFKC, input in ISO 8859-1
        assertThat(SaslPrep.prepare("\u2168")).contains("IX"); // output is NFKC, will match the first
        assertThat(SaslPrep.prepare("\u0007")).isEmpty(); // prohibited character
        assertThat(SaslPrep.prepare("\u06271")).isEmpty(); // bidirectional check
    }

    @Test
    void spacesAndDirections() {
        assertThat(SaslPrep.prepare("a\u00A0b\u3000c\u200Bd")).contains("a b c d");
        assertThat(SaslPrep.prepare("\u06271\u0628")).contains("\u06271\u0628"); // RFC 3454 section 6
        assertThat(SaslPrep.prepare("\u0627a\u0628")).isEmpty();
        assertThat(SaslPrep.prepare("1\u0627")).isEmpty();
        assertThat(SaslPrep.prepare("")).contains("");
        assertThat(SaslPrep.prepare("\u00AD")).contains("");
        assertThat(SaslPrep.prepare("é")).contains("\u00E9");
        assertThat(SaslPrep.prepare("e\u0301")).contains("\u00E9");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "\u007F",
                "\u0080",
                "\u0000",
                "\uE000",
                "\uFDD0",
                "\uD800",
                "\uFFFD",
                "\u2FF0",
                "\u0E3F\u06DD",
                "\u200E",
                "\uFFFE",
                "\uDB40\uDC01",
                "\uDBFF\uDFFF",
                "\u0221",
                "\uD83D\uDE00"
            })
    void charactersThatAreNotAllowed(String text) {
        assertThat(SaslPrep.prepare(text)).isEmpty();
        assertThat(SaslPrep.prepare("a" + text + "b")).isEmpty();
    }

    @Test
    void aPasswordThatCannotBePreparedStaysAsItIs() {
        assertThat(SaslPrep.password("I\u00ADX".getBytes(UTF_8)))
                .asString(UTF_8)
                .isEqualTo("IX");
        assertThat(SaslPrep.password("\u2168".getBytes(UTF_8))).asString(UTF_8).isEqualTo("IX");
        assertThat(SaslPrep.password("\uD83D\uDE00".getBytes(UTF_8)))
                .asString(UTF_8)
                .isEqualTo("\uD83D\uDE00");
        assertThat(SaslPrep.password("\u00AD".getBytes(UTF_8))).asString(UTF_8).isEqualTo("\u00AD");
        assertThat(SaslPrep.password(new byte[] {(byte) 0xFF, 'a'})).containsExactly(0xFF, 'a');
        assertThat(SaslPrep.password(new byte[] {'a', 7})).containsExactly('a', 7);
    }

    @Property(tries = 3000)
    void whatIsPreparedOnceStaysAsItIs(@ForAll String text) {
        SaslPrep.prepare(text)
                .ifPresent(prepared -> assertThat(SaslPrep.prepare(prepared)).contains(prepared));
    }
}
