package carteiro.idna;

import static org.assertj.core.api.Assertions.assertThat;

import carteiro.mail.Octets;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DomainNameTest {
    private static String octets(String text) {
        return Octets.text(text.getBytes(StandardCharsets.UTF_8));
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = '|', textBlock = """
            straße.example         | xn--strae-oqa.example
            STRASSE.example        | strasse.example
            STRAẞE.Example         | xn--strae-oqa.example
            βόλος.example          | xn--nxasmm1c.example
            bücher.example         | xn--bcher-kva.example
            BÜCHER.example         | xn--bcher-kva.example
            bu\u0308cher.example   | xn--bcher-kva.example
            XN--BCHER-KVA.example  | xn--bcher-kva.example
            例え。テスト           | xn--r8jz45g.xn--zckzah
            .bücher.example        | .xn--bcher-kva.example
            bücher.example.        | xn--bcher-kva.example.
            mail.example           | mail.example
            x_y.example            | x_y.example
            [IPv6:2001:db8::1]     | [ipv6:2001:db8::1]
            _DKIM.x_y.bücher.example   | _dkim.x_y.xn--bcher-kva.example
            -A.r3--x.bücher.example    | -a.r3--x.xn--bcher-kva.example
            xn--a.bücher.example       | xn--a.xn--bcher-kva.example
            xn--.bücher.example        | xn--.xn--bcher-kva.example
            1x.אב.example              | 1x.xn--4dbc.example
            0ü.אב.example              | xn--0-eha.xn--4dbc.example
            0ü.xn--4dbc.example        | xn--0-eha.xn--4dbc.example
            """)
    void keys(String name, String key) {
        assertThat(DomainName.key(octets(name))).isEqualTo(key);
        assertThat(DomainName.key(key)).as("again").isEqualTo(key);
    }

    @Test
    void zeroWidthJoinersThatIdna2003DroppedAreKept() {
        assertThat(DomainName.key(octets("\u0dc1\u0dca\u200d\u0dbb\u0dd3.example")))
                .isEqualTo("xn--10cl1a0b660p.example")
                .isNotEqualTo(DomainName.key(octets("\u0dc1\u0dca\u0dbb\u0dd3.example")));
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = '|', textBlock = """
            a\u200db.example
            \u0308x.example
            ⑴.example
            -ü.example
            aü--.example
            ü x.example
            ü@x.example
            ü/.example
            אa.example
            \ufffd.example
            """)
    void whatNoDomainCanBeIsComparedByItsOctets(String name) {
        assertThat(DomainName.ascii(octets(name))).isEmpty();
        assertThat(DomainName.key(octets(name))).isEqualTo(octets(name));
        assertThat(DomainName.unicode(octets(name))).isEqualTo(octets(name));
    }

    @Test
    void octetsThatAreNotUtf8StayAsTheyAre() {
        assertThat(DomainName.key("B\u00fccher.Example")).isEqualTo("b\u00fccher.example"); // Latin 1
        assertThat(DomainName.ascii("b\u00fccher.example")).isEmpty();
    }

    @Test
    void labelsAndNamesHaveTheLengthsOfTheDns() {
        String longest = "ü" + "a".repeat(55); // xn-- and 59 more
        assertThat(DomainName.ascii(octets(longest + ".example")).orElseThrow().indexOf('.'))
                .isEqualTo(63);
        assertThat(DomainName.ascii(octets(longest + "a.example"))).isEmpty();
        String label = "a".repeat(61) + ".";
        assertThat(DomainName.ascii(octets("a".repeat(60) + "." + label.repeat(3) + "ü")))
                .isEmpty(); // xn--tda: 254
        assertThat(DomainName.ascii(octets("a".repeat(59) + "." + label.repeat(3) + "ü")))
                .hasValueSatisfying(name -> assertThat(name).hasSize(253));
        assertThat(DomainName.ascii(octets("ü..example"))).isEmpty();
        assertThat(DomainName.ascii(octets(".ü.example"))).isEmpty();
        assertThat(DomainName.ascii(octets("ü.example."))).hasValue("xn--tda.example.");
    }

    @Test
    void aNamePastTheLimitIsNotLookedAt() {
        String dots = ".".repeat(DomainName.LIMIT - 2);
        assertThat(DomainName.key(octets("ü" + dots))).startsWith("xn--tda.");
        assertThat(DomainName.key(octets("ü" + dots + "."))).startsWith(octets("ü."));
    }

    @Test
    void aDelimiterAtTheStartIsNoDelimiter() {
        assertThat(DomainName.unicode("xn--tda.example")).isEqualTo(octets("ü.example"));
        assertThat(DomainName.unicode("xn---tda.example")).isEqualTo("xn---tda.example"); // RFC 3492 section 6.2
        assertThat(DomainName.unicode("xn--bcher-kva.xn--a.x_y")).isEqualTo(octets("bücher.xn--a.x_y"));
    }

    @Test
    void bothFormsAreOffered() {
        assertThat(DomainName.unicode("XN--BCHER-KVA.Example")).isEqualTo(octets("bücher.example"));
        assertThat(DomainName.unicode("Mail.Example")).isEqualTo("mail.example");
        assertThat(DomainName.unicode("xn--a.example")).isEqualTo("xn--a.example");
        assertThat(DomainName.forms("Mail.Example")).containsExactly("mail.example");
        assertThat(DomainName.forms("xn--bcher-kva.example"))
                .isEqualTo(List.of("xn--bcher-kva.example", octets("bücher.example")));
        assertThat(DomainName.forms(octets("Bücher.example")))
                .isEqualTo(List.of("xn--bcher-kva.example", octets("bücher.example")));
    }

    @Test
    void addressesKeepTheirLocalPart() {
        assertThat(DomainName.addressKey(octets("Jö@Bücher.example"))).isEqualTo(octets("jö@xn--bcher-kva.example"));
        assertThat(DomainName.addressKey("Joe")).isEqualTo("joe");
        assertThat(DomainName.addressKey("@Example.ORG")).isEqualTo("@example.org");
        assertThat(DomainName.addressKey("")).isEmpty();
    }

    @Test
    void whateverComesThereIsAnAnswer() {
        var random = new java.util.Random(20261130);
        for (int i = 0; i < 20_000; i++) {
            var name = new StringBuilder(random.nextBoolean() ? "xn--" : "");
            int length = random.nextInt(30);
            for (int j = 0; j < length; j++) {
                name.append(
                        switch (random.nextInt(4)) {
                            case 0 ->
                                octets(Character.toString(0xe0 + random.nextInt(0x2f000))
                                        .replace("\ud800", "x"));
                            case 1 -> "abcxyz0189-.".substring(random.nextInt(11), 12);
                            case 2 -> String.valueOf((char) random.nextInt(256));
                            default -> String.valueOf((char) ('a' + random.nextInt(26)));
                        });
            }
            String key = DomainName.key(name.toString());
            assertThat(DomainName.key(key)).as("seed 20261130, %s", i).isEqualTo(key);
            Optional<String> ascii = DomainName.ascii(name.toString());
            ascii.ifPresent(text -> assertThat(Octets.areAscii(text)).isTrue());
            assertThat(DomainName.unicode(name.toString())).isNotNull();
        }
    }
}
