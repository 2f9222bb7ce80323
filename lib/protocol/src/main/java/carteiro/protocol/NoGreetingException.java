package carteiro.protocol;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** A program took the connection and closed it without saying the version of its wires. */
public final class NoGreetingException extends IOException {
    private static final long serialVersionUID = 1L;

    NoGreetingException(String program, @Nullable Throwable cause) {
        super(
                program
                        + " closed the connection without saying its version: it is stopping, or of a build from before there were"
                        + " versions; then stop it by the carteiro that started it, and start it from this build",
                cause);
    }
}
