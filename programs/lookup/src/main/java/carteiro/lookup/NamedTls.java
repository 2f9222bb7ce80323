package carteiro.lookup;

import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketException;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.SSLSocketFactory;

/**
 * TLS over a connected socket with a server of one name: the certificate must be of that name, in LDAPS as after
 * StartTLS, where the LDAP library itself does not look at the name.
 */
final class NamedTls extends SSLSocketFactory {
    private final SSLSocketFactory factory;
    private final String host;

    NamedTls(SSLContext context, String host) {
        this.factory = context.getSocketFactory();
        this.host = host;
    }

    @Override
    public Socket createSocket(Socket below, String toldHost, int port, boolean autoClose) throws IOException {
        SSLSocket above = (SSLSocket) factory.createSocket(below, host, port, autoClose);
        SSLParameters parameters = above.getSSLParameters();
        parameters.setEndpointIdentificationAlgorithm("LDAPS");
        above.setSSLParameters(parameters);
        return above;
    }

    @Override
    public String[] getDefaultCipherSuites() {
        return factory.getDefaultCipherSuites();
    }

    @Override
    public String[] getSupportedCipherSuites() {
        return factory.getSupportedCipherSuites();
    }

    @Override
    public Socket createSocket(String toldHost, int port) throws IOException {
        throw onlyOver();
    }

    @Override
    public Socket createSocket(String toldHost, int port, InetAddress localHost, int localPort) throws IOException {
        throw onlyOver();
    }

    @Override
    public Socket createSocket(InetAddress address, int port) throws IOException {
        throw onlyOver();
    }

    @Override
    public Socket createSocket(InetAddress address, int port, InetAddress localAddress, int localPort)
            throws IOException {
        throw onlyOver();
    }

    private static SocketException onlyOver() {
        return new SocketException("only over a connected socket");
    }
}
