package carteiro.control;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Optional;
import java.util.regex.Pattern;

/** IP addresses, with ports and without, as control files and commands hold them. */
public final class IpAddressText {
    private static final Pattern IPV4 = Pattern.compile("[0-9]{1,3}(\\.[0-9]{1,3}){3}");

    private static final Pattern PORT = Pattern.compile("[0-9]{1,5}");

    private IpAddressText() {}

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

    /** Reads {@code 192.0.2.1} with all of its four numbers, or {@code 2001:db8::1}. */
    public static Optional<InetAddress> literal(String text) {
        if (!IPV4.matcher(text).matches() && text.indexOf(':') < 0) {
            return Optional.empty(); // Java takes 10.1 for 10.0.0.1
        }
        try {
            return Optional.of(InetAddress.ofLiteral(text));
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
    }

    private static Optional<InetSocketAddress> address(String literal, String digits) {
        if (!PORT.matcher(digits).matches()) {
            return Optional.empty();
        }
        int port = Integer.parseInt(digits);
        return port > 65_535 ? Optional.empty() : literal(literal).map(address -> new InetSocketAddress(address, port));
    }
}
