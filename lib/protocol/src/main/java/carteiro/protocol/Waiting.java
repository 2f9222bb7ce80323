package carteiro.protocol;

import carteiro.mail.Address;
import carteiro.mail.Envelope;
import carteiro.mail.RecipientList;
import java.io.Closeable;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/** What waits in the queue, told to send, and what became of it, told to queue. One session at a time. */
public interface Waiting {
    /**
     * Opens a session, which ends any earlier one. Every message in the queue is presented again, the oldest first.
     *
     * @throws IOException if queue cannot be reached
     */
    WaitingSession open() throws IOException;

    /** A session. {@link #next} and {@link #report} may be called by two threads at once, each by one at a time. */
    interface WaitingSession extends Closeable {
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

        /**
         * Recipients of a message, by their index in the envelope.
         *
         * @param from the first to be told
         * @return that one and some that follow, at most {@link Page#MOST}; none if the message has no such recipient or has
         *     ended
         * @throws UnreadableException if queue cannot read them now; the session goes on
         * @throws IOException if queue is lost
         */
        Page recipients(long message, int from) throws IOException;

        /**
         * Recipients of a message reported as {@link Report.RecipientFailed} so far, in order of their index.
         *
         * @param after only those with a greater index; -1 for the first
         * @return at least one unless there is none, and as many as {@link Failure#PAGE_OCTETS} allows
         */
        List<Failure> failures(long message, int after) throws IOException;

        /**
         * Shows queue that the program of that channel has been handed a message by send: it goes with the delivery, to
         * {@link Messages#open(long, String)}. Empty where nobody asks for it.
         */
        default String ticket(Wires.Channel channel, long message) {
            return "";
        }

        /** As {@link #failures(long, int)}, all of them: for who knows that there are few. */
        default List<Failure> failures(long message) throws IOException {
            var all = new ArrayList<Failure>();
            List<Failure> some = failures(message, -1);
            while (!some.isEmpty()) {
                int last = all.isEmpty() ? -1 : all.getLast().recipient();
                if (some.getLast().recipient() <= last) {
                    throw new IOException("queue tells failures again");
                }
                all.addAll(some);
                some = failures(message, all.getLast().recipient());
            }
            return List.copyOf(all);
        }

        /** Ends the session. */
        @Override
        void close();
    }

    /** The message waits and cannot be read now: to be asked for again later. */
    final class UnreadableException extends IOException {
        private static final long serialVersionUID = 1L;

        /** Of that message. */
        public UnreadableException(long message) {
            super("queue cannot read message " + message + " now");
        }
    }

    /**
     * A message in the queue.
     *
     * @param message its number
     * @param birth when it was accepted
     * @param octets its size, LF line ends
     * @param envelope as it was accepted, with those attributes that send is told; but of more than {@link #MOST_TOLD} recipients, or
     *     of very long ones, only the first
     * @param states one for each of these recipients, in their order
     * @param recipients how many the message has; the others are asked for by {@link WaitingSession#recipients}
     */
    record WaitingMessage(
            long message, Instant birth, long octets, Envelope envelope, List<RecipientState> states, int recipients) {
        /** The most recipients that are told with the message. */
        public static final int MOST_TOLD = 100;

        /** The most octets of their addresses, but that one address is always told. */
        public static final int MOST_OCTETS = 8 * 1024;

        /** A message of which all recipients are told. */
        public WaitingMessage(
                long message, Instant birth, long octets, Envelope envelope, List<RecipientState> states) {
            this(message, birth, octets, envelope, states, envelope.addresses().size());
        }

        /** Copies the states and checks that there is one a recipient that is told. */
        public WaitingMessage {
            if (recipients < envelope.addresses().size()) {
                throw new IllegalArgumentException("message " + message + " has " + recipients + " recipients, but "
                        + envelope.addresses().size() + " are told");
            }
            states = List.copyOf(states);
            if (states.size() != envelope.addresses().size()) {
                throw new IllegalArgumentException("message " + message + " has " + states.size() + " states for "
                        + envelope.addresses().size() + " recipients");
            }
        }
    }

    /**
     * Some recipients of a message, one after another.
     *
     * @param states one for each
     */
    record Page(RecipientList recipients, List<RecipientState> states) {
        /** The most recipients of a page. */
        public static final int MOST = 1000;

        /** The most octets of their addresses, but that there is always one. */
        public static final int MOST_OCTETS = 64 * 1024;

        /** No recipients. */
        public static final Page NONE = new Page(List.of(), List.of());

        /** Recipients without attributes. */
        public Page(List<Address> recipients, List<RecipientState> states) {
            this(RecipientList.of(recipients), states);
        }

        /** The addresses of the recipients. */
        public List<Address> addresses() {
            return recipients.addresses();
        }

        /** Copies the states and checks the sizes. */
        public Page {
            states = List.copyOf(states);
            if (states.size() != recipients.size() || states.size() > MOST) {
                throw new IllegalArgumentException(
                        recipients.size() + " recipients with " + states.size() + " states on a page");
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
        record RecipientDelivered(long message, int recipient) implements Report {}

        /**
         * Failed for good.
         *
         * @param recipient the index in the envelope
         * @param paragraph what the bounce will say, at most {@link #PARAGRAPH_LIMIT} octets
         */
        record RecipientFailed(long message, int recipient, String paragraph) implements Report {}

        /**
         * To be tried again.
         *
         * @param recipients indexes in the envelope
         * @param due not before
         * @param why what was said of them last, for whoever looks; at most {@link #WHY_LIMIT} octets, may be empty
         */
        record RecipientsDeferred(long message, List<Integer> recipients, Instant due, String why) implements Report {
            /** Copies the list and cuts what is too long. */
            public RecipientsDeferred {
                recipients = List.copyOf(recipients);
                why = why.length() > WHY_LIMIT ? why.substring(0, WHY_LIMIT) : why;
            }

            /** Without a word. */
            public RecipientsDeferred(long message, List<Integer> recipients, Instant due) {
                this(message, recipients, due, "");
            }
        }

        /** Finished: every recipient is done, or in a bounce that is itself in the queue. */
        record MessageEnded(long message) implements Report {}

        /** The most octets of what is kept of a deferral. */
        int WHY_LIMIT = 200;

        /** The most octets of a paragraph. */
        int PARAGRAPH_LIMIT = 16 * 1024;
    }

    /** A failed recipient and its paragraph for the bounce. */
    record Failure(int recipient, String paragraph) {
        /** The octets of paragraphs after which no further failure is told at once. */
        public static final int PAGE_OCTETS = 256 * 1024;

        /** The most failures told at once. */
        public static final int PAGE = 1000;
    }
}
