package carteiro.tests;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Another host: takes what it is given, and refuses whom it is told to refuse. It has what it answered 250 for, and
 * nothing of a client that goes before the end of its message.
 */
final class SmtpSink implements AutoCloseable {
    /** What arrived; the text with LF line ends, dots undone. */
    record Message(String sender, List<String> recipients, String text) {}

    private final ServerSocket listener;
    private final ReentrantLock answering = new ReentrantLock(); // so that who has read a 250 finds its message
    private final List<Message> messages = new ArrayList<>(); // guarded by answering
    private final Map<String, String> refusals = new ConcurrentHashMap<>();

    private SmtpSink(ServerSocket listener) {
        this.listener = listener;
    }

    static SmtpSink start() throws IOException {
        var sink = new SmtpSink(new ServerSocket(0, 200, InetAddress.getByName("127.0.0.1")));
        Thread.ofVirtual().start(sink::listen);
        return sink;
    }

    int port() {
        return listener.getLocalPort();
    }

    List<Message> messages() {
        return messagesFrom(0);
    }

    /** Those that were answered after the first so many. */
    List<Message> messagesFrom(int index) {
        answering.lock();
        try {
            return List.copyOf(messages.subList(index, messages.size()));
        } finally {
            answering.unlock();
        }
    }

    /** The reply to RCPT for that recipient from now on. */
    void refuse(String recipient, String reply) {
        refusals.put(recipient, reply);
    }

    /** No longer refuses that recipient. */
    void accept(String recipient) {
        refusals.remove(recipient);
    }

    private void listen() {
        while (!listener.isClosed()) {
            try {
                Socket client = listener.accept();
                Thread.ofVirtual().start(() -> {
                    try (client) {
                        converse(client);
                    } catch (IOException e) {
                        // the client has gone
                    }
                });
            } catch (IOException e) {
                return;
            }
        }
    }

    private void converse(Socket client) throws IOException {
        client.setTcpNoDelay(true);
        var in = new BufferedReader(new InputStreamReader(client.getInputStream(), StandardCharsets.ISO_8859_1));
        OutputStream out = client.getOutputStream();
        say(out, "220 sink.example ESMTP");
        String sender = "";
        List<String> recipients = new ArrayList<>();
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            String verb = line.toUpperCase(java.util.Locale.ROOT);
            if (verb.startsWith("EHLO")) {
                say(out, "250-sink.example\r\n250-PIPELINING\r\n250-SMTPUTF8\r\n250 8BITMIME");
            } else if (verb.startsWith("MAIL FROM:")) {
                sender = line.substring(line.indexOf('<') + 1, line.lastIndexOf('>'));
                recipients = new ArrayList<>();
                say(out, "250 ok");
            } else if (verb.startsWith("RCPT TO:")) {
                String recipient = line.substring(line.indexOf('<') + 1, line.lastIndexOf('>'));
                String refusal = refusals.get(recipient);
                if (refusal == null) {
                    recipients.add(recipient);
                }
                say(out, refusal == null ? "250 ok" : refusal);
            } else if (verb.equals("DATA")) {
                if (recipients.isEmpty()) {
                    say(out, "554 no recipients");
                    continue;
                }
                say(out, "354 go on");
                var text = new StringBuilder();
                String data = in.readLine();
                for (; data != null && !data.equals("."); data = in.readLine()) {
                    text.append(data.startsWith(".") ? data.substring(1) : data).append('\n');
                }
                if (data == null) {
                    return;
                }
                answer(out, new Message(sender, List.copyOf(recipients), text.toString()));
            } else if (verb.equals("QUIT")) {
                say(out, "221 bye");
                return;
            } else {
                say(out, "250 ok");
            }
        }
    }

    private void answer(OutputStream out, Message message) throws IOException {
        answering.lock();
        try {
            say(out, "250 ok");
            messages.add(message);
        } finally {
            answering.unlock();
        }
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
