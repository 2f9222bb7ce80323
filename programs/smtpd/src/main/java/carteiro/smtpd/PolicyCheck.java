package carteiro.smtpd;

import carteiro.protocol.Lookup.LookupQuestion;
import carteiro.protocol.Lookup.RecipientAnswer;
import java.io.IOException;

/** One thing that is looked at in one {@link Stage}. Safe for any number of threads. */
interface PolicyCheck {
    /** Asks lookup, and waits for it. */
    @FunctionalInterface
    interface LookupRequest {
        /** @throws IOException if lookup cannot be reached */
        RecipientAnswer ask(LookupQuestion question) throws IOException;
    }

    /** What it enforces. */
    PolicyRule rule();

    /** Whether it is made of such a peer at all, by the listener that it came to. */
    default boolean isFor(Peer peer) {
        return true;
    }

    /** What is set of it for a peer, for {@code carteiro explain}; empty if nothing is. */
    String setting(Peer peer);

    /** @param transaction {@link TransactionView#NONE} before MAIL */
    Verdict judge(Peer peer, TransactionView transaction, LookupRequest lookup);
}
