package carteiro.smtpd;

import carteiro.mail.Address;
import carteiro.protocol.Lookup.LookupQuestion;
import carteiro.protocol.Lookup.RecipientAnswer;
import carteiro.protocol.Passwords.Ownership;
import carteiro.protocol.Passwords.SendingVerdict;
import java.io.IOException;
import java.util.List;

/** One thing that is looked at in one {@link Stage}. Safe for any number of threads. */
interface PolicyCheck {
    /** Asks lookup, and waits for it. */
    interface LookupRequest {
        /** @throws IOException if lookup cannot be reached */
        RecipientAnswer ask(LookupQuestion question) throws IOException;

        /**
         * Whether addresses are an account's own, see {@link carteiro.protocol.Passwords#ownership}.
         *
         * @throws IOException if lookup cannot be reached
         */
        List<Ownership> ownership(String account, List<Address> addresses) throws IOException;

        /**
         * Whether an account may send a message, see {@link carteiro.protocol.Passwords#sending}.
         *
         * @throws IOException if lookup cannot be reached
         */
        SendingVerdict sending(String account, int recipients) throws IOException;
    }

    /** What it enforces. */
    PolicyRule rule();

    /** Whether it is made of such a peer at all. */
    default boolean isFor(Peer peer) {
        return true;
    }

    /** What is set of it for a peer, for {@code carteiro explain}; empty if nothing is. */
    String setting(Peer peer);

    /** @param transaction {@link TransactionView#NONE} before MAIL */
    Verdict judge(Peer peer, TransactionView transaction, LookupRequest lookup);
}
