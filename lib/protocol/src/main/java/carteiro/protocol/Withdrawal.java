package carteiro.protocol;

import java.io.IOException;
import java.time.Duration;
import java.util.List;

/** An administrator's word about messages that wait: they are not to be tried again. Answered by send. */
public interface Withdrawal {
    /** The most messages of one order. */
    int MOST_MESSAGES = 1000;

    /** The most octets of a reason. */
    int REASON_LIMIT = 1000;

    /** How long queue may take to write down what was withdrawn, before the answer is {@link WithdrawalOutcome#PENDING}. */
    Duration PATIENCE = Duration.ofSeconds(30);

    /**
     * Withdraws messages. Returns when queue has taken what became of them; a power failure within the second after may
     * bring them back.
     *
     * @param by the user who asks; what comes over a socket has the name that the kernel tells
     * @param messages numbers, 1 to {@link #MOST_MESSAGES}
     * @return a result for each, in their order
     * @throws IOException if send cannot be reached
     */
    List<WithdrawalOutcome> withdraw(WithdrawalRequest order, String by, List<Long> messages) throws IOException;

    /** What is to become of a message. */
    enum WithdrawalAction {
        /** It goes without a word to anybody, whatever had become of its recipients. */
        REMOVE,
        /** Its recipients fail, and its sender is told by a bounce. */
        BOUNCE
    }

    /**
     * What is to be done.
     *
     * @param reason for the log and for the bounce, at most {@link #REASON_LIMIT} octets; may be empty
     */
    record WithdrawalRequest(WithdrawalAction way, String reason) {
        /** Checks the length. */
        public WithdrawalRequest {
            if (reason.length() > REASON_LIMIT) {
                throw new IllegalArgumentException(
                        "a reason of " + reason.length() + " octets; at most " + REASON_LIMIT + " are told");
            }
        }

        /** What a bounce says of each recipient. */
        public String report() {
            return (reason.isEmpty() ? "" : reason + "\n")
                    + "I'm not going to try again; the administrator of this host has given this message up.\n";
        }
    }

    /** What became of the order for one message. */
    enum WithdrawalOutcome {
        /** It has ended, or its bounce is being written. */
        WITHDRAWN,
        /** Some deliveries of it run: they end as they end, nothing else of it is tried, and then it is withdrawn. */
        RUNNING,
        /** Nothing of it was left to be tried: its end or its bounce was on the way already. */
        ENDING,
        /** It does not wait: it never did, or has ended. */
        UNKNOWN,
        /** send is still being told what waits, and has not heard of it so far. */
        NOT_YET,
        /** As {@link #WITHDRAWN}, but queue does not answer; it is told when it does, unless send stops before. */
        PENDING
    }
}
