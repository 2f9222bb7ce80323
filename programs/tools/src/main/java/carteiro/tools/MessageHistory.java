package carteiro.tools;

import carteiro.protocol.MessageEvent;
import carteiro.protocol.Wires;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What a log says of one message. It counts what it holds, so that all stories together stay within their room. */
final class MessageHistory {
    /** Recipients that are kept one by one; of others their deliveries are counted. */
    static final int RECIPIENTS = 1_000;

    /** Deliveries of one recipient that are shown one by one: the latest. */
    static final int DELIVERIES = 3;

    private static final int NOTES = 20;

    private static final long UNKNOWN = -1;

    /** What an object of each kind takes beside its text, in octets, with what points to it; rounded up. */
    private static final int WEIGHT = 1_000;

    private static final int RECIPIENT_WEIGHT = 500;

    private static final int SMALL_WEIGHT = 160;

    /** How much all stories hold, in octets. One thread. */
    static final class HistoryBudget {
        private long taken;

        long taken() {
            return taken;
        }
    }

    /** A line of the story. {@code depth}: 0 of the message, 1 of a recipient, 2 of its delivery. */
    record HistoryLine(String stamp, int depth, String text) {}

    /** How a delivery ended. */
    enum TracedResult {
        /** For good. */
        DELIVERED("delivered"),
        /** For good. */
        FAILED("failed"),
        /** To be tried again. */
        DEFERRED("deferred"),
        /** send went away meanwhile. */
        INTERRUPTED("interrupted by a restart"),
        /** Not yet. */
        NONE("without a result");

        private final String words;

        TracedResult(String words) {
            this.words = words;
        }

        /** As the story says it. */
        String words() {
            return words;
        }

        static TracedResult of(MessageEvent.DeliveryEnding ending) {
            return switch (ending) {
                case SUCCESS -> DELIVERED;
                case FAILURE -> FAILED;
                case DEFERRAL -> DEFERRED;
            };
        }
    }

    /** One delivery; its result comes later. */
    static final class DeliveryHistory {
        private final long delivery;
        private final String begun;
        private String ended = "";
        private TracedResult result = TracedResult.NONE;
        private String text = "";

        private DeliveryHistory(long delivery, String begun) {
            this.delivery = delivery;
            this.begun = begun;
        }
    }

    /** One recipient and its deliveries. */
    static final class RecipientHistory {
        private final Wires.Channel channel;
        private final String address;
        private final Deque<DeliveryHistory> attempts = new ArrayDeque<>();
        private final Map<TracedResult, Long> earlier = new EnumMap<>(TracedResult.class);
        private String earliest = "";
        private String latestEarlier = "";
        private boolean wanted;

        private RecipientHistory(Wires.Channel channel, String address) {
            this.channel = channel;
            this.address = address;
        }

        /** Whether local delivers to it. */
        boolean isLocal() {
            return channel == Wires.Channel.LOCAL;
        }

        private TracedResult last() {
            return attempts.isEmpty() ? TracedResult.NONE : attempts.getLast().result;
        }
    }

    /** A message that came of this one: its bounce, or what was forwarded for the recipient {@code of}. */
    record DerivedMessage(MessageHistory story, @Nullable RecipientHistory of) {}

    private final long number;
    private final HistoryBudget room;
    private final long firstLine;
    private long size;
    private String sender = "";
    private boolean senderKnown;
    private long octets = UNKNOWN;
    private int announced; // times that send said "info msg"
    private long expected; // recipients, as smtpd says
    private final List<HistoryLine> arrival = new ArrayList<>();
    private final List<HistoryLine> later = new ArrayList<>();
    private final Deque<HistoryLine> notes = new ArrayDeque<>();
    private long droppedNotes;
    private final Map<String, RecipientHistory> recipients = new LinkedHashMap<>();
    /** All that are too many; it is never shown by itself. */
    private final RecipientHistory others = new RecipientHistory(Wires.Channel.LOCAL, "");

    private final List<DerivedMessage> children = new ArrayList<>();
    private String origin = "";
    private boolean accepted;
    private boolean ended;
    private boolean lost;
    private boolean whole;
    private boolean dropped;

    /** @param firstLine the number of the line that named it first */
    MessageHistory(long number, HistoryBudget room, long firstLine) {
        this.number = number;
        this.room = room;
        this.firstLine = firstLine;
        take(WEIGHT);
    }

    private void take(long weight) {
        size += weight;
        room.taken += weight;
    }

    private HistoryLine entry(String stamp, int depth, String text) {
        take(SMALL_WEIGHT + stamp.length() + text.length());
        return new HistoryLine(stamp, depth, text);
    }

    long number() {
        return number;
    }

    long firstLine() {
        return firstLine;
    }

    List<DerivedMessage> children() {
        return children;
    }

    /** Whether nothing of it may be shown: it was dropped because there are too many. */
    boolean dropped() {
        return dropped;
    }

    void drop() {
        dropped = true;
    }

    /** Whether it has given its room back. */
    boolean isForgotten() {
        return size == 0;
    }

    boolean isWhole() {
        return whole;
    }

    /** Gives its room back. It is not to be used again, though others may still point to it. */
    void forget() {
        dropped = true;
        recipients.clear();
        children.clear();
        arrival.clear();
        later.clear();
        notes.clear();
        room.taken -= size;
        size = 0;
    }

    /** All of it is asked for, not only what concerns the recipients that were. */
    void showWhole() {
        whole = true;
    }

    boolean concerns(DerivedMessage child) {
        return whole || child.of == null || child.of.wanted;
    }

    // ---- What is told, in the order of a message's life

    /** Whether this line may be about this message rather than about a later one of the same number. */
    boolean fits(MessageEvent.MessageAccepted event) {
        return !accepted && (!senderKnown || sender.equals(event.sender()));
    }

    /** As {@link #fits(MessageEvent.MessageAccepted)}: a restart says the same again, a later message says something else. */
    boolean fits(MessageEvent.MessageInfo event) {
        return announced == 0
                ? !accepted || sender.equals(event.sender())
                : sender.equals(event.sender()) && octets == event.octets();
    }

    void accepted(String stamp, MessageEvent.MessageAccepted event) {
        accepted = true;
        expected = event.recipients();
        from(event.sender());
        arrival.addFirst(entry(
                stamp,
                0,
                "accepted by " + event.program() + " from " + event.client()
                        + (event.login().isEmpty() ? "" : ", logged in as " + event.login()) + ", for "
                        + event.recipients()
                        + (expected == 1 ? " recipient, " : " recipients, ") + event.octets() + " octets"
                        + ", id " + event.id() + ", Message-ID " + orDash(event.messageId())));
    }

    private static String orDash(String text) {
        return text.isEmpty() ? "-" : text;
    }

    /** @param certain whether no other conversation of that client can be meant */
    void session(String stamp, MessageEvent.SessionEnded event, boolean certain) {
        arrival.add(entry(
                stamp,
                0,
                (certain ? "its session: client " : "perhaps its session, others overlap: client ") + event.client()
                        + " as " + orDash(event.helo()) + ", "
                        + (event.cipher().equals(MessageEvent.SessionEnded.PLAIN)
                                ? "without TLS"
                                : "TLS " + event.cipher())
                        + ", messages "
                        + event.messages() + ", refusals " + event.refusals() + ", ended: " + event.how()));
    }

    void info(String stamp, MessageEvent.MessageInfo event) {
        announced++;
        from(event.sender());
        if (announced == 1) {
            octets = event.octets();
            arrival.add(entry(stamp, 0, "taken by send, handed in by uid " + event.uid()));
        } else if (announced <= NOTES) {
            arrival.add(entry(stamp, 0, "taken again by send after a restart"));
        }
    }

    private void from(String address) {
        if (!senderKnown) {
            sender = address;
            senderKnown = true;
            take(address.length());
        }
    }

    /** What it came of. */
    void derivedFrom(String text) {
        origin = text;
        take(text.length());
    }

    void child(DerivedMessage child) {
        if (children.size() < RECIPIENTS) {
            children.add(child);
            take(SMALL_WEIGHT);
        }
    }

    /** A recipient; one for all of those that are too many. */
    RecipientHistory recipient(Wires.Channel channel, String address, boolean wanted) {
        String key = channel.word() + " " + address;
        RecipientHistory recipient = recipients.get(key);
        if (recipient == null && (wanted || recipients.size() < RECIPIENTS)) {
            recipient = new RecipientHistory(channel, address);
            recipients.put(key, recipient);
            take(RECIPIENT_WEIGHT + 2L * address.length());
        }
        if (recipient == null) {
            return others;
        }
        recipient.wanted |= wanted;
        return recipient;
    }

    DeliveryHistory begin(RecipientHistory recipient, String stamp, long delivery) {
        var attempt = new DeliveryHistory(delivery, stamp);
        if (recipient != others) {
            recipient.attempts.addLast(attempt);
            take(SMALL_WEIGHT + stamp.length());
        }
        return attempt;
    }

    void end(RecipientHistory recipient, DeliveryHistory attempt, String stamp, TracedResult result, String text) {
        if (recipient == others) {
            others.earlier.merge(result, 1L, Long::sum);
            return;
        }
        attempt.ended = stamp;
        attempt.result = result;
        attempt.text = text;
        take(stamp.length() + text.length());
        while (recipient.attempts.size() > DELIVERIES && recipient.attempts.getFirst().result != TracedResult.NONE) {
            DeliveryHistory first = recipient.attempts.removeFirst();
            take(-SMALL_WEIGHT - first.begun.length() - first.ended.length() - first.text.length());
            if (recipient.earlier.isEmpty()) {
                recipient.earliest = first.begun;
            }
            recipient.latestEarlier = first.begun;
            recipient.earlier.merge(first.result, 1L, Long::sum);
        }
    }

    /** Something that needs no understanding; the latest ones are kept. */
    void note(String stamp, String line) {
        notes.addLast(entry(stamp, 0, line));
        if (notes.size() > NOTES) {
            HistoryLine first = notes.removeFirst();
            take(-SMALL_WEIGHT - first.stamp.length() - first.text.length());
            droppedNotes++;
        }
    }

    void bounced(String stamp, long qp) {
        if (later.size() < NOTES) { // one bounce is usual
            later.add(entry(stamp, 0, "bounced to <" + sender + ">, qp " + qp));
        }
    }

    void ended(String stamp) {
        ended = true;
        later.add(entry(stamp, 0, "ended"));
    }

    /** Its number was given to another message, and no line said that it ended. */
    void lost() {
        lost = true;
    }

    // ---- The story as text

    /** All lines; the first is the heading. */
    List<HistoryLine> tell() {
        var lines = new ArrayList<HistoryLine>();
        lines.add(new HistoryLine(
                "",
                0,
                "message " + number + (senderKnown ? " from <" + sender + ">" : "")
                        + (octets == UNKNOWN ? "" : ", " + octets + " octets")
                        + (origin.isEmpty() ? "" : ", " + origin)));
        if (announced == 0 && !accepted) {
            lines.add(new HistoryLine("", 0, "(its arrival is not in what was read)"));
        }
        lines.addAll(arrival);
        var rest = new EnumMap<TracedResult, Long>(others.earlier);
        long notShown = 0;
        for (RecipientHistory recipient : recipients.values()) {
            if (whole || recipient.wanted) {
                tell(lines, recipient);
            } else {
                notShown++;
                rest.merge(recipient.last(), 1L, Long::sum);
            }
        }
        if (!rest.isEmpty()) {
            String count = others.earlier.isEmpty() ? notShown + "" : "over " + notShown;
            lines.add(new HistoryLine("", 1, "and " + count + " other recipients: " + counts(rest)));
        }
        if (droppedNotes > 0) {
            lines.add(new HistoryLine("", 0, droppedNotes + " earlier notes, then"));
        }
        lines.addAll(notes);
        lines.addAll(later);
        if (!ended) {
            lines.add(new HistoryLine("", 0, open()));
        }
        return lines;
    }

    private String open() {
        if (lost) {
            return "(its end is not in what was read: another message has its number now)";
        }
        long untried = others.earlier.isEmpty() ? expected - recipients.size() : 0;
        return "(not ended, as far as this log goes"
                + (untried > 0 && accepted ? "; recipients not tried yet: " + untried : "") + ")";
    }

    private void tell(List<HistoryLine> lines, RecipientHistory recipient) {
        lines.add(new HistoryLine("", 1, "to " + recipient.channel.word() + " " + recipient.address));
        if (!recipient.earlier.isEmpty()) {
            String last = recipient.latestEarlier.isEmpty() ? "" : ", the last " + recipient.latestEarlier;
            lines.add(
                    new HistoryLine(recipient.earliest, 2, "earlier deliveries: " + counts(recipient.earlier) + last));
        }
        for (DeliveryHistory attempt : recipient.attempts) {
            lines.add(new HistoryLine(attempt.begun, 2, "delivery " + attempt.delivery));
            lines.add(new HistoryLine(
                    attempt.ended, 2, attempt.result.words() + (attempt.text.isEmpty() ? "" : ": " + attempt.text)));
        }
        switch (recipient.last()) {
            case DEFERRED, INTERRUPTED -> {
                if (!ended && !lost) {
                    lines.add(new HistoryLine("", 2, "still waiting"));
                }
            }
            case DELIVERED, FAILED, NONE -> {} // done, or said above
        }
    }

    private static String counts(Map<TracedResult, Long> results) {
        var text = new StringBuilder();
        results.forEach((result, count) -> text.append(text.isEmpty() ? "" : ", ")
                .append(count)
                .append(' ')
                .append(result.words()));
        return text.toString();
    }
}
