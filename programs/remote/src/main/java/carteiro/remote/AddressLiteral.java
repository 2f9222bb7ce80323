package carteiro.remote;

import carteiro.mail.Octets;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.util.Optional;
import java.util.regex.Pattern;

/** Addresses of hosts as text. Nothing is ever looked up here. */
final class AddressLiteral {
    private static final Pattern IPV4 = Pattern.compile("[0-9]{1,3}(\\.[0-9]{1,3}){3}");
    private static final Pattern IPV6 = Pattern.compile("[0-9A-Fa-f:.]{2,45}");

    private AddressLiteral() {}

    /** Reads {@code 1.2.3.4}, {@code [1.2.3.4]} or {@code [IPv6:::1]} (RFC 5321 section 4.1.3). */
    static Optional<InetAddress> ofDomain(String domain) {
        if (!isBracketed(domain)) {
            return ipv4(domain);
        }
        String inner = domain.substring(1, domain.length() - 1);
        return Octets.lowerCase(inner).startsWith("ipv6:") ? ipv6(inner.substring(5)) : ipv4(inner);
    }

    /** Reads what a control file may hold: also {@code ::1} and {@code [::1]}. */
    static Optional<InetAddress> ofSetting(String host) {
        String inner = isBracketed(host) ? host.substring(1, host.length() - 1) : host;
        return ipv4(inner).or(() -> ipv6(inner)).or(() -> ofDomain(host));
    }

    static boolean isBracketed(String host) {
        return host.length() > 2 && host.startsWith("[") && host.endsWith("]");
    }

    private static Optional<InetAddress> ipv4(String text) {
        return IPV4.matcher(text).matches() ? literal(text) : Optional.empty();
    }

    private static Optional<InetAddress> ipv6(String text) {
        return text.indexOf(':') >= 0 && IPV6.matcher(text).matches() ? literal(text) : Optional.empty();
    }

    private static Optional<InetAddress> literal(String text) {
        try {
            return Optional.of(InetAddress.ofLiteral(text));
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
    }

    /** The address as it stands in reports: IPv6 in its short form (RFC 5952). */
    static String text(InetAddress address) {
        if (!(address instanceof Inet6Address)) {
            return address.getHostAddress();
        }
        byte[] octets = address.getAddress();
        int bestAt = -1;
        int bestLength = 1; // one group of zeros is not shortened
        for (int at = 0; at < 8; at++) {
            int length = 0;
            while (at + length < 8 && group(octets, at + length) == 0) {
                length++;
            }
            if (length > bestLength) {
                bestAt = at;
                bestLength = length;
            }
        }
        var text = new StringBuilder();
        for (int at = 0; at < 8; at++) {
            if (at == bestAt) {
                text.append("::");
                at += bestLength - 1;
            } else {
                if (!text.isEmpty() && text.charAt(text.length() - 1) != ':') {
                    text.append(':');
                }
                text.append(Integer.toHexString(group(octets, at)));
            }
        }
        return text.toString();
    }

    private static int group(byte[] octets, int at) {
        return (octets[2 * at] & 0xff) << 8 | octets[2 * at + 1] & 0xff;
    }
}
