package carteiro.mail;

/**
 * An envelope address as the transport knows it: octets without quoting, at most {@link #LIMIT} of them and no NUL.
 *
 * <p>The last {@code @} parts local part and domain, as in qmail; an address may have no {@code @} at all (a local user's
 * name) or be empty (the null sender, RFC 5321 section 4.5.5). Equality is by octets, case included.
 *
 * @param octets the address, one character an octet
 */
public record Address(String octets) {
    /** The longest address in octets; qmail-queue's documented limit, well above RFC 5321 section 4.5.3.1.3. */
    public static final int LIMIT = 1000;

    /** The null sender {@code <>} of bounces. */
    public static final Address NULL = new Address("");

    /** The sender of a double bounce, {@code <#@[]>}: what fails for it is discarded. */
    public static final Address DOUBLE_BOUNCE = new Address("#@[]");

    /** Refuses what no address can be: over {@link #LIMIT} octets, a NUL, or a character that is no octet. */
    public Address {
        if (octets.length() > LIMIT) {
            throw new IllegalArgumentException("address of " + octets.length() + " octets, over " + LIMIT);
        }
        if (octets.indexOf(0) >= 0 || !Octets.areOctets(octets)) {
            throw new IllegalArgumentException("address holds a NUL or a character that is no octet");
        }
    }

    /** What stands before the last {@code @}; the whole address if there is none. */
    public String localPart() {
        int at = octets.lastIndexOf('@');
        return at < 0 ? octets : octets.substring(0, at);
    }

    /** What stands after the last {@code @}; empty if there is none. */
    public String domain() {
        int at = octets.lastIndexOf('@');
        return at < 0 ? "" : octets.substring(at + 1);
    }

    /** Whether there is an {@code @}. */
    public boolean hasDomain() {
        return octets.indexOf('@') >= 0;
    }

    /** Whether this is the null sender. */
    public boolean isNull() {
        return octets.isEmpty();
    }

    /**
     * The address as it stands in an SMTP command or a header field, without angle brackets: the local part quoted when
     * it has to be (RFC 5321 section 4.1.2), octets above 127 included; the domain as it is.
     */
    public String quoted() {
        int at = octets.lastIndexOf('@');
        if (at < 0) {
            return octets;
        }
        String local = localPart();
        if (!needsQuotes(local)) {
            return octets;
        }
        var quoted = new StringBuilder(octets.length() + 8).append('"');
        for (int i = 0; i < local.length(); i++) {
            char c = local.charAt(i);
            if (c == '\r' || c == '\n' || c == '"' || c == '\\') {
                quoted.append('\\');
            }
            quoted.append(c);
        }
        return quoted.append('"').append(octets, at, octets.length()).toString();
    }

    private static boolean needsQuotes(String local) {
        if (local.isEmpty() || local.startsWith(".") || local.endsWith(".") || local.contains("..")) {
            return true;
        }
        for (int i = 0; i < local.length(); i++) {
            char c = local.charAt(i);
            boolean plain = c >= 'a' && c <= 'z'
                    || c >= 'A' && c <= 'Z'
                    || c >= '0' && c <= '9'
                    || "!#$%&'*+-./=?^_`{|}~".indexOf(c) >= 0;
            if (!plain) {
                return true;
            }
        }
        return false;
    }

    /** The address in angle brackets, for messages to people. */
    @Override
    public String toString() {
        return "<" + octets + ">";
    }
}
