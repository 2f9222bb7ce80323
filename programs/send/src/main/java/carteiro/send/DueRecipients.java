package carteiro.send;

import carteiro.protocol.Wires.Channel;
import org.jspecify.annotations.Nullable;

/** Recipients of one message and one destination that are due: all that the message has left, or a part of them. */
sealed interface DueRecipients permits ScheduledMessage, ScheduledMessage.RecipientGroup {
    /** Whose recipients. */
    ScheduledMessage message();

    /** The first of them, at most so many; they stay until {@link #rest}. */
    int[] take(Channel channel, int most);

    /** What remains after the first {@code taken}, or null if nothing does. */
    @Nullable
    DueRecipients rest(Channel channel, int taken);
}
