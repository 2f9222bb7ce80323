package carteiro.lookup;

import carteiro.control.ControlFiles;
import carteiro.control.Settings;
import carteiro.idna.DomainName;
import carteiro.mail.Address;
import carteiro.mail.Octets;
import carteiro.protocol.LookupExplanation.RoutingView;
import carteiro.protocol.Route;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * qmail-send's rewriting and its decision between local and remote, from locals, virtualdomains, percenthack and
 * envnoathost. Pure; no DNS.
 */
final class RoutingTables implements RoutingView {
    private final Set<String> locals;
    private final Map<String, String> virtualDomains;
    private final Set<String> percentHack;
    private final String hostForBareNames;
    private final Set<String> domainsOfAddresses; // that virtualdomains names

    private RoutingTables(
            Set<String> locals, Map<String, String> virtualDomains, Set<String> percentHack, String bareHost) {
        this.locals = locals;
        this.virtualDomains = virtualDomains;
        this.percentHack = percentHack;
        this.hostForBareNames = bareHost;
        this.domainsOfAddresses = virtualDomains.keySet().stream()
                .filter(key -> key.indexOf('@') >= 0)
                .map(key -> key.substring(key.lastIndexOf('@') + 1))
                .collect(Collectors.toUnmodifiableSet());
    }

    /** Reads the four files; notes a problem if there is neither locals nor me. */
    static RoutingTables read(ControlFiles files) {
        List<String> locals = files.get(Settings.LOCALS);
        return of(
                locals,
                files.get(Settings.VIRTUALDOMAINS),
                files.get(Settings.PERCENTHACK),
                files.get(Settings.ENVNOATHOST));
    }

    /**
     * A routing from values; every key is compared without case, in UTF-8 or in ASCII form.
     *
     * @param virtualDomains in the order of their lines: of two keys of one domain or address the last counts
     */
    static RoutingTables of(
            List<String> locals, Map<String, String> virtualDomains, List<String> percentHack, String envNoAtHost) {
        var keys = new HashMap<String, String>();
        virtualDomains.forEach((key, value) -> keys.put(DomainName.addressKey(key), value));
        return new RoutingTables(keys(locals), Map.copyOf(keys), keys(percentHack), envNoAtHost);
    }

    /** The same routing with the locals and virtualdomains of another: what HUP re-reads in qmail. */
    RoutingTables withTablesOf(RoutingTables other) {
        return new RoutingTables(other.locals, other.virtualDomains, percentHack, hostForBareNames);
    }

    /**
     * What becomes of an envelope recipient.
     *
     * @param ours whether its domain or address is named in locals or virtualdomains. The empty key of virtualdomains names none: it
     *     sends every foreign domain to a gateway of this host
     */
    record RoutedRecipient(Route route, boolean ours) {
        /** Its domain after rewriting, as it was written; empty if it has none. */
        String domain() {
            return route.visible().domain();
        }
    }

    @Override
    public Route route(Address envelopeRecipient) {
        return routed(envelopeRecipient).route();
    }

    @Override
    public boolean isOurs(Address envelopeRecipient) {
        return routed(envelopeRecipient).ours();
    }

    @Override
    public Set<String> keys() {
        var keys = new HashSet<>(locals);
        keys.addAll(virtualDomains.keySet());
        keys.addAll(percentHack);
        return keys;
    }

    /** Rewrites and decides. A rewritten address that would exceed {@link Address#LIMIT} goes remote unchanged. */
    RoutedRecipient routed(Address envelopeRecipient) {
        String address = envelopeRecipient.octets();
        if (!envelopeRecipient.hasDomain()) {
            address = address + "@" + hostForBareNames;
        }
        address = unfoldPercents(address);
        int at = address.lastIndexOf('@');
        String domain = DomainName.key(address.substring(at + 1));
        if (address.length() > Address.LIMIT) {
            return elsewhere(envelopeRecipient);
        }
        var rewritten = new Address(address);
        if (locals.contains(domain)) {
            return new RoutedRecipient(new Route.ToLocal(rewritten, rewritten), true);
        }
        String named = prefixFor(Octets.lowerCase(address.substring(0, at + 1)) + domain, domain);
        String prefix = named == null ? virtualDomains.getOrDefault("", "") : named;
        if (prefix.isEmpty() || prefix.length() + 1 + address.length() > Address.LIMIT) {
            return elsewhere(rewritten);
        }
        return new RoutedRecipient(new Route.ToLocal(new Address(prefix + "-" + address), rewritten), named != null);
    }

    /** Whether every address of its domain goes to remote as it is. */
    boolean isForeign(Address recipient) {
        String domain = DomainName.key(recipient.domain());
        if (!recipient.hasDomain()
                || locals.contains(domain)
                || percentHack.contains(domain)
                || domainsOfAddresses.contains(domain)) {
            return false;
        }
        String named = prefixFor("", domain);
        return (named == null ? virtualDomains.getOrDefault("", "") : named).isEmpty();
    }

    private static RoutedRecipient elsewhere(Address recipient) {
        return new RoutedRecipient(new Route.ToRemote(recipient), false);
    }

    private String unfoldPercents(String address) {
        String unfolded = address;
        while (true) {
            int at = unfolded.lastIndexOf('@');
            if (!percentHack.contains(DomainName.key(unfolded.substring(at + 1)))) {
                return unfolded;
            }
            int percent = unfolded.lastIndexOf('%', at);
            if (percent < 0) {
                return unfolded;
            }
            unfolded = unfolded.substring(0, percent) + "@" + unfolded.substring(percent + 1, at);
        }
    }

    /** Null if no key but the empty one may hold. */
    private @Nullable String prefixFor(String address, String domain) {
        String prefix = address.isEmpty() ? null : virtualDomains.get(address);
        if (prefix == null && !domain.isEmpty()) {
            prefix = virtualDomains.get(domain);
        }
        for (int dot = domain.indexOf('.'); prefix == null && dot >= 0; dot = domain.indexOf('.', dot + 1)) {
            prefix = virtualDomains.get(domain.substring(dot));
        }
        return prefix;
    }

    private static Set<String> keys(List<String> names) {
        var keys = new HashSet<String>();
        names.forEach(name -> keys.add(DomainName.key(name)));
        return Set.copyOf(keys);
    }
}
