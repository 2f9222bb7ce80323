package carteiro.posix;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

final class SystemCryptTest {
    @BeforeEach
    void needsTheLibrary() {
        Assumptions.assumeTrue(SystemCrypt.isThere(), "needs libcrypt (Debian: libcrypt1)");
    }

    @Test
    void hashesAreThoseOfTheirAuthors() { // Ulrich Drepper's SHA-crypt.txt; DES as PHP computes it
        assertThat(SystemCrypt.hash("Hello world!".getBytes(US_ASCII), "$5$saltstring"))
                .hasValueSatisfying(hash -> assertThat(hash)
                        .asString(US_ASCII)
                        .isEqualTo("$5$saltstring$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5"));
        assertThat(SystemCrypt.hash("test".getBytes(US_ASCII), "CC"))
                .hasValueSatisfying(hash -> assertThat(hash).asString(US_ASCII).isEqualTo("CCVwN31H4K74A"));
    }

    @Test
    void whatItDoesNotKnowHasNoHash() {
        assertThat(SystemCrypt.hash("test".getBytes(US_ASCII), "$unknown$salt")).isEmpty();
        assertThat(SystemCrypt.hash("test".getBytes(US_ASCII), "")).isEmpty();
        assertThat(SystemCrypt.hash("test".getBytes(US_ASCII), "*0")).isEmpty();
        assertThat(SystemCrypt.hash(new byte[100_000], "CC")).isEmpty();
        assertThat(SystemCrypt.hash("x".repeat(100_000).getBytes(US_ASCII), "CC"))
                .isEmpty();
        assertThat(SystemCrypt.hash(new byte[] {'a', 0, 'b'}, "CC")).isEmpty();
    }
}
