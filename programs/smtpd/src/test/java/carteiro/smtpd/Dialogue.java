package carteiro.smtpd;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedInputStream;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.cert.X509Certificate;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509TrustManager;
import org.jspecify.annotations.Nullable;

/** The client's side of a conversation, octet by octet. */
final class Dialogue implements Closeable {
    private static final int PATIENCE = 20_000;

    private Socket socket;
    private InputStream in;
    private OutputStream out;

    private Dialogue(Socket socket) throws IOException {
        this.socket = socket;
        streams();
    }

    private void streams() throws IOException {
        socket.setSoTimeout(PATIENCE);
        in = new BufferedInputStream(socket.getInputStream());
        out = socket.getOutputStream();
    }

    static Dialogue with(int port) throws IOException {
        return to("127.0.0.1", port);
    }

    static Dialogue to(String address, int port) throws IOException {
        return new Dialogue(new Socket(InetAddress.getByName(address), port));
    }

    /** From an address of the loopback: another client. */
    static Dialogue from(String address, int port) throws IOException {
        return new Dialogue(new Socket("127.0.0.1", port, InetAddress.getByName(address), 0));
    }

    Socket socket() {
        return socket;
    }

    Dialogue send(String octets) throws IOException {
        out.write(octets.getBytes(StandardCharsets.ISO_8859_1));
        out.flush();
        return this;
    }

    /** One whole reply, lines parted by LF; empty if the connection was closed. */
    String reply() throws IOException {
        var reply = new StringBuilder();
        while (true) {
            String line = line();
            if (line == null) {
                return reply.toString();
            }
            reply.append(reply.isEmpty() ? "" : "\n").append(line);
            if (line.length() < 4 || line.charAt(3) != '-') {
                return reply.toString();
            }
        }
    }

    private @Nullable String line() throws IOException {
        var line = new StringBuilder();
        try {
            for (int c = in.read(); c >= 0; c = in.read()) {
                if (c == '\n') {
                    assertThat(line.toString()).endsWith("\r");
                    return line.substring(0, line.length() - 1);
                }
                line.append((char) c);
            }
        } catch (SocketException e) {
            return null; // reset: closed as well
        }
        return null;
    }

    /** Reads a reply that begins like that. */
    Dialogue expect(String begin) throws IOException {
        assertThat(reply()).startsWith(begin);
        return this;
    }

    /** Sends a line and reads its reply. */
    Dialogue say(String line, String begin) throws IOException {
        send(line + "\r\n");
        assertThat(reply()).as(line).startsWith(begin);
        return this;
    }

    /** Greeting, EHLO, MAIL, RCPT. */
    Dialogue envelope() throws IOException {
        return expect("220 ")
                .say("EHLO client.example", "250-")
                .say("MAIL FROM:<s@client.example>", "250 ")
                .say("RCPT TO:<alice@example.org>", "250 ");
    }

    /** The server closes, having said nothing more. */
    void expectClosed() throws IOException {
        assertThat(line()).as("connection closed").isNull();
    }

    /** Whether octets have come. */
    boolean hasReply() throws IOException {
        return in.available() > 0;
    }

    Dialogue startTls() throws IOException, GeneralSecurityException {
        return startTls("TLSv1.3", "TLSv1.2");
    }

    Dialogue startTls(String... versions) throws IOException, GeneralSecurityException {
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, new TrustManager[] {new TrustAll()}, null);
        SSLSocket tls =
                (SSLSocket) context.getSocketFactory().createSocket(socket, "mail.example.org", socket.getPort(), true);
        tls.setEnabledProtocols(versions);
        tls.startHandshake();
        socket = tls;
        streams();
        return this;
    }

    private static final class TrustAll implements X509TrustManager {
        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type) {}

        @Override
        public X509Certificate[] getAcceptedIssuers() {
            return new X509Certificate[0];
        }
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
