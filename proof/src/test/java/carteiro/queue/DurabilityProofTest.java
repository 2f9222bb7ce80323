package carteiro.queue;

import static org.assertj.core.api.Assertions.assertThat;

import carteiro.queue.DurabilityProof.Tally;
import java.time.Duration;
import java.util.Random;
import java.util.function.Predicate;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A share of what {@code bench/prove} tries, and that it would find what it is there to find. */
class DurabilityProofTest {
    private static final int SEED = 25;
    private static final int HISTORIES = Integer.getInteger("carteiro.proof.histories", 75);
    private static final int FRESH = Integer.getInteger("carteiro.proof.fresh", 25);

    @Test
    @DisplayName("wherever the power fails, what was answered is there and whole, and nothing is that should not be")
    void everyPromiseIsKept() throws Exception {
        var tally = new Tally();
        var broken = new Prove(SEED, tally, _ -> false).histories(0, HISTORIES, 2, Duration.ofSeconds(60), _ -> {});
        System.out.print(tally);
        assertThat(broken).isNull();
        assertThat(tally.nested[2].sum())
                .as("recoveries stopped within recoveries")
                .isPositive();
        assertThat(tally.repeatedNames.sum())
                .as("deliveries that met the name of another, since the clock was set back")
                .isPositive();
    }

    @Test
    @DisplayName("and so it is in histories that nobody has tried before")
    void everyPromiseIsKeptInFreshHistories() throws Exception {
        int seed = new Random().nextInt(1_000_000_000); // as many digits as bench/prove takes
        System.out.println("fresh histories: bench/prove --seed " + seed + " --histories " + FRESH);
        var broken = new Prove(seed, new Tally(), _ -> false).histories(0, FRESH, 2, Duration.ofSeconds(60), _ -> {});
        if (broken != null) {
            System.out.println("BROKEN: " + broken);
        }
        assertThat(broken).isNull();
    }

    /** A sync that is forgotten. */
    enum Forgotten {
        SEGMENT(name -> name.startsWith("queue/segments/") && !name.endsWith("/")),
        NAME_OF_A_SEGMENT(name -> name.equals("queue/segments/")),
        LARGE_MESSAGE(name -> name.startsWith("queue/large/") && !name.endsWith("/")),
        NAME_OF_A_LARGE_MESSAGE(name -> name.equals("queue/large/")),
        CHECKPOINT(name -> name.startsWith("queue/checkpoints/") && !name.endsWith("/")),
        DRAFT_IN_A_MAILDIR(name -> name.startsWith("mail/tmp/")),
        NAME_IN_A_MAILDIR(name -> name.equals("mail/new/")),
        MBOX(name -> name.equals("mboxes/mbox")),
        NAME_OF_AN_MBOX(name -> name.equals("mboxes/"));

        private final Predicate<String> names;

        Forgotten(Predicate<String> names) {
            this.names = names;
        }
    }

    @ParameterizedTest
    @EnumSource
    @DisplayName("were a sync left out, it would be seen")
    void theProofCanFail(Forgotten forgotten) throws Exception {
        assertThat(new Prove(SEED, new Tally(), forgotten.names).histories(0, 400, 2, Duration.ZERO, _ -> {}))
                .isNotNull();
    }
}
