package carteiro.lookup;

import carteiro.control.ControlFiles;
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

    private void mistake(String file, int line, String sentence) {
        found.add(new RoutingFinding(true, file, line, sentence));
    }

    private void warning(String file, int line, String sentence) {
        found.add(new RoutingFinding(false, file, line, sentence));
    }

    private void locals() {
        if (files.text("locals").isEmpty()) {
            files.line("me").ifPresent(me -> local.add(DomainName.key(me)));
        }
        files.numbered("locals").forEach((number, domain) -> {
            if (!DomainName.isHost(domain) && domain.indexOf('[') < 0) {
                mistake(
                        "locals",
                        number,
                        "\"" + domain + "\" is no domain; write a domain a line, without user, blanks or wildcard");
            }
            local.add(DomainName.key(domain));
        });
    }

    private void virtualDomains() {
        files.numbered("virtualdomains").forEach((number, line) -> {
            int colon = line.indexOf(':');
            if (colon < 0) {
                return; // said of every map
            }
            String key = line.substring(0, colon);
            String account = line.substring(colon + 1);
            String domain = DomainName.key(key.substring(key.lastIndexOf('@') + 1));
            if (hasBlank(key)) {
                mistake(
                        "virtualdomains",
                        number,
                        "\"" + key + "\" has a blank and matches nothing; write " + key.replaceAll("[ \t]", "") + ":"
                                + account.strip());
            } else if (key.indexOf('*') >= 0) {
                mistake(
                        "virtualdomains",
                        number,
                        "\"" + key + "\" matches nothing; write " + suffix(key) + ":" + account.strip()
                                + " for all hosts below a domain, and a line without the dot for the domain itself");
            } else if (key.startsWith("@")) {
                mistake(
                        "virtualdomains",
                        number,
                        "\"" + key + "\" matches nothing; write " + domain + ":" + account.strip());
            } else if (local.contains(domain)) {
                mistake(
                        "virtualdomains",
                        number,
                        key + " has no effect, since " + key.substring(key.lastIndexOf('@') + 1)
                                + " is in control/locals, which wins; remove one of them"
                                + (key.indexOf('@') > 0
                                        ? ", or write alias/.qmail-" + key.substring(0, key.lastIndexOf('@'))
                                        : ""));
            }
            if (hasBlank(account)) {
                mistake(
                        "virtualdomains",
                        number,
                        "the account \"" + account + "\" has a blank; write " + key.strip() + ":"
                                + account.replaceAll("[ \t]", ""));
            }
            if (virtual.put(DomainName.addressKey(key), account) != null) {
                warning("virtualdomains", number, key + " stands there twice; the last counts");
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
