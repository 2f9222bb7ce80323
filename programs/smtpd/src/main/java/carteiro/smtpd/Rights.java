package carteiro.smtpd;

import carteiro.mail.Address;
import java.util.Optional;

/**
 * What a peer may do.
 *
 * @param relayClient if there, it may send to anywhere, and this is appended to every recipient (RELAYCLIENT)
 * @param databytes the most octets of a message, LF line ends
 * @param login the account it has logged in to
 */
record Rights(Optional<String> relayClient, long databytes, Optional<String> login) {
    /** After a login: who has one may send to anywhere. */
    Rights loggedIn(String account) {
        return new Rights(relayClient.or(() -> Optional.of("")), databytes, Optional.of(account));
    }

    boolean mayRelay() {
        return relayClient.isPresent();
    }

    /** The octets of a recipient as it is kept. */
    int lengthOf(Address recipient) {
        return recipient.octets().length() + relayClient.orElse("").length();
    }

    /** A recipient as it is kept; it must not be over {@link Address#LIMIT} by then. */
    Address kept(Address recipient) {
        String suffix = relayClient.orElse("");
        return suffix.isEmpty() ? recipient : new Address(recipient.octets() + suffix);
    }
}
