package carteiro.send;

import static org.assertj.core.api.Assertions.assertThat;

import carteiro.control.DomainTable;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** What control/destinationlimits makes of the schedule: no thread, no clock, no queue. */
class DestinationLimitsTest {
    private static final int MINUTE = 60;

    private static Planned limited(String domain, int atOnce, int most, int seconds) {
        return Planned.limited(20, Map.of(domain, new DestinationLimit(atOnce, most, seconds)));
    }

    private static void add(Planned plan, int from, int to, String domain) {
        for (int i = from; i <= to; i++) {
            plan.add(i, "u" + i + "@" + domain);
        }
    }

    private static void endAll(Planned plan, List<DeliveryAttempt> starts) {
        starts.forEach(attempt -> plan.end(attempt, Planned.OK));
    }

    @Test
    void limitedDestinationHasItsSlotsAndTheOthersTheirs() {
        var plan = limited("big.example", 3, 0, 1);
        add(plan, 1, 50, "big.example");
        add(plan, 101, 150, "other.example");
        List<DeliveryAttempt> starts = plan.starts();
        assertThat(Planned.to(starts, "big.example")).isEqualTo(3);
        assertThat(Planned.to(starts, "other.example")).isEqualTo(17);
    }

    @Test
    void limitAboveTheUsualShareHoldsButNotAboveAllSlots() {
        var plan = limited("big.example", 999_999, 0, 1);
        add(plan, 1, 50, "big.example");
        assertThat(plan.starts()).hasSize(20);
    }

    @Test
    void eachDomainBelowASuffixHasTheLimitForItself() {
        var plan = limited(".big.example", 2, 0, 1);
        add(plan, 1, 5, "a.big.example");
        add(plan, 11, 15, "b.big.example");
        add(plan, 21, 24, "big.example");
        List<DeliveryAttempt> starts = plan.starts();
        assertThat(Planned.to(starts, "@a.big.example")).isEqualTo(2);
        assertThat(Planned.to(starts, "@b.big.example")).isEqualTo(2);
        assertThat(Planned.to(starts, "@big.example")).isEqualTo(4);
    }

    @Test
    void localDeliveriesHaveNoSuchLimit() {
        var plan = limited("", 1, 1, MINUTE);
        plan.add(1, "ann@local.example", "bob@local.example");
        assertThat(plan.starts()).hasSize(2);
    }

    @Test
    void atItsRateADestinationWaitsAndTheScheduleKnowsUntilWhen() {
        var plan = limited("far.example", 0, 5, MINUTE);
        add(plan, 1, 12, "far.example");
        add(plan, 101, 103, "other.example");
        List<DeliveryAttempt> starts = plan.starts();
        assertThat(Planned.to(starts, "far.example")).isEqualTo(5);
        assertThat(Planned.to(starts, "other.example")).isEqualTo(3);
        endAll(plan, starts);
        assertThat(plan.starts()).isEmpty();
        assertThat(plan.schedule.nextWake()).isEqualTo(Planned.BIRTH + MINUTE);
        assertThat(plan.schedule.describe()).endsWith("due=7 rate=1");
        plan.now += MINUTE - 1;
        assertThat(plan.starts()).isEmpty();
        plan.now++;
        starts = plan.starts();
        assertThat(starts).hasSize(5);
        endAll(plan, starts);
        plan.now += MINUTE;
        endAll(plan, plan.starts());
        assertThat(plan.finished).hasSize(15);
        assertThat(plan.schedule.describe()).endsWith("due=0");
    }

    @Test
    void rateIsThatOfEveryStretchOfItsPeriod() {
        var plan = limited("far.example", 0, 2, MINUTE);
        add(plan, 1, 1, "far.example");
        assertThat(plan.starts()).hasSize(1);
        plan.now += 50;
        add(plan, 2, 5, "far.example");
        assertThat(plan.starts()).hasSize(1);
        plan.now += 10;
        assertThat(plan.starts()).hasSize(1);
        plan.now += 49;
        assertThat(plan.starts()).isEmpty();
        plan.now++;
        assertThat(plan.starts()).hasSize(1);
    }

    @Test
    void recipientsCountAndAGroupIsNotLargerThanWhatIsLeft() {
        var plan = limited("far.example", 0, 3, MINUTE);
        plan.add(1, "a@far.example", "b@far.example", "c@far.example", "d@far.example");
        DeliveryAttempt first = plan.only();
        assertThat(first.recipients()).hasSize(3);
        plan.end(first, Planned.OK);
        plan.now += MINUTE;
        assertThat(plan.only().recipients()).containsExactly(3);
    }

    @Test
    void idleDestinationIsRememberedAsLongAsItsRateCountsAndNoLonger() {
        var plan = limited("", 0, 1, 3600);
        plan.add(1, "a@far.example");
        plan.end(plan.only(), Planned.OK);
        plan.now += 1800;
        plan.add(2, "b@far.example");
        assertThat(plan.starts()).isEmpty();
        plan.now += 1860; // slots of a minute: it counts until the whole minute is an hour old
        plan.end(plan.only(), Planned.OK);
        while (plan.schedule.nextWake() < Long.MAX_VALUE) {
            assertThat(plan.schedule.nextWake()).isGreaterThan(plan.now);
            plan.now = plan.schedule.nextWake();
            assertThat(plan.starts()).isEmpty();
        }
        assertThat(plan.now).isLessThan(Planned.BIRTH + 3660 + 3700);
    }

    @Test
    void alrmDoesNotBreakTheRate() {
        var plan = limited("far.example", 0, 2, MINUTE);
        add(plan, 1, 4, "far.example");
        for (DeliveryAttempt attempt : plan.starts()) {
            plan.end(attempt, Planned.LATER);
        }
        plan.schedule.tryNow(plan.now);
        assertThat(plan.starts()).isEmpty();
        plan.now += MINUTE;
        assertThat(plan.starts()).hasSize(2);
    }

    @Test
    void hupLiftsALimitAtOnceAndSetsOneAtOnce() {
        var plan = limited("far.example", 2, 3, 3600);
        add(plan, 1, 20, "far.example");
        assertThat(plan.starts()).hasSize(2);
        plan.schedule.limit(new DomainTable<>(Map.of()));
        List<DeliveryAttempt> starts = plan.starts();
        assertThat(starts).hasSize(18);
        add(plan, 21, 30, "far.example");
        plan.schedule.limit(new DomainTable<>(Map.of("", new DestinationLimit(0, 1, 3600))));
        endAll(plan, starts);
        assertThat(plan.starts()).hasSize(1);
        assertThat(plan.starts()).isEmpty();
    }

    @Test
    void hupThatLeavesTheRateLeavesWhatItCounted() {
        var plan = limited("far.example", 0, 2, 3600);
        add(plan, 1, 4, "far.example");
        endAll(plan, plan.starts());
        plan.schedule.limit(new DomainTable<>(Map.of(".example", new DestinationLimit(7, 2, 3600))));
        assertThat(plan.starts()).isEmpty();
        assertThat(plan.schedule.nextWake()).isBetween(plan.now + 3600, plan.now + 3660);
    }

    @Test
    void clockSetBackByDaysNeitherStallsARateNorEndsIt() {
        for (boolean idle : new boolean[] {false, true}) {
            var plan = limited("far.example", 0, 1, MINUTE);
            add(plan, 1, idle ? 1 : 2, "far.example");
            endAll(plan, plan.starts());
            assertThat(plan.starts()).isEmpty();
            plan.now -= 5 * 86_400;
            plan.schedule.clockSetBack(plan.now);
            if (idle) {
                add(plan, 2, 2, "far.example");
            }
            assertThat(plan.starts()).isEmpty();
            assertThat(plan.schedule.nextWake()).isEqualTo(plan.now + MINUTE);
            plan.now += MINUTE;
            assertThat(plan.starts()).hasSize(1);
        }
    }

    @Test
    void whatRanWhenRemoteWasLostKeepsTheRateAndHoldsUpNobody() {
        var plan = limited("far.example", 0, 2, 3600);
        plan.add(1, "a@far.example");
        plan.add(2, "b@far.example");
        plan.add(3, "c@other.example");
        plan.starts().forEach(attempt -> plan.schedule.broken(attempt, "remote was lost", plan.now));
        var started = new ArrayList<DeliveryAttempt>();
        for (int i = 0; i < 20; i++) {
            plan.now++;
            List<DeliveryAttempt> starts = plan.starts();
            started.addAll(starts);
            endAll(plan, starts);
            if (starts.isEmpty()) {
                assertThat(plan.schedule.nextWake()).isGreaterThan(plan.now);
            }
        }
        assertThat(Planned.recipients(started)).containsExactly("c@other.example");
        plan.now += 3660;
        for (int i = 0; i < 20; i++) {
            endAll(plan, plan.starts());
            plan.now++;
        }
        assertThat(plan.finished).containsExactlyInAnyOrder(1L, 2L, 3L);
    }

    @Test
    void destinationsAtTheirRateLeaveTheSlotsToTheRest() {
        var plan = Planned.limited(
                4, Map.of("", new DestinationLimit(0, 1, 86_400), "free.example", new DestinationLimit(0, 0, 1)));
        for (int i = 1; i <= 1000; i++) {
            plan.add(i, "a@d" + i + ".example", "b@d" + i + ".example");
        }
        add(plan, 2001, 2010, "free.example");
        for (List<DeliveryAttempt> starts = plan.starts(); !starts.isEmpty(); starts = plan.starts()) {
            endAll(plan, starts);
        }
        assertThat(plan.finished).hasSize(10);
        assertThat(plan.schedule.describe()).contains(" due=1000 rate=1000");
    }
}
