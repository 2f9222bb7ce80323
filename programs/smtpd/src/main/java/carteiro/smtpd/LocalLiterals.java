package carteiro.smtpd;

import carteiro.control.ControlFiles;
import carteiro.control.Settings;
import carteiro.listen.Client;
import carteiro.mail.Address;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Gives addresses at a literal of this host its name. Safe for any number of threads. */
final class LocalLiterals {
    private final Optional<String> localIpHost;
    private volatile @Nullable Set<String> literals; // from the first address that has one

    private LocalLiterals(Optional<String> localIpHost) {
        this.localIpHost = localIpHost;
    }

    static LocalLiterals read(ControlFiles files) {
        return new LocalLiterals(files.get(Settings.LOCALIPHOST));
    }

    /** An address at a literal of this host, such as {@code joe@[127.0.0.1]}, gets localiphost as its domain. */
    Address withLocalName(Address address) {
        String octets = address.octets();
        int at = octets.lastIndexOf('@');
        if (localIpHost.isEmpty() || !octets.endsWith("]") || !octets.startsWith("@[", at)) {
            return address;
        }
        String literal = octets.substring(at + 2, octets.length() - 1);
        if (literal.regionMatches(true, 0, "IPv6:", 0, 5)) {
            try {
                literal = Client.text(InetAddress.ofLiteral(literal.substring(5)));
            } catch (IllegalArgumentException e) {
                return address;
            }
        }
        String named = octets.substring(0, at + 1) + localIpHost.get();
        return isLocal(literal) && named.length() <= Address.LIMIT ? new Address(named) : address;
    }

    private boolean isLocal(String literal) {
        Set<String> known = literals;
        if (known == null) {
            known = ofThisHost();
            literals = known;
        }
        return known.contains(literal);
    }

    private static Set<String> ofThisHost() {
        var found = new HashSet<String>(Set.of("0.0.0.0", "127.0.0.1"));
        try {
            NetworkInterface.networkInterfaces()
                    .flatMap(NetworkInterface::inetAddresses)
                    .forEach(address -> found.add(Client.text(address)));
        } catch (SocketException e) {
            return Set.copyOf(found); // the system does not tell; loopback is sure
        }
        return Set.copyOf(found);
    }
}
