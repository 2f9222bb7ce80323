package carteiro.send;

import static org.assertj.core.api.Assertions.assertThat;

import carteiro.protocol.Waiting.Report;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Addresses of several names that lead to one user. */
final class SharedLimitsTest {
    private static final String KEY = "user 7";

    private static String[] addresses(String account, int from, int to) {
        var addresses = new ArrayList<String>();
        for (int i = from; i <= to; i++) {
            addresses.add(account + "-" + i + "@local.example");
        }
        return addresses.toArray(String[]::new);
    }

    private static DeliveryAttempt of(List<DeliveryAttempt> starts, String address) {
        return starts.stream()
                .filter(attempt ->
                        attempt.delivery().addresses().getFirst().octets().equals(address))
                .findFirst()
                .orElseThrow();
    }

    @Test
    void whatIsBusyCostsNoAttemptAndStartsWhenADeliveryOfItsShareEnds() {
        var plan = Planned.of(10, 8, 20, 20);
        plan.add(1, addresses("a", 1, 6));
        plan.add(2, addresses("b", 1, 4));
        List<DeliveryAttempt> starts = plan.starts();
        assertThat(starts).hasSize(10);
        plan.schedule.busy(of(starts, "b-4@local.example"), KEY, 8, plan.now);
        assertThat(plan.lines()).last().asString().startsWith("status: local 9/10");
        long number = of(starts, "b-4@local.example").delivery().number();
        assertThat(plan.lines())
                .contains("delivery " + number
                        + ": deferral: its_share_is_used_up_(user_7:_8_at_once);_will_be_tried_again/");
        assertThat(plan.starts()).isEmpty();
        assertThat(plan.schedule.nextWake()).isEqualTo(plan.now + 1);
        plan.end(of(starts, "b-1@local.example"), Planned.OK);
        DeliveryAttempt again = plan.only();
        assertThat(again.delivery().addresses().getFirst().octets()).isEqualTo("b-4@local.example");
        assertThat(plan.reports).containsExactly(new Report.RecipientDelivered(2, 0));

        plan.add(3, addresses("a", 7, 8)); // that a is the same user is learned now
        plan.schedule.busy(plan.only(), KEY, 8, plan.now);
        plan.now += 1000;
        assertThat(plan.starts()).isEmpty(); // 6 of a and 3 of b run
        plan.end(of(starts, "b-2@local.example"), Planned.OK);
        assertThat(plan.starts()).isEmpty();
        plan.end(of(starts, "a-1@local.example"), Planned.OK);
        assertThat(Planned.recipients(plan.starts())).containsExactly("a-7@local.example");
        plan.end(again, Planned.OK);
        assertThat(Planned.recipients(plan.starts())).containsExactly("a-8@local.example");
    }

    @Test
    void othersGoOnMeanwhile() {
        var plan = Planned.of(10, 8, 20, 20);
        plan.add(1, addresses("a", 1, 20));
        List<DeliveryAttempt> starts = plan.starts();
        assertThat(starts).hasSize(8);
        for (DeliveryAttempt attempt : starts.subList(5, 8)) {
            plan.schedule.busy(attempt, KEY, 5, plan.now);
        }
        plan.add(2, addresses("c", 1, 4));
        assertThat(Planned.recipients(plan.starts())).containsExactly(addresses("c", 1, 4));
        for (DeliveryAttempt attempt : starts.subList(0, 5)) {
            plan.end(attempt, Planned.OK);
        }
        assertThat(plan.starts()).hasSize(5);
    }

    @Test
    void whoseHoldersAreNotKnownIsTriedLessAndLessOften() {
        var plan = Planned.of(10, 8, 20, 20);
        plan.add(1, "a@local.example");
        DeliveryAttempt attempt = plan.only();
        for (long pause : new long[] {1, 2, 4, 8, 15, 15}) {
            plan.schedule.busy(attempt, "programs", 8, plan.now);
            assertThat(plan.starts()).isEmpty();
            assertThat(plan.schedule.nextWake()).isEqualTo(plan.now + pause);
            plan.now += pause - 1;
            assertThat(plan.starts()).isEmpty();
            plan.now++;
            attempt = plan.only();
        }
        plan.end(attempt, Planned.LATER);
        assertThat(plan.reports).hasSize(1);
        plan.now += 100;
        plan.schedule.busy(plan.only(), "programs", 8, plan.now);
        assertThat(plan.starts()).isEmpty();
        assertThat(plan.schedule.nextWake()).isEqualTo(plan.now + 1);
    }

    @Test
    void aClockThatIsSetBackHoldsNothingUp() {
        var plan = Planned.of(10, 8, 20, 20);
        plan.add(1, "a@local.example");
        plan.schedule.busy(plan.only(), KEY, 8, plan.now);
        plan.now -= 5000;
        plan.schedule.clockSetBack(plan.now);
        assertThat(plan.starts()).hasSize(1);
    }

    @Test
    void aMessageThatIsRemovedMeanwhileIsNotTriedAgain() {
        var plan = Planned.of(10, 8, 20, 20);
        plan.add(1, addresses("a", 1, 2));
        List<DeliveryAttempt> starts = plan.starts();
        plan.remove(1);
        plan.schedule.busy(starts.get(0), KEY, 1, plan.now);
        plan.schedule.busy(starts.get(1), KEY, 1, plan.now);
        assertThat(plan.removed).containsExactly(1L);
        plan.now += 100;
        assertThat(plan.starts()).isEmpty();
        plan.add(2, addresses("a", 3, 4));
        DeliveryAttempt only = plan.only();
        plan.end(only, Planned.OK);
        assertThat(plan.starts()).hasSize(1);
    }

    @Test
    void whatIsRememberedIsBounded() {
        var shares = new SharedLimits();
        var first = new Destination("first");
        shares.learn(first, KEY, 8);
        for (int i = 0; i < SharedLimits.REMEMBERED - 1; i++) {
            shares.learn(new Destination("d" + i), "user " + i % 100, 8);
        }
        var again = new Destination("first");
        shares.recall(again);
        assertThat(again.share).isSameAs(first.share);
        shares.learn(new Destination("one more"), KEY, 8);
        assertThat(shares.size()).isEqualTo(SharedLimits.REMEMBERED);
        shares.recall(again);
        assertThat(again.share).isNull();
    }

    @Test
    void aDestinationThatIsForgottenWhileItStandsAsideKeepsNoOtherOfItsNameFromItsTurn() {
        var plan = Planned.of(10, 10, 10, 10);
        plan.add(1, "joe@local.example");
        DeliveryAttempt first = plan.only();
        plan.add(2, "joe@local.example");
        plan.schedule.busy(plan.only(), "uid 7", 5, plan.now);
        assertThat(plan.starts()).isEmpty();
        plan.end(first, Planned.OK);
        plan.remove(2);
        assertThat(plan.starts()).isEmpty();
        plan.add(3, "joe@local.example");
        plan.schedule.busy(plan.only(), "uid 7", 5, plan.now);
        assertThat(plan.starts()).isEmpty();
        plan.now += 20;
        plan.end(plan.only(), Planned.OK);
        assertThat(plan.finished).contains(3L);
    }
}
