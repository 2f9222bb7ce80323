package carteiro.smtpd;

import carteiro.mail.Address;
import java.io.IOException;
import java.util.List;

/** Who has logged in sends as the own addresses alone. The empty sender is nobody's: receipts have it. */
final class OwnSenderCheck implements PolicyCheck {
    private static final Verdict EMPTY = new Verdict.GoOn(PolicyRule.OWN_SENDER, "the empty sender is nobody's");
    private static final Verdict OWN = new Verdict.GoOn(PolicyRule.OWN_SENDER, "the address is the account's own");
    private static final Reply FOREIGN =
            PolicyRule.OWN_SENDER.reply(553, "5.7.1 that sender is no address of the account you logged in to");

    /** Whether the addresses are the account's own cannot be told now. */
    static final Reply CANNOT_TELL =
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
        return judge(peer.rights().login().orElseThrow(), transaction.sender(), FOREIGN, lookup);
    }

    /** @param foreign what is answered if it is another's */
    static Verdict judge(String account, Address address, Reply foreign, LookupRequest lookup) {
        try {
            return switch (lookup.ownership(account, List.of(address)).getFirst()) {
                case OWN -> OWN;
                case FOREIGN -> new Verdict.Refuse(foreign, address + " is not of the account \"" + account + "\"");
                case NOT_NOW -> new Verdict.NotNow(CANNOT_TELL, "lookup cannot tell now; see its log");
            };
        } catch (IOException e) {
            return new Verdict.NotNow(CANNOT_TELL, String.valueOf(e.getMessage()));
        }
    }
}
