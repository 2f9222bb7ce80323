package carteiro.remote;

import carteiro.control.ControlFiles;
import carteiro.control.Settings;
import carteiro.idna.DomainName;
import carteiro.mail.Address;
import carteiro.mail.Octets;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/** Where the mail of a sender goes, whoever gets it: control/authsenders. Keys are addresses, {@code @domain}, or empty for all. */
final class SenderRoutes {
    private final Map<String, SmtpRoute> routes;

    private SenderRoutes(Map<String, SmtpRoute> routes) {
        this.routes = routes;
    }

    static SenderRoutes read(ControlFiles files) {
        var routes = new HashMap<String, SmtpRoute>();
        files.pairs(Settings.AUTHSENDERS).forEach((number, pair) -> {
            String sender = pair.getKey().strip();
            if (!sender.isEmpty() && sender.indexOf('@') < 0) {
                files.problem(
                        Settings.AUTHSENDERS,
                        number,
                        "it begins with no sender; write user@example.org, @example.org, or nothing before the colon"
                                + " for all others");
            }
            SmtpRoute.parse(files, Settings.AUTHSENDERS, number, pair.getValue())
                    .ifPresent(route -> routes.put(key(sender), route));
        });
        return new SenderRoutes(routes);
    }

    private static String key(String sender) {
        return sender.startsWith("@")
                ? "@" + DomainName.key(sender.substring(1))
                : DomainName.addressKey(Octets.lowerCase(sender));
    }

    /** The route of a sender; the empty sender has that of all. */
    Optional<SmtpRoute> find(Address sender) {
        if (routes.isEmpty()) {
            return Optional.empty();
        }
        return Optional.ofNullable(routes.get(key(sender.octets())))
                .or(() -> sender.hasDomain()
                        ? Optional.ofNullable(routes.get("@" + DomainName.key(sender.domain())))
                        : Optional.empty())
                .or(() -> Optional.ofNullable(routes.get("")));
    }
}
