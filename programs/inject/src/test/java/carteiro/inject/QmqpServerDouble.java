package carteiro.inject;

import carteiro.wire.TlsIdentity;
import java.io.ByteArrayOutputStream;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** A server of QMQP that answers one client what it is told to. */
final class QmqpServerDouble implements Closeable {
    final AtomicInteger connections = new AtomicInteger();

    private final ServerSocket listener = new ServerSocket();
    private final CompletableFuture<String> heard = new CompletableFuture<>();
    private final Conversation conversation;
    private final @Nullable TlsIdentity identity;

    /** What it does with a client. */
    interface Conversation {
        /** @return the octets it has read */
        String hold(Socket client) throws IOException;
    }

    private QmqpServerDouble(Conversation conversation, @Nullable TlsIdentity identity) throws IOException {
        this.conversation = conversation;
        this.identity = identity;
        listener.setReceiveBufferSize(64 * 1024); // little is under way that nobody has read
        listener.bind(new InetSocketAddress(InetAddress.getByName("127.0.0.1"), 0));
        Thread.ofVirtual().start(this::serve);
    }

    static QmqpServerDouble that(Conversation conversation) throws IOException {
        return new QmqpServerDouble(conversation, null);
    }

    /** Reads a whole message, then answers these octets. */
    static QmqpServerDouble answering(String octets) throws IOException {
        return that(client -> readAndAnswer(client, octets));
    }

    static QmqpServerDouble withTls(String pem, String octets) throws IOException {
        return new QmqpServerDouble(client -> readAndAnswer(client, octets), TlsIdentity.read(pem));
    }

    static String readAndAnswer(Socket client, String octets) throws IOException {
        String all = message(client.getInputStream());
        client.getOutputStream().write(octets.getBytes(StandardCharsets.ISO_8859_1));
        client.getOutputStream().flush();
        return all;
    }

    /** The octets of the netstring around all, as they come. */
    private static String message(InputStream in) throws IOException {
        var read = new ByteArrayOutputStream();
        long length = 0;
        for (int octet; (octet = in.read()) != ':'; ) {
            if (octet < 0) {
                return read.toString(StandardCharsets.ISO_8859_1);
            }
            read.write(octet);
            length = 10 * length + octet - '0';
        }
        read.write(':');
        read.write(in.readNBytes((int) length + 1));
        return read.toString(StandardCharsets.ISO_8859_1);
    }

    private void serve() {
        while (!listener.isClosed()) {
            try (Socket client = listener.accept()) {
                connections.incrementAndGet();
                client.setSoTimeout(20_000);
                heard.complete(conversation.hold(identity == null ? client : identity.serve(client)));
            } catch (IOException e) {
                // the client has gone, or the test is over
            }
        }
    }

    /** What the first client said. */
    String heard() throws Exception {
        return heard.get(20, TimeUnit.SECONDS);
    }

    int port() {
        return listener.getLocalPort();
    }

    /** Its line in control/qmqpservers. */
    String line() {
        return "127.0.0.1:" + port();
    }

    @Override
    public void close() throws IOException {
        listener.close();
    }
}
