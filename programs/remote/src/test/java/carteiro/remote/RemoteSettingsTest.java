package carteiro.remote;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import carteiro.control.ControlException;
import carteiro.control.DomainTable;
import carteiro.testkit.Covers;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RemoteSettingsTest {
    @TempDir
    Path home;

    private RemoteSettings read(Post post) throws ControlException {
        return RemoteSettings.read(post.installation());
    }

    @Test
    void withoutFilesTheDefaultsHold() throws Exception {
        try (var post = new Post(home)) {
            RemoteSettings settings = read(post);
            assertThat(settings.helo()).contains("client.example");
            assertThat(settings.connectLimit()).isEqualTo(Duration.ofSeconds(60));
            assertThat(settings.silenceLimit()).isEqualTo(Duration.ofSeconds(1200));
            assertThat(settings.routes().find("example.org")).isEmpty();
            assertThat(settings.limit(Duration.ofMinutes(5))).isEqualTo(Duration.ofMinutes(5));
        }
    }

    @ParameterizedTest(name = "{0}")
    @Covers("qmail:X06")
    @CsvSource(delimiter = '|', textBlock = """
            exact.example     | Relay[host=relay.example, port=25]
            EXACT.example     | Relay[host=relay.example, port=25]
            sub.exact.example | Relay[host=rest.example, port=25]
            a.suffix.example  | Relay[host=relay.example, port=2525]
            a.b.suffix.example| Relay[host=relay.example, port=2525]
            suffix.example    | Relay[host=rest.example, port=25]
            direct.example    | Direct[]
            six.example       | Relay[host=[::1], port=2525]
            six25.example     | Relay[host=[2001:db8::1], port=25]
            four.example      | Relay[host=192.0.2.1, port=26]
            last.example      | Relay[host=second.example, port=25]
            """)
    void routesAreFoundByDomainSuffixAndEmptyKey(String domain, String route) throws Exception {
        try (var post = new Post(home).control("smtproutes", """
                # comment
                exact.example:relay.example
                .suffix.example:relay.example:2525
                direct.example:
                six.example:[::1]:2525
                six25.example:[2001:db8::1]
                four.example:192.0.2.1:26
                last.example:first.example
                last.example:second.example
                :rest.example
                not a route
                """)) {
            assertThat(read(post).routes().find(domain)).get().hasToString(route);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {":relay:0", ":relay:65536", ":relay:smtp", ":[::1]x", ":[::g]:25", ":::1", ":two words", ":[]"})
    void aRouteThatCannotBeIsAProblem(String line) throws Exception {
        try (var post = new Post(home).control("smtproutes", line)) {
            assertThatThrownBy(() -> read(post))
                    .isInstanceOf(ControlException.class)
                    .hasMessageStartingWith("control/smtproutes:1: ");
        }
    }

    @Test
    void allProblemsAreNamedAtOnce() throws Exception {
        try (var post = new Post(home)
                .control("smtproutes", ":relay:x")
                .control("tlsremote", ":sometimes")
                .control("timeoutconnect", "0")
                .control("timeoutremote", "99999999")
                .control("helohost", "two words")
                .control("outgoingip", "eth0")
                .control("dnsservers", "ns.example")) {
            assertThatThrownBy(() -> read(post))
                    .isInstanceOfSatisfying(
                            ControlException.class,
                            e -> assertThat(e.problems())
                                    .hasSize(7)
                                    .as("each with its line")
                                    .allMatch(problem -> problem.matches("control/[a-z]+:1: .*")));
        }
    }

    @Test
    void tlsIsDecidedByDomain() throws Exception {
        try (var post = new Post(home).control("tlsremote", "a.example:require\n.b.example:none\n:may")) {
            DomainTable<TlsPolicy> tls = read(post).tls();
            assertThat(tls.find("A.example")).contains(TlsPolicy.REQUIRE);
            assertThat(tls.find("x.b.example")).contains(TlsPolicy.NONE);
            assertThat(tls.find("c.example")).contains(TlsPolicy.MAY);
        }
    }

    @Test
    @Covers("qmail:X15")
    void theLimitsAreThoseOfTheStandard() throws Exception {
        try (var post = new Post(home)) {
            RemoteSettings settings = read(post);
            assertThat(Stream.of( // RFC 5321 sections 4.5.3.2.1 to 4.5.3.2.6, and docs/programs/remote.md
                                    Timeouts.GREETING,
                                    Timeouts.MAIL,
                                    Timeouts.RCPT,
                                    Timeouts.DATA,
                                    Timeouts.BLOCK,
                                    Timeouts.END)
                            .map(settings::limit)
                            .map(Duration::toMinutes))
                    .containsExactly(5L, 5L, 5L, 2L, 3L, 10L);
        }
    }

    @Test
    void timeoutremoteBoundsEveryLimit() throws Exception {
        try (var post = new Post(home).control("timeoutremote", "30")) {
            assertThat(read(post).limit(Duration.ofMinutes(5))).isEqualTo(Duration.ofSeconds(30));
        }
    }

    @Test
    void theSourceAddressIsChosenByFamily() throws Exception {
        try (var post = new Post(home).control("outgoingip", "192.0.2.1\n2001:db8::1")) {
            RemoteSettings settings = read(post);
            assertThat(settings.outgoingFor(java.net.InetAddress.ofLiteral("::1"))
                            .map(AddressLiteral::text))
                    .isEqualTo(Optional.of("2001:db8::1"));
            assertThat(settings.outgoingFor(java.net.InetAddress.ofLiteral("127.0.0.1"))
                            .map(AddressLiteral::text))
                    .isEqualTo(Optional.of("192.0.2.1"));
        }
    }

    @Test
    void namesBeyondAsciiMayBeWrittenAsPeopleReadThem() throws Exception {
        try (var post = new Post(home)
                .control("me", "b\u00fccher.example")
                .control("smtproutes", "stra\u00dfe.example:b\u00fccher.example:2525")
                .control("tlsremote", "stra\u00dfe.example:require")) {
            RemoteSettings settings = read(post);
            assertThat(settings.helo()).contains("xn--bcher-kva.example");
            assertThat(settings.routes().find("xn--strae-oqa.example"))
                    .get()
                    .hasToString("Relay[host=xn--bcher-kva.example, port=2525]");
            assertThat(settings.routes().find("strasse.example")).isEmpty();
            assertThat(settings.tls().find("XN--strae-oqa.example")).contains(TlsPolicy.REQUIRE);
        }
    }
}
