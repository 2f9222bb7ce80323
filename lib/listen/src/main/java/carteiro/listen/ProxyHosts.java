package carteiro.listen;

import carteiro.control.ControlFiles;
import carteiro.control.IpNetwork;
import carteiro.control.Settings;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;

/** Who may say at a listener with {@code proxy} who the client is: control/proxyhosts. Nothing changes it. */
public final class ProxyHosts {
    private static final ProxyHosts THIS_HOST = new ProxyHosts(List.of(
            IpNetwork.parse("127.0.0.0/8").orElseThrow(), IpNetwork.parse("::1").orElseThrow()));

    private final List<IpNetwork> networks;

    private ProxyHosts(List<IpNetwork> networks) {
        this.networks = List.copyOf(networks);
    }

    /** Without the file it is this host alone; what is wrong in it is noted as a problem. */
    public static ProxyHosts read(ControlFiles files) {
        if (files.text(Settings.PROXYHOSTS).isEmpty()) {
            return THIS_HOST;
        }
        var networks = new ArrayList<IpNetwork>();
        for (String line : files.get(Settings.PROXYHOSTS)) {
            IpNetwork.parse(line)
                    .ifPresentOrElse(
                            networks::add,
                            () -> files.problem(
                                    Settings.PROXYHOSTS,
                                    0,
                                    "\"" + line + "\" is no address and no network; write such as 192.0.2.1 or"
                                            + " 2001:db8::/32"));
        }
        return new ProxyHosts(networks);
    }

    boolean hold(InetAddress address) {
        return networks.stream().anyMatch(network -> network.holds(address));
    }
}
