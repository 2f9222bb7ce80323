package carteiro.send;

import static org.assertj.core.api.Assertions.assertThat;

import carteiro.mail.Address;
import carteiro.mail.Outcome;
import carteiro.protocol.Waiting.Report;
import carteiro.protocol.Withdrawal.WithdrawalOutcome;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Messages that wait, withdrawn by hand: the schedule alone, no thread, no clock, no queue. */
class ScheduledWithdrawalTest {
    private static final String GIVEN_UP = "no such project\nI'm not going to try again; the administrator of this host"
            + " has given this message up.\n\n";

    @Test
    void removedMessageIsNotTriedAgainAndNobodyIsTold() {
        var plan = Planned.of(10, 20);
        plan.add(1, "gone@local.example", "never@local.example");
        plan.add(2, "other@local.example");
        for (DeliveryAttempt attempt : plan.starts()) {
            boolean never = attempt.delivery().addresses().contains(new Address("never@local.example"));
            plan.end(attempt, never ? Planned.NEVER : Planned.LATER);
        }
        plan.reports.clear();
        assertThat(plan.remove(1)).isEqualTo(WithdrawalOutcome.WITHDRAWN);
        assertThat(plan.removed).containsExactly(1L);
        assertThat(plan.finished).isEmpty();
        assertThat(plan.reports).isEmpty();
        assertThat(plan.lines()).endsWith("removed msg 1: recipients 1 by root");
        plan.now += 100;
        assertThat(Planned.recipients(plan.starts())).containsExactly("other@local.example");
    }

    @Test
    void messageThatIsGivenUpFailsWithTheReason() {
        var plan = Planned.of(10, 20);
        plan.add(1, "a@local.example", "b@far.example");
        plan.starts().forEach(attempt -> plan.end(attempt, Planned.LATER));
        plan.reports.clear();
        assertThat(plan.bounce(1)).isEqualTo(WithdrawalOutcome.WITHDRAWN);
        assertThat(plan.reports)
                .containsExactly(
                        new Report.RecipientFailed(1, 0, "<a@local.example>:\n" + GIVEN_UP),
                        new Report.RecipientFailed(1, 1, "<b@far.example>:\n" + GIVEN_UP));
        assertThat(plan.finished).containsExactly(1L);
        assertThat(plan.lines()).endsWith("gave up msg 1: recipients 2 by root: no such project");
        plan.now += 10_000;
        assertThat(plan.starts()).isEmpty();
    }

    /** It has begun its pass, and waits for a slot at a host that is slow: nobody waits for that. */
    @Test
    void messageBehindASlowHostIsWithdrawnAtOnce() {
        var plan = Planned.of(10, 10, 20, 1);
        for (int i = 1; i <= 4; i++) {
            plan.add(i, "u" + i + "@slow.example");
        }
        DeliveryAttempt slow = plan.only();
        assertThat(plan.bounce(2)).isEqualTo(WithdrawalOutcome.WITHDRAWN);
        assertThat(plan.remove(3)).isEqualTo(WithdrawalOutcome.WITHDRAWN);
        assertThat(plan.finished).containsExactly(2L);
        assertThat(plan.removed).containsExactly(3L);
        assertThat(plan.schedule.describe()).contains(" due=1");
        plan.end(slow, Planned.OK);
        assertThat(Planned.recipients(plan.starts())).containsExactly("u4@slow.example");
    }

    @Test
    void destinationOfWhichAllWasWithdrawnIsForgotten() {
        var plan = Planned.of(10, 10, 20, 1);
        plan.add(1, "a@slow.example");
        plan.add(2, "b@slow.example");
        DeliveryAttempt slow = plan.only();
        assertThat(plan.remove(2)).isEqualTo(WithdrawalOutcome.WITHDRAWN);
        plan.end(slow, Planned.OK);
        assertThat(plan.starts()).isEmpty();
        plan.add(3, "c@slow.example");
        assertThat(Planned.recipients(plan.starts())).containsExactly("c@slow.example");
    }

    /** Of one message a recipient is being tried, another waits for a slot of the same host, a third for a slow one. */
    @Test
    void whatIsBeingTriedEndsAsItEndsAndTheRestAtOnce() {
        for (Outcome outcome : List.of(Planned.OK, Planned.LATER, Planned.NEVER)) {
            var plan = Planned.of(10, 10, 20, 1);
            plan.add(1, "a@x.example", "b@x.example", "c@y.example");
            List<DeliveryAttempt> starts = plan.starts();
            assertThat(Planned.recipients(starts)).containsExactly("a@x.example", "c@y.example");
            plan.end(starts.get(1), Planned.LATER);
            plan.reports.clear();
            assertThat(plan.bounce(1)).isEqualTo(WithdrawalOutcome.RUNNING);
            assertThat(plan.reports)
                    .containsExactly(
                            new Report.RecipientFailed(1, 1, "<b@x.example>:\n" + GIVEN_UP),
                            new Report.RecipientFailed(1, 2, "<c@y.example>:\n" + GIVEN_UP));
            assertThat(plan.finished).isEmpty();
            plan.end(starts.get(0), outcome);
            assertThat(plan.reports.getLast())
                    .isEqualTo(
                            switch (outcome) {
                                case Outcome.Delivered _ -> new Report.RecipientDelivered(1, 0);
                                case Outcome.Deferred _ ->
                                    new Report.RecipientFailed(1, 0, "<a@x.example>:\n" + GIVEN_UP);
                                case Outcome.Failed _ -> new Report.RecipientFailed(1, 0, "<a@x.example>:\nnever\n\n");
                            });
            assertThat(plan.reports).hasSize(3);
            assertThat(plan.finished).containsExactly(1L);
            plan.now += 10_000;
            assertThat(plan.starts()).isEmpty();
        }
    }

    @Test
    void messageThatIsRemovedWhileItIsTriedEndsWithTheDelivery() {
        var plan = Planned.of(10, 20);
        plan.add(1, "a@local.example");
        plan.add(2, "b@local.example");
        plan.add(3, "c@local.example");
        List<DeliveryAttempt> starts = plan.starts();
        for (long number = 1; number <= 3; number++) {
            assertThat(plan.remove(number)).isEqualTo(WithdrawalOutcome.RUNNING);
        }
        plan.end(starts.get(0), Planned.LATER);
        plan.end(starts.get(1), Planned.NEVER);
        plan.end(starts.get(2), Planned.OK);
        assertThat(plan.removed).containsExactly(1L, 2L, 3L);
        assertThat(plan.finished).isEmpty();
        assertThat(plan.reports).noneMatch(report -> report instanceof Report.RecipientsDeferred);
        plan.now += 10_000;
        assertThat(plan.starts()).isEmpty();
    }

    /** The delivery never ends: the program is away, is lost, or talks nonsense. */
    @Test
    void messageThatIsWithdrawnIsNotTriedAgainWhenItsDeliveryIsLost() {
        for (int way = 0; way < 3; way++) {
            var plan = Planned.of(10, 20);
            plan.add(1, "a@far.example");
            DeliveryAttempt attempt = plan.only();
            assertThat(plan.bounce(1)).isEqualTo(WithdrawalOutcome.RUNNING);
            switch (way) {
                case 0 -> plan.schedule.unreachable(attempt, "away", plan.now);
                case 1 -> plan.schedule.broken(attempt, "lost", plan.now);
                default -> plan.schedule.mangled(attempt, "nonsense", plan.now);
            }
            assertThat(plan.finished).containsExactly(1L);
            assertThat(plan.reports).containsExactly(new Report.RecipientFailed(1, 0, "<a@far.example>:\n" + GIVEN_UP));
            assertThat(plan.schedule.describe()).contains(" due=0");
            plan.now += 10_000;
            assertThat(plan.starts()).isEmpty();
        }
    }

    /** One that broke its program, and waits to be tried alone. */
    @Test
    void suspectIsWithdrawnToo() {
        var plan = Planned.of(10, 20);
        plan.add(1, "a@local.example");
        plan.add(2, "b@local.example");
        List<DeliveryAttempt> starts = plan.starts();
        plan.schedule.broken(starts.get(0), "lost", plan.now);
        plan.end(starts.get(1), Planned.OK);
        assertThat(plan.remove(1)).isEqualTo(WithdrawalOutcome.WITHDRAWN);
        plan.now += 10_000;
        assertThat(plan.starts()).isEmpty();
        plan.add(3, "a@local.example");
        assertThat(Planned.recipients(plan.starts())).containsExactly("a@local.example");
    }

    @Test
    void whatDoesNotWaitCannotBeWithdrawn() {
        var plan = Planned.of(10, 20);
        plan.schedule.newSession(plan.now);
        assertThat(plan.remove(7)).isEqualTo(WithdrawalOutcome.NOT_YET);
        plan.schedule.allPresented();
        assertThat(plan.remove(7)).isEqualTo(WithdrawalOutcome.UNKNOWN);
        plan.add(1, "a@local.example");
        plan.end(plan.only(), Planned.NEVER);
        assertThat(plan.finished).containsExactly(1L);
        assertThat(plan.remove(1)).isEqualTo(WithdrawalOutcome.ENDING);
        assertThat(plan.bounce(1)).isEqualTo(WithdrawalOutcome.ENDING);
    }

    @Test
    void whatIsBeingTriedMayStillBeRemovedWhenItWasGivenUpButNotTheOtherWay() {
        var plan = Planned.of(10, 20);
        plan.add(1, "a@local.example");
        DeliveryAttempt attempt = plan.only();
        assertThat(plan.bounce(1)).isEqualTo(WithdrawalOutcome.RUNNING);
        assertThat(plan.remove(1)).isEqualTo(WithdrawalOutcome.RUNNING);
        assertThat(plan.bounce(1)).isEqualTo(WithdrawalOutcome.ENDING);
        plan.end(attempt, Planned.LATER);
        assertThat(plan.removed).containsExactly(1L);
        assertThat(plan.reports).isEmpty();
    }
}
