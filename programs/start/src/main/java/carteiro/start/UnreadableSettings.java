package carteiro.start;

import carteiro.control.ControlException;
import carteiro.control.Installation;
import carteiro.log.LogText;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A setting that a program's user may not read is a mistake in the settings: to try again is of no use. */
final class UnreadableSettings {
    /** The most causes looked at. */
    private static final int DEEPEST = 10;

    private UnreadableSettings() {}

    /**
     * The trouble as a mistake in the settings.
     *
     * @throws IOException the trouble itself, if it is none
     */
    static ControlException setting(Exception trouble, Installation installation) throws IOException {
        if (trouble instanceof ControlException mistake) {
            return mistake;
        }
        @Nullable Throwable cause = trouble;
        for (int i = 0; i < DEEPEST && cause != null; i++) {
            if (cause instanceof AccessDeniedException denied && denied.getFile() != null) {
                Path file = Path.of(denied.getFile());
                if (file.startsWith(installation.control()) || file.startsWith(installation.users())) {
                    return new ControlException(List.of(
                            LogText.reason(denied) + "; make it readable for the user that the program runs as"));
                }
            }
            cause = cause.getCause();
        }
        switch (trouble) {
            case IOException e -> throw e;
            case RuntimeException e -> throw e;
            default -> throw new IllegalStateException(trouble);
        }
    }
}
