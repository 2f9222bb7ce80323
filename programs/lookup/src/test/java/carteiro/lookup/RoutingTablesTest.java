package carteiro.lookup;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import carteiro.control.ControlException;
import carteiro.control.ControlFiles;
import carteiro.control.DomainTable;
import carteiro.control.Installation;
import carteiro.control.Settings;
import carteiro.mail.Address;
import carteiro.mail.Octets;
import carteiro.protocol.Route;
import carteiro.testkit.Covers;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Rewriting and the decision between local and remote, from real control files. */
class RoutingTablesTest {
    @TempDir
    Path home;

    @BeforeEach
    void settings() throws Exception {
        Files.createDirectory(home.resolve("control"));
        write("me", "host.example.org\n");
        write("locals", "host.example.org\nexample.org\n");
        write("percenthack", "pct.org\n");
        write("virtualdomains", "virt.org:joe-v\n.wild.org:alias-wild\nfred@virt2.org:fred\nexc.wild.org:\n");
    }

    @Test
    void ofTwoFormsOfADomainTheLastLineCounts() throws Exception {
        String one = "b\u00fccher.example:joe\n";
        String other = "xn--bcher-kva.example:ann\n";
        write("virtualdomains", one + other);
        assertThat(route("u@xn--bcher-kva.example")).startsWith("local ann-u@");
        write("virtualdomains", other + one);
        assertThat(route("u@xn--bcher-kva.example")).startsWith("local joe-u@");
        write("virtualdomains", one + other + one);
        assertThat(route("u@xn--bcher-kva.example")).startsWith("local joe-u@");
    }

    private void write(String file, String text) throws IOException {
        Files.writeString(home.resolve("control").resolve(file), text);
    }

    private RoutingTables read() throws ControlException {
        var files = new ControlFiles(new Installation(home));
        RoutingTables routing = RoutingTables.read(files);
        files.check();
        return routing;
    }

    private String route(String recipient) throws ControlException {
        return switch (read().route(new Address(recipient))) {
            case Route.ToLocal(Address to, Address _) -> "local " + to.octets();
            case Route.ToRemote(Address to) -> "remote " + to.octets();
        };
    }

    @Covers({"qmail:R01", "qmail:R03", "qmail:R05", "qmail:R07", "qmail:R09", "qmail:R10"})
    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = '|', textBlock = """
            u@virt.org           | local joe-v-u@virt.org
            u@VIRT.ORG           | local joe-v-u@VIRT.ORG
            u@sub.virt.org       | remote u@sub.virt.org
            u@a.wild.org         | local alias-wild-u@a.wild.org
            u@a.b.wild.org       | local alias-wild-u@a.b.wild.org
            u@wild.org           | remote u@wild.org
            u@exc.wild.org       | remote u@exc.wild.org
            Fred@Virt2.org       | local fred-Fred@Virt2.org
            other@virt2.org      | remote other@virt2.org
            a%joe@pct.org        | remote a@joe
            a%b%virt.org@pct.org | local joe-v-a%b@virt.org
            noat                 | local noat@host.example.org
            u%x                  | local u%x@host.example.org
            u%x@example.org      | local u%x@example.org
            @virt.org            | local joe-v-@virt.org
            a@b@virt.org         | local joe-v-a@b@virt.org
            u@example.org        | local u@example.org
            u@elsewhere.example  | remote u@elsewhere.example
            @example.org         | local @example.org
            """)
    void workedCases(String recipient, String route) throws Exception {
        assertThat(route(recipient)).isEqualTo(route);
    }

    @Test
    void emptyRecipientIsABareNameToo() throws Exception {
        assertThat(route("")).isEqualTo("local @host.example.org");
    }

    @Test
    @Covers("qmail:R01")
    void envnoathostGivesTheHostOfBareNames() throws Exception {
        write("envnoathost", "elsewhere.example\n");
        assertThat(route("joe")).isEqualTo("remote joe@elsewhere.example");
    }

    @Test
    @Covers("qmail:R02")
    void percentHackIsRepeated() throws Exception {
        write("percenthack", "p.org\nq.org\n");
        assertThat(route("u%h%q.org@p.org")).isEqualTo("remote u@h");
        assertThat(route("u@p.org")).isEqualTo("remote u@p.org");
    }

    @Test
    @Covers("qmail:R04")
    void localsComeBeforeVirtualdomains() throws Exception {
        write("virtualdomains", "example.org:joe\n");
        assertThat(route("u@example.org")).isEqualTo("local u@example.org");
    }

    @Test
    @Covers("qmail:R06")
    void virtualUserBeatsItsDomain() throws Exception {
        write("virtualdomains", "dom.org:whole\nann@dom.org:single\n");
        assertThat(route("ann@dom.org")).isEqualTo("local single-ann@dom.org");
        assertThat(route("bob@dom.org")).isEqualTo("local whole-bob@dom.org");
    }

    @Test
    @Covers("qmail:R08")
    void emptyKeyTakesEveryOtherDomain() throws Exception {
        write("virtualdomains", ":alias-x\nexc.org:\n");
        assertThat(route("u@anywhere.example")).isEqualTo("local alias-x-u@anywhere.example");
        assertThat(route("u@exc.org")).isEqualTo("remote u@exc.org");
        assertThat(route("u@example.org")).isEqualTo("local u@example.org");
    }

    @Test
    void longerSuffixBeatsTheShorterAndADomainBeatsBoth() throws Exception {
        write("virtualdomains", ".org:one\n.dom.org:two\na.b.dom.org:three\n");
        assertThat(route("u@b.dom.org")).isEqualTo("local two-u@b.dom.org");
        assertThat(route("u@other.org")).isEqualTo("local one-u@other.org");
        assertThat(route("u@a.b.dom.org")).isEqualTo("local three-u@a.b.dom.org");
    }

    @Test
    @Covers("qmail:R11")
    void visibleAddressHasNoPrefix() throws Exception {
        write("virtualdomains", "virt.org:joe-v\n.wild.org:w\nfred@virt2.org:fred\n");
        for (String recipient : List.of("u@virt.org", "u@a.wild.org", "fred@virt2.org", "u@example.org")) {
            assertThat(((Route.ToLocal) read().route(new Address(recipient))).visible())
                    .isEqualTo(new Address(recipient));
        }
    }

    @Test
    @Covers("qmail:C03")
    void neitherLocalsNorMeIsRefused() throws Exception {
        Files.delete(home.resolve("control/locals"));
        Files.delete(home.resolve("control/me"));
        assertThatThrownBy(this::read)
                .isInstanceOf(ControlException.class)
                .hasMessageContaining("control/me: is missing, and so is control/locals");
    }

    @Test
    @Covers("qmail:C01")
    void meIsTheOnlyLocalDomainWithoutLocals() throws Exception {
        Files.delete(home.resolve("control/locals"));
        assertThat(route("u@host.example.org")).isEqualTo("local u@host.example.org");
        assertThat(route("u@example.org")).isEqualTo("remote u@example.org");
    }

    @Test
    void emptyLocalsMeansNoLocalDomainAtAll() throws Exception {
        write("locals", "");
        assertThat(route("u@host.example.org")).isEqualTo("remote u@host.example.org");
    }

    @Test
    @Covers("qmail:C04")
    void commentsAndBlanksAreHarmless() throws Exception {
        write("locals", "#x\n\nexample.org \t\n   \n#y");
        assertThat(route("u@example.org")).isEqualTo("local u@example.org");
        assertThat(route("u@#x")).isEqualTo("remote u@#x");
    }

    @Test
    @Covers("qmail:C08")
    void lastOfTwoLinesForOneDomainCounts() throws Exception {
        write("virtualdomains", "dom.org:first\ndom.org:second\n");
        assertThat(route("u@dom.org")).isEqualTo("local second-u@dom.org");
    }

    @Test
    @Covers("qmail:C09")
    void keysAreComparedWithoutCase() throws Exception {
        write("locals", "EXAMPLE.org\n");
        write("virtualdomains", "Fred@VIRT.org:f\n");
        write("percenthack", "PCT.org\n");
        assertThat(route("x@example.ORG")).isEqualTo("local x@example.ORG");
        assertThat(route("fred@virt.ORG")).isEqualTo("local f-fred@virt.ORG");
        assertThat(route("a%b@pct.ORG")).isEqualTo("remote a@b");
    }

    @Test
    void octetsAbove127PassUnchanged() throws Exception {
        assertThat(route("caf\u00c3\u00a9@virt.org")).isEqualTo("local joe-v-caf\u00c3\u00a9@virt.org");
    }

    @Test
    void addressThatWouldBecomeTooLongGoesRemoteUnchanged() {
        String local = "x".repeat(Address.LIMIT - "@virt.org".length());
        RoutingTables routing = RoutingTables.of(List.of(), Map.of("virt.org", "joe"), List.of(), "host");
        assertThat(routing.route(new Address(local + "@virt.org")))
                .isEqualTo(new Route.ToRemote(new Address(local + "@virt.org")));
        String bare = "x".repeat(Address.LIMIT);
        assertThat(routing.route(new Address(bare))).isEqualTo(new Route.ToRemote(new Address(bare)));
    }

    @Test
    void tablesOfAnotherLeaveTheRestAlone() {
        RoutingTables old = RoutingTables.of(List.of("a.org"), Map.of(), List.of("p.org"), "old.org");
        RoutingTables read = RoutingTables.of(List.of("b.org"), Map.of("c.org", "c"), List.of(), "new.org");
        RoutingTables now = old.withTablesOf(read);
        assertThat(now.route(new Address("u@b.org"))).isInstanceOf(Route.ToLocal.class);
        assertThat(now.route(new Address("u@a.org"))).isInstanceOf(Route.ToRemote.class);
        assertThat(now.route(new Address("u")).recipient()).isEqualTo(new Address("u@old.org"));
        assertThat(now.route(new Address("u%x@p.org")).recipient()).isEqualTo(new Address("u@x"));
    }

    private static String utf8(String text) {
        return carteiro.mail.Octets.text(text.getBytes(java.nio.charset.StandardCharsets.UTF_8));
    }

    @Test
    void aDomainBeyondAsciiIsOneInBothItsForms() throws Exception {
        write("locals", "stra\u00dfe.example\nxn--bcher-kva.example\n");
        write("virtualdomains", "joe@m\u00fcller.example:one\n.m\u00fcller.example:all\n");
        write("percenthack", "\u00e4.example\n");
        assertThat(route("u@xn--strae-oqa.example")).startsWith("local u@");
        assertThat(route(utf8("u@Stra\u00dfe.example"))).startsWith("local u@");
        assertThat(route("u@strasse.example")).startsWith("remote u@");
        assertThat(route(utf8("u@b\u00fccher.example"))).startsWith("local u@");
        assertThat(route(utf8("u@BU\u0308CHER.example"))).startsWith("local u@");
        assertThat(route("Joe@xn--mller-kva.example")).startsWith("local one-Joe@");
        assertThat(route(utf8("u@x.M\u00dcLLER.example"))).startsWith("local all-u@");
        assertThat(route(utf8("u%b\u00fccher.example@xn--4ca.example"))).isEqualTo(utf8("local u@b\u00fccher.example"));
    }

    @Test
    void ofTwoSpellingsOfOneKeyTheLastLineCounts() throws Exception {
        String[] spellings = {
            "m\u00fcller.example", "xn--mller-kva.example", "M\u00dcLLER.example", "XN--mller-kva.example"
        };
        for (int last = 0; last < spellings.length; last++) {
            var lines = new StringBuilder();
            for (int i = 1; i <= 2 * spellings.length; i++) { // each twice
                lines.append(spellings[(last + i) % spellings.length])
                        .append(":line")
                        .append(i)
                        .append('\n');
            }
            write("me", "here.example\n");
            write("virtualdomains", lines.toString());
            assertThat(RoutingTables.read(new ControlFiles(new Installation(home)))
                            .route(new Address("u@xn--mller-kva.example")))
                    .extracting(route -> route.recipient().octets())
                    .isEqualTo("line8-u@xn--mller-kva.example");
            var files = new ControlFiles(new Installation(home));
            assertThat(new DomainTable<>(files.get(Settings.VIRTUALDOMAINS)).find("xn--mller-kva.example"))
                    .hasValue("line8");
        }
    }

    @ParameterizedTest
    @CsvSource({
        "u@far.example, true",
        "u@FAR.example, true",
        "u@here.example, false",
        "u@virt.example, false",
        "u@sub.virt.example, true",
        "u@a.all.example, false",
        "u@all.example, true",
        "u@exc.all.example, true",
        "u@one.example, false",
        "u@b\u00f6se.example, false",
        "u@xn--bse-sna.example, false",
        "u%far.example@hack.example, false",
        "u, false"
    })
    void aForeignDomainIsOneOfWhichEveryAddressGoesToRemote(String address, boolean foreign) {
        var tables = RoutingTables.of(
                List.of("here.example"),
                Map.of(
                        "virt.example", "joe",
                        ".all.example", "joe",
                        "exc.all.example", "",
                        "ann@one.example", "joe",
                        "ann@xn--bse-sna.example", "joe"),
                List.of("hack.example"),
                "here.example");
        Address recipient = new Address(Octets.text(address.getBytes(StandardCharsets.UTF_8)));
        assertThat(tables.isForeign(recipient)).isEqualTo(foreign);
        if (foreign) {
            for (String user : new String[] {"ann", "u%x@y", "", "a-b"}) {
                var other = new Address(user + "@" + recipient.domain());
                assertThat(tables.route(other)).isEqualTo(new Route.ToRemote(other));
            }
        }
    }

    @Test
    void withALineForAllOthersNoDomainIsForeign() {
        var tables = RoutingTables.of(List.of(), Map.of("", "joe", "exc.example", ""), List.of(), "here.example");
        assertThat(tables.isForeign(new Address("u@far.example"))).isFalse();
        assertThat(tables.isForeign(new Address("u@exc.example"))).isTrue();
    }
}
