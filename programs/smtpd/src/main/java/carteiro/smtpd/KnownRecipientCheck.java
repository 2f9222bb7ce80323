package carteiro.smtpd;

import carteiro.protocol.Lookup.AddressVerdict;
import carteiro.protocol.Lookup.LookupQuestion;
import carteiro.protocol.Lookup.RecipientAnswer;
import java.io.IOException;

/** A recipient of this host is known to lookup. */
final class KnownRecipientCheck implements PolicyCheck {
    private static final String CANNOT = "cannot tell now whether this address exists";

    static final Reply CANNOT_TELL = PolicyRule.UNDECIDED_RECIPIENT.reply(451, "4.3.0 " + CANNOT);

    private static final Verdict ELSEWHERE =
            new Verdict.GoOn(PolicyRule.UNKNOWN_RECIPIENT, "it is another host's, and not looked for");
    private static final Verdict KNOWN = new Verdict.GoOn(PolicyRule.UNKNOWN_RECIPIENT, "lookup knows it");

    private final RelayHosts hosts;

    KnownRecipientCheck(RelayHosts hosts) {
        this.hosts = hosts;
    }

    @Override
    public PolicyRule rule() {
        return PolicyRule.UNKNOWN_RECIPIENT;
    }

    @Override
    public String setting(Peer peer) {
        return "";
    }

    @Override
    public Verdict judge(Peer peer, TransactionView transaction, LookupRequest lookup) {
        LookupQuestion question = transaction.question(peer.rights());
        try {
            RecipientAnswer answer = answer(question, lookup);
            return switch (answer.verdict()) {
                case AddressVerdict.KnownAddress() -> KNOWN;
                case AddressVerdict.RemoteAddress()
                when answer.ours() ->
                    hosts.relayGround(peer.rights(), question.recipient().domain())
                            .<Verdict>map(ground -> new Verdict.GoOn(
                                    PolicyRule.UNKNOWN_RECIPIENT, "lookup calls it remote, and " + ground))
                            .orElse(RelayCheck.CALLED_REMOTE);
                case AddressVerdict.RemoteAddress(), AddressVerdict.GatewayAddress() -> ELSEWHERE;
                case AddressVerdict.UnknownAddress(var status, var reason) ->
                    new Verdict.Refuse(PolicyRule.UNKNOWN_RECIPIENT.reply(550, status, reason), "");
                case AddressVerdict.Undecided(var status, var reason) ->
                    new Verdict.NotNow(PolicyRule.UNDECIDED_RECIPIENT.reply(451, status, CANNOT), reason);
            };
        } catch (IOException e) {
            return new Verdict.NotNow(CANNOT_TELL, String.valueOf(e.getMessage()));
        }
    }

    /** What may be sent to a gateway is looked for now; see {@link RelayCheck}, which stands before this. */
    private static RecipientAnswer answer(LookupQuestion question, LookupRequest lookup) throws IOException {
        RecipientAnswer answer = lookup.ask(question);
        return answer.verdict() instanceof AddressVerdict.GatewayAddress ? lookup.ask(question.relaying()) : answer;
    }
}
