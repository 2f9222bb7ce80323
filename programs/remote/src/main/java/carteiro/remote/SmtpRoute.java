package carteiro.remote;

import carteiro.control.ControlFiles;
import carteiro.control.DomainTable;
import carteiro.control.RelayLine;
import carteiro.control.Setting;
import carteiro.control.Settings;
import carteiro.idna.DomainName;
import carteiro.mail.Octets;
import java.util.LinkedHashMap;
import java.util.Optional;

/** Where the mail of a domain, or a sender, goes: control/smtproutes, control/authsenders. */
sealed interface SmtpRoute {
    /** To the domain's exchangers, as the DNS says. */
    record Direct() implements SmtpRoute {}

    /**
     * To a host whatever the DNS says: its addresses alone are looked up, and it may be this host.
     *
     * @param login empty if it wants none
     */
    record Relay(String host, int port, Optional<RelayLogin> login) implements SmtpRoute {
        /** One that wants no login. */
        Relay(String host, int port) {
            this(host, port, Optional.empty());
        }

        @Override
        public String toString() {
            return "Relay[host=" + host + ", port=" + port
                    + login.map(as -> ", login=" + as).orElse("") + "]";
        }
    }

    /** SMTP's port. */
    int SMTP = 25;

    /** Submission's port with TLS at once (RFC 8314 section 3.3). */
    int SUBMISSIONS = 465;

    /** Reads control/smtproutes. */
    static DomainTable<SmtpRoute> read(ControlFiles files) {
        var routes = new LinkedHashMap<String, SmtpRoute>();
        files.pairs(Settings.SMTPROUTES)
                .forEach((number, pair) -> parse(files, Settings.SMTPROUTES, number, pair.getValue())
                        .ifPresent(route -> routes.putLast(pair.getKey(), route)));
        return new DomainTable<>(routes);
    }

    /** What a line has behind its key; empty if that is none: then it is noted, without the password. */
    static Optional<SmtpRoute> parse(ControlFiles files, Setting<?> setting, int number, String value) {
        RelayLine line = RelayLine.parse(value);
        String relay = line.relay();
        if (relay.isEmpty() && !line.hasLogin()) {
            return Optional.of(new Direct());
        }
        int end = relay.startsWith("[") ? relay.indexOf(']') + 1 : relay.indexOf(':');
        String given = end <= 0 ? relay : relay.substring(0, end);
        String host = Octets.areAscii(given) ? given : DomainName.ascii(given).orElse(given);
        String port = end <= 0 || end >= relay.length() ? "" : relay.substring(end);
        boolean bareIpv6 = !relay.startsWith("[") && relay.indexOf(':') != relay.lastIndexOf(':');
        if (bareIpv6
                || host.startsWith("[") && AddressLiteral.ofSetting(host).isEmpty()
                || !host.matches("[\\x21-\\x7e]+")) {
            files.problem(setting, number, "\"" + line + "\" names no host; write name, name:port or [::1]:port");
        } else if (!port.isEmpty() && !port.equals(":") && !isPort(port)) {
            files.problem(
                    setting,
                    number,
                    "\"" + line + "\" does not end in a port from 1 to 65535; write name:port, or [::1]:port for IPv6");
        } else if (line.user().startsWith("#")) {
            files.problem(setting, number, "a comment stands on a line of its own; move it there");
        } else if (line.hasLogin() && (!isShortEnough(line.user()) || !isShortEnough(line.password()))) {
            files.problem(
                    setting,
                    number,
                    "\"" + line + "\" has a user or a password of no octets, or of more than " + RelayLogin.LONGEST
                            + "; write relay:port|user|password, or relay:port alone for no login");
        } else {
            return Optional.of(new Relay(
                    host,
                    port.length() < 2 ? SMTP : Integer.parseInt(port.substring(1)),
                    line.hasLogin() ? Optional.of(new RelayLogin(line.user(), line.password())) : Optional.empty()));
        }
        return Optional.empty();
    }

    private static boolean isShortEnough(String text) {
        return !text.isEmpty() && text.length() <= RelayLogin.LONGEST && text.indexOf('\0') < 0;
    }

    private static boolean isPort(String text) {
        if (!text.matches(":[0-9]{1,5}")) {
            return false;
        }
        int port = Integer.parseInt(text.substring(1));
        return port >= 1 && port <= 65_535;
    }
}
