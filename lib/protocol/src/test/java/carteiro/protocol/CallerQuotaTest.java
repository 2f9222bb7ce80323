package carteiro.protocol;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class CallerQuotaTest {
    @Test
    void eachUserHasSomePlacesAndAllTogetherNoMoreThanTheirHalf() {
        var quota = new CallerQuota();
        int users = CallerQuota.MOST / CallerQuota.MOST_OF_ONE;
        for (int uid = 1; uid <= users; uid++) {
            for (int i = 0; i < CallerQuota.MOST_OF_ONE; i++) {
                assertThat(quota.enter(uid)).isTrue();
            }
            assertThat(quota.enter(uid)).as("one more of this user").isFalse();
        }
        assertThat(quota.all()).isEqualTo(CallerQuota.MOST);
        assertThat(quota.enter(users + 1)).as("one more of all").isFalse();
        quota.leave(1);
        assertThat(quota.of(1)).isEqualTo(CallerQuota.MOST_OF_ONE - 1);
        assertThat(quota.enter(users + 1)).isTrue();
        assertThat(quota.enter(1)).as("all are taken again").isFalse();
    }
}
