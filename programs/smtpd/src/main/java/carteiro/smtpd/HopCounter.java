package carteiro.smtpd;

/** Counts the Received and Delivered-To fields of a message that passes in blocks (RFC 5321 section 6.3). */
final class HopCounter {
    private static final byte[] RECEIVED = {'r', 'e', 'c', 'e', 'i', 'v', 'e', 'd'};
    private static final byte[] DELIVERED_TO = {'d', 'e', 'l', 'i', 'v', 'e', 'r', 'e', 'd', '-', 't', 'o'};
    private static final int REST_OF_LINE = -1;

    private boolean inHeader = true;
    private int column;
    private byte[] name = RECEIVED;
    private int hops;

    int hops() {
        return hops;
    }

    /** Takes the next octets of the message; lines end in LF. */
    void take(byte[] octets, int from, int length) {
        int to = from + length;
        int at = from;
        while (inHeader && at < to) {
            if (column == REST_OF_LINE) {
                while (at < to && octets[at] != '\n') {
                    at++;
                }
                if (at == to) {
                    return;
                }
                at++;
                column = 0;
                continue;
            }
            byte octet = octets[at++];
            if (octet == '\n') {
                inHeader = column != 0;
                column = 0;
            } else if (column == 0) {
                int letter = octet | 0x20;
                name = letter == 'd' ? DELIVERED_TO : RECEIVED;
                column = letter == name[0] ? 1 : REST_OF_LINE;
            } else if (column < name.length) {
                column = (octet | 0x20) == name[column] ? column + 1 : REST_OF_LINE;
            } else if (octet == ':') {
                hops++;
                column = REST_OF_LINE;
            } else if (octet != ' ' && octet != '\t') {
                column = REST_OF_LINE;
            }
        }
    }
}
