package carteiro.inject;

/** An end before the message was queued. */
final class QueueExitException extends Exception {
    private static final long serialVersionUID = 1L;

    private final QueueExitCode ended;

    /** @param text what went wrong and how to mend it, for standard error */
    QueueExitException(QueueExitCode ended, String text) {
        super(text, null, false, false); // no stack trace: it is an answer
        this.ended = ended;
    }

    QueueExitCode ended() {
        return ended;
    }
}
