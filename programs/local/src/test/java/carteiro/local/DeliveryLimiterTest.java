package carteiro.local;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import carteiro.protocol.BusyException;
import org.junit.jupiter.api.Test;

/** Who waits for whom. */
class DeliveryLimiterTest {
    private static final int ANN = 41_001;
    private static final int BOB = 41_002;
    private static final int EVE = 41_003;

    @Test
    void programsOfAllUsersTogetherLeaveRoomForDeliveriesWithoutThem() throws Exception {
        var shares = new DeliveryLimiter(new DeliveryLimiter.DeliveryLimits(4, 2, 2));
        DeliveryLimiter.DeliverySlot ann = shares.enter(ANN);
        DeliveryLimiter.DeliverySlot bob = shares.enter(BOB);
        ann.forPrograms();
        bob.forPrograms();
        try (DeliveryLimiter.DeliverySlot eve = shares.enter(EVE)) { // her mailbox is delivered to all the same
            assertThatThrownBy(eve::forPrograms).isInstanceOf(BusyException.class);
        }
        ann.close();
        try (DeliveryLimiter.DeliverySlot eve = shares.enter(EVE)) {
            assertThatCode(eve::forPrograms).doesNotThrowAnyException();
        }
        bob.close();
    }

    @Test
    void oneUserLeavesProgramsToOthers() throws Exception {
        var shares = new DeliveryLimiter(new DeliveryLimiter.DeliveryLimits(4, 3, 2));
        shares.enter(ANN).forPrograms();
        shares.enter(ANN).forPrograms();
        DeliveryLimiter.DeliverySlot third = shares.enter(ANN);
        assertThatThrownBy(third::forPrograms).isInstanceOf(BusyException.class);
        shares.enter(BOB).forPrograms();
        shares.enter(ANN).close();
        DeliveryLimiter.DeliverySlot fourth = shares.enter(ANN);
        assertThatThrownBy(() -> shares.enter(ANN)).isInstanceOf(BusyException.class);
        fourth.close();
        shares.enter(ANN).close();
    }
}
