package carteiro.protocol;

import carteiro.log.LogText;
import java.io.FilterInputStream;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;

/**
 * What a program says first to a caller (docs/protocols/README.md): the {@link WireVersion} if it serves the caller; else a minus
 * sign and the reason, before it closes the connection. At the caller's side these are the octets that come in: what was said
 * first is taken from them.
 */
final class GreetingInput extends FilterInputStream {
    private static final char REFUSAL = '-';

    /** The most octets of a reason. */
    private static final int LONGEST = 200;

    private final String program;
    private boolean begun;

    GreetingInput(String program, InputStream in) {
        super(in);
        this.program = program;
    }

    /** Says that the caller is not served: so little does not make anybody wait. */
    static void refuse(SocketChannel peer, String reason) throws IOException {
        byte[] octets = (REFUSAL + reason).getBytes(StandardCharsets.ISO_8859_1);
        var _ = peer.write(ByteBuffer.wrap(octets, 0, Math.min(octets.length, 1 + LONGEST)));
    }

    @Override
    public int read() throws IOException {
        byte[] octet = new byte[1];
        return read(octet, 0, 1) < 0 ? -1 : octet[0] & 0xff;
    }

    @Override
    public int read(byte[] octets, int from, int length) throws IOException {
        if (!begun) {
            begin();
        }
        return in.read(octets, from, length);
    }

    private void begin() throws IOException {
        begun = true;
        int first;
        try {
            first = in.read();
        } catch (IOException e) { // it may have been closed with what we said unread
            throw new NoGreetingException(program, e);
        }
        if (first == REFUSAL) {
            throw new RefusedException(program + " refuses this connection: " + rest());
        }
        if (first < 0) {
            throw new NoGreetingException(program, null);
        }
        int version = first == WireVersion.MARK ? WireVersion.rest(in) : WireVersion.NONE;
        if (!WireVersion.understands(version)) {
            throw new RefusedException(program + " speaks " + WireVersion.named(version) + ", this program version "
                    + WireVersion.OURS + ": install the same build for both, and start both again");
        }
    }

    /** What follows, up to the end; a connection that is closed with our question unread ends by an exception. */
    private String rest() {
        var reason = new StringBuilder();
        try {
            while (reason.length() < LONGEST) {
                int c = in.read();
                if (c < 0) {
                    break;
                }
                reason.append((char) c);
            }
        } catch (IOException e) {
            // that was all
        }
        return LogText.printable(reason.toString());
    }

    /** Octets for the same program; where it has closed the connection, the exception is what it said before, if it did. */
    OutputStream told(OutputStream out) {
        return new FilterOutputStream(out) {
            @Override
            public void write(byte[] octets, int from, int length) throws IOException {
                try {
                    out.write(octets, from, length);
                } catch (IOException e) {
                    throw begun ? e : whatWasSaid(e);
                }
            }
        };
    }

    private IOException whatWasSaid(IOException lost) {
        try {
            begin();
            return lost;
        } catch (RefusedException | NoGreetingException said) {
            return said;
        } catch (IOException _) {
            return lost;
        }
    }
}
