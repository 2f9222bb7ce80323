package carteiro.posix;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;

/**
 * The socket by which a service tells systemd its state (sd_notify). Java has no datagram sockets of the Unix domain. This process
 * says it itself, so that a unit can refuse it from every other (NotifyAccess=main). Linux.
 */
public final class NotifySocket {
    private static final int UNIX_DOMAIN = 1;
    private static final int DATAGRAM = 2;
    private static final int CLOSE_ON_EXEC = 02000000;
    private static final int FAMILY = 2; // sockaddr_un: the family in 2 octets, the path in 108
    private static final int PATH = 108;

    private NotifySocket() {}

    private static final class SocketFunctions {
        static final CFunction SOCKET = CFunction.named("socket");
        static final CFunction SEND = CFunction.named("sendto");
        static final CFunction CLOSE = CFunction.named("close");
    }

    /**
     * Sends one message.
     *
     * @param name what NOTIFY_SOCKET holds: an absolute path, or {@code @} and a name of the abstract kind
     * @param message such as {@code READY=1}, ASCII
     * @throws IOException if nobody takes it
     */
    public static void send(String name, String message) throws IOException {
        byte[] path = CPath.octets(name);
        if (path.length == 0 || path.length >= PATH || path[0] != '/' && path[0] != '@') {
            throw new IOException("NOTIFY_SOCKET is no path of a socket: " + name);
        }
        int descriptor = checked(SocketFunctions.SOCKET.call(UNIX_DOMAIN, DATAGRAM | CLOSE_ON_EXEC, 0), name);
        try (Arena arena = Arena.ofConfined()) {
            checked(send(arena, descriptor, path, message.getBytes(StandardCharsets.US_ASCII)), name);
        } finally {
            var _ = SocketFunctions.CLOSE.call(descriptor);
        }
    }

    private static CFunction.CallResult send(Arena arena, int descriptor, byte[] path, byte[] octets) {
        MemorySegment address = arena.allocate(FAMILY + PATH, 8);
        address.set(ValueLayout.JAVA_SHORT, 0, (short) UNIX_DOMAIN);
        MemorySegment.copy(path, 0, address, ValueLayout.JAVA_BYTE, FAMILY, path.length);
        if (path[0] == '@') {
            address.set(ValueLayout.JAVA_BYTE, FAMILY, (byte) 0);
        }
        MemorySegment text = arena.allocateFrom(ValueLayout.JAVA_BYTE, octets);
        return SocketFunctions.SEND.call(
                descriptor, text.address(), octets.length, 0, address.address(), FAMILY + path.length);
    }

    private static int checked(CFunction.CallResult answer, String name) throws IOException {
        if (answer.result() < 0) {
            throw Descriptor.trouble(name, "be told", answer.errno());
        }
        return answer.result();
    }
}
