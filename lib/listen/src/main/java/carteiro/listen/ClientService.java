package carteiro.listen;

/** What a program does for the clients of its {@link Listeners}. Any number of threads at once. */
public interface ClientService {
    /** How many conversations there may be; asked for each client. */
    ListenerLimits limits();

    /** One conversation, in a virtual thread of its own; the socket is closed when this returns. */
    void serve(Arrival arrival);

    /** All places are taken: {@link Listeners#turnAway} is to follow, and nothing that waits for the client. */
    void allTaken(Arrival arrival);

    /** The client has as many conversations as one may: as {@link #allTaken}. */
    void enoughForOne(Arrival arrival);

    /**
     * At a listener behind a proxy nobody says who the client is: {@link Listeners#turnAway} is to follow.
     *
     * @param arrival with the address of whoever has connected
     * @param why for the log
     */
    void withoutProxy(Arrival arrival, String why);
}
