package carteiro.smtpd;

import carteiro.mail.Address;
import java.util.List;

/** Whom a message says it is from (From, Sender, and their Resent- forms) is the account that has logged in. */
final class OwnAuthorCheck implements PolicyCheck {
    private static final Verdict OWN =
            new Verdict.GoOn(PolicyRule.OWN_AUTHOR, "the addresses in its header are the account's own");
    private static final Reply FOREIGN = PolicyRule.OWN_AUTHOR.reply(
            553, "5.7.1 From or Sender has an address that is none of the account you logged in to");

    @Override
    public PolicyRule rule() {
        return PolicyRule.OWN_AUTHOR;
    }

    @Override
    public boolean isFor(Peer peer) {
        return peer.rights().login().isPresent();
    }

    @Override
    public String setting(Peer peer) {
        return "";
    }

    @Override
    public Verdict judge(Peer peer, TransactionView transaction, LookupRequest lookup) {
        String login = peer.rights().login().orElseThrow();
        String fault = transaction.text().headerFault();
        if (!fault.isEmpty()) {
            return new Verdict.Refuse(PolicyRule.OWN_AUTHOR.reply(554, "5.6.0 the message is refused: " + fault), "");
        }
        List<Address> authors = transaction.text().authors().stream().distinct().toList();
        return OwnSenderCheck.judge(login, authors, OWN, FOREIGN, lookup);
    }
}
