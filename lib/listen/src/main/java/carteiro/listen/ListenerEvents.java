package carteiro.listen;

import carteiro.log.LogEvent;

/** How a program says in the log what happens at its {@link Listeners}: each has events of its own. */
public interface ListenerEvents {
    /**
     * A listener is open.
     *
     * @param address with the real port
     */
    LogEvent listening(String address);

    /** A listener was closed by a reload. */
    LogEvent listeningNoMore(String address);

    /**
     * A client was turned away before it could say anything.
     *
     * @param client its address; {@link Client#UNKNOWN} if it has none
     * @param rule whose refusal it is; empty if it has none
     */
    LogEvent turnedAway(String client, String why, String rule);

    /** So many clients more were turned away, which have no line of their own. */
    LogEvent moreTurnedAway(long clients);
}
