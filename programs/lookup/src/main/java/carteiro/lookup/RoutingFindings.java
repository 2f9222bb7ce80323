package carteiro.lookup;

import carteiro.control.ControlFiles;
import carteiro.control.Setting;
import carteiro.control.Settings;
import carteiro.idna.DomainName;
import carteiro.protocol.LookupExplanation.RoutingFinding;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Lines of locals and virtualdomains that match nothing, contradict another, or stand there twice. */
final class RoutingFindings {
    private final ControlFiles files;
    private final List<RoutingFinding> found = new ArrayList<>();
    private final Set<String> local = new HashSet<>();
    private final Map<String, String> virtual = new HashMap<>();

    RoutingFindings(ControlFiles files) {
        this.files = files;
    }

    List<RoutingFinding> look() {
        locals();
        virtualDomains();
        return List.copyOf(found);
    }

    private void mistake(Setting<?> setting, int line, String sentence) {
        found.add(new RoutingFinding(true, setting, line, sentence));
    }

    private void warning(Setting<?> setting, int line, String sentence) {
        found.add(new RoutingFinding(false, setting, line, sentence));
    }

    private void locals() {
        if (!files.isThere(Settings.LOCALS)) {
            files.get(Settings.ME).ifPresent(me -> local.add(DomainName.key(me)));
        }
        files.numbered(Settings.LOCALS).forEach((number, domain) -> {
            if (!DomainName.isHost(domain) && domain.indexOf('[') < 0) {
                mistake(
                        Settings.LOCALS,
                        number,
                        "\"" + domain + "\" is no domain; write a domain a line, without user, blanks or wildcard");
            }
            local.add(DomainName.key(domain));
        });
    }

    private void virtualDomains() {
        files.numbered(Settings.VIRTUALDOMAINS).forEach((number, line) -> {
            int colon = line.indexOf(':');
            if (colon < 0) {
                return; // said of every map
            }
            String key = line.substring(0, colon);
            String account = line.substring(colon + 1);
            String domain = DomainName.key(key.substring(key.lastIndexOf('@') + 1));
            if (hasBlank(key)) {
                mistake(
                        Settings.VIRTUALDOMAINS,
                        number,
                        "\"" + key + "\" has a blank and matches nothing; write " + key.replaceAll("[ \t]", "") + ":"
                                + account.strip());
            } else if (key.indexOf('*') >= 0) {
                mistake(
                        Settings.VIRTUALDOMAINS,
                        number,
                        "\"" + key + "\" matches nothing; write " + suffix(key) + ":" + account.strip()
                                + " for all hosts below a domain, and a line without the dot for the domain itself");
            } else if (key.startsWith("@")) {
                mistake(
                        Settings.VIRTUALDOMAINS,
                        number,
                        "\"" + key + "\" matches nothing; write " + domain + ":" + account.strip());
            } else if (local.contains(domain)) {
                mistake(
                        Settings.VIRTUALDOMAINS,
                        number,
                        key + " has no effect, since " + key.substring(key.lastIndexOf('@') + 1)
                                + " is in control/locals, which wins; remove one of them"
                                + (key.indexOf('@') > 0
                                        ? ", or write alias/.qmail-" + key.substring(0, key.lastIndexOf('@'))
                                        : ""));
            }
            if (hasBlank(account)) {
                mistake(
                        Settings.VIRTUALDOMAINS,
                        number,
                        "the account \"" + account + "\" has a blank; write " + key.strip() + ":"
                                + account.replaceAll("[ \t]", ""));
            }
            if (virtual.put(DomainName.addressKey(key), account) != null) {
                warning(Settings.VIRTUALDOMAINS, number, key + " stands there twice; the last counts");
            }
        });
    }

    private static String suffix(String key) {
        String suffix = key.substring(key.lastIndexOf('*') + 1).strip();
        return suffix.startsWith(".") && DomainName.isHost(suffix.substring(1)) ? suffix : ".example.org";
    }

    private static boolean hasBlank(String text) {
        return text.indexOf(' ') >= 0 || text.indexOf('\t') >= 0;
    }
}
