package carteiro.posix;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
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
        static final MethodHandle SOCKET = CLibrary.withErrno(
                "socket",
                FunctionDescriptor.of(
                        ValueLayout.JAVA_INT, ValueLayout.JAVA_INT, ValueLayout.JAVA_INT, ValueLayout.JAVA_INT));
        static final MethodHandle SEND = CLibrary.withErrno(
                "sendto",
                FunctionDescriptor.of(
                        ValueLayout.JAVA_LONG,
                        ValueLayout.JAVA_INT,
                        ValueLayout.ADDRESS,
                        ValueLayout.JAVA_LONG,
                        ValueLayout.JAVA_INT,
                        ValueLayout.ADDRESS,
                        ValueLayout.JAVA_INT));
        static final MethodHandle CLOSE = CLibrary.withErrno("close", CLibrary.intOfInt());
    }

    /**
     * Sends one message.
     *
     * @param name what NOTIFY_SOCKET holds: an absolute path, or {@code @} and a name of the abstract kind
     * @param message such as {@code READY=1}, ASCII
     * @throws IOException if nobody takes it
     */
    public static void send(String name, String message) throws IOException {
        byte[] path = CLibrary.octets(name);
        if (path.length == 0 || path.length >= PATH || path[0] != '/' && path[0] != '@') {
            throw new IOException("NOTIFY_SOCKET is no path of a socket: " + name);
        }
        int descriptor = checked(
                Descriptor.call((state, _) ->
                        (int) SocketFunctions.SOCKET.invokeExact(state, UNIX_DOMAIN, DATAGRAM | CLOSE_ON_EXEC, 0)),
                name);
        try {
            byte[] octets = message.getBytes(StandardCharsets.US_ASCII);
            checked(Descriptor.call((state, arena) -> send(state, arena, descriptor, path, octets)), name);
        } finally {
            var _ = Descriptor.call((state, _) -> (int) SocketFunctions.CLOSE.invokeExact(state, descriptor));
        }
    }

    private static int send(MemorySegment state, Arena arena, int descriptor, byte[] path, byte[] octets)
            throws Throwable {
        MemorySegment address = arena.allocate(FAMILY + PATH, 8);
        address.set(ValueLayout.JAVA_SHORT, 0, (short) UNIX_DOMAIN);
        MemorySegment.copy(path, 0, address, ValueLayout.JAVA_BYTE, FAMILY, path.length);
        if (path[0] == '@') {
            address.set(ValueLayout.JAVA_BYTE, FAMILY, (byte) 0);
        }
        MemorySegment text = arena.allocateFrom(ValueLayout.JAVA_BYTE, octets);
        return (int) (long) SocketFunctions.SEND.invokeExact(
                state, descriptor, text, (long) octets.length, 0, address, FAMILY + path.length);
    }

    private static int checked(Descriptor.SystemCallResult answer, String name) throws IOException {
        if (answer.result() < 0) {
            throw Descriptor.trouble(name, "be told", answer.errno());
        }
        return answer.result();
    }
}
