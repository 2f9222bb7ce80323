package carteiro.smtpd;

import static org.assertj.core.api.Assertions.assertThat;

import carteiro.mail.Octets;
import java.time.Instant;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What becomes of the header of somebody who has logged in (RFC 6409 section 8). */
class SubmittedHeaderTest {
    private static final Instant NOW = Instant.parse("2026-12-01T06:00:00Z");
    private static final String WHOLE =
            "Date: Tue, 1 Dec 2026 06:00:00 -0000\nMessage-ID: <1@a.example>\nFrom: ann@example.org\n";

    /** In blocks of that many octets; what is behind the header stays. */
    private static SubmittedHeader taken(String message, int block) {
        var header = new SubmittedHeader("mail.example.org", "k3v9q1c7ab2d", NOW);
        byte[] octets = Octets.bytes(message);
        int at = 0;
        while (at < octets.length && !header.ended()) {
            at += header.take(octets, at, Math.min(block, octets.length - at));
        }
        header.end();
        return header;
    }

    private static String rewritten(String message) {
        return Octets.text(taken(message, 1 << 20).rewritten());
    }

    private static String fault(String message) {
        SubmittedHeader header = taken(message, 7);
        byte[] _ = header.rewritten();
        return header.fault();
    }

    @Test
    void whatIsWholeStaysAsItIs() {
        assertThat(rewritten(WHOLE + "X-Any:  folded\n\there \n\nbody\n"))
                .isEqualTo(WHOLE + "X-Any:  folded\n\there \n\n");
        assertThat(fault(WHOLE + "\nbody")).isEmpty();
    }

    @Test
    void whatIsMissingIsAdded() {
        assertThat(rewritten("From: ann@example.org\nSubject: x\n\nbody\n"))
                .isEqualTo("Date: 1 Dec 2026 06:00:00 -0000\n"
                        + "Message-ID: <1796104800.k3v9q1c7ab2d@mail.example.org>\n"
                        + "From: ann@example.org\nSubject: x\n\n");
    }

    @Test
    void whatIsNobodysBusinessIsLeftOut() {
        assertThat(rewritten(WHOLE
                        + "Bcc: a@b.example,\n c@d.example\nRETURN-PATH : <x@y.example>\nResent-Bcc: e@f.example\n"
                        + "To: g@h.example\n\n"))
                .isEqualTo(WHOLE + "To: g@h.example\n\n");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "ann | ann@mail.example.org",
                "Ann Smith <ann> | Ann Smith <ann@mail.example.org>",
                "\"Smith, Ann\" <ann@example.org> | \"Smith, Ann\" <ann@example.org>"
            })
    void hostsThatAreMissingAreCompleted(String from, String completed) {
        assertThat(rewritten("Date: x\nMessage-ID: y\nFrom: " + from + "\n\n"))
                .isEqualTo("Date: x\nMessage-ID: y\nFrom: " + completed + "\n\n");
    }

    @Test
    void everyAddressThatNamesAnAuthorIsKept() {
        SubmittedHeader header = taken(
                "From: Ann <ann@example.org>, (bob@x.example) \"carl@y.example\" <d@example.org>\n"
                        + "sender: e@example.org\nResent-From: f@example.org\nResent-Sender:\n g@example.org\n\nFrom: h@z.example",
                3);
        byte[] _ = header.rewritten();
        assertThat(header.authors())
                .extracting(Object::toString)
                .containsExactly(
                        "<ann@example.org>",
                        "<d@example.org>",
                        "<e@example.org>",
                        "<f@example.org>",
                        "<g@example.org>");
        assertThat(header.fault()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "Subject: x\\n\\n | it has no From field",
                "From: a@b.example\\nfrom: c@d.example\\n\\n | it has several From fields",
                "From: a@b.example\\nSender: c@d.example\\nSender: e@f.example\\n\\n | it has several Sender fields",
                "From: a@b.example\\nno field\\n\\n | its header has a line that is no field",
                " folded\\nFrom: a@b.example\\n\\n | its header has a line that is no field",
                "From: undisclosed:;\\n\\n | its From field has no address",
                "From: <a@b.example\\n\\n | its From field cannot be read",
                "'' | it has no From field"
            })
    void whatCannotBeBoundToTheAccountIsToldSo(String message, String fault) {
        assertThat(fault(message.replace("\\n", "\n"))).startsWith(fault);
    }

    @Test
    void tooManyAuthorsAreRefused() {
        assertThat(fault("From: " + "a@b.example, ".repeat(101) + "c@d.example\n\n"))
                .startsWith("over 100 addresses");
        assertThat(fault("From: " + "a@b.example, ".repeat(99) + "c@d.example\n\n"))
                .isEmpty();
    }

    @Test
    void aHeaderWithoutEndIsRefusedAndTakesNoMoreMemory() {
        var header = new SubmittedHeader("mail.example.org", "id", NOW);
        byte[] line = Octets.bytes("X: " + "y".repeat(900) + "\n");
        int lines = 0;
        while (!header.ended()) {
            assertThat(header.take(line, 0, line.length)).isEqualTo(line.length);
            lines++;
        }
        assertThat(lines * line.length).isLessThan(SubmittedHeader.MOST + 2 * line.length);
        byte[] _ = header.rewritten();
        assertThat(header.fault()).startsWith("its header has over");
    }

    @Test
    void anyOctetsGiveAHeaderInAnyBlocks() {
        var random = new Random(7);
        for (int i = 0; i < 2_000; i++) {
            var text = new StringBuilder();
            for (int length = random.nextInt(60); length > 0; length--) {
                text.append("From:a@b<>,;\n \t\"()x\0\u00ff".charAt(random.nextInt(21)));
            }
            byte[] whole = taken(text.toString(), 1 << 20).rewritten();
            assertThat(taken(text.toString(), 1 + random.nextInt(5)).rewritten())
                    .isEqualTo(whole);
        }
    }
}
