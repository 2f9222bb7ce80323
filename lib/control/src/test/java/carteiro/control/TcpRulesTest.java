package carteiro.control;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** tcp.smtp: the format and search order of tcprules. */
class TcpRulesTest {
    private static final String RULES = """
            # which rule was found stands in R
            joe@192.0.2.7:allow,R="info@ip"
            joe@=host.example.org:allow,R="info@=host"
            192.0.2.8:allow,R="ip"
            =host.example.org:allow,R="=host"
            192.0.2.:allow,R="three"
            192.0.:allow,R="two"
            192.:allow,R="one"
            10.2-3.:allow,R="range"
            10.4.0.5-7:allow,R="last"
            =.example.org:allow,R="=.suffix"
            =.org:allow,R="=.org"
            =:allow,R="known host"
            [2001:db8::/32]:allow,R="wide"
            [2001:db8:1::/48]:allow,R="narrow"
            [2001:db8:1::1]:deny
            [198.51.100.128/25]:allow,R="half"
            198.51.100.:allow,R="whole"
            127.:allow,RELAYCLIENT="",DATABYTES=/100/,R="quotes"
            :allow,R="anybody"
            :deny
            """;

    private final List<String> problems = new ArrayList<>();

    private TcpRules rules(String text) {
        return TcpRules.parse(text, (line, sentence) -> problems.add(line + ": " + sentence));
    }

    @ParameterizedTest(name = "{0} {1} {2}")
    @CsvSource({
        "192.0.2.7,'',joe,info@ip",
        "192.0.2.7,host.example.org,joe,info@ip",
        "203.0.113.1,host.example.org,joe,info@=host",
        "192.0.2.8,host.example.org,'',ip",
        "192.0.2.9,host.example.org,'',=host",
        "192.0.2.9,other.example.org,'',three",
        "192.0.3.9,'','',two",
        "192.1.3.9,'','',one",
        "10.2.9.9,'','',range",
        "10.3.9.9,'','',range",
        "10.4.9.9,'','',anybody",
        "10.4.0.6,'','',last",
        "10.4.0.8,'','',anybody",
        "203.0.113.1,a.b.example.org,'',=.suffix",
        "203.0.113.1,b.org,'',=.org",
        "203.0.113.1,b.net,'',known host",
        "203.0.113.1,'','',anybody",
        "2001:db8:2::1,'','',wide",
        "2001:db8:1::2,'','',narrow",
        "198.51.100.200,'','',half",
        "198.51.100.1,'','',whole",
        "127.0.0.1,'','',quotes"
    })
    void theMostSpecificRuleCounts(String ip, String host, String info, String found) {
        var rule = rules(RULES).ruleFor(InetAddress.ofLiteral(ip), host, info);
        assertThat(rule).isInstanceOf(TcpRules.Rule.Allow.class);
        assertThat(((TcpRules.Rule.Allow) rule).variables()).containsEntry("R", found);
        assertThat(problems).isEmpty();
    }

    @Test
    void databytesThatIsNoNumberIsAMistake() {
        rules("10.:allow,DATABYTES=\"10M\"\n11.:allow,DATABYTES=\"\"\n12.:allow,DATABYTES=\"10\"\n");
        assertThat(problems).singleElement().asString().contains("DATABYTES \"10M\", which is not a number");
    }

    @Test
    void variablesAndDenyAreRead() {
        assertThat(rules(RULES).ruleFor(InetAddress.ofLiteral("127.0.0.1"), "", ""))
                .isEqualTo(new TcpRules.Rule.Allow(Map.of("RELAYCLIENT", "", "DATABYTES", "100", "R", "quotes")));
        assertThat(rules(RULES).ruleFor(InetAddress.ofLiteral("2001:db8:1::1"), "", ""))
                .isEqualTo(new TcpRules.Rule.Deny());
        assertThat(rules("").ruleFor(InetAddress.ofLiteral("192.0.2.1"), "", ""))
                .isEqualTo(new TcpRules.Rule.Allow(Map.of()));
    }

    @ParameterizedTest
    @CsvSource({
        ":allow, true",
        "[0.0.0.0/0]:allow, true",
        "[::/0]:allow, true",
        "[::/1]:allow, false",
        "[::/0]:deny, false",
        ":deny, false",
        "192.0.2.:allow, false"
    })
    void aRuleForEverybodyIsSeenInEitherForm(String rule, boolean open) {
        assertThat(rules("10.:allow\n" + rule + "\n").isOpenToAll()).isEqualTo(open);
    }

    @Test
    void namesOfHostsAreAskedForOnlyIfARuleNeedsThem() {
        assertThat(rules("192.0.2.:allow\n:deny\n").needHost()).isFalse();
        assertThat(rules("=.example.org:allow\n").needHost()).isTrue();
        assertThat(rules("joe@=a.example:allow\n").needHost()).isTrue();
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = '|', textBlock = """
            10.            | has no colon
            10.:permit     | says neither allow nor deny
            10.:allow,X    | has a variable
            10.:allow,X="a | has a variable
            10.:allow,X="a"Y="b" | has a variable
            10.:allow,="a" | has a variable
            [10.0.0.0/33]:allow  | more bits
            [ten]:allow    | no IP address
            [::1:allow     | has no colon
            0-255.0-255.0-255.:allow | has ranges for over
            """)
    void whatIsWrongIsNamedWithItsLine(String rule, String problem) {
        rules("# first\n" + rule + "\n");
        assertThat(problems).hasSize(1);
        assertThat(problems.getFirst()).startsWith("2: ").contains(problem);
    }

    @Test
    void eachLineThatIsUnderstoodIsListedWithItsNumber() {
        var text = "# first\n\n10.:deny\r\n10.:allow,A=\"1\",A=\"2\"\n[ten]:deny\n:allow,B\n=.example:allow";
        assertThat(rules(text).lines())
                .containsExactly(
                        new TcpRules.RuleLine(3, "10.", new TcpRules.Rule.Deny()),
                        new TcpRules.RuleLine(4, "10.", new TcpRules.Rule.Allow(Map.of("A", "2"))),
                        new TcpRules.RuleLine(5, "[ten]", new TcpRules.Rule.Deny()),
                        new TcpRules.RuleLine(7, "=.example", new TcpRules.Rule.Allow(Map.of())));
        assertThat(problems).hasSize(2);
    }

    @Test
    void problemsNameTheFile(@TempDir Path home) throws Exception {
        var installation = new Installation(home);
        Files.createDirectory(installation.control());
        assertThat(TcpRules.read(new ControlFiles(installation), Settings.TCP_SMTP)
                        .lines())
                .isEmpty();
        Files.writeString(installation.control("tcp.smtp"), "127.:allow\n10.:permit\n");
        var files = new ControlFiles(installation);
        assertThat(TcpRules.read(files, Settings.TCP_SMTP).lines()).hasSize(1);
        assertThatThrownBy(files::check)
                .isInstanceOf(ControlException.class)
                .hasMessageContaining("control/tcp.smtp:2: says neither allow nor deny");
    }

    @Test
    void thePageHasEachVariable() throws Exception {
        String page = Files.readString(Path.of(System.getProperty("carteiro.root"), "docs", "control", "tcp.smtp.md"));
        assertThat(Pattern.compile("(?m)^\\| ([A-Z]+) \\|")
                        .matcher(page)
                        .results()
                        .map(row -> row.group(1)))
                .containsExactlyElementsOf(TcpRules.VARIABLES);
    }

    @Test
    void anyOctetsAreReadWithoutAnException() {
        long seed = System.nanoTime();
        var random = new Random(seed);
        String pieces = "[]:,=\"-./@ \n0129afallowdeny";
        for (int i = 0; i < 20_000; i++) {
            var text = new StringBuilder();
            for (int j = random.nextInt(40); j > 0; j--) {
                text.append(
                        switch (random.nextInt(8)) {
                            case 0 -> (char) random.nextInt(256);
                            case 1 -> ":allow,X=";
                            case 2 -> "1-3";
                            default -> pieces.charAt(random.nextInt(pieces.length()));
                        });
            }
            try {
                rules(text.toString()).ruleFor(InetAddress.ofLiteral("10.1.2.3"), "a.b", "c");
            } catch (RuntimeException e) {
                throw new AssertionError("seed " + seed + " text " + text, e);
            }
        }
    }

    @Test
    void aHostNameBeyondAsciiIsOneInBothItsForms() throws Exception {
        String muller =
                carteiro.mail.Octets.text("m\u00fcller.example".getBytes(java.nio.charset.StandardCharsets.UTF_8));
        TcpRules rules = rules("=." + muller + ":deny\njoe@=" + muller + ":deny\n");
        InetAddress address = InetAddress.ofLiteral("192.0.2.1");
        assertThat(rules.ruleFor(address, "mail.xn--mller-kva.example", "")).isEqualTo(new TcpRules.Rule.Deny());
        assertThat(rules.ruleFor(address, "XN--mller-kva.example", "joe")).isEqualTo(new TcpRules.Rule.Deny());
        assertThat(rules.ruleFor(address, "xn--mller-kva.example", "Joe")).isInstanceOf(TcpRules.Rule.Allow.class);
    }
}
