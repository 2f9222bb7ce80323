package carteiro.tests;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** A plain SMTP client for tests: says exactly what it is told. */
final class SmtpClient implements AutoCloseable {
    private final Socket socket = new Socket();
    private final BufferedReader in;
    private final OutputStream out;

    SmtpClient(InetSocketAddress server) throws IOException {
        socket.connect(server, 10_000);
        socket.setSoTimeout(60_000);
        socket.setTcpNoDelay(true);
        in = new BufferedReader(new InputStreamReader(socket.getInputStream(), StandardCharsets.ISO_8859_1));
        out = socket.getOutputStream();
        expect("220", reply());
        expect("250", say("EHLO client.example.net"));
    }

    /** Sends a line and returns the reply. */
    String say(String line) throws IOException {
        out.write((line + "\r\n").getBytes(StandardCharsets.ISO_8859_1));
        return reply();
    }

    private String reply() throws IOException {
        var reply = new StringBuilder();
        while (true) {
            String line = in.readLine();
            if (line == null) {
                throw new IOException("the server closed the connection after \"" + reply + "\"");
            }
            reply.append(line).append('\n');
            if (line.length() < 4 || line.charAt(3) != '-') {
                return reply.toString();
            }
        }
    }

    private static void expect(String code, String reply) throws IOException {
        if (!reply.startsWith(code)) {
            throw new IOException("expected " + code + ", got " + reply.strip());
        }
    }

    /**
     * One transaction.
     *
     * @param message lines ended by LF; dots are doubled here
     * @return the last reply
     * @throws IOException if the connection is lost or a reply before the last is not positive
     */
    String send(String sender, List<String> recipients, String message) throws IOException {
        expect("250", say("MAIL FROM:<" + sender + "> BODY=8BITMIME"));
        for (String recipient : recipients) {
            expect("250", say("RCPT TO:<" + recipient + ">"));
        }
        expect("354", say("DATA"));
        String data = message.replace("\n", "\r\n");
        data = (data.startsWith(".") ? "." + data : data).replace("\r\n.", "\r\n..");
        out.write((data + ".\r\n").getBytes(StandardCharsets.ISO_8859_1));
        return reply();
    }

    /** One transaction whose data goes out as it is; the end is added. */
    String sendRaw(String sender, List<String> recipients, String data) throws IOException {
        expect("250", say("MAIL FROM:<" + sender + "> BODY=8BITMIME"));
        for (String recipient : recipients) {
            expect("250", say("RCPT TO:<" + recipient + ">"));
        }
        expect("354", say("DATA"));
        out.write((data + "\r\n.\r\n").getBytes(StandardCharsets.ISO_8859_1));
        return reply();
    }

    @Override
    public void close() throws IOException {
        try {
            say("QUIT");
        } catch (IOException e) {
            // it has gone already
        }
        socket.close();
    }
}
