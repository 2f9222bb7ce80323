package carteiro.dns;

import java.net.InetAddress;
import java.util.List;

/** What the DNS says of a host's addresses. */
public sealed interface HostAddresses {
    /** At least one; IPv4 first. */
    record Resolved(List<InetAddress> addresses) implements HostAddresses {
        /** Copies the list. */
        public Resolved {
            addresses = List.copyOf(addresses);
        }
    }

    /** The name exists and has none. */
    record NoAddress() implements HostAddresses {}

    /** The name does not exist, or is no name a host can have. */
    record NoSuchHost() implements HostAddresses {}

    /** Nobody can tell now. */
    record AddressLookupFailure(String reason) implements HostAddresses {}
}
