package carteiro.smtpd;

import carteiro.mail.Address;

/** What RELAYCLIENT appends does not make a recipient longer than addresses are. */
final class RecipientLengthCheck implements PolicyCheck {
    private static final Verdict FIT = new Verdict.GoOn(PolicyRule.ADDRESS_LENGTH, "the address is not too long");
    private static final Verdict TOO_LONG = new Verdict.Refuse(SmtpCommand.TOO_LONG, "");

    @Override
    public PolicyRule rule() {
        return PolicyRule.ADDRESS_LENGTH;
    }

    @Override
    public String setting(Peer peer) {
        return Address.LIMIT + " octets";
    }

    @Override
    public Verdict judge(Peer peer, TransactionView transaction, LookupRequest lookup) {
        return peer.rights().lengthOf(transaction.recipient()) > Address.LIMIT ? TOO_LONG : FIT;
    }
}
