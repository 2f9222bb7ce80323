package carteiro.smtpd;

import carteiro.protocol.Passwords.SendingVerdict;
import java.io.IOException;

/** Who has logged in sends no more in an hour and a day than control/accountlimits says; lookup counts. The last check of all. */
final class AccountLimitCheck implements PolicyCheck {
    private static final Verdict WITHIN =
            new Verdict.GoOn(PolicyRule.ACCOUNT_LIMIT, "the account has not sent what it may");
    private static final Reply STOPPED =
            PolicyRule.ACCOUNT_STOPPED.reply(550, "5.7.1 the account you logged in to may send nothing");
    private static final Reply CANNOT_TELL =
            PolicyRule.ACCOUNT_LIMIT.reply(451, "4.3.0 how much the account has sent cannot be told now");

    @Override
    public PolicyRule rule() {
        return PolicyRule.ACCOUNT_LIMIT;
    }

    @Override
    public boolean isFor(Peer peer) {
        return peer.rights().login().isPresent();
    }

    @Override
    public String setting(Peer peer) {
        return "";
    }

    @Override
    public Verdict judge(Peer peer, TransactionView transaction, LookupRequest lookup) {
        String account = peer.rights().login().orElseThrow();
        try {
            return switch (lookup.sending(account, transaction.recipients())) {
                case SendingVerdict.SendingAllowed() -> WITHIN;
                case SendingVerdict.OverLimit(var limit, var left) ->
                    new Verdict.NotNow(
                            PolicyRule.ACCOUNT_LIMIT.reply(
                                    450,
                                    "4.7.1 the account you logged in to may send " + limit + "; try again in "
                                            + Math.ceilDiv(left.toSeconds(), 60) + " minutes"),
                            limit);
                case SendingVerdict.AccountStopped() -> new Verdict.Refuse(STOPPED, "");
            };
        } catch (IOException e) {
            return new Verdict.NotNow(CANNOT_TELL, String.valueOf(e.getMessage()));
        }
    }
}
