package carteiro.protocol;

import carteiro.mail.Envelope;
import carteiro.mail.Status;
import java.io.Closeable;
import java.io.IOException;

/** Hands messages to queue. Any number of threads at once. */
public interface Enqueue {
    /**
     * Begins a message.
     *
     * @throws IOException if queue cannot be reached; the message is to be refused with a 4xx reply
     */
    Submission open() throws IOException;

    /** One message on its way into the queue; one thread at a time. */
    interface Submission extends Closeable {
        /** The most octets of fields that are put on top at the end. */
        int MOST_FIELDS = 64 * 1024;

        /**
         * Appends octets of the message: lines end in LF. May be called with any amount; queue bounds the memory.
         *
         * @throws IOException if queue is lost; nothing will be queued
         */
        void write(byte[] octets, int from, int length) throws IOException;

        /**
         * Ends the message. When this returns {@link Receipt.Accepted}, message and envelope are on disk and will be
         * delivered or bounced.
         *
         * @throws IOException if queue is lost before it answered: the message may or may not be queued, and the peer
         *     has to be told to try again
         */
        default Receipt commit(Envelope envelope) throws IOException {
            return commit(envelope, "");
        }

        /**
         * As {@link #commit(Envelope)}, with header fields that go before all that was written, for what is known of a message only
         * when all of it has come.
         *
         * @param fields whole lines, LF ends; at most {@link #MOST_FIELDS} octets, may be empty
         * @throws IllegalArgumentException if there are more
         */
        Receipt commit(Envelope envelope, String fields) throws IOException;

        /** Withdraws the message unless it was committed. */
        @Override
        void close();
    }

    /** What queue says at the end of a message. */
    sealed interface Receipt {
        /**
         * On disk.
         *
         * @param message its number, from 1, never used again in this queue
         */
        record Accepted(long message) implements Receipt {}

        /** Not now: disk low, memory exhausted, queue stopping. To SMTP this is 4xx. */
        record TemporaryFailure(Status status, String reason) implements Receipt {}

        /** Never: the message or its envelope cannot be kept. To SMTP this is 5xx. */
        record PermanentFailure(Status status, String reason) implements Receipt {}
    }
}
