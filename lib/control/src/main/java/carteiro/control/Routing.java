package carteiro.control;

import carteiro.idna.DomainName;
import carteiro.mail.Address;
import carteiro.mail.Octets;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * qmail-send's rewriting and its decision between local and remote, from locals, virtualdomains, percenthack and
 * envnoathost. Pure; no DNS.
 */
public final class Routing {
    private final Set<String> locals;
    private final Map<String, String> virtualDomains;
    private final Set<String> percentHack;
    private final String hostForBareNames;

    private Routing(Set<String> locals, Map<String, String> virtualDomains, Set<String> percentHack, String bareHost) {
        this.locals = locals;
        this.virtualDomains = virtualDomains;
        this.percentHack = percentHack;
        this.hostForBareNames = bareHost;
    }

    /** Reads the four files; notes a problem if there is neither locals nor me. */
    public static Routing read(ControlFiles files) {
        List<String> locals =
                files.list("locals").or(() -> files.line("me").map(List::of)).orElse(List.of());
        if (files.text("locals").isEmpty() && files.line("me").isEmpty()) {
            files.problem("me", 0, "is missing, and so is control/locals; write the host's full name into control/me");
        }
        return of(
                locals,
                files.map("virtualdomains").orElseGet(LinkedHashMap::new),
                files.list("percenthack").orElse(List.of()),
                files.lineOrMe("envnoathost"));
    }

    /**
     * A routing from values; every key is compared without case, in UTF-8 or in ASCII form.
     *
     * @param virtualDomains in the order of their lines: of two keys of one domain or address the last counts
     */
    public static Routing of(
            List<String> locals, Map<String, String> virtualDomains, List<String> percentHack, String envNoAtHost) {
        var keys = new HashMap<String, String>();
        virtualDomains.forEach((key, value) -> keys.put(DomainName.addressKey(key), value));
        return new Routing(keys(locals), Map.copyOf(keys), keys(percentHack), envNoAtHost);
    }

    /** The same routing with the locals and virtualdomains of another: what HUP re-reads in qmail. */
    public Routing withTablesOf(Routing other) {
        return new Routing(other.locals, other.virtualDomains, percentHack, hostForBareNames);
    }

    /** Where an envelope recipient goes. */
    public sealed interface Route {
        /** The recipient after rewriting, as it stands in the log. */
        Address recipient();

        /**
         * To local.
         *
         * @param visible the address to show in a bounce: without a virtual domain's prefix
         */
        record ToLocal(Address recipient, Address visible) implements Route {}

        /** To remote. */
        record ToRemote(Address recipient) implements Route {}
    }

    /** Rewrites and decides. A rewritten address that would exceed {@link Address#LIMIT} goes remote unchanged. */
    public Route route(Address envelopeRecipient) {
        String address = envelopeRecipient.octets();
        if (!envelopeRecipient.hasDomain()) {
            address = address + "@" + hostForBareNames;
        }
        address = unfoldPercents(address);
        int at = address.lastIndexOf('@');
        String domain = DomainName.key(address.substring(at + 1));
        if (address.length() > Address.LIMIT) {
            return new Route.ToRemote(envelopeRecipient);
        }
        if (locals.contains(domain)) {
            return new Route.ToLocal(new Address(address), new Address(address));
        }
        String prefix = prefixFor(Octets.lowerCase(address.substring(0, at + 1)) + domain, domain);
        if (prefix.isEmpty() || prefix.length() + 1 + address.length() > Address.LIMIT) {
            return new Route.ToRemote(new Address(address));
        }
        return new Route.ToLocal(new Address(prefix + "-" + address), new Address(address));
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

    private String prefixFor(String address, String domain) {
        String prefix = virtualDomains.get(address);
        if (prefix == null) {
            prefix = virtualDomains.get(domain);
        }
        for (int dot = domain.indexOf('.'); prefix == null && dot >= 0; dot = domain.indexOf('.', dot + 1)) {
            prefix = virtualDomains.get(domain.substring(dot));
        }
        if (prefix == null) {
            prefix = virtualDomains.get("");
        }
        return prefix == null ? "" : prefix;
    }

    private static Set<String> keys(List<String> names) {
        var keys = new HashSet<String>();
        names.forEach(name -> keys.add(DomainName.key(name)));
        return Set.copyOf(keys);
    }
}
