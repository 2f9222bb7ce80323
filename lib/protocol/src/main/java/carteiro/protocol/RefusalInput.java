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
 * What a program says to a caller that it does not serve, before it closes the connection (docs/protocols/README.md): a minus sign,
 * where a frame would have a digit, and the reason. At the caller's side these are the octets that come in: the first of them
 * tells a refusal from an answer.
 */
final class RefusalInput extends FilterInputStream {
    private static final char MARK = '-';

    /** The most octets of a reason. */
    private static final int LONGEST = 200;

    private final String program;
    private boolean begun;

    RefusalInput(String program, InputStream in) {
        super(in);
        this.program = program;
    }

    /** Says it: so little does not make anybody wait. */
    static void say(SocketChannel peer, String reason) throws IOException {
        byte[] octets = (MARK + reason).getBytes(StandardCharsets.ISO_8859_1);
        var _ = peer.write(ByteBuffer.wrap(octets, 0, Math.min(octets.length, 1 + LONGEST)));
    }

    @Override
    public int read() throws IOException {
        byte[] octet = new byte[1];
        return read(octet, 0, 1) < 0 ? -1 : octet[0] & 0xff;
    }

    @Override
    public int read(byte[] octets, int from, int length) throws IOException {
        int count = super.read(octets, from, length);
        if (!begun && count > 0) {
            begun = true;
            if (octets[from] == MARK) {
                throw new RefusedException(program + " refuses this connection: "
                        + rest(new String(
                                octets, from + 1, Math.min(count - 1, LONGEST), StandardCharsets.ISO_8859_1)));
            }
        }
        return count;
    }

    /** What follows, up to the end; a connection that is closed with our question unread ends by an exception. */
    private String rest(String begin) {
        var reason = new StringBuilder(begin);
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
            var _ = read(new byte[1], 0, 1);
            return lost;
        } catch (RefusedException refused) {
            return refused;
        } catch (IOException _) {
            return lost;
        }
    }
}
