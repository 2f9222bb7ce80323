package carteiro.protocol;

import static org.assertj.core.api.Assertions.assertThat;

import carteiro.mail.Address;
import org.junit.jupiter.api.Test;

/** Nothing that is quoted in a bounce ends its line or its paragraph. */
final class BounceParagraphTest {
    @Test
    void aLineHasNoControlButTab() {
        assertThat(BounceParagraph.oneLine("a\tb\nc\rd\u0000e\u007ff\u00e9\u0085g"))
                .isEqualTo("a\tb_c_d_e_f\u00e9\u0085g");
    }

    @Test
    void aRecipientHasNoControlAndAReportNoEmptyLine() {
        assertThat(BounceParagraph.of(new Address("a\tb\nc\u007f@x"), "one\ttwo\r\n\nthree\u007f"))
                .isEqualTo("<a_b_c_@x>:\none\ttwo_\n/three_\n\n");
    }
}
