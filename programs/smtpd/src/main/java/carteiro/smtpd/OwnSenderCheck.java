package carteiro.smtpd;

import carteiro.mail.Address;
import carteiro.protocol.Passwords;
import carteiro.protocol.Passwords.Ownership;
import java.io.IOException;
import java.util.List;

/** Who has logged in sends as the own addresses alone. The empty sender is nobody's: receipts have it. */
final class OwnSenderCheck implements PolicyCheck {
    private static final Verdict EMPTY = new Verdict.GoOn(PolicyRule.OWN_SENDER, "the empty sender is nobody's");
    private static final Verdict OWN = new Verdict.GoOn(PolicyRule.OWN_SENDER, "the address is the account's own");
    private static final Reply FOREIGN =
            PolicyRule.OWN_SENDER.reply(553, "5.7.1 that sender is no address of the account you logged in to");

    /** Whether the addresses are the account's own cannot be told now. */
    private static final Reply CANNOT_TELL =
            PolicyRule.OWN_SENDER.reply(451, "4.3.0 whose address the sender is cannot be told now");

    @Override
    public PolicyRule rule() {
        return PolicyRule.OWN_SENDER;
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
        if (transaction.sender().isNull()) {
            return EMPTY;
        }
        return judge(peer.rights().login().orElseThrow(), List.of(transaction.sender()), OWN, FOREIGN, lookup);
    }

    /**
     * Whether all of these addresses are an account's own.
     *
     * @param foreign what is answered if one is another's
     */
    static Verdict judge(String account, List<Address> addresses, Verdict own, Reply foreign, LookupRequest lookup) {
        if (addresses.size() > Passwords.MOST_ADDRESSES) {
            return new Verdict.Refuse(foreign, "over " + Passwords.MOST_ADDRESSES + " addresses");
        }
        try {
            List<Ownership> each = lookup.ownership(account, addresses);
            int another = each.indexOf(Ownership.FOREIGN);
            if (another >= 0) {
                return new Verdict.Refuse(
                        foreign, addresses.get(another) + " is not of the account \"" + account + "\"");
            }
            return each.contains(Ownership.NOT_NOW)
                    ? new Verdict.NotNow(CANNOT_TELL, "lookup cannot tell now; see its log")
                    : own;
        } catch (IOException e) {
            return new Verdict.NotNow(CANNOT_TELL, String.valueOf(e.getMessage()));
        }
    }
}
