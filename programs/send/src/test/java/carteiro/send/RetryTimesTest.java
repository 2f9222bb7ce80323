package carteiro.send;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import carteiro.testkit.Covers;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.LongRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

class RetryTimesTest {
    private static final long BIRTH = 1_795_489_290;

    private static long[] ages(RetryTimes times, int attempts) {
        var ages = new long[attempts];
        long now = BIRTH;
        for (int i = 0; i < attempts; i++) {
            ages[i] = now - BIRTH;
            now = times.next(BIRTH, now);
        }
        return ages;
    }

    @Test
    @Covers("qmail:S01")
    void localTimesAreHundredsOfSquares() {
        assertThat(ages(new RetryTimes.Squares(10), 5)).containsExactly(0, 100, 400, 900, 1600);
        assertThat(ages(new RetryTimes.Squares(10), 79)).endsWith(608_400);
    }

    @Test
    @Covers("qmail:S02")
    void remoteTimesAreFourHundredsOfSquares() {
        assertThat(ages(new RetryTimes.Squares(20), 5)).containsExactly(0, 400, 1600, 3600, 6400);
        assertThat(ages(new RetryTimes.Squares(20), 40)).endsWith(608_400);
    }

    @Test
    @Covers("qmail:S03")
    void lateAttemptContinuesFromItsAge() {
        assertThat(new RetryTimes.Squares(10).next(BIRTH, BIRTH + 872)).isEqualTo(BIRTH + 1521);
    }

    @Test
    void clockBeforeTheBirthCountsAsAgeNought() {
        assertThat(new RetryTimes.Squares(20).next(BIRTH, BIRTH - 5000)).isEqualTo(BIRTH + 400);
        assertThat(new RetryTimes.Ages(300).next(BIRTH, BIRTH - 5000)).isEqualTo(BIRTH + 300);
    }

    @Test
    void agesOfAFileThenTheLastDistanceAgain() {
        assertThat(ages(new RetryTimes.Ages(300, 900, 3600), 7)).containsExactly(0, 300, 900, 3600, 6300, 9000, 11_700);
        assertThat(ages(new RetryTimes.Ages(60), 4)).containsExactly(0, 60, 120, 180);
    }

    @Test
    void agesMustAscendWithinBounds() {
        for (long[] wrong : new long[][] {{}, {0}, {5, 5}, {5, 3}, {-1}, {RetryTimes.Ages.MOST + 1}}) {
            assertThatThrownBy(() -> new RetryTimes.Ages(wrong)).isInstanceOf(IllegalArgumentException.class);
        }
    }

    @Property
    void nextIsAlwaysLaterThanNow(
            @ForAll @LongRange(min = 0, max = 4_000_000_000L) long birth,
            @ForAll @LongRange(min = -1_000_000, max = 4_000_000_000L) long age,
            @ForAll @LongRange(min = 1, max = 20) long skip) {
        assertThat(new RetryTimes.Squares(skip).next(birth, birth + age)).isGreaterThan(birth + age);
    }

    @Property
    void nextOfAFileIsAlwaysLaterThanNow(
            @ForAll @LongRange(min = 0, max = 4_000_000_000L) long birth,
            @ForAll @LongRange(min = -1_000_000, max = 400_000_000L) long age,
            @ForAll @Size(min = 1, max = 12) List<@LongRange(min = 1, max = 100_000) Long> steps) {
        var ages = new long[steps.size()];
        long sum = 0;
        for (int i = 0; i < steps.size(); i++) {
            sum += steps.get(i);
            ages[i] = sum;
        }
        long next = new RetryTimes.Ages(ages).next(birth, birth + age);
        assertThat(next).isGreaterThan(birth + age);
        assertThat(next).isLessThanOrEqualTo(Math.max(birth, birth + age) + 100_000);
    }

    @Property
    void squareRootIsExact(@ForAll @LongRange(min = 0, max = 1L << 61) long square) {
        long root = RetryTimes.Squares.squareRoot(square);
        assertThat(root * root).isLessThanOrEqualTo(square);
        assertThat((root + 1) * (root + 1)).isGreaterThan(square);
    }

    @Property
    void squareRootIsExactAtSquares(@ForAll @LongRange(min = 1, max = 1L << 30) long root) {
        assertThat(RetryTimes.Squares.squareRoot(root * root)).isEqualTo(root);
        assertThat(RetryTimes.Squares.squareRoot(root * root - 1)).isEqualTo(root - 1);
    }
}
