package carteiro.smtp;

import java.io.IOException;

/** What came is no reply (RFC 5321 section 4.2): nobody can say which command the next one would answer. */
public final class MalformedReplyException extends IOException {
    private static final long serialVersionUID = 1L;

    /** @param line what came, cut; from outside */
    public MalformedReplyException(String line) {
        super("no SMTP reply: " + line);
    }
}
