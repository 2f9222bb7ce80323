package carteiro.protocol;

import java.io.IOException;

/**
 * The other program is there, does not serve the user of this one, and has said why: it was asked nothing. Waiting does not help;
 * somebody has to see to it.
 */
public final class RefusedException extends IOException {
    private static final long serialVersionUID = 1L;

    /** @param message which program, and why it refuses */
    public RefusedException(String message, IOException cause) {
        super(message, cause);
    }

    /** @param message which program, and why it refuses */
    public RefusedException(String message) {
        super(message);
    }
}
