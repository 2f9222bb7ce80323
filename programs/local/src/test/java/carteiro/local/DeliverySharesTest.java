package carteiro.local;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import carteiro.protocol.BusyException;
import org.junit.jupiter.api.Test;

/** Who waits for whom. */
class DeliverySharesTest {
    private static final int ANN = 41_001;
    private static final int BOB = 41_002;
    private static final int EVE = 41_003;

    @Test
    void programsOfAllUsersTogetherLeaveRoomForDeliveriesWithoutThem() throws Exception {
        var shares = new DeliveryShares(new DeliveryShares.Limits(4, 2, 2));
        DeliveryShares.Place ann = shares.enter(ANN);
        DeliveryShares.Place bob = shares.enter(BOB);
        ann.forPrograms();
        bob.forPrograms();
        try (DeliveryShares.Place eve = shares.enter(EVE)) { // her mailbox is delivered to all the same
            assertThatThrownBy(eve::forPrograms).isInstanceOf(BusyException.class);
        }
        ann.close();
        try (DeliveryShares.Place eve = shares.enter(EVE)) {
            assertThatCode(eve::forPrograms).doesNotThrowAnyException();
        }
        bob.close();
    }

    @Test
    void oneUserLeavesProgramsToOthers() throws Exception {
        var shares = new DeliveryShares(new DeliveryShares.Limits(4, 3, 2));
        shares.enter(ANN).forPrograms();
        shares.enter(ANN).forPrograms();
        DeliveryShares.Place third = shares.enter(ANN);
        assertThatThrownBy(third::forPrograms).isInstanceOf(BusyException.class);
        shares.enter(BOB).forPrograms();
        shares.enter(ANN).close();
        DeliveryShares.Place fourth = shares.enter(ANN);
        assertThatThrownBy(() -> shares.enter(ANN)).isInstanceOf(BusyException.class);
        fourth.close();
        shares.enter(ANN).close();
    }
}
