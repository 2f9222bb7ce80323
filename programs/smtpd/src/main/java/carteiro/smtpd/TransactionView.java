package carteiro.smtpd;

import carteiro.mail.Address;
import carteiro.mail.Envelope.AddressForm;
import carteiro.mail.Envelope.BodyType;
import carteiro.protocol.Lookup.LookupQuestion;
import carteiro.wire.TextDecoder.DecoderState;
import java.util.List;

/**
 * What checks see of a transaction.
 *
 * @param announced what SIZE= said; 0 if it was not there
 * @param recipients how many were taken
 * @param recipient the one that is being judged; {@link Address#NULL} but at RCPT
 * @param text what has come of the message
 */
record TransactionView(
        Address sender,
        long announced,
        BodyType body,
        AddressForm form,
        int recipients,
        Address recipient,
        TextFacts text) {
    /** There is none. */
    static final TransactionView NONE =
            of(Address.NULL, new SmtpCommand.Mail(Address.NULL, 0, BodyType.SEVEN_BIT, AddressForm.ASCII));

    /**
     * What a message is found to be.
     *
     * @param octets so far, LF line ends, without our Received field
     * @param longestLine in octets, CRLF included
     * @param hasNul whether there is an octet of value 0
     * @param hops fields Received and Delivered-To
     * @param state how far it was read
     * @param authors the addresses in From, Sender and their Resent- forms, of somebody who has logged in
     * @param headerFault what these fields lack; empty if nothing, or if nobody has logged in
     */
    record TextFacts(
            long octets,
            long longestLine,
            boolean hasNul,
            int hops,
            DecoderState state,
            List<Address> authors,
            String headerFault) {
        /** Of none. */
        static final TextFacts NONE = new TextFacts(0, 0, false, 0, DecoderState.OPEN, List.of(), "");

        /** Copies the list. */
        TextFacts {
            authors = List.copyOf(authors);
        }
    }

    /** After MAIL. */
    static TransactionView of(Address sender, SmtpCommand.Mail mail) {
        return new TransactionView(sender, mail.size(), mail.body(), mail.form(), 0, Address.NULL, TextFacts.NONE);
    }

    /** At RCPT. */
    TransactionView at(Address judged, int taken) {
        return new TransactionView(sender, announced, body, form, taken, judged, text);
    }

    /** What lookup is asked about the recipient that is being judged: as it would be kept. */
    LookupQuestion question(Rights rights) {
        return LookupQuestion.receiving(rights.kept(recipient), sender);
    }

    /** While the message comes, and at its end. */
    TransactionView with(TextFacts facts) {
        return new TransactionView(sender, announced, body, form, recipients, recipient, facts);
    }
}
