package carteiro.remote;

import static org.assertj.core.api.Assertions.assertThat;

import carteiro.dns.HostAddresses;
import carteiro.dns.HostLookup;
import carteiro.dns.MailExchangers;
import carteiro.mail.Outcome;
import carteiro.mail.Status;
import carteiro.testkit.Covers;
import java.net.InetAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class NextHopsTest {
    private final Post.Names names = new Post.Names();
    private final List<InetAddress> own = new ArrayList<>();

    private NextHops.Sources sources(HostLookup dns) {
        return new NextHops.Sources(dns, own::contains, new Random(), 25, 465, System::nanoTime);
    }

    private List<String> ips(NextHops hops) {
        var ips = new ArrayList<String>();
        for (List<NextHop> group = hops.next(); !group.isEmpty(); group = hops.next()) {
            group.forEach(hop -> ips.add(hop.ip()));
        }
        return ips;
    }

    private List<String> ips(String domain) {
        return ips(NextHops.direct(sources(names), domain));
    }

    private Outcome nothing(String domain) {
        NextHops hops = NextHops.direct(sources(names), domain);
        assertThat(hops.next()).isEmpty();
        return hops.nothing();
    }

    @Test
    @Covers("qmail:X01")
    void exchangersComeByPreferenceAndEqualsInRandomOrder() {
        names.mx("example.org", "20 c", "10 a", "10 b", "30 d")
                .host("a", "192.0.2.1")
                .host("b", "192.0.2.2")
                .host("c", "192.0.2.3")
                .host("d", "192.0.2.4");
        Set<List<String>> seen = new HashSet<>();
        for (int i = 0; i < 200 && seen.size() < 2; i++) {
            seen.add(ips("example.org"));
        }
        assertThat(seen)
                .containsExactlyInAnyOrder(
                        List.of("192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.4"),
                        List.of("192.0.2.2", "192.0.2.1", "192.0.2.3", "192.0.2.4"));
    }

    @Test
    @Covers("qmail:X01")
    void everyAddressOfAnExchangerIsTriedIpv6Too() {
        names.mx("example.org", "10 a").host("a", "192.0.2.1", "192.0.2.2", "2001:db8::1");
        assertThat(ips("example.org")).containsExactly("192.0.2.1", "192.0.2.2", "2001:db8::1");
    }

    @Test
    @Covers("qmail:X02")
    void aHostWithoutExchangersIsItsOwn() {
        names.host("example.org", "192.0.2.9");
        assertThat(ips("example.org")).containsExactly("192.0.2.9");
    }

    @ParameterizedTest(name = "{0}")
    @Covers("qmail:X03")
    @CsvSource({
        "192.0.2.7, 192.0.2.7",
        "[192.0.2.7], 192.0.2.7",
        "[IPv6:2001:db8::7], 2001:db8::7",
        "[ipv6:2001:DB8:0:0:0:0:0:7], 2001:db8::7"
    })
    void anAddressLiteralIsThatAddress(String domain, String ip) {
        assertThat(ips(domain)).containsExactly(ip);
        assertThat(names.asked).isEmpty();
    }

    @ParameterizedTest
    @Covers("qmail:X03")
    @ValueSource(
            strings = {
                "[]",
                "[x]",
                "[1.2.3]",
                "[1.2.3.256]",
                "[2001:db8::7]",
                "[IPv6:1.2.3.4]",
                "[IPv6:::g]",
                "[1.2.3.4"
            })
    void aBrokenLiteralIsNoHost(String domain) {
        assertThat(nothing(domain)).isInstanceOf(Outcome.Failed.class);
    }

    @Test
    @Covers("qmail:X04")
    void whatTheDnsCannotTellIsDeferredAndWhatIsNotThereFails() {
        names.mx("mx-trouble", new MailExchangers.MxLookupFailure("SERVFAIL"))
                .host("a-trouble", new HostAddresses.AddressLookupFailure("SERVFAIL"))
                .mx("null", new MailExchangers.NullMx())
                .host("empty")
                .mx("mx-gone", "10 gone")
                .mx("mx-mixed", "10 gone", "20 a-trouble");
        assertThat(nothing("mx-trouble"))
                .isInstanceOf(Outcome.Deferred.class)
                .extracting(Outcome::status)
                .hasToString("4.4.3");
        assertThat(nothing("a-trouble"))
                .isInstanceOf(Outcome.Deferred.class)
                .extracting(Outcome::status)
                .hasToString("4.4.3");
        assertThat(nothing("gone"))
                .isInstanceOf(Outcome.Failed.class)
                .extracting(Outcome::status)
                .hasToString("5.1.2");
        assertThat(nothing("gone").report()).isEqualTo("Sorry, I couldn't find any host named gone. (#5.1.2)\n");
        assertThat(nothing("empty"))
                .isInstanceOf(Outcome.Failed.class)
                .extracting(Outcome::status)
                .hasToString("5.4.4");
        assertThat(nothing("mx-gone"))
                .isInstanceOf(Outcome.Failed.class)
                .extracting(Outcome::status)
                .hasToString("5.4.4");
        assertThat(nothing("mx-mixed")).isInstanceOf(Outcome.Deferred.class);
        assertThat(nothing("null"))
                .isInstanceOf(Outcome.Failed.class)
                .extracting(Outcome::status)
                .hasToString("5.1.10");
    }

    @Test
    @Covers("qmail:X04")
    void troubleWithOneExchangerIsPassedOverWhenAnotherHasAnAddress() {
        names.mx("example.org", "10 a", "20 b", "30 gone")
                .host("a", new HostAddresses.AddressLookupFailure("SERVFAIL"))
                .host("b", "192.0.2.2");
        NextHops hops = NextHops.direct(sources(names), "example.org");
        assertThat(ips(hops)).containsExactly("192.0.2.2");
        assertThat(hops.isIncomplete()).isTrue();
    }

    @Test
    @Covers("qmail:X05")
    void onlyExchangersBetterThanThisHostAreUsed() {
        names.mx("example.org", "10 a", "20 me", "20 b", "30 c")
                .host("a", "192.0.2.1")
                .host("b", "192.0.2.2")
                .host("c", "192.0.2.3")
                .host("me", "192.0.2.99");
        own.add(InetAddress.ofLiteral("192.0.2.99"));
        assertThat(ips("example.org")).containsExactly("192.0.2.1");
        assertThat(names.asked).doesNotContain("c");
    }

    @Test
    @Covers("qmail:X05")
    void whenTheBestExchangerIsThisHostItFails() {
        names.mx("example.org", "10 me", "20 b").host("b", "192.0.2.2").host("me", "192.0.2.99");
        own.add(InetAddress.ofLiteral("192.0.2.99"));
        assertThat(nothing("example.org"))
                .isInstanceOf(Outcome.Failed.class)
                .extracting(Outcome::status)
                .isEqualTo(new Status(5, 4, 6));
        assertThat(nothing("[192.0.2.99]").status()).isEqualTo(new Status(5, 4, 6));
        assertThat(nothing("me").status()).isEqualTo(new Status(5, 4, 6));
    }

    @Test
    @Covers("qmail:X05")
    void whenABetterExchangerThanThisHostCannotBeLookedUpNothingFails() {
        names.mx("example.org", "10 a", "20 me")
                .host("a", new HostAddresses.AddressLookupFailure("SERVFAIL"))
                .host("me", "192.0.2.99");
        own.add(InetAddress.ofLiteral("192.0.2.99"));
        assertThat(nothing("example.org"))
                .isInstanceOf(Outcome.Deferred.class)
                .extracting(Outcome::status)
                .isEqualTo(new Status(4, 4, 3));
    }

    @Test
    @Covers("qmail:X05")
    void ownAddressesAreThoseOfTheInterfacesAndLoopbackAndNone() {
        OwnAddresses here = OwnAddresses.ofThisHost();
        for (String address : List.of("0.0.0.0", "127.0.0.1", "127.1.2.3", "::1", "::", "::ffff:127.0.0.1")) {
            assertThat(here.contains(InetAddress.ofLiteral(address)))
                    .as(address)
                    .isTrue();
        }
        assertThat(here.contains(InetAddress.ofLiteral("192.0.2.1"))).isFalse();
    }

    @Test
    void aRelayIsNeverThisHost() {
        own.add(InetAddress.ofLiteral("192.0.2.99"));
        names.host("relay", "192.0.2.99");
        NextHops hops = NextHops.relay(sources(names), new SmtpRoute.Relay("relay", 2525));
        assertThat(hops.next()).singleElement().extracting(NextHop::address).hasToString("/192.0.2.99:2525");
    }

    @Test
    void aRelayThatDoesNotExistIsTheOperatorsMistakeAndBouncesNothing() {
        NextHops hops = NextHops.relay(sources(names), new SmtpRoute.Relay("typo", 25));
        assertThat(hops.next()).isEmpty();
        assertThat(hops.nothing()).isInstanceOf(Outcome.Deferred.class);
        assertThat(hops.nothing().report()).contains("typo", "control/smtproutes");
    }

    @Test
    @Covers("qmail:X21")
    void ofManyExchangersTheHundredMostPreferredAreUsed() {
        String[] records = new String[150];
        for (int i = 0; i < 150; i++) {
            records[i] = i + " mx" + i;
            names.host("mx" + i, "10.0.0." + i);
        }
        names.mx("example.org", records);
        List<String> ips = ips("example.org");
        assertThat(ips).hasSize(100).startsWith("10.0.0.0").endsWith("10.0.0.99");
    }

    @ParameterizedTest
    @CsvSource({
        "::1, ::1",
        "::, ::",
        "2001:db8:0:0:1:0:0:1, 2001:db8::1:0:0:1",
        "1:2:3:4:5:6:7:8, 1:2:3:4:5:6:7:8",
        "2001:db8:0:1:1:1:1:1, 2001:db8:0:1:1:1:1:1",
        "fe80::, fe80::",
        "192.0.2.1, 192.0.2.1"
    })
    void ipv6IsShownInItsShortForm(String address, String shown) {
        assertThat(AddressLiteral.text(InetAddress.ofLiteral(address))).isEqualTo(shown);
    }

    @Test
    void noMoreAddressesAreLookedUpThanADeliveryCouldUse() {
        String[] records = new String[NextHops.MOST_EXCHANGERS];
        for (int i = 0; i < records.length; i++) {
            records[i] = "10 h" + i;
            String[] addresses = new String[20];
            for (int j = 0; j < addresses.length; j++) {
                addresses[j] = "2001:db8:" + i + "::" + j;
            }
            names.host("h" + i, addresses);
        }
        names.mx("example.org", records);
        assertThat(ips("example.org")).hasSize(NextHops.MOST_ADDRESSES);
        assertThat(names.asked).hasSize(NextHops.MOST_ADDRESSES / 20);
    }

    @Test
    void noMoreAddressesOfOneHostAreUsedThanOfMany() {
        String[] addresses = new String[NextHops.MOST_ADDRESSES + 1];
        for (int i = 0; i < addresses.length; i++) {
            addresses[i] = "2001:db8::" + Integer.toHexString(i + 1);
        }
        names.mx("example.org", "10 a", "20 b").host("a", addresses).host("b", "192.0.2.2");
        assertThat(ips("example.org")).hasSize(NextHops.MOST_ADDRESSES).doesNotContain("192.0.2.2");
    }

    @Test
    void hostsAreLookedUpUntilTheTimeForItIsOver() {
        String[] records = new String[30];
        for (int i = 0; i < records.length; i++) {
            records[i] = i + " h" + i;
            names.host("h" + i, new HostAddresses.AddressLookupFailure("no answer"));
        }
        names.host("h29", "192.0.2.1");
        names.mx("example.org", records);
        assertThat(ips("example.org")).as("whatever failed before, at once").containsExactly("192.0.2.1");
        names.asked.clear();
        var sources = new NextHops.Sources(
                names,
                own::contains,
                new Random(),
                25,
                465,
                () -> names.asked.size() * Duration.ofSeconds(30).toNanos());
        NextHops hops = NextHops.direct(sources, "example.org");
        assertThat(ips(hops)).isEmpty();
        assertThat(names.asked).hasSize(10);
        assertThat(hops.isIncomplete()).isTrue();
        for (int i = 0; i < records.length; i++) {
            names.host("h" + i, "198.51.100." + i);
        }
        names.asked.clear();
        hops = NextHops.direct(sources, "example.org");
        assertThat(ips(hops)).hasSize(10);
        assertThat(hops.isIncomplete()).as("there may be others").isTrue();
    }
}
