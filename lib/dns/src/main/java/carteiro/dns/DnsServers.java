package carteiro.dns;

import carteiro.control.ControlFiles;
import carteiro.control.IpAddressText;
import carteiro.control.Settings;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Which DNS servers to ask: control/dnsservers.
 *
 * @param addresses in the order they are asked; empty for those of the system
 */
public record DnsServers(List<InetSocketAddress> addresses) {
    /** The most servers; more would only delay the answer. */
    static final int MOST = 8;

    private static final int PORT = 53;

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
            Optional<InetSocketAddress> server =
                    IpAddressText.withOrWithoutPort(line, PORT).filter(address -> address.getPort() > 0);
            if (server.isEmpty()) {
                files.problem(
                        Settings.DNSSERVERS,
                        entry.getKey(),
                        "\"" + line + "\" is not an address; write 192.0.2.53, 192.0.2.53:5353 or [2001:db8::53]:53");
            } else if (servers.size() == MOST) {
                files.problem(Settings.DNSSERVERS, entry.getKey(), "has over " + MOST + " servers; keep the nearest");
                break;
            } else {
                servers.add(server.get());
            }
        }
        return new DnsServers(servers);
    }
}
