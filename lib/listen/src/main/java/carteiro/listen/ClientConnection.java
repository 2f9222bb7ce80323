package carteiro.listen;

import carteiro.wire.ChannelBindings;
import carteiro.wire.LineReader;
import carteiro.wire.TlsIdentity;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLPeerUnverifiedException;
import javax.net.ssl.SSLSocket;
import org.jspecify.annotations.Nullable;

/**
 * The connection to a client. Replies are gathered and written in one piece when there is nothing more to read (RFC 2920
 * section 3.2). One thread converses; another, {@link #enforceTimeouts}, ends what takes too long: there is no timer for each read.
 */
public final class ClientConnection implements Closeable {
    private static final int GATHERED = 2048;

    /** How often connections are looked at for their time limits. */
    static final Duration SWEEP = Duration.ofMillis(200);

    /** How long a peer has to take the last reply and close, before we do. */
    private static final Duration FAREWELL = Duration.ofSeconds(5);

    /** What is read and dropped after the last reply, so that the reply is not lost by a reset. */
    private static final int FAREWELL_OCTETS = 1 << 20;

    /** Why we end a connection that the client keeps. */
    public enum Ending {
        SILENT,
        TOO_LONG,
        STOPPING
    }

    private enum Phase {
        BUSY,
        READING,
        WRITING
    }

    private final Socket socket;
    private final long conversationEnd;
    private final InputStream input = new ClientInput();
    private final LineReader lines;
    private Duration silence;
    private InputStream in;
    private OutputStream out;
    private @Nullable SSLSocket tls;
    private byte[] gathered = new byte[256];
    private int gatheredLength;
    private boolean readable = true;

    // what the sweeping thread looks at
    private volatile Phase phase = Phase.BUSY;
    private volatile long phaseEnd;
    private volatile boolean settling;
    private volatile @Nullable Ending ending;
    private volatile long closeAt;

    /**
     * Looks after a connection.
     *
     * @param socket connected
     * @param silence how long the client may send nothing, or not read
     * @param conversation how long all of it may last
     * @param lineLimit octets in a line, CRLF included; see {@link #lines}
     */
    public ClientConnection(Socket socket, Duration silence, Duration conversation, int lineLimit) throws IOException {
        this.socket = socket;
        this.silence = silence;
        this.conversationEnd = System.nanoTime() + conversation.toNanos();
        this.in = socket.getInputStream();
        this.out = socket.getOutputStream();
        this.lines = new LineReader(input, lineLimit);
    }

    /** What the client sends, in lines and text. Reading first writes what is gathered. */
    public LineReader lines() {
        return lines;
    }

    /**
     * What the client sends, in octets, for a protocol without lines. Reads blocks alone; its end is that of what the client
     * sends, or ours, see {@link #ending}. Not to be mixed with {@link #lines}.
     */
    public InputStream input() {
        return input;
    }

    /** Why the input ended, if it was we who ended it. */
    public Optional<Ending> ending() {
        return Optional.ofNullable(ending);
    }

    /** Whether TLS is on, and by which cipher suite. */
    public Optional<String> cipher() {
        return Optional.ofNullable(tls).map(on -> on.getSession().getCipherSuite());
    }

    /**
     * What only the two ends of the TLS connection know, by type: {@code tls-server-end-point} (RFC 5929 section 4), and with TLS 1.3
     * {@code tls-exporter} (RFC 9266). Empty without TLS.
     */
    public Map<String, byte[]> channelBindings() {
        return tls == null ? Map.of() : ChannelBindings.ofServer(tls.getSession());
    }

    /** The certificates that the client has shown, its own first; nobody has looked at what they are worth. Empty if it has shown none. */
    public List<X509Certificate> clientCertificates() {
        var shown = new ArrayList<X509Certificate>();
        try {
            for (Certificate certificate :
                    tls == null ? new Certificate[0] : tls.getSession().getPeerCertificates()) {
                if (certificate instanceof X509Certificate usual) {
                    shown.add(usual);
                }
            }
        } catch (SSLPeerUnverifiedException e) {
            return List.of();
        }
        return shown;
    }

    /** The fate of a message is being decided; until the client has the next reply, nothing ends the connection. */
    public void settle() {
        settling = true;
    }

    /** Whether the client waits for the fate of a message. */
    public boolean isSettling() {
        return settling;
    }

    /** Gathers a reply. */
    public void send(byte[] reply) throws IOException {
        if (gatheredLength + reply.length > GATHERED) {
            flush();
        }
        if (gatheredLength + reply.length > gathered.length) {
            gathered = Arrays.copyOf(gathered, Math.max(2 * gathered.length, gatheredLength + reply.length));
        }
        System.arraycopy(reply, 0, gathered, gatheredLength, reply.length);
        gatheredLength += reply.length;
    }

    /** Writes what is gathered. */
    public void flush() throws IOException {
        if (gatheredLength > 0) {
            enter(Phase.WRITING);
            out.write(gathered, 0, gatheredLength);
            out.flush();
            phase = Phase.BUSY;
            gatheredLength = 0;
            if (settling) {
                closeAt = System.nanoTime() + FAREWELL.toNanos(); // an end that came meanwhile begins now
                settling = false;
            }
        }
    }

    private void enter(Phase next) {
        phaseEnd = System.nanoTime() + silence.toNanos();
        phase = next;
    }

    /** Goes over to TLS. Nothing may be buffered. */
    public void startTls(TlsIdentity identity) throws IOException {
        flush();
        SSLSocket server = identity.serve(new TlsCarrier(socket, this::ending));
        enter(Phase.READING);
        try {
            server.startHandshake();
        } finally {
            phase = Phase.BUSY;
        }
        tls = server;
        in = server.getInputStream();
        out = server.getOutputStream();
    }

    /** Writes what is gathered and closes so that the client can read it, whatever it is still sending. */
    public void closeGently() throws IOException {
        flush();
        silence = FAREWELL;
        if (tls != null) {
            enter(Phase.WRITING);
            tls.shutdownOutput(); // its farewell, close_notify; what the client still sends need not be understood
            phase = Phase.BUSY;
        }
        socket.shutdownOutput();
        if (ending == null) {
            in = socket.getInputStream();
            lines.drop(FAREWELL_OCTETS);
        }
        socket.close();
    }

    @Override
    public void close() throws IOException {
        if (tls != null && !socket.isClosed()) {
            enter(Phase.WRITING); // the farewell of TLS
            try {
                tls.close();
            } catch (IOException e) {
                // the client has gone without its farewell
            }
        }
        socket.close();
    }

    /** What the client sends; -1 also when we ended the input. */
    private final class ClientInput extends InputStream {
        @Override
        public int read() {
            throw new UnsupportedOperationException("blocks alone are read");
        }

        @Override
        public int read(byte[] into, int from, int length) throws IOException {
            flush();
            if (!readable || ending != null) {
                return -1;
            }
            enter(Phase.READING);
            try {
                int came = in.read(into, from, length);
                readable = came > 0;
                return came;
            } catch (SocketTimeoutException e) {
                readable = false;
                return -1;
            } finally {
                phase = Phase.BUSY;
            }
        }
    }

    /** Converses with its time limits enforced by a thread of their own: for a process with one conversation. */
    public void converseAlone(Runnable conversation) {
        var done = new CountDownLatch(1);
        Thread.ofPlatform().name("sweep").daemon(true).start(() -> {
            try {
                while (!done.await(SWEEP.toMillis(), TimeUnit.MILLISECONDS)) {
                    enforceTimeouts(System.nanoTime());
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
        conversation.run();
        done.countDown();
    }

    // ---- By the sweeping thread

    /** Ends what takes too long; to be called several times a second. */
    public void enforceTimeouts(long now) {
        if (ending != null && !settling && now - closeAt > 0) {
            closeHard();
            return;
        }
        switch (phase) {
            case READING -> {
                if (now - conversationEnd > 0) {
                    end(Ending.TOO_LONG, now);
                } else if (now - phaseEnd > 0) {
                    end(Ending.SILENT, now);
                }
            }
            case WRITING -> {
                if (now - phaseEnd > 0) {
                    closeHard();
                }
            }
            case BUSY -> {} // what we do ourselves has limits of its own
        }
    }

    /** Ends the conversation if it waits for the client, in the text of a message too: nothing is promised yet. */
    public void stop(long now) {
        if (phase == Phase.READING) {
            end(Ending.STOPPING, now);
        }
    }

    private void end(Ending reason, long now) {
        if (ending == null) {
            closeAt = now + FAREWELL.toNanos();
            ending = reason;
        }
        try {
            socket.shutdownInput(); // the reading thread goes on as at the end of the stream
        } catch (IOException e) {
            closeHard();
        }
    }

    /** Closes at once. */
    public void closeHard() {
        try {
            socket.close();
        } catch (IOException e) {
            // of no further use either way
        }
    }
}
