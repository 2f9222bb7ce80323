package carteiro.protocol;

import carteiro.mail.Envelope;
import java.io.Closeable;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;

/** What waits in the queue, told to send, and what became of it, told to queue. One session at a time. */
public interface Waiting {
    /**
     * Opens a session, which ends any earlier one. Every message in the queue is presented again, the oldest first.
     *
     * @throws IOException if queue cannot be reached
     */
    Session open() throws IOException;

    /** A session. {@link #next} and {@link #report} may be called by two threads at once, each by one at a time. */
    interface Session extends Closeable {
        /**
         * Up to {@code most} messages not yet presented in this session; blocks until there is one or the patience ends.
         *
         * @param most 1 to 1000
         * @param patience at most a minute
         * @return none only if all that waits has been presented
         * @throws IOException if queue is lost
         */
        List<WaitingMessage> next(int most, Duration patience) throws IOException;

        /**
         * Records what became of recipients, in order. Returns when queue has taken them; they are not synced, so that a
         * crash may repeat a delivery but never lose one. A report for a message or recipient that queue does not know
         * is ignored.
         *
         * @param reports at most 1000
         */
        void report(List<Report> reports) throws IOException;

        /** The recipients of a message reported as {@link Report.Failed} so far, in order of their index. */
        List<Failure> failures(long message) throws IOException;

        /** Ends the session. */
        @Override
        void close();
    }

    /**
     * A message in the queue.
     *
     * @param message its number
     * @param birth when it was accepted
     * @param octets its size, LF line ends
     * @param envelope as it was accepted
     * @param states one for each recipient of the envelope, in its order
     */
    record WaitingMessage(long message, Instant birth, long octets, Envelope envelope, List<RecipientState> states) {
        /** Copies the states and checks that there is one a recipient. */
        public WaitingMessage {
            states = List.copyOf(states);
            if (states.size() != envelope.recipients().size()) {
                throw new IllegalArgumentException("message " + message + " has " + states.size() + " states for "
                        + envelope.recipients().size() + " recipients");
            }
        }
    }

    /** How far a recipient is. */
    sealed interface RecipientState {
        /**
         * To be tried.
         *
         * @param at not before; {@link Instant#EPOCH} if never tried
         */
        record Due(Instant at) implements RecipientState {
            /** Never tried. */
            public static final Due NOW = new Due(Instant.EPOCH);
        }

        /** Delivered. */
        record Done() implements RecipientState {}

        /** Failed for good; its paragraph waits for the bounce. */
        record ToBounce() implements RecipientState {}
    }

    /** What became of a message or of some of its recipients. */
    sealed interface Report {
        /** The message's number. */
        long message();

        /**
         * Delivered.
         *
         * @param recipient the index in the envelope
         */
        record Done(long message, int recipient) implements Report {}

        /**
         * Failed for good.
         *
         * @param recipient the index in the envelope
         * @param paragraph what the bounce will say, at most {@link #PARAGRAPH_LIMIT} octets
         */
        record Failed(long message, int recipient, String paragraph) implements Report {}

        /**
         * To be tried again.
         *
         * @param recipients indexes in the envelope
         * @param due not before
         */
        record Deferred(long message, List<Integer> recipients, Instant due) implements Report {
            /** Copies the list. */
            public Deferred {
                recipients = List.copyOf(recipients);
            }
        }

        /** Finished: every recipient is done, or in a bounce that is itself in the queue. */
        record Ended(long message) implements Report {}

        /** The most octets of a paragraph. */
        int PARAGRAPH_LIMIT = 16 * 1024;
    }

    /** A failed recipient and its paragraph for the bounce. */
    record Failure(int recipient, String paragraph) {}
}
