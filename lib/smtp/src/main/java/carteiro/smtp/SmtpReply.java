package carteiro.smtp;

import carteiro.mail.Status;
import java.util.List;
import java.util.Optional;

/**
 * A reply as the client reads it (RFC 5321 section 4.2).
 *
 * @param code 200 to 599, from the first line; later lines are not compared with it, as in qmail
 * @param lines what was kept of each line, code included, without its end; at least one
 * @param cut whether more came than {@link ReplyReader#KEPT} octets
 */
public record SmtpReply(int code, List<String> lines, Completeness cut) {
    /** Whether all that came was kept. */
    public enum Completeness {
        /** Everything. */
        WHOLE,
        /** The rest was read and dropped. */
        CUT
    }

    /** Copies the lines. */
    public SmtpReply {
        lines = List.copyOf(lines);
        if (code < 200 || code > 599 || lines.isEmpty()) {
            throw new IllegalArgumentException("no reply: " + code + " " + lines);
        }
    }

    /** 2xx or 3xx: what qmail takes for yes. */
    public boolean isPositive() {
        return code < 400;
    }

    /** 4xx: not now (RFC 5321 section 4.2.1). */
    public boolean isTransient() {
        return code >= 400 && code < 500;
    }

    /** 5xx: never (RFC 5321 section 4.2.1). */
    public boolean isPermanent() {
        return code >= 500;
    }

    /** The lines, each ended by LF; a cut reply ends with a line that says so. */
    public String text() {
        var text = new StringBuilder();
        for (String line : lines) {
            text.append(line).append('\n');
        }
        if (cut == Completeness.CUT) {
            text.append("[the rest of this reply was cut]\n");
        }
        return text.toString();
    }

    /** The text of the nth line after code and separator; from 0. */
    public String textOf(int line) {
        String whole = lines.get(line);
        return whole.length() <= 4 ? "" : whole.substring(4);
    }

    /**
     * The enhanced status that the first line begins with (RFC 2034), if its class is that of the code. A server that
     * mixes the two is not believed.
     */
    public Optional<Status> status() {
        String text = textOf(0);
        int end = 0;
        while (end < text.length() && end < 12 && text.charAt(end) > ' ') {
            end++;
        }
        String[] parts = text.substring(0, end).split("\\.", -1);
        if (parts.length != 3
                || !parts[0].equals(String.valueOf(code / 100))
                || code / 100 == 3
                || !isNumber(parts[1])
                || !isNumber(parts[2])) {
            return Optional.empty();
        }
        return Optional.of(new Status(code / 100, Integer.parseInt(parts[1]), Integer.parseInt(parts[2])));
    }

    private static boolean isNumber(String text) {
        return !text.isEmpty() && text.length() <= 3 && text.chars().allMatch(c -> c >= '0' && c <= '9');
    }
}
