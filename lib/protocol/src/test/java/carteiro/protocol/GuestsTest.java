package carteiro.protocol;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class GuestsTest {
    @Test
    void eachUserHasSomePlacesAndAllTogetherNoMoreThanTheirHalf() {
        var guests = new Guests();
        int users = Guests.MOST / Guests.MOST_OF_ONE;
        for (int uid = 1; uid <= users; uid++) {
            for (int i = 0; i < Guests.MOST_OF_ONE; i++) {
                assertThat(guests.enter(uid)).isTrue();
            }
            assertThat(guests.enter(uid)).as("one more of this user").isFalse();
        }
        assertThat(guests.all()).isEqualTo(Guests.MOST);
        assertThat(guests.enter(users + 1)).as("one more of all").isFalse();
        guests.leave(1);
        assertThat(guests.of(1)).isEqualTo(Guests.MOST_OF_ONE - 1);
        assertThat(guests.enter(users + 1)).isTrue();
        assertThat(guests.enter(1)).as("all are taken again").isFalse();
    }
}
