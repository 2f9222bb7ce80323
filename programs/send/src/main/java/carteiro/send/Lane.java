package carteiro.send;

import carteiro.protocol.Wires.Channel;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;

/**
 * One channel of the {@link Schedule}: which messages are when due, whose turn it is among the destinations, what runs,
 * and whether the program behind it answers. Owned by the schedule. Times are seconds.
 *
 * <p>Destinations take turns, and so do the messages of one. Those in trouble (last delivery deferred) take turns among
 * themselves and leave a quarter of the slots to the rest: neither a slow domain nor a thousand dead ones hold up mail
 * for a host that answers.
 */
final class Lane {
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
    final Settings.Lanes limits;
    final DueHeap due;
    int running;

    /** Recipients in passes that have no outcome yet, running ones included. */
    int inPasses;

    private final Map<String, Destination> destinations = new HashMap<>();
    private final LinkedHashMap<String, Destination> remembered = new LinkedHashMap<>();
    private final ArrayDeque<Destination> healthy = new ArrayDeque<>();
    private final ArrayDeque<Destination> troubled = new ArrayDeque<>();
    private final ArrayDeque<Suspect> suspects = new ArrayDeque<>();
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

    private record Suspect(Message.Part part, Destination destination, long notBefore) {}

    /** What may be started: some recipients and whose slots they take. */
    record Choice(Destination destination, Ready ready, int most, Start.Terms terms) {}

    Lane(Channel channel, Settings.Lanes limits) {
        this.channel = channel;
        this.limits = limits;
        this.due = new DueHeap(channel);
    }

    /** Begins a pass of a message: everything left of it becomes ready at its destinations. */
    void beginPass(Message message) {
        int[] left = message.leftIn(channel);
        message.beginPass(channel);
        inPasses += left.length;
        if (left.length == 1) {
            ready(message, message, left[0]);
            return;
        }
        var parts = Message.parts(message, channel, left);
        if (parts.size() == 1) {
            ready(message, message, left[0]);
        } else {
            for (Message.Part part : parts) {
                ready(message, part, part.take(channel, 1)[0]);
            }
        }
    }

    private void ready(Message message, Ready ready, int firstRecipient) {
        String name = message.destination(channel, firstRecipient);
        Destination destination = destinations.get(name);
        if (destination == null) {
            destination = new Destination(name);
            destination.troubled = message.tried(channel); // it was deferred before: the last we know
            destinations.put(name, destination);
        } else {
            remembered.remove(name);
        }
        destination.ready.addLast(ready);
        offer(destination);
    }

    private int limit(Destination destination) {
        int limit = limits.perDestination();
        return destination.troubled ? Math.max(1, Math.min(limit, limits.concurrency() / 4)) : limit;
    }

    private boolean startable(Destination destination) {
        return !destination.ready.isEmpty() && destination.running < limit(destination);
    }

    private void offer(Destination destination) {
        if (!destination.inRing && startable(destination)) {
            destination.inRing = true;
            (destination.troubled ? troubled : healthy).addLast(destination);
        }
    }

    /** What may be started now, or null. What is chosen must be told to {@link #started}. */
    @Nullable
    Choice choose(long now) {
        int free = limits.concurrency() - running;
        if (free <= 0 || !answers(now)) {
            return null;
        }
        Suspect suspect = suspects.peekFirst();
        boolean suspectsTurn = suspect != null && !suspectRuns && suspect.notBefore <= now;
        if (suspectsTurn && pause == 0) {
            return choose(suspects.removeFirst(), free);
        }
        Destination destination = nextDestination();
        if (destination == null) {
            // with nothing else to find out by, a suspect has to
            return suspectsTurn ? choose(suspects.removeFirst(), free) : null;
        }
        int most = Math.min(free, limit(destination) - destination.running);
        return new Choice(
                destination,
                destination.ready.removeFirst(),
                most,
                destination.troubled ? Start.Terms.TROUBLED : Start.Terms.HEALTHY);
    }

    private static Choice choose(Suspect suspect, int free) {
        return new Choice(suspect.destination, suspect.part, free, Start.Terms.SUSPECT);
    }

    private @Nullable Destination nextDestination() {
        int quarter = limits.concurrency() / 4;
        boolean troubledMay = troubledRunning < Math.max(1, limits.concurrency() - Math.max(1, quarter));
        if (!troubledMay) {
            return poll(healthy, Start.Terms.HEALTHY);
        }
        boolean troubledFirst = false;
        if (quarter == 0 || troubledRunning < quarter) { // in turns: one slow destination may hold all other slots
            troubledFirst = troubledNext;
            troubledNext = !troubledNext;
        }
        Destination first = troubledFirst ? poll(troubled, Start.Terms.TROUBLED) : poll(healthy, Start.Terms.HEALTHY);
        if (first != null) {
            return first;
        }
        Destination second = troubledFirst ? poll(healthy, Start.Terms.HEALTHY) : poll(troubled, Start.Terms.TROUBLED);
        // that may have found some whose health had changed, and put them into the first ring
        return second != null || troubledFirst ? second : poll(healthy, Start.Terms.HEALTHY);
    }

    private @Nullable Destination poll(ArrayDeque<Destination> ring, Start.Terms terms) {
        for (Destination destination = ring.pollFirst(); destination != null; destination = ring.pollFirst()) {
            destination.inRing = false;
            if (startable(destination) && destination.troubled == (terms == Start.Terms.TROUBLED)) {
                return destination;
            }
            offer(destination); // its health changed while it stood here: to the other ring, or to none
        }
        return null;
    }

    /** So many recipients of a choice were started; the rest keeps its turn. */
    void started(Choice choice, int recipients, long now) {
        Destination destination = choice.destination;
        Ready rest = choice.ready.rest(channel, recipients);
        if (rest != null) {
            destination.ready.addLast(rest);
        }
        running += recipients;
        destination.running += recipients;
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
    void ended(Start start) {
        Destination destination = start.destination();
        destination.running -= start.recipients().length;
        switch (start.terms()) {
            case HEALTHY -> {}
            case TROUBLED -> troubledRunning -= start.recipients().length;
            case SUSPECT -> suspectRuns = false;
        }
    }

    /** What became of the last delivery to a destination, once its health is known; also when that is unchanged. */
    void settle(Destination destination) {
        offer(destination);
        if (destination.running > 0 || !destination.ready.isEmpty()) {
            return;
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
    void putBack(Start start) {
        start.destination().ready.addFirst(new Message.Part(start.message(), start.recipients(), 0));
        settle(start.destination());
    }

    /** The program was lost in the midst: the recipients are tried again alone. */
    void suspect(Start start, int breaks, long now) {
        suspects.addLast(new Suspect(
                new Message.Part(start.message(), start.recipients(), 0),
                start.destination(),
                now + breaks * SUSPECT_PAUSE));
        settle(start.destination());
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
    boolean unreachable(long now) {
        if (pause == 0) {
            pause = 1;
            awaySince = now;
        } else if (probeStarted > 0) {
            pause = Math.min(LONGEST_PAUSE, pause * 2);
        }
        probeStarted = 0;
        heldUntil = now + pause;
        boolean worth = now - awaySince >= ABSENCE && !announced;
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
    void clockSetBack(long now, ToLongFunction<Message> latest) {
        due.allDueBy(latest);
        probeStarted = Math.min(probeStarted, now);
        awaySince = Math.min(awaySince, now);
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
        long wake = due.firstDue();
        if (running >= limits.concurrency()) {
            return wake;
        }
        Suspect suspect = suspectRuns ? null : suspects.peekFirst();
        if (pause > 0 && probeStarted > 0) {
            return Math.min(wake, probeStarted + PROBE);
        }
        if (pause > 0 && (!healthy.isEmpty() || !troubled.isEmpty())) {
            return Math.min(wake, heldUntil);
        }
        return suspect == null ? wake : Math.min(wake, Math.max(suspect.notBefore, pause > 0 ? heldUntil : 0));
    }
}
