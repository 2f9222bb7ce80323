package carteiro.lookup;

import carteiro.control.ControlException;
import carteiro.idna.DomainName;
import carteiro.lookup.EntryFaultException.Blame;
import carteiro.lookup.LdapAccounts.Extension;
import carteiro.lookup.LdapServers.Found;
import carteiro.mail.Address;
import carteiro.mail.Octets;
import carteiro.mail.Status;
import carteiro.protocol.Lookup.Answer;
import carteiro.wire.Watchdog;
import com.unboundid.ldap.sdk.Filter;
import com.unboundid.ldap.sdk.LDAPException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.LongAdder;

/**
 * A directory of qmailUser entries, found by mail and mailAlternateAddress below one base. For an address the whole of
 * it is tried, then the catch-alls that could stand for it, each remembered for a short time.
 */
final class LdapSource implements Source {
    /** What a catch-all entry has before the {@code @}. */
    private static final String CATCHALL = "catchall";

    /** So many hyphens of a local part may begin an extension; the others are part of it. */
    private static final int MOST_DASHES = 4;

    /** Keys remembered. */
    private static final int REMEMBERED = 20_000;

    /** Octets of memory for what is remembered. */
    static final long MOST_OCTETS = 32 << 20;

    private final LdapSettings settings;
    private final LdapServers servers;
    private final Alarms alarms;
    private final List<Filter> always;
    private final BriefMemory<Known> memory =
            new BriefMemory<>(REMEMBERED, MOST_OCTETS, LdapSource::octets, System::nanoTime);
    private final LongAdder remembered = new LongAdder();

    /** What the directory said of one key; more than one entry is not remembered. */
    private sealed interface Known {
        /** This entry has it. */
        record One(DirectoryEntry entry) implements Known {}

        /** No entry has it. */
        record None() implements Known {}

        /** An entry has it that cannot be read. */
        record Unreadable(String dn, String reason) implements Known {}
    }

    private static long octets(Known known) {
        return switch (known) {
            case Known.One(var entry) -> entry.octets();
            case Known.None() -> 0;
            case Known.Unreadable(var dn, var reason) -> 200L + 2L * (dn.length() + reason.length());
        };
    }

    /** One key to search for. */
    record Candidate(String key, Extension extension) {}

    /** @throws ControlException if a setting cannot be used */
    LdapSource(LdapSettings settings, Alarms alarms, Watchdog watchdog) throws ControlException {
        this.settings = settings;
        this.alarms = alarms;
        this.always = objectClasses(settings.objectClass());
        this.servers = new LdapServers(settings, alarms, watchdog);
    }

    /** Whether a source can be made of these settings; nothing is connected. */
    static void check(LdapSettings settings) throws ControlException {
        var _ = objectClasses(settings.objectClass());
        var _ = LdapServers.tls(settings);
    }

    private static List<Filter> objectClasses(String text) throws ControlException {
        if (text.isEmpty()) {
            return List.of();
        }
        try { // in two, so that a)(objectClass=b works, as it does in qmail-LDAP
            return List.of(Filter.create("(&(objectClass=" + text + "))").getComponents());
        } catch (LDAPException e) {
            throw new ControlException(List.of("control/ldapobjectclass:1: \"" + text
                    + "\" does not make a filter of (objectClass=" + text + "): " + e.getMessage()));
        }
    }

    @Override
    public SourceName name() {
        return SourceName.LDAP;
    }

    @Override
    public Optional<Answer> ask(Address recipient, Deadline deadline, Trail trail) {
        if (!recipient.hasDomain()) {
            trail.step(() -> "ldap: an address without a domain is in no directory");
            return Optional.empty();
        }
        for (Candidate candidate : candidates(recipient, settings.aliasDomains())) {
            Known known = memory.recall(DomainName.addressKey(candidate.key));
            if (known == null) {
                switch (servers.search(filter(candidate.key), LdapAccounts.ATTRIBUTES, deadline)) {
                    case Found.Nothing(var status, var reason) -> {
                        trail.step(() -> "ldap: " + filter(candidate.key) + ": " + reason);
                        return Optional.of(new Answer.NotNow(status, reason));
                    }
                    case Found.Entries(var entries)
                    when entries.size() > 1 -> {
                        return Optional.of(ambiguous(candidate, entries, trail));
                    }
                    case Found.Entries(var entries) ->
                        known = entries.isEmpty() ? new Known.None() : new Known.One(entries.getFirst());
                    case Found.Unreadable(var dn, var reason) -> known = new Known.Unreadable(dn, reason);
                }
                remember(candidate, known);
            } else {
                remembered.increment();
            }
            switch (known) {
                case Known.One(var entry) -> {
                    trail.step(() -> "ldap: " + filter(candidate.key) + " finds " + entry.dn());
                    return Optional.of(answer(recipient, entry, candidate.extension));
                }
                case Known.Unreadable(var dn, var reason) -> {
                    trail.step(() -> "ldap: " + filter(candidate.key) + " finds " + dn + ", which " + reason);
                    return Optional.of(faulty(recipient, dn, new EntryFaultException(Blame.OURS, reason)));
                }
                case Known.None() -> trail.step(() -> "ldap: " + filter(candidate.key) + " finds nothing");
            }
        }
        return Optional.empty();
    }

    private void remember(Candidate candidate, Known known) {
        memory.keep(
                DomainName.addressKey(candidate.key),
                known,
                switch (known) {
                    case Known.One _ -> settings.remembered();
                    case Known.None _, Known.Unreadable _ -> settings.remembersNone();
                });
    }

    private Answer answer(Address recipient, DirectoryEntry entry, Extension extension) {
        try {
            return LdapAccounts.answer(
                    entry,
                    extension,
                    settings,
                    oddity -> alarms.raise(entry.dn() + " " + oddity, new LookupEvent.EntryOddity(entry.dn(), oddity)));
        } catch (EntryFaultException e) {
            return faulty(recipient, entry.dn(), e);
        }
    }

    private Answer faulty(Address recipient, String dn, EntryFaultException fault) {
        alarms.raise(dn + " " + fault.sentence(), new LookupEvent.EntryFault(dn, recipient.octets(), fault.sentence()));
        String reason = "entry " + dn + ": " + fault.sentence();
        return switch (fault.blame()) {
            case OURS -> new Answer.NotNow(LdapServers.FAULT, reason);
            case ENTRY -> fault(reason);
        };
    }

    private Answer ambiguous(Candidate candidate, List<DirectoryEntry> entries, Trail trail) {
        List<String> names = entries.stream().map(DirectoryEntry::dn).toList();
        trail.step(() -> "ldap: " + filter(candidate.key) + " finds several: " + String.join("; ", names));
        alarms.raise("ambiguous " + names, new LookupEvent.Ambiguous(candidate.key, names));
        return fault("the address stands in several entries: " + String.join("; ", names));
    }

    /** Trouble with the data, not with the sender: mail waits, unless the operator wants it back. */
    private Answer fault(String reason) {
        return switch (settings.faults()) {
            case DEFER -> new Answer.NotNow(LdapServers.FAULT, reason);
            case BOUNCE ->
                new Answer.Unknown(new Status(5, 3, 5), "The directory's entry of this address cannot be used.");
        };
    }

    private Filter filter(String key) {
        int at = key.lastIndexOf('@');
        var either = new ArrayList<Filter>();
        for (String domain : domains(key.substring(at + 1))) {
            byte[] octets = Octets.bytes(key.substring(0, at + 1) + domain);
            either.add(Filter.createEqualityFilter("mail", octets));
            either.add(Filter.createEqualityFilter("mailAlternateAddress", octets));
        }
        Filter mail = Filter.createORFilter(either);
        if (always.isEmpty()) {
            return mail;
        }
        var all = new ArrayList<>(always);
        all.add(mail);
        return Filter.createANDFilter(all);
    }

    /** The directory may hold a domain beyond ASCII in either form; its own rules compare without case. */
    private static List<String> domains(String domain) {
        List<String> forms = DomainName.forms(domain);
        return forms.size() == 1 ? List.of(domain) : forms;
    }

    /** The keys for an address, in the order in which they are tried. */
    static List<Candidate> candidates(Address recipient, Map<String, String> aliasDomains) {
        String local = recipient.localPart();
        String domain = "@" + aliasDomains.getOrDefault(DomainName.key(recipient.domain()), recipient.domain());
        var candidates = new ArrayList<Candidate>();
        candidates.add(new Candidate(local + domain, new Extension.None()));
        if (!local.startsWith("-")) {
            var dashes = new ArrayList<Integer>();
            for (int at = local.indexOf('-'); at >= 0 && dashes.size() < MOST_DASHES; at = local.indexOf('-', at + 1)) {
                dashes.addFirst(at);
            }
            for (int at : dashes) {
                candidates.add(new Candidate(
                        local.substring(0, at + 1) + CATCHALL + domain, new Extension.Of(local.substring(at + 1))));
            }
        }
        candidates.add(new Candidate(CATCHALL + domain, new Extension.Of(local)));
        return candidates;
    }

    @Override
    public String status() {
        return "remembered=" + remembered.sum() + " entries=" + memory.size() + " octets=" + memory.octets() + " "
                + servers.status();
    }

    @Override
    public void close() {
        servers.close();
    }
}
