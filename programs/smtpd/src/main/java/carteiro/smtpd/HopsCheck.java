package carteiro.smtpd;

/** A message that has come through so many hosts runs in a circle (RFC 5321 section 6.3). */
final class HopsCheck implements PolicyCheck {
    /** Fields Received and Delivered-To in one message, from which on it is taken to be in a loop. */
    static final int MOST = 100;

    private static final Verdict FEW = new Verdict.GoOn(PolicyRule.HOPS, "the message is not in a loop");
    private static final Verdict LOOP =
            new Verdict.Refuse(PolicyRule.HOPS.reply(554, "5.4.6 too many hops, this message is looping"), "");

    @Override
    public PolicyRule rule() {
        return PolicyRule.HOPS;
    }

    @Override
    public String setting(Peer peer) {
        return Integer.toString(MOST);
    }

    @Override
    public Verdict judge(Peer peer, TransactionView transaction, LookupRequest lookup) {
        return transaction.text().hops() >= MOST ? LOOP : FEW;
    }
}
