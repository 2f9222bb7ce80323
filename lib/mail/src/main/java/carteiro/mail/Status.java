package carteiro.mail;

/**
 * An enhanced mail system status code (RFC 3463 section 2).
 *
 * @param kind 2 success, 4 persistent transient failure, 5 permanent failure
 * @param subject 0 to 999
 * @param detail 0 to 999
 */
public record Status(int kind, int subject, int detail) {
    /** Refuses what RFC 3463 section 2 has no form for. */
    public Status {
        if (kind != 2 && kind != 4 && kind != 5 || subject < 0 || subject > 999 || detail < 0 || detail > 999) {
            throw new IllegalArgumentException("no status: " + kind + "." + subject + "." + detail);
        }
    }

    /**
     * Reads {@code 5.1.1}.
     *
     * @throws IllegalArgumentException if the text is no status
     */
    public static Status parse(String text) {
        String[] parts = text.split("\\.", -1);
        if (parts.length != 3) {
            throw new IllegalArgumentException("no status: " + text);
        }
        try {
            return new Status(Integer.parseInt(parts[0]), Integer.parseInt(parts[1]), Integer.parseInt(parts[2]));
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException("no status: " + text, e);
        }
    }

    @Override
    public String toString() {
        return kind + "." + subject + "." + detail;
    }
}
