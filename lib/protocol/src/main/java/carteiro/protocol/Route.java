package carteiro.protocol;

import carteiro.mail.Address;

/** Which way out an envelope recipient takes, and what it is then. */
public sealed interface Route {
    /** The recipient after rewriting, as it stands in the log. */
    Address recipient();

    /** The recipient as a bounce shows it: without a virtual domain's prefix. */
    Address visible();

    /**
     * To local.
     *
     * @param recipient with a virtual domain's prefix, if it is in one
     */
    record ToLocal(Address recipient, Address visible) implements Route {
        /** @throws IllegalArgumentException if the one is not the other behind a prefix */
        public ToLocal {
            if (!recipient.octets().endsWith(visible.octets())) {
                throw new IllegalArgumentException(recipient + " is not " + visible + " behind a prefix");
            }
        }
    }

    /** To remote. */
    record ToRemote(Address recipient) implements Route {
        @Override
        public Address visible() {
            return recipient;
        }
    }
}
