package carteiro.remote;

import carteiro.idna.DomainName;
import carteiro.mail.Octets;
import carteiro.smtp.ReplyReader;
import carteiro.smtp.SmtpReply;
import carteiro.wire.ChannelBindings;
import carteiro.wire.Watchdog;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.Map;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import org.jspecify.annotations.Nullable;

/** A connection to a next hop, greeted or not: lines out, replies in, each within its time. One thread at a time. */
final class SmtpConnection implements Closeable {
    /** One block of a message as queue keeps it; most messages are one. */
    static final int BLOCK = 16 * 1024;

    private final NextHop hop;
    private final Socket raw;
    private final Watchdog watchdog;
    private TimedInput input;
    private OutputStream out;
    private ReplyReader replies;
    private OfferedExtensions extensions = OfferedExtensions.NONE;
    private @Nullable SSLSocket tls;
    private boolean tlsTried;
    private boolean tlsAnswered;
    private boolean insteadOfTls;
    private boolean answered;
    private int messages;
    private final byte[] block = new byte[BLOCK];
    private final byte[] wire = new byte[DataEncoder.room(BLOCK)];

    SmtpConnection(NextHop hop, Socket connected, Watchdog watchdog) throws IOException {
        this.hop = hop;
        this.raw = connected;
        this.watchdog = watchdog;
        this.input = new TimedInput(connected);
        this.out = connected.getOutputStream();
        this.replies = new ReplyReader(input);
    }

    /** Reads that end at a given time, whatever trickles in. */
    private static final class TimedInput extends InputStream {
        private final Socket socket;
        private final InputStream in;
        private long deadline = System.nanoTime();

        TimedInput(Socket socket) throws IOException {
            this.socket = socket;
            this.in = socket.getInputStream();
        }

        void endAfter(Duration limit) {
            deadline = System.nanoTime() + limit.toNanos();
        }

        @Override
        public int read(byte[] octets, int from, int length) throws IOException {
            long left = (deadline - System.nanoTime()) / 1_000_000;
            if (left <= 0) {
                throw new SocketTimeoutException("no answer in time");
            }
            socket.setSoTimeout((int) Math.min(left, Integer.MAX_VALUE));
            try {
                return in.read(octets, from, length);
            } catch (SocketTimeoutException e) {
                var late = new SocketTimeoutException("no answer in time");
                late.initCause(e);
                throw late;
            }
        }

        @Override
        public int read() throws IOException {
            byte[] one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
        }

        @Override
        public int available() throws IOException {
            return in.available();
        }
    }

    NextHop hop() {
        return hop;
    }

    OfferedExtensions extensions() {
        return extensions;
    }

    void extensions(OfferedExtensions offered) {
        extensions = offered;
    }

    /** How many messages were begun here. */
    int messages() {
        return messages;
    }

    void countMessage() {
        messages++;
    }

    /** Room for one block of a message, of {@link #BLOCK} octets. */
    byte[] block() {
        return block;
    }

    /** Room for that block in its wire form. */
    byte[] wire() {
        return wire;
    }

    /** Writes in one call. */
    void write(byte[] octets, int from, int length, Duration limit) throws IOException {
        try (var _ = watchdog.closeAfter(limit, raw)) {
            out.write(octets, from, length);
            out.flush();
        } catch (IOException e) {
            throw raw.isClosed() ? new IOException("it stopped reading, or we are stopping", e) : e;
        }
    }

    /** Writes lines, CR LF included, in one call. */
    void write(String lines, Duration limit) throws IOException {
        byte[] octets = Octets.bytes(lines);
        write(octets, 0, octets.length, limit);
    }

    /** Reads one reply; it must be complete within the limit. */
    SmtpReply reply(Duration limit) throws IOException {
        input.endAfter(limit);
        SmtpReply reply;
        if (tls == null) {
            reply = replies.read();
        } else {
            try (var _ = watchdog.closeAfter(limit, raw)) { // a TLS record that drips never lets a read time out
                reply = replies.read();
            } catch (IOException e) {
                throw raw.isClosed() ? new IOException("no answer in time, or we are stopping", e) : e;
            }
            tlsAnswered = true;
        }
        answered = true;
        return reply;
    }

    /**
     * Whether a reply came since the connection was opened or last {@link #markIdle}. Before that the other side may be gone,
     * or no longer what it was when it said EHLO: nothing is to be concluded for good.
     */
    boolean hasAnswered() {
        return answered;
    }

    /** The connection is put by for the next message. */
    void markIdle() {
        answered = false;
    }

    /**
     * Whether STARTTLS was asked for and nothing was ever answered over TLS, whoever refused it and when: a server that
     * demands a certificate says so with TLS 1.3 only after our side of the handshake is done.
     */
    boolean hasFailedTls() {
        return tlsTried && !tlsAnswered;
    }

    /** Notes that this connection is in clear because TLS did not work over the one before. */
    void insteadOfTls() {
        insteadOfTls = true;
    }

    /** Whether the next hop offered TLS, and what is said here is in clear because it did not work. */
    boolean isClearForWantOfTls() {
        return insteadOfTls || tlsTried && tls == null;
    }

    boolean isEncrypted() {
        return tls != null;
    }

    /** What only the two ends of the TLS connection know, by type; empty without TLS. */
    Map<String, byte[]> channelBindings() {
        return tls == null ? Map.of() : ChannelBindings.ofClient(tls.getSession());
    }

    /** Asks to go on encrypted (RFC 3207). */
    SmtpReply askForTls(Duration limit) throws IOException {
        tlsTried = true;
        return ask("STARTTLS", limit);
    }

    SmtpReply ask(String line, Duration limit) throws IOException {
        write(line + "\r\n", limit);
        return reply(limit);
    }

    /** Whether there is a reply that nobody asked for, or the other side has gone; then nothing more is to be said here. */
    boolean isOutOfStep() {
        try {
            return raw.isClosed() || replies.hasMore();
        } catch (IOException e) {
            return true;
        }
    }

    /** Whether somebody is to vouch for the server's certificate. */
    enum Certificate {
        /** Any will do. */
        ANY,
        /** It is of the host's name, and leads to an authority. */
        VERIFIED
    }

    /** Goes on encrypted, before the greeting, or after the next hop said 220 to STARTTLS. */
    void encrypt(SSLContext context, Certificate certificate, Duration limit) throws IOException {
        tlsTried = true;
        if (replies.hasMore()) { // RFC 3207 section 4: what was said in clear must not be taken for encrypted
            throw new IOException("it went on in clear after its answer to STARTTLS");
        }
        String host = certificate == Certificate.VERIFIED
                ? AddressLiteral.ofDomain(hop.host()).map(AddressLiteral::text).orElse(hop.host())
                : hop.host();
        String name = DomainName.ascii(host).orElse(host); // RFC 6066 section 3: A-labels
        var encrypted = (SSLSocket)
                context.getSocketFactory().createSocket(raw, name, hop.address().getPort(), true);
        try (var _ = watchdog.closeAfter(limit, raw)) {
            encrypted.setEnabledProtocols(new String[] {"TLSv1.3", "TLSv1.2"});
            if (certificate == Certificate.VERIFIED) {
                SSLParameters parameters = encrypted.getSSLParameters();
                parameters.setEndpointIdentificationAlgorithm("HTTPS"); // RFC 9525
                encrypted.setSSLParameters(parameters);
            }
            encrypted.setSoTimeout((int) Math.min(limit.toMillis(), Integer.MAX_VALUE));
            encrypted.startHandshake();
        }
        tls = encrypted;
        input = new TimedInput(encrypted);
        out = encrypted.getOutputStream();
        replies = new ReplyReader(input);
        extensions = OfferedExtensions.NONE;
    }

    /** Says QUIT, does not wait for the answer, and ends. */
    void quit() {
        try {
            write("QUIT\r\n", Timeouts.GOODBYE);
        } catch (IOException e) {
            // it has gone first
        }
        end();
    }

    /** Ends TLS as it must be ended, with close_notify (RFC 8446 section 6.1), if there still is any; then closes. */
    void end() {
        SSLSocket encrypted = tls;
        if (encrypted != null && !raw.isClosed()) {
            try (var _ = watchdog.closeAfter(Timeouts.GOODBYE, raw)) {
                encrypted.shutdownOutput();
                raw.getInputStream().skipNBytes(raw.getInputStream().available()); // or the kernel resets at once
            } catch (IOException e) {
                // it has gone first
            }
        }
        close();
    }

    /** Closes at once. Any thread; whoever reads or writes here gets an {@link IOException}. */
    @Override
    public void close() {
        try {
            raw.close();
        } catch (IOException e) {
            // of no further use either way
        }
    }
}
