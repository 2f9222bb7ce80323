package carteiro.lookup;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

final class TtlCacheTest {
    private static final Duration MINUTE = Duration.ofMinutes(1);
    private static final long OVERHEAD = 200;

    private final AtomicLong clock = new AtomicLong();

    private TtlCache<String> memory(int most, long octets) {
        return new TtlCache<>(most, octets, String::length, clock::get);
    }

    @Test
    void anAnswerIsForgottenAfterItsTime() {
        TtlCache<String> memory = memory(100, 1 << 20);
        memory.keep("a", "1", MINUTE);
        memory.keep("b", "2", Duration.ZERO);
        clock.set(MINUTE.toNanos() - 1);
        assertThat(memory.get("a")).isEqualTo("1");
        assertThat(memory.get("b")).isNull();
        clock.set(MINUTE.toNanos());
        assertThat(memory.get("a")).isNull();
        assertThat(memory.octets()).isZero();
    }

    @Test
    void theOctetsOfAllAreBoundedWhateverTheirNumber() {
        TtlCache<String> memory = memory(1_000_000, 1 << 20);
        for (int i = 0; i < 2_000; i++) {
            memory.keep("key" + i, "x".repeat(10_000), MINUTE);
            assertThat(memory.octets()).isLessThanOrEqualTo(1 << 20);
        }
        assertThat(memory.octets()).isGreaterThan(1 << 19);
        assertThat(memory.get("key1999")).isNotNull();
    }

    @Test
    void theNumberIsBounded() {
        TtlCache<String> memory = memory(160, 1 << 20);
        for (int i = 0; i < 1_000; i++) {
            memory.keep("key" + i, "x", MINUTE);
        }
        assertThat(memory.size()).isLessThanOrEqualTo(160);
    }

    @Test
    void aValueOverItsShareIsNotKeptAndDrivesNothingOut() {
        TtlCache<String> memory = memory(1_000, 64 * 1_000);
        String most = "x".repeat((int) (1_000 - OVERHEAD - 1));
        memory.keep("k", most, MINUTE);
        assertThat(memory.get("k")).isEqualTo(most);
        memory.keep("k", most + "x", MINUTE);
        assertThat(memory.get("k")).as("the old one neither").isNull();
        assertThat(memory.octets()).isZero();
    }

    @Test
    void aValueThatIsReplacedIsCountedOnce() {
        TtlCache<String> memory = memory(1_000, 1 << 20);
        for (int i = 0; i < 100; i++) {
            memory.keep("k", "x".repeat(i), MINUTE);
        }
        assertThat(memory.octets()).isEqualTo(OVERHEAD + 1 + 99);
        assertThat(memory.size()).isOne();
    }
}
