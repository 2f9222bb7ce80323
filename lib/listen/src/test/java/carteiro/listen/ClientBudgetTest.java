package carteiro.listen;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** No client can take what the others need. */
class ClientBudgetTest {
    @Test
    void aClientHoldsNoMoreThanIsLeftForTheOthers() {
        var budget = new ClientBudget(90);
        var first = budget.share(1);
        assertThat(first.take(45)).isTrue();
        assertThat(first.take(1)).isFalse();
        assertThat(budget.share(1).take(1)).isFalse(); // another conversation of the same client
        first.giveBack();
        assertThat(first.take(30)).isTrue();
        var second = budget.share(2);
        assertThat(second.take(31)).isFalse();
        assertThat(second.take(30)).isTrue();
        assertThat(budget.share(3).take(15)).isTrue();
        assertThat(budget.taken()).isEqualTo(75);
        first.giveBack();
        second.giveBack();
        assertThat(budget.taken()).isEqualTo(15);
    }

    @Test
    void clientsWhoComeOneAfterAnotherGetHalfOfWhatIsLeft() {
        var budget = new ClientBudget(64);
        assertThat(budget.mostOfOne()).isEqualTo(32);
        for (long client = 0, most = 32; most > 0; client++, most /= 2) {
            assertThat(budget.share(client).take(most + 1)).isFalse();
            assertThat(budget.share(client).take(most)).isTrue();
        }
    }
}
