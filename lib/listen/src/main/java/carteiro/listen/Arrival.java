package carteiro.listen;

import java.net.InetAddress;
import java.net.Socket;

/**
 * A client that has come to a listener.
 *
 * @param socket its connection, or its proxy's
 * @param address its own address, which a proxy has told where one stands between
 * @param role the listener's
 */
public record Arrival(Socket socket, InetAddress address, ListenerRole role) {}
