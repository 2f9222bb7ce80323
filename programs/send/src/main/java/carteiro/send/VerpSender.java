package carteiro.send;

import carteiro.mail.Address;

/** Senders that end in {@code -@[]}: mailing lists that want each recipient in the sender (VERP). */
final class VerpSender {
    private static final String MARK = "-@[]";

    private VerpSender() {}

    /** Whether each recipient of the message needs a delivery of its own. */
    static boolean isList(Address sender) {
        String octets = sender.octets();
        return octets.endsWith(MARK) && octets.indexOf('@') < octets.length() - MARK.length();
    }

    /**
     * The sender of one delivery: {@code pre@h-@[]} becomes {@code pre} recipient local part {@code =} recipient host
     * {@code @h}. A sender of another form, and any sender if the recipient has no {@code @}, stays; one that would
     * become too long loses the mark alone.
     */
    static Address expand(Address sender, Address recipient) {
        if (!isList(sender) || !recipient.hasDomain()) {
            return sender;
        }
        Address bare = bare(sender);
        int at = bare.octets().lastIndexOf('@');
        String expanded = bare.octets().substring(0, at)
                + recipient.localPart()
                + "="
                + recipient.domain()
                + bare.octets().substring(at);
        return expanded.length() > Address.LIMIT ? bare : new Address(expanded);
    }

    /** The sender without the mark: whom a bounce goes to. */
    static Address bare(Address sender) {
        String octets = sender.octets();
        return octets.length() > MARK.length() && octets.endsWith(MARK)
                ? new Address(octets.substring(0, octets.length() - MARK.length()))
                : sender;
    }
}
