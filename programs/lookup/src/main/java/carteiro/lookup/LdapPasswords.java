package carteiro.lookup;

import carteiro.lookup.LdapServers.BindResult;
import carteiro.lookup.LdapServers.DirectoryAnswer;
import carteiro.mail.Address;
import carteiro.mail.Octets;
import carteiro.mail.Status;
import carteiro.password.PasswordCheck;
import carteiro.password.ScramHash;
import carteiro.password.ScramKeys;
import carteiro.password.ScramSalts;
import carteiro.password.StoredPassword;
import carteiro.protocol.Lookup.Answer;
import carteiro.protocol.Lookup.LookupQuestion;
import carteiro.protocol.Passwords.LoginAttempt;
import carteiro.protocol.Passwords.Ownership;
import com.unboundid.ldap.sdk.Filter;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * The passwords of the directory, by qmail-LDAP's rules: the entry whose uid the name is, and its userPassword, compared here or by a
 * bind as the entry (control/ldaprebind).
 */
final class LdapPasswords implements PasswordSource {
    private static final String UID = "uid";
    private static final String STATUS = "accountStatus";
    private static final String MAIL = "mail";
    private static final String PASSWORD = "userPassword";

    /** States that forbid a login; nopop is an old name of noaccess. */
    private static final Set<String> NO_LOGIN = Set.of("disabled", "noaccess", "nopop", "deleted");

    /** Of an entry's passwords so many are looked at: each may be slow to compare. */
    private static final int MOST_VALUES = 4;

    private final LdapSource source;
    private final LdapServers servers;
    private final LdapSettings.LdapLogins settings;
    private final PasswordHashing hashing;

    LdapPasswords(LdapSource source, LdapServers servers, LdapSettings.LdapLogins settings, PasswordHashing hashing) {
        this.source = source;
        this.servers = servers;
        this.settings = settings;
        this.hashing = hashing;
    }

    @Override
    public String sourceName() {
        return "ldap";
    }

    @Override
    public PasswordAnswer named(String name, Deadline deadline) throws IOException {
        return entry(name, settings.attributes(), deadline)
                .map(entry -> named(entry, name))
                .orElseGet(PasswordAnswer.UnknownName::new);
    }

    private static PasswordAnswer named(DirectoryEntry entry, String name) {
        String account = accountOf(entry, name);
        return forbiddingStatus(entry)
                .<PasswordAnswer>map(status -> new PasswordAnswer.NoLogin(account, status))
                .orElseGet(() -> new PasswordAnswer.RightPassword(account));
    }

    @Override
    public PasswordAnswer check(LoginAttempt attempt, String name, byte[] password, Deadline deadline)
            throws IOException {
        Optional<DirectoryEntry> found = entry(name, settings.attributes(), deadline);
        if (found.isEmpty()) {
            return new PasswordAnswer.UnknownName();
        }
        DirectoryEntry entry = found.get();
        if (!(named(entry, name) instanceof PasswordAnswer.RightPassword(var account))) {
            return named(entry, name);
        }
        return settings.rebind()
                ? bound(entry, account, password, deadline)
                : compared(entry, account, password, deadline);
    }

    @Override
    public ScramAnswer scram(String name, ScramHash hash, ScramSalts salts, Deadline deadline) throws IOException {
        Optional<DirectoryEntry> found = entry(name, settings.attributes(), deadline);
        if (found.isEmpty()) {
            return new ScramAnswer.UnknownScramName();
        }
        String account = accountOf(found.get(), name);
        Optional<String> status = forbiddingStatus(found.get());
        if (status.isPresent()) {
            return new ScramAnswer.NoScram(account, status.get());
        }
        for (String value : firstValues(found.get())) {
            Optional<ScramKeys> keys = stored(value).scramKeys(hash, account, salts);
            if (keys.isPresent()) {
                return new ScramAnswer.ScramAccount(account, keys.get());
            }
        }
        return new ScramAnswer.NoScram(
                account,
                settings.rebind()
                        ? "with control/ldaprebind 1 lookup has nothing to compare"
                        : "its userPassword is none for " + hash.mechanism());
    }

    /** Why an entry may not log in; empty if it may. */
    private static Optional<String> forbiddingStatus(DirectoryEntry entry) {
        return entry.all(STATUS).stream()
                .map(Octets::lowerCase)
                .filter(NO_LOGIN::contains)
                .findFirst()
                .map(status -> "its accountStatus is " + status);
    }

    private static List<String> firstValues(DirectoryEntry entry) {
        List<String> values = entry.all(PASSWORD);
        return values.subList(0, Math.min(values.size(), MOST_VALUES));
    }

    private StoredPassword stored(String value) {
        return settings.clearText() ? StoredPassword.parseWithClearText(value) : StoredPassword.parse(value);
    }

    private static String accountOf(DirectoryEntry entry, String name) {
        List<String> uids = entry.all(UID);
        return uids.isEmpty() ? Octets.lowerCase(name) : uids.getFirst();
    }

    private PasswordAnswer bound(DirectoryEntry entry, String account, byte[] password, Deadline deadline)
            throws IOException {
        return switch (servers.bind(entry.dn(), password, deadline)) {
            case BindResult.Bound() -> new PasswordAnswer.RightPassword(account);
            case BindResult.Denied(var why) -> new PasswordAnswer.NoLogin(account, why);
            case BindResult.BindUnavailable(var reason) -> throw new IOException(reason);
        };
    }

    private PasswordAnswer compared(DirectoryEntry entry, String account, byte[] password, Deadline deadline)
            throws IOException {
        List<String> values = firstValues(entry);
        if (values.isEmpty()) {
            return new PasswordAnswer.NoLogin(account, "it has no userPassword that the reader can see");
        }
        var unusable = new ArrayList<String>();
        for (String value : values) {
            switch (hashing.check(stored(value), password, deadline)) {
                case PasswordCheck.PasswordMatches() -> {
                    return new PasswordAnswer.RightPassword(account);
                }
                case PasswordCheck.PasswordDiffers() -> {}
                case PasswordCheck.PasswordUnusable(var why) -> unusable.add(why);
            }
        }
        if (unusable.isEmpty()) {
            return new PasswordAnswer.NoLogin(account, "wrong password");
        }
        return new PasswordAnswer.NoLogin(account, "its userPassword cannot be used: " + String.join("; ", unusable));
    }

    @Override
    public Optional<Ownership> ownership(String account, Address recipient, Deadline deadline) throws IOException {
        Optional<DirectoryEntry> own = entry(account, settings.namesOfAccounts(), deadline);
        if (own.isEmpty()) {
            return Optional.empty();
        }
        Optional<String> dn = source.entryOf(recipient, deadline);
        return Optional.of(dn.isPresent() && dn.get().equals(own.get().dn()) ? Ownership.OWN : Ownership.FOREIGN);
    }

    @Override
    public Optional<Answer> mailbox(String account, Deadline deadline) throws IOException {
        Optional<DirectoryEntry> own = entry(account, settings.namesOfAccounts(), deadline);
        if (own.isEmpty()) {
            return Optional.empty();
        }
        List<String> addresses = own.get().all(MAIL);
        if (forbiddingStatus(own.get()).isPresent() || addresses.isEmpty()) {
            return Optional.of(new Answer.NoSuchAddress(new Status(5, 1, 1), "no mailbox"));
        }
        return source.ask(LookupQuestion.explaining(new Address(addresses.getFirst())), deadline, LookupTrace.NONE);
    }

    private Optional<DirectoryEntry> entry(String name, List<String> attributes, Deadline deadline) throws IOException {
        var either = new ArrayList<Filter>();
        for (String attribute : attributes) {
            either.add(Filter.createEqualityFilter(attribute, Octets.bytes(name)));
        }
        Filter filter = source.ofClass(either.size() == 1 ? either.getFirst() : Filter.createORFilter(either));
        List<String> wanted = settings.rebind() ? List.of(UID, STATUS, MAIL) : List.of(UID, STATUS, MAIL, PASSWORD);
        return switch (servers.search(filter, wanted, deadline)) {
            case DirectoryAnswer.DirectoryUnavailable(var _, var reason) -> throw new IOException(reason);
            case DirectoryAnswer.UnreadableEntry(var dn, var reason) ->
                throw new IOException("entry " + dn + ": " + reason);
            case DirectoryAnswer.MatchingEntries(var entries)
            when entries.size() > 1 ->
                throw new IOException("the name stands in several entries: "
                        + String.join(
                                "; ", entries.stream().map(DirectoryEntry::dn).toList()));
            case DirectoryAnswer.MatchingEntries(var entries) ->
                entries.stream().findFirst();
        };
    }
}
