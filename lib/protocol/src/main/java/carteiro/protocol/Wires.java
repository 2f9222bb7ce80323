package carteiro.protocol;

import java.io.Closeable;
import java.io.IOException;

/**
 * How a program reaches the others and is reached. The clients can be asked for at any time: each call finds out anew
 * whether the other program is there.
 */
public interface Wires extends Closeable {
    /** To queue. */
    Enqueue enqueue();

    /** To queue, for send. */
    Waiting waiting();

    /** To queue. */
    Messages messages();

    /** To local or remote, for send. */
    Deliver deliver(Channel channel);

    /** To lookup. */
    Lookup lookup();

    /** To lookup, for send. */
    Routing routing();

    /** To lookup, for the programs that people log in to. */
    Passwords passwords();

    /** To lookup, for tools. */
    LoginRecords logins();

    /** To lookup, for mailboxes. */
    MailboxTickets tickets();

    /** To mailboxes, for pop3d. */
    Mailboxes mailboxes();

    /** To checkpassword, for lookup. */
    PasswordChecker passwordChecker();

    /** To tokens, for lookup. */
    BearerTokens tokens();

    /** To local, for lookup. */
    Homes homes();

    /** To queue, for clean. */
    Cleaning cleaning();

    /** To queue, for tools. */
    Inspection inspection();

    /** To send, for tools. */
    Withdrawal withdrawal();

    /** Offers the way into the queue until closed. */
    Closeable offer(Enqueue enqueue) throws IOException;

    /** Offers what waits until closed. */
    Closeable offer(Waiting waiting) throws IOException;

    /** Offers the messages until closed. */
    Closeable offer(Messages messages) throws IOException;

    /** Offers deliveries until closed. */
    Closeable offer(Channel channel, Deliver deliver) throws IOException;

    /** Offers lookups until closed. */
    Closeable offer(Lookup lookup) throws IOException;

    /** Offers routes until closed. */
    Closeable offerRouting(Routing routing) throws IOException;

    /** Offers to tell who logs in until closed. */
    Closeable offer(Passwords passwords) throws IOException;

    /** Offers what is known of logins until closed. */
    Closeable offer(LoginRecords records) throws IOException;

    /** Offers to redeem tickets until closed. */
    Closeable offerTickets(MailboxTickets tickets) throws IOException;

    /** Offers visits to mailboxes until closed. */
    Closeable offerMailboxes(Mailboxes.MailboxHost host) throws IOException;

    /** Offers to have passwords looked at until closed. */
    Closeable offerChecker(PasswordChecker checker) throws IOException;

    /** Offers to look at tokens until closed. */
    Closeable offerTokens(BearerTokens tokens) throws IOException;

    /** Offers a look into homes until closed. */
    Closeable offerHomes(Homes homes) throws IOException;

    /** Offers what clean needs until closed. */
    Closeable offer(Cleaning cleaning) throws IOException;

    /** Offers a look into the queue until closed. */
    Closeable offer(Inspection inspection) throws IOException;

    /** Offers to withdraw messages until closed. */
    Closeable offer(Withdrawal withdrawal) throws IOException;

    /** Whether all that the program offers is served: false once that has ended by itself. Does not block. */
    boolean serves(String program);

    /** Closes idle connections. */
    @Override
    void close();

    /** The two ways out. */
    enum Channel {
        /** Into accounts of this host. */
        LOCAL,
        /** To other hosts. */
        REMOTE;

        /** {@code local} or {@code remote}, as in the log. */
        public String word() {
            return this == LOCAL ? "local" : "remote";
        }

        /** The one that this is not. */
        public Channel other() {
            return this == LOCAL ? REMOTE : LOCAL;
        }
    }
}
