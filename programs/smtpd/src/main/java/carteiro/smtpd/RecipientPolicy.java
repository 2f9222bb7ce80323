package carteiro.smtpd;

import carteiro.control.Cdb;
import carteiro.control.CdbFile;
import carteiro.control.ControlFiles;
import carteiro.control.Installation;
import carteiro.control.Routing;
import carteiro.control.Routing.Route;
import carteiro.idna.DomainName;
import carteiro.log.LogText;
import carteiro.mail.Address;
import carteiro.protocol.Lookup;
import java.io.IOException;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.time.Duration;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Who may send to whom. A recipient is taken if lookup knows it and it is one of ours (locals, virtualdomains), or if
 * its domain is in rcpthosts (we are its backup), or if the client may send anywhere. Safe for any number of threads.
 */
final class RecipientPolicy {
    /** How long the compiled rcpthosts are taken to be the same without looking. */
    private static final Duration TRUST = Duration.ofSeconds(1);

    private static final Reply BAD_SENDER = Reply.of(553, "5.7.1 mail from this sender is not accepted here");
    private static final Reply FOREIGN = Reply.of(553, "5.7.1 that domain is not in my list of rcpthosts");
    private static final Reply CANNOT_TELL = Reply.of(451, "4.3.0 cannot tell now whether this address exists");

    private final Routing routing;
    private final Routing named;
    private final Set<String> hosts;
    private final Optional<CdbFile> moreHosts;
    private final Relaying relaying;
    private final Set<String> badSenders;
    private final Optional<String> localIpHost;
    private volatile @Nullable Set<String> localLiterals; // from the first address that has one

    /** Whether strangers may send to strangers. */
    private enum Relaying {
        FOR_CLIENTS_ALONE,
        FOR_ANYBODY
    }

    private RecipientPolicy(
            Routing routing,
            Routing named,
            Set<String> hosts,
            Optional<CdbFile> moreHosts,
            Relaying relaying,
            Set<String> badSenders,
            Optional<String> localIpHost) {
        this.routing = routing;
        this.named = named;
        this.hosts = hosts;
        this.moreHosts = moreHosts;
        this.relaying = relaying;
        this.badSenders = badSenders;
        this.localIpHost = localIpHost;
    }

    static RecipientPolicy read(ControlFiles files, Installation installation, Optional<String> me) {
        Optional<List<String>> rcpthosts = files.list("rcpthosts");
        var more = new CdbFile(installation.control("morercpthosts.cdb"), TRUST);
        if (rcpthosts.isPresent()) {
            try {
                more.now();
            } catch (IOException e) {
                files.problem("morercpthosts.cdb", 0, "cannot be used (" + LogText.reason(e) + "); run qmail-newmrh");
            }
        }
        return new RecipientPolicy(
                Routing.read(files),
                withoutCatchAll(files),
                keys(rcpthosts),
                rcpthosts.map(_ -> more),
                files.line("openrelay").orElse("").equals("yes") ? Relaying.FOR_ANYBODY : Relaying.FOR_CLIENTS_ALONE,
                keys(files.list("badmailfrom")),
                files.line("localiphost").or(() -> me));
    }

    /**
     * The same decision without the empty key of virtualdomains. That key sends every foreign domain to a gateway of
     * this host; it must not make all the world's domains ours, since the gateway sends on.
     */
    private static Routing withoutCatchAll(ControlFiles files) {
        var virtual = new LinkedHashMap<>(files.map("virtualdomains").orElseGet(LinkedHashMap::new));
        virtual.remove("");
        return Routing.of(
                files.list("locals").or(() -> files.line("me").map(List::of)).orElse(List.of()),
                virtual,
                files.list("percenthack").orElse(List.of()),
                files.lineOrMe("envnoathost"));
    }

    private static Set<String> keys(Optional<List<String>> lines) {
        var keys = new HashSet<String>();
        lines.orElse(List.of()).forEach(line -> keys.add(DomainName.addressKey(line)));
        return Set.copyOf(keys);
    }

    private boolean isLocalLiteral(String literal) {
        Set<String> literals = localLiterals;
        if (literals == null) {
            literals = localLiterals();
            localLiterals = literals;
        }
        return literals.contains(literal);
    }

    private static Set<String> localLiterals() {
        var literals = new HashSet<String>(Set.of("0.0.0.0", "127.0.0.1"));
        try {
            NetworkInterface.networkInterfaces()
                    .flatMap(NetworkInterface::inetAddresses)
                    .forEach(address -> literals.add(Client.text(address)));
        } catch (SocketException e) {
            return Set.copyOf(literals); // the system does not tell; loopback is sure
        }
        return Set.copyOf(literals);
    }

    /** Whether anybody may send to anywhere. */
    boolean isOpenRelay() {
        return relaying == Relaying.FOR_ANYBODY;
    }

    /** An address at a literal of this host, such as {@code joe@[127.0.0.1]}, gets localiphost as its domain. */
    Address withLocalName(Address address) {
        String octets = address.octets();
        int at = octets.lastIndexOf('@');
        if (localIpHost.isEmpty() || !octets.endsWith("]") || !octets.startsWith("@[", at)) {
            return address;
        }
        String literal = octets.substring(at + 2, octets.length() - 1);
        if (literal.regionMatches(true, 0, "IPv6:", 0, 5)) {
            try {
                literal = Client.text(InetAddress.ofLiteral(literal.substring(5)));
            } catch (IllegalArgumentException e) {
                return address;
            }
        }
        String named = octets.substring(0, at + 1) + localIpHost.get();
        return isLocalLiteral(literal) && named.length() <= Address.LIMIT ? new Address(named) : address;
    }

    /** What is said at RCPT. */
    sealed interface Verdict {
        /**
         * The recipient is taken.
         *
         * @param recipient with RELAYCLIENT appended
         */
        record Accept(Address recipient) implements Verdict {}

        /**
         * It is not.
         *
         * @param why what the log should know beyond the reply; may be empty
         */
        record Refuse(Reply reply, String why) implements Verdict {}
    }

    /** Asks lookup, and waits for it. */
    @FunctionalInterface
    interface LookupRequest {
        /** @throws IOException if lookup cannot be reached */
        Lookup.AddressVerdict ask(Address recipient) throws IOException;
    }

    /** Judges one recipient; may ask lookup and wait for it. */
    Verdict judge(Address sender, Address recipient, Client client, LookupRequest lookup) {
        if (isBad(sender)) {
            return new Verdict.Refuse(BAD_SENDER, "sender is in badmailfrom");
        }
        Optional<String> relayClient = client.relayClient();
        String suffix = relayClient.orElse("");
        if (recipient.octets().length() + suffix.length() > Address.LIMIT) {
            return new Verdict.Refuse(SmtpCommand.TOO_LONG, "");
        }
        Address wanted = suffix.isEmpty() ? recipient : new Address(recipient.octets() + suffix);
        try {
            if (named.route(wanted) instanceof Route.ToRemote(var elsewhere)
                    && !maySend(elsewhere.domain(), relayClient)) {
                return new Verdict.Refuse(FOREIGN, "domain is not in rcpthosts");
            }
            return switch (routing.route(wanted)) {
                case Route.ToRemote _ -> new Verdict.Accept(wanted);
                case Route.ToLocal _ ->
                    switch (lookup.ask(wanted)) {
                        case Lookup.AddressVerdict.KnownAddress() -> new Verdict.Accept(wanted);
                        case Lookup.AddressVerdict.RemoteAddress() ->
                            maySend(wanted.domain(), relayClient)
                                    ? new Verdict.Accept(wanted)
                                    : new Verdict.Refuse(FOREIGN, "lookup calls it remote");
                        case Lookup.AddressVerdict.UnknownAddress(var status, var reason) ->
                            new Verdict.Refuse(Reply.of(550, status, reason), "");
                        case Lookup.AddressVerdict.Undecided(var status, var reason) ->
                            new Verdict.Refuse(
                                    Reply.of(451, status, "cannot tell now whether this address exists"), reason);
                    };
            };
        } catch (IOException e) {
            return new Verdict.Refuse(CANNOT_TELL, String.valueOf(e.getMessage()));
        }
    }

    /** @param domain after rewriting: a percent hack must not lead past rcpthosts */
    private boolean maySend(String domain, Optional<String> relayClient) throws IOException {
        return relayClient.isPresent() || relaying == Relaying.FOR_ANYBODY || isOurs(domain);
    }

    private boolean isBad(Address sender) {
        if (badSenders.isEmpty()) {
            return false;
        }
        String key = DomainName.addressKey(sender.octets());
        int at = key.lastIndexOf('@');
        return badSenders.contains(key) || at >= 0 && badSenders.contains(key.substring(at));
    }

    /** The domain itself, or a suffix of it that begins with a dot. */
    private boolean isOurs(String domain) throws IOException {
        Optional<Cdb> more = moreHosts.isPresent() ? moreHosts.get().now() : Optional.empty();
        for (String form : DomainName.forms(domain)) { // a cdb that other tools made may hold either
            for (int at = 0; at >= 0; at = form.indexOf('.', at + 1)) {
                String name = form.substring(at);
                if (hosts.contains(name)
                        || more.isPresent() && more.get().first(name).isPresent()) {
                    return true;
                }
            }
        }
        return false;
    }
}
