package carteiro.log;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import org.jspecify.annotations.Nullable;

/** Makes text from outside safe for a log line, as qmail-send does. */
public final class LogText {
    /** The longest text from outside in one line, in octets; what is longer is cut. */
    public static final int LIMIT = 2000;

    private LogText() {}

    /** LF becomes {@code /}; every octet below 33 or above 126, and {@code %}, becomes {@code _}; cut at the limit. */
    public static String safe(String octets) {
        int length = Math.min(octets.length(), LIMIT);
        var safe = new StringBuilder(length);
        for (int i = 0; i < length; i++) {
            char c = octets.charAt(i);
            if (c == '\n') {
                safe.append('/');
            } else if (c < 33 || c > 126 || c == '%') {
                safe.append('_');
            } else {
                safe.append(c);
            }
        }
        return octets.length() > LIMIT ? safe.append("...").toString() : safe.toString();
    }

    /** What went wrong, for a person: {@code FILE: permission denied}; never the name of a class alone. */
    public static String reason(IOException e) {
        return switch (e) {
            case AccessDeniedException denied -> place(denied) + "permission denied";
            case NoSuchFileException missing -> place(missing) + "there is no such file or folder";
            case FileAlreadyExistsException there -> place(there) + "it exists already";
            case FileSystemException other
            when other.getReason() == null -> place(other) + other.getClass().getSimpleName();
            default -> {
                @Nullable String message = e.getMessage();
                yield message == null ? e.toString() : message;
            }
        };
    }

    private static String place(FileSystemException e) {
        return e.getFile() == null ? "" : e.getFile() + ": ";
    }

    /** As {@link #safe}, but spaces stay: for sentences. */
    public static String sentence(String text) {
        int length = Math.min(text.length(), LIMIT);
        var safe = new StringBuilder(length);
        for (int i = 0; i < length; i++) {
            char c = text.charAt(i);
            safe.append(c == '\n' ? '/' : c < 32 || c > 126 ? '_' : c);
        }
        return text.length() > LIMIT ? safe.append("...").toString() : safe.toString();
    }
}
