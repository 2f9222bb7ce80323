package carteiro.listen;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import org.junit.jupiter.api.Test;

/** Who counts as one client. */
class ClientTest {
    @Test
    void anIpv6NetworkCountsAsOneClient() {
        long one = Client.key(InetAddress.ofLiteral("2001:db8:1:2::1"));
        assertThat(Client.key(InetAddress.ofLiteral("2001:db8:1:2:ffff::9"))).isEqualTo(one);
        assertThat(Client.key(InetAddress.ofLiteral("2001:db8:1:3::1"))).isNotEqualTo(one);
        assertThat(Client.key(InetAddress.ofLiteral("192.0.2.1")))
                .isNotEqualTo(Client.key(InetAddress.ofLiteral("192.0.2.2")));
    }
}
