package carteiro.demo;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;

/** Sends one message by SMTP, as any client would. */
final class DemoClient {
    private static final int SILENCE_MILLIS = 60_000;

    private final int port;

    DemoClient(int port) {
        this.port = port;
    }

    /** What the server said last. */
    sealed interface ServerResponse {
        /** It took the message. */
        record Taken(String reply) implements ServerResponse {}

        /** It refused the recipient. */
        record RecipientRejected(String reply) implements ServerResponse {}
    }

    /** @throws IOException if it says anything else than yes, or no to the recipient */
    ServerResponse send(String sender, String recipient, String subject) throws IOException {
        try (var socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
            socket.setSoTimeout(SILENCE_MILLIS);
            var in = new BufferedReader(new InputStreamReader(socket.getInputStream(), StandardCharsets.ISO_8859_1));
            OutputStream out = socket.getOutputStream();
            expect(in, "220");
            ask(out, in, "EHLO visitor.example", "250");
            ask(out, in, "MAIL FROM:<" + sender + ">", "250");
            out.write(("RCPT TO:<" + recipient + ">\r\n").getBytes(StandardCharsets.ISO_8859_1));
            out.flush();
            String reply = reply(in);
            if (reply.startsWith("5")) {
                ask(out, in, "QUIT", "221");
                return new ServerResponse.RecipientRejected(reply);
            }
            if (!reply.startsWith("250")) {
                throw new IOException("to RCPT TO:<" + recipient + "> smtpd said: " + reply);
            }
            ask(out, in, "DATA", "354");
            String taken = ask(
                    out,
                    in,
                    "From: " + sender + "\r\nTo: " + recipient + "\r\nSubject: " + subject + "\r\n\r\nHello,\r\n\r\n"
                            + "this message was sent by the demo of Carteiro.\r\n.",
                    "250");
            ask(out, in, "QUIT", "221");
            return new ServerResponse.Taken(taken);
        }
    }

    private static String ask(OutputStream out, BufferedReader in, String line, String code) throws IOException {
        out.write((line + "\r\n").getBytes(StandardCharsets.ISO_8859_1));
        out.flush();
        return expect(in, code);
    }

    private static String expect(BufferedReader in, String code) throws IOException {
        String reply = reply(in);
        if (!reply.startsWith(code)) {
            throw new IOException("smtpd said: " + reply);
        }
        return reply;
    }

    /** The last line of a reply. */
    private static String reply(BufferedReader in) throws IOException {
        String line = in.readLine();
        while (line != null && line.length() > 3 && line.charAt(3) == '-') {
            line = in.readLine();
        }
        if (line == null) {
            throw new IOException("smtpd closed the connection");
        }
        return line;
    }
}
