package carteiro.mail;

import carteiro.mail.Envelope.AddressForm;
import carteiro.mail.Envelope.BodyType;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A kind of attribute that this build knows. To add one, declare it here and in docs/protocols/attributes.md: its tag then stands in
 * queues, on wires and in exports for ever, and is never given to another.
 *
 * @param <T> what its value is to programs
 */
public final class Attribute<T> {
    private static final Map<Integer, Attribute<?>> KNOWN = new HashMap<>();

    /** BODY= of RFC 6152; 7BIT if it is not there. */
    public static final Attribute<BodyType> BODY =
            new Attribute<>(1, "body", Set.of(Mark.DELIVERER_MUST), BodyType::keyword, BodyType::of);

    /** Whether the message needs SMTPUTF8 (RFC 6531); it does not if this is not there. */
    public static final Attribute<AddressForm> FORM =
            new Attribute<>(2, "form", Set.of(Mark.DELIVERER_MUST), AddressForm::name, AddressForm::valueOf);

    /** The system user who handed the message in. */
    public static final Attribute<Integer> UID =
            new Attribute<>(3, "uid", Set.of(Mark.TOLD), Integer::toUnsignedString, Attribute::uid);

    /** The address of the client that handed the message in by SMTP, as text (RFC 4291 section 2.2). */
    public static final Attribute<String> CLIENT_ADDRESS = text(4, "client-address");

    /** The client's name, as the DNS says; not there if it has none that leads back to its address. */
    public static final Attribute<String> CLIENT_NAME = text(5, "client-name");

    /** What the client said in HELO or EHLO. */
    public static final Attribute<String> CLIENT_HELO = text(6, "client-helo");

    /** The cipher suite of the client's connection; not there without TLS. */
    public static final Attribute<String> CLIENT_CIPHER = text(7, "client-cipher");

    /** The number of the message that this one is a forward or a bounce of. */
    public static final Attribute<Long> PARENT =
            new Attribute<>(8, "parent", Set.of(), String::valueOf, Attribute::number);

    /** The account that whoever handed the message in has logged in to. */
    public static final Attribute<String> LOGIN = text(9, "login");

    /** Who has to do with an attribute besides queue, which keeps them all. */
    public enum Mark {
        /** send and those who deliver are told. Without any mark, only whoever looks at the message in the queue is. */
        TOLD(1),
        /** send must not schedule the message without understanding it. */
        SCHEDULER_MUST(2),
        /** local and remote must not deliver the message without understanding it. */
        DELIVERER_MUST(4);

        final int bit;

        Mark(int bit) {
            this.bit = bit;
        }
    }

    private final int tag;
    private final String name;
    private final int marks;
    private final Function<T, String> writer;
    private final Function<String, T> reader;

    private Attribute(int tag, String name, Set<Mark> marks, Function<T, String> writer, Function<String, T> reader) {
        this.tag = tag;
        this.name = name;
        this.marks = marks.stream().mapToInt(mark -> mark.bit).sum();
        this.writer = writer;
        this.reader = reader;
        KNOWN.put(tag, this);
    }

    /** A text that only people read: what is too long is cut. */
    private static Attribute<String> text(int tag, String name) {
        return new Attribute<>(
                tag,
                name,
                Set.of(),
                text -> text.length() > Attributes.MOST_TEXT ? text.substring(0, Attributes.MOST_TEXT) : text,
                Function.identity());
    }

    private static int uid(String text) {
        int uid = Integer.parseUnsignedInt(text);
        if (uid == Envelope.NO_UID || text.startsWith("+")) {
            throw new IllegalArgumentException(text + " is no uid");
        }
        return uid;
    }

    private static long number(String text) {
        long number = Long.parseLong(text);
        if (number < 1) {
            throw new IllegalArgumentException(text + " is no number of a message");
        }
        return number;
    }

    static @Nullable Attribute<?> of(int tag) {
        return KNOWN.get(tag);
    }

    /** Its tag, from 1 to {@link Attributes#MOST_TAG}. */
    public int tag() {
        return tag;
    }

    /** Its name, for people. */
    public String attributeName() {
        return name;
    }

    int marks() {
        return marks;
    }

    String text(T value) {
        return writer.apply(value);
    }

    /** @throws IllegalArgumentException if it is no value of this kind */
    T value(String text) {
        return reader.apply(text);
    }
}
