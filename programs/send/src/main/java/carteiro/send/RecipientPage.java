package carteiro.send;

import carteiro.mail.Address;
import carteiro.mail.Attributes;
import carteiro.mail.Octets;
import carteiro.protocol.Route;
import carteiro.protocol.Wires.Channel;
import java.util.Arrays;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * The addresses of some recipients of a message of many: those that waited in one channel when they were asked for. Here until
 * each of them has an outcome in the running pass. Owned by its {@link ScheduledMessage}.
 */
final class RecipientPage {
    /** About what a destination takes that has nothing else to do, in octets. */
    static final int DESTINATION = 320;

    private final Channel channel;
    private final int from;
    private final byte[] addresses; // two octets of the prefix's length, the recipient as rewritten
    private final int[] ends; // as their neighbour if one is not here
    private final SortedMap<Integer, Attributes> attributes; // of those that have any
    private int open;
    private int destinations;

    private RecipientPage(RecipientPageBuilder built) {
        this.attributes = built.attributes;
        this.channel = built.channel;
        this.from = built.from;
        this.addresses = Arrays.copyOf(built.addresses, built.filled);
        this.ends = built.ends;
        Arrays.fill(ends, built.count, ends.length, built.filled);
        this.open = built.open;
    }

    /** Takes recipients in order. */
    static final class RecipientPageBuilder {
        private final Channel channel;
        private final int from;
        private final int[] ends;
        private final SortedMap<Integer, Attributes> attributes = new TreeMap<>();
        private byte[] addresses = new byte[1024];
        private int filled;
        private int count;
        private int open;

        RecipientPageBuilder(Channel channel, int from, int most) {
            this.channel = channel;
            this.from = from;
            this.ends = new int[most];
        }

        void put(int recipient, Route route, Attributes some) {
            if (!some.isEmpty()) {
                attributes.put(recipient, some);
            }
            byte[] octets = Octets.bytes(route.recipient().octets());
            Arrays.fill(ends, count, recipient - from, filled);
            int needed = filled + 2 + octets.length;
            if (needed > addresses.length) {
                addresses = Arrays.copyOf(addresses, 2 * needed);
            }
            int prefix = ScheduledMessage.prefix(route);
            addresses[filled] = (byte) (prefix >> 8);
            addresses[filled + 1] = (byte) prefix;
            System.arraycopy(octets, 0, addresses, filled + 2, octets.length);
            filled = needed;
            count = recipient - from + 1;
            ends[count - 1] = filled;
            open++;
        }

        RecipientPage build() {
            return new RecipientPage(this);
        }
    }

    Channel channel() {
        return channel;
    }

    int from() {
        return from;
    }

    /** Behind its last recipient. */
    int end() {
        return from + ends.length;
    }

    private int begin(int recipient) {
        return recipient == from ? 0 : ends[recipient - from - 1];
    }

    boolean has(int recipient) {
        return recipient >= from && recipient < end() && ends[recipient - from] > begin(recipient);
    }

    Address recipient(int recipient) {
        int begin = begin(recipient) + 2;
        return new Address(Octets.text(addresses, begin, ends[recipient - from] - begin));
    }

    Address visible(int recipient) {
        int begin = begin(recipient);
        int prefix = (addresses[begin] & 0xff) << 8 | addresses[begin + 1] & 0xff;
        begin += 2 + prefix;
        return new Address(Octets.text(addresses, begin, ends[recipient - from] - begin));
    }

    Attributes attributes(int recipient) {
        return attributes.getOrDefault(recipient, Attributes.NONE);
    }

    /** Those that are here, in order. */
    int[] recipients() {
        int[] here = new int[ends.length];
        int count = 0;
        for (int i = from; i < end(); i++) {
            if (has(i)) {
                here[count++] = i;
            }
        }
        return Arrays.copyOf(here, count);
    }

    /** How many have no outcome yet. */
    int open() {
        return open;
    }

    void open(int left) {
        open = left;
    }

    /** One has its outcome; how many have none. */
    int recordOutcome() {
        return --open;
    }

    /** How many destinations it has. */
    void destinations(int count) {
        destinations = count;
    }

    /** About how many octets of memory it takes, with what the schedule has for its recipients. */
    long memory() {
        long ofAttributes = 0;
        for (Attributes some : attributes.values()) {
            ofAttributes += 120 + some.size();
        }
        return 100L + addresses.length + 8L * ends.length + (long) DESTINATION * destinations + ofAttributes;
    }
}
