package carteiro.control;

import java.net.InetAddress;
import java.util.Arrays;
import java.util.Optional;

/** Addresses that begin with the same bits (RFC 4632, RFC 4291 section 2.3). */
public final class IpNetwork {
    private final byte[] address;
    private final int bits;

    private IpNetwork(byte[] address, int bits) {
        this.address = address;
        this.bits = bits;
    }

    /** Reads {@code 192.0.2.0/24}, {@code 2001:db8::/32}, or an address alone; empty if it is none of them. */
    public static Optional<IpNetwork> parse(String text) {
        int slash = text.indexOf('/');
        return IpAddressText.literal(slash < 0 ? text : text.substring(0, slash))
                .map(InetAddress::getAddress)
                .flatMap(address -> {
                    int most = 8 * address.length;
                    int bits = slash < 0 ? most : bits(text.substring(slash + 1));
                    return bits < 0 || bits > most ? Optional.empty() : Optional.of(new IpNetwork(address, bits));
                });
    }

    private static int bits(String digits) {
        return digits.matches("[0-9]{1,3}") ? Integer.parseInt(digits) : -1;
    }

    /** How many of the first bits count; 0 is every address of its family. */
    public int bits() {
        return bits;
    }

    /** Whether the address is one of them. */
    public boolean holds(InetAddress other) {
        byte[] octets = other.getAddress();
        int whole = bits / 8;
        if (octets.length != address.length || !Arrays.equals(octets, 0, whole, address, 0, whole)) {
            return false;
        }
        int mask = 0xff00 >> bits % 8 & 0xff;
        return mask == 0 || ((octets[whole] ^ address[whole]) & mask) == 0;
    }
}
