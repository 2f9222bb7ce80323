package carteiro.lookup;

import carteiro.control.ControlException;
import carteiro.control.ControlFiles;
import carteiro.control.Installation;
import carteiro.control.Settings;
import carteiro.mail.Address;
import carteiro.mail.Octets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Everything lookup reads from control files.
 *
 * @param tables qmail-send's decision between local and remote
 * @param sources in the order in which they are asked
 * @param ldap the directory; null if there is none
 * @param senders what accounts may send as besides their own addresses
 * @param limits how much accounts may send
 * @param checker whether a program of the checkpassword interface is asked, behind all others
 * @param notices to whom warnings about accounts go by mail; empty if to nobody
 * @param maildir the Maildir in a home that mail comes to: the first of control/defaultdelivery, else {@code Maildir/}
 */
record LookupSettings(
        RoutingTables tables,
        List<SourceName> sources,
        @Nullable LdapSettings ldap,
        LoginSenders senders,
        AccountLimits limits,
        boolean checker,
        Optional<PostmasterNotices.NoticeAddresses> notices,
        String maildir) {
    private static final String USUAL_MAILDIR = "Maildir/";

    LookupSettings {
        sources = List.copyOf(sources);
    }

    /** @throws ControlException naming every problem */
    static LookupSettings read(Installation installation) throws ControlException {
        var files = new ControlFiles(installation);
        RoutingTables tables = RoutingTables.read(files);
        LdapSettings ldap = LdapSettings.isConfigured(files) ? LdapSettings.read(files) : null;
        List<SourceName> sources = sources(files, ldap != null);
        LoginSenders senders = LoginSenders.read(files);
        AccountLimits limits = AccountLimits.read(files);
        String maildir = maildir(files.get(Settings.DEFAULTDELIVERY));
        Optional<PostmasterNotices.NoticeAddresses> notices = notices(files);
        boolean checker = files.isThere(Settings.CHECKPASSWORD);
        files.check();
        return new LookupSettings(tables, sources, ldap, senders, limits, checker, notices, maildir);
    }

    private static Optional<PostmasterNotices.NoticeAddresses> notices(ControlFiles files) {
        String to = files.get(Settings.DOUBLEBOUNCETO);
        return to.isEmpty()
                ? Optional.empty()
                : Optional.of(new PostmasterNotices.NoticeAddresses(
                        new Address(files.get(Settings.BOUNCEFROM) + "@" + files.get(Settings.BOUNCEHOST)),
                        new Address(to + "@" + files.get(Settings.DOUBLEBOUNCEHOST))));
    }

    /** Of instructions in the form of a .qmail file. */
    private static String maildir(String instructions) {
        return instructions
                .lines()
                .map(String::stripTrailing)
                .filter(line -> line.endsWith("/") && (line.startsWith("./") || line.startsWith("/")))
                .findFirst()
                .orElse(USUAL_MAILDIR);
    }

    private static List<SourceName> sources(ControlFiles files, boolean directory) {
        boolean localToo = files.get(Settings.LDAPLOCALDELIVERY);
        var sources = new ArrayList<SourceName>();
        if (!files.isThere(
                Settings.LOOKUPSOURCES)) { // qmail's order; with a directory qmail-LDAP's, which asks it first
            if (directory) {
                sources.add(SourceName.LDAP);
            }
            if (!directory || localToo) {
                sources.add(SourceName.ASSIGN);
                sources.add(SourceName.PASSWD);
            }
            sources.add(SourceName.ALIAS);
            return sources;
        }
        int number = 0;
        for (String line : files.text(Settings.LOOKUPSOURCES).orElse("").split("\n")) {
            number++;
            String word = Octets.lowerCase(line.strip());
            if (word.isEmpty() || word.startsWith("#")) {
                continue;
            }
            SourceName source = named(word);
            if (source == null) {
                files.problem(
                        Settings.LOOKUPSOURCES, number, "\"" + word + "\" is none of ldap, assign, passwd, alias");
            } else if (sources.contains(source)) {
                files.problem(
                        Settings.LOOKUPSOURCES, number, "names " + word + " a second time; each source is asked once");
            } else if (source == SourceName.LDAP && !directory) {
                files.problem(
                        Settings.LOOKUPSOURCES, number, "names ldap, but there is no control/ldapserver; write one");
            } else {
                sources.add(source);
            }
        }
        if (sources.isEmpty()) {
            files.problem(
                    Settings.LOOKUPSOURCES, 0, "names no source; write one on each line (ldap, assign, passwd, alias)");
        }
        return sources;
    }

    private static @Nullable SourceName named(String word) {
        for (SourceName source : SourceName.values()) {
            if (source.word().equals(word)) {
                return source;
            }
        }
        return null;
    }
}
