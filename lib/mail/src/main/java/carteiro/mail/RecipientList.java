package carteiro.mail;

import java.util.AbstractList;
import java.util.Arrays;
import java.util.List;
import java.util.RandomAccess;
import java.util.SortedMap;
import java.util.function.BiConsumer;

/**
 * Recipients in the order of the envelope. Few have attributes: only these take memory for them, all in one array, since a hostile
 * envelope may have a hundred thousand. Cannot be changed.
 */
public final class RecipientList extends AbstractList<Recipient> implements RandomAccess {
    private static final int[] NOBODY = {};

    private final List<Address> addresses;
    private final int[] attributed; // indexes of recipients, ascending
    private final int[] ends; // of the attributes of each of these
    private final byte[] octets; // in the form of Attributes

    private RecipientList(List<Address> addresses, int[] attributed, int[] ends, byte[] octets) {
        this.addresses = addresses;
        this.attributed = attributed;
        this.ends = ends;
        this.octets = octets;
    }

    /** Recipients without attributes. */
    public static RecipientList of(List<Address> addresses) {
        return new RecipientList(
                addresses instanceof AddressList compact ? compact : List.copyOf(addresses),
                NOBODY,
                NOBODY,
                new byte[0]);
    }

    /**
     * Recipients some of which have attributes.
     *
     * @param attributes by the index of the recipient
     * @throws IllegalArgumentException if there is no such recipient
     */
    public static RecipientList of(List<Address> addresses, SortedMap<Integer, Attributes> attributes) {
        var builder = new RecipientListBuilder(addresses);
        attributes.forEach(builder::add);
        return builder.build();
    }

    /** Takes the attributes of recipients, in their order. One thread. */
    public static final class RecipientListBuilder {
        private final List<Address> addresses;
        private int[] attributed = NOBODY;
        private int[] ends = NOBODY;
        private byte[] octets = new byte[0];
        private int count;
        private int last = -1;

        /** Of recipients without attributes so far. */
        public RecipientListBuilder(List<Address> addresses) {
            this.addresses = addresses;
        }

        /**
         * Adds those of a recipient.
         *
         * @param index behind that of the one before
         * @throws IllegalArgumentException if there is no such recipient, or it is not behind the one before
         */
        public void add(int index, Attributes attributes) {
            if (index <= last || index >= addresses.size()) {
                throw new IllegalArgumentException("attributes of a recipient that is none, or not in order");
            }
            last = index;
            if (attributes.isEmpty()) {
                return;
            }
            int begin = count == 0 ? 0 : ends[count - 1];
            byte[] added = attributes.octets();
            if (octets.length - begin < added.length) {
                octets = Arrays.copyOf(octets, Math.max(octets.length + (octets.length >> 1), begin + added.length));
            }
            if (count == attributed.length) {
                attributed = Arrays.copyOf(attributed, count + (count >> 1) + 4);
                ends = Arrays.copyOf(ends, attributed.length);
            }
            System.arraycopy(added, 0, octets, begin, added.length);
            attributed[count] = index;
            ends[count++] = begin + added.length;
        }

        /** The recipients. */
        public RecipientList build() {
            RecipientList bare = of(addresses);
            return count == 0
                    ? bare
                    : new RecipientList(
                            bare.addresses,
                            Arrays.copyOf(attributed, count),
                            Arrays.copyOf(ends, count),
                            Arrays.copyOf(octets, ends[count - 1]));
        }
    }

    /** Their addresses. */
    public List<Address> addresses() {
        return addresses;
    }

    /** The address of one. */
    public Address address(int index) {
        return addresses.get(index);
    }

    /** The attributes of one. */
    public Attributes attributes(int index) {
        int at = Arrays.binarySearch(attributed, index);
        return at < 0 ? Attributes.NONE : at(at);
    }

    private Attributes at(int position) {
        return Attributes.of(Arrays.copyOfRange(octets, position == 0 ? 0 : ends[position - 1], ends[position]));
    }

    /** The same with those attributes alone that send and whoever delivers are told. */
    RecipientList told() {
        if (attributed.length == 0) {
            return this;
        }
        var told = new RecipientListBuilder(addresses);
        forEachAttributed((index, all) -> told.add(index, all.told()));
        return told.build();
    }

    /** How many have attributes. */
    public int attributed() {
        return attributed.length;
    }

    /** How many octets the attributes of all of them have. */
    public int attributeOctets() {
        return octets.length;
    }

    /** Shows those that have attributes, in order: the index and the attributes. */
    public void forEachAttributed(BiConsumer<Integer, Attributes> reader) {
        for (int i = 0; i < attributed.length; i++) {
            reader.accept(attributed[i], at(i));
        }
    }

    @Override
    public Recipient get(int index) {
        return new Recipient(addresses.get(index), attributes(index));
    }

    @Override
    public int size() {
        return addresses.size();
    }
}
