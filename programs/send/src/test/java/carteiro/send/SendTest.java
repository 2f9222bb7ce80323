package carteiro.send;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import carteiro.control.ControlException;
import carteiro.mail.Address;
import carteiro.mail.Attribute;
import carteiro.mail.Envelope;
import carteiro.mail.Outcome;
import carteiro.mail.Status;
import carteiro.posix.UnixId;
import carteiro.protocol.Deliver;
import carteiro.protocol.Enqueue.Receipt;
import carteiro.protocol.RefusedException;
import carteiro.protocol.Waiting.RecipientState;
import carteiro.protocol.Waiting.Report;
import carteiro.protocol.Wires.Channel;
import carteiro.protocol.Withdrawal;
import carteiro.protocol.Withdrawal.WithdrawalAction;
import carteiro.protocol.Withdrawal.WithdrawalOutcome;
import carteiro.protocol.Withdrawal.WithdrawalRequest;
import carteiro.testkit.Await;
import carteiro.testkit.Covers;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** send as a whole, from what waits in the queue to what it reports. */
class SendTest {
    /** Section 8.2 of the reference, and our own lines. */
    private static final Pattern GRAMMAR = Pattern.compile("status: local \\d+/\\d+ remote \\d+/\\d+( exitasap)?"
            + "|status: exiting|new msg \\d+|info msg \\d+: bytes \\d+ from <[!-$&-~]*> qp \\d+ uid \\d+"
            + "|starting delivery \\d+: msg \\d+ to (local|remote) [!-$&-~]+"
            + "|delivery \\d+: (success|failure|deferral): [!-$&-~]*|delivery \\d+: report mangled, will defer"
            + "|bounce msg \\d+ qp \\d+|triple bounce: discarding bounce/\\d+|end msg \\d+"
            + "|warning: [ -~]+|alert: [ -~]+");

    @TempDir
    Path home;

    /** Fails for good whatever begins with {@code no}. */
    private static Deliver refusing() {
        return delivery -> {
            var outcomes = new ArrayList<Outcome>();
            for (Address recipient : delivery.addresses()) {
                outcomes.add(recipient.octets().startsWith("no") ? Installed.NEVER : Installed.OK);
            }
            return outcomes;
        };
    }

    @Test
    @Covers({"qmail:G01", "qmail:G03"})
    void oneMessageGoesItsWay() throws Exception {
        try (var host = new Installed(home)) {
            host.delivering(Installed.always(Installed.OK)).start();
            long number = host.queue.put("ann@example.org", "Subject: x\n\nhello\n", "bob@host.example.org");
            host.queue.awaitEmpty();
            host.lines.await("end msg " + number);
            assertThat(host.lines.all())
                    .containsExactly(
                            "status: local 0/10 remote 0/20",
                            "new msg " + number,
                            "info msg " + number + ": bytes 18 from <ann@example.org> qp " + number + " uid 7",
                            "starting delivery 1: msg " + number + " to local bob@host.example.org",
                            "status: local 1/10 remote 0/20",
                            "delivery 1: success: did_1+0+0/",
                            "status: local 0/10 remote 0/20",
                            "end msg " + number);
        }
    }

    @Test
    @Covers("qmail:S21")
    void messageWithoutRecipientsEndsAtOnce() throws Exception {
        try (var host = new Installed(home)) {
            host.start();
            long number = host.queue.put("ann@example.org", "x\n");
            host.queue.awaitEmpty();
            host.lines.await("end msg " + number);
            assertThat(host.lines.all())
                    .endsWith(
                            "new msg " + number,
                            "info msg " + number + ": bytes 2 from <ann@example.org> qp " + number + " uid 7",
                            "end msg " + number);
        }
    }

    @Test
    @Covers({"qmail:S14", "qmail:S15", "qmail:S20", "qmail:G04", "qmail:R11"})
    void failuresComeBackInOneBounce() throws Exception {
        try (var host = new Installed(home)) {
            host.control("bouncefrom", "daemon\n").control("bouncehost", "bounces.example\n");
            host.routing.here.put("virt.example", "no-v");
            host.delivering(refusing()).start();
            long number = host.queue.put(
                    "ann@host.example.org",
                    "Subject: x\n\nhello\n\n",
                    "u@virt.example",
                    "good@host.example.org",
                    "no@far.example");
            host.queue.awaitEmpty();
            long bounce = number + 1;
            host.lines.await("end msg " + bounce);
            assertThat(host.lines.all())
                    .containsSubsequence(
                            "bounce msg " + number + " qp " + bounce, "end msg " + number, "new msg " + bounce)
                    .anyMatch(line ->
                            line.matches("info msg " + bounce + ": bytes \\d+ from <> qp " + bounce + " uid \\d+"))
                    .anyMatch(line -> line.endsWith(": msg " + number + " to local no-v-u@virt.example"));
            QueueDouble.Kept sent = host.queue.bounces.getFirst();
            assertThat(sent.envelope.sender()).isEqualTo(Address.NULL);
            assertThat(sent.envelope.addresses()).containsExactly(new Address("ann@host.example.org"));
            assertThat(sent.envelope.attributes().get(Attribute.PARENT)).isEqualTo(number);
            assertThat(sent.envelope.body()).isEqualTo(Envelope.BodyType.SEVEN_BIT);
            assertThat(sent.envelope.form()).isEqualTo(Envelope.AddressForm.ASCII);
            assertThat(sent.text)
                    .matches(
                            "(?s)Received: \\(qmail \\d+ invoked for bounce\\); \\d+ Nov 2026 \\d\\d:\\d\\d:\\d\\d -0000\n"
                                    + "Date: .*\nFrom: daemon@bounces.example\nTo: ann@host.example.org\nSubject: failure notice\n\n"
                                    + "Hi\\. This is the qmail-send program at bounces.example\\.\n.*");
            assertThat(sent.text)
                    .endsWith("\n\n<u@virt.example>:\nNo such mailbox. (#5.1.1)\n\n"
                            + "<no@far.example>:\nNo such mailbox. (#5.1.1)\n\n"
                            + "--- Below this line is a copy of the message.\n\n"
                            + "Return-Path: <ann@host.example.org>\nSubject: x\n\nhello\n\n");
        }
    }

    @Test
    @Covers({"qmail:S17", "qmail:S18", "qmail:S20"})
    void bounceThatBouncesGoesToThePostmasterAndFromThereNowhere() throws Exception {
        try (var host = new Installed(home)) {
            host.control("doublebounceto", "no-master\n").control("doublebouncehost", "host.example.org\n");
            host.delivering(refusing()).start();
            long number = host.queue.put("no-ann@host.example.org", "hello\n", "no@far.example");
            host.queue.awaitEmpty();
            host.lines.await("end msg " + (number + 2));
            assertThat(host.queue.bounces).hasSize(2);
            QueueDouble.Kept twice = host.queue.bounces.get(1);
            assertThat(twice.envelope.sender()).isEqualTo(Address.DOUBLE_BOUNCE);
            assertThat(twice.envelope.addresses()).containsExactly(new Address("no-master@host.example.org"));
            assertThat(twice.text)
                    .contains("I tried to deliver a bounce message to this address, but the bounce bounced!\n\n"
                            + "<no-ann@host.example.org>:\nNo such mailbox. (#5.1.1)\n\n"
                            + "--- Below this line is the original bounce.\n\nReturn-Path: <>\nReceived: (qmail ");
            assertThat(host.lines.all())
                    .containsSubsequence("triple bounce: discarding bounce/" + (number + 2), "end msg " + (number + 2));
        }
    }

    @Test
    void doubleBouncesCanBeDiscarded() throws Exception {
        try (var host = new Installed(home)) {
            host.control("doublebounceto", "\n").delivering(refusing()).start();
            long number = host.queue.put("", "hello\n", "no@far.example");
            host.queue.awaitEmpty();
            host.lines.await("double bounce: discarding bounce/" + number);
            assertThat(host.queue.bounces).isEmpty();
        }
    }

    @Test
    @Covers("qmail:S19")
    void bounceOfAListGoesToItsPlainAddress() throws Exception {
        try (var host = new Installed(home)) {
            host.delivering(refusing()).start();
            host.queue.put("x-@far.example-@[]", "hello\n", "no@host.example.org");
            host.queue.awaitEmpty();
            assertThat(host.queue.bounces.getFirst().envelope.addresses())
                    .containsExactly(new Address("x-@far.example"));
            assertThat(host.queue.bounces.getFirst().text).contains("Return-Path: <x-@far.example>\n");
            assertThat(host.asked.getFirst().sender()).isEqualTo(new Address("x-no=host.example.org@far.example"));
        }
    }

    @Test
    void bounceIsCutAtItsLimit() throws Exception {
        try (var host = new Installed(home)) {
            host.control("bouncemaxbytes", "10\n").delivering(refusing()).start();
            host.queue.put("ann@far.example", "0123456789", "no@host.example.org");
            host.queue.put("bob@far.example", "0123456789a", "no@host.example.org");
            host.queue.awaitEmpty();
            host.lines.await(2, "bounce msg .*");
            assertThat(host.queue.bounces)
                    .anyMatch(bounce -> bounce.text.endsWith("<ann@far.example>\n0123456789"))
                    .anyMatch(
                            bounce -> bounce.text.endsWith(
                                    "<bob@far.example>\n0123456789\n--- The message had 11 octets; the rest is left out here.\n"));
        }
    }

    @Test
    void bounceOfAUtf8SenderIsUtf8() throws Exception {
        try (var host = new Installed(home)) {
            host.delivering(refusing()).start();
            host.queue.put(
                    new Envelope(
                            new Address("caf\u00c3\u00a9@far.example"),
                            List.of(new Address("no@host.example.org")),
                            Envelope.BodyType.EIGHT_BIT_MIME,
                            Envelope.AddressForm.SMTPUTF8,
                            0),
                    "8-bit \u00e9\n",
                    host.clock.instant());
            host.queue.awaitEmpty();
            Envelope envelope = host.queue.bounces.getFirst().envelope;
            assertThat(envelope.form()).isEqualTo(Envelope.AddressForm.SMTPUTF8);
            assertThat(envelope.body()).isEqualTo(Envelope.BodyType.EIGHT_BIT_MIME);
            assertThat(host.queue.bounces.getFirst().text).endsWith("8-bit \u00e9\n");
        }
    }

    @Test
    void manyBouncesWaitTheirTurn() throws Exception {
        try (var host = new Installed(home)) {
            host.delivering(refusing()).start();
            for (int i = 0; i < 300; i++) {
                host.queue.put("ann" + i + "@far.example", "hello\n", "no" + i + "@host.example.org");
            }
            host.queue.awaitEmpty();
            host.lines.await(600, "end msg .*");
            assertThat(host.lines.matching("bounce msg .*")).hasSize(300).doesNotHaveDuplicates();
            assertThat(host.queue.bounces).hasSize(300);
        }
    }

    @Test
    void bounceThatCannotBeQueuedWaitsAndIsNotLost() throws Exception {
        try (var host = new Installed(home)) {
            host.queue.enqueueAnswer = new Receipt.TemporaryFailure(new Status(4, 3, 1), "disk low");
            host.delivering(refusing()).start();
            long number = host.queue.put("ann@far.example", "hello\n", "no@host.example.org");
            host.lines.await(
                    "warning: trouble injecting bounce message for msg " + number + ", will try later: disk low");
            assertThat(host.queue.kept).containsKey(number);
            host.queue.enqueueAnswer = new Receipt.Accepted(0);
            host.later(122);
            assertThat(host.queue.bounces).isEmpty();
            host.later(1);
            host.lines.await("bounce msg " + number + " qp " + (number + 1));
            host.queue.awaitEmpty();
        }
    }

    @Test
    void bounceThatAStoppingQueueDidNotTakeIsQueuedWhenItIsBack() throws Exception {
        try (var host = new Installed(home)) {
            host.queue.enqueueAnswer = new Receipt.TemporaryFailure(new Status(4, 3, 2), "queue is stopping");
            host.delivering(refusing()).start();
            long number = host.queue.put("ann@far.example", "hello\n", "no@host.example.org");
            host.lines.await(1, "warning: trouble injecting bounce message .*");
            host.queue.stop();
            host.queue.enqueueAnswer = new Receipt.Accepted(0);
            host.queue.start(host.wires);
            host.lines.await("bounce msg " + number + " qp " + (number + 1)); // and nobody's clock moved
            host.queue.awaitEmpty();
        }
    }

    @Test
    void bounceOfAMessageThatIsGoneGoesOutWithoutIt() throws Exception {
        try (var host = new Installed(home)) {
            host.delivering(delivery -> {
                host.queue.lose(delivery.message());
                return refusing().deliver(delivery);
            });
            host.start();
            host.queue.put("ann@far.example", "hello\n", "no@host.example.org");
            host.lines.await(1, "bounce msg .*");
            assertThat(host.queue.bounces.getFirst().text)
                    .contains("<no@host.example.org>:\n")
                    .endsWith("Return-Path: <ann@far.example>\n"
                            + "\n--- What should stand here can no longer be read at this host.\n");
        }
    }

    @Test
    void bounceOfAMessageThatCannotBeReadWaitsForIt() throws Exception {
        try (var host = new Installed(home)) {
            host.queue.unreadable = true;
            host.delivering(refusing()).start();
            long number = host.queue.put("ann@far.example", "hello\n", "no@host.example.org");
            String trouble = "warning: trouble injecting bounce message for msg " + number
                    + ", will try later: .*cannot be read now";
            host.lines.await(1, trouble);
            host.queue.unreadable = false;
            host.later(Schedule.BOUNCE_PAUSE);
            host.lines.await(1, "bounce msg " + number + " qp .*");
            assertThat(host.queue.bounces.getFirst().text).endsWith("Return-Path: <ann@far.example>\nhello\n");
        }
    }

    @Test
    void bounceOfAMessageThatCanNeverBeReadGoesOutWithoutItInTheEnd() throws Exception {
        try (var host = new Installed(home)) {
            host.queue.unreadable = true;
            host.delivering(refusing()).start();
            long number = host.queue.put("ann@far.example", "hello\n", "no@host.example.org");
            String trouble = "warning: trouble injecting bounce message for msg " + number
                    + ", will try later: .*cannot be read now";
            for (int i = 1; i < Bounces.UNREADABLE; i++) {
                host.lines.await(i, trouble);
                assertThat(host.queue.bounces).isEmpty();
                host.later(Schedule.BOUNCE_PAUSE);
            }
            host.lines.await(1, "bounce msg " + number + " qp .*");
            assertThat(host.queue.bounces.getFirst().text).endsWith("can no longer be read at this host.\n");
            assertThat(host.lines.matching(trouble)).hasSize(Bounces.UNREADABLE - 1);
            host.queue.awaitEmpty();
        }
    }

    @Test
    @Covers({"qmail:S05", "qmail:S07", "qmail:S08", "qmail:S12"})
    void dueTimesSurviveARestartAndAlrmEndsThem() throws Exception {
        try (var host = new Installed(home)) {
            host.delivering(delivery -> Installed.always(
                                    delivery.addresses().getFirst().localPart().equals("slow")
                                            ? Installed.LATER
                                            : Installed.OK)
                            .deliver(delivery))
                    .start();
            long number = host.queue.put("ann@x.example", "x\n", "slow@far.example", "good@host.example.org");
            host.lines.await(2, "delivery .*");
            host.queue.awaitReports(2);
            Instant due = Instant.ofEpochSecond(host.clock.seconds() + 400);
            assertThat(host.queue.get(number).states)
                    .containsExactly(new RecipientState.Due(due), new RecipientState.Done());
            host.send().stop(Duration.ofSeconds(5));
            host.clock.advance(399);
            host.startSend();
            long other = host.queue.put("ann@x.example", "x\n", "good@host.example.org");
            host.lines.await("end msg " + other);
            assertThat(host.asked).hasSize(3); // the deferred one was not among them
            host.send().tryNow();
            host.lines.await(4, "delivery .*");
            assertThat(host.asked.getLast().addresses()).containsExactly(new Address("slow@far.example"));
            assertThat(host.lines.matching("new msg " + number)).hasSize(1);
        }
    }

    @Test
    void clockSetBackByAYearIsNoticedAndSaid() throws Exception {
        try (var host = new Installed(home)) {
            host.delivering(Installed.always(Installed.LATER)).start();
            host.clock.advance(365 * 86_400);
            host.queue.put("ann@x.example", "x\n", "slow@far.example");
            host.lines.await(1, "delivery 1: deferral: .*");
            host.queue.awaitReports(1);
            host.clock.advance(-365 * 86_400);
            host.queue.put("ann@x.example", "x\n", "other@far.example");
            host.lines.await(1, "warning: send: the clock was set back by 31536000 seconds; .*");
            host.lines.await(2, "delivery .*");
            host.clock.advance(Schedule.PARKED);
            host.queue.put("ann@x.example", "x\n", "third@far.example");
            host.lines.await(5, "delivery .*");
            assertThat(host.asked)
                    .filteredOn(delivery -> delivery.addresses().contains(new Address("slow@far.example")))
                    .hasSize(2);
        }
    }

    @Test
    @Covers("qmail:S06")
    void termWaitsForWhatRunsAndStartsNothing() throws Exception {
        try (var host = new Installed(home)) {
            var begun = new CountDownLatch(1);
            var go = new CountDownLatch(1);
            host.delivering(delivery -> {
                begun.countDown();
                await(go);
                return Installed.always(Installed.LATER).deliver(delivery);
            });
            host.start();
            host.queue.put("ann@x.example", "x\n", "a@host.example.org");
            begun.await();
            Thread stopping = Thread.ofVirtual().start(() -> host.send().stop(Duration.ofSeconds(20)));
            host.lines.await("status: local 1/10 remote 0/20 exitasap");
            host.queue.put("ann@x.example", "x\n", "b@host.example.org");
            go.countDown();
            stopping.join();
            host.lines.await("status: exiting");
            assertThat(host.lines.all()).endsWith("status: local 0/10 remote 0/20 exitasap", "status: exiting");
            assertThat(host.asked).hasSize(1);
            assertThat(host.queue.reports).hasSize(1); // the deferral is told before the end
        }
    }

    @Test
    void stopIsBoundedEvenIfADeliveryNeverEnds() throws Exception {
        try (var host = new Installed(home)) {
            var never = new CountDownLatch(1);
            host.delivering(delivery -> {
                await(never);
                return Installed.always(Installed.OK).deliver(delivery);
            });
            host.start();
            host.queue.put("ann@x.example", "x\n", "a@host.example.org");
            host.lines.await(1, "starting .*");
            host.send().stop(Duration.ofMillis(1));
            host.lines.await("status: exiting");
            never.countDown();
        }
    }

    /** Until send has been told of the message and has no route for it. */
    private static void waitForLookup(Installed host, long message) {
        var removal = new Withdrawal.WithdrawalRequest(Withdrawal.WithdrawalAction.REMOVE, "");
        Await.until(
                () -> {
                    try {
                        return host.send()
                                .withdraw(removal, "me", List.of(message))
                                .contains(Withdrawal.WithdrawalOutcome.NOT_YET);
                    } catch (IOException e) {
                        throw new UncheckedIOException(e);
                    }
                },
                "the message that waits for lookup is unknown");
    }

    private static void await(CountDownLatch latch) throws IOException {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new IOException(e);
        }
    }

    @Test
    @Covers("qmail:C11")
    void hupHasLookupReadAndReadsDestinationlimitsAlone() throws Exception {
        try (var host = new Installed(home)) {
            host.delivering(Installed.always(Installed.OK)).start();
            host.queue.put("ann@x.example", "x\n", "u@new.example", "v@virt.example");
            host.queue.awaitEmpty();
            host.routing.changed.putAll(Map.of("new.example", "", "virt.example", "joe"));
            host.control("concurrencyremote", "3\n");
            host.send().reload();
            host.queue.put("ann@x.example", "x\n", "u@new.example", "v@virt.example");
            host.queue.awaitEmpty();
            host.lines.await(2, "end msg .*");
            assertThat(host.lines.matching("starting .* to remote .*")).hasSize(2);
            assertThat(host.lines.all())
                    .anyMatch(line -> line.endsWith("to local u@new.example"))
                    .anyMatch(line -> line.endsWith("to local joe-v@virt.example"))
                    .noneMatch(line -> line.contains("/3"));
        }
    }

    @Test
    void destinationAtItsRateWaitsForTheClockOrForHup() throws Exception {
        try (var host = new Installed(home, UnaryOperator.identity())) {
            host.control("destinationlimits", "far.example::1/s\n");
            host.delivering(Installed.always(Installed.OK)).start();
            for (String user : List.of("a", "b", "c")) {
                host.queue.put("ann@x.example", "x\n", user + "@far.example");
            }
            host.queue.put("ann@x.example", "x\n", "d@other.example");
            host.lines.await(2, "end msg .*");
            assertThat(host.lines.matching("starting .* to remote (a@far|d@other).example"))
                    .hasSize(2);
            assertThat(host.send().status()).endsWith(" due=2 rate=1");
            host.clock.advance(1); // nobody tells send: it wakes by itself
            host.lines.await(3, "end msg .*");
            assertThat(host.lines.matching("starting .* to remote b@far.example"))
                    .hasSize(1);
            Files.delete(host.file("destinationlimits"));
            host.send().reload();
            host.queue.awaitEmpty(); // though the clock stands
        }
    }

    @Test
    void aMistakeOfEitherOnHupLeavesBothAsTheyAre() throws Exception {
        try (var host = new Installed(home)) {
            host.delivering(Installed.always(Installed.OK)).start();
            host.routing.changed.put("elsewhere.example", "");
            Path limits = host.file("destinationlimits");
            Files.writeString(limits, "far.example::no rate\n");
            assertThatThrownBy(() -> host.send().reload()).isInstanceOf(ControlException.class);
            host.lines.await(1, "alert: unable to reread controls, the old ones stay: control/destinationlimits:1: .*");
            assertThat(host.routing.here).containsOnlyKeys("host.example.org");

            host.routing.mistakes.add("control/locals: cannot be read");
            Files.writeString(limits, "far.example::1/h\n");
            assertThatThrownBy(() -> host.send().reload()).isInstanceOf(ControlException.class);
            host.lines.await(1, "alert: unable to reread controls, the old ones stay: control/locals: cannot be read");
            host.queue.put("ann@x.example", "x\n", "u@host.example.org", "a@far.example");
            host.queue.put("ann@x.example", "x\n", "b@far.example"); // would wait at that rate
            host.queue.awaitEmpty();

            host.routing.stop();
            host.routing.mistakes.clear();
            assertThatThrownBy(() -> host.send().reload()).isInstanceOf(ControlException.class);
            host.lines.await(
                    1,
                    "alert: lookup could not be asked to read control/locals and control/virtualdomains again"
                            + " \\(lookup is not running\\); .*");
            host.routing.start(host.wires);
            host.queue.put("ann@x.example", "x\n", "c@far.example");
            host.queue.put("ann@x.example", "x\n", "d@far.example");
            host.lines.await(1, "starting .* to remote c@far.example");
            Await.until(() -> host.send().status().contains("rate=1"), "its own file was read all the same");
            assertThat(host.lines.matching("starting .* to local u@host.example.org"))
                    .hasSize(1);
        }
    }

    @Test
    void whatComesWhileLookupIsAwayWaitsForIt() throws Exception {
        try (var host = new Installed(home)) {
            host.routing.stop();
            host.delivering(Installed.always(Installed.OK)).start();
            host.queue.put("ann@x.example", "x\n", "u@host.example.org", "a@far.example");
            String alert =
                    "alert: oh no! lost lookup \\(lookup is not running\\); what needs it waits until it is back.*";
            host.lines.await(1, alert); // after five seconds
            assertThat(host.queue.kept).hasSize(1);
            assertThat(host.lines.matching("(new|starting|bounce) .*")).isEmpty();
            host.routing.start(host.wires);
            host.queue.awaitEmpty();
            host.lines.await(1, "send: lookup answers again; what waited for it goes on");
            assertThat(host.lines.matching(alert)).hasSize(1);
            assertThat(host.lines.matching("starting .* to (local u@host.example.org|remote a@far.example)"))
                    .hasSize(2);
        }
    }

    /** What has ended is told to queue in the last moments of send, though it waits for lookup. */
    @Test
    void whatHasEndedIsToldThoughSendIsStoppedWhileLookupIsAway() throws Exception {
        try (var host = new Installed(home)) {
            var first = new CountDownLatch(1);
            var others = new CountDownLatch(1);
            host.delivering(delivery -> {
                await(delivery.addresses().getFirst().octets().startsWith("u0@") ? first : others);
                return Installed.always(Installed.OK).deliver(delivery);
            });
            host.start();
            for (int i = 0; i < 8; i++) {
                host.queue.put("ann@x.example", "x\n", "u" + i + "@host.example.org");
            }
            host.lines.await(8, "starting delivery .*");
            host.routing.stop();
            waitForLookup(host, host.queue.put("ann@x.example", "x\n", "late@host.example.org"));
            var reported = new CountDownLatch(1);
            var slow = new CountDownLatch(1); // queue takes the first report, and meanwhile the others wait
            host.queue.beforeReport = () -> {
                reported.countDown();
                try {
                    var _ = slow.await(10, TimeUnit.SECONDS);
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
            };
            first.countDown();
            reported.await();
            var stopping = Thread.ofVirtual().start(() -> host.send().stop(Duration.ofSeconds(10)));
            host.lines.await("status: local 7/10 remote 0/20 exitasap");
            others.countDown();
            host.lines.await("status: local 0/10 remote 0/20 exitasap");
            Thread.sleep(500); // time to end too early
            slow.countDown();
            stopping.join();
            assertThat(host.queue.kept).hasSize(1);
        }
    }

    @Test
    void aQueueThatComesBackWhileLookupIsAwayIsNoticed() throws Exception {
        try (var host = new Installed(home)) {
            host.delivering(Installed.always(Installed.LATER)).start();
            host.queue.put("ann@x.example", "x\n", "u@host.example.org");
            host.lines.await(1, "delivery 1: deferral: .*");
            host.routing.stop();
            waitForLookup(host, host.queue.put("ann@x.example", "x\n", "late@host.example.org"));
            host.queue.stop();
            host.queue.start(host.wires);
            host.delivering(Installed.always(Installed.OK));
            host.clock.advance(400);
            host.send().dispatch();
            host.lines.await(1, "delivery 2: success: .*");
            Await.until(() -> host.queue.kept.size() == 1, "what went on is not told to queue");
        }
    }

    @Test
    void aUidIsLoggedWithoutASign() throws Exception {
        try (var host = new Installed(home)) {
            host.delivering(Installed.always(Installed.OK)).start();
            long number = host.queue.put(
                    new Envelope(
                            new Address("ann@x.example"),
                            List.of(new Address("u@host.example.org")),
                            Envelope.BodyType.SEVEN_BIT,
                            Envelope.AddressForm.ASCII,
                            UnixId.of(4_294_967_294L)),
                    "x\n",
                    host.clock.instant());
            host.lines.await("info msg " + number + ": bytes 2 from <ann@x.example> qp " + number + " uid 4294967294");
        }
    }

    @Test
    void aMessageThatLookupFailsAtKeepsNoOtherWaiting() throws Exception {
        try (var host = new Installed(home)) {
            host.routing.failing.add("poison@host.example.org");
            host.delivering(Installed.always(Installed.OK));
            host.queue.put("ann@x.example", "x\n", "a@host.example.org");
            long poisoned = host.queue.put("ann@x.example", "x\n", "poison@host.example.org");
            host.queue.put("ann@x.example", "x\n", "b@host.example.org");
            host.start();
            host.lines.await(2, "end msg .*");
            host.lines.await(
                    1,
                    "warning: msg " + poisoned
                            + ": lookup does not tell where its recipients go; it is asked again later: .*");
            assertThat(host.routing.asked).startsWith(3, 1, 1, 1);
            host.queue.awaitLeft(1);
            assertThat(host.queue.kept).containsOnlyKeys(poisoned);
            host.routing.failing.clear();
            host.clock.advance(RunningSend.UNREADABLE_PAUSE.toSeconds());
            host.queue.put("ann@x.example", "x\n", "c@host.example.org"); // wakes it
            host.queue.awaitEmpty();
        }
    }

    @Test
    void whatLookupCanTellAtLastIsDeliveredThoughNothingElseComes() throws Exception {
        try (var host = new Installed(home)) {
            host.routing.failing.add("poison@host.example.org");
            host.delivering(Installed.always(Installed.OK));
            host.queue.put("ann@x.example", "x\n", "poison@host.example.org");
            host.start();
            host.lines.await(1, "warning: msg .*: lookup does not tell where its recipients go; .*");
            host.routing.failing.clear();
            host.routing.beforeAnswer = recipients -> {
                if (recipients.getFirst().octets().startsWith("poison")) {
                    host.lines.await(1, "end msg .*"); // all of what has woken send is over
                }
            };
            host.clock.advance(RunningSend.UNREADABLE_PAUSE.toSeconds());
            host.queue.put("ann@x.example", "x\n", "c@host.example.org"); // wakes it
            host.queue.awaitEmpty();
        }
    }

    @Test
    @Covers("qmail:A04")
    void secondSendIsRefused() throws Exception {
        try (var host = new Installed(home)) {
            host.start();
            assertThatThrownBy(() -> new SendProgram().start(host.context()))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("another send is running");
            host.lines.await(1, "alert: cannot start: another send is running.*");
            host.send().stop(Duration.ofSeconds(5));
            new SendProgram().start(host.context()).stop(Duration.ofSeconds(5));
        }
    }

    @Test
    @Covers("qmail:S10")
    void heldChannelStartsNothingAndTheOtherFlows() throws Exception {
        try (var host = new Installed(home)) {
            host.control("concurrencyremote", "0\n")
                    .delivering(Installed.always(Installed.OK))
                    .start();
            host.queue.put("ann@x.example", "x\n", "u@far.example", "u@host.example.org");
            host.lines.await(1, "delivery 1: success: .*");
            assertThat(host.lines.matching("starting .* to remote .*")).isEmpty();
            assertThat(host.send().status()).isEqualTo("local=0/10 remote=0/0 waiting=1 due=1");
        }
    }

    @Test
    @Covers("qmail:S24")
    void nonsenseIsDeferred() throws Exception {
        try (var host = new Installed(home)) {
            host.delivering(Channel.LOCAL, _ -> List.of());
            host.delivering(Channel.REMOTE, _ -> {
                throw new IllegalStateException("a bug");
            });
            host.start();
            host.queue.put("ann@x.example", "x\n", "u@far.example", "u@host.example.org");
            host.lines.await("delivery 1: report mangled, will defer");
            host.lines.await("delivery 2: report mangled, will defer");
            host.queue.awaitReports(2);
            assertThat(host.queue.reports).allMatch(Report.RecipientsDeferred.class::isInstance);
            host.delivering(Installed.always(Installed.OK));
            host.later(400);
            host.queue.awaitEmpty();
        }
    }

    @Test
    void absentProgramHoldsItsChannelAndLosesNothing() throws Exception {
        try (var host = new Installed(home)) {
            host.delivering(Channel.LOCAL, Installed.always(Installed.OK)).start();
            long number = host.queue.put("ann@x.example", "x\n", "u@far.example");
            host.lines.await("delivery 1: deferral: remote_is_not_running;_will_be_tried_again/");
            long other = host.queue.put("ann@x.example", "x\n", "u@host.example.org");
            host.lines.await("end msg " + other);
            host.later(5);
            host.lines.await(1, "alert: oh no! lost remote \\(remote is not running\\).*");
            host.delivering(Channel.REMOTE, Installed.always(Installed.OK));
            host.later(4);
            host.lines.await("send: remote answers again; what waited for it goes on");
            host.lines.await("end msg " + number);
            host.queue.awaitEmpty();
            assertThat(host.queue.reports).noneMatch(Report.RecipientsDeferred.class::isInstance);
        }
    }

    @Test
    void programThatDoesNotServeSendIsAnAlertAtOnceAndCostsNoAttempt() throws Exception {
        try (var host = new Installed(home)) {
            host.delivering(Channel.LOCAL, _ -> {
                throw new RefusedException("local refuses this connection: user joe is none of those");
            });
            host.start();
            long number = host.queue.put("ann@x.example", "x\n", "u@host.example.org");
            host.lines.await(1, "alert: oh no! local refuses send \\(local refuses this connection: user joe .*");
            host.delivering(Channel.LOCAL, Installed.always(Installed.OK));
            host.later(2);
            host.lines.await("end msg " + number);
            assertThat(host.queue.reports).noneMatch(Report.RecipientsDeferred.class::isInstance);
        }
    }

    @Test
    void queueThatDoesNotServeSendIsAnAlertAtOnce() throws Exception {
        try (var host = new Installed(home)) {
            host.queue.refusing = true;
            host.delivering(Installed.always(Installed.OK)).start();
            host.lines.await(1, "alert: oh no! queue refuses send \\(queue refuses this connection: user joe .*");
            host.queue.refusing = false;
            long number = host.queue.put("ann@x.example", "x\n", "u@host.example.org");
            host.lines.await("end msg " + number);
            assertThat(host.lines.matching("alert: .*")).hasSize(1);
        }
    }

    @Test
    void restartOfQueueDeliversNothingTwice() throws Exception {
        try (var host = new Installed(home)) {
            var hold = new Semaphore(0);
            host.delivering(delivery -> {
                hold.acquireUninterruptibly();
                return Installed.always(Installed.OK).deliver(delivery);
            });
            host.start();
            for (int i = 0; i < 30; i++) {
                host.queue.put("ann@x.example", "x\n", "u" + i + "@host.example.org");
            }
            host.lines.await(10, "starting .*");
            host.queue.stop();
            hold.release(10); // they end while queue is away
            host.lines.await(10, "delivery .*");
            host.queue.start(host.wires);
            hold.release(1000);
            host.queue.awaitEmpty();
            assertThat(host.asked).hasSize(30);
            assertThat(host.lines.matching("new msg .*")).hasSize(30);
        }
    }

    @Test
    void queueThatIsRestartedWhileTheMemoryIsFullIsFoundAgain() throws Exception {
        try (var host = new Installed(home)) {
            host.memory = 1;
            host.delivering(Installed.always(Installed.LATER));
            host.queue.put("ann@x.example", "x\n", "u@host.example.org");
            host.start();
            host.lines.await(1, "delivery 1: deferral: .*");
            host.lines.await(1, "alert: full: 1 messages take 1 octets of memory, .*");
            host.queue.stop();
            host.queue.put("ann@x.example", "x\n", "v@host.example.org");
            host.queue.start(host.wires);
            host.delivering(Installed.always(Installed.OK));
            host.later(400);
            host.queue.awaitEmpty();
        }
    }

    @Test
    void whatEndsWhileARestartedQueueTellsOfItIsNotDeliveredAgain() throws Exception {
        try (var host = new Installed(home)) {
            var hold = new Semaphore(0);
            var told = new CountDownLatch(1);
            host.delivering(delivery -> {
                hold.acquireUninterruptibly();
                return Installed.always(Installed.OK).deliver(delivery);
            });
            host.start();
            for (int i = 0; i < 10; i++) {
                host.queue.put("ann@x.example", "x\n", "u" + i + "@host.example.org");
            }
            host.lines.await(10, "starting .*");
            host.queue.stop();
            host.queue.beforeAnswer = () -> {
                host.queue.beforeAnswer = () -> {};
                hold.release(1000);
                try {
                    host.queue.awaitLeft(0); // it has looked, and is told meanwhile
                    Thread.sleep(200); // send has noted by then that it is
                    told.countDown();
                } catch (InterruptedException e) {
                    throw new IllegalStateException(e);
                }
            };
            host.queue.start(host.wires);
            await(told);
            host.queue.put("ann@x.example", "x\n", "last@host.example.org");
            host.lines.await(11, "end msg .*");
            assertThat(host.asked).hasSize(11);
        }
    }

    @Test
    void killedQueueIsToldAgainWhatItHadTaken() throws Exception {
        try (var host = new Installed(home)) {
            host.delivering(Installed.always(Installed.OK));
            long number = host.queue.put("ann@x.example", "x\n", "u@host.example.org");
            QueueDouble.Kept message = host.queue.get(number);
            host.start();
            host.queue.awaitEmpty();
            host.lines.await("end msg " + number);
            host.queue.stop();
            message.states.set(0, RecipientState.Due.NOW); // the reports never reached its disk
            host.queue.kept.put(number, message);
            host.queue.start(host.wires);
            host.queue.awaitEmpty();
            assertThat(host.asked).hasSize(1);
        }
    }

    @Test
    void sendWaitsForAQueueThatIsNotThereYet() throws Exception {
        try (var host = new Installed(home)) {
            host.delivering(Installed.always(Installed.OK)).startSend();
            host.queue.put("ann@x.example", "x\n", "u@host.example.org");
            assertThat(host.send().status()).isEqualTo("local=0/10 remote=0/20 waiting=0 due=0");
            host.queue.start(host.wires);
            host.queue.awaitEmpty();
        }
    }

    @Test
    void reportsOfManyDeliveriesGoToQueueTogether() throws Exception {
        try (var host = new Installed(home)) {
            var most = new AtomicInteger();
            var running = new AtomicInteger();
            host.control("concurrencylocal", "200\n");
            host.delivering(delivery -> {
                most.accumulateAndGet(running.incrementAndGet(), Math::max);
                running.decrementAndGet();
                return Installed.always(Installed.OK).deliver(delivery);
            });
            host.start();
            for (int i = 0; i < 3000; i++) {
                host.queue.put("ann@x.example", "x\n", "u" + i + "@host.example.org");
            }
            host.queue.awaitEmpty();
            host.lines.await(3000, "end msg .*");
            assertThat(most.get()).isBetween(1, 200);
            assertThat(host.queue.largestBatch).isBetween(2, 1000);
            assertThat(host.queue.reports).hasSize(6000);
        }
    }

    @Test
    @Covers({"qmail:G01", "qmail:G02"})
    void everyLineIsInTheGrammarWhateverComes() throws Exception {
        try (var host = new Installed(home)) {
            var turn = new AtomicInteger();
            host.delivering(delivery -> switch (turn.getAndIncrement() % 5) {
                case 0 -> throw new IOException("lost \u0007 100% \u00e9\n");
                case 1 -> List.of();
                case 2 -> List.of(new Outcome.Deferred(new Status(4, 0, 0), "50% off\r\nstatus: exiting\n\u00e9"));
                case 3 -> List.of(new Outcome.Failed(new Status(5, 0, 0), "\u0000\nend msg 1\n"));
                default -> List.of(Installed.OK);
            });
            host.start();
            for (int i = 0; i < 40; i++) {
                host.queue.put("a%b \n\u00e9@x", "x\n", "u" + i + "\nend msg 9@host.example.org");
            }
            for (int ended = 1; ended <= 60; ended++) { // some at once, some as time passes
                host.later(61);
                host.lines.await(ended, "delivery .*");
            }
            host.send().stop(Duration.ofSeconds(5));
            host.lines.await("status: exiting");
            assertThat(host.lines.all())
                    .allMatch(line ->
                            GRAMMAR.matcher(line).matches() || line.matches("send: (local|remote) answers again; .*"));
            assertThat(host.lines.all()).anyMatch(line -> line.contains("from <a_b_/_@x>"));
            assertThat(host.lines.matching(".*50__off_/status:_exiting/_")).isNotEmpty();
        }
    }

    @Test
    void messageIsWithdrawnWhenQueueHasHeardOfIt() throws Exception {
        try (var host = new Installed(home);
                var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            host.delivering(Installed.always(Installed.LATER)).start();
            long removed = host.queue.put("ann@host.example.org", "x\n", "a@host.example.org");
            long bounced = host.queue.put("ann@host.example.org", "x\n", "b@host.example.org");
            host.lines.await(2, "delivery .* deferral.*");
            host.queue.stop();
            var remove = new WithdrawalRequest(WithdrawalAction.REMOVE, "");
            var bounce = new WithdrawalRequest(WithdrawalAction.BOUNCE, "no such project");
            var first = threads.submit(() -> host.wires.withdrawal().withdraw(remove, "eve", List.of(removed, 999L)));
            host.lines.await("removed msg " + removed + ": recipients 1 by eve");
            var second = threads.submit(() -> host.wires.withdrawal().withdraw(bounce, "eve", List.of(bounced)));
            host.lines.await("gave up msg " + bounced + ": recipients 1 by eve: no such project");
            assertThat(first.isDone() || second.isDone()).isFalse();
            host.queue.start(host.wires);
            assertThat(first.get()).containsExactly(WithdrawalOutcome.WITHDRAWN, WithdrawalOutcome.UNKNOWN);
            assertThat(second.get()).containsExactly(WithdrawalOutcome.WITHDRAWN);
            assertThat(host.queue.kept).doesNotContainKey(removed);
            host.lines.await(1, "bounce msg " + bounced + " qp .*");
            assertThat(host.queue.bounces)
                    .singleElement()
                    .satisfies(kept -> assertThat(kept.text)
                            .contains("<b@host.example.org>:\nno such project\nI'm not going to try again; "));
        }
    }
}
