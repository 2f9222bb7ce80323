package carteiro.protocol;

import carteiro.protocol.Waiting.WaitingMessage;
import java.io.IOException;
import java.util.List;

/**
 * Looks into the queue without disturbing send: for qmail-qread, qmail-qstat and whoever watches. Over a socket, users other
 * than root and those of queue and send see the messages alone that they handed in themselves.
 */
public interface Inspection {
    /** The most messages of one page. */
    int PAGE_LIMIT = 1000;

    /**
     * How much waits now.
     *
     * @throws IOException if queue cannot be reached
     */
    QueueCounts counts() throws IOException;

    /**
     * A page of the messages in the queue, in the order of their numbers.
     *
     * @param after only messages with a greater number; 0 for the first page, then the last number of the page before
     * @param most 1 to {@link #PAGE_LIMIT}; a page may hold fewer when envelopes are large
     * @return empty if none follow. A message that ends meanwhile may or may not be in it
     * @throws IOException if queue cannot be reached or its segments cannot be read now
     */
    List<WaitingMessage> page(long after, int most) throws IOException;

    /**
     * Recipients of a message, by their index in the envelope: of one with many, a page tells only the first.
     *
     * @param from the first to be told
     * @return none if the message has no such recipient or has ended
     * @throws IOException if queue cannot be reached
     */
    Waiting.Page recipients(long message, int from) throws IOException;

    /**
     * What was said last of recipients that were deferred. queue keeps it in a bounded memory: what is older than that, or was
     * said before queue was started, is not known.
     *
     * @param from the index of the first recipient
     * @param count how many, at most {@link Waiting.Page#MOST}
     * @return for each recipient in order; empty where nothing is known
     * @throws IOException if queue cannot be reached
     */
    List<String> reasons(long message, int from, int count) throws IOException;

    /**
     * How much waits.
     *
     * @param messages messages not ended
     * @param unseen those of them that send has not been told of yet (qmail's "not yet preprocessed")
     * @param recipients their recipients that are neither delivered nor failed
     * @param octets the sum of the messages' sizes, LF line ends
     * @param segments segments on disk, dead ones included
     * @param diskOctets what segments and files of large messages take on disk
     */
    record QueueCounts(long messages, long unseen, long recipients, long octets, long segments, long diskOctets) {}
}
