package carteiro.mail;

import java.util.List;

/**
 * Who a message is from and for, and what the transport was told of it (RFC 5321 section 2.3.1).
 *
 * @param sender the reverse-path; {@link Address#NULL} for bounces
 * @param recipients the forward-paths, in the order given; may be empty (qmail accepts that and ends the message)
 * @param attributes what else is known of the message
 */
public record Envelope(Address sender, RecipientList recipients, Attributes attributes) {
    /** The most recipients of one message; smtpd answers 452 4.5.3 long before. */
    public static final int MOST_RECIPIENTS = 100_000;

    /** The most octets of the attributes of all recipients that come in; an export of them is some twenty times as long. */
    public static final int MOST_OF_RECIPIENTS = 4 << 20;

    /** A uid that is none. */
    public static final int NO_UID = -1;

    /** Refuses more than {@link #MOST_RECIPIENTS}. */
    public Envelope {
        if (recipients.size() > MOST_RECIPIENTS) {
            throw new IllegalArgumentException(recipients.size() + " recipients, over " + MOST_RECIPIENTS);
        }
    }

    /**
     * With the attributes that nearly every message has, and none of a recipient.
     *
     * @param body the body type named by the client
     * @param form whether an address or header field may be UTF-8
     * @param uid the system user who handed the message in; or {@link #NO_UID}
     */
    public Envelope(Address sender, List<Address> recipients, BodyType body, AddressForm form, int uid) {
        this(sender, RecipientList.of(recipients), attributes(body, form, uid));
    }

    private static Attributes attributes(BodyType body, AddressForm form, int uid) {
        Attributes attributes = attributes(body, form);
        return uid == NO_UID ? attributes : attributes.with(Attribute.UID, uid);
    }

    /** What both say, as attributes: what is usual is not said. */
    public static Attributes attributes(BodyType body, AddressForm form) {
        Attributes attributes = Attributes.NONE;
        if (body != BodyType.SEVEN_BIT) {
            attributes = attributes.with(Attribute.BODY, body);
        }
        return form == AddressForm.ASCII ? attributes : attributes.with(Attribute.FORM, form);
    }

    /**
     * Looks at how many attributes come in with it.
     *
     * @throws IllegalArgumentException if they cannot be taken, see {@link Attributes#check}, or are over {@link #MOST_OF_RECIPIENTS}
     */
    public void check() {
        if (recipients.attributeOctets() > MOST_OF_RECIPIENTS) {
            throw new IllegalArgumentException("attributes of recipients of over " + MOST_OF_RECIPIENTS + " octets");
        }
        attributes.check();
        recipients.forEachAttributed((_, some) -> some.check());
    }

    /**
     * Looks at the values of the attributes that come in with it.
     *
     * @throws IllegalArgumentException as {@link Attributes#checkValues}
     */
    public void checkValues() {
        attributes.checkValues();
        recipients.forEachAttributed((_, some) -> some.checkValues());
    }

    /** The addresses of the recipients. */
    public List<Address> addresses() {
        return recipients.addresses();
    }

    /** The body type named by the client. */
    public BodyType body() {
        return attributes.get(Attribute.BODY, BodyType.SEVEN_BIT);
    }

    /** Whether an address or header field may be UTF-8. */
    public AddressForm form() {
        return attributes.get(Attribute.FORM, AddressForm.ASCII);
    }

    /** The system user who handed the message in, for the log's {@code uid}; {@link #NO_UID} if nobody knows. */
    public int uid() {
        return attributes.get(Attribute.UID, NO_UID);
    }

    /** The same by another user, as whom the kernel knows the one who hands it in. */
    public Envelope by(int anotherUid) {
        return with(
                anotherUid == NO_UID ? attributes.without(Attribute.UID) : attributes.with(Attribute.UID, anotherUid));
    }

    /** The same with those attributes alone that send and whoever delivers are told. */
    public Envelope told() {
        return new Envelope(sender, recipients.told(), attributes.told());
    }

    /** The same with other attributes. */
    public Envelope with(Attributes others) {
        return new Envelope(sender, recipients, others);
    }

    /** The same with one attribute more. */
    public <T> Envelope with(Attribute<T> attribute, T value) {
        return with(attributes.with(attribute, value));
    }

    /** BODY= of RFC 6152. */
    public enum BodyType {
        /** Every octet of the message is below 128. */
        SEVEN_BIT("7BIT"),
        /** The message may hold octets above 127. */
        EIGHT_BIT_MIME("8BITMIME");

        private final String keyword;

        BodyType(String keyword) {
            this.keyword = keyword;
        }

        /** The keyword of BODY=. */
        public String keyword() {
            return keyword;
        }

        /** @throws IllegalArgumentException if it is no keyword that we know */
        public static BodyType of(String keyword) {
            for (BodyType type : values()) {
                if (type.keyword.equals(keyword)) {
                    return type;
                }
            }
            throw new IllegalArgumentException("body is neither 7BIT nor 8BITMIME");
        }
    }

    /** SMTPUTF8 of RFC 6531. */
    public enum AddressForm {
        /** Addresses and header fields are ASCII. */
        ASCII,
        /** An address or a header field may be UTF-8: the next hop must offer SMTPUTF8. */
        SMTPUTF8
    }
}
