package carteiro.tools;

import carteiro.log.LogText;
import carteiro.tools.Story.Attempt;
import carteiro.tools.Story.Child;
import carteiro.tools.Story.Entry;
import carteiro.tools.Story.Recipient;
import carteiro.tools.TraceEvent.Result;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.SequencedSet;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Reads a log once, line by line, and finds what is asked for. Who is asked for may be known late (a recipient, the
 * forward of a message whose report comes after it), so the stories of all unfinished messages are kept, up to {@link
 * #ROOM}; the eldest that nobody has asked for go first.
 */
final class Stories {
    /** The most that all stories together may hold, in octets; the command has a heap of 256 MiB. */
    static final long ROOM = 128L << 20;

    /** Finished messages that later lines may still tell of: smtpd's line comes by another way than send's. */
    static final int RECENT = 1_000;

    /** Of each: receipts, clients, deliveries under way. */
    private static final int REMEMBERED = 10_000;

    /** local's report of what it forwarded; its own line stands last. */
    private static final Pattern FORWARDED =
            Pattern.compile(".*\\bdid_\\d+\\+\\d+\\+\\d+/qp_" + TraceEvent.N + "/", Pattern.DOTALL);

    private record Running(Story story, Recipient recipient, Attempt attempt) {}

    /** A message that is not seen yet will have come of this. */
    private record Expected(Story parent, @Nullable Recipient of, String text) {}

    /** A map that forgets its eldest. */
    private static final class Memory<K, V> extends LinkedHashMap<K, V> {
        private static final long serialVersionUID = 1;

        @Override
        protected boolean removeEldestEntry(Map.Entry<K, V> eldest) {
            return size() > REMEMBERED;
        }
    }

    private final Wanted wanted;
    private final int most;
    private final long limit;
    private final Story.Room room = new Story.Room();
    private final Map<Long, Story> open = new HashMap<>();
    private final Map<Long, Story> recent = new LinkedHashMap<>();
    private final SequencedSet<Story> unasked = new LinkedHashSet<>();
    private final SequencedSet<Story> found = new LinkedHashSet<>();
    private final Map<Long, Running> running = new Memory<>();
    private final Map<Long, Story> byReceipt = new Memory<>();
    private final Map<Long, Expected> expected = new Memory<>();
    private final Map<String, Deque<Story>> conversing = new Memory<>();
    private final Deque<Entry> others = new ArrayDeque<>();
    private long line;
    private long lastDelivery;
    private long notShown;
    private long othersNotShown;
    private long forgotten;

    /** @param most messages to show, and other lines */
    Stories(Wanted wanted, int most) {
        this(wanted, most, ROOM);
    }

    /** @param limit instead of {@link #ROOM} */
    Stories(Wanted wanted, int most, long limit) {
        this.wanted = wanted;
        this.most = most;
        this.limit = limit;
    }

    /** Takes the next line of the log. */
    void see(LogLine seen) {
        line++;
        String stamp = seen.stamp();
        switch (TraceEvent.of(seen.text())) {
            case TraceEvent.Accepted event -> accepted(stamp, event);
            case TraceEvent.Session event -> session(stamp, event);
            case TraceEvent.NewMessage(long message) -> story(message);
            case TraceEvent.Info event -> info(stamp, event);
            case TraceEvent.Starting event -> starting(stamp, event);
            case TraceEvent.Ended(long delivery, var result, var text) -> {
                Running ended = running.remove(delivery);
                if (ended != null) {
                    ended(stamp, ended, result, text);
                }
            }
            case TraceEvent.DeliveryNote(long delivery, var text) -> {
                Running about = running.get(delivery);
                if (about != null && !about.story.isForgotten()) {
                    about.story.note(stamp, text);
                }
            }
            case TraceEvent.Bounced(long message, long qp) -> {
                Story story = story(message);
                story.bounced(stamp, qp);
                expected.put(qp, new Expected(story, null, "the bounce of message " + message));
            }
            case TraceEvent.MessageNote(long message, var text) ->
                story(message).note(stamp, text);
            case TraceEvent.End(long message) -> end(stamp, message);
            case TraceEvent.Exiting _ -> restarted(stamp);
            case TraceEvent.Other(var text) -> other(stamp, text);
        }
        while (room.taken() > limit && makeRoom()) {} // one or two at a time
    }

    /** The story of an unfinished message; a new one if there is none. */
    private Story story(long message) {
        Story story = open.get(message);
        if (story == null) {
            story = new Story(message, room, line);
            open.put(message, story);
            unasked.add(story);
            if (wanted.asksFor(message)) {
                find(story, true);
            }
        }
        return story;
    }

    private void accepted(String stamp, TraceEvent.Accepted event) {
        Story story = open.get(event.message());
        if (story == null) {
            Story ended = recent.get(event.message());
            if (ended != null && ended.fits(event)) {
                story = ended; // send was quicker
            }
        } else if (!story.fits(event)) {
            lose(story);
            story = null;
        }
        if (story == null) {
            story = story(event.message());
        }
        story.accepted(stamp, event);
        if (wanted.asksFor(event.sender()) || wanted.asksForArrival(event.id(), event.messageId())) {
            find(story, true);
        }
        Deque<Story> ofClient = conversing.remove(event.client());
        ofClient = ofClient == null ? new ArrayDeque<>(2) : ofClient;
        conversing.put(event.client(), ofClient); // now the youngest
        ofClient.addLast(story);
        if (ofClient.size() > RECENT) {
            ofClient.removeFirst();
        }
    }

    /** The line of a session names no message: it is about as many as it says, of those that its client handed in. */
    private void session(String stamp, TraceEvent.Session event) {
        Deque<Story> ofClient = conversing.get(event.client());
        if (ofClient == null || event.messages() == 0) {
            return;
        }
        boolean certain = ofClient.size() <= event.messages();
        for (int i = 0; i < event.messages() && !ofClient.isEmpty(); i++) {
            Story story = ofClient.removeFirst();
            if (!story.isForgotten()) {
                story.session(stamp, event, certain);
            }
        }
        if (ofClient.isEmpty()) {
            conversing.remove(event.client());
        }
    }

    private void info(String stamp, TraceEvent.Info event) {
        Story story = story(event.message());
        if (!story.fits(event)) {
            lose(story);
            story = story(event.message());
        }
        story.info(stamp, event);
        if (wanted.asksFor(event.sender()) || wanted.asksForReceipt(event.qp())) {
            find(story, true);
        }
        byReceipt.remove(event.qp());
        byReceipt.put(event.qp(), story);
        Expected parent = expected.remove(event.qp());
        if (parent != null
                && (parent.of != null
                        || event.sender().isEmpty()
                        || event.sender().equals("#@[]"))) {
            connect(parent, story);
        }
    }

    private void starting(String stamp, TraceEvent.Starting event) {
        if (event.delivery() <= lastDelivery) {
            restarted(stamp);
        }
        lastDelivery = event.delivery();
        Story story = story(event.message());
        boolean asked = wanted.asksFor(event.recipient());
        Recipient recipient = story.recipient(event.channel(), event.recipient(), asked);
        running.put(event.delivery(), new Running(story, recipient, story.begin(recipient, stamp, event.delivery())));
        if (asked) {
            find(story, false);
        }
    }

    private void ended(String stamp, Running ended, Result result, String text) {
        Story story = ended.story;
        if (story.isForgotten()) {
            return;
        }
        story.end(ended.recipient, ended.attempt, stamp, result, text);
        Matcher forwarded = FORWARDED.matcher(text);
        if (result == Result.DELIVERED && ended.recipient.isLocal() && forwarded.matches()) {
            long qp = Long.parseLong(forwarded.group(1));
            var parent = new Expected(story, ended.recipient, "forwarded by message " + story.number());
            Story child = byReceipt.get(qp);
            if (child != null && child.firstLine() > story.firstLine() && !child.isForgotten()) {
                connect(parent, child);
            } else {
                expected.put(qp, parent);
            }
        }
    }

    private void end(String stamp, long message) {
        Story story = story(message);
        story.ended(stamp);
        open.remove(message);
        Story before = recent.remove(message);
        if (before != null) {
            letGo(before);
        }
        recent.put(message, story);
        if (recent.size() > RECENT) {
            Iterator<Story> eldest = recent.values().iterator();
            Story gone = eldest.next();
            eldest.remove();
            letGo(gone);
        }
    }

    /** Delivery numbers begin again at 1; what was under way has no result. */
    private void restarted(String stamp) {
        lastDelivery = 0;
        var interrupted = List.copyOf(running.values());
        running.clear();
        for (Running each : interrupted) {
            ended(stamp, each, Result.INTERRUPTED, "");
        }
    }

    private void other(String stamp, String text) {
        if (!text.startsWith("status: ") && wanted.isNamedIn(text)) {
            others.addLast(new Entry(stamp, 0, text));
            if (others.size() > most) {
                others.removeFirst();
                othersNotShown++;
            }
        }
    }

    // ---- What is found, and what is kept

    private void connect(Expected parent, Story story) {
        story.cameOf(parent.text);
        var child = new Child(story, parent.of);
        parent.parent.child(child);
        if (found.contains(parent.parent) && parent.parent.concerns(child)) {
            find(story, true);
        }
    }

    /** It is asked for, and with it what came of it. */
    private void find(Story first, boolean whole) {
        var waiting = new ArrayDeque<Story>();
        waiting.add(first);
        boolean all = whole;
        while (!waiting.isEmpty()) {
            Story story = waiting.remove();
            if (story.dropped() || found.contains(story) && (story.isWhole() || !all)) {
                continue;
            }
            unasked.remove(story);
            found.add(story);
            if (all) {
                story.showWhole();
            }
            for (Child child : story.children()) {
                if (story.concerns(child)) {
                    waiting.add(child.story());
                }
            }
            all = true; // of what came of it
            if (found.size() > most) {
                dropEldest();
            }
        }
    }

    private void dropEldest() {
        Story eldest = found.removeFirst();
        notShown++;
        eldest.drop();
        if (open.get(eldest.number()) == eldest || recent.get(eldest.number()) == eldest) {
            unasked.add(eldest);
        } else {
            eldest.forget();
        }
    }

    /** No line will tell more of it. */
    private void lose(Story story) {
        story.lost();
        open.remove(story.number());
        letGo(story);
    }

    private void letGo(Story story) {
        if (unasked.remove(story)) {
            story.forget();
        }
    }

    /** Gives up the eldest story; whether there was one. */
    private boolean makeRoom() {
        if (!unasked.isEmpty()) {
            Story eldest = unasked.removeFirst();
            open.remove(eldest.number(), eldest);
            recent.remove(eldest.number(), eldest);
            eldest.forget();
            forgotten++;
            return true;
        }
        if (found.size() > 1) {
            dropEldest();
            return true;
        }
        return false;
    }

    // ---- The answer

    /** What all stories hold now, in octets. */
    long held() {
        return room.taken();
    }

    /** Whether anything was found. */
    boolean foundAny() {
        return !found.isEmpty() || !others.isEmpty();
    }

    /** Writes all stories, in the order in which their messages appeared. */
    void tell(Consumer<String> out) {
        if (notShown > 0) {
            out.accept(notShown + " earlier messages are not shown; --most N, now " + most + ", shows more\n\n");
        }
        if (forgotten > 0) {
            out.accept("more messages were waiting at once than fit into memory: of " + forgotten
                    + ", what stands before their latest lines may be missing\n\n");
        }
        String gap = "";
        for (Story story : inOrder()) {
            out.accept(gap);
            write(story.tell(), out);
            gap = "\n";
        }
        if (!others.isEmpty()) {
            out.accept(gap);
            String heading = othersNotShown > 0
                    ? "other lines that name it (and " + othersNotShown + " earlier ones)"
                    : "other lines that name it";
            others.addFirst(new Entry("", 0, heading));
            write(List.copyOf(others), out);
        }
    }

    private List<Story> inOrder() {
        return found.stream()
                .sorted((a, b) -> Long.compare(a.firstLine(), b.firstLine()))
                .toList();
    }

    private static void write(List<Entry> entries, Consumer<String> out) {
        int width =
                entries.stream().mapToInt(entry -> entry.stamp().length()).max().orElse(0);
        var text = new StringBuilder(LogText.printable(entries.getFirst().text())).append('\n');
        for (Entry entry : entries.subList(1, entries.size())) {
            String column = width == 0
                    ? ""
                    : entry.stamp() + " ".repeat(width - entry.stamp().length() + 2);
            text.append("  ").append(column).append("  ".repeat(entry.depth()));
            text.append(LogText.printable(entry.text())).append('\n');
        }
        out.accept(text.toString());
    }
}
