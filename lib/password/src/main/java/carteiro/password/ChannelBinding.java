package carteiro.password;

/** What ties a login to the TLS connection that it comes by: a type, as IANA lists them, and the octets that only its ends know. */
public final class ChannelBinding {
    /** RFC 9266: 32 octets of keying material that TLS exports with the label "EXPORTER-Channel-Binding" and no context. */
    public static final String TLS_EXPORTER = "tls-exporter";

    /** RFC 5929 section 4: the hash of the server's certificate. */
    public static final String TLS_SERVER_END_POINT = "tls-server-end-point";

    private final String type;
    private final byte[] octets;

    /**
     * A binding.
     *
     * @param type letters, digits, dots and dashes (RFC 5801 section 4)
     */
    public ChannelBinding(String type, byte[] octets) {
        if (!type.matches("[A-Za-z0-9.-]{1,64}")) {
            throw new IllegalArgumentException("a type of channel binding of other characters");
        }
        this.type = type;
        this.octets = octets.clone();
    }

    /** Its type. */
    public String type() {
        return type;
    }

    byte[] octets() {
        return octets.clone();
    }

    @Override
    public String toString() {
        return "ChannelBinding[" + type + "]";
    }
}
