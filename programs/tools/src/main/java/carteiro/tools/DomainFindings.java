package carteiro.tools;

import carteiro.control.ControlFiles;
import carteiro.control.Setting;
import carteiro.control.Settings;
import carteiro.idna.DomainName;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** Domains that are named in one place and missing, or contradicted, in another; entries that match nothing. */
final class DomainFindings {
    /** Tables whose keys are domains, or {@code .suffix}, or nothing for all others. */
    private static final List<Setting<?>> TABLES = List.of(Settings.SMTPROUTES, Settings.TLSREMOTE);

    /** Files whose lines are a domain, a colon and what holds for it. */
    private static final List<Setting<?>> BY_DOMAIN =
            List.of(Settings.SMTPROUTES, Settings.TLSREMOTE, Settings.ALIASDOMAINS, Settings.DESTINATIONLIMITS);

    private final ControlFiles files;
    private final FindingList found;
    private final Set<String> routed;

    /** @param routed all that the files of routing name */
    DomainFindings(ControlFiles files, Set<String> routed, FindingList found) {
        this.files = files;
        this.routed = routed;
        this.found = found;
    }

    void look() {
        TABLES.forEach(this::table);
        BY_DOMAIN.forEach(this::twice);
        received(Settings.RCPTHOSTS);
        received(Settings.MORERCPTHOSTS);
        if (!files.isThere(Settings.RCPTHOSTS)) {
            found.warning("control/rcpthosts: is missing; mail is accepted only for what is local or virtual,"
                    + " and for clients that may relay; write the domains you receive mail for");
        } else {
            undelivered();
        }
        files.numbered(Settings.BADMAILFROM).forEach((number, entry) -> {
            if (entry.indexOf('@') < 0 || hasBlank(entry) || entry.indexOf('*') >= 0) {
                found.mistake(
                        Settings.BADMAILFROM,
                        number,
                        "\"" + entry
                                + "\" matches nothing; write user@example.org, or @example.org for a whole domain");
            }
        });
    }

    private void table(Setting<?> setting) {
        files.numbered(setting).forEach((number, line) -> {
            String key = line.substring(0, Math.max(0, line.indexOf(':')));
            if (hasBlank(key) || key.indexOf('*') >= 0 || key.indexOf('@') >= 0) {
                found.mistake(
                        setting,
                        number,
                        "\"" + setting.shown(key) + "\" matches nothing; write example.org, or " + suffix(key)
                                + " for all hosts below a domain, or nothing before the colon for all others");
            }
        });
    }

    /** A domain has two forms (RFC 5890 section 2.3.2.4), and letters of either case. */
    private void twice(Setting<?> setting) {
        record TableKey(int number, String key, String value) {}
        var seen = new HashMap<String, TableKey>();
        files.pairs(setting).forEach((number, pair) -> {
            var line = new TableKey(number, pair.getKey(), pair.getValue().strip());
            TableKey before = seen.put(DomainName.key(line.key()), line);
            if (before == null || before.value().equals(line.value())) {
                return;
            }
            found.warning(
                    setting,
                    number,
                    line.key()
                            + (before.key().equals(line.key())
                                    ? " stands there twice; the last counts"
                                    : " is the same domain as " + before.key() + " of line " + before.number()
                                            + ", with another value; the last counts, so remove one of them"));
        });
    }

    private void received(Setting<?> setting) {
        files.numbered(setting).forEach((number, host) -> {
            if (host.indexOf('@') >= 0 || hasBlank(host) || host.indexOf('*') >= 0) {
                found.mistake(
                        setting,
                        number,
                        "\"" + host
                                + "\" matches nothing; write a line for each: example.org, or .example.org for all below it");
            }
        });
    }

    /** Mail for a domain that is accepted and that no file says more of goes on to other hosts. */
    private void undelivered() {
        var named = new Named();
        routed.forEach(named::add);
        files.pairs(Settings.SMTPROUTES).values().forEach(pair -> named.add(DomainName.key(pair.getKey())));
        files.numbered(Settings.RCPTHOSTS).forEach((number, host) -> {
            String domain = DomainName.key(host);
            if (DomainName.isHost(domain.startsWith(".") ? domain.substring(1) : domain) && !named.has(domain)) {
                found.warning(
                        Settings.RCPTHOSTS,
                        number,
                        "mail for " + host
                                + " is accepted, but neither locals, virtualdomains nor smtproutes has it, so that"
                                + " it goes on to the domain's MX hosts; if its mailboxes are here, add it to one of them");
            }
        });
    }

    /** The keys of several tables. */
    private static final class Named {
        final Set<String> domains = new HashSet<>(); // and addresses' domains
        private final Set<String> keys = new HashSet<>(); // suffixes too
        private final Set<String> above = new HashSet<>(); // every suffix of a key

        void add(String key) {
            keys.add(key);
            domains.add(key.substring(key.lastIndexOf('@') + 1));
            if (key.length() <= 1000) { // none that is longer is a domain's
                for (int dot = key.indexOf('.'); dot >= 0; dot = key.indexOf('.', dot + 1)) {
                    above.add(key.substring(dot));
                }
            }
        }

        /** Whether the domain, an address in it, something below it if it is a suffix, or a suffix above it is there. */
        boolean has(String domain) {
            if (domains.contains(domain) || keys.contains("") || above.contains(domain)) {
                return true;
            }
            for (int dot = domain.indexOf('.'); dot >= 0; dot = domain.indexOf('.', dot + 1)) {
                if (keys.contains(domain.substring(dot))) {
                    return true;
                }
            }
            return false;
        }
    }

    private static String suffix(String key) {
        String suffix = key.substring(key.lastIndexOf('*') + 1).strip();
        return suffix.startsWith(".") && DomainName.isHost(suffix.substring(1)) ? suffix : ".example.org";
    }

    private static boolean hasBlank(String text) {
        return text.indexOf(' ') >= 0 || text.indexOf('\t') >= 0;
    }
}
