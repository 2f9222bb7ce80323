package carteiro.protocol;

import carteiro.wire.MalformedFrameException;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;

/**
 * What each side of a connection says first (docs/protocols/README.md): {@code +}, the version of the wires that it was built with, LF.
 * Programs of neighbouring versions understand each other, since what is new travels in tagged fields; others are refused.
 */
final class WireVersion {
    /** Of this build. A change that neighbours must not pass over, and no tagged field can carry, raises it. */
    static final int OURS = 1;

    /** Of builds before wires had versions: what they say first is a frame. */
    static final int NONE = 0;

    /** The first octet of the line. */
    static final char MARK = '+';

    /** The most octets of the line. A later version may say more behind its number. */
    private static final int LONGEST = 100;

    private static final int MOST = 1_000_000;

    private WireVersion() {}

    /** Says ours. */
    static void say(OutputStream out) throws IOException {
        out.write((MARK + Integer.toString(OURS) + '\n').getBytes(StandardCharsets.ISO_8859_1));
        out.flush();
    }

    /**
     * Reads the rest of the line, whose first octet was {@link #MARK}.
     *
     * @return the version of the other side
     * @throws MalformedFrameException if it is no such line
     */
    static int rest(InputStream in) throws IOException {
        int version = 0;
        boolean digits = true; // so far
        for (int i = 1; i < LONGEST; i++) {
            int c = in.read();
            if (c < 0) {
                throw new EOFException("the other side closed the connection");
            }
            if (c == '\n' && version > 0) {
                return version;
            }
            digits &= c >= '0' && c <= '9';
            if (digits) {
                version = version * 10 + (c - '0');
            }
            if (version == 0 || version > MOST) {
                break;
            }
        }
        throw new MalformedFrameException("the connection does not begin with a version");
    }

    /** The version for people. */
    static String named(int version) {
        return version == NONE ? "wires without a version" : "version " + version + " of the wires";
    }

    /** Whether both sides understand each other. */
    static boolean understands(int version) {
        return version != NONE && Math.abs(version - OURS) <= 1;
    }
}
