package carteiro.protocol;

import java.io.IOException;

/** The other program could not be reached: it was asked nothing, so that asking again later repeats nothing. */
public final class NotRunningException extends IOException {
    private static final long serialVersionUID = 1L;

    /** @param message which program, and where it was looked for */
    public NotRunningException(String message) {
        super(message);
    }

    /** @param message which program, and where it was looked for */
    public NotRunningException(String message, IOException cause) {
        super(message, cause);
    }
}
