package carteiro.inject;

import static org.assertj.core.api.Assertions.assertThat;

import carteiro.mail.Address;
import carteiro.mail.Envelope;
import carteiro.mail.Status;
import carteiro.protocol.Enqueue.Receipt;
import carteiro.testkit.Covers;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.SequenceInputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Options, environment, what goes into the queue, what is refused. */
class QmailInjectTest {
    private static final String MESSAGE = "From: joe@x.example\nTo: h1@y.example\nCc: h2\nBcc: h3\n\nbody\n";

    @TempDir
    Path home;

    private Injection injection;

    @BeforeEach
    void home() throws Exception {
        injection = new Injection(home);
    }

    private String returnPath(String input, String... arguments) {
        String[] all = java.util.stream.Stream.concat(
                        java.util.stream.Stream.of("-n"), java.util.Arrays.stream(arguments))
                .toArray(String[]::new);
        var result = injection.run(input, all);
        assertThat(result.err()).isEmpty();
        return result.out().substring("Return-Path: ".length(), result.out().indexOf('\n'));
    }

    @ParameterizedTest(name = "{0} {1}: {2}")
    @CsvSource({
        "-a, a1, a1@mail.example.org",
        "-h, a1, h1@y.example h2@mail.example.org h3@mail.example.org",
        "-H, a1, a1@mail.example.org h1@y.example h2@mail.example.org h3@mail.example.org",
        "-A, a1, a1@mail.example.org",
        "-A, '', h1@y.example h2@mail.example.org h3@mail.example.org",
        "-a, 'a1 a2@b, a3', a1@mail.example.org a2@b.example.org a3@mail.example.org",
    })
    @Covers("qmail:I01")
    void recipientsComeFromWhereTheOptionSays(String option, String argument, String recipients) {
        var result = argument.isEmpty() ? injection.run(MESSAGE, option) : injection.run(MESSAGE, option, argument);
        assertThat(result).isEqualTo(new Injection.Result(0, "", ""));
        assertThat(injection.queue.only().recipients()).containsExactlyInAnyOrder(recipients.split(" "));
        assertThat(injection.queue.only().injected()).doesNotContain("Bcc", "h3");
    }

    @Test
    @Covers("qmail:I02")
    void optionFBeatsEveryOtherSender() {
        injection.with("QMAILSUSER", "s").with("QMAILINJECT", "rm");
        String message = "Return-Path: <back@z.example>\n" + MESSAGE;
        assertThat(returnPath(message, "-f", "env")).isEqualTo("<env@mail.example.org>");
        assertThat(returnPath(message, "-fenv@a+")).isEqualTo("<env@a.example.org>");
        assertThat(returnPath(message, "-f", "")).isEqualTo("<>");
        assertThat(returnPath(message, "-f", "<>")).isEqualTo("<>");
        assertThat(injection.run(MESSAGE, "-f", "a, b").code()).isEqualTo(100);
    }

    @Test
    @Covers("qmail:I03")
    void senderComesFromTheFirstThatIsSet() {
        injection.unset("QMAILUSER").with("LOGNAME", "l");
        assertThat(returnPath(MESSAGE)).isEqualTo("<l@mail.example.org>");
        injection.with("USER", "u");
        assertThat(returnPath(MESSAGE)).isEqualTo("<u@mail.example.org>");
        injection.with("MAILUSER", "m").with("MAILHOST", "mh");
        assertThat(returnPath(MESSAGE)).isEqualTo("<m@mh.example.org>");
        injection.with("QMAILUSER", "q").with("QMAILHOST", "qh+");
        assertThat(returnPath(MESSAGE)).isEqualTo("<q@qh.example.org>");
        injection.with("QMAILSUSER", "s");
        assertThat(returnPath(MESSAGE)).isEqualTo("<s@qh.example.org>");
        injection.with("QMAILSHOST", "sh");
        assertThat(returnPath(MESSAGE)).isEqualTo("<s@sh.example.org>");
        assertThat(returnPath("Return-Path: back@z.example\n" + MESSAGE)).isEqualTo("<back@z.example>");
        assertThat(returnPath("Return-Path: <>\n" + MESSAGE)).isEqualTo("<>");
        injection
                .unset("LOGNAME")
                .unset("USER")
                .unset("MAILUSER")
                .unset("QMAILUSER")
                .unset("QMAILSUSER");
        assertThat(returnPath(MESSAGE)).isEqualTo("<anonymous@sh.example.org>");
    }

    @ParameterizedTest(name = "name {0}, letters {1}: {2}")
    @CsvSource(delimiter = '|', textBlock = """
            Joe             |   | From: Joe <joe@mail.example.org>
            Joe Doe         |   | From: "Joe Doe" <joe@mail.example.org>
            Joe "J" Doe, Jr |   | From: "Joe \\"J\\" Doe, Jr" <joe@mail.example.org>
            back\\slash     |   | From: "back\\\\slash" <joe@mail.example.org>
            Joe Doe         | c | From: joe@mail.example.org (Joe Doe)
            Joe (J) Doe     | c | From: joe@mail.example.org (Joe \\(J\\) Doe)
            ''              |   | From: joe@mail.example.org
            """)
    @Covers("qmail:I04")
    void fromIsBuiltFromTheEnvironment(String name, String letters, String from) {
        injection.with("QMAILNAME", name).with("NAME", "other").with("QMAILINJECT", letters == null ? "" : letters);
        assertThat(injection.run("To: a\n\n", "-n").out()).contains("\n" + from + "\n");
    }

    @Test
    @Covers("qmail:I04")
    void variablesCannotBeginAFieldOfTheirOwn() {
        injection.with("QMAILNAME", "x\nBcc: victim@y.example").with("QMAILUSER", "a\nb c");
        var out = injection.run("To: a\n\n", "-n").out();
        assertThat(out).contains("\nFrom: \"x Bcc: victim@y.example\" <\"a b c\"@mail.example.org>\n");
        assertThat(out.lines()).noneMatch(line -> line.startsWith("Bcc") || line.startsWith("b c"));
    }

    @Test
    @Covers("qmail:I05")
    void lettersOfQmailinject() {
        String message = "Return-Path: <back@z.example>\nMessage-ID: <1@x>\n" + MESSAGE;
        injection.with("QMAILINJECT", "s");
        assertThat(returnPath(message)).isEqualTo("<joe@mail.example.org>");
        injection.with("QMAILINJECT", "f");
        assertThat(injection.run(message, "-n").out())
                .contains("From: joe@mail.example.org")
                .doesNotContain("joe@x.example");
        injection.with("QMAILINJECT", "i");
        assertThat(injection.run(message, "-n").out())
                .contains(".qmail@mail.example.org>")
                .doesNotContain("<1@x>");
        injection.with("QMAILINJECT", "r");
        assertThat(returnPath(message)).isEqualTo("<\"back@z.example-\"@[]>");
        injection.with("QMAILINJECT", "m");
        assertThat(returnPath(MESSAGE)).matches("<joe-\\d{10}\\.\\d+@mail\\.example\\.org>");
        injection.with("QMAILINJECT", "mr");
        assertThat(returnPath(MESSAGE)).matches("<\"joe-\\d{10}\\.\\d+-@mail\\.example\\.org-\"@\\[]>");
        injection.run(MESSAGE);
        assertThat(injection.queue.only().sender()).matches("joe-\\d{10}\\.\\d+-@mail\\.example\\.org-@\\[]");
    }

    @Test
    @Covers("qmail:I12")
    void followupGoesToTheListWhenTheMessageDoes() throws Exception {
        Path lists = home.resolve("lists");
        Files.writeString(lists, "# mine\nLIST@y.example\nnews@Bücher.example\n\n");
        injection.with("QMAILMFTFILE", lists.toString());
        assertThat(injection
                        .run("From: joe@x.example\nTo: news@xn--bcher-kva.example\n\n", "-n")
                        .out())
                .contains("\nMail-Followup-To: news@xn--bcher-kva.example\n");
        String to = "From: joe@x.example\nTo: list@Y.example, a\nCc: b@c.example\n";
        assertThat(injection.run(to + "\n", "-n").out())
                .contains("\nMail-Followup-To: b@c.example, a@mail.example.org, list@Y.example\n");
        assertThat(injection.run(to + "Mail-Followup-To: x@y\n\n", "-n").out()).containsOnlyOnce("Mail-Followup-To");
        assertThat(injection
                        .run("From: joe@x.example\nTo: other@y.example\n\n", "-n")
                        .out())
                .doesNotContain("Mail-Followup-To");
        assertThat(injection.run(to + "Resent-To: r\n\n", "-n").out()).doesNotContain("Mail-Followup-To");
        injection.with("QMAILMFTFILE", home + "/none");
        assertThat(injection.run(to + "\n", "-n").out()).doesNotContain("Mail-Followup-To");
        injection.with("QMAILMFTFILE", home.toString());
        assertThat(injection.run(to + "\n", "-n").code()).isEqualTo(111);
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = '|', textBlock = """
            'To: a\\nno field\\nmore\\n'          | 'To: a@mail.example.org\\n\\nno field\\nmore\\n'
            'To: a\\nbad name: x\\n'              | 'To: a@mail.example.org\\n\\nbad name: x\\n'
            'From x Mon Nov 24\\nTo: a\\n\\nb\\n' | 'MBOX-Line: From x Mon Nov 24\\nTo: a@mail.example.org\\n\\nb\\n'
            'From : x\\nTo: a\\n\\nb\\n'          | 'MBOX-Line: From : x\\nTo: a@mail.example.org\\n\\nb\\n'
            'To: ,, ,\\nX: y\\n\\n'               | 'X: y\\n\\n'
            'X: a\\rBcc: v\\n\\n'                | 'X: a Bcc: v\\n\\n'
            'X: a\\n\\rBcc: v\\n\\n'             | 'X: a\\n Bcc: v\\n\\n'
            'X: a\\n\\nlone\\rin body\\n'         | 'X: a\\n\\nlone\\rin body\\n'
            'To: a\\n'                            | 'To: a@mail.example.org\\n'
            'To: a\\n\\n'                         | 'To: a@mail.example.org\\n\\n'
            'To: a\\n\\nno end'                   | 'To: a@mail.example.org\\n\\nno end\\n'
            'To: a'                               | 'To: a@mail.example.org\\n'
            'TO  : a\\n\\n'                       | 'TO: a@mail.example.org\\n\\n'
            'To: a\\nX:\\n  folded\\n\\n\\nb\\n'  | 'To: a@mail.example.org\\nX:\\n  folded\\n\\n\\nb\\n'
            ' blank first\\n'                     | '\\n blank first\\n'
            """)
    @Covers("qmail:I13")
    void headerEndsWhereQmailEndsIt(String input, String output) {
        String text = input.replace("\\n", "\n").replace("\\r", "\r");
        assertThat(injection.run("From: j@x.example\n" + text, "-n", "r").out()).satisfies(out -> {
            if (!text.startsWith(" ")) {
                assertThat(out)
                        .endsWith("From: j@x.example\n"
                                + output.replace("\\n", "\n").replace("\\r", "\r"));
            }
        });
        assertThat(injection.run(text, "-n", "r").out())
                .endsWith(output.replace("\\n", "\n").replace("\\r", "\r"));
    }

    @Test
    @Covers("qmail:I14")
    void fieldsThatCannotBeReadAreRefused() {
        for (String field : new String[] {
            "From: joe@x (", "Sender: <a", "Reply-To: a@b@c", "To: \"a", "Cc: a)", "Bcc: [x", "Resent-To: a>"
        }) {
            var result = injection.run(field + "\n\nbody\n");
            assertThat(result.code()).as(field).isEqualTo(100);
            assertThat(result.err())
                    .startsWith("qmail-inject: fatal: unable to parse this line: ")
                    .contains(field);
        }
        assertThat(injection.run(MESSAGE, "a(").err())
                .contains("unable to parse this address: a comment has no end: a(");
        assertThat(injection.queue.messages).isEmpty();
        assertThat(injection.run("To: a)\nFrom: j@x.example\n\n", "-a", "r").code())
                .as("a field that nothing depends on is kept")
                .isZero();
        assertThat(injection.queue.only().injected()).contains("\nTo: a)\n");
    }

    @Test
    @Covers("qmail:I15")
    void theSameRecipientTwiceIsTwoRecipients() {
        injection.run("To: a@b.example, a@b.example\n\n");
        assertThat(injection.queue.only().recipients()).containsExactly("a@b.example", "a@b.example");
    }

    @Test
    @Covers("qmail:I16")
    void environmentBeatsControlFiles() throws Exception {
        injection
                .control("defaulthost", "dh.example")
                .control("defaultdomain", "dd.example")
                .control("plusdomain", "pd.example")
                .control("idhost", "ih.example");
        String input = "From: a\nTo: b@c, d@e+\n\n";
        assertThat(injection.run(input, "-n").out())
                .contains("From: a@dh.example\nTo: b@c.dd.example, d@e.pd.example\n", ".qmail@ih.example>");
        injection
                .with("QMAILDEFAULTHOST", "h2+")
                .with("QMAILDEFAULTDOMAIN", "d2.example")
                .with("QMAILPLUSDOMAIN", "p2.example")
                .with("QMAILIDHOST", "i2.example");
        assertThat(injection.run(input, "-n").out())
                .contains("From: a@h2.p2.example\nTo: b@c.d2.example, d@e.p2.example\n", ".qmail@i2.example>");
    }

    @Test
    @Covers("qmail:C02")
    void withoutItsFileMeStandsInAndWithoutMeTheNameOfTheFile() throws Exception {
        injection.without("idhost").without("defaultdomain");
        assertThat(injection.run("To: a\n\n", "-n").out())
                .contains("To: a@mail.example.org\n", ".qmail@mail.example.org>");
        injection.without("me");
        assertThat(injection.run("To: a, b@c, d@e+\n\n", "-n").out())
                .contains("To: a@defaulthost.defaultdomain, b@c.defaultdomain, d@e.example.org\n", ".qmail@idhost>");
    }

    @Test
    @Covers("qmail:C07")
    void emptyFileIsAnEmptyValue() throws Exception {
        injection.control("idhost", "");
        assertThat(injection.run("To: a\n\n", "-n").out()).containsPattern("Message-ID: <\\d+\\.\\d+\\.qmail@>\n");
    }

    @Test
    void nothingToSendToIsRefused() {
        for (String[] arguments : new String[][] {{}, {"-h"}, {"-a"}}) {
            assertThat(injection.run("From: joe@x.example\nTo: nobody: ;\n\n", arguments))
                    .satisfies(result -> {
                        assertThat(result.code()).isEqualTo(100);
                        assertThat(result.err()).startsWith("qmail-inject: fatal: no recipients");
                    });
        }
        assertThat(injection.run(MESSAGE, "-x").code()).isEqualTo(100);
        assertThat(injection.run(MESSAGE, "-f").code()).isEqualTo(100);
        assertThat(injection.queue.messages).isEmpty();
    }

    @Test
    void queueSaysWhatTheExitCodeIs() {
        injection.queue.answer = new Receipt.TemporaryFailure(new Status(4, 3, 1), "disk low");
        assertThat(injection.run(MESSAGE))
                .isEqualTo(new Injection.Result(111, "", "qmail-inject: fatal: disk low (#4.3.1)\n"));
        injection.queue.answer = new Receipt.PermanentFailure(new Status(5, 3, 4), "too large");
        assertThat(injection.run(MESSAGE))
                .isEqualTo(new Injection.Result(100, "", "qmail-inject: fatal: too large (#5.3.4)\n"));
    }

    @Test
    void qmailqueueNamesAProgramInPlaceOfQueue() throws Exception {
        Path filter = home.resolve("filter");
        Files.writeString(filter, "#!/bin/sh\ncat >message\ncat <&1 >envelope\nexit ${ANSWER-0}\n");
        Files.setPosixFilePermissions(filter, java.nio.file.attribute.PosixFilePermissions.fromString("rwxr-xr-x"));
        injection.with("QMAILQUEUE", filter.toString());
        assertThat(injection.run("From: joe@x.example\nTo: a\n\nbody\n").code()).isZero();
        assertThat(injection.queue.messages).isEmpty();
        assertThat(Files.readString(home.resolve("envelope")))
                .isEqualTo("Fjoe@mail.example.org\0Ta@mail.example.org\0\0");
        assertThat(Files.readString(home.resolve("message")))
                .as("no Received field: the qmail-queue it runs writes one")
                .startsWith("Date: ")
                .endsWith("\n\nbody\n");
        Files.writeString(filter, "#!/bin/sh\nexit 31\n");
        assertThat(injection.run(MESSAGE))
                .isEqualTo(new Injection.Result(100, "", "qmail-inject: fatal: the message is refused (#5.3.0)\n"));
        Files.writeString(filter, "#!/bin/sh\nexit 71\n");
        assertThat(injection.run(MESSAGE).code()).isEqualTo(111);
        injection.with("QMAILQUEUE", home + "/none");
        assertThat(injection.run(MESSAGE).code()).isEqualTo(111);
    }

    @Test
    void whatIsQueuedHasItsReceivedFieldAndBodyType() {
        injection.run("To: a\n\n7-bit\n");
        injection.run("To: caf\u00c3\u00a9@y.example\nSubject: \u00e9\n\nbody\n");
        var seven = injection.queue.messages.getFirst();
        assertThat(seven.text())
                .matches("(?s)Received: \\(qmail \\d+ invoked (by|from|for) [^)]+\\); \\d{1,2} [A-Z][a-z]{2} \\d{4} "
                        + "\\d\\d:\\d\\d:\\d\\d -0000\nDate: .*");
        assertThat(seven.envelope().body()).isEqualTo(Envelope.BodyType.SEVEN_BIT);
        assertThat(seven.envelope().form()).isEqualTo(Envelope.AddressForm.ASCII);
        var eight = injection.queue.messages.getLast();
        assertThat(eight.envelope().body()).isEqualTo(Envelope.BodyType.EIGHT_BIT_MIME);
        assertThat(eight.envelope().form()).isEqualTo(Envelope.AddressForm.SMTPUTF8);
    }

    @Test
    void linesThatEndInReturnsBecomePlain() {
        injection.run("To: a\r\nSubject: x\r\n y\r\n\r\nbody\r\nlone\rreturn\r\r\nend\r");
        assertThat(injection.queue.only().injected())
                .endsWith("To: a@mail.example.org\nSubject: x\n y\n\nbody\nlone\rreturn\r\nend\r\n")
                .doesNotContain("\r\n\r");
        injection.run("To: a\n\nbody\r\n");
        assertThat(injection.queue.messages.getLast().injected()).endsWith("\n\nbody\r\n");
    }

    @Test
    void largeBodyIsStreamedWhole() {
        String line = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcde\n";
        String body = line.repeat(20_000);
        injection.run("To: a\n\n" + body);
        assertThat(injection.queue.only().injected()).endsWith("\n\n" + body);
    }

    @Test
    void headerHasALimit() {
        InputStream endless = new InputStream() {
            private long count;

            @Override
            public int read() {
                return count++ % 70 == 0 ? '\n' : 'x';
            }

            @Override
            public int read(byte[] into, int from, int length) {
                java.util.Arrays.fill(into, from, from + length, (byte) 'x');
                return length;
            }
        };
        var input = new SequenceInputStream(new ByteArrayInputStream("To: a\nX: ".getBytes()), endless);
        var result = injection.run(input);
        assertThat(result.code()).isEqualTo(100);
        assertThat(result.err()).contains("header over 8388608 octets");
    }

    @Test
    void addressesAndRecipientsHaveLimits() {
        String local = "x".repeat(Address.LIMIT - "@y.example".length());
        assertThat(injection.run("To: " + local + "@y.example\n\n").code()).isZero();
        assertThat(injection.run("To: x" + local + "@y.example\n\n").err()).contains("an address of 1001 octets");
        String many = IntStream.rangeClosed(0, Envelope.MOST_RECIPIENTS)
                .mapToObj(i -> "u" + i + "@y.example")
                .collect(Collectors.joining(","));
        assertThat(injection.run("To: " + many + "\n\n").err()).contains("over 100000 addresses");
        String half = many.substring(0, many.indexOf(",u50000@"));
        assertThat(injection
                        .run("To: " + half + "\nCc: " + half + "\nBcc: x\n\n")
                        .err())
                .contains("with this field there are over 100000 addresses", "Bcc: x");
        assertThat(injection
                        .run("X:\n".repeat(Header.MOST_FIELDS - 1) + "To: a\n\n")
                        .code())
                .isZero();
        assertThat(injection
                        .run("X:\n".repeat(Header.MOST_FIELDS) + "To: a\n\n")
                        .err())
                .contains("header of over 10000 fields");
        assertThat(injection.queue.messages).hasSize(2);
    }

    @Test
    void deepCommentsAndEndlessSignsEndInTime() {
        for (String hostile : new String[] {"(", "<", "\"", "@", ":", ",", "a ", "()", "\\", "[", ";", "a,", "a:"}) {
            assertThat(injection
                            .run("To: " + hostile.repeat(200_000) + "\n\n", "-n")
                            .code())
                    .isIn(0, 100);
        }
    }

    @Test
    void inputThatBreaksOffLeavesNothingInTheQueue() {
        InputStream broken = new InputStream() {
            @Override
            public int read() throws IOException {
                throw new IOException("the disk is gone");
            }
        };
        var input = new SequenceInputStream(
                new ByteArrayInputStream(("To: a\n\n" + "x".repeat(400_000)).getBytes()), broken);
        var result = injection.run(input);
        assertThat(result.code()).isEqualTo(111);
        assertThat(result.err()).contains("the disk is gone");
        assertThat(injection.queue.messages).isEmpty();
        assertThat(injection.queue.withdrawn).hasValue(1);
    }

    @Test
    void unreadableSettingsAreTrouble() throws Exception {
        Files.createDirectory(home.resolve("control/defaulthost"));
        var result = injection.run(MESSAGE);
        assertThat(result.code()).isEqualTo(111);
        assertThat(result.err()).contains("unable to read controls: control/defaulthost");
    }

    @Test
    void senderForEachRecipientIsTakenByOptionF() {
        assertThat(returnPath(MESSAGE, "-f", "list-@x.y-@[]")).isEqualTo("<\"list-@x.y-\"@[]>");
        injection.run(MESSAGE, "-f", "list-@x.y-@[]");
        assertThat(injection.queue.only().sender()).isEqualTo("list-@x.y-@[]");
    }

    @Test
    void senderWithoutALocalPartIsNotTheNullSender() {
        for (String sender : new String[] {"@y.example", "<@y.example>", " @y.example"}) {
            var result = injection.run(MESSAGE, "-f", sender);
            assertThat(result.code()).isEqualTo(100);
            assertThat(result.err()).contains("a sender without a local part");
        }
        assertThat(injection.queue.messages).isEmpty();
    }

    @Test
    void fieldWithoutAnAddressIsAsGoodAsMissing() {
        var out = injection
                .run("From: ,\nTo: ,, ,\nReply-To:\nCc: \nBcc: b@y.example\n\n", "-n")
                .out();
        assertThat(out)
                .contains("\nFrom: joe@mail.example.org\n", "\nCc: recipient list not shown: ;\n")
                .doesNotContain("To:");
    }

    @Test
    void octetsThatATerminalObeysAreNotPrinted() {
        for (String hostile : new String[] {"a\u001b]0;x\u0007(", "\u009b2J (", "x\u001b[2J\n y ("}) {
            assertThat(injection.run("From: " + hostile + "\n\n").err())
                    .contains("unable to parse this line")
                    .doesNotContain("\u001b", "\u0007", "\u009b");
            assertThat(injection.run(MESSAGE, hostile).err())
                    .contains("unable to parse this address")
                    .doesNotContain("\u001b", "\u0007", "\u009b");
        }
        assertThat(injection
                        .run("From: " + "x ".repeat(1 << 20) + "(\n\n")
                        .err()
                        .length())
                .isLessThan(5_000);
    }

    @Test
    void lineTooLongForSmtpIsBrokenAndTheRestIsUntouched() throws Exception {
        String words = "word ".repeat(300).strip();
        String one = "x".repeat(998);
        injection.run(
                "To: a\nSubject: " + words + "\nX: " + one + "y\n\n" + words + "\n" + one + "\n" + one + "y\nend");
        String sent = injection.queue.only().injected();
        assertThat(sent.lines()).allMatch(line -> line.length() <= 998);
        String header = sent.substring(0, sent.indexOf("\n\n"));
        assertThat(header.replace("\n ", " ")).contains("Subject: " + words);
        assertThat(header).contains("\nX: " + "x".repeat(995) + "\n xxxy");
        String body = sent.substring(sent.indexOf("\n\n") + 2);
        assertThat(body)
                .isEqualTo("word ".repeat(199) + "\n" + "word ".repeat(101).strip() + "\n" + one + "\n" + one
                        + "\ny\nend\n");

        injection.control("linebytes", "1500\n");
        injection.run("To: a\n\n" + one + "\n" + "x".repeat(1498) + "\n" + "x".repeat(1499) + "\n");
        assertThat(injection.queue.messages.getLast().injected())
                .endsWith("\n\n" + one + "\n" + "x".repeat(1498) + "\n" + "x".repeat(1498) + "\nx\n");
    }

    @Test
    void charactersOfUtf8AreNotCut() {
        String text = "\u00e2\u0082\u00ac".repeat(700); // euro signs
        injection.run("To: a\n\nx" + text + "\n");
        String sent = injection.queue.only().injected();
        String body = sent.substring(sent.indexOf("\n\n") + 2);
        assertThat(body.replace("\n", "")).isEqualTo("x" + text);
        assertThat(body.lines()).hasSize(3).allMatch(line -> line.length() <= 998);
        assertThat(body.lines().skip(1)).allMatch(line -> line.startsWith("\u00e2"));
    }

    @Test
    void octetZeroIsLeftOut() {
        injection.run("To: a\nSubject: x\0y\n\nb\0\0ody\0\n");
        assertThat(injection.queue.only().injected()).contains("Subject: xy\n").endsWith("\n\nbody\n");
    }

    @Test
    void listOfListsHasALimit() throws Exception {
        Path lists = home.resolve("lists");
        injection.with("QMAILMFTFILE", lists.toString());
        Files.writeString(lists, "x".repeat(QmailInject.MOST_LISTS));
        assertThat(injection.run(MESSAGE).code()).isZero();
        Files.writeString(lists, "x".repeat(QmailInject.MOST_LISTS + 1));
        assertThat(injection.run(MESSAGE).code()).isEqualTo(111);
    }

    @Test
    void anyErrorIsTroubleAndNeverJavasOwnExitCode() {
        for (Error error :
                new Error[] {new OutOfMemoryError(), new NoClassDefFoundError("x"), new StackOverflowError()}) {
            InputStream failing = new InputStream() {
                @Override
                public int read() {
                    throw error;
                }
            };
            assertThat(injection.run(failing).code()).isEqualTo(111);
        }
    }
}
