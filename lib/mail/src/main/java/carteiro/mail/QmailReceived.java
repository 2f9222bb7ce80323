package carteiro.mail;

import java.time.Instant;

/** The Received field that each of qmail's programs puts on top of a message that it hands to the queue (RFC 5321 section 4.4 allows it). */
public final class QmailReceived {
    private QmailReceived() {}

    /**
     * The field with its LF.
     *
     * @param process the number of the process
     * @param invoked by whom or for what, such as {@code for bounce}, {@code by uid 1001}
     */
    public static String field(long process, String invoked, Instant now) {
        return "Received: (qmail " + process + " invoked " + invoked + "); " + MailDate.format(now) + "\n";
    }

    /** {@code by uid N}; the number without a sign. */
    public static String byUid(int uid) {
        return "by uid " + Integer.toUnsignedString(uid);
    }
}
