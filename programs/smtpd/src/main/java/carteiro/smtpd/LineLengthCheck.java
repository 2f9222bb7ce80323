package carteiro.smtpd;

/** No line of a message is longer than control/linebytes. */
final class LineLengthCheck implements PolicyCheck {
    private static final Verdict WITHIN = new Verdict.GoOn(PolicyRule.LINE_LENGTH, "the lines are within the limit");
    private static final Verdict OVER =
            new Verdict.Refuse(PolicyRule.LINE_LENGTH.reply(552, "5.6.0 a line of the message is too long"), "");

    private final long most;

    LineLengthCheck(long most) {
        this.most = most;
    }

    @Override
    public PolicyRule rule() {
        return PolicyRule.LINE_LENGTH;
    }

    @Override
    public String setting(Peer peer) {
        return most + " octets";
    }

    @Override
    public Verdict judge(Peer peer, TransactionView transaction, LookupRequest lookup) {
        return transaction.text().longestLine() > most ? OVER : WITHIN;
    }
}
