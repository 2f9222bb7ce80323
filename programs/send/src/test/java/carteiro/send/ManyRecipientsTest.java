package carteiro.send;

import static org.assertj.core.api.Assertions.assertThat;

import carteiro.mail.Address;
import carteiro.mail.Attribute;
import carteiro.mail.Attributes;
import carteiro.mail.Envelope;
import carteiro.mail.RecipientList;
import carteiro.protocol.Route;
import carteiro.protocol.Waiting.RecipientState;
import carteiro.protocol.Waiting.Report;
import carteiro.protocol.Waiting.WaitingMessage;
import carteiro.protocol.Wires.Channel;
import carteiro.protocol.Withdrawal;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Messages of many recipients: their addresses are here only while their turn has come. */
class ManyRecipientsTest {
    @TempDir
    Path home;

    private static String[] accounts(int count) {
        return IntStream.range(0, count)
                .mapToObj(i -> "u" + i + "@local.example")
                .toArray(String[]::new);
    }

    /** Lets everything be tried that is due, page by page, and all of it end so; how many were started. */
    private static int work(Planned plan, carteiro.mail.Outcome outcome) {
        int started = 0;
        for (List<DeliveryAttempt> starts = plan.starts(); !starts.isEmpty(); starts = plan.starts()) {
            assertThat(started).as("recipients that were started").isLessThan(1_000_000);
            for (DeliveryAttempt attempt : starts) {
                started += attempt.recipients().length;
                plan.end(attempt, outcome);
            }
        }
        return started;
    }

    @Test
    void allAreDeliveredInTheirOrderWithOnePageAtATime() {
        var plan = Planned.narrow(2, 2);
        plan.pageSize = 3;
        plan.add(1, accounts(20));
        var seen = new ArrayList<String>();
        for (List<DeliveryAttempt> starts = plan.starts(); !starts.isEmpty(); starts = plan.starts()) {
            seen.addAll(Planned.recipients(starts));
            starts.forEach(attempt -> plan.end(attempt, Planned.OK));
        }
        assertThat(seen).containsExactly(accounts(20));
        assertThat(plan.pagesTold).as("the first came with the message").isGreaterThan(1);
        assertThat(plan.finished).containsExactly(1L);
        assertThat(plan.reports).hasSize(20).allMatch(Report.RecipientDelivered.class::isInstance);
    }

    @Test
    void aSecondMessageHasItsPageWhileTheFirstWaits() {
        var plan = Planned.narrow(1, 1);
        plan.pageSize = 3;
        plan.add(1, accounts(20));
        plan.add(2, accounts(20));
        assertThat(work(plan, Planned.OK)).isEqualTo(40);
        assertThat(plan.finished).containsExactlyInAnyOrder(1L, 2L);
    }

    /** Recipients of which half are at a domain whose way changes. */
    private static String[] half(int count) {
        return IntStream.range(0, count)
                .mapToObj(i -> "u" + i + (i % 2 == 0 ? "@moving.example" : "@far.example"))
                .toArray(String[]::new);
    }

    @Test
    void recipientsWhoseWayHasChangedTakeTheNewOneAtOnce() {
        var plan = Planned.narrow(10, 10);
        plan.pageSize = 5;
        plan.add(1, half(40));
        assertThat(work(plan, Planned.LATER)).isEqualTo(40);
        plan.here.put("moving.example", "joe");
        plan.now += 400;
        var channels = new java.util.TreeMap<String, Channel>();
        for (List<DeliveryAttempt> starts = plan.starts(); !starts.isEmpty(); starts = plan.starts()) {
            for (DeliveryAttempt attempt : starts) {
                attempt.delivery().addresses().forEach(each -> channels.put(each.octets(), attempt.channel()));
                plan.end(attempt, Planned.OK);
            }
        }
        assertThat(channels).hasSize(40);
        channels.forEach((recipient, channel) -> assertThat(recipient)
                .satisfiesAnyOf(
                        local -> assertThat(local).startsWith("joe-u").endsWith("@moving.example"),
                        remote -> assertThat(remote).startsWith("u").endsWith("@far.example"))
                .matches(each -> (channel == Channel.LOCAL) == each.startsWith("joe-")));
        assertThat(plan.finished).containsExactly(1L);
        assertThat(plan.reports.stream().filter(Report.RecipientDelivered.class::isInstance))
                .hasSize(40);
    }

    @Test
    void recipientsWhoseWayHasChangedWaitWhileTheNewOneTriesOthersOfTheMessage() {
        var plan = Planned.narrow(10, 10);
        plan.pageSize = 5;
        plan.here.put("slow.example", "");
        var all = new ArrayList<>(List.of(half(20)));
        all.add("x@slow.example");
        plan.add(1, all.toArray(String[]::new));
        List<DeliveryAttempt> first = new ArrayList<>(plan.starts());
        for (List<DeliveryAttempt> more = plan.starts(); !more.isEmpty(); more = plan.starts()) {
            first.addAll(more);
        }
        List<DeliveryAttempt> slow = first.stream()
                .filter(attempt -> attempt.channel() == Channel.LOCAL)
                .toList();
        assertThat(slow).hasSize(1); // and it runs on
        first.stream()
                .filter(attempt -> attempt.channel() == Channel.REMOTE)
                .forEach(attempt -> plan.end(attempt, Planned.LATER));
        work(plan, Planned.LATER);
        plan.here.put("moving.example", "");
        plan.now += 400;
        assertThat(work(plan, Planned.OK)).as("those that stay remote").isEqualTo(10);
        plan.end(slow.getFirst(), Planned.OK);
        assertThat(work(plan, Planned.OK)).isZero();
        plan.now += Schedule.PARKED;
        assertThat(work(plan, Planned.OK)).isEqualTo(10);
        assertThat(plan.finished).containsExactly(1L);
    }

    private static String[] hosts(String name, int count) {
        return IntStream.range(0, count)
                .mapToObj(i -> "u@" + name + i + ".example")
                .toArray(String[]::new);
    }

    @Test
    void whatAMessageOfVeryManyHasBegunKeepsNoOtherFromItsTurn() {
        var plan = Planned.paged(10, 10, 1000, 1000, 30_000);
        plan.pageSize = 10;
        plan.add(1, hosts("slow", 2000));
        List<DeliveryAttempt> slow = plan.starts(); // and none of them ends
        assertThat(slow).hasSizeBetween(30, 100);
        plan.add(2, hosts("other", 20));
        plan.add(3, hosts("third", 20));
        assertThat(Planned.recipients(plan.starts())).contains("u@other0.example", "u@third0.example");
        slow.forEach(attempt -> plan.end(attempt, Planned.OK));
        assertThat(work(plan, Planned.OK)).isGreaterThan(1900);
        assertThat(plan.finished).contains(1L);
    }

    @Test
    void destinationsOfLaterPagesAreNotTakenForTroubledOnesAtTheFirstTry() {
        var plan = Planned.narrow(5, 5);
        plan.pageSize = 10;
        plan.add(1, hosts("d", 40));
        int tried = 0;
        for (List<DeliveryAttempt> starts = plan.starts(); !starts.isEmpty(); starts = plan.starts()) {
            assertThat(starts).allMatch(attempt -> attempt.terms() == DeliveryAttempt.AttemptClass.HEALTHY);
            tried += starts.size();
            starts.forEach(attempt -> plan.end(attempt, Planned.OK));
        }
        assertThat(tried).isEqualTo(40);
        var again = Planned.narrow(5, 5);
        again.pageSize = 10;
        var later = new RecipientState.Due(Instant.ofEpochSecond(Planned.BIRTH));
        again.addWith("ann@example.org", 1, java.util.Collections.nCopies(40, later), hosts("d", 40));
        for (List<DeliveryAttempt> starts = again.starts(); !starts.isEmpty(); starts = again.starts()) {
            assertThat(starts).allMatch(attempt -> attempt.terms() == DeliveryAttempt.AttemptClass.TROUBLED);
            starts.forEach(attempt -> again.end(attempt, Planned.OK));
        }
        assertThat(again.finished).containsExactly(1L);
    }

    @Test
    void theDeferredOnesAreTriedAgainAndTheOthersAreNot() {
        var plan = Planned.of(20, 20);
        plan.pageSize = 3;
        plan.add(1, accounts(12));
        for (DeliveryAttempt attempt : plan.starts()) {
            plan.end(attempt, attempt.recipients()[0] % 4 == 0 ? Planned.LATER : Planned.OK);
        }
        assertThat(plan.starts()).isEmpty();
        plan.now += 400;
        List<DeliveryAttempt> again = plan.starts();
        assertThat(Planned.recipients(again))
                .containsExactlyInAnyOrder("u0@local.example", "u4@local.example", "u8@local.example");
        again.forEach(attempt -> plan.end(attempt, Planned.OK));
        assertThat(plan.finished).containsExactly(1L);
    }

    @Test
    void recipientsInBothChannelsAndFailuresOfEach() {
        var plan = Planned.narrow(5, 5);
        plan.pageSize = 4;
        plan.add(
                1,
                IntStream.range(0, 30)
                        .mapToObj(i -> "u" + i + (i % 2 == 0 ? "@local.example" : "@d" + i % 7 + ".example"))
                        .toArray(String[]::new));
        assertThat(work(plan, Planned.NEVER)).isEqualTo(30);
        var failed = new HashSet<Integer>();
        for (Report report : plan.reports) {
            var one = (Report.RecipientFailed) report;
            failed.add(one.recipient());
            assertThat(one.paragraph()).startsWith("<u" + one.recipient() + "@");
        }
        assertThat(failed).hasSize(30);
        assertThat(plan.finished).containsExactly(1L);
    }

    @Test
    void aWithdrawnOneFailsForEachRecipientWithItsAddress() {
        var plan = Planned.narrow(2, 2);
        plan.pageSize = 3;
        plan.add(1, accounts(20));
        List<DeliveryAttempt> running = plan.starts();
        assertThat(running).hasSize(2);
        assertThat(plan.bounce(1)).isEqualTo(Withdrawal.WithdrawalOutcome.RUNNING);
        plan.tellPages();
        assertThat(plan.finished).isEmpty();
        plan.end(running.get(0), Planned.OK);
        plan.end(running.get(1), Planned.LATER);
        assertThat(plan.finished).containsExactly(1L);
        assertThat(plan.reports.stream().filter(Report.RecipientFailed.class::isInstance))
                .hasSize(19)
                .allSatisfy(report -> assertThat(((Report.RecipientFailed) report).paragraph())
                        .startsWith("<u" + ((Report.RecipientFailed) report).recipient() + "@local.example>:\n")
                        .contains("no such project"));
        assertThat(plan.starts()).isEmpty();
    }

    @Test
    void aWithdrawnOneThatWaitsEndsWhenItsAddressesAreTold() {
        var plan = Planned.of(20, 20);
        plan.pageSize = 3;
        plan.add(1, accounts(12));
        plan.starts().forEach(attempt -> plan.end(attempt, Planned.LATER));
        assertThat(plan.bounce(1)).isEqualTo(Withdrawal.WithdrawalOutcome.RUNNING);
        plan.tellPages();
        assertThat(plan.finished).containsExactly(1L);
        assertThat(plan.reports.stream().filter(Report.RecipientFailed.class::isInstance))
                .hasSize(12);
    }

    @Test
    void aRemovedOneNeedsNoAddresses() {
        var plan = Planned.of(20, 20);
        plan.add(1, accounts(12));
        plan.starts().forEach(attempt -> plan.end(attempt, Planned.LATER));
        int told = plan.pagesTold;
        assertThat(plan.remove(1)).isEqualTo(Withdrawal.WithdrawalOutcome.WITHDRAWN);
        assertThat(plan.removed).containsExactly(1L);
        assertThat(plan.pagesTold).isEqualTo(told);
    }

    @Test
    void addressesThatCannotBeToldAreWaitedForAndTheRestOfTheMessageFlows() {
        var plan = Planned.narrow(20, 20);
        plan.add(1, accounts(12));
        plan.pageSize = 3;
        plan.unreadable.add(1L);
        List<DeliveryAttempt> starts = plan.starts();
        assertThat(starts).as("the first page came with the message").hasSize(12);
        starts.forEach(attempt -> plan.end(attempt, Planned.LATER));
        plan.now += 400;
        assertThat(plan.starts()).isEmpty();
        assertThat(plan.lines()).anyMatch(line -> line.startsWith("warning: msg 1: queue does not tell the addresses"));
        plan.unreadable.clear();
        assertThat(plan.starts()).isEmpty();
        plan.now += Schedule.PARKED;
        assertThat(work(plan, Planned.OK)).isEqualTo(12);
        assertThat(plan.finished).containsExactly(1L);
    }

    @Test
    void addressesThatCannotBeToldInItsLifetimeFailWithoutThem() {
        var plan = Planned.narrow(20, 20);
        plan.add(1, accounts(12));
        plan.starts().forEach(attempt -> plan.end(attempt, Planned.LATER));
        plan.unreadable.add(1L);
        plan.now += 604_800;
        assertThat(plan.starts()).isEmpty();
        assertThat(plan.finished).isEmpty();
        plan.now += Schedule.PARKED;
        assertThat(plan.starts()).isEmpty();
        assertThat(plan.finished).containsExactly(1L);
        assertThat(plan.reports.stream().filter(Report.RecipientFailed.class::isInstance))
                .hasSize(12)
                .allSatisfy(report -> assertThat(((Report.RecipientFailed) report).paragraph())
                        .startsWith("<recipient " + (((Report.RecipientFailed) report).recipient() + 1) + ">:\n")
                        .contains("can no longer be read", "in the queue too long"));
        assertThat(plan.schedule.describe()).endsWith(" due=0");
    }

    @Test
    void recipientsThatGetNoRouteWaitAndFailWithTheMessagesLifetime() {
        var plan = Planned.narrow(20, 20);
        plan.add(1, accounts(12));
        plan.starts().forEach(attempt -> plan.end(attempt, Planned.LATER));
        plan.unroutable.add(1L);
        plan.now += 604_800;
        assertThat(plan.starts()).isEmpty();
        assertThat(plan.finished).isEmpty();
        plan.now += Schedule.PARKED;
        assertThat(plan.starts()).isEmpty();
        assertThat(plan.finished).containsExactly(1L);
        assertThat(plan.reports.stream().filter(Report.RecipientFailed.class::isInstance))
                .hasSize(12)
                .allSatisfy(report -> assertThat(((Report.RecipientFailed) report).paragraph())
                        .contains("could not find out where this recipient's mail goes", "in the queue too long"));
    }

    @Test
    void whatIsGivenUpWhileLookupIsAwayBouncesByTheAddressesAsTheyWere() throws Exception {
        try (var host = new Installed(home)) {
            host.delivering(Installed.always(Installed.LATER)).start();
            String[] recipients = accounts(20);
            long number = host.queue.put("ann@example.org", "Subject: x\n\nhello\n", recipients);
            host.lines.await(20, "delivery \\d+: deferral: .*");
            host.routing.stop();
            host.send()
                    .withdraw(
                            new Withdrawal.WithdrawalRequest(Withdrawal.WithdrawalAction.BOUNCE, "given up"),
                            "root",
                            List.of(number));
            host.lines.await(1, "bounce msg " + number + " qp \\d+");
            String bounce = host.queue.bounces.getFirst().text;
            assertThat(recipients).allMatch(recipient -> bounce.contains("<" + recipient + ">:\n"));
        }
    }

    @Test
    void aMessageThatQueueHasNoLongerIsForgotten() {
        var plan = Planned.narrow(20, 20);
        plan.add(1, accounts(12));
        plan.starts().forEach(attempt -> plan.end(attempt, Planned.LATER));
        plan.addresses.remove(1L);
        plan.now += 400;
        assertThat(plan.starts()).isEmpty();
        assertThat(plan.schedule.messages()).isZero();
        assertThat(plan.schedule.memory()).isZero();
        assertThat(plan.lines()).noneMatch(line -> line.startsWith("warning: "));
    }

    @Test
    void aMessageWhoseAddressesCannotBeReadNowIsTakenLater() throws Exception {
        try (var host = new Installed(home)) {
            host.queue.pageSize = 7;
            host.queue.unreadableRecipients = true;
            host.delivering(Installed.always(Installed.OK)).start();
            long many = host.queue.put(
                    "ann@example.org",
                    "x\n",
                    IntStream.range(0, 20)
                            .mapToObj(i -> "u" + i + "@host.example.org")
                            .toArray(String[]::new));
            long one = host.queue.put("ann@example.org", "x\n", "v@host.example.org");
            host.lines.await("end msg " + one);
            assertThat(host.lines.matching("new msg " + many)).isEmpty();
            host.queue.unreadableRecipients = false;
            host.clock.advance(RunningSend.UNREADABLE_PAUSE.toSeconds());
            host.queue.put("ann@example.org", "x\n", "w@host.example.org");
            host.lines.await("new msg " + many);
            host.queue.put("ann@example.org", "x\n", "w@host.example.org");
            host.queue.awaitEmpty();
        }
    }

    @Test
    void fewRecipientsWithLongAddressesAreManyToo() {
        var plan = Planned.of(20, 20);
        plan.add(1, "a".repeat(300) + "@local.example", "b".repeat(300) + "@local.example");
        assertThat(work(plan, Planned.OK)).isEqualTo(2);
        assertThat(plan.finished).containsExactly(1L);
    }

    @Test
    void whatIsKeptOfARecipientIsOneOctet() {
        int before = message(ScheduledMessage.KEPT + 1).memory();
        assertThat(message(ScheduledMessage.KEPT + 1001).memory() - before).isEqualTo(1000);
        assertThat(message(1).memory()).isLessThan(200);
    }

    private static ScheduledMessage message(int count) {
        var plan = Planned.of(1, 1);
        List<Address> all =
                java.util.Arrays.stream(accounts(count)).map(Address::new).toList();
        var envelope = new Envelope(Address.NULL, all, Envelope.BodyType.SEVEN_BIT, Envelope.AddressForm.ASCII, 0);
        return new ScheduledMessage(
                new WaitingMessage(
                        1, Instant.EPOCH, 1, envelope, java.util.Collections.nCopies(count, RecipientState.Due.NOW)),
                plan.routes(all));
    }

    @Test
    void addressesOfFailuresThatAreLostAreAskedForByPages() throws Exception {
        try (var host = new Installed(home)) {
            host.queue.pageSize = 50;
            host.queue.losesFailures = true;
            host.delivering(Installed.always(Installed.NEVER)).start();
            host.queue.put(
                    "ann@example.org",
                    "x\n",
                    IntStream.range(0, 300)
                            .mapToObj(i -> "u" + i + "@host.example.org")
                            .toArray(String[]::new));
            host.queue.awaitEmpty();
            assertThat(host.queue.bounces.getFirst().text)
                    .contains(
                            "<u0@host.example.org>:\nThe delivery failed; the report is lost.\n",
                            "<u299@host.example.org>:");
            assertThat(host.queue.pagesTold)
                    .isLessThan(30); // 6 when it is taken, 6 for the deliveries, 6 for the bounce
        }
    }

    @Test
    void sendAsksQueueForThemAndPutsAllFailuresIntoOneBounce() throws Exception {
        try (var host = new Installed(home)) {
            host.queue.pageSize = 7;
            host.delivering(delivery -> delivery.addresses().stream()
                            .map(recipient -> recipient.octets().startsWith("u1") ? Installed.NEVER : Installed.OK)
                            .toList())
                    .start();
            String[] recipients = IntStream.range(0, 300)
                    .mapToObj(i -> "u" + i + "@host.example.org")
                    .toArray(String[]::new);
            host.queue.put("ann@example.org", "Subject: x\n\nhello\n", recipients);
            host.queue.awaitEmpty();
            assertThat(host.queue.bounces).hasSize(1);
            String bounce = host.queue.bounces.getFirst().text;
            for (String recipient : recipients) {
                assertThat(bounce.contains("<" + recipient + ">:\n"))
                        .as(recipient)
                        .isEqualTo(recipient.startsWith("u1"));
            }
            assertThat(host.queue.pagesTold).isGreaterThan(40);
        }
    }

    /** What send knows is kept in few octets; all else goes to whoever must understand it. */
    @Test
    void whatADeliveryIsToldIsWhatTheMessageCarries() {
        int unknown = 40_000;
        Attributes known = Envelope.attributes(Envelope.BodyType.EIGHT_BIT_MIME, Envelope.AddressForm.SMTPUTF8);
        Attributes ofANewerBuild =
                Attributes.NONE.with(Attribute.BODY.tag(), 4, "BINARYMIME").with(unknown, 1, "x");
        for (Attributes told : List.of(Attributes.NONE, known, known.with(unknown, 2, ""), ofANewerBuild)) {
            var envelope = new Envelope(
                    Address.NULL, RecipientList.of(List.of(new Address("a@b"))), told.with(Attribute.UID, 71));
            var message = new ScheduledMessage(
                    new WaitingMessage(1, Instant.EPOCH, 5, envelope, List.of(RecipientState.Due.NOW)),
                    Planned.of(1, 1).routes(envelope.addresses()));
            assertThat(message.attributes()).isEqualTo(told);
        }
    }

    @Test
    void whatAFewRecipientsHaveBesidesTheirAddressesIsTheirs() {
        int unknown = 40_000;
        var attributes = new TreeMap<Integer, Attributes>();
        attributes.put(1, Attributes.NONE.with(unknown, 1, "of b"));
        List<Address> all = List.of(new Address("a@e"), new Address("b@e"), new Address("c@e"));
        var envelope = new Envelope(Address.NULL, RecipientList.of(all, attributes), Attributes.NONE);
        List<Route> routes = all.stream().<Route>map(Route.ToRemote::new).toList();
        var message = new ScheduledMessage(
                new WaitingMessage(
                        1, Instant.EPOCH, 5, envelope, java.util.Collections.nCopies(3, RecipientState.Due.NOW)),
                routes);
        assertThat(message.paged()).isTrue();
        message.load(Channel.REMOTE, 0, message.first());
        assertThat(message.recipient(1)).isEqualTo(new Address("b@e"));
        assertThat(message.attributes(0)).isEqualTo(Attributes.NONE);
        assertThat(message.attributes(1)).isEqualTo(attributes.get(1));
        assertThat(message.attributes(2)).isEqualTo(Attributes.NONE);
    }

    @Test
    void aMessageIsDueWhenTheFirstOfItsRecipientsIsAndNotBefore() {
        List<Address> all = List.of(new Address("a@e"), new Address("b@e"), new Address("c@e"), new Address("d@e"));
        var envelope = new Envelope(Address.NULL, all, Envelope.BodyType.SEVEN_BIT, Envelope.AddressForm.ASCII, 0);
        List<RecipientState> states = List.of(
                new RecipientState.Due(Instant.ofEpochSecond(70)),
                new RecipientState.Due(Instant.ofEpochSecond(50, 1)),
                new RecipientState.Due(Instant.ofEpochSecond(60)),
                new RecipientState.Due(Instant.ofEpochSecond(40)));
        var message = new ScheduledMessage(
                new WaitingMessage(1, Instant.EPOCH, 5, envelope, states),
                List.of(
                        new Route.ToRemote(all.get(0)),
                        new Route.ToRemote(all.get(1)),
                        new Route.ToRemote(all.get(2)),
                        new Route.ToLocal(all.get(3), all.get(3))));
        assertThat(message.due(Channel.REMOTE)).isEqualTo(51);
        assertThat(message.due(Channel.LOCAL)).isEqualTo(40);
    }
}
