package carteiro.remote;

import java.net.InetAddress;
import java.net.NetworkInterface;
import java.net.SocketException;

/** Which addresses are this host. */
interface OwnAddresses {
    boolean contains(InetAddress address);

    /** Those of the interfaces now, the whole loopback network, and 0.0.0.0, which the kernel takes for loopback. */
    static OwnAddresses ofThisHost() {
        return address -> {
            if (address.isAnyLocalAddress() || address.isLoopbackAddress()) {
                return true;
            }
            try {
                return NetworkInterface.getByInetAddress(address) != null;
            } catch (SocketException e) {
                return false; // as in qmail: a loop ends by its hop count
            }
        };
    }
}
