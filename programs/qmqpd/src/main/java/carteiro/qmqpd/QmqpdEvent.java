package carteiro.qmqpd;

import carteiro.listen.ListenerEvents;
import carteiro.log.EventName;
import carteiro.log.LogEvent;
import carteiro.log.LogText;

/** What qmqpd logs: a line a message; docs/programs/qmqpd.md explains each. */
sealed interface QmqpdEvent extends LogEvent {
    /** Those of what happens at the listeners. */
    ListenerEvents OF_LISTENERS = new ListenerEvents() {
        @Override
        public LogEvent listening(String address) {
            return new QmqpListening(address);
        }

        @Override
        public LogEvent listeningNoMore(String address) {
            return new QmqpListeningNoMore(address);
        }

        @Override
        public LogEvent turnedAway(String client, String why, String rule) {
            return new QmqpTurnedAway(client, why);
        }

        @Override
        public LogEvent moreTurnedAway(long clients) {
            return new MoreQmqpTurnedAway(clients);
        }
    };

    @Override
    default String program() {
        return "qmqpd";
    }

    /**
     * A listener is open.
     *
     * @param address with the real port
     */
    @EventName("qmqp-listening")
    record QmqpListening(String address) implements QmqpdEvent {
        @Override
        public String line() {
            return "qmqpd: listening on " + address;
        }
    }

    /** A listener was closed by a reload. */
    @EventName("qmqp-listening-no-more")
    record QmqpListeningNoMore(String address) implements QmqpdEvent {
        @Override
        public String line() {
            return "qmqpd: listening no more on " + address;
        }
    }

    /** A client was turned away before it could say anything. */
    @EventName("qmqp-turned-away")
    record QmqpTurnedAway(String client, String why) implements QmqpdEvent {
        @Override
        public String line() {
            return "qmqpd: turned away client " + LogText.safe(client) + ": " + why;
        }
    }

    /** Clients were turned away; not all are named. */
    @EventName("qmqp-more-turned-away")
    record MoreQmqpTurnedAway(long clients) implements QmqpdEvent {
        @Override
        public String line() {
            return "qmqpd: turned away " + clients + " more clients";
        }
    }

    /**
     * A message was refused, for now or for good.
     *
     * @param sender empty if it was refused before it was known
     * @param reply what the client was told
     * @param why what it was not told; may be empty
     */
    @EventName("qmqp-refused")
    record QmqpRefused(String sender, String client, String reply, String why) implements QmqpdEvent {
        @Override
        public String line() {
            return "qmqpd: refused message from <" + LogText.safe(sender) + "> client " + LogText.safe(client) + ": "
                    + LogText.sentence(reply) + (why.isEmpty() ? "" : " (" + LogText.sentence(why) + ")");
        }
    }

    /**
     * A client has gone without an answer; nothing is queued unless {@code how} says that it may be.
     *
     * @param how why
     */
    @EventName("qmqp-lost")
    record QmqpLost(String client, String how) implements QmqpdEvent {
        @Override
        public String line() {
            return "qmqpd: lost client " + LogText.safe(client) + ": " + LogText.sentence(how);
        }
    }
}
