package carteiro.remote;

import static org.assertj.core.api.Assertions.assertThat;

import carteiro.mail.Outcome;
import carteiro.mail.Status;
import carteiro.testkit.Covers;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RemoteResultTest {
    private static Outcome outcome(char letter, String report) {
        return switch (letter) {
            case 'r', 'K' -> new Outcome.Delivered(new Status(2, 0, 0), report);
            case 's', 'Z' -> new Outcome.Deferred(new Status(4, 0, 0), report);
            default -> new Outcome.Failed(new Status(5, 0, 0), report);
        };
    }

    @ParameterizedTest(name = "{0} and {1}")
    @Covers("qmail:X09")
    @CsvSource({
        "r, K, K, m", "r, Z, Z, m", "r, D, D, m",
        "h, K, D, t", "h, Z, D, t", "h, D, D, tm",
        "s, K, Z, t", "s, Z, Z, t", "s, D, Z, tm"
    })
    void aRecipientAndAMessageAreFolded(char recipient, char message, char result, String text) {
        var remote =
                new RemoteResult(List.of(outcome(recipient, "t")), outcome(message, "m"), message == 'D' ? "m" : "");
        assertThat(remote.folded(1)).containsExactly(outcome(result, text));
    }

    @ParameterizedTest
    @Covers("qmail:X09")
    @CsvSource({"K", "Z", "D"})
    void withoutARecipientsRecordTheMessageDecides(char message) {
        assertThat(RemoteResult.forAll(outcome(message, "m")).folded(2))
                .containsExactly(outcome(message, "m"), outcome(message, "m"));
    }

    @Test
    void recipientsThatWereNotAnsweredShareTheMessagesResult() {
        var remote = new RemoteResult(List.of(outcome('h', "t")), outcome('Z', "m"), "");
        assertThat(remote.folded(3)).containsExactly(outcome('D', "t"), outcome('Z', "m"), outcome('Z', "m"));
    }

    @Test
    void aRefusedRecipientsReportEndsAsQmailRemotesDidWhateverBecameOfTheOthers() {
        var remote = new RemoteResult(
                List.of(outcome('r', ""), outcome('h', "t"), outcome('s', "u")), outcome('K', "m"), "g");
        assertThat(remote.folded(3)).containsExactly(outcome('K', "m"), outcome('D', "tg"), outcome('Z', "ug"));
        assertThat(remote.records()).isEqualTo("r\0ht\0su\0Km\0");
    }
}
