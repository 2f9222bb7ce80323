package carteiro.remote;

import java.net.InetAddress;
import java.net.InetSocketAddress;

/**
 * A place to speak SMTP with.
 *
 * @param address where it listens
 * @param host the name it was found by, or the address as text; for TLS and the log
 * @param greetsOverTls whether TLS begins before the greeting (RFC 8314 section 3.3), not by STARTTLS
 */
record NextHop(InetSocketAddress address, String host, boolean greetsOverTls) {
    /** The address as it stands in reports. */
    String ip() {
        return AddressLiteral.text(inetAddress());
    }

    InetAddress inetAddress() {
        return address.getAddress();
    }
}
