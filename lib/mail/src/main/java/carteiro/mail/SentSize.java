package carteiro.mail;

/**
 * Counts the octets that a message has when it is sent: each line ends in CR LF there, also where LF alone ends it here (RFC 5321
 * section 2.3.8, RFC 1939 section 11). One thread.
 */
public final class SentSize {
    private long octets;
    private byte last = '\n';

    /** Nothing yet. */
    public SentSize() {}

    /** Counts the next octets. */
    public void add(byte[] block, int from, int length) {
        long more = length;
        byte before = last;
        for (int i = from; i < from + length; i++) {
            byte each = block[i];
            if (each == '\n' && before != '\r') {
                more++;
            }
            before = each;
        }
        last = before;
        octets += more;
    }

    /** So far, as they are. */
    public long octets() {
        return octets;
    }

    /** The same where the last line gets an end if it has none, as in SMTP and POP3. */
    public long octetsOfLines() {
        return switch (last) {
            case '\n' -> octets;
            case '\r' -> octets + 1;
            default -> octets + 2;
        };
    }
}
