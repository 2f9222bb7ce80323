package carteiro.listen;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketAddress;
import java.net.SocketTimeoutException;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * The connection below TLS. When we ended the input ourselves, TLS sees a timeout instead of the end of the stream:
 * after a timeout it can still write, and the client gets its 421.
 */
final class TlsCarrier extends Socket {
    private final Socket carrier;
    private final InputStream in;

    /** @param ending why we ended the input; empty as long as we did not */
    TlsCarrier(Socket carrier, Supplier<Optional<ClientConnection.Ending>> ending) throws IOException {
        this.carrier = carrier;
        this.in = new FilterInputStream(carrier.getInputStream()) {
            @Override
            public int read() throws IOException {
                return checked(super.read());
            }

            @Override
            public int read(byte[] into, int from, int length) throws IOException {
                return checked(super.read(into, from, length));
            }

            private int checked(int came) throws SocketTimeoutException {
                if (came < 0 && ending.get().isPresent()) {
                    throw new SocketTimeoutException("the input was ended");
                }
                return came;
            }
        };
    }

    @Override
    public InputStream getInputStream() {
        return in;
    }

    @Override
    public OutputStream getOutputStream() throws IOException {
        return carrier.getOutputStream();
    }

    @Override
    public boolean isConnected() {
        return true;
    }

    @Override
    public boolean isBound() {
        return true;
    }

    @Override
    public boolean isClosed() {
        return carrier.isClosed();
    }

    @Override
    public boolean isInputShutdown() {
        return false;
    }

    @Override
    public boolean isOutputShutdown() {
        return carrier.isOutputShutdown();
    }

    @Override
    public void shutdownInput() {
        // TLS ends with its own farewell
    }

    @Override
    public void shutdownOutput() {
        // TLS ends with its own farewell
    }

    @Override
    public InetAddress getInetAddress() {
        return carrier.getInetAddress() == null ? InetAddress.getLoopbackAddress() : carrier.getInetAddress();
    }

    @Override
    public int getPort() {
        return carrier.getPort();
    }

    @Override
    public SocketAddress getRemoteSocketAddress() {
        return carrier.getRemoteSocketAddress();
    }

    @Override
    public int getSoTimeout() {
        return 0;
    }

    @Override
    public void setSoTimeout(int timeout) {
        // the sweeping thread does it
    }

    @Override
    public int getSoLinger() {
        return -1;
    }

    @Override
    public void setSoLinger(boolean on, int linger) {
        // the carrier's own setting stays
    }

    @Override
    public void close() throws IOException {
        carrier.close();
    }
}
