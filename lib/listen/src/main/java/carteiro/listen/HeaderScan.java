package carteiro.listen;

/**
 * Looks at the header of a message that passes in blocks: counts its Received and Delivered-To fields (RFC 5321 section
 * 6.3), and keeps the first Message-ID for the log.
 */
public final class HeaderScan {
    /** What is kept of a Message-ID, in octets. */
    public static final int KEPT = 200;

    /** What is looked for. */
    private enum ScannedField {
        RECEIVED("received"),
        DELIVERED_TO("delivered-to"),
        MESSAGE_ID("message-id");

        private final String name;

        ScannedField(String name) {
            this.name = name;
        }
    }

    private enum HeaderPosition {
        NAME,
        VALUE_KEPT,
        REST_OF_LINE
    }

    private final StringBuilder messageId = new StringBuilder(0);
    private boolean hasMessageId;
    private boolean afterMessageId;
    private boolean inHeader = true;
    private HeaderPosition place = HeaderPosition.NAME;
    private int column;
    private ScannedField field = ScannedField.RECEIVED;
    private int hops;

    /** The scan of a message of which nothing has come. */
    public HeaderScan() {}

    /** Received and Delivered-To fields so far. */
    public int hops() {
        return hops;
    }

    /** Empty without one; no more than {@link #KEPT} octets. */
    public String messageId() {
        return messageId.toString().strip();
    }

    /** Takes the next octets of the message; lines end in LF. */
    public void take(byte[] octets, int from, int length) {
        int to = from + length;
        int at = from;
        while (inHeader && at < to) {
            if (place == HeaderPosition.REST_OF_LINE) {
                while (at < to && octets[at] != '\n') {
                    at++;
                }
                if (at == to) {
                    return;
                }
            }
            byte octet = octets[at++];
            if (octet == '\n') {
                inHeader = place != HeaderPosition.NAME || column != 0;
                afterMessageId = place == HeaderPosition.VALUE_KEPT
                        && messageId.toString().isBlank();
                place = HeaderPosition.NAME;
                column = 0;
            } else {
                look(octet);
            }
        }
    }

    private void look(byte octet) {
        if (place == HeaderPosition.VALUE_KEPT) {
            if (messageId.length() < KEPT) {
                messageId.append((char) (octet & 0xff));
            }
        } else if (column == 0 && afterMessageId && (octet == ' ' || octet == '\t')) {
            place = HeaderPosition.VALUE_KEPT; // folded before it began
        } else if (column == 0) {
            int letter = octet | 0x20;
            field = letter == 'd'
                    ? ScannedField.DELIVERED_TO
                    : letter == 'm' ? ScannedField.MESSAGE_ID : ScannedField.RECEIVED;
            goOnIf(letter == field.name.charAt(0));
        } else if (column < field.name.length()) {
            goOnIf((octet | 0x20) == field.name.charAt(column));
        } else if (octet == ':') {
            endOfName();
        } else if (octet != ' ' && octet != '\t') {
            place = HeaderPosition.REST_OF_LINE;
        }
    }

    private void goOnIf(boolean same) {
        if (same) {
            column++;
        } else {
            place = HeaderPosition.REST_OF_LINE;
        }
    }

    private void endOfName() {
        place = HeaderPosition.REST_OF_LINE;
        if (field != ScannedField.MESSAGE_ID) {
            hops++;
        } else if (!hasMessageId) {
            hasMessageId = true;
            place = HeaderPosition.VALUE_KEPT;
        }
    }
}
