package carteiro.listen;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** What another program said cannot end a reply, nor be too long for one. */
final class ReplyTextTest {
    @Test
    void itIsOneLineOfAscii() {
        assertThat(ReplyText.safe("not now,\r\n250 ok\n")).isEqualTo("not now,  250 ok");
        assertThat(ReplyText.safe("\u0000a\tb\u007fc\u00e9d\u0085e")).isEqualTo("?a?b?c?d?e");
    }

    @Test
    void itIsCut() {
        assertThat(ReplyText.safe("x".repeat(ReplyText.LONGEST))).hasSize(ReplyText.LONGEST);
        assertThat(ReplyText.safe("x".repeat(ReplyText.LONGEST + 1))).hasSize(ReplyText.LONGEST);
    }
}
