package carteiro.control;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A host that takes messages by QMQP: a line of control/qmqpservers.
 *
 * @param text the address as it was written
 * @param tlsName the name that its certificate must have; empty where there is no TLS
 */
public record QmqpServer(String text, InetSocketAddress address, Optional<String> tlsName) {
    /** The port of QMQP. */
    private static final int PORT = 628;

    /** Reads all of them, in the order in which they are tried. Lines that are none are noted as problems, and left out. */
    public static List<QmqpServer> read(ControlFiles files) {
        var servers = new ArrayList<QmqpServer>();
        files.numbered(Settings.QMQPSERVERS).forEach((number, line) -> {
            Optional<QmqpServer> server = parse(line);
            server.ifPresent(servers::add);
            if (server.isEmpty()) {
                files.problem(
                        Settings.QMQPSERVERS,
                        number,
                        "\"" + line + "\" is no server; write its address, such as 192.0.2.1, 192.0.2.1:6280 or"
                                + " [2001:db8::1]:628, and for TLS behind it: tls, and the name in its certificate");
            }
        });
        if (files.isThere(Settings.QMQPSERVERS)
                && files.get(Settings.QMQPSERVERS).isEmpty()) {
            files.problem(Settings.QMQPSERVERS, 0, "names no server; write the address of a host that takes QMQP");
        }
        return servers;
    }

    /** Reads {@code ADDRESS}, {@code ADDRESS tls} or {@code ADDRESS tls NAME}. */
    static Optional<QmqpServer> parse(String line) {
        String[] words = line.strip().split("[ \t]+");
        if (words.length > 3 || words.length > 1 && !words[1].equals("tls")) {
            return Optional.empty();
        }
        return IpAddressText.withOrWithoutPort(words[0], PORT)
                .filter(address -> address.getPort() > 0)
                .map(address -> new QmqpServer(
                        words[0],
                        address,
                        switch (words.length) {
                            case 1 -> Optional.empty();
                            case 2 -> Optional.of(literal(address.getAddress()));
                            default -> Optional.of(words[2]);
                        }));
    }

    private static String literal(InetAddress address) {
        String text = address.getHostAddress();
        int zone = text.indexOf('%');
        return zone < 0 ? text : text.substring(0, zone);
    }
}
