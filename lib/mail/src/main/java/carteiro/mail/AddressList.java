package carteiro.mail;

import java.util.AbstractList;
import java.util.Arrays;
import java.util.RandomAccess;

/**
 * Many addresses in few octets: one array of all of them, and four octets each, where a list of {@link Address} has 80 and
 * more. Each look makes the address anew. Cannot be changed.
 */
public final class AddressList extends AbstractList<Address> implements RandomAccess {
    private final byte[] octets;
    private final int[] ends;

    private AddressList(byte[] octets, int[] ends) {
        this.octets = octets;
        this.ends = ends;
    }

    /** Takes addresses one after another. One thread. */
    public static final class AddressListBuilder {
        private byte[] octets = new byte[256];
        private int[] ends = new int[16];
        private int count;

        /** Of no addresses yet. */
        public AddressListBuilder() {}

        /** Adds one. */
        public AddressListBuilder add(Address address) {
            byte[] added = Octets.bytes(address.octets());
            int begin = count == 0 ? 0 : ends[count - 1];
            if (octets.length - begin < added.length) {
                octets = Arrays.copyOf(octets, Math.max(2 * octets.length, begin + added.length));
            }
            if (count == ends.length) {
                ends = Arrays.copyOf(ends, 2 * count);
            }
            System.arraycopy(added, 0, octets, begin, added.length);
            ends[count++] = begin + added.length;
            return this;
        }

        /** The list of what was added so far. */
        public AddressList build() {
            return new AddressList(Arrays.copyOf(octets, count == 0 ? 0 : ends[count - 1]), Arrays.copyOf(ends, count));
        }
    }

    @Override
    public Address get(int index) {
        int end = ends[index];
        int begin = index == 0 ? 0 : ends[index - 1];
        return new Address(Octets.text(octets, begin, end - begin));
    }

    @Override
    public int size() {
        return ends.length;
    }
}
