package carteiro.listen;

import static org.assertj.core.api.Assertions.assertThat;

import carteiro.listen.ListenerRole.RoleWord;
import java.util.EnumSet;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Where to listen, as a line says it. */
class ListenAddressTest {
    @ParameterizedTest
    @CsvSource({
        "127.0.0.1:2525,127.0.0.1:2525",
        "[::1]:25,[0:0:0:0:0:0:0:1]:25",
        "0.0.0.0:0,0.0.0.0:0",
        "localhost:25,",
        "127.0.0.1,",
        "::1:25,",
        "[::1],",
        "127.0.0.1:65536,",
        ":25,",
        "127.0.0.1:-1,",
        "127.0.0.1:,",
        "[::1]:465 tls,[0:0:0:0:0:0:0:1]:465",
        "[::1]:465 \t tls,[0:0:0:0:0:0:0:1]:465",
        "[::1]:465 ssl,",
        "[::1]:465 tls tls,",
        "[::1]:465 submission tls,[0:0:0:0:0:0:0:1]:465",
        "[::1]:465 proxy tls submission,[0:0:0:0:0:0:0:1]:465",
        "[::1]:465 TLS,",
        "[::1]:465 tls and,",
        "tls,"
    })
    void listenAddressesAreLiterals(String text, String form) {
        assertThat(ListenAddress.parse(text, EnumSet.allOf(RoleWord.class))
                        .map(a -> ListenAddress.form(
                                a.address().getAddress(), a.address().getPort()))
                        .orElse(null))
                .isEqualTo(form);
    }
}
