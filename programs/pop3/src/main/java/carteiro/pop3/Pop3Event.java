package carteiro.pop3;

import carteiro.listen.ListenerEvents;
import carteiro.log.EventName;
import carteiro.log.LogEvent;
import carteiro.log.LogText;

/** What pop3d and mailboxes log; docs/programs/pop3d.md explains each. */
sealed interface Pop3Event extends LogEvent {
    /** Those of what happens at the listeners. */
    ListenerEvents OF_LISTENERS = new ListenerEvents() {
        @Override
        public LogEvent listening(String address) {
            return new Pop3Listening(address);
        }

        @Override
        public LogEvent listeningNoMore(String address) {
            return new Pop3ListeningNoMore(address);
        }

        @Override
        public LogEvent turnedAway(String client, String why, String rule) {
            return new Pop3TurnedAway(client, why);
        }

        @Override
        public LogEvent moreTurnedAway(long clients) {
            return new MorePop3TurnedAway(clients);
        }
    };

    @Override
    default String program() {
        return "pop3d";
    }

    /**
     * A listener is open.
     *
     * @param address with the real port
     */
    @EventName("pop3-listening")
    record Pop3Listening(String address) implements Pop3Event {
        @Override
        public String line() {
            return "pop3d: listening on " + address;
        }
    }

    /** A listener was closed by a reload. */
    @EventName("pop3-listening-no-more")
    record Pop3ListeningNoMore(String address) implements Pop3Event {
        @Override
        public String line() {
            return "pop3d: listening no more on " + address;
        }
    }

    /** A client was turned away before it could say anything. */
    @EventName("pop3-turned-away")
    record Pop3TurnedAway(String client, String why) implements Pop3Event {
        @Override
        public String line() {
            return "pop3d: turned away client " + LogText.safe(client) + ": " + why;
        }
    }

    /** Clients were turned away; not all are named. */
    @EventName("pop3-more-turned-away")
    record MorePop3TurnedAway(long clients) implements Pop3Event {
        @Override
        public String line() {
            return "pop3d: turned away " + clients + " more clients";
        }
    }

    /** Somebody has logged in, and the mailbox is open. */
    @EventName("pop3-login")
    record Pop3LoggedIn(String account, String client, String mechanism) implements Pop3Event {
        @Override
        public String line() {
            return "pop3d: login " + LogText.safe(account) + " client " + LogText.safe(client) + " by " + mechanism;
        }
    }

    /**
     * A login was refused.
     *
     * @param name as whom; empty if it did not come so far
     * @param why what the client was not told; may be empty
     */
    @EventName("pop3-login-refused")
    record Pop3LoginRefused(String name, String client, String reply, String why) implements Pop3Event {
        @Override
        public String line() {
            return "pop3d: refused login \"" + LogText.safe(name) + "\" client " + LogText.safe(client) + ": "
                    + LogText.sentence(reply) + (why.isEmpty() ? "" : " (" + LogText.sentence(why) + ")");
        }
    }

    /**
     * A visit to a mailbox has ended.
     *
     * @param fetched messages that were asked for
     * @param removed messages that were marked, which counts with quit alone
     * @param octets that went to the client
     * @param how {@code quit}, or why not
     */
    @EventName("pop3-visit")
    record Pop3VisitEnded(String account, String client, long fetched, long removed, long octets, String how)
            implements Pop3Event {
        @Override
        public String line() {
            return "pop3d: visit " + LogText.safe(account) + " client " + LogText.safe(client) + " fetched " + fetched
                    + " removed " + removed + " octets " + octets + ": " + LogText.sentence(how);
        }
    }

    /** Somebody asked for a mailbox without a login. */
    @EventName("ticket-unknown")
    record TicketUnknown() implements Pop3Event {
        @Override
        public String program() {
            return "mailboxes";
        }

        @Override
        public String line() {
            return "alert: mailboxes: a mailbox was asked for by a ticket that lookup does not know: it took longer than"
                    + " half a minute, lookup was restarted, or pop3d does what it should not";
        }
    }
}
