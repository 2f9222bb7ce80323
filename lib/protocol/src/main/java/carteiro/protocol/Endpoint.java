package carteiro.protocol;

import carteiro.protocol.EndpointServer.CallerRole;
import java.nio.file.Path;
import java.util.Set;

/**
 * A socket by which one program can be reached, and who may use it. The folder and the mode keep strangers out; the
 * peer's credentials are checked besides.
 *
 * @param program the program behind it
 * @param name the socket's name in run/PROGRAM
 * @param callers system users who may connect, besides root and the program's own user
 * @param anyone whether every other user may as well, as a guest: how many places guests have is bounded
 */
record Endpoint(String program, String name, Set<String> callers, boolean anyone) {
    private static final int ROOT = 0;

    /** inject is run by any user; what it may say is bounded. */
    static final Endpoint ENQUEUE = new Endpoint("queue", "enqueue", Set.of("qmaild", "qmails"), true);

    static final Endpoint WAITING = new Endpoint("queue", "waiting", Set.of("qmails"));
    /** Those of the callers of {@link #MESSAGES} who read all; the others read what send has handed to them. */
    static final Set<String> READERS_OF_ALL = Set.of("qmails");

    static final Endpoint MESSAGES = new Endpoint("queue", "messages", Set.of("qmails", "qmailr"));
    static final Endpoint CLEANING = new Endpoint("queue", "cleaning", Set.of("qmailq"));
    /** For tools: what root and send may see anyway; a guest sees what it handed in itself. */
    static final Endpoint INSPECTION = new Endpoint("queue", "inspection", Set.of("qmailq", "qmails"), true);

    /** For tools of whoever looks after the queue. */
    static final Endpoint WITHDRAWAL = new Endpoint("send", "withdrawal", Set.of("qmailq"));

    static final Endpoint LOCAL = new Endpoint("local", "deliver", Set.of("qmails"));
    static final Endpoint REMOTE = new Endpoint("remote", "deliver", Set.of("qmails"));

    /** lookup may not look into every home; local may, as the home's user. */
    static final Endpoint HOMES = new Endpoint("local", "homes", Set.of("qmailp"));

    /**
     * qmail-smtpd is run by tcpserver as whatever user the administrator chose; what it learns here, whoever sends mail to
     * the address learns too. More is told to root and to the account's own user alone.
     */
    static final Endpoint LOOKUP = new Endpoint("lookup", "lookup", Set.of("qmaild"), true);

    /** Who may ask here could try passwords as fast as lookup lets them: the programs that people log in to alone. */
    static final Endpoint PASSWORDS = new Endpoint("lookup", "passwords", Set.of("qmaild", "qmailpop"));

    /** A ticket is worth a mailbox: who opens mailboxes is root. */
    static final Endpoint TICKETS = new Endpoint("lookup", "tickets", Set.of());

    /** pop3d, and nothing of what it could do without a ticket. */
    static final Endpoint MAILBOXES = new Endpoint("mailboxes", "mailbox", Set.of("qmailpop"));

    /** Who may ask here could try passwords without the limits of lookup. */
    static final Endpoint CHECKPASSWORD = new Endpoint("checkpassword", "check", Set.of("qmailp"));

    /** What is presented here is worth an account: lookup alone, which has heard it from who logs in. */
    static final Endpoint TOKENS = new Endpoint("tokens", "token", Set.of("qmailp"));

    /** For tools of whoever looks after accounts. */
    static final Endpoint LOGINS = new Endpoint("lookup", "logins", Set.of());

    static final Endpoint ROUTING = new Endpoint("lookup", "routing", Set.of("qmails"));

    /** An endpoint for these users alone. */
    Endpoint(String program, String name, Set<String> callers) {
        this(program, name, callers, false);
    }

    static Endpoint deliver(Wires.Channel channel) {
        return switch (channel) {
            case LOCAL -> LOCAL;
            case REMOTE -> REMOTE;
        };
    }

    Path socket(Path run) {
        return run.resolve(program).resolve(name);
    }

    /** What a user is to the program behind the endpoint. */
    CallerRole standing(int uid, int ownUid, SystemUids uids) {
        if (uid == ROOT || uid == ownUid) {
            return CallerRole.OWN;
        }
        return uids.isOneOf(callers, uid) ? CallerRole.NEIGHBOUR : CallerRole.GUEST;
    }

    /** The mode of the socket: only an endpoint for anyone, or for users of other groups, is open to others. */
    String mode() {
        return "rw-rw-rw-"; // connecting needs write permission; who may is decided by credentials, per connection
    }
}
