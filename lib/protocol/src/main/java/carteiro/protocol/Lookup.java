package carteiro.protocol;

import carteiro.mail.Address;
import carteiro.mail.Status;
import java.io.IOException;
import java.util.List;

/**
 * What is this address? Each program learns what it needs: smtpd whether there is somebody, local what to do with a message, send
 * by {@link Routing} where it goes. Any number of questions at once.
 */
public interface Lookup {
    /**
     * Asks about an envelope recipient as the transport heard it: rewriting and virtual domains are applied first. For
     * smtpd, and open to every user of the host.
     *
     * @throws IOException if lookup cannot be reached: then nothing is known of the address, not even whose its domain is
     */
    RecipientAnswer recipient(LookupQuestion question) throws IOException;

    /**
     * Whether every address of this one's domain is another host's, so that one answer of {@link #recipient} holds for all of them,
     * whoever sends and whatever for. No is never wrong. Answered on lookup's side alone.
     */
    default boolean isForeign(Address envelopeRecipient) {
        return false;
    }

    /**
     * Asks about a recipient that send gave to local, after rewriting. For local; another user of the host is told the
     * instructions of its own account alone.
     *
     * @throws IOException if lookup cannot be reached: the same as {@link Answer.Unresolved}
     */
    Answer account(LookupQuestion question) throws IOException;

    /**
     * A question.
     *
     * @param recipient whom it is about
     * @param sender of the message in question: what an address takes may depend on it
     */
    record LookupQuestion(Address recipient, Address sender, LookupPurpose purpose) {
        /** Whether a message for the recipient would be taken. */
        public static LookupQuestion receiving(Address recipient, Address sender) {
            return new LookupQuestion(recipient, sender, LookupPurpose.RECEIVE);
        }

        /** The same question of a client that may send to other hosts. */
        public LookupQuestion relaying() {
            return new LookupQuestion(recipient, sender, LookupPurpose.RELAY);
        }

        /** What to do with a message for the recipient. */
        public static LookupQuestion delivering(Address recipient, Address sender) {
            return new LookupQuestion(recipient, sender, LookupPurpose.DELIVER);
        }

        /** What would be done with it. */
        public static LookupQuestion explaining(Address recipient) {
            return new LookupQuestion(recipient, Address.NULL, LookupPurpose.EXPLAIN);
        }
    }

    /** What the answer is for. */
    enum LookupPurpose {
        /**
         * A message is offered: it is refused or taken by the answer. Whoever asks can wait for another program. Addresses that are not
         * ours are not looked for: strangers may name any.
         */
        RECEIVE,
        /** The same, and mail for other hosts is taken from this client. */
        RELAY,
        /** A message is in hand: local asks, and looks into homes itself. */
        DELIVER,
        /** An administrator wants to know; nothing else follows. */
        EXPLAIN
    }

    /**
     * What smtpd learns of an envelope recipient.
     *
     * @param domain its domain after rewriting; empty if it has none
     * @param ours whether locals or virtualdomains name it. A domain that only their line for all others leads to a gateway is not
     *     ours
     */
    record RecipientAnswer(String domain, boolean ours, AddressVerdict verdict) {}

    /** Whether there is somebody. It holds nothing but what whoever sends mail to the address may learn. */
    sealed interface AddressVerdict {
        /** Mail for it is taken. */
        record KnownAddress() implements AddressVerdict {}

        /** An address of another host. */
        record RemoteAddress() implements AddressVerdict {}

        /**
         * A foreign address that a line for all others leads to an account here, and that was not looked for; see
         * {@link LookupPurpose#RECEIVE}.
         */
        record GatewayAddress() implements AddressVerdict {}

        /**
         * No such address (5.1.1), or one that takes no mail (5.2.1, 5.3.5).
         *
         * @param reason for the peer; no path, no setting
         */
        record UnknownAddress(Status status, String reason) implements AddressVerdict {}

        /**
         * Cannot tell now. Never to be taken for unknown.
         *
         * @param reason for the log of Carteiro's own programs; others are told no more than that there is one
         */
        record Undecided(Status status, String reason) implements AddressVerdict {}
    }

    /** What to do with a message for an address. */
    sealed interface Answer {
        /**
         * An account.
         *
         * @param identity as whom everything is done
         * @param home where, and with which of its files
         * @param instructions what to do with a message
         */
        record Account(AccountIdentity identity, AccountHome home, DeliveryInstructions instructions)
                implements Answer {}

        /** Other addresses, and no mailbox: to each of them a copy. */
        record ForwardOnly(List<Address> targets) implements Answer {
            /** Copies the list. */
            public ForwardOnly {
                targets = List.copyOf(targets);
            }
        }

        /** An address of another host. */
        record OtherHost() implements Answer {}

        /** The empty local part at a local domain: delivery succeeds and does nothing. */
        record Trash() implements Answer {}

        /**
         * No such address (5.1.1), or one that takes no mail (5.2.1).
         *
         * @param reason for the peer; no path, no setting
         */
        record NoSuchAddress(Status status, String reason) implements Answer {}

        /**
         * Cannot tell now. Never to be taken for unknown.
         *
         * @param reason for the log
         */
        record Unresolved(Status status, String reason) implements Answer {}
    }

    /**
     * Who an account is.
     *
     * @param user its name; USER of programs
     * @param uid the system user every file and program belongs to; never 0
     * @param gid its group
     */
    record AccountIdentity(String user, int uid, int gid) {}

    /**
     * Where an account's files are.
     *
     * @param folder an absolute path
     * @param dash what stands between {@code .qmail} and the extension: {@code -} or empty
     * @param extension EXT, case kept; may be empty
     */
    record AccountHome(String folder, String dash, String extension) {}

    /** What an account does with a message. */
    sealed interface DeliveryInstructions {
        /** The {@code .qmail} files of the home decide; with none, the default delivery. */
        record DotQmailInstructions() implements DeliveryInstructions {}

        /**
         * The directory decides (qmail-LDAP).
         *
         * @param delivery the default delivery, such as {@code ./Maildir/} or an absolute path; empty: control/defaultdelivery
         * @param mailbox whether the message also goes to the default delivery
         * @param programs commands for /bin/sh, first of all
         * @param forwards copies to other addresses, after everything else succeeded
         * @param dotFiles whether the lines of the {@code .qmail} files follow
         */
        record DirectoryInstructions(
                String delivery, Mailbox mailbox, List<String> programs, List<Address> forwards, DotFiles dotFiles)
                implements DeliveryInstructions {
            /** Copies the lists. */
            public DirectoryInstructions {
                programs = List.copyOf(programs);
                forwards = List.copyOf(forwards);
            }
        }
    }

    /** Whether a copy stays. */
    enum Mailbox {
        /** It is delivered to the mailbox. */
        KEEP,
        /** It is not. */
        NONE
    }

    /** Whether {@code .qmail} files count beside the directory. */
    enum DotFiles {
        /** They do not. */
        IGNORED,
        /** Their lines follow. */
        APPENDED,
        /** They alone count, as with {@link DeliveryInstructions.DotQmailInstructions}, only with another default delivery (qmail-LDAP's dotonly). */
        ALONE
    }
}
