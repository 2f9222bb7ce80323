package carteiro.smtpd;

/** A message is text: no octet of value 0 (RFC 5322 section 4). */
final class NulCheck implements PolicyCheck {
    private static final Verdict NONE = new Verdict.GoOn(PolicyRule.NUL_OCTETS, "there is no octet of value 0");
    private static final Verdict FOUND =
            new Verdict.Refuse(PolicyRule.NUL_OCTETS.reply(554, "5.6.0 the message holds an octet of value 0"), "");

    @Override
    public PolicyRule rule() {
        return PolicyRule.NUL_OCTETS;
    }

    @Override
    public String setting(Peer peer) {
        return "";
    }

    @Override
    public Verdict judge(Peer peer, TransactionView transaction, LookupRequest lookup) {
        return transaction.text().hasNul() ? FOUND : NONE;
    }
}
