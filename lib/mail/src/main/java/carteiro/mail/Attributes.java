package carteiro.mail;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.OptionalInt;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * What is known of a message, or of one of its recipients, besides the addresses: values by tag. One form for all places where they are
 * kept or said (docs/protocols/attributes.md): for each, in ascending order of the tags, the tag (2 octets), its marks (1), the length of
 * the value (2), the value. Those that this build does not know are kept as they are. Cannot be changed.
 */
public final class Attributes {
    /** The greatest tag. */
    public static final int MOST_TAG = 0xffff;

    /** The most octets of all attributes of a message, and of all of a recipient. */
    public static final int MOST_OCTETS = 4096;

    /** The most octets of those of them that send and whoever delivers are told; send keeps them for all that waits. */
    public static final int MOST_TOLD = 512;

    /** The most octets of a text that is only for people; a longer one is cut. */
    static final int MOST_TEXT = 512;

    /** The most attributes of a message, and of a recipient. */
    public static final int MOST = 64;

    /** What is left free of all three limits when attributes come in: for what we add, as the uid and the parent. */
    private static final int ROOM = 64;

    private static final int ROOM_COUNT = 4;

    /** None. */
    public static final Attributes NONE = new Attributes(new byte[0]);

    private static final int HEAD = 5;
    private static final int ALL_MARKS = 7;

    private final byte[] octets;

    private Attributes(byte[] octets) {
        this.octets = octets;
    }

    /** Sees each attribute. */
    public interface Visitor {
        /**
         * @param tag from 1
         * @param marks the sum of the bits of {@link Attribute.Mark}
         * @param value its octets, one a character
         */
        void see(int tag, int marks, String value);
    }

    /**
     * Reads the form that {@link #octets} gives.
     *
     * @throws IllegalArgumentException if it is not that form, or over {@link #MOST_OCTETS}; values are not looked at, see {@link #check}
     */
    public static Attributes of(byte[] octets) {
        if (octets.length == 0) {
            return NONE;
        }
        if (octets.length > MOST_OCTETS) {
            throw new IllegalArgumentException("attributes of " + octets.length + " octets, over " + MOST_OCTETS);
        }
        var read = new Attributes(octets.clone());
        int last = 0;
        int count = 0;
        for (int at = 0; at < octets.length; at = read.next(at)) {
            if (++count > MOST) {
                throw new IllegalArgumentException("more than " + MOST + " attributes");
            }
            if (octets.length - at < HEAD || read.next(at) > octets.length) {
                throw new IllegalArgumentException("attributes are cut short");
            }
            if (read.tag(at) <= last) {
                throw new IllegalArgumentException("attribute " + read.tag(at) + " is not in its place");
            }
            last = read.tag(at);
        }
        return read;
    }

    /**
     * Looks at how many come in: there has to be room for what is added here.
     *
     * @throws IllegalArgumentException if there are too many
     */
    public void check() {
        if (told().size() > MOST_TOLD || octets.length > MOST_OCTETS - ROOM || count() > MOST - ROOM_COUNT) {
            throw new IllegalArgumentException(
                    "attributes of over " + MOST_TOLD + " octets that are to be told, of over " + (MOST_OCTETS - ROOM)
                            + " octets in all, or over " + (MOST - ROOM_COUNT) + " of them");
        }
    }

    /**
     * As {@link #check}, of what comes back from an export: it may have what was added when it came in.
     *
     * @throws IllegalArgumentException if there are too many
     */
    public void checkAgain() {
        if (told().size() > MOST_TOLD + ROOM) {
            throw new IllegalArgumentException(
                    "attributes of over " + (MOST_TOLD + ROOM) + " octets that are to be told");
        }
    }

    /**
     * Looks at the values that come in. What is kept already is not looked at: it came from a build that may have known more or less
     * than this one.
     *
     * @throws IllegalArgumentException if one that is known has no value of its kind, or marks are none or not its own
     */
    public void checkValues() {
        for (int at = 0; at < octets.length; at = next(at)) {
            Attribute<?> known = Attribute.of(tag(at));
            if ((octets[at + 2] & ~ALL_MARKS) != 0) {
                throw new IllegalArgumentException("attribute " + tag(at) + " has marks that are none");
            }
            if (known != null && (valueAt(known, at) == null || octets[at + 2] != known.marks())) {
                throw new IllegalArgumentException(
                        "no value of attribute " + known.attributeName() + ", or not its marks");
            }
        }
    }

    private int count() {
        int count = 0;
        for (int at = 0; at < octets.length; at = next(at)) {
            count++;
        }
        return count;
    }

    private <T> @Nullable T valueAt(Attribute<T> attribute, int at) {
        try {
            return attribute.value(text(at));
        } catch (IllegalArgumentException e) {
            return null;
        }
    }

    private int tag(int at) {
        return (octets[at] & 0xff) << 8 | octets[at + 1] & 0xff;
    }

    private int length(int at) {
        return (octets[at + 3] & 0xff) << 8 | octets[at + 4] & 0xff;
    }

    private int next(int at) {
        return at + HEAD + length(at);
    }

    private String text(int at) {
        return Octets.text(octets, at + HEAD, length(at));
    }

    /** Where the attribute of that tag is, or would be. */
    private int find(int tag) {
        int at = 0;
        while (at < octets.length && tag(at) < tag) {
            at = next(at);
        }
        return at;
    }

    /** The form in which they are kept and said. */
    public byte[] octets() {
        return octets.clone();
    }

    /** How many octets {@link #octets} gives. */
    public int size() {
        return octets.length;
    }

    /** Whether there are none. */
    public boolean isEmpty() {
        return octets.length == 0;
    }

    /** The value of an attribute; null if it is not there, or no value of its kind. */
    public <T> @Nullable T get(Attribute<T> attribute) {
        int at = find(attribute.tag());
        return at < octets.length && tag(at) == attribute.tag() ? valueAt(attribute, at) : null;
    }

    /** The value of an attribute, or another if it is not there or no value of its kind. */
    public <T> T get(Attribute<T> attribute, T otherwise) {
        T value = get(attribute);
        return value == null ? otherwise : value;
    }

    /** These with an attribute, instead of the one of its kind. */
    public <T> Attributes with(Attribute<T> attribute, T value) {
        byte[] text = Octets.bytes(attribute.text(value));
        return with(attribute.tag(), attribute.marks(), text);
    }

    /**
     * These with an attribute that this build need not know, instead of the one of that tag.
     *
     * @param tag from 1 to {@link #MOST_TAG}
     * @param marks the sum of the bits of {@link Attribute.Mark}
     * @param value its octets, one a character
     * @throws IllegalArgumentException if tag or marks are none, or all are over {@link #MOST_OCTETS}
     */
    public Attributes with(int tag, int marks, String value) {
        if (tag < 1 || tag > MOST_TAG || (marks & ~ALL_MARKS) != 0 || value.length() > MOST_OCTETS) {
            throw new IllegalArgumentException("no attribute: tag " + tag + " with marks " + marks);
        }
        return with(tag, marks, Octets.bytes(value));
    }

    private Attributes with(int tag, int marks, byte[] value) {
        int from = find(tag);
        int to = from < octets.length && tag(from) == tag ? next(from) : from;
        ByteBuffer changed = ByteBuffer.allocate(octets.length - (to - from) + HEAD + value.length);
        changed.put(octets, 0, from).putShort((short) tag).put((byte) marks).putShort((short) value.length);
        changed.put(value).put(octets, to, octets.length - to);
        if (changed.capacity() > MOST_OCTETS) {
            throw new IllegalArgumentException("attributes of " + changed.capacity() + " octets, over " + MOST_OCTETS);
        }
        var result = new Attributes(changed.array());
        if (to == from && result.count() > MOST) {
            throw new IllegalArgumentException("more than " + MOST + " attributes");
        }
        return result;
    }

    /** These without an attribute. */
    public Attributes without(Attribute<?> attribute) {
        int from = find(attribute.tag());
        if (from == octets.length || tag(from) != attribute.tag()) {
            return this;
        }
        ByteBuffer left = ByteBuffer.allocate(octets.length - (next(from) - from));
        left.put(octets, 0, from).put(octets, next(from), octets.length - next(from));
        return left.capacity() == 0 ? NONE : new Attributes(left.array());
    }

    /** Those that are told to send and to whoever delivers. */
    public Attributes told() {
        byte[] told = new byte[octets.length];
        int size = 0;
        for (int at = 0; at < octets.length; at = next(at)) {
            if (octets[at + 2] != 0) { // what must be understood is told
                System.arraycopy(octets, at, told, size, next(at) - at);
                size += next(at) - at;
            }
        }
        return size == octets.length ? this : size == 0 ? NONE : new Attributes(Arrays.copyOf(told, size));
    }

    /** The first tag that whoever the mark names must understand, and that this build does not know, or not with that value. */
    public OptionalInt unknown(Attribute.Mark mark) {
        for (int at = 0; at < octets.length; at = next(at)) {
            if ((octets[at + 2] & mark.bit) != 0) {
                Attribute<?> known = Attribute.of(tag(at));
                if (known == null || valueAt(known, at) == null) {
                    return OptionalInt.of(tag(at));
                }
            }
        }
        return OptionalInt.empty();
    }

    /** Shows each, in the order of the tags. */
    public void forEach(Visitor visitor) {
        for (int at = 0; at < octets.length; at = next(at)) {
            visitor.see(tag(at), octets[at + 2], text(at));
        }
    }

    /** The name of an attribute, for people. */
    public static String name(int tag) {
        Attribute<?> known = Attribute.of(tag);
        return known == null ? "attribute-" + tag : known.attributeName();
    }

    /** Shows each to people: its name, or {@code attribute-TAG} if this build does not know it; and its value. */
    public void describe(BiConsumer<String, String> reader) {
        forEach((tag, _, value) -> reader.accept(name(tag), value));
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof Attributes attributes && Arrays.equals(octets, attributes.octets);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(octets);
    }

    @Override
    public String toString() {
        var text = new StringBuilder("{");
        describe((name, value) -> text.append(text.length() > 1 ? ", " : "")
                .append(name)
                .append('=')
                .append(value));
        return text.append('}').toString();
    }
}
