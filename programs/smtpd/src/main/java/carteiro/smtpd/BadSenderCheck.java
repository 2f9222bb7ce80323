package carteiro.smtpd;

import carteiro.control.ControlFiles;
import carteiro.control.Settings;
import carteiro.idna.DomainName;
import java.util.HashSet;
import java.util.Set;

/** The sender is not in control/badmailfrom; as in qmail, it is told so at each recipient. */
final class BadSenderCheck implements PolicyCheck {
    private static final Verdict GOOD = new Verdict.GoOn(PolicyRule.SENDERS, "the sender is not in it");
    private static final Verdict BAD = new Verdict.Refuse(
            PolicyRule.SENDERS.reply(553, "5.7.1 mail from this sender is not accepted here"),
            "sender is in badmailfrom");

    private final Set<String> senders;

    private BadSenderCheck(Set<String> senders) {
        this.senders = senders;
    }

    static BadSenderCheck read(ControlFiles files) {
        var senders = new HashSet<String>();
        files.get(Settings.BADMAILFROM).forEach(line -> senders.add(DomainName.addressKey(line)));
        return new BadSenderCheck(Set.copyOf(senders));
    }

    @Override
    public PolicyRule rule() {
        return PolicyRule.SENDERS;
    }

    @Override
    public String setting(Peer peer) {
        return senders.size() + (senders.size() == 1 ? " line" : " lines");
    }

    @Override
    public Verdict judge(Peer peer, TransactionView transaction, LookupRequest lookup) {
        if (senders.isEmpty()) {
            return GOOD;
        }
        String key = DomainName.addressKey(transaction.sender().octets());
        int at = key.lastIndexOf('@');
        return senders.contains(key) || at >= 0 && senders.contains(key.substring(at)) ? BAD : GOOD;
    }
}
