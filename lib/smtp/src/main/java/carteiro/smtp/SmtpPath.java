package carteiro.smtp;

import carteiro.mail.Address;

/**
 * A reverse-path or forward-path as it stands in MAIL and RCPT (RFC 5321 section 4.1.2), read into an address without
 * its quoting. Linear in its input; any octets give a value.
 *
 * <p>More is taken than the grammar has, where qmail takes it and nothing can be misread: spaces after the colon, a path
 * without angle brackets, an address without a domain, dots anywhere in a local part ({@code john..doe@}), underscores in
 * a domain, octets above 127 (whether they may stand there is SMTPUTF8's affair, not ours).
 */
public sealed interface SmtpPath {
    /** The longest address, in octets without quoting; qmail's limit, far above RFC 5321 section 4.5.3.1.3. */
    int LONGEST = 899;

    /**
     * A path.
     *
     * @param address unquoted, the source route dropped (RFC 5321 section 4.1.1.3)
     * @param rest what follows the path and one or more spaces: the parameters; may be empty
     */
    record ParsedPath(Address address, String rest) implements SmtpPath {}

    /** An address over {@link #LONGEST}. */
    record PathTooLong() implements SmtpPath {}

    /**
     * No path.
     *
     * @param reason for the reply, such as {@code > missing}
     */
    record MalformedPath(String reason) implements SmtpPath {}

    /** Reads a path from the begin of {@code text}, octets, spaces before it skipped. */
    static SmtpPath parse(String text) {
        return new PathParser(text).parse();
    }
}
