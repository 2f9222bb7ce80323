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
import java.util.concurrent.CopyOnWriteArrayList;

/** Another host: takes what it is given, and refuses whom it is told to refuse. */
final class SmtpSink implements AutoCloseable {
    /** What arrived; the text with LF line ends, dots undone. */
    record Message(String sender, List<String> recipients, String text) {}

    private final ServerSocket listener;
    private final List<Message> messages = new CopyOnWriteArrayList<>();
    private final Map<String, String> refusals = new ConcurrentHashMap<>();

    private SmtpSink(ServerSocket listener) {
        this.listener = listener;
    }

    static SmtpSink start() throws IOException {
        var sink = new SmtpSink(new ServerSocket(0, 200, InetAddress.getByName("127.0.0.1")));
        Thread.ofVirtual().start(sink::accept);
        return sink;
    }

    int port() {
        return listener.getLocalPort();
    }

    List<Message> messages() {
        return List.copyOf(messages);
    }

    /** The reply to RCPT for that recipient from now on. */
    void refuse(String recipient, String reply) {
        refusals.put(recipient, reply);
    }

    private void accept() {
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
                for (String data = in.readLine(); data != null && !data.equals("."); data = in.readLine()) {
                    text.append(data.startsWith(".") ? data.substring(1) : data).append('\n');
                }
                messages.add(new Message(sender, List.copyOf(recipients), text.toString()));
                say(out, "250 ok");
            } else if (verb.equals("QUIT")) {
                say(out, "221 bye");
                return;
            } else {
                say(out, "250 ok");
            }
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
