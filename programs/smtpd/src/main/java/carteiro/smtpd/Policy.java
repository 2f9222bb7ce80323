package carteiro.smtpd;

import carteiro.control.ControlFiles;
import carteiro.control.Installation;
import carteiro.mail.Envelope.AddressForm;
import carteiro.smtpd.PolicyCheck.LookupRequest;
import carteiro.smtpd.Verdict.Refusal;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Which checks there are at each stage, in their order. Safe for any number of threads. */
final class Policy {
    private final Map<Stage, List<PolicyCheck>> checks;
    private final RelayHosts hosts;

    private Policy(Map<Stage, List<PolicyCheck>> checks, RelayHosts hosts) {
        this.checks = checks;
        this.hosts = hosts;
    }

    /** The checks with their control files; what is wrong in these is noted. */
    static Policy read(
            ControlFiles files, Installation installation, int recipients, long linebytes, AddressForm widestForm) {
        var hosts = RelayHosts.read(files, installation);
        var checks = Map.of(
                Stage.CONNECTED,
                List.<PolicyCheck>of(new ClientCheck()),
                Stage.GREETED,
                List.<PolicyCheck>of(),
                Stage.SENDER,
                List.<PolicyCheck>of(
                        new SubmissionCheck(),
                        AuthRequiredCheck.read(files),
                        new OwnSenderCheck(),
                        new FileNamesCheck(widestForm),
                        new AnnouncedSizeCheck()),
                Stage.RECIPIENT,
                List.<PolicyCheck>of(
                        LimitCheck.recipients(recipients),
                        BadSenderCheck.read(files),
                        LimitCheck.recipientLength(),
                        new RelayCheck(hosts),
                        new KnownRecipientCheck(hosts)),
                Stage.TEXT,
                List.of(LimitCheck.size(), LimitCheck.nulOctets(), LimitCheck.lineLength(linebytes)),
                Stage.MESSAGE,
                List.of(new LineEndsCheck(), LimitCheck.hops(), new OwnAuthorCheck(), new AccountLimitCheck()));
        return new Policy(checks, hosts);
    }

    /** Hears what each check says; {@code carteiro explain} prints it. */
    @FunctionalInterface
    interface PolicyTrace {
        /** Nobody listens. */
        PolicyTrace NONE = (_, _) -> {};

        void said(PolicyCheck check, Verdict verdict);
    }

    /** What the first check says that does not go on; empty if all do. */
    Optional<Refusal> judge(Stage stage, Peer peer, TransactionView transaction, LookupRequest lookup) {
        return judge(stage, peer, transaction, lookup, PolicyTrace.NONE);
    }

    /** The same, step by step. */
    Optional<Refusal> judge(
            Stage stage, Peer peer, TransactionView transaction, LookupRequest lookup, PolicyTrace trace) {
        var once = new AskedOnce(lookup);
        for (PolicyCheck check : checks.getOrDefault(stage, List.of())) {
            if (!check.isFor(peer)) {
                continue;
            }
            Verdict verdict = check.judge(peer, transaction, once);
            trace.said(check, verdict);
            if (verdict instanceof Refusal refusal) {
                return Optional.of(refusal);
            }
        }
        return Optional.empty();
    }

    /** Whether anybody may send to anywhere. */
    boolean isOpenRelay() {
        return hosts.isOpenRelay();
    }

    /** The checks of a stage that are made of such a peer. */
    List<PolicyCheck> checks(Stage stage, Peer peer) {
        return checks.getOrDefault(stage, List.of()).stream()
                .filter(check -> check.isFor(peer))
                .toList();
    }
}
