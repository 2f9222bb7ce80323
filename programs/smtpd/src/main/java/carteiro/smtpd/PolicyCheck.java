package carteiro.smtpd;

import carteiro.mail.Address;
import carteiro.protocol.Lookup;
import java.io.IOException;

/** One thing that is looked at in one {@link Stage}. Safe for any number of threads. */
interface PolicyCheck {
    /** Asks lookup, and waits for it. */
    @FunctionalInterface
    interface LookupRequest {
        /** @throws IOException if lookup cannot be reached */
        Lookup.AddressVerdict ask(Address recipient) throws IOException;
    }

    /** What it enforces. */
    PolicyRule rule();

    /** What is set of it for a peer, for {@code carteiro explain}; empty if nothing is. */
    String setting(Peer peer);

    /** @param transaction {@link TransactionView#NONE} before MAIL */
    Verdict judge(Peer peer, TransactionView transaction, LookupRequest lookup);
}
