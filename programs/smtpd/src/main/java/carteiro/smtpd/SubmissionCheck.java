package carteiro.smtpd;

import carteiro.listen.ListenerRole.RoleWord;

/** At a listener for submission only those are served that have logged in, or may send to anywhere anyhow (RFC 6409 section 4.3). */
final class SubmissionCheck implements PolicyCheck {
    private static final Verdict SERVED =
            new Verdict.GoOn(PolicyRule.SUBMISSION, "the client may send to anywhere (RELAYCLIENT)");
    private static final Verdict LOGGED_IN = new Verdict.GoOn(PolicyRule.SUBMISSION, "the client has logged in");
    private static final Verdict REFUSED = new Verdict.Refuse(
            PolicyRule.SUBMISSION.reply(530, "5.7.0 this port is for users of this host alone, log in first"),
            "it has neither logged in nor RELAYCLIENT in control/tcp.smtp");

    @Override
    public PolicyRule rule() {
        return PolicyRule.SUBMISSION;
    }

    @Override
    public boolean isFor(Peer peer) {
        return peer.role().has(RoleWord.SUBMISSION);
    }

    @Override
    public String setting(Peer peer) {
        return "";
    }

    @Override
    public Verdict judge(Peer peer, TransactionView transaction, LookupRequest lookup) {
        if (peer.rights().login().isPresent()) {
            return LOGGED_IN;
        }
        return peer.rights().mayRelay() ? SERVED : REFUSED;
    }
}
