package carteiro.smtp;

import static org.assertj.core.api.Assertions.assertThat;

import carteiro.mail.Address;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.w3c.dom.Element;

/** Paths of MAIL and RCPT. */
class SmtpPathTest {
    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = '|', textBlock = """
            <joe@example.org>            | ParsedPath[address=<joe@example.org>, rest=]
            '  <joe@example.org>  A=b C' | ParsedPath[address=<joe@example.org>, rest=A=b C]
            joe@example.org SIZE=1       | ParsedPath[address=<joe@example.org>, rest=SIZE=1]
            <>                           | ParsedPath[address=<>, rest=]
            <joe>                        | ParsedPath[address=<joe>, rest=]
            <"joe smith"@example.org>    | ParsedPath[address=<joe smith@example.org>, rest=]
            <"a\\"\\\\b"@example.org>    | ParsedPath[address=<a"\\b@example.org>, rest=]
            <joe\\@home@example.org>     | ParsedPath[address=<joe@home@example.org>, rest=]
            <""@example.org>             | ParsedPath[address=<@example.org>, rest=]
            <@a.example,@b.example:joe@example.org> | ParsedPath[address=<joe@example.org>, rest=]
            <@a.example:joe@example.org> | ParsedPath[address=<joe@example.org>, rest=]
            <joe..x.@example.org>        | ParsedPath[address=<joe..x.@example.org>, rest=]
            <joe@a_b.example.org>        | ParsedPath[address=<joe@a_b.example.org>, rest=]
            <joe@a--b.example.org>       | ParsedPath[address=<joe@a--b.example.org>, rest=]
            <joe@[IPv6:2001:db8::1]>     | ParsedPath[address=<joe@[IPv6:2001:db8::1]>, rest=]
            <joe\\@example.org>           | MalformedPath[reason=domain missing]
            <"joe@example.org">          | MalformedPath[reason=domain missing]
            <joe@example.org             | MalformedPath[reason=> missing]
            <joe@example.org>x           | MalformedPath[reason=x unexpected]
            <joe smith@example.org>      | MalformedPath[reason=space unexpected]
            <joe@>                       | MalformedPath[reason=> unexpected]
            <joe@                        | MalformedPath[reason=domain missing]
            <@a.example>                 | MalformedPath[reason=: missing after the source route]
            <"joe@example.org>           | MalformedPath[reason=" missing]
            <joe(home)@example.org>      | MalformedPath[reason=( unexpected]
            <joe@-example.org>           | MalformedPath[reason=- unexpected]
            <joe@example-.org>           | MalformedPath[reason=domain ends in a dot or hyphen]
            <joe@example-.org            | MalformedPath[reason=domain ends in a dot or hyphen]
            <joe@example..org>           | MalformedPath[reason=domain ends in a dot or hyphen]
            <joe@example.org.>           | MalformedPath[reason=domain ends in a dot or hyphen]
            <joe@[192.0.2.1>             | MalformedPath[reason=] missing]
            <joe@[]>                     | MalformedPath[reason=address missing in []]
            <joe@x@example.org>          | MalformedPath[reason=@ unexpected]
            ''                           | MalformedPath[reason=address missing]
            """)
    void pathsBecomeAddresses(String text, String understood) {
        assertThat(SmtpPath.parse(text)).hasToString(understood);
    }

    @Test
    void octetsThatAreNoTextAreRefused() {
        for (String octet : new String[] {"\0", "\t", "\u007f", "\u001f"}) {
            for (String form :
                    new String[] {"<a%sb@c>", "<\"a%sb\"@c>", "<\"a\\%sb\"@c>", "<a\\%sb@c>", "<a@b%sc>", "<a@[b%sc]>"
                    }) {
                assertThat(SmtpPath.parse(form.formatted(octet))).as(form).isInstanceOf(SmtpPath.MalformedPath.class);
            }
        }
    }

    @Test
    void theLongestAddressPassesAndOneOctetMoreDoesNot() {
        assertThat(SmtpPath.parse("<" + "a".repeat(897) + "@b>")).isInstanceOf(SmtpPath.ParsedPath.class);
        assertThat(SmtpPath.parse("<" + "a".repeat(898) + "@b>")).isInstanceOf(SmtpPath.PathTooLong.class);
    }

    static List<Arguments> isemail() throws Exception {
        var cases = new ArrayList<Arguments>();
        for (String file : List.of("isemail-tests.xml", "isemail-tests-original.xml")) {
            try (InputStream in = SmtpPathTest.class.getResourceAsStream("/isemail/" + file)) {
                var tests = DocumentBuilderFactory.newInstance()
                        .newDocumentBuilder()
                        .parse(in)
                        .getElementsByTagName("test");
                for (int i = 0; i < tests.getLength(); i++) {
                    Element test = (Element) tests.item(i);
                    cases.add(Arguments.of(
                            octets(text(test, "address")), text(test, "category"), text(test, "diagnosis")));
                }
            }
        }
        assertThat(cases).hasSizeGreaterThan(200);
        return cases;
    }

    private static String text(Element test, String name) {
        return test.getElementsByTagName(name).item(0).getTextContent();
    }

    private static String octets(String address) {
        var controls = new StringBuilder();
        address.chars().forEach(c -> controls.append((char) (c >= 0x2400 && c < 0x2421 ? c - 0x2400 : c)));
        return new String(controls.toString().getBytes(StandardCharsets.UTF_8), StandardCharsets.ISO_8859_1);
    }

    /** What is invalid for any purpose is refused, but for what we take on purpose; what SMTP allows is taken. */
    @ParameterizedTest(name = "{0} {2}")
    @MethodSource("isemail")
    void addressesOfOthersAreJudgedAlike(String address, String category, String diagnosis) {
        SmtpPath path = SmtpPath.parse("<" + address + ">");
        switch (category) {
            case "ISEMAIL_VALID_CATEGORY", "ISEMAIL_RFC5321", "ISEMAIL_DNSWARN" ->
                assertThat(path).isInstanceOf(SmtpPath.ParsedPath.class);
            case "ISEMAIL_ERR" -> {
                boolean onPurpose = diagnosis.equals("ISEMAIL_ERR_NODOMAIN") // a user's name; <> is the null sender
                        || diagnosis.equals("ISEMAIL_ERR_CONSECUTIVEDOTS")
                        || diagnosis.equals("ISEMAIL_ERR_DOT_START")
                        || diagnosis.equals("ISEMAIL_ERR_DOT_END")
                        || !carteiro.mail.Octets.areAscii(address) // SMTPUTF8's affair
                        || address.indexOf('\\') >= 0; // qmail takes a quoted octet outside quotes
                if (!onPurpose) {
                    assertThat(path).isNotInstanceOf(SmtpPath.ParsedPath.class);
                }
            }
            default -> assertThat(path).isNotNull(); // forms of header fields
        }
    }

    @Test
    void anAtSignInAnAddressLiteralIsRefused() {
        assertThat(SmtpPath.parse("<a@[h@]>")).isEqualTo(new SmtpPath.MalformedPath("@ unexpected"));
        assertThat(SmtpPath.parse("<a@[IPv6:@example.org]>")).isEqualTo(new SmtpPath.MalformedPath("@ unexpected"));
    }

    @Test
    void anyOctetsAreAValueAndAQuotedAddressIsReadBack() {
        long seed = System.nanoTime();
        var random = new Random(seed);
        String often = "<>@\"\\:,.[]- ab";
        for (int i = 0; i < 200_000; i++) {
            var text = new StringBuilder();
            for (int j = random.nextInt(30); j > 0; j--) {
                text.append(
                        random.nextInt(3) == 0
                                ? (char) random.nextInt(256)
                                : often.charAt(random.nextInt(often.length())));
            }
            try {
                if (SmtpPath.parse(text.toString()) instanceof SmtpPath.ParsedPath(Address address, String rest)
                        && !address.isNull()
                        && rest.isEmpty()
                        && address.hasDomain()) {
                    assertThat(SmtpPath.parse("<" + address.quoted() + ">"))
                            .as("seed %d text %s", seed, text)
                            .isEqualTo(new SmtpPath.ParsedPath(address, ""));
                }
                assertThat(SmtpParameters.parse(text.toString())).isNotNull();
            } catch (RuntimeException e) {
                throw new AssertionError("seed " + seed + " text " + text, e);
            }
        }
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = '|', textBlock = """
            ''              | ParsedParameters[parameters=[]]
            SIZE=10         | ParsedParameters[parameters=[Parameter[keyword=SIZE, value=10]]]
            ' size=10  x '  | ParsedParameters[parameters=[Parameter[keyword=SIZE, value=10], Parameter[keyword=X, value=]]]
            SIZE=           | ParsedParameters[parameters=[Parameter[keyword=SIZE, value=]]]
            =10             | MalformedParameters[reason=parameter not understood]
            A=b=c           | ParsedParameters[parameters=[Parameter[keyword=A, value=b=c]]]
            -A=b            | MalformedParameters[reason=parameter not understood]
            A_B             | MalformedParameters[reason=parameter not understood]
            """)
    void parametersAreRead(String text, String understood) {
        assertThat(SmtpParameters.parse(text)).hasToString(understood);
    }
}
