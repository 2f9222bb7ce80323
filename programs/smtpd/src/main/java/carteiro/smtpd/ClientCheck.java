package carteiro.smtpd;

import carteiro.control.TcpRules;
import java.util.TreeMap;

/** Whether the client is served at all, see docs/control/tcp.smtp.md. */
final class ClientCheck implements PolicyCheck {
    private static final Verdict SERVED = new Verdict.GoOn(PolicyRule.CLIENTS, "the client is served");
    private static final Verdict DENIED = new Verdict.Refuse(
            PolicyRule.CLIENTS.reply(554, "5.7.1 no service for you here"), "control/tcp.smtp denies it");

    @Override
    public PolicyRule rule() {
        return PolicyRule.CLIENTS;
    }

    @Override
    public String setting(Peer peer) {
        return switch (peer.rule()) {
            case TcpRules.Rule.Allow(var variables) -> {
                var allow = new StringBuilder("allow");
                new TreeMap<>(variables)
                        .forEach((name, value) -> allow.append(',')
                                .append(name)
                                .append("=\"")
                                .append(value)
                                .append('"'));
                yield allow.toString();
            }
            case TcpRules.Rule.Deny() -> "deny";
        };
    }

    @Override
    public Verdict judge(Peer peer, TransactionView transaction, LookupRequest lookup) {
        return switch (peer.rule()) {
            case TcpRules.Rule.Allow _ -> SERVED;
            case TcpRules.Rule.Deny _ -> DENIED;
        };
    }
}
