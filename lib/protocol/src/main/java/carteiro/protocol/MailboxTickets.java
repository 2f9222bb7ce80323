package carteiro.protocol;

import java.io.IOException;

/** What a ticket is good for that lookup gave for a right password; for who opens mailboxes. Answered by lookup. */
public interface MailboxTickets {
    /** Octets of a ticket: hexadecimal digits of 128 random bits. */
    int LENGTH = 32;

    /**
     * Redeems a ticket; it is worth nothing afterwards.
     *
     * @throws IOException if lookup cannot be reached
     */
    TicketAnswer redeem(String ticket) throws IOException;

    /** What it is good for. */
    sealed interface TicketAnswer {
        /**
         * The mailbox of an account.
         *
         * @param account as {@link Passwords.LoginVerdict.LoggedIn} names it
         * @param uid whose files they are
         * @param gid the same
         * @param folder the Maildir: an absolute path, an octet a character
         */
        record MailboxOfAccount(String account, int uid, int gid, String folder) implements TicketAnswer {}

        /** There is no such ticket: it is too old, was used before, or never was one. */
        record NoSuchTicket() implements TicketAnswer {}

        /** The account has no Maildir. */
        record NoMailbox(String reason) implements TicketAnswer {}

        /** Cannot be told now. */
        record MailboxUndecided(String reason) implements TicketAnswer {}
    }
}
