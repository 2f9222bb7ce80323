package carteiro.mail;

/** What became of one recipient in one delivery. The report is text for the log and the bounce, lines ended by LF. */
public sealed interface Outcome {
    /** The enhanced status (RFC 3463). */
    Status status();

    /** What happened, in words; octets, possibly several lines. */
    String report();

    /** The next hop or the mailbox took responsibility (RFC 5321 section 6.1). */
    record Delivered(Status status, String report) implements Outcome {}

    /** Not now: the recipient stays queued. Every surprise is one of these. */
    record Deferred(Status status, String report) implements Outcome {}

    /** Never: the recipient goes into the bounce. Only an explicit refusal is one of these. */
    record Failed(Status status, String report) implements Outcome {}

    /** Not now, for a reason of our own: status 4.3.0. */
    static Deferred notNow(String report) {
        return new Deferred(new Status(4, 3, 0), report);
    }
}
