package carteiro.send;

import carteiro.mail.Address;
import carteiro.protocol.Route;
import carteiro.protocol.Waiting.WaitingMessage;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Bounces that queue presents before it has answered with their number. They wait for that answer, so that {@code bounce
 * msg N qp Q} stands before the lines of Q, where those who read the log look for it. Not thread-safe.
 */
final class EarlyBounces {
    /** What is no bounce of ours but looks like one waits for so many bounces at most. */
    static final int PATIENCE = 64;

    /** A message as queue presents it, with the routes of the recipients that it told. */
    record RoutedMessage(WaitingMessage waiting, List<Route> routes) {}

    private record Early(RoutedMessage message, long since) {}

    private final Map<Long, Early> kept = new LinkedHashMap<>();
    private long left;

    /** Keeps a message if it may be a bounce: by its sender, and of one recipient, about which queue need not be asked. */
    boolean keep(RoutedMessage message) {
        WaitingMessage waiting = message.waiting();
        Address sender = waiting.envelope().sender();
        if (waiting.recipients() != 1 || !sender.isNull() && !sender.equals(Address.DOUBLE_BOUNCE)) {
            return false;
        }
        kept.put(waiting.message(), new Early(message, left));
        return true;
    }

    /**
     * A bounce is written: the messages that need not wait any longer.
     *
     * @param number its number; 0 if there is none
     * @param last no other bounce is being written, so that nothing is early
     */
    List<RoutedMessage> leave(long number, boolean last) {
        left++;
        var leaving = new ArrayList<RoutedMessage>();
        for (Iterator<Early> each = kept.values().iterator(); each.hasNext(); ) {
            Early early = each.next();
            if (last || early.message.waiting().message() == number || left - early.since >= PATIENCE) {
                leaving.add(early.message);
                each.remove();
            }
        }
        return leaving;
    }
}
