package carteiro.wire;

/** What stood where a line was expected. */
public sealed interface Line {
    /**
     * A line.
     *
     * @param octets without its CRLF, one character an octet; holds neither CR nor LF
     */
    record Text(String octets) implements Line {}

    /**
     * A line over the limit. It was read to its end and dropped; the next line follows.
     *
     * @param limit octets, CRLF included
     */
    record TooLong(int limit) implements Line {}

    /**
     * A line over {@link LineReader#SKIPPED}: reading stopped in the middle of it.
     *
     * @param limit octets, CRLF included
     */
    record Endless(int limit) implements Line {}

    /** An LF without CR before it (RFC 5321 section 2.3.8). What follows must not be taken for a line. */
    record BareLineFeed() implements Line {}

    /** A CR without LF after it (RFC 5321 section 2.3.8). What follows must not be taken for a line. */
    record BareCarriageReturn() implements Line {}

    /** The end of the stream; what came of an unfinished line is dropped. */
    record End() implements Line {}
}
