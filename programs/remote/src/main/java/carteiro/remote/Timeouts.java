package carteiro.remote;

import java.time.Duration;

/**
 * How long each thing may take, all in one place. Those of a reply count from the command's last octet; control/timeoutremote cuts
 * them ({@link RemoteSettings#limit}).
 */
final class Timeouts {
    /** All questions to the DNS of one delivery. */
    static final Duration LOOKUPS = Duration.ofMinutes(5);

    /** RFC 5321 section 4.5.3.2.1. */
    static final Duration GREETING = Duration.ofMinutes(5);

    /** EHLO, HELO and STARTTLS; the standard names none, MAIL has this. */
    static final Duration HELLO = Duration.ofMinutes(5);

    /** The handshake of TLS. */
    static final Duration HANDSHAKE = Duration.ofMinutes(2);

    /** RFC 5321 section 4.5.3.2.2. */
    static final Duration MAIL = Duration.ofMinutes(5);

    /** RFC 5321 section 4.5.3.2.3. */
    static final Duration RCPT = Duration.ofMinutes(5);

    /** RFC 5321 section 4.5.3.2.4. */
    static final Duration DATA = Duration.ofMinutes(2);

    /** RFC 5321 section 4.5.3.2.5. */
    static final Duration BLOCK = Duration.ofMinutes(3);

    /** RFC 5321 section 4.5.3.2.6. */
    static final Duration END = Duration.ofMinutes(10);

    /** The reason, when a next hop hangs up in the middle of a message. */
    static final Duration LAST_WORDS = Duration.ofSeconds(1);

    /** QUIT, and the end of TLS. */
    static final Duration GOODBYE = Duration.ofSeconds(2);

    /** A connection that is kept for the next message. */
    static final Duration KEEP = Duration.ofSeconds(10);

    /** A whole conversation, however it drips. */
    static final Duration CONVERSATION = Duration.ofHours(6);

    private Timeouts() {}
}
