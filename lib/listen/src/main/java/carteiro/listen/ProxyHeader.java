package carteiro.listen;

import carteiro.control.IpAddressText;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.Optional;

/**
 * What a proxy sends first: who its client is, in the form of version 1 (a line) or 2 (octets) of the PROXY protocol (HAProxy,
 * "The PROXY protocol, versions 1 and 2"). Exactly its octets are read: what follows is the client's.
 */
final class ProxyHeader {
    /** Octets in a header of version 1, CRLF included. */
    private static final int LONGEST_LINE = 107;

    /** Octets behind the fixed part of a header of version 2: addresses, and what else a proxy tells. */
    private static final int MOST = 4096;

    private static final byte[] SIGNATURE = "\r\n\r\n\0\r\nQUIT\n".getBytes(StandardCharsets.US_ASCII);

    private static final int VERSION = 2;
    private static final int LOCAL = 0;
    private static final int PROXIED = 1;
    private static final int TCP_OVER_IPV4 = 0x11;
    private static final int TCP_OVER_IPV6 = 0x21;

    private ProxyHeader() {}

    /**
     * Reads it.
     *
     * @param patience how long all of it may take
     * @return the client's address; empty if the proxy speaks for itself
     * @throws IOException if it is none, does not come, or does not say who the client is, who must not pass for the proxy then; the
     *     message says so
     */
    static Optional<InetAddress> read(Socket socket, Duration patience) throws IOException {
        var in = new DeadlineInput(socket, System.nanoTime() + patience.toNanos());
        try {
            byte[] start = in.octets(SIGNATURE.length);
            Optional<InetAddress> client = Arrays.equals(start, SIGNATURE) ? version2(in) : version1(start, in);
            socket.setSoTimeout(0);
            return client;
        } catch (EOFException e) {
            throw new IOException("the connection ended within its PROXY header", e);
        } catch (SocketTimeoutException e) {
            throw new IOException("its PROXY header did not come in " + patience.toSeconds() + " s", e);
        }
    }

    /** Octets that must come until a time. */
    private static final class DeadlineInput {
        private final Socket socket;
        private final InputStream in;
        private final long end;

        DeadlineInput(Socket socket, long end) throws IOException {
            this.socket = socket;
            this.in = socket.getInputStream();
            this.end = end;
        }

        byte[] octets(int count) throws IOException {
            byte[] octets = new byte[count];
            int came = 0;
            while (came < count) {
                long left = (end - System.nanoTime()) / 1_000_000;
                if (left <= 0) {
                    throw new SocketTimeoutException();
                }
                socket.setSoTimeout((int) left);
                int read = in.read(octets, came, count - came);
                if (read < 0) {
                    throw new EOFException();
                }
                came += read;
            }
            return octets;
        }
    }

    /** {@code PROXY TCP4 192.0.2.7 198.51.100.1 40000 25}, or {@code PROXY UNKNOWN} and anything. */
    private static Optional<InetAddress> version1(byte[] start, DeadlineInput in) throws IOException {
        var line = new StringBuilder(LONGEST_LINE).append(new String(start, StandardCharsets.ISO_8859_1));
        if (!line.toString().startsWith("PROXY ")) {
            throw new IOException("it began without a PROXY header");
        }
        while (line.charAt(line.length() - 1) != '\n') {
            if (line.length() == LONGEST_LINE) {
                throw new IOException("its PROXY header is too long");
            }
            line.append((char) (in.octets(1)[0] & 0xff));
        }
        if (line.charAt(line.length() - 2) != '\r') {
            throw malformed();
        }
        String[] words = line.substring(0, line.length() - 2).split(" ", -1);
        if (words[1].equals("UNKNOWN")) {
            throw unknown();
        }
        if (words.length != 6 || !isPort(words[4]) || !isPort(words[5])) {
            throw malformed();
        }
        boolean six = switch (words[1]) {
            case "TCP4" -> false;
            case "TCP6" -> true;
            default -> throw malformed();
        };
        var _ = literal(words[3], six);
        return Optional.of(literal(words[2], six));
    }

    /** Of the family that it must be of; an interface of ours means nothing in it. */
    private static InetAddress literal(String text, boolean six) throws IOException {
        if (text.indexOf(':') >= 0 != six || text.indexOf('%') >= 0) {
            throw malformed();
        }
        return IpAddressText.literal(text).orElseThrow(ProxyHeader::malformed);
    }

    private static boolean isPort(String text) {
        return text.matches("[0-9]{1,5}") && Integer.parseInt(text) <= 65_535;
    }

    private static Optional<InetAddress> version2(DeadlineInput in) throws IOException {
        byte[] fixed = in.octets(4);
        int length = (fixed[2] & 0xff) << 8 | fixed[3] & 0xff;
        if ((fixed[0] & 0xf0) >> 4 != VERSION) {
            throw malformed();
        }
        if (length > MOST) {
            throw new IOException("its PROXY header is too long");
        }
        byte[] rest = in.octets(length);
        return switch (fixed[0] & 0xf) {
            case LOCAL -> Optional.empty();
            case PROXIED ->
                switch (fixed[1] & 0xff) {
                    case TCP_OVER_IPV4 -> Optional.of(address(rest, 4, 12));
                    case TCP_OVER_IPV6 -> Optional.of(address(rest, 16, 36));
                    default -> throw unknown(); // another family
                };
            default -> throw malformed();
        };
    }

    private static InetAddress address(byte[] addresses, int size, int least) throws IOException {
        if (addresses.length < least) {
            throw malformed();
        }
        return InetAddress.getByAddress(Arrays.copyOf(addresses, size));
    }

    private static IOException unknown() {
        return new IOException("its proxy does not say who it is");
    }

    private static IOException malformed() {
        return new IOException("its PROXY header makes no sense");
    }
}
