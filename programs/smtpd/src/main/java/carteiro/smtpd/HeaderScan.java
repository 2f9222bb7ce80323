package carteiro.smtpd;

/**
 * Looks at the header of a message that passes in blocks: counts its Received and Delivered-To fields (RFC 5321 section
 * 6.3), and keeps the first Message-ID for the log.
 */
final class HeaderScan {
    /** What is kept of a Message-ID, in octets. */
    static final int KEPT = 200;

    /** What is looked for. */
    private enum Field {
        RECEIVED("received"),
        DELIVERED_TO("delivered-to"),
        MESSAGE_ID("message-id");

        private final String name;

        Field(String name) {
            this.name = name;
        }
    }

    private enum Place {
        NAME,
        VALUE_KEPT,
        REST_OF_LINE
    }

    private final StringBuilder messageId = new StringBuilder(0);
    private boolean hasMessageId;
    private boolean afterMessageId;
    private boolean inHeader = true;
    private Place place = Place.NAME;
    private int column;
    private Field field = Field.RECEIVED;
    private int hops;

    int hops() {
        return hops;
    }

    /** Empty without one; no more than {@link #KEPT} octets. */
    String messageId() {
        return messageId.toString().strip();
    }

    /** Takes the next octets of the message; lines end in LF. */
    void take(byte[] octets, int from, int length) {
        int to = from + length;
        int at = from;
        while (inHeader && at < to) {
            if (place == Place.REST_OF_LINE) {
                while (at < to && octets[at] != '\n') {
                    at++;
                }
                if (at == to) {
                    return;
                }
            }
            byte octet = octets[at++];
            if (octet == '\n') {
                inHeader = place != Place.NAME || column != 0;
                afterMessageId =
                        place == Place.VALUE_KEPT && messageId.toString().isBlank();
                place = Place.NAME;
                column = 0;
            } else {
                look(octet);
            }
        }
    }

    private void look(byte octet) {
        if (place == Place.VALUE_KEPT) {
            if (messageId.length() < KEPT) {
                messageId.append((char) (octet & 0xff));
            }
        } else if (column == 0 && afterMessageId && (octet == ' ' || octet == '\t')) {
            place = Place.VALUE_KEPT; // folded before it began
        } else if (column == 0) {
            int letter = octet | 0x20;
            field = letter == 'd' ? Field.DELIVERED_TO : letter == 'm' ? Field.MESSAGE_ID : Field.RECEIVED;
            goOnIf(letter == field.name.charAt(0));
        } else if (column < field.name.length()) {
            goOnIf((octet | 0x20) == field.name.charAt(column));
        } else if (octet == ':') {
            endOfName();
        } else if (octet != ' ' && octet != '\t') {
            place = Place.REST_OF_LINE;
        }
    }

    private void goOnIf(boolean same) {
        if (same) {
            column++;
        } else {
            place = Place.REST_OF_LINE;
        }
    }

    private void endOfName() {
        place = Place.REST_OF_LINE;
        if (field != Field.MESSAGE_ID) {
            hops++;
        } else if (!hasMessageId) {
            hasMessageId = true;
            place = Place.VALUE_KEPT;
        }
    }
}
