package carteiro.qmqpd;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;

/** The client's side, octet by octet. */
final class Qmqp implements AutoCloseable {
    private final Socket socket;

    Qmqp(Socket socket) throws IOException {
        this.socket = socket;
        socket.setSoTimeout(20_000);
    }

    static Qmqp to(int port) throws IOException {
        return from("127.0.0.1", port);
    }

    static Qmqp from(String client, int port) throws IOException {
        var socket = new Socket();
        socket.bind(new java.net.InetSocketAddress(InetAddress.getByName(client), 0));
        socket.connect(new java.net.InetSocketAddress("127.0.0.1", port));
        return new Qmqp(socket);
    }

    static String netstring(String octets) {
        return octets.length() + ":" + octets + ",";
    }

    /** A whole message. */
    static String message(String text, String sender, String... recipients) {
        var inner = new StringBuilder(netstring(text)).append(netstring(sender));
        for (String recipient : recipients) {
            inner.append(netstring(recipient));
        }
        return netstring(inner.toString());
    }

    Qmqp send(String octets) throws IOException {
        socket.getOutputStream().write(octets.getBytes(StandardCharsets.ISO_8859_1));
        socket.getOutputStream().flush();
        return this;
    }

    Qmqp endInput() throws IOException {
        socket.shutdownOutput();
        return this;
    }

    /** All that the server says until it closes. */
    String answer() throws IOException {
        var said = new ByteArrayOutputStream();
        InputStream in = socket.getInputStream();
        for (int octet = in.read(); octet >= 0; octet = in.read()) {
            said.write(octet);
        }
        return said.toString(StandardCharsets.ISO_8859_1);
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
