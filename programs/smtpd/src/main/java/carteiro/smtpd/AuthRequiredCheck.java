package carteiro.smtpd;

import carteiro.control.ControlFiles;
import carteiro.control.Settings;
import carteiro.control.TcpRules;

/** Nobody sends without a login, where control/authrequired or AUTHREQUIRED says so; AUTHORIZED counts as one (qmail-LDAP). */
final class AuthRequiredCheck implements PolicyCheck {
    private static final Verdict LOGGED_IN = new Verdict.GoOn(PolicyRule.AUTH_REQUIRED, "the client has logged in");
    private static final Verdict AUTHORIZED =
            new Verdict.GoOn(PolicyRule.AUTH_REQUIRED, "AUTHORIZED is set, which counts as a login");
    private static final Verdict REFUSED =
            new Verdict.Refuse(PolicyRule.AUTH_REQUIRED.reply(530, "5.7.0 log in first"), "it has not logged in");

    private final boolean everywhere;

    private AuthRequiredCheck(boolean everywhere) {
        this.everywhere = everywhere;
    }

    static AuthRequiredCheck read(ControlFiles files) {
        return new AuthRequiredCheck(files.get(Settings.AUTHREQUIRED));
    }

    @Override
    public PolicyRule rule() {
        return PolicyRule.AUTH_REQUIRED;
    }

    @Override
    public boolean isFor(Peer peer) {
        return everywhere || peer.client().variables().containsKey(TcpRules.AUTHREQUIRED);
    }

    @Override
    public String setting(Peer peer) {
        return everywhere ? "1" : "AUTHREQUIRED";
    }

    @Override
    public Verdict judge(Peer peer, TransactionView transaction, LookupRequest lookup) {
        if (peer.rights().login().isPresent()) {
            return LOGGED_IN;
        }
        return peer.client().variables().containsKey(TcpRules.AUTHORIZED) ? AUTHORIZED : REFUSED;
    }
}
