package carteiro.listen;

import java.net.InetAddress;
import java.net.Socket;

/** What a program does for the clients of its {@link Listeners}. Any number of threads at once. */
public interface ClientService {
    /** How many conversations there may be; asked for each client. */
    ListenerLimits limits();

    /** One conversation, in a virtual thread of its own; the socket is closed when this returns. */
    void serve(Socket socket, InetAddress address, ListenerRole role);

    /** All places are taken: {@link Listeners#turnAway} is to follow, and nothing that waits for the client. */
    void allTaken(Socket socket, ListenerRole role);

    /** The client has as many conversations as one may: as {@link #allTaken}. */
    void enoughForOne(Socket socket, ListenerRole role);
}
