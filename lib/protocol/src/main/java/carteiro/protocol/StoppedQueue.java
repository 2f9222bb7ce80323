package carteiro.protocol;

import java.io.Closeable;
import java.io.IOException;
import java.util.function.LongSupplier;

/**
 * A queue that no program runs, opened by a command that changes what waits in it: what a crash left has been recovered, and
 * queue cannot start before it is closed. Any thread, but an import is one thread's.
 */
public interface StoppedQueue extends Closeable {
    /**
     * Takes a message that arrived at another time; see {@link Enqueue#open}.
     *
     * @param birth milliseconds since 1970; asked when the message is committed
     */
    Enqueue.Submission enqueue(LongSupplier birth);

    /** What waits, and how it is told what became of it. */
    Waiting waiting();

    /** What is asked of it. */
    Inspection inspection();

    /**
     * Notes that what is accepted from now on belongs to an import, and is taken out again unless that comes to its end.
     *
     * @throws IOException if that cannot be noted: nothing must be imported
     */
    void beginImport() throws IOException;

    /**
     * The import is complete and will be kept.
     *
     * @param sum names the export, so that it is not imported twice: the SHA-256 of its envelopes, in hexadecimal digits
     * @throws ImportNotSyncedException if all is imported, and only that may not survive a power failure
     * @throws IOException if it was imported before, or cannot be kept: {@link #undoImport} is next
     */
    void endImport(String sum) throws IOException;

    /**
     * Ends every message of an import that was begun and did not end; nothing if there is none.
     *
     * @throws IOException if that cannot be done now: the next start of the queue does it
     */
    void undoImport() throws IOException;

    /** Writes all that was handed in, and lets go of the queue. */
    @Override
    void close() throws IOException;

    /** All is imported, and may not survive a power failure. */
    final class ImportNotSyncedException extends IOException {
        private static final long serialVersionUID = 1L;

        /** With what could not be synced. */
        public ImportNotSyncedException(String message, IOException cause) {
            super(message, cause);
        }
    }
}
