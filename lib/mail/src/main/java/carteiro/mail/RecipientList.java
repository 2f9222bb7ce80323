package carteiro.mail;

import java.util.AbstractList;
import java.util.Collections;
import java.util.List;
import java.util.RandomAccess;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.BiConsumer;

/** Recipients in the order of the envelope. Few have attributes: only these take memory for them. Cannot be changed. */
public final class RecipientList extends AbstractList<Recipient> implements RandomAccess {
    private final List<Address> addresses;
    private final SortedMap<Integer, Attributes> attributes;

    private RecipientList(List<Address> addresses, SortedMap<Integer, Attributes> attributes) {
        this.addresses = addresses;
        this.attributes = attributes;
    }

    /** Recipients without attributes. */
    public static RecipientList of(List<Address> addresses) {
        return new RecipientList(
                addresses instanceof AddressList compact ? compact : List.copyOf(addresses),
                Collections.emptySortedMap());
    }

    /**
     * Recipients some of which have attributes.
     *
     * @param attributes by the index of the recipient
     * @throws IllegalArgumentException if there is no such recipient
     */
    public static RecipientList of(List<Address> addresses, SortedMap<Integer, Attributes> attributes) {
        if (!attributes.isEmpty() && (attributes.firstKey() < 0 || attributes.lastKey() >= addresses.size())) {
            throw new IllegalArgumentException("attributes of a recipient that is none");
        }
        var some = new TreeMap<>(attributes);
        some.values().removeIf(Attributes::isEmpty);
        return new RecipientList(of(addresses).addresses, some);
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
        return attributes.getOrDefault(index, Attributes.NONE);
    }

    /** The same with those attributes alone that send and whoever delivers are told. */
    RecipientList told() {
        if (attributes.isEmpty()) {
            return this;
        }
        var told = new TreeMap<Integer, Attributes>();
        attributes.forEach((index, all) -> told.put(index, all.told()));
        return of(addresses, told);
    }

    /** How many have attributes. */
    public int attributed() {
        return attributes.size();
    }

    /** Shows those that have attributes, in order: the index and the attributes. */
    public void forEachAttributed(BiConsumer<Integer, Attributes> reader) {
        attributes.forEach(reader);
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
