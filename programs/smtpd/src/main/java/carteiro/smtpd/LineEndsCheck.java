package carteiro.smtpd;

/**
 * Lines end in CRLF (RFC 5321 section 2.3.8). After a CR or an LF alone nobody knows where the message ends, so that the
 * conversation does.
 */
final class LineEndsCheck implements PolicyCheck {
    /** Said in a command too. */
    static final Verdict.RefuseAndEnd BARE_LF = new Verdict.RefuseAndEnd(
            PolicyRule.LINE_ENDS.reply(500, "5.5.2 LF without CR: lines end in CRLF (RFC 5321 2.3.8)"), "bare LF");

    /** Said in a command too. */
    static final Verdict.RefuseAndEnd BARE_CR = new Verdict.RefuseAndEnd(
            PolicyRule.LINE_ENDS.reply(500, "5.5.2 CR without LF: lines end in CRLF (RFC 5321 2.3.8)"), "bare CR");

    private static final Verdict WHOLE = new Verdict.GoOn(PolicyRule.LINE_ENDS, "lines end in CRLF");

    @Override
    public PolicyRule rule() {
        return PolicyRule.LINE_ENDS;
    }

    @Override
    public String setting(Peer peer) {
        return "";
    }

    @Override
    public Verdict judge(Peer peer, TransactionView transaction, LookupRequest lookup) {
        return switch (transaction.text().state()) {
            case BARE_LF -> BARE_LF;
            case BARE_CR -> BARE_CR;
            case OPEN, ENDED -> WHOLE;
        };
    }
}
