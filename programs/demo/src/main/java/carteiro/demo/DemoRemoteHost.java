package carteiro.demo;

import java.io.BufferedReader;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;

/** Another host of the demo: hears SMTP on loopback, keeps each message in a file, and knows no mailbox {@code gone}. */
final class DemoRemoteHost implements Closeable {
    private static final int MOST_CONVERSATIONS = 20;
    private static final int SILENCE_MILLIS = 60_000;
    private static final int MOST_LINES = 100_000;
    private static final int MOST_MESSAGES = 1_000;

    private final ServerSocket listener;
    private final Path folder;
    private final Semaphore free = new Semaphore(MOST_CONVERSATIONS);
    private final AtomicInteger messages = new AtomicInteger();

    private DemoRemoteHost(ServerSocket listener, Path folder) {
        this.listener = listener;
        this.folder = folder;
    }

    /** @param folder where its messages go */
    static DemoRemoteHost start(Path folder) throws IOException {
        Files.createDirectories(folder);
        var neighbour = new DemoRemoteHost(new ServerSocket(0, 50, InetAddress.getLoopbackAddress()), folder);
        Thread.ofVirtual().name("neighbour").start(neighbour::listen);
        return neighbour;
    }

    int port() {
        return listener.getLocalPort();
    }

    private void listen() {
        while (!listener.isClosed()) {
            free.acquireUninterruptibly();
            try {
                Socket client = listener.accept();
                Thread.ofVirtual().name("neighbour").start(() -> {
                    try (client) {
                        client.setSoTimeout(SILENCE_MILLIS);
                        converse(client);
                    } catch (IOException e) {
                        // it has gone; the sender keeps what was not answered
                    } finally {
                        free.release();
                    }
                });
            } catch (IOException e) {
                free.release();
            }
        }
    }

    private void converse(Socket client) throws IOException {
        var in = new BufferedReader(new InputStreamReader(client.getInputStream(), StandardCharsets.ISO_8859_1));
        OutputStream out = client.getOutputStream();
        say(out, "220 partner.example ESMTP");
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            String verb = line.toUpperCase(Locale.ROOT);
            if (verb.startsWith("RCPT TO:<GONE@")) {
                say(out, "550 5.1.1 nobody here has that name (any more)");
            } else if (verb.equals("DATA")) {
                say(out, "354 go on");
                say(out, keep(in) ? "250 2.0.0 thank you" : "452 4.3.1 no room for more");
            } else if (verb.equals("QUIT")) {
                say(out, "221 2.0.0 bye");
                return;
            } else {
                say(out, "250 2.0.0 ok");
            }
        }
    }

    private boolean keep(BufferedReader in) throws IOException {
        var message = new StringBuilder();
        int lines = 0;
        for (String line = in.readLine(); !".".equals(line); line = in.readLine()) {
            if (line == null) {
                throw new IOException("cut short");
            }
            if (++lines < MOST_LINES) {
                message.append(line.startsWith(".") ? line.substring(1) : line).append('\n');
            }
        }
        int number = messages.incrementAndGet();
        if (number > MOST_MESSAGES) {
            return false;
        }
        Files.writeString(folder.resolve("message-" + number), message, StandardCharsets.ISO_8859_1);
        return true;
    }

    private static void say(OutputStream out, String reply) throws IOException {
        out.write((reply + "\r\n").getBytes(StandardCharsets.ISO_8859_1));
        out.flush();
    }

    @Override
    public void close() throws IOException {
        listener.close();
    }
}
