package carteiro.send;

import carteiro.control.DomainTable;
import carteiro.log.LogEvent;
import carteiro.mail.Address;
import carteiro.mail.Attributes;
import carteiro.mail.Envelope;
import carteiro.mail.Outcome;
import carteiro.mail.RecipientList;
import carteiro.protocol.BounceParagraph;
import carteiro.protocol.Deliver;
import carteiro.protocol.Deliver.Delivery;
import carteiro.protocol.MessageEvent;
import carteiro.protocol.Route;
import carteiro.protocol.Waiting.Report;
import carteiro.protocol.Wires.Channel;
import carteiro.protocol.Withdrawal.WithdrawalAction;
import carteiro.protocol.Withdrawal.WithdrawalOutcome;
import carteiro.protocol.Withdrawal.WithdrawalRequest;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What waits, what is due, what runs: the whole state of send. It does no I/O and reads no clock, so that a test can
 * play years in a moment. Not thread-safe: {@link RunningSend} owns it under its lock. Times are seconds since 1970.
 *
 * <p>As in qmail a due time belongs to the pair of message and channel. A pass tries all of the pair's recipients that
 * are left; the next due time is set when its first delivery starts, and no further pass begins before all have an
 * outcome.
 */
final class Schedule {
    /** As often a message may break a program before it is parked. */
    static final int BREAKS = 3;

    /** How long it is parked, in seconds. */
    static final long PARKED = 3600;

    /** The pause after a bounce could not be queued, in seconds; qmail's. */
    static final long BOUNCE_PAUSE = 123;

    /** What the bounce says where the addresses could not be read as long as the message lived. */
    static final String UNREADABLE = "The address of this recipient can no longer be read at this host.\n";

    /** The same where lookup did not tell where it goes. */
    static final String UNROUTED = "This host could not find out where this recipient's mail goes.\n";

    /** The most octets of a report that are kept; qmail's. */
    static final int REPORT_LIMIT = 10_000;

    /** Where the schedule's words go; called in order, and none of it blocks. */
    interface ScheduleListener {
        /** A line of the log. */
        void log(LogEvent event);

        /** A report for queue. */
        void report(Report report);

        /** Nothing of the message is left; it stays here until {@link Schedule#forget}. */
        void finished(ScheduledMessage message);

        /** As {@link #finished}, but nobody is told: whatever became of it, it ends. */
        void removed(ScheduledMessage message);
    }

    private final SendSettings settings;
    private final ScheduleListener sink;
    private final MessageTable messages = new MessageTable();
    private final ChannelScheduler local;
    private final ChannelScheduler remote;
    private final DueHeap bounces = new DueHeap(Channel.LOCAL); // finished messages do not need that due time
    private boolean remoteNext;
    private long deliveries;
    private boolean exiting;
    private short session;

    /** Whether all was presented in this session. */
    private boolean presented;

    /** Octets that pages of recipients of one channel may take; one page is always loaded. */
    private final long pageRoom;

    /** Octets that passes of messages of few recipients of one channel may take before none that was deferred begins. */
    private final long passRoom;

    private long memory;
    private boolean remotePageNext;

    /** Recipients of a message of many whose addresses are to be asked for. */
    record AddressRequest(ScheduledMessage message, Channel channel, int from) {}

    /** By number: messages of which deliveries still run, and what is to become of the rest. */
    private final Map<Long, WithdrawalRequest> withdrawn = new HashMap<>();

    Schedule(SendSettings settings, ScheduleListener sink) {
        this(
                settings,
                sink,
                Runtime.getRuntime().maxMemory() / 16,
                Runtime.getRuntime().maxMemory() / 16);
    }

    /**
     * @param pageRoom octets that addresses of messages of many recipients may take while one channel tries them
     * @param passRoom octets that what one channel tries of messages of few recipients may take before no further one begins that was
     *     deferred
     */
    Schedule(SendSettings settings, ScheduleListener sink, long pageRoom, long passRoom) {
        this.pageRoom = pageRoom;
        this.passRoom = passRoom;
        this.settings = settings;
        this.sink = sink;
        this.local = new ChannelScheduler(Channel.LOCAL, settings.local(), new DomainTable<>(Map.of()));
        this.remote = new ChannelScheduler(Channel.REMOTE, settings.remote(), settings.destinationLimits());
    }

    private ChannelScheduler scheduler(Channel channel) {
        return switch (channel) {
            case LOCAL -> local;
            case REMOTE -> remote;
        };
    }

    /** HUP: other limits of remote destinations hold from now on. */
    void limit(DomainTable<DestinationLimit> destinations) {
        remote.limit(destinations);
    }

    /** A session of queue begins: it will present everything again, and may take the bounces it did not take before. */
    void newSession(long now) {
        session++;
        presented = false;
        bounces.allDueBy(now);
    }

    /** Whether a message is in hand; if so, what is presented is older than what is known. */
    boolean knows(long number) {
        ScheduledMessage message = messages.get(number);
        if (message == null) {
            return false;
        }
        message.session(session);
        return true;
    }

    /** Takes a message that is not in hand. */
    void add(ScheduledMessage message, long now) {
        message.session(session);
        messages.add(message);
        memory += message.memory();
        begin(message, now);
        message.dropFirst();
    }

    private void begin(ScheduledMessage message, long now) {
        if (message.left(Channel.LOCAL) + message.left(Channel.REMOTE) == 0) {
            finish(message);
            return;
        }
        for (Channel channel : Channel.values()) {
            if (message.left(channel) > 0) {
                message.due(channel, Math.min(message.due(channel), latest(message, channel, now)));
                await(message, channel, now);
            }
        }
    }

    /**
     * The latest time at which a message can be due: what is later was computed by a clock that was ahead. The next
     * attempt never comes sooner for a message that has grown older, so that a time computed before is within this.
     */
    private long latest(ScheduledMessage message, Channel channel, long now) {
        long birth = Math.min(message.birth(), now);
        return Math.max(scheduler(channel).limits.retries().next(birth, now), now + PARKED);
    }

    /** The clock was set back: nothing waits for times that lie where the clock was. */
    void clockSetBack(long now) {
        local.clockSetBack(now, message -> latest(message, Channel.LOCAL, now));
        remote.clockSetBack(now, message -> latest(message, Channel.REMOTE, now));
        bounces.allDueBy(now + BOUNCE_PAUSE);
    }

    private void await(ScheduledMessage message, Channel channel, long now) {
        if (message.due(channel) <= now) {
            beginPass(scheduler(channel), message);
        } else {
            scheduler(channel).due.add(message);
        }
    }

    private void beginPass(ChannelScheduler scheduler, ScheduledMessage message) {
        scheduler.beginPass(message);
        if (message.paged()) {
            want(message, scheduler.channel, 0);
        }
    }

    /** The recipients that wait from that one on become ready when their addresses are here. */
    private void want(ScheduledMessage message, Channel channel, int from) {
        int next = message.nextWaiting(channel, from);
        if (next < 0) {
            return;
        }
        RoutedRecipients first = message.first();
        ChannelScheduler scheduler = scheduler(channel);
        if (next < first.size() && hasPageRoom(scheduler, pageRoom)) {
            load(message, channel, 0, first);
            want(message, channel, first.size());
        } else {
            (message.hasPage(channel) ? scheduler.further : scheduler.wanted)
                    .addLast(new AddressRequest(message, channel, next));
        }
    }

    private static boolean hasPageRoom(ChannelScheduler scheduler, long room) {
        return scheduler.pageMemory == 0 || scheduler.pageMemory < room;
    }

    private void load(ScheduledMessage message, Channel channel, int from, RoutedRecipients recipients) {
        RecipientPage page = message.load(channel, from, recipients);
        if (page.open() > 0) {
            scheduler(channel).ready(message, page);
            scheduler(channel).pageMemory += page.memory();
        }
    }

    /** The recipients whose addresses are to be asked for now; null if there are none, or no room for them. */
    @Nullable
    AddressRequest nextPage() {
        remotePageNext = !remotePageNext;
        AddressRequest next = nextPage(remotePageNext ? remote : local);
        return next == null ? nextPage(remotePageNext ? local : remote) : next;
    }

    /** Messages of which nothing is here come first, and half of the room is theirs alone: none waits for the end of another. */
    private @Nullable AddressRequest nextPage(ChannelScheduler scheduler) {
        AddressRequest next = nextPage(scheduler, scheduler.wanted, pageRoom);
        return next == null ? nextPage(scheduler, scheduler.further, pageRoom / 2) : next;
    }

    private @Nullable AddressRequest nextPage(
            ChannelScheduler scheduler, ArrayDeque<AddressRequest> wanted, long room) {
        for (AddressRequest next = wanted.peekFirst(); next != null; next = wanted.peekFirst()) {
            boolean withdrawing = withdrawn.containsKey(next.message.number());
            if (next.message.gone() && !withdrawing) {
                wanted.removeFirst();
                continue;
            }
            return !withdrawing && (exiting || !hasPageRoom(scheduler, room)) ? null : wanted.removeFirst();
        }
        return null;
    }

    /** Whether {@link #nextPage} has something. */
    boolean hasNextPage() {
        return hasNextPage(local) || hasNextPage(remote);
    }

    private boolean hasNextPage(ChannelScheduler scheduler) {
        return hasNextPage(scheduler, scheduler.wanted, pageRoom)
                || hasNextPage(scheduler, scheduler.further, pageRoom / 2);
    }

    private boolean hasNextPage(ChannelScheduler scheduler, ArrayDeque<AddressRequest> wanted, long room) {
        AddressRequest next = wanted.peekFirst();
        return next != null && (next.message.gone() || !exiting && hasPageRoom(scheduler, room));
    }

    /** Addresses of a message are no longer needed. */
    private void freed(ScheduledMessage message, ChannelScheduler scheduler, long octets) {
        scheduler.pageMemory -= octets;
        if (octets > 0 && !message.hasPage(scheduler.channel)) {
            for (AddressRequest next : scheduler.further) {
                if (next.message == message) {
                    scheduler.further.remove(next);
                    scheduler.wanted.addLast(next);
                    return;
                }
            }
        }
    }

    /** The addresses could not be asked for: they are wanted as before. */
    void notPaged(AddressRequest asked) {
        ChannelScheduler scheduler = scheduler(asked.channel);
        (asked.message.hasPage(asked.channel) ? scheduler.further : scheduler.wanted).addFirst(asked);
    }

    /**
     * The addresses that were asked for.
     *
     * @param recipients those from {@link AddressRequest#from} on, as many as there are at once; none if queue has the message no longer
     */
    void paged(AddressRequest asked, RoutedRecipients recipients, long now) {
        ScheduledMessage message = asked.message;
        Channel channel = asked.channel;
        if (message.gone()) {
            withdrawPage(asked, recipients.routes());
        } else if (recipients.isEmpty()) {
            passOver(asked, now);
            if (message.pass(Channel.LOCAL) + message.pass(Channel.REMOTE) == 0) {
                message.leave(); // its place in a heap ends when it comes up
                forget(message);
            } else if (message.pass(channel) == 0) {
                afterPass(message, channel, now);
            }
        } else {
            List<Integer> misplaced = message.misplaced(channel, asked.from, recipients);
            load(message, channel, asked.from, recipients);
            want(message, channel, asked.from + recipients.size());
            if (!misplaced.isEmpty()) {
                reroute(message, channel, misplaced, now);
            }
        }
    }

    /**
     * Since the message was taken, where some recipients go has changed: they have no turn in this pass, and when it ends one by the
     * other channel. While that one tries others of the message they stay where they are, so that its pass ends with those it began
     * with.
     */
    private void reroute(ScheduledMessage message, Channel channel, List<Integer> recipients, long now) {
        Channel other = channel.other();
        message.passed(channel, recipients.size());
        scheduler(channel).inPass(message, -recipients.size());
        if (message.pass(other) > 0) {
            message.due(channel, now + PARKED);
        } else {
            if (message.left(other) == 0) { // else its time has come or will
                message.awaitPassOf(channel);
            }
            recipients.forEach(recipient -> message.move(channel, recipient));
        }
        if (message.pass(channel) == 0) {
            afterPass(message, channel, now);
        }
    }

    /** A pass has ended: those that are left wait, and those that it gave to the other channel begin. */
    private void afterPass(ScheduledMessage message, Channel channel, long now) {
        if (message.left(channel) > 0) {
            await(message, channel, now);
        }
        if (message.takeMoved(channel)) {
            message.due(channel.other(), now);
            await(message, channel.other(), now);
        }
    }

    /** The addresses that were asked for cannot be read now: they are tried again later, as long as the message lives. */
    void unreadable(AddressRequest asked, long now) {
        ScheduledMessage message = asked.message;
        if (message.gone()) {
            withdrawPage(asked, List.of());
        } else if (!failIfOld(asked, UNREADABLE, now)) {
            sink.log(new MessageEvent.NoAddresses(message.number(), asked.from, Instant.ofEpochSecond(now + PARKED)));
            passOverAndWait(asked, now);
        }
    }

    /** lookup does not tell where the recipients that were asked for go: they are tried again later, as long as the message lives. */
    void unrouted(AddressRequest asked, long now) {
        if (asked.message.gone()) {
            withdrawPage(asked, List.of());
        } else if (!failIfOld(asked, UNROUTED, now)) {
            passOverAndWait(asked, now);
        }
    }

    /** Whether the message has lived long enough; then those of its recipients fail that were asked for, and all that follow. */
    private boolean failIfOld(AddressRequest asked, String why, long now) {
        ScheduledMessage message = asked.message;
        Channel channel = asked.channel;
        if (now - settings.lifetime() <= message.birth()) {
            return false;
        }
        int left = message.left(channel);
        failUnread(asked, message.count(), List.of(), BounceText.tooLong(why));
        int failed = left - message.left(channel);
        message.passed(channel, failed);
        scheduler(channel).inPass(message, -failed);
        if (message.left(Channel.LOCAL) + message.left(Channel.REMOTE) == 0) {
            finish(message);
        } else if (message.pass(channel) == 0) {
            afterPass(message, channel, now);
        }
        return true;
    }

    private void passOverAndWait(AddressRequest asked, long now) {
        passOver(asked, now);
        if (asked.message.pass(asked.channel) == 0) {
            afterPass(asked.message, asked.channel, now);
        }
    }

    /** The recipients from those that were asked for on have no turn in this pass. */
    private void passOver(AddressRequest asked, long now) {
        ScheduledMessage message = asked.message;
        Channel channel = asked.channel;
        int rest = 0;
        for (int i = message.nextWaiting(channel, asked.from); i >= 0; i = message.nextWaiting(channel, i + 1)) {
            rest++;
        }
        message.due(channel, now + PARKED);
        message.passed(channel, rest);
        scheduler(channel).inPass(message, -rest);
    }

    /** Recipients of a withdrawn message fail; a report needs their addresses. */
    private void withdrawPage(AddressRequest asked, List<Route> recipients) {
        ScheduledMessage message = asked.message;
        Channel channel = asked.channel;
        WithdrawalRequest order = withdrawn.get(message.number());
        if (order == null) {
            return;
        }
        int end = recipients.isEmpty() ? message.count() : asked.from + recipients.size();
        failUnread(asked, end, recipients, order.report());
        int next = message.nextWaiting(channel, end);
        if (next >= 0) {
            scheduler(channel).wanted.addFirst(new AddressRequest(message, channel, next));
        } else if (message.left(Channel.LOCAL) + message.left(Channel.REMOTE) == 0 && !message.finishing()) {
            finish(message);
        }
    }

    /** Recipients whose addresses are not here fail. */
    private void failUnread(AddressRequest asked, int end, List<Route> recipients, String report) {
        ScheduledMessage message = asked.message;
        Channel channel = asked.channel;
        for (int i = message.nextWaiting(channel, asked.from);
                i >= 0 && i < end;
                i = message.nextWaiting(channel, i + 1)) {
            Address visible = recipients.isEmpty()
                    ? new Address("recipient " + (i + 1))
                    : recipients.get(i - asked.from).visible();
            message.failed(channel, i);
            sink.report(new Report.RecipientFailed(message.number(), i, BounceParagraph.of(visible, report)));
        }
    }

    /** How many messages there are. */
    int messages() {
        return messages.size();
    }

    /** About how many octets of memory the messages take. */
    long memory() {
        return memory + local.passMemory() + remote.passMemory();
    }

    /** Everything was presented in this session: what was not, and is not in delivery, queue has no longer. */
    void allPresented() {
        presented = true;
        var missing = new ArrayList<ScheduledMessage>();
        messages.forEach(message -> {
            boolean idle =
                    !message.finishing() && message.pass(Channel.LOCAL) == 0 && message.pass(Channel.REMOTE) == 0;
            if (idle && message.session() != session) {
                missing.add(message);
            }
        });
        for (ScheduledMessage message : missing) {
            message.leave(); // its place in a heap ends when it comes up
            forget(message);
        }
    }

    /** Begins the passes that are due, at most so many. Whether there may be more. */
    boolean promoteDue(long now, int most) {
        int begun = 0;
        for (ChannelScheduler scheduler : List.of(local, remote)) {
            if (scheduler.probeHolds(now)) {
                back(scheduler);
            }
            scheduler.look(now);
            while (hasPassRoom(scheduler)) {
                ScheduledMessage due = scheduler.due.take(now);
                if (due == null) {
                    break;
                }
                if (!due.gone()) {
                    beginPass(scheduler, due);
                }
                if (++begun >= most) {
                    return true;
                }
            }
        }
        for (ScheduledMessage due = bounces.take(now); due != null; due = bounces.take(now)) {
            sink.finished(due);
        }
        return false;
    }

    /** Whether a further pass may begin: what is due beyond it stays so until some of those that run have ended. */
    private boolean hasPassRoom(ChannelScheduler scheduler) {
        return scheduler.passMemory() == 0 || scheduler.passMemory() < passRoom;
    }

    /** The next delivery to start, announced in the log, or null. The channels take turns. */
    @Nullable
    DeliveryAttempt next(long now) {
        if (exiting) {
            return null;
        }
        remoteNext = !remoteNext;
        DeliveryAttempt attempt = next(remoteNext ? remote : local, now);
        return attempt == null ? next(remoteNext ? local : remote, now) : attempt;
    }

    private @Nullable DeliveryAttempt next(ChannelScheduler scheduler, long now) {
        ChannelScheduler.NextAttempt choice = scheduler.choose(now);
        while (choice != null && choice.ready().message().gone()) {
            scheduler.dropped(choice);
            choice = scheduler.choose(now);
        }
        if (choice == null) {
            return null;
        }
        Channel channel = scheduler.channel;
        ScheduledMessage message = choice.ready().message();
        Address sender = message.sender();
        int most = channel == Channel.LOCAL || VerpSender.isList(sender) ? 1 : Deliver.MOST_RECIPIENTS;
        int[] recipients = choice.ready().take(channel, Math.min(most, choice.most()));
        if (!message.started(channel)) {
            message.start(channel, scheduler.limits.retries().next(message.birth(), now), now, settings.lifetime());
        }
        long number = deliveries + 1;
        var addresses = new ArrayList<Address>(recipients.length);
        var attributes = new TreeMap<Integer, Attributes>();
        for (int recipient : recipients) {
            Attributes some = message.attributes(recipient);
            if (!some.isEmpty()) {
                attributes.put(addresses.size(), some);
            }
            addresses.add(message.recipient(recipient));
        }
        scheduler.started(choice, recipients.length, now);
        message.running(recipients);
        for (Address address : addresses) {
            scheduler.running++;
            sink.log(new MessageEvent.DeliveryStarting(++deliveries, message.number(), channel, address.octets()));
            status();
        }
        return new DeliveryAttempt(
                channel,
                choice.destination(),
                message,
                recipients,
                new Delivery(
                        number,
                        message.number(),
                        message.octets(),
                        new Envelope(
                                VerpSender.expand(sender, addresses.getFirst()),
                                RecipientList.of(addresses, attributes),
                                message.attributes()),
                        ""),
                choice.terms());
    }

    /** A delivery has ended with an outcome for each recipient. */
    void ended(DeliveryAttempt attempt, List<Outcome> outcomes, long now) {
        ChannelScheduler scheduler = scheduler(attempt.channel());
        if (scheduler.reachable()) {
            sink.log(new SendEvent.Back(attempt.channel().word()));
        }
        scheduler.ended(attempt);
        boolean allDeferred = true;
        for (Outcome outcome : outcomes) {
            allDeferred &= outcome instanceof Outcome.Deferred;
        }
        attempt.destination().troubled = allDeferred;
        attempt.destination().busyPause = 0;
        ScheduledMessage message = attempt.message();
        var deferred = new ArrayList<Integer>();
        String why = "";
        for (int i = 0; i < outcomes.size(); i++) {
            int recipient = attempt.recipients()[i];
            long number = attempt.delivery().number() + i;
            Outcome outcome = outcomes.get(i);
            scheduler.running--;
            switch (outcome) {
                case Outcome.Delivered(var _, var report) -> {
                    line(number, MessageEvent.DeliveryEnding.SUCCESS, cut(report));
                    message.delivered(scheduler.channel, recipient);
                    sink.report(new Report.RecipientDelivered(message.number(), recipient));
                }
                case Outcome.Failed(var _, var report) -> fail(scheduler, message, recipient, number, cut(report));
                case Outcome.Deferred(var _, var report) -> {
                    message.waits(recipient);
                    if (message.gone()) {
                        line(number, MessageEvent.DeliveryEnding.DEFERRAL, cut(report));
                        withdraw(message, scheduler.channel, recipient);
                    } else if (message.last(scheduler.channel)) {
                        fail(scheduler, message, recipient, number, BounceText.tooLong(cut(report)));
                    } else {
                        line(number, MessageEvent.DeliveryEnding.DEFERRAL, cut(report));
                        if (!deferred.isEmpty() && !report.equals(why)) { // each is told what was said of it
                            deferred(scheduler, message, deferred, why, now);
                            deferred.clear();
                        }
                        why = report;
                        deferred.add(recipient);
                    }
                }
            }
            status();
        }
        pass(scheduler, attempt, deferred, why, now);
        scheduler.afterDelivery(attempt.destination());
    }

    private void fail(ChannelScheduler scheduler, ScheduledMessage message, int recipient, long number, String report) {
        line(number, MessageEvent.DeliveryEnding.FAILURE, report);
        message.failed(scheduler.channel, recipient);
        sink.report(new Report.RecipientFailed(
                message.number(), recipient, BounceParagraph.of(message.visible(recipient), report)));
    }

    private void deferred(
            ChannelScheduler scheduler, ScheduledMessage message, List<Integer> recipients, String why, long now) {
        Channel channel = scheduler.channel;
        message.due(channel, Math.min(message.due(channel), latest(message, channel, now)));
        if (message.parked()) {
            message.due(channel, Math.max(message.due(channel), now + PARKED));
        }
        if (!recipients.isEmpty()) {
            sink.report(new Report.RecipientsDeferred(
                    message.number(), recipients, Instant.ofEpochSecond(message.due(channel)), why.strip()));
        }
    }

    /** Recipients of a pass have an outcome: some of them are deferred; perhaps it was the last of the pass. */
    private void pass(
            ChannelScheduler scheduler, DeliveryAttempt attempt, List<Integer> deferred, String why, long now) {
        ScheduledMessage message = attempt.message();
        Channel channel = scheduler.channel;
        deferred(scheduler, message, deferred, why, now);
        message.passed(channel, attempt.recipients().length);
        freed(message, scheduler, message.recordOutcomes(attempt.recipients()));
        scheduler.inPass(message, -attempt.recipients().length);
        if (message.pass(channel) > 0) {
            return;
        }
        if (message.left(Channel.LOCAL) + message.left(Channel.REMOTE) == 0) {
            finish(message);
        } else if (!message.gone()) { // else its pages are on their way
            afterPass(message, channel, now);
        }
    }

    private void finish(ScheduledMessage message) {
        message.finish();
        WithdrawalRequest order = message.gone() ? withdrawn.remove(message.number()) : null;
        if (order != null && order.way() == WithdrawalAction.REMOVE) {
            sink.removed(message);
        } else {
            sink.finished(message);
        }
    }

    /**
     * Nothing more of a message is to be tried. Recipients that wait have their end at once; those that are being tried
     * when that has ended, unless it ends well. What stands of the message in heaps and rings is dropped when it comes up.
     *
     * @param by the user who says so
     */
    WithdrawalOutcome withdraw(long number, WithdrawalRequest order, String by) {
        ScheduledMessage message = messages.get(number);
        if (message == null) {
            return presented ? WithdrawalOutcome.UNKNOWN : WithdrawalOutcome.NOT_YET;
        }
        WithdrawalRequest earlier = withdrawn.get(number);
        if (message.finishing() || earlier != null && earlier.way() == WithdrawalAction.REMOVE) {
            return WithdrawalOutcome.ENDING;
        }
        message.leave();
        withdrawn.put(number, order);
        int recipients = 0;
        for (ChannelScheduler scheduler : List.of(local, remote)) {
            Channel channel = scheduler.channel;
            recipients += message.left(channel);
            int[] waiting = message.leftIn(channel);
            int running = message.left(channel) - waiting.length;
            int dropped = message.pass(channel) - running; // some of those that wait have had their turn in this pass
            message.passed(channel, dropped);
            scheduler.inPass(message, -dropped);
            if (message.paged() && order.way() == WithdrawalAction.BOUNCE) {
                int next = message.nextWaiting(channel, 0);
                if (next >= 0) {
                    scheduler.wanted.addFirst(new AddressRequest(message, channel, next)); // for the reports
                }
            } else {
                for (int recipient : waiting) {
                    withdraw(message, channel, recipient);
                }
            }
            freed(message, scheduler, message.settleWaiting(channel));
        }
        sink.log(new MessageEvent.MessageWithdrawn(number, order.way(), recipients, by, order.reason()));
        if (message.left(Channel.LOCAL) + message.left(Channel.REMOTE) > 0) {
            return WithdrawalOutcome.RUNNING;
        }
        finish(message);
        return WithdrawalOutcome.WITHDRAWN;
    }

    private void withdraw(ScheduledMessage message, Channel channel, int recipient) {
        WithdrawalRequest order = withdrawn.get(message.number());
        if (order == null) {
            throw new IllegalStateException("msg " + message.number() + " was not withdrawn");
        }
        switch (order.way()) {
            case REMOVE -> message.delivered(channel, recipient); // of no further concern; queue hears of the end
            case BOUNCE -> {
                message.failed(channel, recipient);
                sink.report(new Report.RecipientFailed(
                        message.number(), recipient, BounceParagraph.of(message.visible(recipient), order.report())));
            }
        }
    }

    /** Recipients that were tried without an outcome wait again; if the message was withdrawn meanwhile, that was all. */
    private boolean waitsNoMore(ChannelScheduler scheduler, DeliveryAttempt attempt, long now) {
        ScheduledMessage message = attempt.message();
        for (int recipient : attempt.recipients()) {
            message.waits(recipient);
            if (message.gone()) {
                withdraw(message, scheduler.channel, recipient);
            }
        }
        if (message.gone()) {
            pass(scheduler, attempt, List.of(), "", now);
            scheduler.afterDelivery(attempt.destination());
        }
        return message.gone();
    }

    /** The program could not be reached: nothing was tried, the recipients' turn comes when it is back. */
    void unreachable(DeliveryAttempt attempt, String reason, long now) {
        ChannelScheduler scheduler = scheduler(attempt.channel());
        end(scheduler, attempt, reason);
        hold(scheduler, reason, now);
        putBack(scheduler, attempt, now);
    }

    /** The program does not serve us: as if it could not be reached, and somebody must know. */
    void refused(DeliveryAttempt attempt, String reason, long now) {
        ChannelScheduler scheduler = scheduler(attempt.channel());
        end(scheduler, attempt, reason);
        if (scheduler.unreachable(now, true)) {
            sink.log(new SendEvent.ProgramRefused(scheduler.channel.word(), reason));
        }
        putBack(scheduler, attempt, now);
    }

    private void putBack(ChannelScheduler scheduler, DeliveryAttempt attempt, long now) {
        if (!waitsNoMore(scheduler, attempt, now)) {
            scheduler.putBack(attempt);
        }
    }

    /** As many deliveries run as may for the same user: nothing was tried, the recipient's turn comes when one of them ends. */
    void busy(DeliveryAttempt attempt, String key, int atOnce, long now) {
        ChannelScheduler scheduler = scheduler(attempt.channel());
        back(scheduler);
        end(scheduler, attempt, "its share is used up (" + key + ": " + atOnce + " at once)");
        scheduler.learn(attempt, key, atOnce, now);
        putBack(scheduler, attempt, now);
    }

    /** The program was lost during the delivery, perhaps because of it. */
    void broken(DeliveryAttempt attempt, String reason, long now) {
        ChannelScheduler scheduler = scheduler(attempt.channel());
        end(scheduler, attempt, reason);
        hold(scheduler, reason, now);
        if (waitsNoMore(scheduler, attempt, now)) {
            return;
        }
        int breaks = attempt.message().countBreak();
        if (breaks >= BREAKS) {
            park(scheduler, attempt, breaks, reason, now);
        } else {
            scheduler.suspect(attempt, breaks, now);
        }
    }

    /** The answer made no sense: deferred as in qmail, and counted. */
    void mangled(DeliveryAttempt attempt, String reason, long now) {
        ChannelScheduler scheduler = scheduler(attempt.channel());
        scheduler.ended(attempt);
        attempt.destination().troubled = true;
        for (int i = 0; i < attempt.recipients().length; i++) {
            scheduler.running--;
            sink.log(new MessageEvent.MangledReport(attempt.delivery().number() + i));
            status();
        }
        if (waitsNoMore(scheduler, attempt, now)) {
            return;
        }
        int breaks = attempt.message().countBreak();
        if (breaks >= BREAKS) {
            park(scheduler, attempt, breaks, reason, now);
        } else {
            pass(scheduler, attempt, recipients(attempt), reason, now);
            scheduler.afterDelivery(attempt.destination());
        }
    }

    private void park(ChannelScheduler scheduler, DeliveryAttempt attempt, int breaks, String reason, long now) {
        ScheduledMessage message = attempt.message();
        message.park();
        sink.log(new MessageEvent.MessageParked(
                message.number(), scheduler.channel, breaks, Instant.ofEpochSecond(now + PARKED), reason));
        pass(scheduler, attempt, recipients(attempt), reason, now);
        scheduler.afterDelivery(attempt.destination());
    }

    private void end(ChannelScheduler scheduler, DeliveryAttempt attempt, String reason) {
        scheduler.ended(attempt);
        for (int i = 0; i < attempt.recipients().length; i++) {
            scheduler.running--;
            line(
                    attempt.delivery().number() + i,
                    MessageEvent.DeliveryEnding.DEFERRAL,
                    reason + "; will be tried again\n");
            status();
        }
    }

    private void hold(ChannelScheduler scheduler, String reason, long now) {
        if (scheduler.unreachable(now, false)) {
            sink.log(new SendEvent.ProgramLost(scheduler.channel.word(), reason));
        }
    }

    private void back(ChannelScheduler scheduler) {
        if (scheduler.reachable()) {
            sink.log(new SendEvent.Back(scheduler.channel.word()));
        }
    }

    private static List<Integer> recipients(DeliveryAttempt attempt) {
        var recipients = new ArrayList<Integer>(attempt.recipients().length);
        for (int recipient : attempt.recipients()) {
            recipients.add(recipient);
        }
        return recipients;
    }

    private static String cut(String report) {
        return report.length() <= REPORT_LIMIT
                ? report
                : report.substring(0, REPORT_LIMIT) + "\n(the report was longer)\n";
    }

    private void line(long number, MessageEvent.DeliveryEnding kind, String text) {
        sink.log(new MessageEvent.DeliveryEnded(number, kind, text));
    }

    /** Writes the status line. */
    void status() {
        sink.log(new SendEvent.RunningCounts(
                local.running, local.limits.concurrency(), remote.running, remote.limits.concurrency(), exiting));
    }

    /** The bounce of a finished message could not be queued; it is tried again. */
    void bounceLater(ScheduledMessage message, long now) {
        message.due(Channel.LOCAL, now + BOUNCE_PAUSE);
        bounces.add(message);
    }

    /** Queue knows that the message has ended. */
    void forget(ScheduledMessage message) {
        if (message.equals(messages.get(message.number()))) {
            messages.remove(message.number());
            memory -= message.memory();
        }
    }

    /** ALRM: everything is due now. */
    void tryNow(long now) {
        local.tryNow(now);
        remote.tryNow(now);
        bounces.allDueBy(now);
    }

    /** TERM: nothing starts any more. */
    void exit() {
        exiting = true;
    }

    /** How many deliveries run. */
    int running() {
        return local.running + remote.running;
    }

    /** When there is something to do though nothing ends and nothing comes; may be in the past. */
    long nextWake() {
        return Math.min(bounces.firstDue(), Math.min(local.nextWake(), remote.nextWake()));
    }

    private int pagesWanted() {
        return local.wanted.size() + local.further.size() + remote.wanted.size() + remote.further.size();
    }

    /** {@code name=value} pairs. */
    String describe() {
        return "local=" + local.running + "/" + local.limits.concurrency()
                + " remote=" + remote.running + "/" + remote.limits.concurrency()
                + " waiting=" + messages.size()
                + " due=" + (local.inPasses - local.running + remote.inPasses - remote.running)
                + (remote.atTheirRate() > 0 ? " rate=" + remote.atTheirRate() : "")
                + (pagesWanted() == 0 ? "" : " pages=" + pagesWanted())
                + (local.held() ? " held=local" : "")
                + (remote.held() ? " held=remote" : "");
    }
}
