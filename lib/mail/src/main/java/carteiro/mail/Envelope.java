package carteiro.mail;

import java.util.List;

/**
 * Who a message is from and for, and what the transport was told of it (RFC 5321 section 2.3.1).
 *
 * @param sender the reverse-path; {@link Address#NULL} for bounces
 * @param recipients the forward-paths, in the order given; may be empty (qmail accepts that and ends the message)
 * @param body the body type named by the client
 * @param form whether an address or header field may be UTF-8 (RFC 6531)
 * @param uid the system user who handed the message in; for the log's {@code uid}
 */
public record Envelope(Address sender, List<Address> recipients, BodyType body, AddressForm form, int uid) {
    /** The most recipients of one message; smtpd answers 452 4.5.3 long before. */
    public static final int MOST_RECIPIENTS = 100_000;

    /** Copies the list and refuses more than {@link #MOST_RECIPIENTS}. */
    public Envelope {
        recipients = recipients instanceof AddressList compact ? compact : List.copyOf(recipients);
        if (recipients.size() > MOST_RECIPIENTS) {
            throw new IllegalArgumentException(recipients.size() + " recipients, over " + MOST_RECIPIENTS);
        }
    }

    /** The addresses of the recipients. */
    public List<Address> addresses() {
        return recipients;
    }

    /** The same by another user, as whom the kernel knows the one who hands it in. */
    public Envelope by(int anotherUid) {
        return new Envelope(sender, recipients, body, form, anotherUid);
    }

    /** BODY= of RFC 6152. */
    public enum BodyType {
        /** Every octet of the message is below 128. */
        SEVEN_BIT,
        /** The message may hold octets above 127. */
        EIGHT_BIT_MIME
    }

    /** SMTPUTF8 of RFC 6531. */
    public enum AddressForm {
        /** Addresses and header fields are ASCII. */
        ASCII,
        /** An address or a header field may be UTF-8: the next hop must offer SMTPUTF8. */
        SMTPUTF8
    }
}
