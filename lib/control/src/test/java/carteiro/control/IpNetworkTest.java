package carteiro.control;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class IpNetworkTest {
    @ParameterizedTest
    @CsvSource({
        "192.0.2.0/24,192.0.2.255,true",
        "192.0.2.0/24,192.0.3.0,false",
        "192.0.2.77/24,192.0.2.1,true",
        "10.0.0.0/9,10.127.255.255,true",
        "10.0.0.0/9,10.128.0.0,false",
        "192.0.2.1,192.0.2.1,true",
        "192.0.2.1,192.0.2.0,false",
        "192.0.2.1/31,192.0.2.0,true",
        "0.0.0.0/0,203.0.113.9,true",
        "0.0.0.0/0,2001:db8::1,false",
        "2001:db8::/32,2001:db8:ffff::1,true",
        "2001:db8::/33,2001:db8:8000::1,false",
        "::/0,::1,true",
        "::/0,192.0.2.1,false",
        "::1,::1,true",
        "::1/127,::,true"
    })
    void holdsTheAddressesThatBeginWithItsBits(String network, String address, boolean holds) {
        assertThat(IpNetwork.parse(network).orElseThrow().holds(InetAddress.ofLiteral(address)))
                .isEqualTo(holds);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "/",
                "10.0.0.0/",
                "10.0.0.0/33",
                "10.0.0.0/-1",
                "10.0.0.0/+8",
                "10.0.0.0/8 ",
                "10.0/8",
                "10.1",
                "::/129",
                "::1/x",
                "localhost",
                "192.0.2.1/0x8",
                "192.0.2.0/24/24"
            })
    void otherTextIsNone(String text) {
        assertThat(IpNetwork.parse(text)).isEmpty();
    }

    @Test
    void anAddressAloneHasAllOfItsBits() {
        assertThat(IpNetwork.parse("192.0.2.1").orElseThrow().bits()).isEqualTo(32);
        assertThat(IpNetwork.parse("::1").orElseThrow().bits()).isEqualTo(128);
    }
}
