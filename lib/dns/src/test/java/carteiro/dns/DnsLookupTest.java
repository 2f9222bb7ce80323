package carteiro.dns;

import static org.assertj.core.api.Assertions.assertThat;

import carteiro.dns.MailExchangers.MailExchanger;
import carteiro.testkit.Await;
import carteiro.testkit.Covers;
import carteiro.testkit.DnsOnLoopback;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DnsLookupTest {
    private DnsOnLoopback server;
    private DnsLookup dns;

    @BeforeEach
    void start() throws IOException {
        server = DnsOnLoopback.start(
                "example.org. 300 IN MX 10 mx1.example.org.",
                "example.org. 300 IN MX 20 mx2.example.org.",
                "mx1.example.org. 300 IN A 192.0.2.1",
                "mx1.example.org. 300 IN A 192.0.2.2",
                "mx1.example.org. 300 IN AAAA 2001:db8::1",
                "six.example.org. 300 IN AAAA 2001:db8::6",
                "alias.example.org. 300 IN CNAME example.org.",
                "nowhere.example.org. 300 IN CNAME gone.example.org.",
                "round.example.org. 300 IN CNAME trip.example.org.",
                "trip.example.org. 300 IN CNAME round.example.org.",
                "none.example.org. 300 IN MX 0 .",
                "xn--mller-kva.example. 300 IN MX 5 mx1.example.org.");
        server.knowsOf("empty.example.org.");
        dns = lookup(Duration.ofSeconds(1), Duration.ofSeconds(5));
    }

    private DnsLookup lookup(Duration once, Duration limit) {
        var servers = new DnsServers(List.of(new InetSocketAddress("127.0.0.1", server.port())));
        return new DnsLookup(servers, once, limit);
    }

    @AfterEach
    void stop() throws IOException {
        server.close();
    }

    @Test
    void exchangersAreFoundWithTheirPreferences() {
        assertThat(dns.mailExchangers("Example.ORG"))
                .isInstanceOfSatisfying(
                        MailExchangers.Exchangers.class,
                        found -> assertThat(found.exchangers())
                                .containsExactlyInAnyOrder(
                                        new MailExchanger(10, "mx1.example.org"),
                                        new MailExchanger(20, "mx2.example.org")));
    }

    @Test
    void addressesAreFoundIpv4First() {
        assertThat(dns.addresses("mx1.example.org")).isInstanceOfSatisfying(HostAddresses.Resolved.class, found -> {
            assertThat(found.addresses().subList(0, 2))
                    .containsExactlyInAnyOrder(InetAddress.ofLiteral("192.0.2.1"), InetAddress.ofLiteral("192.0.2.2"));
            assertThat(found.addresses().get(2)).isEqualTo(InetAddress.ofLiteral("2001:db8::1"));
        });
        assertThat(dns.addresses("six.example.org"))
                .isEqualTo(new HostAddresses.Resolved(List.of(InetAddress.ofLiteral("2001:db8::6"))));
    }

    @Test
    void aliasesAreFollowed() {
        assertThat(dns.mailExchangers("alias.example.org")).isInstanceOf(MailExchangers.Exchangers.class);
        assertThat(dns.mailExchangers("nowhere.example.org")).isEqualTo(new MailExchangers.NoSuchDomain());
        assertThat(dns.mailExchangers("round.example.org")).isInstanceOf(MailExchangers.MxLookupFailure.class);
    }

    @Test
    void aliasesAreFollowedToAnEnd() throws IOException {
        for (int i = 0; i < 9; i++) {
            server.knows("a" + i + ".example.org. 300 IN CNAME a" + (i + 1) + ".example.org.");
        }
        server.knows("a9.example.org. 300 IN MX 10 mx1.example.org.");
        assertThat(dns.mailExchangers("a2.example.org")).isInstanceOf(MailExchangers.Exchangers.class);
        assertThat(dns.mailExchangers("a0.example.org")).isInstanceOf(MailExchangers.MxLookupFailure.class);
    }

    @Test
    void questionsThatHaveTheirAnswerKeepNoneBack() {
        for (int i = 0; i <= DnsLookup.MOST_QUESTIONS; i++) {
            assertThat(dns.addresses("n" + i + ".example.org")).isEqualTo(new HostAddresses.NoSuchHost());
        }
    }

    @Test
    void soManyQuestionsAreOnTheWayAtOnceAndNoMore() throws Exception {
        dns = lookup(Duration.ofMinutes(1), Duration.ofMinutes(1));
        var threads = new ArrayList<Thread>();
        for (int i = 0; i < DnsLookup.MOST_QUESTIONS + 50; i++) {
            String name = "mute" + i + ".example.org";
            server.ignores(name + ".");
            threads.add(Thread.ofVirtual().start(() -> dns.mailExchangers(name)));
        }
        Await.until(
                () -> threads.stream().allMatch(thread -> thread.getState() == Thread.State.TIMED_WAITING),
                "not all wait, for an answer or for others");
        Await.until(() -> server.questions().size() >= DnsLookup.MOST_QUESTIONS, "they are not asked");
        assertThat(server.questions()).hasSize(DnsLookup.MOST_QUESTIONS);
    }

    @Test
    void noneAndNoSuchHostAndNoMailAreToldApart() {
        assertThat(dns.mailExchangers("empty.example.org")).isEqualTo(new MailExchangers.NoMx());
        assertThat(dns.mailExchangers("gone.example.org")).isEqualTo(new MailExchangers.NoSuchDomain());
        assertThat(dns.mailExchangers("none.example.org")).isEqualTo(new MailExchangers.NullMx());
        assertThat(dns.addresses("empty.example.org")).isEqualTo(new HostAddresses.NoAddress());
        assertThat(dns.addresses("gone.example.org")).isEqualTo(new HostAddresses.NoSuchHost());
    }

    @Test
    void aServerThatFailsIsTroubleAndNotAbsence() throws IOException {
        server.fails("broken.example.org.");
        assertThat(dns.mailExchangers("broken.example.org")).isInstanceOf(MailExchangers.MxLookupFailure.class);
        assertThat(dns.addresses("broken.example.org")).isInstanceOf(HostAddresses.AddressLookupFailure.class);
    }

    @Test
    void aServerThatIsSilentIsTroubleInBoundedTime() throws IOException {
        server.ignores("mute.example.org.");
        dns = lookup(Duration.ofMillis(200), Duration.ofSeconds(1));
        assertThat(dns.mailExchangers("mute.example.org")).isInstanceOf(MailExchangers.MxLookupFailure.class);
        server.knowsOf("mute.example.org.");
        assertThat(dns.addresses("mute.example.org")).isInstanceOf(HostAddresses.AddressLookupFailure.class);
    }

    @Test
    void theSecondServerIsAskedWhenTheFirstIsGone() throws IOException {
        int gone;
        try (var other = DnsOnLoopback.start()) {
            gone = other.port();
        }
        var servers = new DnsServers(
                List.of(new InetSocketAddress("127.0.0.1", gone), new InetSocketAddress("127.0.0.1", server.port())));
        dns = new DnsLookup(servers, Duration.ofMillis(300), Duration.ofSeconds(10));
        assertThat(dns.mailExchangers("example.org")).isInstanceOf(MailExchangers.Exchangers.class);
    }

    @Test
    @Covers("qmail:X21")
    void aHundredExchangersComeWholeByTcp() throws IOException {
        for (int i = 0; i < 100; i++) {
            server.knows("large.example. 300 IN MX " + i + " exchanger-number-" + i + ".large-names.example.");
        }
        assertThat(dns.mailExchangers("large.example"))
                .isInstanceOfSatisfying(
                        MailExchangers.Exchangers.class,
                        found -> assertThat(found.exchangers()).hasSize(100));
        assertThat(server.questions()).contains("MX large.example. udp", "MX large.example. tcp");
    }

    @Test
    void answersAreRememberedAndSoIsAbsence() {
        for (int i = 0; i < 3; i++) {
            dns.mailExchangers("example.org");
            dns.mailExchangers("gone.example.org");
            dns.mailExchangers("empty.example.org");
        }
        assertThat(server.questions())
                .containsExactlyInAnyOrder(
                        "MX example.org. udp", "MX gone.example.org. udp", "MX empty.example.org. udp");
    }

    @Test
    void troubleIsNotRemembered() throws IOException {
        server.fails("broken.example.org.");
        dns.mailExchangers("broken.example.org");
        int asked = server.questions().size();
        dns.mailExchangers("broken.example.org");
        assertThat(server.questions()).hasSizeGreaterThan(asked);
    }

    @Test
    void aNameInUtf8IsAskedForInItsAsciiForm() {
        byte[] utf8 = "m\u00fcller.example".getBytes(java.nio.charset.StandardCharsets.UTF_8);
        assertThat(dns.mailExchangers(carteiro.mail.Octets.text(utf8))).isInstanceOf(MailExchangers.Exchangers.class);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"", ".", "..", "a..b", "a b", "a\\.b", "\\065.example", "a\nb", "\u00ff\u00fe", "a@b", "[x]"})
    void whatNoHostCanBeCalledIsNoHostAndNotAskedFor(String name) {
        assertThat(dns.mailExchangers(name)).isEqualTo(new MailExchangers.NoSuchDomain());
        assertThat(dns.addresses(name)).isEqualTo(new HostAddresses.NoSuchHost());
        assertThat(server.questions()).isEmpty();
    }

    @Test
    void aLabelOrNameThatIsTooLongIsNoHost() {
        assertThat(dns.mailExchangers("x".repeat(64) + ".example")).isEqualTo(new MailExchangers.NoSuchDomain());
        assertThat(dns.mailExchangers("x.".repeat(127) + "example")).isEqualTo(new MailExchangers.NoSuchDomain());
    }

    @Test
    void localhostIsThisHost() {
        assertThat(dns.addresses("localhost"))
                .isEqualTo(new HostAddresses.Resolved(
                        List.of(InetAddress.ofLiteral("127.0.0.1"), InetAddress.ofLiteral("::1"))));
    }

    @ParameterizedTest
    @ValueSource(strings = {"stra\u00dfe.example", "Stra\u1e9ee.example"})
    void theSharpSIsALetterOfItsOwnAndNotTwo(String name) {
        byte[] utf8 = name.getBytes(java.nio.charset.StandardCharsets.UTF_8);
        dns.mailExchangers(carteiro.mail.Octets.text(utf8));
        assertThat(server.questions()).containsExactly("MX xn--strae-oqa.example. udp");
    }

    @Test
    void ofTooManyExchangersTheMostPreferredAreKept() throws IOException {
        int most = BoundedResolver.MOST_EXCHANGERS;
        for (int i = most; i >= 0; i--) { // one more than the limit, the worst first
            server.knows("crowd.example. 300 IN MX " + i + " mx" + i + ".example.");
        }
        assertThat(dns.mailExchangers("crowd.example"))
                .isInstanceOfSatisfying(
                        MailExchangers.Exchangers.class,
                        found -> assertThat(found.exchangers())
                                .hasSize(most)
                                .allMatch(exchanger -> exchanger.preference() < most));
    }

    @Test
    void ofTooManyAddressesSomeOfEachKindAreKept() throws IOException {
        int most = BoundedResolver.MOST_ADDRESSES;
        for (int i = 1; i <= most; i++) {
            server.knows("many.example. 300 IN A 192.0.2." + i).knows("many.example. 300 IN AAAA 2001:db8::" + i);
        }
        assertThat(dns.addresses("many.example"))
                .isInstanceOfSatisfying(
                        HostAddresses.Resolved.class,
                        found -> assertThat(found.addresses()).hasSize(2 * most));
        for (int i = 0; i < 3000; i++) { // as many as one answer can hold
            server.knows("crowd.example. 300 IN A 198.18." + i / 250 + "." + i % 250);
        }
        server.knows("crowd.example. 300 IN AAAA 2001:db8::1");
        assertThat(dns.addresses("crowd.example"))
                .isInstanceOfSatisfying(
                        HostAddresses.Resolved.class,
                        found -> assertThat(found.addresses()).hasSize(most + 1));
    }

    @Test
    void whatNobodyAskedForIsDropped() throws Exception {
        var answer = new org.xbill.DNS.Message();
        var name = org.xbill.DNS.Name.fromString("example.org.");
        for (String record : List.of("TXT x", "NS ns.example.org.", "A 192.0.2.1", "CNAME other.example.org.")) {
            String[] words = record.split(" ", 2);
            var parsed = org.xbill.DNS.Record.fromString(
                    name, org.xbill.DNS.Type.value(words[0]), org.xbill.DNS.DClass.IN, 60, words[1], name);
            for (int section = 1; section <= 3; section++) {
                answer.addRecord(parsed, section);
            }
        }
        BoundedResolver.bounded(answer);
        assertThat(answer.getSection(org.xbill.DNS.Section.ANSWER)).hasSize(2);
        assertThat(answer.getSection(org.xbill.DNS.Section.ADDITIONAL)).isEmpty();
    }
}
