package carteiro.control;

import static org.assertj.core.api.Assertions.assertThat;

import carteiro.mail.Octets;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** What holds for a domain, by its name or a suffix of it. */
class DomainTableTest {
    @Test
    void aTableByDomainKnowsBothForms() {
        var table = new DomainTable<>(Map.of(utf8(".m\u00fcller.example"), 1, "xn--strae-oqa.example", 2, "", 3));
        assertThat(table.find("a.XN--mller-kva.example")).hasValue(1);
        assertThat(table.find(utf8("a.m\u00fcller.example"))).hasValue(1);
        assertThat(table.find(utf8("STRA\u00dfE.example"))).hasValue(2);
        assertThat(table.find("strasse.example")).hasValue(3);
    }

    private static String utf8(String text) {
        return Octets.text(text.getBytes(StandardCharsets.UTF_8));
    }
}
