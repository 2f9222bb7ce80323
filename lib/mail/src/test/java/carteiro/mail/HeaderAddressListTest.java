package carteiro.mail;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import carteiro.testkit.Covers;
import java.util.List;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The grammar of address lists, and completion. */
class HeaderAddressListTest {
    private static final Completion COMPLETION = Completion.of("h", "d.org", "p.org");

    private static HeaderAddressList read(String text) throws MalformedFieldException {
        return HeaderAddressList.read(text, COMPLETION);
    }

    private static String recipients(HeaderAddressList list) {
        return list.addresses().stream().map(Address::octets).collect(Collectors.joining(" "));
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = '|', textBlock = """
            a                | a@h.d.org
            a@b              | a@b.d.org
            a@b+             | a@b.p.org
            a@b.c+           | a@b.c.p.org
            a@b.             | a@b.d.org
            a@b.c.           | a@b.c
            a@[1.2.3.4]      | a@[1.2.3.4]
            a@[IPv6:2001::1] | a@[IPv6:2001::1]
            a@               | a@h.d.org
            a.               | a@h.d.org
            a@b.c            | a@b.c
            x@[]             | x@[]
            """)
    @Covers("qmail:I06")
    void hostsAreCompleted(String address, String completed) throws Exception {
        assertThat(recipients(read(address))).isEqualTo(completed);
        assertThat(recipients(read("Joe <" + address + ">"))).isEqualTo(completed);
        assertThat(read(address).body()).isEqualTo(completed);
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            a@b.c (one (two) three)          | a@b.c (one two three)               | a@b.c
            a (x) @ (y) b . (z) c            | a@b.c (x) (y) (z)                   | a@b.c
            (x) a@b.c                        | a@b.c (x)                           | a@b.c
            Joe Q. Public <a@b.c>            | Joe Q. Public <a@b.c>               | a@b.c
            "Joe, Q" <a@b.c> (x)             | "Joe, Q" <a@b.c> (x)                | a@b.c
            "a b"@c.d                        | "a b"@c.d                           | a b@c.d
            "a\\"b"@c.d                      | "a\\"b"@c.d                         | a"b@c.d
            <@r.x,@s.y:a@b.c>                | <a@b.c>                             | a@b.c
            @r.x:a@b.c                       | a@b.c                               | a@b.c
            <@r.x>                           | <>                                  | ``
            <>                               | <>                                  | ``
            djb fred                         | djb@h.d.org, fred@h.d.org           | djb@h.d.org fred@h.d.org
            <a@b.c> <d@e.f>                  | <a@b.c>, <d@e.f>                    | a@b.c d@e.f
            <a@b.c> Joe <d@e.f>              | <a@b.c>, Joe <d@e.f>                | a@b.c d@e.f
            a@b.c,,d@e.f,                    | a@b.c, d@e.f                        | a@b.c d@e.f
            g: a@b.c, d@e.f;, x@y.z          | g: a@b.c, d@e.f;, x@y.z             | a@b.c d@e.f x@y.z
            g: ;                             | g: ;                                | ``
            My Friends: a@b.c                | My Friends: a@b.c;                  | a@b.c
            a@b.c <a@b.c>                    | "a@b.c" <a@b.c>                     | a@b.c
            Joe joe@x.y <a@b.c>              | "Joe joe@x.y" <a@b.c>               | a@b.c
            "Joe" joe@x.y <a@b.c>            | "Joe joe@x.y" <a@b.c>               | a@b.c
            "J \\"K" @x <a@b.c>            | "J \\"K @x" <a@b.c>              | a@b.c
            j@x.y (Joe) <a@b.c>              | "j@x.y" (Joe) <a@b.c>               | a@b.c
            a@b, c d@e <f@g>                 | a@b.d.org, "c d@e" <f@g.d.org>      | a@b.d.org f@g.d.org
            caf\u00e9@b.c                    | "caf\u00e9"@b.c                     | caf\u00e9@b.c
            x.\u00e9@b.c                     | x."\u00e9"@b.c                      | x.\u00e9@b.c
            Jos\u00e9 <a@b.c>                | "Jos\u00e9" <a@b.c>                 | a@b.c
            a@b.c; d@e.f                     | a@b.c, d@e.f                        | a@b.c d@e.f
            """)
    @Covers("qmail:I07")
    void listsAreReadAsPeopleWriteThem(String text, String body, String recipients) throws Exception {
        var list = read(text);
        assertThat(list.body()).isEqualTo(body);
        assertThat(recipients(list)).isEqualTo(recipients);
        assertThat(read(list.body()).body()).as("a second time changes nothing").isEqualTo(list.body());
        assertThat(read(text.replace(" ", "\n ")).addresses()).isEqualTo(list.addresses());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "a@b@c",
                "<a",
                "a>",
                "(x",
                "x)",
                "\"x",
                "[x",
                "a@\"b\"",
                "[1.2.3.4]",
                "g: h: ;",
                ": a",
                "<a b@c>",
                "a\u0001b",
                "\"a\u0000\"@b"
            })
    @Covers("qmail:I07")
    void whatIsNoListIsRefused(String text) {
        assertThatThrownBy(() -> read(text)).isInstanceOf(MalformedFieldException.class);
    }

    @Test
    @Covers("qmail:I08")
    void longListsAreFoldedAfterCommas() throws Exception {
        String text = IntStream.range(0, 10)
                .mapToObj(i -> "somebody.with.a.long.name." + i + "@host.example.org")
                .collect(Collectors.joining(","));
        var list = HeaderAddressList.read(text, COMPLETION, "To: ".length());
        List<String> lines = ("To: " + list.body()).lines().toList();
        assertThat(lines).hasSizeGreaterThan(4).allMatch(line -> line.length() <= HeaderAddressList.LINE);
        assertThat(lines.subList(1, lines.size())).allMatch(line -> line.startsWith("  somebody"));
        assertThat(lines.subList(0, lines.size() - 1)).allMatch(line -> line.endsWith(","));
        assertThat(list.addresses()).hasSize(10);
        assertThat(read(list.body()).addresses()).isEqualTo(list.addresses());
    }

    @ParameterizedTest(name = "a second address of {0} octets")
    @CsvSource({"50, 1", "51, 2"})
    void lineHasSeventyEightOctetsAtMost(int second, int lines) throws Exception {
        String first = "a".repeat(16) + "@b.c"; // "To: ", 20, ", ", the second, and a comma where a third follows
        String two = first + ", " + "d".repeat(second - 4) + "@e.f";
        assertThat(HeaderAddressList.read(two, COMPLETION, 4 + 2).body().lines())
                .hasSize(lines);
        String three = first + ", " + "d".repeat(second - 5) + "@e.f, " + "g".repeat(60) + "@h.i";
        List<String> written = ("To:   "
                        + HeaderAddressList.read(three, COMPLETION, 4 + 2).body())
                .lines()
                .toList();
        assertThat(written).hasSize(lines + 1).allMatch(line -> line.length() <= HeaderAddressList.LINE);
        assertThat(read(two.replace(", ", ",")).body()).as("without its name").doesNotContain("\n");
    }

    @ParameterizedTest
    @CsvSource({"list-@x.y-@[], list-@x.y-@[]", "<list-@x.y-@[]>, list-@x.y-@[]", "'\"list-@x.y-\"@[]', list-@x.y-@[]"})
    void senderForEachRecipientIsTaken(String text, String address) throws Exception {
        assertThat(recipients(read(text))).isEqualTo(address);
        assertThat(recipients(read(read(text).body()))).isEqualTo(address);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", ",", ",, ,", " ", ";"})
    void listWithoutAnAddressIsEmpty(String text) throws Exception {
        assertThat(read(text).body()).isEmpty();
    }

    @Test
    void addressesAndWordsOfAListHaveLimits() throws Exception {
        String most = "a,".repeat(HeaderAddressList.MOST_ADDRESSES);
        assertThat(read(most).addresses()).hasSize(HeaderAddressList.MOST_ADDRESSES);
        assertThatThrownBy(() -> read(most + "a"))
                .isInstanceOfSatisfying(
                        MalformedFieldException.class,
                        e -> assertThat(e.reason()).isEqualTo("over 100000 addresses"));
        assertThat(read(",".repeat(Tokens.MOST)).addresses()).isEmpty();
        assertThatThrownBy(() -> read(",".repeat(Tokens.MOST + 1)))
                .isInstanceOfSatisfying(
                        MalformedFieldException.class,
                        e -> assertThat(e.reason()).isEqualTo("over 1000000 words and signs"));
    }

    @Test
    void anyOctetsAreReadOrRefusedAndReadAgainAlike() {
        long seed = System.nanoTime();
        var random = new Random(seed);
        String signs = "ab1.@,;:<>()\"\\[] \t\n+\u00e9\u0000";
        for (int round = 0; round < 20_000; round++) {
            String text = random.ints(random.nextInt(16), 0, signs.length())
                    .mapToObj(i -> String.valueOf(signs.charAt(i)))
                    .collect(Collectors.joining());
            try {
                var list = read(text);
                try {
                    assertThat(read(list.body()).addresses())
                            .as("seed %d, \"%s\" written as \"%s\"", seed, text, list.body())
                            .isEqualTo(list.addresses());
                } catch (MalformedFieldException e) {
                    throw new AssertionError("seed " + seed + ": \"" + text + "\" was written as \"" + list.body()
                            + "\": " + e.reason());
                }
            } catch (MalformedFieldException e) {
                assertThat(e.reason()).isNotEmpty();
            }
        }
    }
}
