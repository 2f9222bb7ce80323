package carteiro.log;

/**
 * A free sentence by a program: what is wrong, where, and how to mend it. For what has no event of its own.
 *
 * @param level how bad it is; {@code warning} and {@code alert} stand first in the line, as in qmail
 * @param program who says it
 * @param text the sentence
 */
@EventName("note")
public record Note(Level level, String program, String text) implements LogEvent {
    /** How bad. */
    public enum Level {
        /** Nothing to do. */
        INFO,
        /** Something went wrong and will be tried again. */
        WARNING,
        /** Somebody has to act. */
        ALERT
    }

    @Override
    public String line() {
        String sentence = program + ": " + LogText.sentence(text);
        return switch (level) {
            case INFO -> sentence;
            case WARNING -> "warning: " + sentence;
            case ALERT -> "alert: " + sentence;
        };
    }
}
