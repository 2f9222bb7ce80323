package carteiro.smtpd;

import java.io.ByteArrayOutputStream;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** Passes one connection on, and keeps what the server sends. */
final class RecordingRelay implements Closeable {
    private final ServerSocket listener = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"));
    private final Socket server;
    private final ByteArrayOutputStream recorded = new ByteArrayOutputStream();
    private final CountDownLatch ended = new CountDownLatch(1);

    RecordingRelay(int port) throws IOException {
        server = new Socket("127.0.0.1", port);
        Thread.ofPlatform().daemon(true).start(this::relay);
    }

    int port() {
        return listener.getLocalPort();
    }

    private void relay() {
        try (Socket client = listener.accept()) {
            Thread forth = Thread.ofPlatform().daemon(true).start(() -> pass(client, server));
            byte[] block = new byte[8192];
            InputStream in = server.getInputStream();
            try {
                for (int length = in.read(block); length > 0; length = in.read(block)) {
                    synchronized (recorded) {
                        recorded.write(block, 0, length);
                    }
                    client.getOutputStream().write(block, 0, length);
                }
            } finally {
                ended.countDown();
            }
            client.shutdownOutput();
            forth.join(20_000);
        } catch (IOException e) {
            // reset: what came before it counts
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static void pass(Socket from, Socket to) {
        byte[] block = new byte[8192];
        try {
            InputStream in = from.getInputStream();
            OutputStream out = to.getOutputStream();
            for (int length = in.read(block); length > 0; length = in.read(block)) {
                out.write(block, 0, length);
            }
        } catch (IOException e) {
            // closed
        }
    }

    /** The records of TLS that the server sent, once it has closed: {@code TYPE:LENGTH}; {@code cut} for half a one. */
    List<String> records() throws InterruptedException {
        if (!ended.await(20, TimeUnit.SECONDS)) {
            return List.of("not ended");
        }
        byte[] octets;
        synchronized (recorded) {
            octets = recorded.toByteArray();
        }
        int at = 0;
        while (at < octets.length && octets[at] != 22) { // the first record of the handshake; before it is text
            at++;
        }
        var records = new ArrayList<String>();
        while (at + 5 <= octets.length) {
            int length = (octets[at + 3] & 0xff) << 8 | octets[at + 4] & 0xff;
            records.add((octets[at] & 0xff) + ":" + length);
            at += 5 + length;
        }
        if (at != octets.length) {
            records.add("cut");
        }
        return records;
    }

    @Override
    public void close() throws IOException {
        listener.close();
        server.close();
    }
}
