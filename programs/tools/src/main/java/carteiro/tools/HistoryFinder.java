package carteiro.tools;

import carteiro.log.LogText;
import carteiro.protocol.MessageEvent;
import carteiro.tools.MessageHistory.DeliveryHistory;
import carteiro.tools.MessageHistory.DerivedMessage;
import carteiro.tools.MessageHistory.HistoryLine;
import carteiro.tools.MessageHistory.RecipientHistory;
import carteiro.tools.MessageHistory.TracedResult;
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
final class HistoryFinder {
    /** The most that all stories together may hold, in octets; the command has a heap of 256 MiB. */
    static final long ROOM = 128L << 20;

    /** Finished messages that later lines may still tell of: smtpd's line comes by another way than send's. */
    static final int RECENT = 1_000;

    /** Of each: receipts, clients, deliveries under way. */
    private static final int REMEMBERED = 10_000;

    /** local's report of what it forwarded; its own line stands last. */
    private static final Pattern FORWARDED =
            Pattern.compile(".*\\bdid_\\d+\\+\\d+\\+\\d+/qp_(\\d{1,18})/", Pattern.DOTALL);

    private record RunningDelivery(MessageHistory story, RecipientHistory recipient, DeliveryHistory attempt) {}

    /** A message that is not seen yet will have come of this. */
    private record Expected(MessageHistory parent, @Nullable RecipientHistory of, String text) {}

    /** A map that forgets its eldest. */
    private static final class Memory<K, V> extends LinkedHashMap<K, V> {
        private static final long serialVersionUID = 1;

        @Override
        protected boolean removeEldestEntry(Map.Entry<K, V> eldest) {
            return size() > REMEMBERED;
        }
    }

    private final TraceQuery query;
    private final int most;
    private final long limit;
    private final MessageHistory.HistoryBudget room = new MessageHistory.HistoryBudget();
    private final Map<Long, MessageHistory> open = new HashMap<>();
    private final Map<Long, MessageHistory> recent = new LinkedHashMap<>();
    private final SequencedSet<MessageHistory> unasked = new LinkedHashSet<>();
    private final SequencedSet<MessageHistory> found = new LinkedHashSet<>();
    private final Map<Long, RunningDelivery> running = new Memory<>();
    private final Map<Long, MessageHistory> byReceipt = new Memory<>();
    private final Map<Long, Expected> expected = new Memory<>();
    private final Map<String, Deque<MessageHistory>> conversing = new Memory<>();
    private final Deque<HistoryLine> others = new ArrayDeque<>();
    private long line;
    private long lastDelivery;
    private long notShown;
    private long othersNotShown;
    private long forgotten;

    /** @param most messages to show, and other lines */
    HistoryFinder(TraceQuery query, int most) {
        this(query, most, ROOM);
    }

    /** @param limit instead of {@link #ROOM} */
    HistoryFinder(TraceQuery query, int most, long limit) {
        this.query = query;
        this.most = most;
        this.limit = limit;
    }

    /** Takes the next line of the log. */
    void see(LogLine seen) {
        line++;
        String stamp = seen.stamp();
        MessageEvent.read(seen.text()).ifPresentOrElse(event -> see(stamp, event), () -> other(stamp, seen.text()));
        while (room.taken() > limit && makeRoom()) {} // one or two at a time
    }

    private void see(String stamp, MessageEvent seen) {
        switch (seen) {
            case MessageEvent.MessageAccepted event -> accepted(stamp, event);
            case MessageEvent.SessionEnded event -> session(stamp, event);
            case MessageEvent.NewMessage(long message) -> story(message);
            case MessageEvent.MessageInfo event -> info(stamp, event);
            case MessageEvent.DeliveryStarting event -> starting(stamp, event);
            case MessageEvent.DeliveryEnded(long delivery, var kind, var text) ->
                ended(stamp, delivery, TracedResult.of(kind), text);
            case MessageEvent.MangledReport(long delivery) ->
                ended(stamp, delivery, TracedResult.DEFERRED, "report mangled");
            case MessageEvent.DeliveryWaits event -> {
                RunningDelivery about = running.get(event.delivery());
                if (about != null && !about.story.isForgotten()) {
                    about.story.note(stamp, event.line());
                }
            }
            case MessageEvent.BounceQueued(long message, long qp) -> {
                MessageHistory history = story(message);
                history.bounced(stamp, qp);
                expected.put(qp, new Expected(history, null, "the bounce of message " + message));
            }
            case MessageEvent.MessageNote note -> story(note.message()).note(stamp, note.line());
            case MessageEvent.EndMessage(long message) -> end(stamp, message);
            case MessageEvent.SendExiting _ -> restarted(stamp);
        }
    }

    /** The story of an unfinished message; a new one if there is none. */
    private MessageHistory story(long message) {
        MessageHistory history = open.get(message);
        if (history == null) {
            history = new MessageHistory(message, room, line);
            open.put(message, history);
            unasked.add(history);
            if (query.asksFor(message)) {
                find(history, true);
            }
        }
        return history;
    }

    private void accepted(String stamp, MessageEvent.MessageAccepted event) {
        MessageHistory history = open.get(event.message());
        if (history == null) {
            MessageHistory ended = recent.get(event.message());
            if (ended != null && ended.fits(event)) {
                history = ended; // send was quicker
            }
        } else if (!history.fits(event)) {
            lose(history);
            history = null;
        }
        if (history == null) {
            history = story(event.message());
        }
        history.accepted(stamp, event);
        if (query.asksFor(event.sender()) || query.asksForArrival(event.id(), event.messageId())) {
            find(history, true);
        }
        Deque<MessageHistory> ofClient = conversing.remove(event.client());
        ofClient = ofClient == null ? new ArrayDeque<>(2) : ofClient;
        conversing.put(event.client(), ofClient); // now the youngest
        ofClient.addLast(history);
        if (ofClient.size() > RECENT) {
            ofClient.removeFirst();
        }
    }

    /** The line of a session names no message: it is about as many as it says, of those that its client handed in. */
    private void session(String stamp, MessageEvent.SessionEnded event) {
        Deque<MessageHistory> ofClient = conversing.get(event.client());
        if (ofClient == null || event.messages() == 0) {
            return;
        }
        boolean certain = ofClient.size() <= event.messages();
        for (int i = 0; i < event.messages() && !ofClient.isEmpty(); i++) {
            MessageHistory history = ofClient.removeFirst();
            if (!history.isForgotten()) {
                history.session(stamp, event, certain);
            }
        }
        if (ofClient.isEmpty()) {
            conversing.remove(event.client());
        }
    }

    private void info(String stamp, MessageEvent.MessageInfo event) {
        MessageHistory history = story(event.message());
        if (!history.fits(event)) {
            lose(history);
            history = story(event.message());
        }
        history.info(stamp, event);
        if (query.asksFor(event.sender()) || query.asksForReceipt(event.qp())) {
            find(history, true);
        }
        byReceipt.remove(event.qp());
        byReceipt.put(event.qp(), history);
        Expected parent = expected.remove(event.qp());
        if (parent != null
                && (parent.of != null
                        || event.sender().isEmpty()
                        || event.sender().equals("#@[]"))) {
            connect(parent, history);
        }
    }

    private void starting(String stamp, MessageEvent.DeliveryStarting event) {
        if (event.delivery() <= lastDelivery) {
            restarted(stamp);
        }
        lastDelivery = event.delivery();
        MessageHistory history = story(event.message());
        boolean asked = query.asksFor(event.recipient());
        RecipientHistory recipient = history.recipient(event.channel(), event.recipient(), asked);
        running.put(
                event.delivery(),
                new RunningDelivery(history, recipient, history.begin(recipient, stamp, event.delivery())));
        if (asked) {
            find(history, false);
        }
    }

    private void ended(String stamp, long delivery, TracedResult result, String text) {
        RunningDelivery ended = running.remove(delivery);
        if (ended != null) {
            ended(stamp, ended, result, text);
        }
    }

    private void ended(String stamp, RunningDelivery ended, TracedResult result, String text) {
        MessageHistory history = ended.story;
        if (history.isForgotten()) {
            return;
        }
        history.end(ended.recipient, ended.attempt, stamp, result, text);
        Matcher forwarded = FORWARDED.matcher(text);
        if (result == TracedResult.DELIVERED && ended.recipient.isLocal() && forwarded.matches()) {
            long qp = Long.parseLong(forwarded.group(1));
            var parent = new Expected(history, ended.recipient, "forwarded by message " + history.number());
            MessageHistory child = byReceipt.get(qp);
            if (child != null && child.firstLine() > history.firstLine() && !child.isForgotten()) {
                connect(parent, child);
            } else {
                expected.put(qp, parent);
            }
        }
    }

    private void end(String stamp, long message) {
        MessageHistory history = story(message);
        history.ended(stamp);
        open.remove(message);
        MessageHistory before = recent.remove(message);
        if (before != null) {
            letGo(before);
        }
        recent.put(message, history);
        if (recent.size() > RECENT) {
            Iterator<MessageHistory> eldest = recent.values().iterator();
            MessageHistory gone = eldest.next();
            eldest.remove();
            letGo(gone);
        }
    }

    /** Delivery numbers begin again at 1; what was under way has no result. */
    private void restarted(String stamp) {
        lastDelivery = 0;
        var interrupted = List.copyOf(running.values());
        running.clear();
        for (RunningDelivery each : interrupted) {
            ended(stamp, each, TracedResult.INTERRUPTED, "");
        }
    }

    private void other(String stamp, String text) {
        if (!text.startsWith("status: ") && query.isNamedIn(text)) {
            others.addLast(new HistoryLine(stamp, 0, text));
            if (others.size() > most) {
                others.removeFirst();
                othersNotShown++;
            }
        }
    }

    // ---- What is found, and what is kept

    private void connect(Expected parent, MessageHistory history) {
        history.derivedFrom(parent.text);
        var child = new DerivedMessage(history, parent.of);
        parent.parent.child(child);
        if (found.contains(parent.parent) && parent.parent.concerns(child)) {
            find(history, true);
        }
    }

    /** It is asked for, and with it what came of it. */
    private void find(MessageHistory first, boolean whole) {
        var waiting = new ArrayDeque<MessageHistory>();
        waiting.add(first);
        boolean all = whole;
        while (!waiting.isEmpty()) {
            MessageHistory history = waiting.remove();
            if (history.dropped() || found.contains(history) && (history.isWhole() || !all)) {
                continue;
            }
            unasked.remove(history);
            found.add(history);
            if (all) {
                history.showWhole();
            }
            for (DerivedMessage child : history.children()) {
                if (history.concerns(child)) {
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
        MessageHistory eldest = found.removeFirst();
        notShown++;
        eldest.drop();
        if (open.get(eldest.number()) == eldest || recent.get(eldest.number()) == eldest) {
            unasked.add(eldest);
        } else {
            eldest.forget();
        }
    }

    /** No line will tell more of it. */
    private void lose(MessageHistory history) {
        history.lost();
        open.remove(history.number());
        letGo(history);
    }

    private void letGo(MessageHistory history) {
        if (unasked.remove(history)) {
            history.forget();
        }
    }

    /** Gives up the eldest story; whether there was one. */
    private boolean makeRoom() {
        if (!unasked.isEmpty()) {
            MessageHistory eldest = unasked.removeFirst();
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
        for (MessageHistory history : inOrder()) {
            out.accept(gap);
            write(history.tell(), out);
            gap = "\n";
        }
        if (!others.isEmpty()) {
            out.accept(gap);
            String heading = othersNotShown > 0
                    ? "other lines that name it (and " + othersNotShown + " earlier ones)"
                    : "other lines that name it";
            others.addFirst(new HistoryLine("", 0, heading));
            write(List.copyOf(others), out);
        }
    }

    private List<MessageHistory> inOrder() {
        return found.stream()
                .sorted((a, b) -> Long.compare(a.firstLine(), b.firstLine()))
                .toList();
    }

    private static void write(List<HistoryLine> entries, Consumer<String> out) {
        int width =
                entries.stream().mapToInt(entry -> entry.stamp().length()).max().orElse(0);
        var text = new StringBuilder(LogText.printable(entries.getFirst().text())).append('\n');
        for (HistoryLine entry : entries.subList(1, entries.size())) {
            String column = width == 0
                    ? ""
                    : entry.stamp() + " ".repeat(width - entry.stamp().length() + 2);
            text.append("  ").append(column).append("  ".repeat(entry.depth()));
            text.append(LogText.printable(entry.text())).append('\n');
        }
        out.accept(text.toString());
    }
}
