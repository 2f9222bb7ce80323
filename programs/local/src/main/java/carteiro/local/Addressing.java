package carteiro.local;

import carteiro.mail.Address;
import carteiro.mail.Octets;

/**
 * Who a delivery is from and for.
 *
 * @param sender the envelope sender
 * @param local the local part of the recipient
 * @param host its domain
 */
record Addressing(Address sender, String local, String host) {
    static Addressing of(Address sender, Address recipient) {
        return new Addressing(sender, recipient.localPart(), recipient.domain());
    }

    String recipient() {
        return local + "@" + host;
    }

    /** DTLINE: the Delivered-To line with its LF. */
    String deliveredTo() {
        return "Delivered-To: " + recipient().replace('\n', '_') + "\n";
    }

    /** RPLINE: the Return-Path line with its LF. */
    String returnPath() {
        return "Return-Path: <" + sender.quoted().replace('\n', '_') + ">\n";
    }

    /** What stands before the message in a Maildir. */
    byte[] header() {
        return Octets.bytes(returnPath() + deliveredTo());
    }
}
