package carteiro.protocol;

import carteiro.mail.Address;
import java.io.IOException;
import java.time.Duration;
import java.util.List;

/**
 * Who logs in, and as whom may they send? For the programs that people log in to; lookup answers, which alone has what a password is
 * compared with. Any number of questions at once.
 */
public interface Passwords {
    /** The most octets of a name. */
    int LONGEST_NAME = 1000;

    /** The most octets of a password. */
    int LONGEST_PASSWORD = 512;

    /** The most addresses of one question. */
    int MOST_ADDRESSES = 100;

    /**
     * Whether that is the password of that account.
     *
     * @param name as the client gave it, at most {@link #LONGEST_NAME} octets
     * @param password at most {@link #LONGEST_PASSWORD} octets; whoever asks clears it afterwards
     * @throws IOException if lookup cannot be reached: then nothing is known
     */
    LoginVerdict check(LoginAttempt attempt, String name, byte[] password) throws IOException;

    /**
     * Whether an account may log in whose client has shown a certificate that stands for it. Whoever asks has looked at that; for sending
     * alone, where whoever asks could send anything by itself.
     *
     * @param account at most {@link #LONGEST_NAME} octets
     * @return never {@link LoginVerdict.TooManyFailures}
     * @throws IOException if lookup cannot be reached: then nothing is known
     */
    LoginVerdict certified(LoginAttempt attempt, String account) throws IOException;

    /**
     * Whether a bearer token is an account's; see {@link BearerTokens}.
     *
     * @param name as the client gave it, at most {@link #LONGEST_NAME} octets; empty if it leaves that to the token
     * @param token at most {@link BearerTokens#LONGEST_TOKEN} octets; whoever asks clears it afterwards
     * @throws IOException if lookup cannot be reached: then nothing is known
     */
    TokenReply token(LoginAttempt attempt, String name, byte[] token) throws IOException;

    /**
     * What is said to a bearer token.
     *
     * @param verdict whether it is an account's; wrong where the token or the account is not accepted
     * @param fault what the client is told where it is wrong
     */
    record TokenReply(LoginVerdict verdict, BearerTokens.TokenFault fault) {}

    /**
     * Whether each of these addresses is an account's own: mail for it comes to the account, or control/loginsenders gives it.
     *
     * @param account as {@link LoginVerdict.LoggedIn} names it
     * @param addresses at most {@link #MOST_ADDRESSES}
     * @return for each address, in their order
     * @throws IOException if lookup cannot be reached: then nothing is known
     */
    List<Ownership> ownership(String account, List<Address> addresses) throws IOException;

    /**
     * Whether an account may send a message to so many recipients now, by control/accountlimits. If it may, that counts, whatever
     * becomes of the message.
     *
     * @param account as {@link LoginVerdict.LoggedIn} names it
     * @throws IOException if lookup cannot be reached: then nothing is known
     */
    SendingVerdict sending(String account, int recipients) throws IOException;

    /** Whether an account may send. */
    sealed interface SendingVerdict {
        /** It may, and that has been counted. */
        record SendingAllowed() implements SendingVerdict {}

        /**
         * It has sent what it may for now.
         *
         * @param limit which, as a text for the log
         * @param left until the count begins anew
         */
        record OverLimit(String limit, Duration left) implements SendingVerdict {}

        /** An administrator has stopped it, or it may not log in any more. */
        record AccountStopped() implements SendingVerdict {}
    }

    /** The most octets of a message of SCRAM. */
    int LONGEST_MESSAGE = 4096;

    /**
     * Begins an exchange of SCRAM (RFC 5802), which proves a password without saying it. All of it happens on lookup's side: whoever
     * asks carries messages.
     *
     * @param request with the client's first message
     * @return a challenge, or what came of it
     * @throws IOException if lookup cannot be reached: then nothing is known
     */
    ScramReply begin(LoginAttempt attempt, ScramRequest request) throws IOException;

    /**
     * Ends one.
     *
     * @param exchange as {@link ScramReply.ScramChallenge} names it; known for a minute, and once
     * @param message the client's last one, a character an octet
     * @return never a challenge
     * @throws IOException if lookup cannot be reached: then nothing is known
     */
    ScramReply finish(LoginAttempt attempt, String exchange, String message) throws IOException;

    /**
     * The beginning of an exchange.
     *
     * @param mechanism SCRAM-SHA-256, or another of that family, in capitals
     * @param bindings what ties the login to the client's TLS connection, two at most; empty if no mechanism with -PLUS was announced
     * @param message the client's first one, a character an octet
     */
    record ScramRequest(String mechanism, List<TlsBinding> bindings, String message) {
        /** Copies the list. */
        public ScramRequest {
            bindings = List.copyOf(bindings);
        }
    }

    /**
     * What only the two ends of a TLS connection know.
     *
     * @param type as IANA lists it, such as tls-exporter
     * @param octets 64 at most, a character each
     */
    record TlsBinding(String type, String octets) {
        /** The most octets of one. */
        public static final int LONGEST = 64;
    }

    /** What is said to a message of SCRAM. */
    sealed interface ScramReply {
        /**
         * It goes on.
         *
         * @param message for the client
         */
        record ScramChallenge(String exchange, String message) implements ScramReply {}

        /**
         * The client has the password.
         *
         * @param message for the client, which proves that lookup knows of it
         * @param account as in {@link LoginVerdict.LoggedIn}
         * @param ticket as there
         */
        record ScramProven(String message, String account, String ticket) implements ScramReply {
            /** Without a ticket. */
            public ScramProven(String message, String account) {
                this(message, account, "");
            }
        }

        /**
         * It has failed.
         *
         * @param verdict any but {@link LoginVerdict.LoggedIn}
         * @param why for the log of whoever asks; may be empty
         */
        record ScramDenied(LoginVerdict verdict, String why) implements ScramReply {}
    }

    /**
     * Where somebody tries.
     *
     * @param service what they log in to
     * @param client the address of the client, as text; what a caller says of it may be a lie
     */
    record LoginAttempt(LoginService service, String client) {
        /** The most octets of a client's address. */
        public static final int LONGEST_CLIENT = 100;
    }

    /** What people log in to. */
    enum LoginService {
        /** Sending. */
        SMTP,
        /** Fetching. */
        POP3
    }

    /** What became of it. */
    sealed interface LoginVerdict {
        /**
         * It is the password.
         *
         * @param account the account's name as its source has it, which may differ from what the client gave
         * @param ticket opens the account's mailbox once, see {@link MailboxTickets}; empty but for {@link LoginService#POP3}
         */
        record LoggedIn(String account, String ticket) implements LoginVerdict {
            /** Without a ticket. */
            public LoggedIn(String account) {
                this(account, "");
            }
        }

        /**
         * It is not, or there is no such account, or it may not log in: these are not told apart.
         *
         * @param pause how long whoever asks should wait before it says so
         */
        record WrongPassword(Duration pause) implements LoginVerdict {}

        /**
         * The password was not looked at: too many were wrong before.
         *
         * @param left until one is looked at again
         */
        record TooManyFailures(Duration left) implements LoginVerdict {}

        /**
         * Cannot tell now. Never to be taken for wrong.
         *
         * @param reason for the log
         */
        record LoginUndecided(String reason) implements LoginVerdict {}
    }

    /** Whether an address is an account's own. */
    enum Ownership {
        /** It is. */
        OWN,
        /** It is not. */
        FOREIGN,
        /** Cannot be told now. */
        NOT_NOW
    }
}
