package carteiro.lookup;

import carteiro.wire.Watchdog;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.time.Duration;
import javax.net.SocketFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;

/**
 * A connection to a server, given to the LDAP library as the socket it would make itself. The library cannot be made to
 * give up a TLS handshake in which the server says nothing, or an octet now and then: we can, by closing the socket
 * below.
 */
final class ConnectedSocketFactory extends SocketFactory {
    /** What is closed to end everything at once: no lock of TLS or of the library is in the way. */
    private final Socket below;

    private final InetAddress address;
    private final Socket ready;

    private ConnectedSocketFactory(Socket below, InetAddress address, Socket ready) {
        this.below = below;
        this.address = address;
        this.ready = ready;
    }

    /**
     * Connects, with TLS where the server is an ldaps one; there the certificate must be of that name.
     *
     * @throws IOException if no address of the host can be reached, or TLS fails
     */
    static ConnectedSocketFactory connect(
            LdapSettings.LdapServerAddress server, SSLContext tls, Duration limit, Watchdog watchdog)
            throws IOException {
        IOException trouble = null;
        for (InetAddress address : InetAddress.getAllByName(server.host())) {
            var below = new Socket();
            try (var _ = watchdog.closeAfter(limit, below)) {
                below.connect(new InetSocketAddress(address, server.port()), (int) limit.toMillis());
                below.setTcpNoDelay(true);
                below.setSoTimeout((int) limit.toMillis());
                return new ConnectedSocketFactory(below, address, ready(below, server, tls));
            } catch (IOException e) {
                below.close();
                trouble = e;
            }
        }
        throw trouble == null ? new IOException(server.host() + " has no address") : trouble;
    }

    private static Socket ready(Socket below, LdapSettings.LdapServerAddress server, SSLContext tls)
            throws IOException {
        return switch (server.tls()) {
            case LATER -> below;
            case LDAPS -> {
                SSLSocket above = (SSLSocket)
                        new NamedTls(tls, server.host()).createSocket(below, server.host(), server.port(), true);
                above.startHandshake();
                yield above;
            }
        };
    }

    /** Where it leads. */
    InetAddress address() {
        return address;
    }

    /** The socket to close when something takes too long. */
    Socket below() {
        return below;
    }

    @Override
    public Socket createSocket() throws IOException {
        throw new SocketException("it is connected already"); // the library then asks as below
    }

    @Override
    public Socket createSocket(InetAddress host, int port) {
        return ready;
    }

    @Override
    public Socket createSocket(String host, int port) {
        return ready;
    }

    @Override
    public Socket createSocket(String host, int port, InetAddress localHost, int localPort) {
        return ready;
    }

    @Override
    public Socket createSocket(InetAddress host, int port, InetAddress localHost, int localPort) {
        return ready;
    }
}
