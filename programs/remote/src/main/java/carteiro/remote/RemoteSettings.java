package carteiro.remote;

import carteiro.control.ControlException;
import carteiro.control.ControlFiles;
import carteiro.control.DomainTable;
import carteiro.control.Installation;
import carteiro.control.Settings;
import carteiro.dns.DnsServers;
import carteiro.idna.DomainName;
import carteiro.mail.Octets;
import carteiro.wire.TlsTrust;
import java.net.InetAddress;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What remote reads from control files.
 *
 * @param helo the name we give; empty if neither helohost nor me exists: then nothing is delivered
 * @param connectLimit how long a connection may take to open
 * @param silenceLimit how long any one answer or write may take; shorter limits of RFC 5321 stay
 * @param senders go before the routes
 * @param authorities certificates in PEM; empty for those that Java trusts
 */
record RemoteSettings(
        Optional<String> helo,
        Duration connectLimit,
        Duration silenceLimit,
        DomainTable<SmtpRoute> routes,
        SenderRoutes senders,
        DomainTable<TlsPolicy> tls,
        Optional<String> authorities,
        List<InetAddress> outgoing,
        DnsServers dnsServers) {
    RemoteSettings {
        outgoing = List.copyOf(outgoing);
    }

    /** @throws ControlException naming every problem */
    static RemoteSettings read(Installation installation) throws ControlException {
        var files = new ControlFiles(installation);
        Optional<String> helo = files.get(Settings.HELOHOST)
                .map(name ->
                        Octets.areAscii(name) ? name : DomainName.ascii(name).orElse(name));
        if (helo.isPresent() && !helo.get().matches("[\\x21-\\x7e]{1,255}")) {
            files.problem(
                    files.isThere(Settings.HELOHOST) ? Settings.HELOHOST : Settings.ME,
                    1,
                    "\"" + helo.get() + "\" is not a host name; write one such as mail.example.org");
        }
        var settings = new RemoteSettings(
                helo,
                files.get(Settings.TIMEOUTCONNECT),
                files.get(Settings.TIMEOUTREMOTE),
                SmtpRoute.read(files),
                SenderRoutes.read(files),
                TlsPolicy.read(files),
                authorities(files),
                outgoing(files),
                DnsServers.read(files));
        files.check();
        return settings;
    }

    private static Optional<String> authorities(ControlFiles files) {
        Optional<String> pem = files.get(Settings.REMOTECACERTS);
        try {
            if (pem.isPresent()) {
                TlsTrust.in(pem.get());
            }
        } catch (GeneralSecurityException e) {
            files.problem(
                    Settings.REMOTECACERTS,
                    0,
                    "cannot be used (" + e.getMessage() + "); write the authorities' certificates in PEM form");
        }
        return pem;
    }

    /** Whom we believe to be who they say, where that matters. */
    TlsTrust trust() {
        try {
            return authorities.isPresent() ? TlsTrust.in(authorities.get()) : TlsTrust.ofJava();
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("this Java has no TLS", e); // the file was looked at when it was read
        }
    }

    private static List<InetAddress> outgoing(ControlFiles files) {
        var addresses = new ArrayList<InetAddress>();
        files.numbered(Settings.OUTGOINGIP)
                .forEach((number, line) -> AddressLiteral.ofSetting(line)
                        .ifPresentOrElse(
                                addresses::add,
                                () -> files.problem(
                                        Settings.OUTGOINGIP,
                                        number,
                                        "\"" + line + "\" is not an address; write 192.0.2.1 or 2001:db8::1")));
        return addresses;
    }

    /** The address to connect from, if one of the same family was named. */
    Optional<InetAddress> outgoingFor(InetAddress target) {
        return outgoing.stream()
                .filter(address -> address.getClass() == target.getClass())
                .findFirst();
    }

    /** RFC 5321 section 4.5.3.2, each bounded by timeoutremote. */
    Duration limit(Duration ofTheStandard) {
        return ofTheStandard.compareTo(silenceLimit) < 0 ? ofTheStandard : silenceLimit;
    }
}
