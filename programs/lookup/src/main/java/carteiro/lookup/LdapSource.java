package carteiro.lookup;

import carteiro.control.ControlException;
import carteiro.idna.DomainName;
import carteiro.lookup.EntryFaultException.Blame;
import carteiro.lookup.LdapAccounts.MatchedPart;
import carteiro.lookup.LdapServers.DirectoryAnswer;
import carteiro.mail.Address;
import carteiro.mail.Octets;
import carteiro.mail.Status;
import carteiro.protocol.Lookup.Answer;
import carteiro.protocol.Lookup.LookupQuestion;
import carteiro.wire.Watchdog;
import com.unboundid.ldap.sdk.Filter;
import com.unboundid.ldap.sdk.LDAPException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.LongAdder;

/**
 * A directory of qmailUser entries, found by mail and mailAlternateAddress below one base. For an address the whole of
 * it is tried, then the catch-alls that could stand for it, each remembered for a short time.
 */
final class LdapSource implements AddressSource {
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
    private final FaultLogLimiter alarms;
    private final List<Filter> always;
    private final TtlCache<KeyAnswer> memory =
            new TtlCache<>(REMEMBERED, MOST_OCTETS, LdapSource::octets, System::nanoTime);
    private final LongAdder remembered = new LongAdder();

    /** What came of the search for one key. */
    private sealed interface KeySearch {
        /** More than one entry has it, which is not remembered. */
        record SeveralEntries(List<DirectoryEntry> entries) implements KeySearch {}

        /** Nothing now. */
        record DirectoryAway(Status status, String reason) implements KeySearch {}
    }

    /** What the directory said of one key, and is remembered. */
    private sealed interface KeyAnswer extends KeySearch {
        /** This entry has it. */
        record OneEntry(DirectoryEntry entry) implements KeyAnswer {}

        /** No entry has it. */
        record NoEntry() implements KeyAnswer {}

        /** An entry has it that cannot be read. */
        record UnusableEntry(String dn, String reason) implements KeyAnswer {}
    }

    private static long octets(KeyAnswer known) {
        return switch (known) {
            case KeyAnswer.OneEntry(var entry) -> entry.octets();
            case KeyAnswer.NoEntry() -> 0;
            case KeyAnswer.UnusableEntry(var dn, var reason) -> 200L + 2L * (dn.length() + reason.length());
        };
    }

    /** One key to search for. */
    record SearchKey(String key, MatchedPart extension) {}

    /** @throws ControlException if a setting cannot be used */
    LdapSource(LdapSettings settings, FaultLogLimiter alarms, Watchdog watchdog) throws ControlException {
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
    public Optional<PasswordSource> passwords(PasswordHashing hashing) {
        return Optional.of(new LdapPasswords(this, servers, settings.logins(), hashing));
    }

    @Override
    public SourceName name() {
        return SourceName.LDAP;
    }

    @Override
    public Optional<Answer> ask(LookupQuestion question, Deadline deadline, LookupTrace trace) {
        Address recipient = question.recipient();
        if (!recipient.hasDomain()) {
            trace.step(() -> "ldap: an address without a domain is in no directory");
            return Optional.empty();
        }
        for (SearchKey candidate : candidates(recipient, settings.aliasDomains())) {
            switch (searched(candidate, deadline)) {
                case KeySearch.DirectoryAway(var status, var reason) -> {
                    trace.step(() -> "ldap: " + filter(candidate.key) + ": " + reason);
                    return Optional.of(new Answer.Unresolved(status, reason));
                }
                case KeySearch.SeveralEntries(var entries) -> {
                    return Optional.of(ambiguous(candidate, entries, trace));
                }
                case KeyAnswer.OneEntry(var entry) -> {
                    trace.step(() -> "ldap: " + filter(candidate.key) + " finds " + entry.dn());
                    return Optional.of(answer(recipient, entry, candidate.extension));
                }
                case KeyAnswer.UnusableEntry(var dn, var reason) -> {
                    trace.step(() -> "ldap: " + filter(candidate.key) + " finds " + dn + ", which " + reason);
                    return Optional.of(faulty(recipient, dn, new EntryFaultException(Blame.OURS, reason)));
                }
                case KeyAnswer.NoEntry() -> trace.step(() -> "ldap: " + filter(candidate.key) + " finds nothing");
            }
        }
        return Optional.empty();
    }

    /**
     * The name of the entry that mail for an address goes to; empty if none.
     *
     * @param recipient as in {@link #ask}
     * @throws IOException if it cannot be told now
     */
    Optional<String> entryOf(Address recipient, Deadline deadline) throws IOException {
        if (!recipient.hasDomain()) {
            return Optional.empty();
        }
        for (SearchKey candidate : candidates(recipient, settings.aliasDomains())) {
            switch (searched(candidate, deadline)) {
                case KeySearch.DirectoryAway(var _, var reason) -> throw new IOException(reason);
                case KeySearch.SeveralEntries _ -> {
                    return Optional.empty(); // mail for it goes to nobody
                }
                case KeyAnswer.OneEntry(var entry) -> {
                    return Optional.of(entry.dn());
                }
                case KeyAnswer.UnusableEntry(var dn, var _) -> {
                    return Optional.of(dn);
                }
                case KeyAnswer.NoEntry() -> {}
            }
        }
        return Optional.empty();
    }

    /** What is remembered of a key, or what the directory says now. */
    private KeySearch searched(SearchKey candidate, Deadline deadline) {
        KeyAnswer known = memory.get(DomainName.addressKey(candidate.key));
        if (known != null) {
            remembered.increment();
            return known;
        }
        switch (servers.search(filter(candidate.key), LdapAccounts.ATTRIBUTES, deadline)) {
            case DirectoryAnswer.DirectoryUnavailable(var status, var reason) -> {
                return new KeySearch.DirectoryAway(status, reason);
            }
            case DirectoryAnswer.MatchingEntries(var entries)
            when entries.size() > 1 -> {
                return new KeySearch.SeveralEntries(entries);
            }
            case DirectoryAnswer.MatchingEntries(var entries) ->
                known = entries.isEmpty() ? new KeyAnswer.NoEntry() : new KeyAnswer.OneEntry(entries.getFirst());
            case DirectoryAnswer.UnreadableEntry(var dn, var reason) -> known = new KeyAnswer.UnusableEntry(dn, reason);
        }
        remember(candidate, known);
        return known;
    }

    private void remember(SearchKey candidate, KeyAnswer known) {
        memory.keep(
                DomainName.addressKey(candidate.key),
                known,
                switch (known) {
                    case KeyAnswer.OneEntry _ -> settings.remembered();
                    case KeyAnswer.NoEntry _, KeyAnswer.UnusableEntry _ -> settings.remembersNone();
                });
    }

    private Answer answer(Address recipient, DirectoryEntry entry, MatchedPart extension) {
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
            case OURS -> new Answer.Unresolved(LdapServers.FAULT, reason);
            case ENTRY -> fault(reason);
        };
    }

    private Answer ambiguous(SearchKey candidate, List<DirectoryEntry> entries, LookupTrace trace) {
        List<String> names = entries.stream().map(DirectoryEntry::dn).toList();
        trace.step(() -> "ldap: " + filter(candidate.key) + " finds several: " + String.join("; ", names));
        alarms.raise("ambiguous " + names, new LookupEvent.Ambiguous(candidate.key, names));
        return fault("the address stands in several entries: " + String.join("; ", names));
    }

    /** Trouble with the data, not with the sender: mail waits, unless the operator wants it back. */
    private Answer fault(String reason) {
        return switch (settings.faults()) {
            case DEFER -> new Answer.Unresolved(LdapServers.FAULT, reason);
            case BOUNCE ->
                new Answer.NoSuchAddress(new Status(5, 3, 5), "The directory's entry of this address cannot be used.");
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
        return ofClass(Filter.createORFilter(either));
    }

    /** The same for entries of control/ldapobjectclass alone. */
    Filter ofClass(Filter wanted) {
        if (always.isEmpty()) {
            return wanted;
        }
        var all = new ArrayList<>(always);
        all.add(wanted);
        return Filter.createANDFilter(all);
    }

    /** The directory may hold a domain beyond ASCII in either form; its own rules compare without case. */
    private static List<String> domains(String domain) {
        List<String> forms = DomainName.forms(domain);
        return forms.size() == 1 ? List.of(domain) : forms;
    }

    /** The keys for an address, in the order in which they are tried. */
    static List<SearchKey> candidates(Address recipient, Map<String, String> aliasDomains) {
        String local = recipient.localPart();
        String domain = "@" + aliasDomains.getOrDefault(DomainName.key(recipient.domain()), recipient.domain());
        var candidates = new ArrayList<SearchKey>();
        candidates.add(new SearchKey(local + domain, new MatchedPart.WholeAddress()));
        if (!local.startsWith("-")) {
            var dashes = new ArrayList<Integer>();
            for (int at = local.indexOf('-'); at >= 0 && dashes.size() < MOST_DASHES; at = local.indexOf('-', at + 1)) {
                dashes.addFirst(at);
            }
            for (int at : dashes) {
                candidates.add(new SearchKey(
                        local.substring(0, at + 1) + CATCHALL + domain,
                        new MatchedPart.CatchAll(local.substring(at + 1))));
            }
        }
        candidates.add(new SearchKey(CATCHALL + domain, new MatchedPart.CatchAll(local)));
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
