package carteiro.send;

import static org.assertj.core.api.Assertions.assertThat;

import carteiro.mail.Address;
import carteiro.protocol.BounceParagraph;
import carteiro.testkit.Covers;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class BounceTextTest {
    private static final Pattern BOUNCE =
            Pattern.compile("(?s)Received: \\(qmail (\\d+) invoked for bounce\\); (.*?) -0000\n"
                    + "Date: .*? -0000\nFrom: (.*?)\nTo: (.*?)\nSubject: failure notice\n\n"
                    + "Hi\\. This is the qmail-send program at (.*?)\\.\n(?:.*?\n)+?\n"
                    + "(<.*?)--- Below this line is (the original bounce|a copy of the message)\\.\n\n"
                    + "Return-Path: <(.*?)>\n(.*)");

    private static String sample(int number) throws Exception {
        String name = String.format(Locale.ROOT, "/bounces/bounce-%02d.eml", number);
        try (InputStream in = BounceTextTest.class.getResourceAsStream(name)) {
            String text = new String(in.readAllBytes(), StandardCharsets.ISO_8859_1);
            return text.substring(text.indexOf("Received: (qmail " + firstInvokedForBounce(text)));
        }
    }

    private static String firstInvokedForBounce(String text) {
        Matcher matcher = Pattern.compile("\\(qmail (\\d+ invoked for bounce)").matcher(text);
        assertThat(matcher.find()).isTrue();
        return matcher.group(1);
    }

    /** Its parts, put together by us, are the recorded bounce again, octet for octet. */
    @Covers({"qmail:S14", "qmail:S15"})
    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16})
    void layoutIsThatOfNotqmail(int number) throws Exception {
        String sample = sample(number);
        Matcher parts = BOUNCE.matcher(sample);
        assertThat(parts.matches()).isTrue();
        var paragraphs = new ArrayList<String>();
        for (String paragraph : parts.group(6).split("(?<=\n\n)")) {
            int colon = paragraph.indexOf(">:\n");
            paragraphs.add(BounceParagraph.of(
                    new Address(paragraph.substring(1, colon)),
                    paragraph.substring(colon + 3, paragraph.length() - 1)));
        }
        boolean twice = parts.group(7).equals("the original bounce");
        String ours = before(
                twice ? BounceText.BounceKind.DOUBLE : BounceText.BounceKind.SINGLE,
                Long.parseLong(parts.group(1)),
                LocalDateTime.parse(parts.group(2), DateTimeFormatter.ofPattern("d MMM yyyy HH:mm:ss", Locale.ROOT))
                        .toInstant(ZoneOffset.UTC),
                new Address(parts.group(3)),
                parts.group(5),
                new Address(parts.group(4)),
                new Address(parts.group(8)),
                paragraphs);
        assertThat(ours + parts.group(9)).isEqualTo(sample);
    }

    @ParameterizedTest(name = "{0}")
    @Covers("qmail:S16")
    @CsvSource(delimiter = '|', ignoreLeadingAndTrailingWhitespace = true, textBlock = """
            no               | <u@h>:~no~~
            no~              | <u@h>:~no~~
            no~~why~         | <u@h>:~no~/why~~
            ~no~             | <u@h>:~/no~~
            no~~~            | <u@h>:~no~//~~
            ''               | <u@h>:~~
            """)
    void paragraphHoldsNoEmptyLine(String report, String paragraph) {
        assertThat(BounceParagraph.of(new Address("u@h"), report.replace('~', '\n')))
                .isEqualTo(paragraph.replace('~', '\n'));
    }

    @Test
    void lineEndsInAnAddressCannotBeginAParagraphOrAField() {
        assertThat(BounceParagraph.of(new Address("u\n\n<x@y>:@h"), "no\n")).isEqualTo("<u__<x@y>:@h>:\nno\n\n");
        String text = before(
                BounceText.BounceKind.SINGLE,
                1,
                java.time.Instant.EPOCH,
                new Address("MAILER-DAEMON@h"),
                "h",
                new Address("a\nBcc: b@c\n@h"),
                new Address("a\nBcc: b@c\n@h"),
                List.of());
        assertThat(text.lines()).noneMatch(line -> line.startsWith("Bcc"));
    }

    @Test
    void controlsOfAReportAreMadeVisible() {
        assertThat(BounceParagraph.of(new Address("u@h"), "a\r\u0000b\u001b\tc\u00e9\n"))
                .isEqualTo("<u@h>:\na__b_\tc\u00e9\n\n");
    }

    @Test
    void longestReportFitsIntoAParagraph() {
        String paragraph = BounceParagraph.of(new Address("u".repeat(1000)), "x\n".repeat(20_000));
        assertThat(paragraph.length()).isLessThanOrEqualTo(carteiro.protocol.Waiting.Report.PARAGRAPH_LIMIT);
        assertThat(paragraph).endsWith("\n\n");
    }

    @Test
    void addressesAreQuotedInTheHeaderAndInReturnPath() {
        String text = before(
                BounceText.BounceKind.SINGLE,
                1,
                java.time.Instant.EPOCH,
                new Address("Mail System@h"),
                "h",
                new Address("a b@h"),
                new Address("a b@h"),
                List.of());
        assertThat(text).contains("From: \"Mail System\"@h\n", "To: \"a b\"@h\n", "Return-Path: <\"a b\"@h>\n");
    }

    private static String before(
            BounceText.BounceKind kind,
            long invoker,
            Instant now,
            Address from,
            String host,
            Address to,
            Address sender,
            List<String> paragraphs) {
        return BounceText.head(kind, invoker, now, from, host, to)
                + String.join("", paragraphs)
                + BounceText.tail(kind, sender);
    }
}
