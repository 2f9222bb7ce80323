package carteiro.send;

import static org.assertj.core.api.Assertions.assertThat;

import carteiro.mail.Address;
import carteiro.mail.Envelope;
import carteiro.protocol.Route;
import carteiro.protocol.Waiting.RecipientState;
import carteiro.protocol.Waiting.WaitingMessage;
import carteiro.send.EarlyBounces.RoutedMessage;
import java.time.Instant;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What may be a bounce of ours waits until queue has told its number. */
class EarlyBouncesTest {
    private static final Address TO = new Address("ann@example.org");

    private static RoutedMessage message(Address sender, int told, int recipients) {
        return new RoutedMessage(
                new WaitingMessage(
                        7,
                        Instant.EPOCH,
                        1,
                        new Envelope(
                                sender,
                                Collections.nCopies(told, TO),
                                Envelope.BodyType.SEVEN_BIT,
                                Envelope.AddressForm.ASCII,
                                0),
                        Collections.nCopies(told, RecipientState.Due.NOW),
                        recipients),
                Collections.nCopies(told, new Route.ToRemote(TO)));
    }

    @Test
    void onlyWhatNeedsNoQuestionToQueueIsKept() {
        var early = new EarlyBounces();
        assertThat(early.keep(message(Address.NULL, 2, 2))).isFalse();
        assertThat(early.keep(message(Address.NULL, 1, 500))).isFalse();
        assertThat(early.keep(message(Address.NULL, 0, 0))).isFalse();
        assertThat(early.keep(message(TO, 1, 1))).isFalse();
        assertThat(early.leave(7, false)).isEmpty();
        RoutedMessage bounce = message(Address.DOUBLE_BOUNCE, 1, 1);
        assertThat(early.keep(bounce)).isTrue();
        assertThat(early.leave(8, false)).isEmpty();
        assertThat(early.leave(7, false)).isEqualTo(List.of(bounce));
    }
}
