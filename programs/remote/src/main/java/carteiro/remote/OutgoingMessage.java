package carteiro.remote;

import carteiro.mail.Address;
import carteiro.mail.Envelope.AddressForm;
import carteiro.mail.Envelope.BodyType;
import carteiro.mail.Outcome;
import carteiro.mail.Status;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import java.util.Optional;

/**
 * What is to be handed to a next hop.
 *
 * @param octets the size of the message with LF line ends
 * @param message opens it from its first octet, as often as it takes
 */
record OutgoingMessage(
        Address sender, List<Address> recipients, BodyType body, AddressForm form, long octets, MessageOpener message) {
    /** The message's octets, lines ended by LF. */
    interface MessageOpener {
        InputStream open() throws IOException;
    }

    OutgoingMessage {
        recipients = List.copyOf(recipients);
    }

    /**
     * Whether an address cannot stand in a command: a line end would begin another command, and a blank or an angle
     * bracket outside quotes would end the path.
     */
    Optional<Outcome> unspeakable() {
        if (!isSpeakable(sender)) {
            return Optional.of(OutcomeTexts.badAddress(sender.octets(), new Status(5, 1, 7)));
        }
        for (Address recipient : recipients) {
            if (!isSpeakable(recipient)) {
                return Optional.of(OutcomeTexts.badAddress(recipient.octets(), new Status(5, 1, 3)));
            }
        }
        return Optional.empty();
    }

    private static boolean isSpeakable(Address address) {
        String octets = address.octets();
        int unquoted = octets.lastIndexOf('@') + 1; // all of it if there is no @
        for (int i = 0; i < octets.length(); i++) {
            char c = octets.charAt(i);
            if (c < ' ' || c == 127 || i >= unquoted && (c == ' ' || c == '<' || c == '>')) {
                return false;
            }
        }
        return true;
    }

    /** Whether an address needs SMTPUTF8 (RFC 6531 section 3.4). */
    boolean hasWideAddress() {
        return form == AddressForm.SMTPUTF8
                && (isWide(sender) || recipients.stream().anyMatch(OutgoingMessage::isWide));
    }

    private static boolean isWide(Address address) {
        return address.octets().chars().anyMatch(c -> c > 127);
    }

    /** A path with its brackets. With SMTPUTF8, octets above 127 are letters and need no quotes. */
    static String path(Address address, AddressForm form) {
        if (form == AddressForm.SMTPUTF8 && isWide(address)) {
            var narrow = new StringBuilder();
            address.octets().chars().forEach(c -> narrow.append(c > 127 ? 'x' : (char) c));
            var asIf = new Address(narrow.toString());
            if (asIf.quoted().equals(asIf.octets())) {
                return "<" + address.octets() + ">";
            }
        }
        return "<" + address.quoted() + ">";
    }
}
