package carteiro.dns;

import carteiro.control.ControlFiles;
import carteiro.control.Settings;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Which DNS servers to ask: control/dnsservers.
 *
 * @param addresses in the order they are asked; empty for those of the system
 */
public record DnsServers(List<InetSocketAddress> addresses) {
    /** The most servers; more would only delay the answer. */
    static final int MOST = 8;

    /** Copies the list. */
    public DnsServers {
        addresses = List.copyOf(addresses);
    }

    /** Reads control/dnsservers: a line {@code address} or {@code address:port} each, IPv6 in brackets. */
    public static DnsServers read(ControlFiles files) {
        var servers = new ArrayList<InetSocketAddress>();
        for (Map.Entry<Integer, String> entry :
                files.numbered(Settings.DNSSERVERS).entrySet()) {
            String line = entry.getValue();
            InetSocketAddress server = parse(line);
            if (server.isUnresolved()) {
                files.problem(
                        Settings.DNSSERVERS,
                        entry.getKey(),
                        "\"" + line + "\" is not an address; write 192.0.2.53, 192.0.2.53:5353 or [2001:db8::53]:53");
            } else if (servers.size() == MOST) {
                files.problem(Settings.DNSSERVERS, entry.getKey(), "has over " + MOST + " servers; keep the nearest");
                break;
            } else {
                servers.add(server);
            }
        }
        return new DnsServers(servers);
    }

    private static InetSocketAddress parse(String line) {
        InetSocketAddress wrong = InetSocketAddress.createUnresolved("wrong", 0);
        int bracket = line.indexOf(']');
        int colon = line.startsWith("[") ? line.indexOf(':', Math.max(bracket, 0)) : line.lastIndexOf(':');
        boolean bareIpv6 = !line.startsWith("[") && line.indexOf(':') != line.lastIndexOf(':');
        String host = colon < 0 || bareIpv6 ? line : line.substring(0, colon);
        int port = 53;
        if (colon >= 0 && !bareIpv6) {
            String digits = line.substring(colon + 1);
            if (!digits.matches("[0-9]{1,5}")) {
                return wrong;
            }
            port = Integer.parseInt(digits);
        }
        if (host.startsWith("[") && host.endsWith("]")) {
            host = host.substring(1, host.length() - 1);
        }
        boolean ipv4 = host.matches("[0-9]{1,3}(\\.[0-9]{1,3}){3}");
        boolean ipv6 = host.indexOf(':') >= 0 && host.matches("[0-9A-Fa-f:.]{2,45}");
        if (port < 1 || port > 65_535 || !(ipv4 || ipv6)) {
            return wrong;
        }
        try {
            return new InetSocketAddress(InetAddress.ofLiteral(host), port);
        } catch (IllegalArgumentException e) {
            return wrong;
        }
    }
}
