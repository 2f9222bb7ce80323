package carteiro.smtpd;

/** SIZE= of MAIL is not more than the client may send (RFC 1870 section 6.1). */
final class AnnouncedSizeCheck implements PolicyCheck {
    private static final Verdict WITHIN =
            new Verdict.GoOn(PolicyRule.MESSAGE_SIZE, "what was announced is within the limit");

    @Override
    public PolicyRule rule() {
        return PolicyRule.MESSAGE_SIZE;
    }

    @Override
    public String setting(Peer peer) {
        return LimitCheck.databytes(peer);
    }

    @Override
    public Verdict judge(Peer peer, TransactionView transaction, LookupRequest lookup) {
        return transaction.announced() > peer.rights().databytes()
                ? new Verdict.Refuse(LimitCheck.TOO_BIG, "SIZE=" + transaction.announced())
                : WITHIN;
    }
}
