package carteiro.smtpd;

import carteiro.protocol.Lookup.RecipientAnswer;
import java.io.IOException;

/** A recipient of another host needs a domain in rcpthosts (we are its backup), or a client that may send anywhere. */
final class RelayCheck implements PolicyCheck {
    private static final Reply FOREIGN =
            PolicyRule.RELAYING.reply(553, "5.7.1 that domain is not in my list of rcpthosts");

    private static final Verdict OURS =
            new Verdict.GoOn(PolicyRule.RELAYING, "the domain is in locals or virtualdomains");
    private static final Verdict REFUSED = new Verdict.Refuse(FOREIGN, "domain is not in rcpthosts");

    /** Lookup knows better than locals and virtualdomains whose it is. */
    static final Verdict CALLED_REMOTE = new Verdict.Refuse(FOREIGN, "lookup calls it remote");

    private final RelayHosts hosts;

    RelayCheck(RelayHosts hosts) {
        this.hosts = hosts;
    }

    @Override
    public PolicyRule rule() {
        return PolicyRule.RELAYING;
    }

    @Override
    public String setting(Peer peer) {
        return hosts.toString();
    }

    @Override
    public Verdict judge(Peer peer, TransactionView transaction, LookupRequest lookup) {
        try {
            RecipientAnswer answer = lookup.ask(transaction.question(peer.rights()));
            return answer.ours()
                    ? OURS
                    : hosts.relayGround(peer.rights(), answer.domain())
                            .<Verdict>map(ground -> new Verdict.GoOn(PolicyRule.RELAYING, ground.toString()))
                            .orElse(REFUSED);
        } catch (IOException e) {
            return new Verdict.NotNow(KnownRecipientCheck.CANNOT_TELL, String.valueOf(e.getMessage()));
        }
    }
}
