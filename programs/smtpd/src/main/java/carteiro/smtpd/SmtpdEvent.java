package carteiro.smtpd;

import carteiro.listen.ListenerEvents;
import carteiro.log.EventName;
import carteiro.log.LogEvent;
import carteiro.log.LogText;

/** What smtpd logs: a line a decision and a line a session; docs/programs/smtpd.md explains each. */
sealed interface SmtpdEvent extends LogEvent {
    /** Those of what happens at the listeners. */
    ListenerEvents OF_LISTENERS = new ListenerEvents() {
        @Override
        public LogEvent listening(String address) {
            return new Listening(address);
        }

        @Override
        public LogEvent listeningNoMore(String address) {
            return new ListeningNoMore(address);
        }

        @Override
        public LogEvent turnedAway(String client, String why, String rule) {
            return new TurnedAway(client, why, rule);
        }

        @Override
        public LogEvent moreTurnedAway(long clients) {
            return new MoreTurnedAway(clients);
        }
    };

    @Override
    default String program() {
        return "smtpd";
    }

    /**
     * A listener is open.
     *
     * @param address with the real port
     */
    @EventName("smtp-listening")
    record Listening(String address) implements SmtpdEvent {
        @Override
        public String line() {
            return "smtpd: listening on " + address;
        }
    }

    /** A listener was closed by a reload. */
    @EventName("smtp-listening-no-more")
    record ListeningNoMore(String address) implements SmtpdEvent {
        @Override
        public String line() {
            return "smtpd: listening no more on " + address;
        }
    }

    /**
     * A command or message was refused.
     *
     * @param what the command, with its address if it has one
     * @param reply what the client was told
     * @param why what it was not told; may be empty
     * @param rule whose refusal it is; {@code carteiro why} explains it
     */
    @EventName("smtp-refused")
    record SmtpRefused(String what, String sender, String client, String reply, String why, String rule)
            implements SmtpdEvent {
        @Override
        public String line() {
            return "smtpd: refused " + LogText.sentence(what) + " from <" + LogText.safe(sender) + "> client "
                    + LogText.safe(client) + ": " + LogText.sentence(reply)
                    + (why.isEmpty() ? "" : " (" + LogText.sentence(why) + ")") + " rule " + rule;
        }
    }

    /** A client has shown a certificate that stands for no account. It goes on without. */
    @EventName("certificate-useless")
    record CertificateUseless(String client, String why) implements SmtpdEvent {
        @Override
        public String line() {
            return "smtpd: certificate of client " + LogText.safe(client) + " stands for nobody: "
                    + LogText.sentence(why);
        }
    }

    /** A client has logged in. */
    @EventName("smtp-login")
    record SmtpLogin(String account, String client, String mechanism) implements SmtpdEvent {
        @Override
        public String line() {
            return "smtpd: login " + LogText.safe(account) + " client " + LogText.safe(client) + " by " + mechanism;
        }
    }

    /**
     * A client was turned away before it could say anything.
     *
     * @param rule whose refusal it is; empty if the client has gone by itself
     */
    @EventName("connection-turned-away")
    record TurnedAway(String client, String why, String rule) implements SmtpdEvent {
        @Override
        public String line() {
            return "smtpd: turned away client " + LogText.safe(client) + ": " + why
                    + (rule.isEmpty() ? "" : " rule " + rule);
        }
    }

    /** Clients were turned away; not all are named. */
    @EventName("connections-turned-away")
    record MoreTurnedAway(long clients) implements SmtpdEvent {
        @Override
        public String line() {
            return "smtpd: turned away " + clients + " more clients";
        }
    }
}
