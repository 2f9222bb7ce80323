package carteiro.remote;

import carteiro.control.ControlFiles;
import carteiro.control.DomainTable;
import carteiro.control.Settings;
import carteiro.idna.DomainName;
import carteiro.mail.Octets;
import java.util.LinkedHashMap;

/** Where the mail of a domain goes: control/smtproutes. */
sealed interface SmtpRoute {
    /** To the domain's exchangers, as the DNS says. */
    record Direct() implements SmtpRoute {}

    /** To a host whatever the DNS says: its addresses alone are looked up, and it may be this host. */
    record Relay(String host, int port) implements SmtpRoute {}

    /** SMTP's port. */
    int SMTP = 25;

    /** Reads control/smtproutes. */
    static DomainTable<SmtpRoute> read(ControlFiles files) {
        var routes = new LinkedHashMap<String, SmtpRoute>();
        files.pairs(Settings.SMTPROUTES).forEach((number, pair) -> {
            String domain = pair.getKey();
            String value = pair.getValue();
            String relay = value.strip();
            if (relay.isEmpty()) {
                routes.putLast(domain, new Direct());
                return;
            }
            int end = relay.startsWith("[") ? relay.indexOf(']') + 1 : relay.indexOf(':');
            String given = end <= 0 ? relay : relay.substring(0, end);
            String host =
                    Octets.areAscii(given) ? given : DomainName.ascii(given).orElse(given);
            String port = end <= 0 || end >= relay.length() ? "" : relay.substring(end);
            boolean bareIpv6 = !relay.startsWith("[") && relay.indexOf(':') != relay.lastIndexOf(':');
            if (bareIpv6
                    || host.startsWith("[") && AddressLiteral.ofSetting(host).isEmpty()
                    || !host.matches("[\\x21-\\x7e]+")) {
                files.problem(
                        Settings.SMTPROUTES,
                        number,
                        "\"" + value + "\" names no host; write name, name:port or [::1]:port");
            } else if (!port.isEmpty() && !isPort(port)) {
                files.problem(
                        Settings.SMTPROUTES,
                        number,
                        "\"" + value + "\" does not end in a port from 1 to 65535; write name:port, or [::1]:port for"
                                + " IPv6");
            } else {
                routes.putLast(domain, new Relay(host, port.isEmpty() ? SMTP : Integer.parseInt(port.substring(1))));
            }
        });
        return new DomainTable<>(routes);
    }

    private static boolean isPort(String text) {
        if (!text.matches(":[0-9]{1,5}")) {
            return false;
        }
        int port = Integer.parseInt(text.substring(1));
        return port >= 1 && port <= 65_535;
    }
}
