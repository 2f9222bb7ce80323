package carteiro.protocol;

import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;

/** Mailboxes of those who have just logged in; for pop3d. Answered by mailboxes, which alone may act as other users. */
public interface Mailboxes {
    /**
     * Opens the mailbox that a ticket is good for.
     *
     * @param ticket from lookup; it is worth nothing afterwards
     * @throws IOException if mailboxes cannot be reached
     */
    MailboxOpened open(String ticket) throws IOException;

    /** What came of it. */
    sealed interface MailboxOpened {
        /** It is open. */
        record OpenMailbox(MailboxVisit visit) implements MailboxOpened {}

        /**
         * It is not.
         *
         * @param reason for the log
         */
        record ClosedMailbox(String reason) implements MailboxOpened {}
    }

    /** A visit: POP3 behind the login (RFC 1939 section 5), without a greeting. Closing it without QUIT changes nothing. */
    interface MailboxVisit extends Closeable {
        /** The client's commands. */
        OutputStream commands();

        /** The answers to them, up to the end of the visit. */
        InputStream answers();

        @Override
        void close();
    }

    /** Has a visit with who asks. */
    interface MailboxHost {
        /**
         * Serves a visit until it ends.
         *
         * @param opened told once, before anything is read: an empty text if the mailbox is open, else why it is not
         * @throws IOException if the visitor has gone
         */
        void serve(String ticket, InputStream commands, OutputStream answers, MailboxOpening opened) throws IOException;
    }

    /** Takes what became of the opening. */
    interface MailboxOpening {
        /** @param reason empty if it is open */
        void told(String reason) throws IOException;
    }
}
