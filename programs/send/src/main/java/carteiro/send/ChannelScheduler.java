package carteiro.send;

import carteiro.control.DomainTable;
import carteiro.protocol.Wires.Channel;
import java.util.ArrayDeque;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;

/**
 * One channel of the {@link Schedule}: which messages are when due, whose turn it is among the destinations, what runs,
 * and whether the program behind it answers. Owned by the schedule. Times are seconds.
 *
 * <p>Destinations take turns, and so do the messages of one. Those in trouble (last delivery deferred) take turns among
 * themselves and leave a quarter of the slots to the rest: neither a slow domain nor a thousand dead ones hold up mail
 * for a host that answers. Those that have begun what their rate allows stand aside until it allows more.
 */
final class ChannelScheduler {
    /** Idle destinations remembered as troubled. */
    static final int REMEMBERED = 10_000;

    /** The longest pause between tries to reach a program that is away. */
    static final long LONGEST_PAUSE = 60;

    /** A program that is away so long has not just been restarted: the log says so. */
    static final long ABSENCE = 5;

    /** A first delivery that runs so long has reached its program. */
    static final long PROBE = 2;

    /** What ran when its program was lost waits so long, times the number of losses. */
    static final long SUSPECT_PAUSE = 5;

    final Channel channel;
    final SendSettings.ChannelLimits limits;
    final DueHeap due;
    int running;

    /** Recipients in passes that have no outcome yet, running ones included. */
    int inPasses;

    /** Messages of many recipients of which no address is here, and from where on they are to be asked for. */
    final ArrayDeque<Schedule.AddressRequest> wanted = new ArrayDeque<>();

    /** The same of those of which some are here. */
    final ArrayDeque<Schedule.AddressRequest> further = new ArrayDeque<>();

    /** About what the addresses that are here take, in octets. */
    long pageMemory;

    /** About what a recipient of a message of several takes while it is in a pass, in octets. */
    private static final int PART = 72;

    /** What the only one of a message takes. */
    private static final int PLACE = 8;

    private long partMemory;
    private int countedDestinations;

    private final Map<String, Destination> destinations = new HashMap<>();
    private final SharedLimits shares = new SharedLimits();
    private final LinkedHashMap<String, Destination> remembered = new LinkedHashMap<>();
    private final ArrayDeque<Destination> healthy = new ArrayDeque<>();
    private final ArrayDeque<Destination> troubled = new ArrayDeque<>();
    private final ArrayDeque<Suspect> suspects = new ArrayDeque<>();

    /** Destinations that wait for their rate to allow more, and idle ones that are kept since it counts what was begun. */
    private final TreeSet<Destination> timed =
            new TreeSet<>(Comparator.comparingLong((Destination destination) -> destination.lookAt)
                    .thenComparing(destination -> destination.name));

    private DomainTable<DestinationLimit> destinationLimits;
    private int troubledRunning;
    private boolean troubledNext;
    private boolean suspectRuns;

    /** 0 if the program answers. */
    private long pause;

    private long heldUntil;
    private long awaySince;
    private boolean announced;

    /** When the one delivery that finds out was started; 0 if none is. */
    private long probeStarted;

    private record Suspect(ScheduledMessage.RecipientGroup part, Destination destination, long notBefore) {}

    /** What may be started: some recipients and whose slots they take. */
    record NextAttempt(Destination destination, DueRecipients ready, int most, DeliveryAttempt.AttemptClass terms) {}

    /** @param destinationLimits what single destinations may have in place of their share */
    ChannelScheduler(
            Channel channel, SendSettings.ChannelLimits limits, DomainTable<DestinationLimit> destinationLimits) {
        this.channel = channel;
        this.limits = limits;
        this.destinationLimits = destinationLimits;
        this.due = new DueHeap(channel);
    }

    /** Begins a pass of a message: everything left of it becomes ready at its destinations, of many {@linkplain #ready by pages}. */
    void beginPass(ScheduledMessage message) {
        inPass(message, message.left(channel));
        message.beginPass(channel);
        if (message.paged()) {
            return; // the schedule asks for their addresses
        }
        int[] left = message.leftIn(channel);
        if (left.length == 1) {
            ready(message, message, left[0]);
            return;
        }
        var parts = ScheduledMessage.parts(message, channel, left);
        if (parts.size() == 1) {
            ready(message, message, left[0]);
        } else {
            for (ScheduledMessage.RecipientGroup part : parts) {
                ready(message, part, part.take(channel, 1)[0]);
            }
        }
    }

    /** A page of a message of many recipients is there. */
    void ready(ScheduledMessage message, RecipientPage page) {
        List<ScheduledMessage.RecipientGroup> parts = ScheduledMessage.parts(message, channel, page.recipients());
        page.destinations(parts.size());
        for (ScheduledMessage.RecipientGroup part : parts) {
            ready(message, part, part.take(channel, 1)[0]);
        }
    }

    /** So many more recipients of a message are in a pass. */
    void inPass(ScheduledMessage message, int recipients) {
        inPasses += recipients;
        if (!message.paged()) { // else its pages count
            partMemory += (long) recipients * (message.count() == 1 ? PLACE : PART);
        }
    }

    /** About how many octets of memory the passes of messages of few recipients take. */
    long passMemory() {
        return partMemory + (long) RecipientPage.DESTINATION * countedDestinations;
    }

    private void ready(ScheduledMessage message, DueRecipients ready, int firstRecipient) {
        String name = message.destination(channel, firstRecipient);
        Destination destination = destinations.get(name);
        if (destination == null) {
            destination = new Destination(name);
            limit(destination);
            shares.recall(destination);
            destination.troubled = message.again(channel); // it was deferred before: the last we know
            destinations.put(name, destination);
        } else {
            remembered.remove(name);
        }
        if (!message.paged() && !destination.counted) {
            destination.counted = true;
            countedDestinations++;
        }
        destination.ready.addLast(ready);
        offer(destination);
    }

    private void limit(Destination destination) {
        DestinationLimit limit = destinationLimits.find(destination.name).orElse(DestinationLimit.NONE);
        destination.atOnce = limit.atOnce() == 0
                ? limits.perDestination()
                : Math.max(1, Math.min(limit.atOnce(), limits.concurrency()));
        if (limit.most() == 0) {
            destination.window = null;
        } else if (destination.window == null || !destination.window.keeps(limit)) {
            destination.window = new RateWindow(limit);
        }
    }

    /** Other limits of destinations hold from now on. A rate that is the same goes on counting, another begins anew. */
    void limit(DomainTable<DestinationLimit> changed) {
        destinationLimits = changed;
        destinations.values().forEach(this::limit);
        lookAtAll();
        destinations.values().forEach(this::offer);
    }

    /** How many of a destination's recipients may start beside those that run, whatever its rate. */
    private int slots(Destination destination) {
        int limit = destination.atOnce;
        int most = destination.troubled ? Math.max(1, Math.min(limit, limits.concurrency() / 4)) : limit;
        int own = Math.max(0, most - destination.running);
        return destination.share == null ? own : Math.min(own, destination.share.left());
    }

    /** How many of a destination's recipients may start now. */
    private int startable(Destination destination, long now) {
        int slots = slots(destination);
        return destination.window == null ? slots : Math.min(slots, destination.window.left(now));
    }

    private boolean startable(Destination destination) {
        return !destination.ready.isEmpty() && slots(destination) > 0;
    }

    private void offer(Destination destination) {
        if (!destination.inRing && startable(destination)) {
            destination.inRing = true;
            (destination.troubled ? troubled : healthy).addLast(destination);
            return;
        }
        SharedLimits.SharedLimit share = destination.share;
        if (share != null
                && share.left() == 0
                && !destination.ready.isEmpty()
                && !destination.inRing
                && !destination.awaitsShare) {
            destination.awaitsShare = true;
            share.waiting.addLast(destination);
        }
    }

    /** Those that wait for a share take their turns, as many as it has room for. */
    private void release(SharedLimits.@Nullable SharedLimit share) {
        if (share == null) {
            return;
        }
        for (int free = share.left(); free > 0 && !share.waiting.isEmpty(); ) {
            Destination next = share.waiting.removeFirst();
            next.awaitsShare = false;
            offer(next);
            free -= next.inRing ? 1 : 0;
        }
    }

    /** A destination belongs to a share, and that is used up. */
    void learn(DeliveryAttempt attempt, String key, int atOnce, long now) {
        Destination destination = attempt.destination();
        SharedLimits.SharedLimit before = destination.share;
        shares.learn(destination, key, atOnce);
        if (before != null && before != destination.share) {
            if (before.waiting.remove(destination)) {
                destination.awaitsShare = false;
            }
            release(before);
        }
        destination.busyPause = Math.clamp(2 * destination.busyPause, 1, SharedLimits.LONGEST_PAUSE);
        destination.heldUntil = now + destination.busyPause;
    }

    /** What may be started now, or null. What is chosen must be told to {@link #started} or {@link #dropped}. */
    @Nullable
    NextAttempt choose(long now) {
        int free = limits.concurrency() - running;
        if (free <= 0 || !answers(now)) {
            return null;
        }
        Suspect suspect = nextSuspect(now);
        if (suspect != null && pause == 0) {
            return choose(suspect, free, now);
        }
        Destination destination = nextDestination(now);
        if (destination == null) {
            // with nothing else to find out by, a suspect has to
            return suspect == null ? null : choose(suspect, free, now);
        }
        return new NextAttempt(
                destination,
                destination.ready.removeFirst(),
                Math.min(free, startable(destination, now)),
                destination.troubled ? DeliveryAttempt.AttemptClass.TROUBLED : DeliveryAttempt.AttemptClass.HEALTHY);
    }

    /** The first that may be tried: one whose destination is at its limit does not hold up the others. */
    private @Nullable Suspect nextSuspect(long now) {
        if (suspectRuns || suspects.isEmpty()) {
            return null;
        }
        for (Suspect suspect : suspects) {
            if (suspect.notBefore <= now && startable(suspect.destination, now) > 0) {
                return suspect;
            }
        }
        return null;
    }

    private NextAttempt choose(Suspect suspect, int free, long now) {
        suspects.remove(suspect);
        suspect.destination.suspects--;
        int most = Math.min(free, startable(suspect.destination, now));
        return new NextAttempt(suspect.destination, suspect.part, most, DeliveryAttempt.AttemptClass.SUSPECT);
    }

    private @Nullable Destination nextDestination(long now) {
        int quarter = limits.concurrency() / 4;
        boolean troubledMay = troubledRunning < Math.max(1, limits.concurrency() - Math.max(1, quarter));
        if (!troubledMay) {
            return poll(DeliveryAttempt.AttemptClass.HEALTHY, now);
        }
        boolean troubledFirst = false;
        if (quarter == 0 || troubledRunning < quarter) { // in turns: one slow destination may hold all other slots
            troubledFirst = troubledNext;
            troubledNext = !troubledNext;
        }
        DeliveryAttempt.AttemptClass first =
                troubledFirst ? DeliveryAttempt.AttemptClass.TROUBLED : DeliveryAttempt.AttemptClass.HEALTHY;
        Destination next = poll(first, now);
        if (next == null) {
            next = poll(
                    troubledFirst ? DeliveryAttempt.AttemptClass.HEALTHY : DeliveryAttempt.AttemptClass.TROUBLED, now);
        }
        // that may have found some whose health had changed, and put them into the first ring
        return next == null ? poll(first, now) : next;
    }

    private @Nullable Destination poll(DeliveryAttempt.AttemptClass terms, long now) {
        ArrayDeque<Destination> ring = terms == DeliveryAttempt.AttemptClass.TROUBLED ? troubled : healthy;
        for (Destination destination = ring.pollFirst(); destination != null; destination = ring.pollFirst()) {
            destination.inRing = false;
            if (!startable(destination) || destination.troubled != (terms == DeliveryAttempt.AttemptClass.TROUBLED)) {
                offer(destination); // its health changed while it stood here: to the other ring, or to none
            } else if (destination.heldUntil > now) {
                lookAgain(destination, destination.heldUntil);
                release(destination.share);
            } else if (destination.window != null && destination.window.left(now) == 0) {
                lookAgain(destination, destination.window.opens());
            } else {
                return destination;
            }
        }
        return null;
    }

    private void lookAgain(Destination destination, long when) {
        if (destination.timed) {
            timed.remove(destination);
        }
        destination.lookAt = when;
        destination.timed = true;
        timed.add(destination);
    }

    /** Those whose rate allows more by now take their turns again; the idle ones are forgotten. */
    void look(long now) {
        while (!timed.isEmpty() && timed.first().lookAt <= now) {
            Destination destination = timed.removeFirst();
            destination.timed = false;
            if (destination.busy()) {
                offer(destination);
            } else {
                forget(destination);
            }
        }
    }

    /** What they waited for may have changed. */
    private void lookAtAll() {
        var all = List.copyOf(timed);
        timed.clear();
        for (Destination destination : all) {
            destination.timed = false;
            afterDelivery(destination);
        }
    }

    /** How many destinations wait for their rate to allow more. */
    int atTheirRate() {
        int count = 0;
        for (Destination destination : timed) {
            count += destination.ready.isEmpty() ? 0 : 1;
        }
        return count;
    }

    /** What was chosen is not to be tried any more. */
    void dropped(NextAttempt choice) {
        afterDelivery(choice.destination);
    }

    /** So many recipients of a choice are started; the rest keeps its turn. {@code running} is counted by the caller, line by line. */
    void started(NextAttempt choice, int recipients, long now) {
        Destination destination = choice.destination;
        DueRecipients rest = choice.ready.rest(channel, recipients);
        if (rest != null) {
            destination.ready.addLast(rest);
        }
        destination.running += recipients;
        if (destination.share != null) {
            destination.share.running += recipients;
        }
        if (destination.window != null) {
            destination.window.begin(recipients, now);
        }
        switch (choice.terms) {
            case HEALTHY -> {}
            case TROUBLED -> troubledRunning += recipients;
            case SUSPECT -> suspectRuns = true;
        }
        if (pause > 0 && probeStarted == 0) {
            probeStarted = now;
        }
        offer(destination);
    }

    /** A delivery has ended, however; {@code running} is counted down by the caller, line by line. */
    void ended(DeliveryAttempt attempt) {
        Destination destination = attempt.destination();
        destination.running -= attempt.recipients().length;
        if (destination.share != null) {
            destination.share.running -= attempt.recipients().length;
            destination.heldUntil = 0; // one of its own has ended: there is room
        }
        switch (attempt.terms()) {
            case HEALTHY -> {}
            case TROUBLED -> troubledRunning -= attempt.recipients().length;
            case SUSPECT -> suspectRuns = false;
        }
    }

    /** What became of the last delivery to a destination, once its health is known; also when that is unchanged. */
    void afterDelivery(Destination destination) {
        offer(destination);
        release(destination.share);
        if (destination.busy()) {
            return;
        }
        if (destination.window == null) {
            forget(destination);
        } else {
            lookAgain(destination, destination.window.ends());
        }
    }

    private void forget(Destination destination) {
        if (destination.timed) { // else another of its name is taken for it there
            timed.remove(destination);
            destination.timed = false;
        }
        if (destination.counted) {
            destination.counted = false;
            countedDestinations--;
        }
        if (!destination.troubled) {
            destinations.remove(destination.name, destination);
            return;
        }
        if (destinations.get(destination.name) == destination) {
            remembered.putLast(destination.name, destination);
            if (remembered.size() > REMEMBERED) {
                destinations.remove(remembered.pollFirstEntry().getKey());
            }
        }
    }

    /** Nothing was tried: the recipients are the first again when the program is back. */
    void putBack(DeliveryAttempt attempt) {
        attempt.destination()
                .ready
                .addFirst(new ScheduledMessage.RecipientGroup(attempt.message(), attempt.recipients(), 0));
        afterDelivery(attempt.destination());
    }

    /** The program was lost in the midst: the recipients are tried again alone. */
    void suspect(DeliveryAttempt attempt, int breaks, long now) {
        suspects.addLast(new Suspect(
                new ScheduledMessage.RecipientGroup(attempt.message(), attempt.recipients(), 0),
                attempt.destination(),
                now + breaks * SUSPECT_PAUSE));
        attempt.destination().suspects++;
        afterDelivery(attempt.destination());
    }

    private boolean answers(long now) {
        if (pause == 0) {
            return true;
        }
        if (probeStarted > 0) {
            return false;
        }
        return now >= heldUntil;
    }

    /** The program did not answer. Whether this is worth a line: it is no mere restart. */
    boolean unreachable(long now, boolean forGood) {
        if (pause == 0) {
            pause = 1;
            awaySince = now;
        } else if (probeStarted > 0) {
            pause = Math.min(LONGEST_PAUSE, pause * 2);
        }
        probeStarted = 0;
        heldUntil = now + pause;
        boolean worth = (forGood || now - awaySince >= ABSENCE) && !announced;
        announced |= worth;
        return worth;
    }

    /** The program answered. Whether it had been reported as lost. */
    boolean reachable() {
        boolean was = announced;
        announced = false;
        pause = 0;
        probeStarted = 0;
        return was;
    }

    /** Whether the delivery that finds out has run so long that its program must have it. */
    boolean probeHolds(long now) {
        return probeStarted > 0 && now - probeStarted >= PROBE;
    }

    /** Whether the program is being waited for. */
    boolean held() {
        return pause > 0;
    }

    /** Everything waits no longer. */
    void tryNow(long now) {
        due.allDueBy(now);
        waitNoLonger(now);
    }

    /** The clock was set back: times that were computed before it must not be waited for. */
    void clockSetBack(long now, ToLongFunction<ScheduledMessage> latest) {
        due.allDueBy(latest);
        probeStarted = Math.min(probeStarted, now);
        awaySince = Math.min(awaySince, now);
        for (Destination destination : destinations.values()) {
            destination.heldUntil = Math.min(destination.heldUntil, now);
            if (destination.window != null) {
                int _ = destination.window.left(now);
            }
        }
        lookAtAll();
        waitNoLonger(now);
    }

    /** Whatever the channel is held for ends by then. */
    private void waitNoLonger(long now) {
        heldUntil = Math.min(heldUntil, now);
        for (int i = suspects.size(); i > 0; i--) {
            Suspect suspect = suspects.removeFirst();
            suspects.addLast(new Suspect(suspect.part, suspect.destination, Math.min(now, suspect.notBefore)));
        }
    }

    /** When there may be something to do that no end of a delivery tells. */
    long nextWake() {
        long wake = timed.isEmpty() ? due.firstDue() : Math.min(due.firstDue(), timed.first().lookAt);
        if (running >= limits.concurrency()) {
            return wake;
        }
        if (pause > 0 && probeStarted > 0) {
            return Math.min(wake, probeStarted + PROBE);
        }
        if (pause > 0 && (!healthy.isEmpty() || !troubled.isEmpty())) {
            return Math.min(wake, heldUntil);
        }
        if (!suspectRuns) {
            for (Suspect suspect : suspects) {
                wake = Math.min(wake, from(suspect));
            }
        }
        return wake;
    }

    private long from(Suspect suspect) {
        if (slots(suspect.destination) == 0) {
            return Long.MAX_VALUE; // the end of a delivery tells
        }
        RateWindow window = suspect.destination.window;
        long from = Math.max(suspect.notBefore, pause > 0 ? heldUntil : 0);
        return window == null ? from : Math.max(from, window.opens());
    }
}
