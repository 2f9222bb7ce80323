package carteiro.send;

import carteiro.protocol.Deliver.Delivery;
import carteiro.protocol.Wires.Channel;

/**
 * A delivery that may begin, handed out by the {@link Schedule}, to which its end is to be told.
 *
 * @param channel where to
 * @param destination whose slots it holds
 * @param message whose it is
 * @param recipients their indexes; the first has the delivery's number, the next ones the numbers after it
 * @param delivery what to ask for
 * @param terms under which conditions it runs
 */
@SuppressWarnings("ArrayRecordComponent") // handed out once, never compared nor changed
record DeliveryAttempt(
        Channel channel,
        Destination destination,
        ScheduledMessage message,
        int[] recipients,
        Delivery delivery,
        AttemptClass terms) {

    /** How a start was chosen. */
    enum AttemptClass {
        /** In turn. */
        HEALTHY,
        /** In turn, of a destination whose deliveries are being deferred. */
        TROUBLED,
        /** Was running when its program was lost; such run one at a time. */
        SUSPECT
    }
}
