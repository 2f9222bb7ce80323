package carteiro.lookup;

import carteiro.protocol.MailboxTickets;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.HexFormat;
import java.util.Optional;

/** Tickets for mailboxes of those who have just logged in: each for half a minute, and for one use. */
final class LoginTickets {
    /** How long one is good. */
    static final Duration LIFE = Duration.ofSeconds(30);

    private static final int MOST = 10_000;
    private static final int OCTETS_OF_ONE = 2_000;

    private final SecureRandom random = new SecureRandom();
    private final TtlCache<String> accounts =
            new TtlCache<>(MOST, 2L * MOST * OCTETS_OF_ONE, String::length, System::nanoTime);

    String give(String account) {
        byte[] octets = new byte[MailboxTickets.LENGTH / 2];
        random.nextBytes(octets);
        String ticket = HexFormat.of().formatHex(octets);
        accounts.keep(ticket, account, LIFE);
        return ticket;
    }

    /** Whose mailbox it opens; empty if it is none, or none any more. */
    Optional<String> take(String ticket) {
        return Optional.ofNullable(accounts.take(ticket));
    }
}
