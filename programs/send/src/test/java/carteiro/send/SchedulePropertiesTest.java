package carteiro.send;

import static org.assertj.core.api.Assertions.assertThat;

import carteiro.control.DomainTable;
import carteiro.log.LogEvent;
import carteiro.protocol.Waiting.Report;
import carteiro.protocol.Withdrawal.WithdrawalOutcome;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.Stream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;

/** What must hold whatever happens in whatever order. */
class SchedulePropertiesTest {
    /**
     * Random messages, outcomes, absences, breaks and withdrawals: limits hold at every step, no recipient is tried twice at once or
     * after its end, none before its time, and all come to an end.
     */
    @Property(tries = 100)
    void everyRecipientComesToOneEnd(@ForAll long seed) {
        var random = new Random(seed);
        int local = 1 + random.nextInt(6);
        int remote = 1 + random.nextInt(12);
        var plan = Planned.paged(
                local, Math.max(1, local - 1), remote, 1 + random.nextInt(remote), random.nextBoolean() ? 1 : 1 << 20);
        plan.pageSize = 1 + random.nextInt(5);
        int messages = 1 + random.nextInt(25);
        var expected = new HashSet<String>();
        var done = new HashSet<String>();
        var busy = new HashSet<String>();
        var running = new ArrayList<DeliveryAttempt>();
        var notBefore = new HashMap<String, Long>();
        var withdrawn = new HashSet<Long>();
        var removed = new HashSet<Long>();
        int added = 0;
        int reported = 0;
        for (int step = 0; step < 100_000 && (added < messages || ends(plan) < messages); step++) {
            if (added > 0 && random.nextInt(12) == 0) {
                long number = 1L + random.nextInt(added);
                boolean remove = random.nextBoolean();
                boolean ending = plan.finished.contains(number) || removed.contains(number);
                WithdrawalOutcome result = remove ? plan.remove(number) : plan.bounce(number);
                assertThat(result == WithdrawalOutcome.ENDING).isEqualTo(ending);
                if (!ending) {
                    withdrawn.add(number);
                    if (remove) {
                        removed.add(number);
                    }
                    boolean runs = running.stream()
                            .anyMatch(attempt -> attempt.message().number() == number);
                    if (remove || plan.addresses.getOrDefault(number, List.of()).size() <= ScheduledMessage.KEPT) {
                        assertThat(result == WithdrawalOutcome.RUNNING).isEqualTo(runs);
                    } else { // of many, the addresses are asked for first
                        assertThat(result == WithdrawalOutcome.RUNNING || !runs).isTrue();
                        plan.tellPages();
                    }
                }
            }
            if (added < messages && random.nextInt(3) == 0) {
                added++;
                var recipients = new String[random.nextInt(random.nextInt(4) == 0 ? 25 : 6)];
                for (int i = 0; i < recipients.length; i++) {
                    recipients[i] = "u" + random.nextInt(3) + "@"
                            + (random.nextBoolean() ? "local.example" : "d" + random.nextInt(4) + ".example");
                    expected.add(added + "/" + i);
                }
                plan.addFrom(random.nextInt(4) == 0 ? "l-@h-@[]" : "ann@example.org", added, recipients);
            }
            for (DeliveryAttempt attempt : plan.starts()) {
                running.add(attempt);
                for (int recipient : attempt.recipients()) {
                    String key = attempt.message().number() + "/" + recipient;
                    assertThat(busy.add(key)).as("tried twice at once").isTrue();
                    assertThat(done).as("tried after its end").doesNotContain(key);
                    assertThat(withdrawn)
                            .as("tried after it was withdrawn")
                            .doesNotContain(attempt.message().number());
                    assertThat(notBefore.getOrDefault(key, 0L)).isLessThanOrEqualTo(plan.now);
                }
            }
            assertThat(plan.schedule.running())
                    .isEqualTo(running.stream()
                            .mapToInt(attempt -> attempt.recipients().length)
                            .sum());
            if (!running.isEmpty() && random.nextInt(5) > 0) {
                DeliveryAttempt attempt = running.remove(random.nextInt(running.size()));
                for (int recipient : attempt.recipients()) {
                    busy.remove(attempt.message().number() + "/" + recipient);
                }
                switch (random.nextInt(8)) {
                    case 0 -> plan.schedule.unreachable(attempt, "away", plan.now);
                    case 1 -> plan.schedule.broken(attempt, "lost", plan.now);
                    case 2 -> plan.schedule.mangled(attempt, "nonsense", plan.now);
                    case 3, 4 -> plan.end(attempt, Planned.LATER);
                    case 5 -> plan.end(attempt, Planned.NEVER);
                    default -> plan.end(attempt, Planned.OK);
                }
            }
            for (; reported < plan.reports.size(); reported++) {
                switch (plan.reports.get(reported)) {
                    case Report.RecipientDelivered(long message, int recipient) ->
                        assertThat(done.add(message + "/" + recipient)).isTrue();
                    case Report.RecipientFailed(long message, int recipient, String _) ->
                        assertThat(done.add(message + "/" + recipient)).isTrue();
                    case Report.RecipientsDeferred(long message, var recipients, var due, String _) ->
                        recipients.forEach(recipient -> notBefore.put(message + "/" + recipient, due.getEpochSecond()));
                    case Report.MessageEnded _ -> throw new AssertionError("not the schedule's word");
                }
            }
            if (running.isEmpty() && plan.schedule.nextWake() < Long.MAX_VALUE) {
                plan.now = Math.max(plan.now, plan.schedule.nextWake());
            } else {
                plan.now += random.nextInt(3);
            }
        }
        expected.removeIf(key -> plan.removed.contains(Long.valueOf(key.substring(0, key.indexOf('/')))));
        assertThat(done)
                .as(plan.schedule.describe() + " wake " + (plan.schedule.nextWake() - plan.now) + " " + running)
                .containsAll(expected);
        assertThat(ends(plan)).isEqualTo(messages);
        assertThat(Stream.concat(plan.finished.stream(), plan.removed.stream())).doesNotHaveDuplicates();
        while (plan.schedule.nextWake() < Long.MAX_VALUE) { // what was withdrawn leaves the heaps when it comes up
            plan.now = Math.max(plan.now + 1, plan.schedule.nextWake());
            assertThat(plan.starts()).isEmpty();
        }
        for (LogEvent event : plan.events) {
            if (event instanceof SendEvent.RunningCounts status) {
                assertThat(status.local()).isBetween(0, local);
                assertThat(status.remote()).isBetween(0, remote);
            }
        }
        assertThat(plan.schedule.running()).isZero();
        assertThat(plan.schedule.describe()).contains("waiting=" + messages + " due=0");
    }

    private static int ends(Planned plan) {
        return plan.finished.size() + plan.removed.size();
    }

    /**
     * Random limits, outcomes, absences, breaks, ALRM, HUP and clocks set back: in real time no stretch of a period sees
     * more than the rate allows, no destination has more at once than it may, the schedule never asks to be woken for
     * nothing, and all is sent in the end.
     */
    @Property(tries = 100)
    void noRateIsExceededAndAllIsSent(@ForAll long seed) {
        var random = new Random(seed);
        var limits = new HashMap<String, DestinationLimit>();
        for (int i = 0; i < 4; i++) { // periods with slots of a second, for which the rate is exact
            limits.put(
                    List.of("d0.example", "d1.example", ".example", "").get(i),
                    new DestinationLimit(random.nextInt(4), random.nextInt(5), 1 + random.nextInt(60)));
        }
        var table = new DomainTable<>(limits);
        int remote = 1 + random.nextInt(12);
        var plan = Planned.limited(remote, limits);
        long real = 0;
        long latest = plan.now;
        var begun = new HashMap<String, ArrayList<Long>>();
        var running = new ArrayList<DeliveryAttempt>();
        int messages = 1 + random.nextInt(30);
        int added = 0;
        for (int step = 0; step < 100_000 && plan.finished.size() < messages; step++) {
            if (added < messages && random.nextInt(3) == 0) {
                var recipients = new String[1 + random.nextInt(6)];
                for (int i = 0; i < recipients.length; i++) {
                    recipients[i] = "u" + i + "@d" + random.nextInt(4) + (random.nextInt(4) == 0 ? ".org" : ".example");
                }
                plan.add(++added, recipients);
            }
            for (DeliveryAttempt attempt : plan.starts()) {
                running.add(attempt);
                String domain = attempt.destination().name;
                DestinationLimit limit = table.find(domain).orElseThrow();
                var when = begun.computeIfAbsent(domain, _ -> new ArrayList<>());
                for (int _ : attempt.recipients()) {
                    when.add(real);
                }
                if (limit.most() > 0) {
                    long since = real - limit.seconds();
                    assertThat(when.stream().filter(time -> time > since).count())
                            .isLessThanOrEqualTo(limit.most());
                }
                assertThat(attempt.destination().running)
                        .isLessThanOrEqualTo(limit.atOnce() == 0 ? remote : Math.min(remote, limit.atOnce()));
            }
            if (running.isEmpty() && added == messages && plan.finished.size() < messages) {
                assertThat(plan.schedule.nextWake()).isGreaterThan(plan.now).isLessThan(Long.MAX_VALUE);
            }
            if (!running.isEmpty() && random.nextInt(5) > 0) {
                DeliveryAttempt attempt = running.remove(random.nextInt(running.size()));
                switch (random.nextInt(10)) {
                    case 0 -> plan.schedule.unreachable(attempt, "away", plan.now);
                    case 1 -> plan.schedule.broken(attempt, "lost", plan.now);
                    case 2 -> plan.end(attempt, Planned.LATER);
                    case 3 -> plan.end(attempt, Planned.NEVER);
                    default -> plan.end(attempt, Planned.OK);
                }
            }
            switch (random.nextInt(20)) {
                case 0 -> plan.schedule.tryNow(plan.now);
                case 1 -> plan.schedule.limit(table);
                case 2 -> plan.now -= random.nextInt(3) == 0 ? random.nextInt(100_000) : random.nextInt(6);
                default -> {
                    boolean idle = running.isEmpty() && plan.schedule.nextWake() < Long.MAX_VALUE;
                    long passed = idle ? Math.max(0, plan.schedule.nextWake() - plan.now) : random.nextInt(3);
                    real += passed;
                    plan.now += passed;
                }
            }
            if (plan.now < latest - 5) { // as Sending does it
                plan.schedule.clockSetBack(plan.now);
                latest = plan.now;
            }
            latest = Math.max(latest, plan.now);
        }
        assertThat(plan.finished).hasSize(messages).doesNotHaveDuplicates();
        assertThat(running).isEmpty();
        plan.now = latest;
        while (plan.schedule.nextWake() < Long.MAX_VALUE) { // and then nothing is remembered
            plan.now = Math.max(plan.now + 1, plan.schedule.nextWake());
            assertThat(plan.starts()).isEmpty();
        }
        assertThat(plan.schedule.describe()).endsWith("due=0");
    }

    @Property(tries = 40)
    void tableHoldsWhatWasAddedAndNotWhatWasRemoved(@ForAll long seed) {
        var random = new Random(seed);
        var plan = Planned.of(1, 1);
        var table = new MessageTable();
        var model = new TreeMap<Long, ScheduledMessage>();
        for (int i = 0; i < 4000; i++) {
            long number = random.nextInt(1500);
            if (model.containsKey(number)) {
                assertThat(table.get(number)).isSameAs(model.remove(number));
                table.remove(number);
            } else {
                ScheduledMessage message = message(plan, number);
                model.put(number, message);
                table.add(message);
            }
            assertThat(table.size()).isEqualTo(model.size());
        }
        for (long number = 0; number < 1500; number++) {
            assertThat(table.get(number)).isSameAs(model.get(number));
        }
    }

    @Property(tries = 40)
    void heapGivesTheEarliestFirst(@ForAll long seed) {
        var random = new Random(seed);
        var plan = Planned.of(1, 1);
        var heap = new DueHeap(carteiro.protocol.Wires.Channel.REMOTE);
        var model = new ArrayList<Long>();
        for (int i = 0; i < 2000; i++) {
            if (random.nextInt(3) > 0) {
                ScheduledMessage message = message(plan, i + 1);
                long due = random.nextInt(1000);
                message.due(carteiro.protocol.Wires.Channel.REMOTE, due);
                heap.add(message);
                model.add(due);
            } else if (!model.isEmpty()) {
                long least = model.stream().mapToLong(Long::longValue).min().orElseThrow();
                assertThat(heap.firstDue()).isEqualTo(least);
                assertThat(heap.take(least - 1)).isNull();
                assertThat(heap.take(least)).isNotNull();
                model.remove(least);
            }
            if (random.nextInt(500) == 0) {
                heap.allDueBy(400);
                model.replaceAll(due -> Math.min(due, 400));
            }
        }
        assertThat(heap.size()).isEqualTo(model.size());
    }

    private static ScheduledMessage message(Planned plan, long number) {
        return new ScheduledMessage(
                new carteiro.protocol.Waiting.WaitingMessage(
                        number,
                        java.time.Instant.EPOCH,
                        1,
                        new carteiro.mail.Envelope(
                                carteiro.mail.Address.NULL,
                                List.of(),
                                carteiro.mail.Envelope.BodyType.SEVEN_BIT,
                                carteiro.mail.Envelope.AddressForm.ASCII,
                                0),
                        List.of()),
                plan.routes(List.of()));
    }
}
