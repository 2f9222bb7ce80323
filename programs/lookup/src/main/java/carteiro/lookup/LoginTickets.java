package carteiro.lookup;

import carteiro.protocol.MailboxTickets;
import carteiro.protocol.MailboxTickets.TicketAnswer;
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
    private final TtlCache<TicketHolder> holders =
            new TtlCache<>(MOST, 2L * MOST * OCTETS_OF_ONE, TicketHolder::octets, System::nanoTime);

    /**
     * Who has one.
     *
     * @param mailbox if who told of the account told of that, too
     */
    record TicketHolder(String account, Optional<TicketAnswer> mailbox) {
        private long octets() {
            return (long) account.length()
                    + mailbox.map(each -> each.toString().length()).orElse(0);
        }
    }

    String give(TicketHolder holder) {
        byte[] octets = new byte[MailboxTickets.LENGTH / 2];
        random.nextBytes(octets);
        String ticket = HexFormat.of().formatHex(octets);
        holders.keep(ticket, holder, LIFE);
        return ticket;
    }

    /** Whose mailbox it opens; empty if it is none, or none any more. */
    Optional<TicketHolder> take(String ticket) {
        return Optional.ofNullable(holders.take(ticket));
    }
}
