package carteiro.listen;

import carteiro.control.TcpRules;
import carteiro.mail.Attribute;
import carteiro.mail.Attributes;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * Who is at the other end, and what the rules or the environment say of it.
 *
 * @param ip its address as text; {@code unknown} if there is none
 * @param host its name, from DNS; empty if unknown
 * @param info what the ident protocol said; empty if unknown
 * @param local the name or address of this end, for the Received field; empty if unknown
 * @param variables those of its rule, or of the environment
 */
public record Client(String ip, String host, String info, String local, Map<String, String> variables) {
    /** What is written where nothing is known, as in qmail. */
    public static final String UNKNOWN = "unknown";

    /** Copies the map. */
    public Client {
        variables = Map.copyOf(variables);
    }

    /** A client behind a socket, and what its rule says. */
    public static Client at(InetAddress address, String host, TcpRules.Rule rule) {
        Map<String, String> variables = switch (rule) {
            case TcpRules.Rule.Allow(var set) -> set;
            case TcpRules.Rule.Deny() -> Map.of();
        };
        return new Client(text(address), host, "", "", variables);
    }

    /** As the variables say that tcpserver or tcp-env sets. */
    public static Client of(Map<String, String> environment) {
        return new Client(
                environment.getOrDefault("TCPREMOTEIP", UNKNOWN),
                environment.getOrDefault("TCPREMOTEHOST", ""),
                environment.getOrDefault("TCPREMOTEINFO", ""),
                environment.getOrDefault("TCPLOCALHOST", environment.getOrDefault("TCPLOCALIP", "")),
                environment);
    }

    /** If set, the client may send to anywhere, and this is appended to every recipient. */
    public Optional<String> relayClient() {
        return Optional.ofNullable(variables.get(TcpRules.RELAYCLIENT));
    }

    /** What a program that we run for it finds in its environment, as below tcpserver. */
    public Map<String, String> environment() {
        var environment = new HashMap<>(variables);
        environment.putIfAbsent("PROTO", "TCP");
        environment.putIfAbsent("TCPREMOTEIP", ip);
        if (!host.isEmpty()) {
            environment.putIfAbsent("TCPREMOTEHOST", host);
        }
        return environment;
    }

    /**
     * Some attributes of a message and those that say by whom it was handed in.
     *
     * @param helo the name in HELO or EHLO; empty if there was none
     * @param cipher the TLS cipher suite; empty without TLS
     */
    public Attributes attributes(Attributes some, String helo, Optional<String> cipher) {
        Attributes all = some.with(Attribute.CLIENT_ADDRESS, ip);
        if (!host.isEmpty()) {
            all = all.with(Attribute.CLIENT_NAME, host);
        }
        if (!helo.isEmpty()) {
            all = all.with(Attribute.CLIENT_HELO, helo);
        }
        return cipher.isEmpty() ? all : all.with(Attribute.CLIENT_CIPHER, cipher.get());
    }

    /** An address as text, without an interface's name. */
    public static String text(InetAddress address) {
        String text = address.getHostAddress();
        int scope = text.indexOf('%');
        return scope < 0 ? text : text.substring(0, scope);
    }

    /** {@link #key(InetAddress)} of its address; 0 if it has none. */
    public long key() {
        try {
            return key(InetAddress.ofLiteral(ip));
        } catch (IllegalArgumentException e) {
            return 0; // unknown, or what tcpserver has in its place
        }
    }

    /** What counts as one client: an IPv4 address, or the /64 network of an IPv6 address. */
    public static long key(InetAddress address) {
        byte[] octets = address.getAddress();
        long key = address instanceof Inet6Address ? 0 : -1;
        for (int i = 0; i < (octets.length == 16 ? 8 : 4); i++) {
            key = key << 8 | octets[i] & 0xff;
        }
        return key;
    }
}
