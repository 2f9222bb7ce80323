package carteiro.wire;

import java.io.IOException;

/** What came is not in the form that was agreed; the connection it came on is of no further use. */
public final class MalformedFrameException extends IOException {
    private static final long serialVersionUID = 1L;

    /** @param message what is wrong, for our log */
    public MalformedFrameException(String message) {
        super(message);
    }
}
