package carteiro.smtpd;

import carteiro.control.ControlFiles;
import carteiro.control.Routing;
import carteiro.control.Routing.Route;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;

/** A recipient of another host needs a domain in rcpthosts (we are its backup), or a client that may send anywhere. */
final class RelayCheck implements PolicyCheck {
    private static final Reply FOREIGN =
            PolicyRule.RELAYING.reply(553, "5.7.1 that domain is not in my list of rcpthosts");

    private static final Verdict OURS =
            new Verdict.GoOn(PolicyRule.RELAYING, "the domain is in locals or virtualdomains");
    private static final Verdict REFUSED = new Verdict.Refuse(FOREIGN, "domain is not in rcpthosts");

    /** Lookup knows better than locals and virtualdomains whose it is. */
    static final Verdict CALLED_REMOTE = new Verdict.Refuse(FOREIGN, "lookup calls it remote");

    private final Routing named;
    private final RelayHosts hosts;

    private RelayCheck(Routing named, RelayHosts hosts) {
        this.named = named;
        this.hosts = hosts;
    }

    /**
     * By the decision between here and elsewhere, without the empty key of virtualdomains. That key sends every foreign
     * domain to a gateway of this host; it must not make all the world's domains ours, since the gateway sends on.
     */
    static RelayCheck read(ControlFiles files, RelayHosts hosts) {
        var virtual = new LinkedHashMap<>(files.map("virtualdomains").orElseGet(LinkedHashMap::new));
        virtual.remove("");
        return new RelayCheck(
                Routing.of(
                        files.list("locals")
                                .or(() -> files.line("me").map(List::of))
                                .orElse(List.of()),
                        virtual,
                        files.list("percenthack").orElse(List.of()),
                        files.lineOrMe("envnoathost")),
                hosts);
    }

    @Override
    public PolicyRule rule() {
        return PolicyRule.RELAYING;
    }

    @Override
    public String setting(Peer peer) {
        return hosts.toString();
    }

    @Override
    public Verdict judge(Peer peer, TransactionView transaction, LookupRequest lookup) {
        Route route = named.route(peer.rights().kept(transaction.recipient()));
        try {
            return switch (route) {
                case Route.ToLocal _ -> OURS;
                case Route.ToRemote(var elsewhere) ->
                    hosts.relayGround(peer.rights(), elsewhere.domain())
                            .<Verdict>map(ground -> new Verdict.GoOn(PolicyRule.RELAYING, ground.toString()))
                            .orElse(REFUSED);
            };
        } catch (IOException e) {
            return new Verdict.NotNow(KnownRecipientCheck.CANNOT_TELL, String.valueOf(e.getMessage()));
        }
    }
}
