package carteiro.smtpd;

/** The message is not larger than the client may send. */
final class SizeCheck implements PolicyCheck {
    /** Said at MAIL too, if the client tells the size there. */
    static final Reply TOO_BIG = PolicyRule.MESSAGE_SIZE.reply(552, "5.3.4 message is over the limit of octets here");

    private static final Verdict WITHIN = new Verdict.GoOn(PolicyRule.MESSAGE_SIZE, "the message is within the limit");
    private static final Verdict OVER = new Verdict.Refuse(TOO_BIG, "");

    @Override
    public PolicyRule rule() {
        return PolicyRule.MESSAGE_SIZE;
    }

    @Override
    public String setting(Peer peer) {
        return peer.rights().databytes() + " octets";
    }

    @Override
    public Verdict judge(Peer peer, TransactionView transaction, LookupRequest lookup) {
        return transaction.text().octets() > peer.rights().databytes() ? OVER : WITHIN;
    }
}
