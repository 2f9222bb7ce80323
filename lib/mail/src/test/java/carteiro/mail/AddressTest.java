package carteiro.mail;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AddressTest {
    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = '|', textBlock = """
            bob@example.org      | bob      | example.org
            a@b@example.org      | a@b      | example.org
            bob                  | bob      | ''
            @example.org         | ''       | example.org
            bob@                 | bob      | ''
            """)
    void theLastAtParts(String address, String localPart, String domain) {
        assertThat(new Address(address).localPart()).isEqualTo(localPart);
        assertThat(new Address(address).domain()).isEqualTo(domain);
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = '|', quoteCharacter = '^', textBlock = """
            bob@h            | bob@h
            a.b+c=d/e@h      | a.b+c=d/e@h
            joe smith@h      | "joe smith"@h
            .a@h             | ".a"@h
            a.@h             | "a."@h
            a..b@h           | "a..b"@h
            @h               | ""@h
            a@b@h            | "a@b"@h
            bob              | bob
            """)
    void aLocalPartIsQuotedWhenItHasToBe(String address, String quoted) {
        assertThat(new Address(address).quoted()).isEqualTo(quoted);
    }

    @Test
    void quotesBackslashesAndLineEndsAreEscaped() {
        assertThat(new Address("a\"b\\c\nd@h").quoted()).isEqualTo("\"a\\\"b\\\\c\\\nd\"@h");
    }

    @Test
    void anOctetAbove127IsQuoted() {
        assertThat(new Address("caf\u00e9@h").quoted()).isEqualTo("\"caf\u00e9\"@h");
    }

    @Test
    void theLimitPassesAndOneMoreDoesNot() {
        assertThat(new Address("a".repeat(Address.LIMIT)).octets()).hasSize(Address.LIMIT);
        assertThatThrownBy(() -> new Address("a".repeat(Address.LIMIT + 1)))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void neitherNulNorCharactersBeyondOctets() {
        assertThatThrownBy(() -> new Address("a\0b")).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new Address("\u20ac@h")).isInstanceOf(IllegalArgumentException.class);
    }
}
