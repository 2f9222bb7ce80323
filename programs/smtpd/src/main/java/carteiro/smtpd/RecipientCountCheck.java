package carteiro.smtpd;

/** A message has no more recipients than control/maxrecipients. */
final class RecipientCountCheck implements PolicyCheck {
    private static final Verdict ROOM = new Verdict.GoOn(PolicyRule.RECIPIENTS, "there is room for one more");
    private static final Verdict TOO_MANY =
            new Verdict.NotNow(PolicyRule.RECIPIENTS.reply(452, "4.5.3 too many recipients"), "");

    private final int most;

    RecipientCountCheck(int most) {
        this.most = most;
    }

    @Override
    public PolicyRule rule() {
        return PolicyRule.RECIPIENTS;
    }

    @Override
    public String setting(Peer peer) {
        return Integer.toString(most);
    }

    @Override
    public Verdict judge(Peer peer, TransactionView transaction, LookupRequest lookup) {
        return transaction.recipients() >= most ? TOO_MANY : ROOM;
    }
}
