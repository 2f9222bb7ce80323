package carteiro.inject;

import carteiro.control.QmqpServer;
import carteiro.mail.Address;
import carteiro.mail.Envelope;
import carteiro.mail.Octets;
import carteiro.wire.TlsTrust;
import carteiro.wire.Watchdog;
import java.io.BufferedOutputStream;
import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * A connection to a server of QMQP, for one message: a netstring that holds those of the message, the sender and each
 * recipient; the answer is a netstring that begins with K, Z or D. One thread.
 */
final class QmqpClient implements Closeable {
    /** The greatest length that servers take. */
    static final long MOST_OCTETS = 2_000_000_009L;

    /** The most octets of an answer that are read. */
    private static final int MOST_ANSWER = 1000;

    private final Socket below;
    private final Socket connection;
    private final Duration silence;
    private final Watchdog watchdog;

    private QmqpClient(Socket below, Socket connection, Duration silence, Watchdog watchdog) {
        this.below = below;
        this.connection = connection;
        this.silence = silence;
        this.watchdog = watchdog;
    }

    /** How long things may take. */
    record QmqpLimits(Duration connect, Duration silence) {
        /** Those of qmail-qmqpc. */
        static final QmqpLimits STANDARD = new QmqpLimits(Duration.ofSeconds(10), Duration.ofSeconds(60));
    }

    /**
     * Connects, with TLS where the server's line says so. No octet of a message is sent: another server may be tried.
     *
     * @param trust of the servers with TLS; null where none has it
     * @throws SocketTimeoutException if it takes longer than the limit, the handshake included
     */
    static QmqpClient connect(QmqpServer server, @Nullable TlsTrust trust, QmqpLimits limits, Watchdog watchdog)
            throws IOException {
        var below = new Socket();
        long begun = System.nanoTime();
        try (var _ = watchdog.closeAfter(limits.connect(), below)) {
            below.connect(server.address(), (int) limits.connect().toMillis());
            below.setTcpNoDelay(true);
            below.setSoTimeout((int) limits.connect().toMillis());
            Socket connection = trust == null || server.tlsName().isEmpty()
                    ? below
                    : trust.connect(below, server.tlsName().get());
            below.setSoTimeout((int) limits.silence().toMillis());
            return new QmqpClient(below, connection, limits.silence(), watchdog);
        } catch (IOException e) {
            below.close();
            if (System.nanoTime() - begun >= limits.connect().toNanos() && !(e instanceof SocketTimeoutException)) {
                throw timedOut(e); // the watchdog has closed it
            }
            throw e;
        }
    }

    private static SocketTimeoutException timedOut(IOException cause) {
        var late = new SocketTimeoutException("no end of it in time");
        late.initCause(cause);
        return late;
    }

    /**
     * Sends the message and reads the answer. Its first letter decides, as in qmail: what is behind may be missing.
     *
     * @return its text, with the letter in front
     * @throws IOException if there is none: the message may be queued or not
     */
    String send(BufferedMessage message, Envelope envelope) throws IOException {
        try {
            write(message, envelope);
        } catch (IOException e) {
            try {
                String refusal = answer(); // a server may have refused it before its end, and read no more
                if (refusal.charAt(0) == 'K') {
                    throw new IOException("it answered before the message was sent");
                }
                return refusal;
            } catch (IOException lost) {
                e.addSuppressed(lost);
                throw e;
            }
        }
        return answer();
    }

    private void write(BufferedMessage message, Envelope envelope) throws IOException {
        var out = new BufferedOutputStream(
                new LimitedOutput(connection.getOutputStream(), silence, below, watchdog), 32 * 1024);
        out.write(Octets.bytes(length(message, envelope) + ":" + message.length() + ":"));
        message.copyTo(out);
        out.write(',');
        write(out, envelope.sender());
        for (Address recipient : envelope.addresses()) {
            write(out, recipient);
        }
        out.write(',');
        out.flush();
    }

    private static void write(OutputStream out, Address address) throws IOException {
        out.write(Octets.bytes(address.octets().length() + ":" + address.octets() + ","));
    }

    /** The octets within the outer netstring. */
    static long length(BufferedMessage message, Envelope envelope) {
        long length = netstring(message.length()) + netstring(envelope.sender());
        for (Address recipient : envelope.addresses()) {
            length += netstring(recipient);
        }
        return length;
    }

    private static long netstring(Address address) {
        return netstring(address.octets().length());
    }

    private static long netstring(long octets) {
        return Long.toString(octets).length() + 2 + octets; // the colon and the comma
    }

    private String answer() throws IOException {
        try (var _ = watchdog.closeAfter(silence.multipliedBy(2), below)) { // an octet now and then is no answer
            return answer(connection.getInputStream());
        }
    }

    private static String answer(InputStream in) throws IOException {
        int length = 0;
        for (int digits = 0; ; digits++) {
            int octet = required(in);
            if (octet == ':' && digits > 0) {
                break;
            }
            if (octet < '0' || octet > '9' || digits == 9) {
                throw new IOException("its answer is no netstring");
            }
            length = 10 * length + (octet - '0');
        }
        int letter = length == 0 ? ' ' : required(in);
        if ("KZD".indexOf(letter) < 0) {
            throw new IOException("its answer begins with none of K, Z and D");
        }
        var text = new StringBuilder().append((char) letter);
        try {
            while (letter != 'K' && text.length() < Math.min(length, MOST_ANSWER)) {
                text.append((char) required(in));
            }
        } catch (IOException e) {
            // the rest of the reason is lost
        }
        return text.toString();
    }

    private static int required(InputStream in) throws IOException {
        int octet = in.read();
        if (octet < 0) {
            throw new EOFException("it closed the connection without an answer");
        }
        return octet;
    }

    @Override
    public void close() {
        try {
            below.close(); // TLS's own parting could wait for who does not read
        } catch (IOException e) {
            // the answer is known, or lost
        }
    }
}
