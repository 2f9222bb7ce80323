package carteiro.queue;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

/** What was said last of recipients is kept in a bounded memory. */
class DeferralReasonsTest {
    @Test
    void theLastWordOfEachIsKeptUntilItsMessageEnds() {
        var reasons = new DeferralReasons(10_000);
        reasons.put(1, List.of(0, 2), "busy");
        reasons.put(1, List.of(2), "away");
        reasons.put(1, List.of(3), "");
        assertThat(reasons.of(1, 0, 4)).containsExactly("busy", "", "away", "");
        assertThat(reasons.of(2, 0, 1)).containsExactly("");
        reasons.forget(1);
        assertThat(reasons.of(1, 0, 3)).containsExactly("", "", "");
    }

    @Test
    void whatWasSaidLongestAgoIsForgottenFirst() {
        var reasons = new DeferralReasons(100 * 84); // 80 octets and the text for each
        for (int message = 0; message < 100; message++) {
            reasons.put(message, List.of(0), "busy");
        }
        assertThat(reasons.of(0, 0, 1)).containsExactly("busy");
        reasons.put(0, List.of(0), "away");
        reasons.put(100, List.of(0), "busy");
        assertThat(reasons.of(1, 0, 1)).containsExactly("");
        assertThat(reasons.of(0, 0, 1)).containsExactly("away");
        assertThat(reasons.of(100, 0, 1)).containsExactly("busy");
    }

    @Test
    void aMessageOfVeryManyRecipientsTakesNoMoreThanItsShare() {
        var reasons = new DeferralReasons(8 * 5 * 84);
        for (int message = 1; message <= 7; message++) {
            reasons.put(message, List.of(0), "busy");
        }
        reasons.put(8, java.util.stream.IntStream.range(0, 100).boxed().toList(), "busy");
        assertThat(reasons.of(8, 0, 100)).startsWith("busy", "busy", "busy", "busy", "busy", "");
        for (int message = 1; message <= 7; message++) {
            assertThat(reasons.of(message, 0, 1)).containsExactly("busy");
        }
        reasons.put(8, List.of(0), "away");
        reasons.put(8, List.of(99), "away");
        assertThat(reasons.of(8, 0, 100)).startsWith("away", "busy").endsWith("");
    }
}
