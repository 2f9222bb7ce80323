package carteiro.send;

import static org.assertj.core.api.Assertions.assertThat;

import carteiro.mail.Address;
import carteiro.mail.Outcome;
import carteiro.protocol.Deliver;
import carteiro.protocol.MessageEvent;
import carteiro.protocol.Waiting.RecipientState;
import carteiro.protocol.Waiting.Report;
import carteiro.testkit.Covers;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The schedule alone: no thread, no clock, no queue. */
class ScheduleTest {
    private static String[] many(int count, String domain) {
        var recipients = new String[count];
        for (int i = 0; i < count; i++) {
            recipients[i] = "u" + i + "@" + domain;
        }
        return recipients;
    }

    @Test
    @Covers({"qmail:S01", "qmail:S12"})
    void onlyTheDeferredRecipientIsTriedAgainAndWhenTheFormulaSays() {
        var plan = Planned.of(10, 20);
        plan.add(1, "good@local.example", "slow@local.example");
        List<DeliveryAttempt> starts = plan.starts();
        plan.end(starts.get(0), Planned.OK);
        assertThat(plan.starts()).isEmpty();
        plan.end(starts.get(1), Planned.LATER);
        assertThat(plan.reports)
                .containsExactly(
                        new Report.RecipientDelivered(1, 0),
                        new Report.RecipientsDeferred(
                                1, List.of(1), Instant.ofEpochSecond(Planned.BIRTH + 100), "later"));
        for (long age : new long[] {100, 400, 900}) {
            plan.now = Planned.BIRTH + age - 1;
            assertThat(plan.starts()).isEmpty();
            assertThat(plan.schedule.nextWake()).isEqualTo(Planned.BIRTH + age);
            plan.now = Planned.BIRTH + age;
            DeliveryAttempt again = plan.only();
            assertThat(again.delivery().addresses()).containsExactly(new Address("slow@local.example"));
            plan.end(again, Planned.LATER);
        }
    }

    @Test
    @Covers("qmail:S02")
    void remoteWaitsFourTimesAsLong() {
        var plan = Planned.of(10, 20);
        plan.add(1, "slow@far.example");
        plan.end(plan.only(), Planned.LATER);
        for (long age : new long[] {400, 1600, 3600}) {
            plan.now = Planned.BIRTH + age - 1;
            assertThat(plan.starts()).isEmpty();
            plan.now++;
            plan.end(plan.only(), Planned.LATER);
        }
    }

    @Test
    void channelsOfOneMessageHaveTheirOwnTimes() {
        var plan = Planned.of(10, 20);
        plan.add(1, "a@local.example", "a@far.example");
        plan.starts().forEach(attempt -> plan.end(attempt, Planned.LATER));
        plan.now += 100;
        assertThat(plan.only().delivery().addresses()).containsExactly(new Address("a@local.example"));
        plan.now += 300;
        assertThat(plan.only().delivery().addresses()).containsExactly(new Address("a@far.example"));
    }

    @Test
    void passDoesNotBeginWhileTheEarlierOneRuns() {
        var plan = Planned.of(10, 20);
        plan.add(1, "quick@a.example", "slow@b.example");
        List<DeliveryAttempt> starts = plan.starts();
        plan.end(starts.get(0), Planned.LATER);
        plan.now += 5000;
        assertThat(plan.starts()).isEmpty();
        plan.end(starts.get(1), Planned.LATER);
        assertThat(Planned.recipients(plan.starts())).containsExactlyInAnyOrder("quick@a.example", "slow@b.example");
    }

    @Test
    @Covers("qmail:S04")
    void deferralInThePassAfterTheLifetimeIsAFailure() {
        var plan = new Planned(
                new SendSettings.ChannelLimits(10, 10, new RetryTimes.Squares(10)),
                new SendSettings.ChannelLimits(20, 20, new RetryTimes.Squares(20)),
                1);
        plan.add(1, "a@local.example");
        plan.end(plan.only(), Planned.LATER);
        assertThat(plan.finished).isEmpty();
        plan.now += 100;
        plan.end(plan.only(), Planned.LATER);
        assertThat(plan.finished).containsExactly(1L);
        assertThat(plan.reports.getLast())
                .isEqualTo(new Report.RecipientFailed(
                        1,
                        0,
                        "<a@local.example>:\nlater\nI'm not going to try again; this message has been in the queue too"
                                + " long.\n\n"));
        assertThat(plan.lines())
                .contains("delivery 2: failure: later/I'm_not_going_to_try_again;_this_message_has_been_in_the_queue"
                        + "_too_long./");
    }

    @Test
    @Covers("qmail:S05")
    void alrmMakesEverythingDueAndLeavesTheFormulaAsItIs() {
        var plan = Planned.of(10, 20);
        plan.add(1, "a@local.example");
        plan.end(plan.only(), Planned.LATER);
        plan.now += 4;
        assertThat(plan.starts()).isEmpty();
        plan.schedule.tryNow(plan.now);
        plan.end(plan.only(), Planned.LATER);
        assertThat(plan.schedule.nextWake()).isEqualTo(Planned.BIRTH + 12 * 12);
    }

    @Test
    void clockThatWasDaysAheadStallsNothingOnceItIsSetBack() {
        var plan = Planned.of(10, 20);
        long ahead = 5 * 86_400;
        plan.add(1, "old@far.example");
        plan.now += ahead;
        plan.add(2, "new@far.example");
        for (DeliveryAttempt attempt : plan.starts()) {
            plan.end(attempt, Planned.LATER);
        }
        plan.add(3, "running@local.example");
        DeliveryAttempt running = plan.only();
        plan.now -= ahead;
        plan.schedule.clockSetBack(plan.now);
        plan.end(running, Planned.LATER);
        assertThat(plan.starts()).isEmpty(); // nor is everything tried at once
        plan.now += Schedule.PARKED;
        assertThat(Planned.recipients(plan.starts()))
                .containsExactlyInAnyOrder("old@far.example", "new@far.example", "running@local.example");
    }

    @Test
    void dueTimeThatNoScheduleCanGiveIsNotWaitedForAfterARestart() {
        var plan = Planned.of(10, 20);
        plan.addWith(
                "ann@example.org",
                1,
                List.of(new RecipientState.Due(Instant.ofEpochSecond(Planned.BIRTH + 365 * 86_400L))),
                "a@local.example");
        assertThat(plan.starts()).isEmpty();
        assertThat(plan.schedule.nextWake()).isEqualTo(Planned.BIRTH + Schedule.PARKED);
    }

    @Test
    void clockThatLeapsForwardTriesEachMessageOnceAndNoMoreAtOnceThanEver() {
        var plan = Planned.of(10, 20);
        for (int i = 1; i <= 100; i++) {
            plan.add(i, "u" + i + "@far" + i + ".example");
        }
        int tried = 0;
        for (List<DeliveryAttempt> starts = plan.starts(); !starts.isEmpty(); starts = plan.starts()) {
            assertThat(starts).hasSizeLessThanOrEqualTo(20);
            tried += starts.size();
            starts.forEach(attempt -> plan.end(attempt, Planned.LATER));
        }
        assertThat(tried).isEqualTo(100);
        plan.now += 6 * 86_400;
        for (List<DeliveryAttempt> starts = plan.starts(); !starts.isEmpty(); starts = plan.starts()) {
            assertThat(starts).hasSizeLessThanOrEqualTo(20);
            tried += starts.size();
            starts.forEach(attempt -> plan.end(attempt, Planned.LATER));
        }
        assertThat(tried).isEqualTo(200);
        assertThat(plan.schedule.nextWake()).isGreaterThan(plan.now + 1000);
    }

    @Test
    @Covers("qmail:S07")
    void dueTimeOfAnEarlierLifeIsKept() {
        var plan = Planned.of(10, 20);
        plan.addWith(
                "ann@example.org",
                1,
                List.of(new RecipientState.Due(Instant.ofEpochSecond(Planned.BIRTH + 50)), new RecipientState.Done()),
                "a@local.example",
                "b@local.example");
        assertThat(plan.starts()).isEmpty();
        plan.now += 50;
        assertThat(plan.only().delivery().addresses()).containsExactly(new Address("a@local.example"));
    }

    @Test
    void messageWithNothingLeftIsFinishedAtOnce() {
        var plan = Planned.of(10, 20);
        plan.add(1);
        plan.addWith("ann@example.org", 2, List.of(new RecipientState.ToBounce()), "a@local.example");
        assertThat(plan.finished).containsExactly(1L, 2L);
    }

    @Test
    @Covers("qmail:S09")
    void concurrencyIsNeverExceeded() {
        var plan = Planned.of(3, 3, 4, 4);
        for (int i = 1; i <= 50; i++) {
            plan.add(i, "u" + i + "@local.example", "u" + i + "@d" + i + ".example", "v@d" + i + ".example");
        }
        List<DeliveryAttempt> running = new ArrayList<>(plan.starts());
        while (!running.isEmpty()) {
            plan.end(running.removeFirst(), Planned.OK);
            running.addAll(plan.starts());
        }
        assertThat(plan.finished).hasSize(50);
        assertThat(plan.events.stream()
                        .filter(SendEvent.RunningCounts.class::isInstance)
                        .map(SendEvent.RunningCounts.class::cast))
                .allMatch(status -> status.local() <= 3 && status.remote() <= 4)
                .anyMatch(status -> status.local() == 3)
                .anyMatch(status -> status.remote() == 4);
        assertThat(plan.lines()).endsWith("status: local 0/3 remote 0/4");
    }

    @Test
    @Covers("qmail:S10")
    void concurrencyOfNoughtHolds() {
        var plan = Planned.of(5, 5, 0, 1);
        plan.add(1, "a@local.example", "a@far.example");
        plan.end(plan.only(), Planned.OK);
        assertThat(plan.starts()).isEmpty();
        assertThat(plan.lines()).noneMatch(line -> line.contains("to remote"));
        assertThat(plan.schedule.describe()).isEqualTo("local=0/5 remote=0/0 waiting=1 due=1");
    }

    @Test
    @Covers("qmail:S13")
    void deliveryNumbersStartAtOneAndNeverRepeat() {
        var plan = Planned.of(10, 20);
        for (int i = 1; i <= 5; i++) {
            plan.add(i, many(7, "far.example"));
        }
        List<DeliveryAttempt> running = new ArrayList<>(plan.starts());
        while (!running.isEmpty()) {
            plan.end(running.removeFirst(), Planned.OK);
            running.addAll(plan.starts());
        }
        List<Long> numbers = plan.events.stream()
                .filter(MessageEvent.DeliveryStarting.class::isInstance)
                .map(event -> ((MessageEvent.DeliveryStarting) event).delivery())
                .toList();
        assertThat(numbers)
                .hasSize(35)
                .doesNotHaveDuplicates()
                .isSorted()
                .startsWith(1L)
                .endsWith(35L);
    }

    @Test
    void recipientsOfOneDomainGoTogetherEachWithItsNumber() {
        var plan = Planned.of(10, 20);
        plan.add(1, "a@Far.example", "x@other.example", "b@far.EXAMPLE", "c@far.example");
        List<DeliveryAttempt> starts = plan.starts();
        assertThat(starts).hasSize(2);
        assertThat(starts.getFirst().delivery().addresses())
                .containsExactly(
                        new Address("a@Far.example"), new Address("b@far.EXAMPLE"), new Address("c@far.example"));
        assertThat(plan.lines())
                .startsWith(
                        "starting delivery 1: msg 1 to remote a@Far.example",
                        "status: local 0/10 remote 1/20",
                        "starting delivery 2: msg 1 to remote b@far.EXAMPLE",
                        "status: local 0/10 remote 2/20",
                        "starting delivery 3: msg 1 to remote c@far.example",
                        "status: local 0/10 remote 3/20");
        plan.schedule.ended(starts.getFirst(), List.of(Planned.OK, Planned.NEVER, Planned.LATER), plan.now);
        assertThat(plan.reports)
                .containsExactly(
                        new Report.RecipientDelivered(1, 0),
                        new Report.RecipientFailed(1, 2, "<b@far.EXAMPLE>:\nnever\n\n"),
                        new Report.RecipientsDeferred(
                                1, List.of(3), Instant.ofEpochSecond(Planned.BIRTH + 400), "later"));
    }

    @Test
    void groupIsAsLargeAsTheSlotsAndTheLimitOfADelivery() {
        var plan = Planned.of(10, 10, 250, 250);
        plan.add(1, many(300, "far.example"));
        List<DeliveryAttempt> starts = plan.starts();
        assertThat(starts.stream().map(attempt -> attempt.recipients().length))
                .containsExactly(Deliver.MOST_RECIPIENTS, Deliver.MOST_RECIPIENTS, 50);
        plan.end(starts.get(2), Planned.OK);
        assertThat(plan.only().recipients()).hasSize(50);
    }

    @Test
    void localRecipientsAndThoseOfAListGoOneByOne() {
        var plan = Planned.of(10, 20);
        plan.add(1, "a@local.example", "b@local.example");
        plan.addFrom("list-@h.org-@[]", 2, "a@far.example", "b@far.example");
        List<DeliveryAttempt> starts = plan.starts();
        assertThat(starts).hasSize(4).allMatch(attempt -> attempt.recipients().length == 1);
        assertThat(starts.stream().map(attempt -> attempt.delivery().sender().octets()))
                .containsExactlyInAnyOrder(
                        "ann@example.org", "ann@example.org", "list-a=far.example@h.org", "list-b=far.example@h.org");
    }

    @Test
    void slowDomainWithManyMessagesDelaysNobodyElse() {
        var plan = Planned.of(10, 8, 20, 15);
        for (int i = 1; i <= 1000; i++) {
            plan.add(i, "u" + i + "@slow.example");
        }
        List<DeliveryAttempt> starts = plan.starts();
        assertThat(starts).hasSize(15); // and none of them ever ends
        for (int i = 1; i <= 100; i++) {
            plan.add(2000 + i, "u@quick" + i + ".example");
        }
        for (int delivered = 0; delivered < 100; ) {
            List<DeliveryAttempt> next = plan.starts();
            assertThat(next).isNotEmpty();
            next.forEach(attempt -> plan.end(attempt, Planned.OK));
            delivered += next.size();
        }
        assertThat(plan.finished).hasSize(100);
    }

    @Test
    void destinationsTakeTurns() {
        var plan = Planned.of(1, 1, 4, 4);
        for (int i = 1; i <= 100; i++) {
            plan.add(i, "u" + i + "@big.example");
        }
        for (int i = 101; i <= 104; i++) {
            plan.add(i, "u" + i + "@small.example");
        }
        List<DeliveryAttempt> running = new ArrayList<>(plan.starts());
        var order = new ArrayList<Long>();
        for (int i = 0; i < 8; i++) {
            DeliveryAttempt attempt = running.removeFirst();
            order.add(attempt.message().number());
            plan.end(attempt, Planned.OK);
            running.addAll(plan.starts());
        }
        assertThat(order).contains(101L, 102L, 103L);
    }

    @Test
    void messagesOfOneDestinationTakeTurnsToo() {
        var plan = Planned.of(1, 1, 2, 2);
        plan.addFrom("list-@h.org-@[]", 1, many(1000, "far.example"));
        plan.add(2, "bob@far.example");
        assertThat(plan.starts().stream().map(attempt -> attempt.message().number()))
                .containsExactly(1L, 2L);
    }

    @Test
    void accountsOfOneLocalDomainAreDestinationsOfTheirOwn() {
        var plan = Planned.of(10, 8, 20, 15);
        for (int i = 1; i <= 100; i++) {
            plan.add(i, "joe-list" + i + "@local.example");
        }
        assertThat(plan.starts()).hasSize(8);
        plan.add(1000, "ann@local.example");
        assertThat(plan.only().message().number()).isEqualTo(1000);
    }

    @Test
    void stormOfRetriesLeavesSlotsForNewMessages() {
        var plan = Planned.of(10, 8, 20, 15);
        for (int i = 1; i <= 500; i++) {
            plan.addWith(
                    "ann@example.org",
                    i,
                    List.of(new RecipientState.Due(Instant.ofEpochSecond(Planned.BIRTH - 1))),
                    "u@dead" + i + ".example");
        }
        assertThat(plan.starts()).hasSize(15); // hosts that do not answer: each takes a minute
        for (int i = 1; i <= 5; i++) {
            plan.add(1000 + i, "u@healthy.example");
        }
        assertThat(Planned.to(plan.starts(), "healthy.example")).isEqualTo(5);
    }

    @Test
    void newMessageGetsTheNextSlotsWhenASlowDomainAndAStormHoldThemAll() {
        var plan = Planned.of(10, 8, 20, 15);
        for (int i = 1; i <= 500; i++) {
            plan.add(i, "u" + i + "@slow.example");
        }
        assertThat(plan.starts()).hasSize(15); // and none of them ever ends
        for (int i = 501; i <= 1000; i++) {
            plan.addWith(
                    "ann@example.org",
                    i,
                    List.of(new RecipientState.Due(Instant.ofEpochSecond(Planned.BIRTH - 1))),
                    "u@refusing" + i + ".example");
        }
        List<DeliveryAttempt> running = new ArrayList<>(plan.starts());
        assertThat(running).hasSize(5);
        plan.add(2000, "u@healthy.example");
        for (int i = 0; i < 2; i++) {
            plan.end(running.removeFirst(), Planned.LATER);
            running.addAll(plan.starts());
        }
        assertThat(Planned.to(running, "healthy.example")).isEqualTo(1);
    }

    @Test
    void newMessagesDoNotStarveTheRetries() {
        for (int concurrency : new int[] {1, 2, 3, 4, 20}) {
            var plan = Planned.of(10, 8, concurrency, concurrency);
            plan.addWith(
                    "ann@example.org",
                    1,
                    List.of(new RecipientState.Due(Instant.ofEpochSecond(Planned.BIRTH - 1))),
                    "u@retried.example");
            for (int i = 2; i <= 500; i++) {
                plan.add(i, "u@d" + i + ".example");
            }
            List<DeliveryAttempt> running = new ArrayList<>(plan.starts());
            for (int i = 0; i < 2 * concurrency && !plan.finished.contains(1L); i++) {
                plan.end(running.removeFirst(), Planned.OK);
                running.addAll(plan.starts());
            }
            assertThat(plan.finished).as("concurrency " + concurrency).contains(1L);
        }
    }

    @Test
    void troubledDestinationGetsAQuarterUntilItAnswers() {
        var plan = Planned.of(10, 8, 20, 15);
        for (int i = 1; i <= 100; i++) {
            plan.add(i, "u" + i + "@far.example");
        }
        List<DeliveryAttempt> running = new ArrayList<>(plan.starts());
        assertThat(running).hasSize(15);
        for (int i = 0; i < 14; i++) {
            plan.end(running.removeFirst(), Planned.LATER);
        }
        running.addAll(plan.starts());
        assertThat(running).hasSize(5);
        plan.end(running.removeFirst(), Planned.OK);
        running.addAll(plan.starts());
        assertThat(running).hasSize(15);
    }

    @Test
    void destinationWhoseHealthChangesHasTheFreeSlotAtOnce() {
        for (int turns : new int[] {0, 1}) {
            var plan = Planned.of(10, 10, 8, 8);
            for (int i = 0; i < turns; i++) {
                assertThat(plan.starts()).isEmpty(); // whose turn it is next changes
            }
            for (int i = 1; i <= 7; i++) {
                plan.add(i, "u@slow" + i + ".example");
            }
            assertThat(plan.starts()).hasSize(7); // and none of them ever ends
            for (int i = 11; i <= 14; i++) {
                plan.addWith(
                        "ann@example.org",
                        i,
                        List.of(new RecipientState.Due(Instant.ofEpochSecond(Planned.BIRTH - 1))),
                        "u@retried.example");
            }
            for (Outcome outcome : List.of(Planned.OK, Planned.LATER, Planned.OK)) { // the next one waits behind each
                plan.end(plan.only(), outcome);
            }
            assertThat(plan.starts()).as("turns " + turns).hasSize(1);
        }
    }

    @Test
    void programThatIsAwayCostsNoAttempt() {
        var plan = Planned.of(10, 8, 20, 15);
        for (int i = 1; i <= 20; i++) {
            plan.add(i, "u@d" + i + ".example");
        }
        plan.add(100, "a@local.example");
        List<DeliveryAttempt> starts = plan.starts();
        assertThat(starts).hasSize(21);
        for (DeliveryAttempt attempt : starts) {
            switch (attempt.channel()) {
                case REMOTE -> plan.schedule.unreachable(attempt, "remote is not running", plan.now);
                case LOCAL -> plan.end(attempt, Planned.OK); // the other channel flows
            }
        }
        assertThat(plan.reports).containsExactly(new Report.RecipientDelivered(100, 0));
        assertThat(plan.starts()).isEmpty();
        long pause = 1;
        for (int i = 0; i < 8; i++) { // one delivery at a time finds out, less and less often
            assertThat(plan.schedule.nextWake()).isEqualTo(plan.now + pause);
            plan.now += pause - 1;
            assertThat(plan.starts()).isEmpty();
            plan.now++;
            plan.schedule.unreachable(plan.only(), "remote is not running", plan.now);
            pause = Math.min(60, 2 * pause);
        }
        assertThat(plan.lines())
                .filteredOn(line -> line.startsWith("alert: oh no! lost remote"))
                .hasSize(1);
        plan.now += 60;
        plan.end(plan.only(), Planned.OK);
        assertThat(plan.lines()).contains("send: remote answers again; what waited for it goes on");
        assertThat(plan.starts()).hasSize(19);
        assertThat(plan.reports).noneMatch(Report.RecipientsDeferred.class::isInstance);
    }

    @Test
    void shortAbsenceIsNoAlert() {
        var plan = Planned.of(10, 10);
        plan.add(1, "a@local.example");
        plan.schedule.unreachable(plan.only(), "local is not running", plan.now);
        plan.now++;
        plan.end(plan.only(), Planned.OK);
        assertThat(plan.lines()).noneMatch(line -> line.contains("lost local") || line.contains("answers again"));
    }

    /** Mail is answered 250 and goes nowhere: waiting does not help. */
    @Test
    void programThatDoesNotServeUsIsAnAlertAtOnceAndOneOnly() {
        var plan = Planned.of(10, 10);
        plan.add(1, "a@local.example");
        plan.schedule.refused(plan.only(), "local refuses this connection", plan.now);
        for (int i = 0; i < 8; i++) {
            assertThat(plan.lines())
                    .filteredOn(line -> line.startsWith(
                            "alert: oh no! local refuses send (local refuses this connection); mail is accepted and not"
                                    + " delivered"))
                    .hasSize(1);
            plan.now += 60;
            plan.schedule.refused(plan.only(), "local refuses this connection", plan.now);
        }
        plan.now += 60;
        plan.end(plan.only(), Planned.OK);
        assertThat(plan.lines())
                .contains("send: local answers again; what waited for it goes on")
                .noneMatch(line -> line.contains("lost local"));
        assertThat(plan.reports).containsExactly(new Report.RecipientDelivered(1, 0));
    }

    @Test
    void deliveryThatRunsForAWhileHasReachedItsProgram() {
        var plan = Planned.of(10, 10);
        for (int i = 1; i <= 5; i++) {
            plan.add(i, "u" + i + "@local.example");
        }
        plan.starts().forEach(attempt -> plan.schedule.unreachable(attempt, "away", plan.now));
        plan.now++;
        assertThat(plan.starts()).hasSize(1);
        assertThat(plan.schedule.nextWake()).isEqualTo(plan.now + ChannelScheduler.PROBE);
        plan.now += ChannelScheduler.PROBE;
        assertThat(plan.starts()).hasSize(4);
    }

    @Test
    void messageThatBreaksItsProgramIsParkedAndTheRestFlows() {
        var plan = Planned.of(10, 10);
        plan.add(1, "poison@local.example");
        for (int i = 2; i <= 6; i++) {
            plan.add(i, "u" + i + "@local.example");
        }
        for (int step = 0;
                step < 200 && plan.finished.size() < 5
                        || plan.lines().stream().noneMatch(line -> line.startsWith("alert: msg 1 broke"));
                step++) {
            List<DeliveryAttempt> running = plan.starts();
            boolean poisoned =
                    running.stream().anyMatch(attempt -> attempt.message().number() == 1);
            for (DeliveryAttempt attempt : running) { // the program dies, and all that runs in it
                if (poisoned) {
                    plan.schedule.broken(attempt, "local was lost", plan.now);
                } else {
                    plan.end(attempt, Planned.OK);
                }
            }
            plan.now++;
        }
        assertThat(plan.finished).containsExactlyInAnyOrder(2L, 3L, 4L, 5L, 6L);
        assertThat(plan.lines())
                .filteredOn(line -> line.startsWith("alert: msg"))
                .hasSize(1);
        assertThat(plan.lines()).anyMatch(line -> line.startsWith("alert: msg 1 broke local 3 times and is parked"));
        assertThat(plan.reports.getLast())
                .isInstanceOfSatisfying(
                        Report.RecipientsDeferred.class,
                        deferred -> assertThat(deferred.due())
                                .isAfter(Instant.ofEpochSecond(plan.now + Schedule.PARKED - 60)));
        plan.now += Schedule.PARKED - 60;
        assertThat(plan.starts()).isEmpty();
        plan.now += 60;
        plan.end(plan.only(), Planned.OK);
        assertThat(plan.finished).contains(1L);
    }

    @Test
    @Covers("qmail:S24")
    void mangledReportIsDeferredAndTheThirdParks() {
        var plan = Planned.of(10, 10);
        plan.add(1, "a@local.example");
        for (long age : new long[] {0, 100, 400}) {
            plan.now = Planned.BIRTH + age;
            plan.schedule.mangled(plan.only(), "nonsense", plan.now);
        }
        assertThat(plan.lines()).contains("delivery 1: report mangled, will defer");
        assertThat(plan.reports.getFirst())
                .isEqualTo(new Report.RecipientsDeferred(
                        1, List.of(0), Instant.ofEpochSecond(Planned.BIRTH + 100), "nonsense"));
        assertThat(plan.schedule.nextWake()).isEqualTo(Planned.BIRTH + 400 + Schedule.PARKED);
    }

    @Test
    void reportIsCutAtTenThousandOctets() {
        var plan = Planned.of(10, 10);
        plan.add(1, "a@local.example");
        plan.end(plan.only(), new Outcome.Failed(new carteiro.mail.Status(5, 0, 0), "x".repeat(50_000)));
        assertThat(((Report.RecipientFailed) plan.reports.getFirst()).paragraph())
                .hasSizeLessThan(10_100)
                .endsWith("x\n(the report was longer)\n\n");
    }

    @Test
    void messageThatQueueNoLongerPresentsIsForgotten() {
        var plan = Planned.of(10, 10);
        plan.schedule.newSession(plan.now);
        plan.add(1, "a@local.example");
        plan.add(2, "b@local.example");
        plan.starts().forEach(attempt -> plan.end(attempt, Planned.LATER));
        plan.schedule.newSession(plan.now);
        assertThat(plan.schedule.knows(2)).isTrue();
        plan.schedule.allPresented();
        plan.now += 100;
        assertThat(Planned.recipients(plan.starts())).containsExactly("b@local.example");
        assertThat(plan.schedule.knows(1)).isFalse();
    }

    @Test
    void nothingStartsOnceExiting() {
        var plan = Planned.of(10, 10);
        plan.add(1, "a@local.example");
        DeliveryAttempt running = plan.only();
        plan.schedule.exit();
        plan.add(2, "b@local.example");
        assertThat(plan.starts()).isEmpty();
        plan.end(running, Planned.OK);
        assertThat(plan.lines()).endsWith("status: local 0/10 remote 0/10 exitasap");
    }

    @Test
    void destinationsOfWhatIsTriedCountAsMemoryAndWhatIsDueWaitsForRoom() {
        var plan = Planned.passing(100, 2000);
        long empty = plan.schedule.memory();
        for (int i = 1; i <= 20; i++) {
            plan.add(i, "u@a" + i + ".example", "u@b" + i + ".example");
        }
        assertThat(plan.schedule.memory()).as("fresh mail is begun at once").isGreaterThan(empty + 40 * 320);
        for (List<DeliveryAttempt> starts = plan.starts(); !starts.isEmpty(); starts = plan.starts()) {
            starts.forEach(attempt -> plan.end(attempt, Planned.LATER));
        }
        long idle = plan.schedule.memory();
        assertThat(idle).isLessThan(20 * 250);
        plan.now += 400;
        List<DeliveryAttempt> some = plan.starts();
        assertThat(some).hasSizeBetween(4, 10);
        assertThat(plan.schedule.memory()).isBetween(idle + 2000, idle + 3000);
        plan.add(99, "u@fresh.example");
        List<DeliveryAttempt> fresh = plan.starts();
        assertThat(Planned.recipients(fresh)).containsExactly("u@fresh.example");
        var left = new ArrayList<DeliveryAttempt>(some);
        left.addAll(fresh);
        int tried = 0;
        while (!left.isEmpty()) {
            tried += left.size();
            left.forEach(attempt -> plan.end(attempt, Planned.OK));
            left.clear();
            left.addAll(plan.starts());
        }
        assertThat(tried).isEqualTo(41);
        assertThat(plan.schedule.memory()).as("nothing is in a pass").isLessThan(21 * 250);
        assertThat(plan.finished).hasSize(21);
    }
}
