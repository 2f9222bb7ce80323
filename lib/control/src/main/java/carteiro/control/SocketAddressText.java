package carteiro.control;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Optional;

/** Addresses and ports as control files hold them. */
public final class SocketAddressText {
    private SocketAddressText() {}

    /** Reads {@code 127.0.0.1:2525} or {@code [::]:25}; empty if it is neither. Port 0 is one. */
    public static Optional<InetSocketAddress> withPort(String text) {
        int colon = text.lastIndexOf(':');
        if (colon <= 0) {
            return Optional.empty();
        }
        String host = text.substring(0, colon);
        boolean bracketed = host.startsWith("[") && host.endsWith("]");
        return bracketed || host.indexOf(':') < 0
                ? address(bracketed ? host.substring(1, host.length() - 1) : host, text.substring(colon + 1))
                : Optional.empty();
    }

    /** Reads the same, and an address alone: {@code 192.0.2.1}, {@code 2001:db8::1} or {@code [2001:db8::1]}. */
    public static Optional<InetSocketAddress> withOrWithoutPort(String text, int port) {
        boolean bracketed = text.startsWith("[") && text.endsWith("]");
        Optional<InetSocketAddress> alone =
                address(bracketed ? text.substring(1, text.length() - 1) : text, Integer.toString(port));
        return alone.isPresent() ? alone : withPort(text);
    }

    private static Optional<InetSocketAddress> address(String literal, String digits) {
        if (digits.isEmpty() || digits.length() > 5) {
            return Optional.empty();
        }
        try {
            int port = Integer.parseInt(digits);
            return port < 0 || port > 65_535
                    ? Optional.empty()
                    : Optional.of(new InetSocketAddress(InetAddress.ofLiteral(literal), port));
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
    }
}
