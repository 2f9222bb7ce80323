package carteiro.send;

import carteiro.idna.DomainName;
import carteiro.mail.Address;
import carteiro.mail.Attribute;
import carteiro.mail.Attributes;
import carteiro.mail.Envelope;
import carteiro.mail.Envelope.AddressForm;
import carteiro.mail.Envelope.BodyType;
import carteiro.mail.Octets;
import carteiro.protocol.Route;
import carteiro.protocol.Waiting.RecipientState;
import carteiro.protocol.Waiting.WaitingMessage;
import carteiro.protocol.Wires.Channel;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A message in hand: two objects of together some 180 octets for one recipient, since a million may wait. Owned by the
 * {@link Schedule} it is in. Times are seconds since 1970.
 *
 * <p>Of few recipients, all addresses are in one array: two octets of length and the sender, then for each recipient one
 * octet of state, two of the length of its virtual domain's prefix, two of its own length, and the recipient as rewritten.
 * Of many recipients, or of long ones, only the octet of state is kept, and the addresses of those whose turn comes are
 * asked for, a {@link RecipientPage} at a time, and with them where lookup sends them then. Of few, a later change of routing
 * does not touch the message.
 */
final class ScheduledMessage implements DueRecipients {
    /** The most recipients whose addresses are kept. */
    static final int KEPT = 8;

    /** The most octets of addresses that are kept, sender included. */
    static final int KEPT_OCTETS = 512;

    private static final int HEAD = 5;

    private static final int WAITING = 0;
    private static final int DONE = 1;
    private static final int FAILED = 2;
    private static final int RUNNING = 3;
    private static final int PROGRESS = 3;
    private static final int LOCAL = 4;

    private static final int EIGHT_BIT = 1;
    private static final int UTF8 = 2;
    private static final int SOME_FAILED = 4;
    private static final int FINISHING = 8;
    private static final int GONE = 16;
    private static final int PARKED = 32;
    /** Shifted by one for remote. */
    private static final int STARTED = 64;

    private static final int LAST = 256;
    private static final int TRIED = 1024;
    private static final int AGAIN = 4096;
    /** Shifted by one for those that were remote. */
    private static final int MOVED = 16_384;

    private final long number;
    private final long birth;
    private final long octets;
    private final byte[] addresses;
    private final Attributes others;
    private final @Nullable Pages pages;
    private final int count;
    private long localDue;
    private long remoteDue;
    private int localLeft;
    private int remoteLeft;
    private int localPass;
    private int remotePass;
    private int flags;
    private short session;
    private byte breaks;

    /** What a message of many recipients has besides. */
    private static final class Pages {
        final List<RecipientPage> loaded = new ArrayList<>(2);
        /** The first recipients, while they are at hand. */
        RoutedRecipients first;

        int taken;

        Pages(RoutedRecipients first) {
            this.first = first;
        }
    }

    /**
     * Takes over how far each recipient is that was told; further ones are to follow by {@link #addRecipients}.
     *
     * @param routes of the recipients that were told
     */
    ScheduledMessage(WaitingMessage waiting, List<Route> routes) {
        this.number = waiting.message();
        this.birth = waiting.birth().getEpochSecond();
        this.octets = waiting.octets();
        Envelope envelope = waiting.envelope();
        this.count = waiting.recipients();
        this.flags = (envelope.body() == BodyType.EIGHT_BIT_MIME ? EIGHT_BIT : 0)
                | (envelope.form() == AddressForm.SMTPUTF8 ? UTF8 : 0);
        this.others = others(envelope.attributes());
        localDue = Long.MAX_VALUE;
        remoteDue = Long.MAX_VALUE;
        int told = envelope.addresses().size();
        boolean bare = envelope.recipients().attributed() == 0;
        boolean few = told == count && count <= KEPT && bare;
        int size = 2 + envelope.sender().octets().length();
        for (int i = 0; few && i < count; i++) {
            size += HEAD + routes.get(i).recipient().octets().length();
        }
        if (few && size <= KEPT_OCTETS) {
            this.pages = null;
            this.addresses = new byte[size];
            int at = putText(0, envelope.sender().octets());
            for (int i = 0; i < count; i++) {
                at = putRecipient(at, routes.get(i), waiting.states().get(i));
            }
        } else {
            this.pages = new Pages(new RoutedRecipients(envelope.recipients(), routes));
            this.addresses = new byte[2 + envelope.sender().octets().length() + count];
            int _ = putText(0, envelope.sender().octets());
            addRecipients(routes, waiting.states());
        }
    }

    /** Those that are not kept otherwise. A body type or form that this build does not know is for whoever must understand it. */
    private static Attributes others(Attributes attributes) {
        Attributes others = attributes.without(Attribute.UID);
        others = others.get(Attribute.BODY) == null ? others : others.without(Attribute.BODY);
        return others.get(Attribute.FORM) == null ? others : others.without(Attribute.FORM);
    }

    /** How many recipients have been told so far. */
    int taken() {
        return pages == null ? count : pages.taken;
    }

    /** Takes the recipients that follow those taken so far; before the schedule has the message. */
    void addRecipients(List<Route> routes, List<RecipientState> states) {
        Pages many = pages();
        for (int i = 0; i < routes.size() && many.taken < count; i++) {
            addresses[state(many.taken++)] = state(channel(routes.get(i)), states.get(i));
        }
    }

    private Pages pages() {
        if (pages == null) {
            throw new IllegalStateException("msg " + number + " has few recipients, which are all here");
        }
        return pages;
    }

    private static Channel channel(Route route) {
        return route instanceof Route.ToLocal ? Channel.LOCAL : Channel.REMOTE;
    }

    static int prefix(Route route) {
        return route.recipient().octets().length() - route.visible().octets().length();
    }

    /** About how many octets of memory it takes while it waits. */
    int memory() {
        return 120 + addresses.length + (pages == null ? 0 : 80) + (others.isEmpty() ? 0 : 40 + others.size());
    }

    /** Whether the addresses of its recipients are not here, but asked for by pages. */
    boolean paged() {
        return pages != null;
    }

    private int putRecipient(int at, Route route, RecipientState state) {
        addresses[at] = state(channel(route), state);
        int prefix = prefix(route);
        addresses[at + 1] = (byte) (prefix >> 8);
        addresses[at + 2] = (byte) prefix;
        return putText(at + 3, route.recipient().octets());
    }

    /** The octet of state; counts the recipient. */
    private byte state(Channel channel, RecipientState state) {
        int progress = switch (state) {
            case RecipientState.Due(var when) -> {
                long second = when.getEpochSecond() + (when.getNano() > 0 ? 1 : 0);
                due(channel, Math.min(due(channel), second));
                if (second > 0) {
                    flags |= flag(TRIED, channel);
                }
                left(channel, 1);
                yield WAITING;
            }
            case RecipientState.Done() -> DONE;
            case RecipientState.ToBounce() -> {
                flags |= SOME_FAILED;
                yield FAILED;
            }
        };
        return (byte) (progress | (channel == Channel.LOCAL ? LOCAL : 0));
    }

    private int putText(int at, String text) {
        byte[] bytes = Octets.bytes(text);
        addresses[at] = (byte) (bytes.length >> 8);
        addresses[at + 1] = (byte) bytes.length;
        System.arraycopy(bytes, 0, addresses, at + 2, bytes.length);
        return at + 2 + bytes.length;
    }

    private int sixteen(int at) {
        return (addresses[at] & 0xff) << 8 | addresses[at + 1] & 0xff;
    }

    /** Where the octet of state of a recipient is. */
    private int state(int recipient) {
        int at = 2 + sixteen(0);
        if (pages != null) {
            return at + recipient;
        }
        for (int i = 0; i < recipient; i++) {
            at += HEAD + sixteen(at + 3);
        }
        return at;
    }

    /** How far the octet of state of the next recipient is from that at an index. */
    private int step(int at) {
        return pages == null ? HEAD + sixteen(at + 3) : 1;
    }

    long number() {
        return number;
    }

    long birth() {
        return birth;
    }

    long octets() {
        return octets;
    }

    /** How many recipients, in both channels and whatever became of them. */
    int count() {
        return count;
    }

    Address sender() {
        return new Address(Octets.text(addresses, 2, sixteen(0)));
    }

    /** The attributes that a delivery is told. */
    Attributes attributes() {
        Attributes attributes = others;
        if (body() != BodyType.SEVEN_BIT) {
            attributes = attributes.with(Attribute.BODY, body());
        }
        return form() == AddressForm.ASCII ? attributes : attributes.with(Attribute.FORM, form());
    }

    BodyType body() {
        return (flags & EIGHT_BIT) != 0 ? BodyType.EIGHT_BIT_MIME : BodyType.SEVEN_BIT;
    }

    AddressForm form() {
        return (flags & UTF8) != 0 ? AddressForm.SMTPUTF8 : AddressForm.ASCII;
    }

    /** The recipient as rewritten: what is delivered to and what the log shows. Of many, only of a page that is loaded. */
    Address recipient(int recipient) {
        if (pages != null) {
            return page(recipient).recipient(recipient);
        }
        int at = state(recipient);
        return new Address(Octets.text(addresses, at + HEAD, sixteen(at + 3)));
    }

    /** The recipient without a virtual domain's prefix: what a bounce shows. Of many, only of a page that is loaded. */
    Address visible(int recipient) {
        if (pages != null) {
            return page(recipient).visible(recipient);
        }
        int at = state(recipient);
        int prefix = sixteen(at + 1);
        return new Address(Octets.text(addresses, at + HEAD + prefix, sixteen(at + 3) - prefix));
    }

    private RecipientPage page(int recipient) {
        for (RecipientPage page : pages().loaded) {
            if (page.has(recipient)) { // in the one channel that it goes by
                return page;
            }
        }
        throw new IllegalStateException("msg " + number + ": the address of recipient " + recipient + " is not here");
    }

    /** The attributes of a recipient; of many recipients, only of one on a page that is loaded. */
    Attributes attributes(int recipient) {
        return pages == null ? Attributes.NONE : page(recipient).attributes(recipient);
    }

    /** The first recipients, if their addresses are still at hand; for {@link #load}. */
    RoutedRecipients first() {
        return pages().first;
    }

    /** They are no longer. */
    void dropFirst() {
        if (pages != null) {
            pages.first = RoutedRecipients.NONE;
        }
    }

    /** The first recipient of the channel from that on that waits; -1 if there is none. */
    int nextWaiting(Channel channel, int from) {
        for (int i = from; i < count; i++) {
            if (waitsIn(channel, i)) {
                return i;
            }
        }
        return -1;
    }

    private boolean waitsIn(Channel channel, int recipient) {
        return (addresses[state(recipient)] & (PROGRESS | LOCAL))
                == (channel == Channel.LOCAL ? WAITING | LOCAL : WAITING);
    }

    /** Keeps the addresses of those of some recipients that wait in the channel, and still go by it. */
    RecipientPage load(Channel channel, int from, RoutedRecipients some) {
        var page = new RecipientPage.RecipientPageBuilder(channel, from, some.size());
        for (int i = 0; i < some.size() && from + i < count; i++) {
            Route route = some.routes().get(i);
            if (waitsIn(channel, from + i) && channel(route) == channel) {
                page.put(from + i, route, some.recipients().attributes(i));
            }
        }
        RecipientPage loaded = page.build();
        if (loaded.open() > 0) {
            pages().loaded.add(loaded);
        }
        return loaded;
    }

    /** Those of some recipients that wait in the channel, but go by the other by now. */
    List<Integer> misplaced(Channel channel, int from, RoutedRecipients some) {
        var found = new ArrayList<Integer>();
        for (int i = 0; i < some.size() && from + i < count; i++) {
            if (waitsIn(channel, from + i) && channel(some.routes().get(i)) != channel) {
                found.add(from + i);
            }
        }
        return found;
    }

    /** A recipient that waits in the channel waits in the other from now on. */
    void move(Channel from, int recipient) {
        addresses[state(recipient)] ^= LOCAL;
        left(from, -1);
        left(from.other(), 1);
    }

    /** Those that have moved out of the channel begin when its running pass ends. */
    void awaitPassOf(Channel from) {
        flags |= flag(MOVED, from);
    }

    /** Whether some have moved out of the channel since this was asked last. */
    boolean takeMoved(Channel from) {
        boolean moved = (flags & flag(MOVED, from)) != 0;
        flags &= ~flag(MOVED, from);
        return moved;
    }

    /** Whether addresses of recipients of the channel are here. */
    boolean hasPage(Channel channel) {
        for (RecipientPage page : pages().loaded) {
            if (page.channel() == channel) {
                return true;
            }
        }
        return false;
    }

    /** Recipients have their outcome; the octets of memory that are free by it. */
    long recordOutcomes(int[] recipients) {
        if (pages == null) {
            return 0;
        }
        long freed = 0;
        for (int recipient : recipients) {
            RecipientPage page = page(recipient);
            if (page.recordOutcome() == 0) {
                pages.loaded.remove(page);
                freed += page.memory();
            }
        }
        return freed;
    }

    /** Only what runs in the channel still needs its address; the octets of memory that are free by it. */
    long settleWaiting(Channel channel) {
        if (pages == null) {
            return 0;
        }
        long freed = 0;
        for (RecipientPage page : List.copyOf(pages.loaded)) {
            if (page.channel() != channel) {
                continue;
            }
            int running = 0;
            for (int i = page.from(); i < page.end(); i++) {
                running += page.has(i) && (addresses[state(i)] & PROGRESS) == RUNNING ? 1 : 0;
            }
            page.open(running);
            if (running == 0) {
                pages.loaded.remove(page);
                freed += page.memory();
            }
        }
        return freed;
    }

    /** How many recipients of the channel are neither delivered nor failed. */
    int left(Channel channel) {
        return channel == Channel.LOCAL ? localLeft : remoteLeft;
    }

    private void left(Channel channel, int change) {
        switch (channel) {
            case LOCAL -> localLeft += change;
            case REMOTE -> remoteLeft += change;
        }
    }

    /** The recipients of the channel that are left and not being tried, in order. */
    int[] leftIn(Channel channel) {
        int[] found = new int[left(channel)];
        int wanted = channel == Channel.LOCAL ? WAITING | LOCAL : WAITING;
        int at = 2 + sixteen(0);
        int n = 0;
        for (int i = 0; i < count && n < found.length; i++) {
            if ((addresses[at] & (PROGRESS | LOCAL)) == wanted) {
                found[n++] = i;
            }
            at += step(at);
        }
        return n == found.length ? found : Arrays.copyOf(found, n);
    }

    /** The recipients that failed for good, in order. */
    int[] failed() {
        int[] found = new int[count];
        int n = 0;
        int at = 2 + sixteen(0);
        for (int i = 0; i < count; i++) {
            if ((addresses[at] & PROGRESS) == FAILED) {
                found[n++] = i;
            }
            at += step(at);
        }
        return Arrays.copyOf(found, n);
    }

    /**
     * What shares one limit with the recipient: a remote recipient's domain; of a local one the account, which is the
     * local part as the world sees it up to its first hyphen, and the domain.
     */
    String destination(Channel channel, int recipient) {
        String address = DomainName.addressKey(visible(recipient).octets());
        int at = address.lastIndexOf('@');
        if (channel == Channel.REMOTE) {
            return address.substring(at + 1);
        }
        int hyphen = address.indexOf('-');
        return hyphen < 0 || hyphen > at ? address : address.substring(0, hyphen) + address.substring(at);
    }

    /** Marks a recipient as delivered. */
    void delivered(Channel channel, int recipient) {
        mark(recipient, DONE);
        left(channel, -1);
    }

    /** Marks a recipient as failed for good. */
    void failed(Channel channel, int recipient) {
        mark(recipient, FAILED);
        flags |= SOME_FAILED;
        left(channel, -1);
    }

    /** A delivery to these begins. */
    void running(int[] recipients) {
        for (int recipient : recipients) {
            mark(recipient, RUNNING);
        }
    }

    /** A delivery to a recipient has ended, or never began, and it waits again. */
    void waits(int recipient) {
        mark(recipient, WAITING);
    }

    private void mark(int recipient, int progress) {
        int at = state(recipient);
        addresses[at] = (byte) (addresses[at] & ~PROGRESS | progress);
    }

    /** When the pair of message and channel is due; while a pass runs, when the next one will be. */
    long due(Channel channel) {
        return channel == Channel.LOCAL ? localDue : remoteDue;
    }

    void due(Channel channel, long second) {
        switch (channel) {
            case LOCAL -> localDue = second;
            case REMOTE -> remoteDue = second;
        }
    }

    /** How many recipients of the running pass have no outcome yet; 0 if none runs. */
    int pass(Channel channel) {
        return channel == Channel.LOCAL ? localPass : remotePass;
    }

    /** Begins a pass over what is left. */
    void beginPass(Channel channel) {
        flags &= ~(flag(STARTED, channel) | flag(LAST, channel) | PARKED);
        flags |= tried(channel) ? flag(AGAIN, channel) : 0;
        passed(channel, -left(channel));
    }

    /** So many recipients of the running pass have an outcome. */
    void passed(Channel channel, int recipients) {
        switch (channel) {
            case LOCAL -> localPass -= recipients;
            case REMOTE -> remotePass -= recipients;
        }
    }

    /** Whether the first delivery of the running pass has started. */
    boolean started(Channel channel) {
        return (flags & flag(STARTED, channel)) != 0;
    }

    /** The first delivery of the pass starts: sets when the next pass is due, and whether this one is the last. */
    void start(Channel channel, long next, long now, long lifetime) {
        flags |= flag(STARTED, channel) | flag(TRIED, channel);
        if (now - lifetime > birth) {
            flags |= flag(LAST, channel);
        }
        due(channel, next);
    }

    /** Whether the running pass is the last: what is deferred in it fails. */
    boolean last(Channel channel) {
        return (flags & flag(LAST, channel)) != 0;
    }

    /** Whether a delivery was tried before. */
    boolean tried(Channel channel) {
        return (flags & flag(TRIED, channel)) != 0;
    }

    /** Whether a delivery was tried before the running pass. */
    boolean again(Channel channel) {
        return (flags & flag(AGAIN, channel)) != 0;
    }

    /** Whether any recipient was tried, delivered or failed. */
    boolean fresh() {
        if ((flags & (flag(TRIED, Channel.LOCAL) | flag(TRIED, Channel.REMOTE))) != 0) {
            return false;
        }
        return localLeft + remoteLeft == count;
    }

    boolean someFailed() {
        return (flags & SOME_FAILED) != 0;
    }

    /** Nothing is left: its bounce and its end are on their way. */
    boolean finishing() {
        return (flags & FINISHING) != 0;
    }

    void finish() {
        flags |= FINISHING;
    }

    /** Nothing more of it is to be tried: queue has it no longer, or it was withdrawn. */
    boolean gone() {
        return (flags & GONE) != 0;
    }

    void leave() {
        flags |= GONE;
    }

    /** It broke a program too often. */
    boolean parked() {
        return (flags & PARKED) != 0;
    }

    void park() {
        flags |= PARKED;
    }

    /** Counts that it broke a program; the count so far. */
    int countBreak() {
        if (breaks < Byte.MAX_VALUE) {
            breaks++;
        }
        return breaks;
    }

    /** The session of queue in which it was last presented. */
    short session() {
        return session;
    }

    void session(short current) {
        session = current;
    }

    private static int flag(int local, Channel channel) {
        return channel == Channel.LOCAL ? local : local << 1;
    }

    /** The message itself stands for all its recipients of the channel. */
    @Override
    public ScheduledMessage message() {
        return this;
    }

    @Override
    public int[] take(Channel channel, int most) {
        int[] all = leftIn(channel);
        return all.length <= most ? all : Arrays.copyOf(all, most);
    }

    @Override
    public @Nullable DueRecipients rest(Channel channel, int taken) {
        int[] all = leftIn(channel);
        return all.length == taken ? null : new RecipientGroup(this, all, taken);
    }

    /** Some recipients of a message that have one destination. */
    static final class RecipientGroup implements DueRecipients {
        private final ScheduledMessage message;
        private final int[] recipients;
        private int next;

        /** @param next how many of them are taken already */
        RecipientGroup(ScheduledMessage message, int[] recipients, int next) {
            this.message = message;
            this.recipients = recipients;
            this.next = next;
        }

        @Override
        public ScheduledMessage message() {
            return message;
        }

        @Override
        public int[] take(Channel channel, int most) {
            return message.gone()
                    ? new int[0]
                    : Arrays.copyOfRange(recipients, next, Math.min(recipients.length, next + most));
        }

        @Override
        public @Nullable DueRecipients rest(Channel channel, int taken) {
            next += taken;
            return next == recipients.length ? null : this;
        }
    }

    /** For messages of several recipients: their numbers by destination, in order of appearance. */
    static List<RecipientGroup> parts(ScheduledMessage message, Channel channel, int[] recipients) {
        var byDestination = new java.util.LinkedHashMap<String, int[]>();
        var sizes = new java.util.HashMap<String, Integer>();
        for (int recipient : recipients) {
            String destination = message.destination(channel, recipient);
            int size = sizes.merge(destination, 1, Integer::sum);
            int[] so = byDestination.getOrDefault(destination, new int[1]);
            if (size > so.length) {
                so = Arrays.copyOf(so, size + (size >> 1));
            }
            so[size - 1] = recipient;
            byDestination.put(destination, so);
        }
        var parts = new java.util.ArrayList<RecipientGroup>(byDestination.size());
        byDestination.forEach((destination, numbers) ->
                parts.add(new RecipientGroup(message, Arrays.copyOf(numbers, sizes.getOrDefault(destination, 0)), 0)));
        return parts;
    }
}
