package carteiro.tools;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import carteiro.tools.Trace.Input;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.ZoneId;
import java.util.Locale;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** carteiro trace, on small logs. */
class TraceTest {
    private static final ZoneId ZONE = ZoneId.of("Europe/Lisbon");

    /** One message to two: delivered here, refused there, bounced. */
    private static final String LOG = """
            status: local 0/10 remote 0/20
            smtpd: accepted msg 7 from <ann@Example.ORG> 2 recipients 1000 bytes client 192.0.2.7 id k3v9q1c7ab2c message-id -
            new msg 7
            info msg 7: bytes 1234 from <ann@Example.ORG> qp 7 uid 71
            starting delivery 1: msg 7 to local bob@example.org
            starting delivery 2: msg 7 to remote nobody@far.example
            smtpd: session client 192.0.2.7 helo pc.example TLS_AES_128_GCM_SHA256 messages 1 refusals 0 ended: quit
            delivery 1: success: did_1+0+0/
            new msg 8
            info msg 8: bytes 10 from <joe@example.net> qp 8 uid 71
            starting delivery 3: msg 8 to local bob@example.org
            delivery 3: success: did_1+0+0/
            end msg 8
            delivery 2: failure: 192.0.2.9_does_not_like_recipient./Remote_host_said:_550_5.1.1_no/
            bounce msg 7 qp 9
            end msg 7
            new msg 9
            info msg 9: bytes 2000 from <> qp 9 uid 73
            starting delivery 4: msg 9 to local ann@example.org
            delivery 4: success: did_1+0+0/
            end msg 9
            smtpd: refused RCPT <ann@example.org> from <evil@example.com> client 192.0.2.66: 550 5.1.1 no mailbox here
            smtpd: refused RCPT <joann@example.org> from <evil@example.com> client 192.0.2.66: 550 5.1.1 no mailbox here
            """;

    private static final String STORY = """
            message 7 from <ann@Example.ORG>, 1234 octets
              accepted by smtpd from 192.0.2.7, for 2 recipients, 1000 octets, id k3v9q1c7ab2c, Message-ID -
              taken by send, handed in by uid 71
              its session: client 192.0.2.7 as pc.example, TLS TLS_AES_128_GCM_SHA256, messages 1, refusals 0, ended: quit
                to local bob@example.org
                  delivery 1
                  delivered: did_1+0+0/
                to remote nobody@far.example
                  delivery 2
                  failed: 192.0.2.9_does_not_like_recipient./Remote_host_said:_550_5.1.1_no/
              bounced to <ann@Example.ORG>, qp 9
              ended

            message 9 from <>, 2000 octets, the bounce of message 7
              taken by send, handed in by uid 73
                to local ann@example.org
                  delivery 4
                  delivered: did_1+0+0/
              ended
            """;

    @TempDir
    Path home;

    @BeforeEach
    void control() throws Exception {
        Files.createDirectories(home.resolve("control"));
        Files.writeString(home.resolve("control/me"), "example.org\n");
        Files.writeString(home.resolve("control/virtualdomains"), "virtual.example:joe\n");
    }

    private Tool.Result trace(String log, String... arguments) {
        return new Tool()
                .with("CARTEIRO_HOME", home.toString())
                .reading(log)
                .run(call -> Trace.run(call, ZONE, Input.LOG), arguments);
    }

    /** The story without stamps, as that of a log that has none. */
    private static String withoutStamps(String story) {
        return story.replaceAll(
                        "(?m)^  (?:\\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d:\\d\\d\\.\\d{3}|[A-Z][a-z]{2} .\\d \\d\\d:\\d\\d:\\d\\d)  ",
                        "  ")
                .replaceAll("(?m)^ {19,29}(?=to )", "    ");
    }

    private static String each(String prefix) {
        return LOG.replaceAll("(?m)^", prefix).replaceAll("(?m)^" + java.util.regex.Pattern.quote(prefix) + "\\z", "");
    }

    @ParameterizedTest
    @ValueSource(strings = {"7", "msg 7", "#7", "qp 7", "250 ok 1795489290 qp 7", "ok 1795489290 qp 7"})
    void aMessageIsFoundByItsNumberAndByWhatItsClientWasTold(String id) {
        assertThat(trace(LOG, id)).isEqualTo(new Tool.Result(0, STORY, ""));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', ignoreLeadingAndTrailingWhitespace = false, textBlock = """
            @400000006a64a41d075bcd15 |2026-07-25 12:54:59.123
            2026-07-25 12:54:59.123456789 |2026-07-25 12:54:59.123
            2026-07-25 12:54:59.123456789  |2026-07-25 12:54:59.123
            2026-07-25_12:54:59.12345 |2026-07-25 12:54:59.123
            2026-07-25T12:54:59.12345 |2026-07-25 12:54:59.123
            1784980499.123456 |2026-07-25 12:54:59.123
            2026-07-25T11:54:59Z |2026-07-25 12:54:59.000
            Jul 25 12:54:59 mail carteiro[123]: |Jul 25 12:54:59
            Jul  5 12:54:59 mail qmail: 1784980499.123456 |2026-07-25 12:54:59.123
            2026-07-25T13:54:59+0200 mail carteiro[123]: |2026-07-25 12:54:59.000
            2026-07-25T13:54:59.123456+02:00 mail carteiro[123]: |2026-07-25 12:54:59.123
            2026-07-25T13:54:59.123456+02:00 mail multilog: @400000006a64a41d075bcd15 |2026-07-25 12:54:59.123
            """)
    void stampsOfEveryLoggerAreUnderstood(String prefix, String stamp) {
        Tool.Result result = trace(each(prefix), "7");
        assertThat(result.out())
                .contains("  " + stamp + "  accepted by smtpd from 192.0.2.7", "  " + stamp + "  ended\n");
        assertThat(withoutStamps(result.out())).isEqualTo(STORY);
    }

    @Test
    void jsonLinesTellTheSame() {
        String json = LOG.replace("\"", "\\\"")
                .replaceAll(
                        "(?m)^(.+)$",
                        "{\"time\":\"2026-07-25T11:54:59.123456Z\",\"event\":\"X\",\"n\":7,\"line\":\"$1\"}");
        assertThat(withoutStamps(trace(json, "7").out())).isEqualTo(STORY);
        String bySyslog = json.replaceAll("(?m)^(?=.)", "Jul 25 12:54:59 mail carteiro[123]: ");
        assertThat(withoutStamps(trace(bySyslog, "7").out())).isEqualTo(STORY);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{",
                "{}",
                "{\"line\"",
                "{\"line\":\"end msg 7",
                "{\"line\":\"\\u12\"}",
                "{\"a\":{\"b\":1}}",
                "{\"a\":1,}",
                "{\"line\":\"end msg 7\"} x",
                "@",
                "@40000",
                "@ffffffffffffffffffffffff end msg 7",
                "\u0000\u00ff",
                "2026-99-99T99:99:99Z x",
                "new msg 99999999999999999999",
                "9999999999.9 x",
                "delivery 5: success",
                "info msg 7: bytes from <> qp 7 uid 7"
            })
    void whatIsNoLineOfOursChangesNothing(String line) {
        assertThat(trace(line + "\n" + LOG.replace("\n", "\n" + line + "\n"), "7")
                        .out())
                .isEqualTo(STORY);
    }

    @Test
    void anAddressIsFoundAsSenderAsRecipientAndInRefusals() {
        Tool.Result result = trace(LOG, "<ann@EXAMPLE.org>");
        assertThat(result.out()).isEqualTo(STORY + """

                other lines that name it
                  smtpd: refused RCPT <ann@example.org> from <evil@example.com> client 192.0.2.66: 550 5.1.1 no mailbox here
                """);
        assertThat(trace(LOG, "Ann@example.org").code())
                .as("the local part has case")
                .isEqualTo(1);
    }

    @Test
    void ofARecipientOnlyItsDeliveriesAreShown() {
        assertThat(trace(LOG, "nobody@far.example").out())
                .contains("to remote nobody@far.example\n", "and 1 other recipients: 1 delivered\n")
                .doesNotContain("to local bob", "message 8");
    }

    @Test
    void anAddressOfAVirtualDomainIsFoundAsSendRewritesIt() {
        String log = "new msg 1\nstarting delivery 1: msg 1 to local joe-x_y@virtual.example\n";
        assertThat(trace(log, "x y@Virtual.example").out())
                .contains(
                        "to local joe-x_y@virtual.example\n",
                        "without a result",
                        "(not ended, as far as this log goes)");
    }

    @Test
    void manyDeferralsBecomeOneLineAndTheLatestThree() {
        var log = new StringBuilder("new msg 1\ninfo msg 1: bytes 5 from <a@b> qp 1 uid 0\n");
        for (int i = 1; i <= 10; i++) {
            log.append(String.format(
                    Locale.ROOT, "2026-07-25 12:00:%02d.000000000 starting delivery %d: msg 1 to remote c@d\n", i, i));
            log.append(String.format(
                    Locale.ROOT, "2026-07-25 12:00:%02d.500000000 delivery %d: deferral: no_%d/\n", i, i, i));
        }
        assertThat(trace(log.toString(), "c@d").out()).isEqualTo("""
                message 1 from <a@b>, 5 octets
                                           taken by send, handed in by uid 0
                                             to remote c@d
                  2026-07-25 12:00:01.000      earlier deliveries: 7 deferred, the last 2026-07-25 12:00:07.000
                  2026-07-25 12:00:08.000      delivery 8
                  2026-07-25 12:00:08.500      deferred: no_8/
                  2026-07-25 12:00:09.000      delivery 9
                  2026-07-25 12:00:09.500      deferred: no_9/
                  2026-07-25 12:00:10.000      delivery 10
                  2026-07-25 12:00:10.500      deferred: no_10/
                                               still waiting
                                           (not ended, as far as this log goes)
                """);
    }

    @Test
    void aRestartInterruptsWhatWasUnderWay() {
        String log = """
                new msg 1
                info msg 1: bytes 5 from <a@b> qp 1 uid 0
                starting delivery 1: msg 1 to local c@d
                starting delivery 2: msg 1 to local e@f
                new msg 1
                info msg 1: bytes 5 from <a@b> qp 1 uid 0
                starting delivery 1: msg 1 to local e@f
                delivery 1: success: did_1+0+0/
                starting delivery 2: msg 1 to local c@d
                status: exiting
                """;
        assertThat(trace(log, "1").out()).isEqualTo("""
                message 1 from <a@b>, 5 octets
                  taken by send, handed in by uid 0
                  taken again by send after a restart
                    to local c@d
                      delivery 1
                      interrupted by a restart
                      delivery 2
                      interrupted by a restart
                      still waiting
                    to local e@f
                      delivery 2
                      interrupted by a restart
                      delivery 1
                      delivered: did_1+0+0/
                  (not ended, as far as this log goes)
                """);
    }

    @Test
    void aNumberThatIsUsedAgainIsAnotherMessage() { // as qmail's, which are those of files
        String log = """
                new msg 1
                info msg 1: bytes 5 from <a@b> qp 50 uid 0
                new msg 1
                info msg 1: bytes 6 from <a@b> qp 51 uid 0
                end msg 1
                new msg 1
                info msg 1: bytes 7 from <x@y> qp 52 uid 0
                bounce msg 1 qp 99
                new msg 2
                info msg 2: bytes 8 from <> qp 99 uid 0
                """;
        assertThat(trace(log, "1").out())
                .contains(
                        "5 octets\n  taken by send, handed in by uid 0\n  (its end is not in what was read",
                        "6 octets\n  taken by send, handed in by uid 0\n  ended",
                        "7 octets\n",
                        "message 2 from <>, 8 octets, the bounce of message 1\n");
        assertThat(trace(log, "qp 51").out())
                .startsWith("message 1 from <a@b>, 6 octets\n")
                .doesNotContain("7 octets");
    }

    @Test
    void whatIsForwardedIsFollowedAlsoWhenItWasQuicker() {
        String log = """
                new msg 1
                info msg 1: bytes 5 from <a@b> qp 1 uid 0
                starting delivery 1: msg 1 to local list@here
                starting delivery 2: msg 1 to local other@here
                new msg 2
                info msg 2: bytes 6 from <a@b> qp 2 uid 0
                starting delivery 3: msg 2 to local quick@here
                delivery 3: success: did_1+0+0/
                end msg 2
                delivery 1: success: did_0+1+0/qp_2/
                delivery 2: success: did_0+1+0/qp_3/
                end msg 1
                new msg 3
                info msg 3: bytes 6 from <a@b> qp 3 uid 0
                """;
        assertThat(trace(log, "1").out())
                .contains("message 2 from <a@b>, 6 octets, forwarded by message 1", "to local quick@here")
                .contains("message 3 from <a@b>, 6 octets, forwarded by message 1");
        assertThat(trace(log, "list@here").out()).contains("message 2 ").doesNotContain("message 3 ");
    }

    @Test
    void aMessageByQmqpIsFoundToo() {
        String log = """
                qmqpd: accepted msg 4 from <a@b> 1 recipients 5 bytes client 192.0.2.8 id k3v9q1c7ab2d message-id -
                new msg 4
                """;
        assertThat(trace(log, "k3v9q1c7ab2d").out())
                .contains("accepted by qmqpd from 192.0.2.8, for 1 recipient, 5 octets, id k3v9q1c7ab2d");
    }

    @Test
    void smtpdMayBeLaterThanSendAndConversationsOverlap() {
        String log = """
                new msg 1
                info msg 1: bytes 5 from <a@b> qp 1 uid 0
                end msg 1
                smtpd: accepted msg 1 from <a@b> 1 recipients 5 bytes client 192.0.2.1 id k3v9q1c7ab2d message-id -
                smtpd: accepted msg 2 from <a@b> 1 recipients 5 bytes client 192.0.2.1 id k3v9q1c7ab2e message-id -
                smtpd: session client 192.0.2.1 helo - plain messages 1 refusals 3 ended: timeout
                """;
        assertThat(trace(log, "1").out())
                .contains("accepted by smtpd from 192.0.2.1, for 1 recipient, 5 octets, id k3v9q1c7ab2d, Message-ID -"
                        + "\n  taken by send")
                .contains("perhaps its session, others overlap: client 192.0.2.1 as -, without TLS");
        assertThat(trace(log, "2").out())
                .contains("recipients not tried yet: 1")
                .doesNotContain("session");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "k3v9q1c7ab2d",
                "id k3v9q1c7ab2d",
                "Received: from pc (192.0.2.1)\n  by mx with ESMTPS id k3v9q1c7ab2d tls TLS_X; 24 Nov 2026 00:00:00 -0000",
                "by mx with SMTP id k3v9q1c7ab2d;",
                "<m1@pc.example>",
                "m1@pc.example"
            })
    void whoHasTheReceivedFieldOrTheMessageIdFindsTheMessage(String asked) {
        String log = """
                smtpd: accepted msg 1 from <a@b> 1 recipients 5 bytes client 192.0.2.1 id k3v9q1c7ab2d message-id <m1@pc.example> login ann
                smtpd: accepted msg 2 from <a@b> 1 recipients 5 bytes client 192.0.2.1 id k3v9q1c7ab2e message-id -
                """;
        assertThat(trace(log, asked).out())
                .contains(
                        "message 1 from <a@b>",
                        "accepted by smtpd from 192.0.2.1, logged in as ann, for 1 recipient, 5 octets,"
                                + " id k3v9q1c7ab2d, Message-ID <m1@pc.example>")
                .doesNotContain("message 2");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"<6>", "2026-11-24T04:48:51.000000+0000 host carteiro[7]: <6>", "<6>@400000006754d3a50000000a "})
    void theSeverityForTheJournalIsTakenOff(String before) {
        String log = before + "new msg 1\n" + before + "info msg 1: bytes 5 from <a@b> qp 1 uid 0\n";
        assertThat(trace(log, "1").out()).contains("message 1 from <a@b>");
    }

    @ParameterizedTest
    @ValueSource(strings = {"ar-EG", "fa-IR", "tr-TR", "th-TH-u-ca-buddhist-nu-thai"})
    void theLocaleChangesNothing(String locale) {
        String log = """
                @400000006754d3a50000000a new msg 1
                @400000006754d3a50000000a info msg 1: bytes 5 from <a@b> qp 1 uid 0
                @400000006754d3a51dcd6500 starting delivery 1: msg 1 to remote I@x
                @400000006754d3a62faf0800 delivery 1: deferral: no/
                """;
        Locale before = Locale.getDefault();
        String usual = trace(log, "I@X").out();
        assertThat(usual).contains("2024-12-0");
        try {
            Locale.setDefault(Locale.forLanguageTag(locale));
            assertThat(trace(log, "I@X").out()).isEqualTo(usual);
        } finally {
            Locale.setDefault(before);
        }
    }

    @Test
    void notesOfAMessageAndItsDeliveriesAreShown() {
        String log = """
                new msg 1
                starting delivery 1: msg 1 to local c@d
                warning: local: delivery 1 waits: no lookup
                alert: msg 1 broke local 3 times and is parked until 2026-07-25T12:00:00Z; look at the message, and report a bug: x
                alert: queue: message 1 cannot be read now (x); it stays queued and is tried again; check the disk
                warning: msg 1: lookup does not tell where its recipients go; it is asked again later: w
                queue: spool: took in msg 1 from s17 uid 1000
                warning: trouble injecting bounce message for msg 1, will try later: y
                triple bounce: discarding bounce/1
                warning: local: account d (uid 1): delivery for c@d waits: z
                """;
        assertThat(trace(log, "c@d").out())
                .contains(
                        "delivery 1 waits: no lookup",
                        "parked until 2026-07-25",
                        "cannot be read now",
                        "will try later: y")
                .contains("it is asked again later: w", "took in msg 1 from s17 uid 1000")
                .contains("triple bounce: discarding", "other lines that name it\n  warning: local: account d");
    }

    @Test
    void hostileOctetsAreEscaped() {
        String log = "new msg 1\nstarting delivery 1: msg 1 to local c@d\ndelivery 1: success: \u001b[2J\u009b\r/\n";
        assertThat(trace(log, "1").out()).contains("delivered: _[2J__/\n");
        String json = "{\"line\":\"delivery 1: success: \\u001b[2J\\u202e\"}\n";
        assertThat(trace(log.lines().limit(2).reduce("", (a, b) -> a + b + "\n") + json, "1")
                        .out())
                .contains("delivered: _[2J_\n");
        String lines = "{\"line\":\"delivery 1: success: did\\u000a25 Jul  bounced\"}\n";
        assertThat(trace(log.lines().limit(2).reduce("", (a, b) -> a + b + "\n") + lines, "1")
                        .out())
                .contains("delivered: did_25 Jul  bounced\n");
        assertThat(trace("", "\u001b[2J@x").err()).contains("nothing about _[2J@x");
    }

    @Test
    void theLatestMessagesAreShownAndTheOthersCounted() {
        var log = new StringBuilder();
        for (int i = 1; i <= 30; i++) {
            log.append(
                    String.format(Locale.ROOT, "new msg %d\ninfo msg %d: bytes 5 from <a@b> qp %d uid 0\n", i, i, i));
            log.append(String.format(Locale.ROOT, "smtpd: refused MAIL from <a@b> client 192.0.2.1: 553 %d\n", i));
        }
        Tool.Result result = trace(log.toString(), "--most", "2", "a@b");
        assertThat(result.out())
                .startsWith("28 earlier messages are not shown; --most N, now 2, shows more\n\nmessage 29 from")
                .contains("\nmessage 30 from", "other lines that name it (and 28 earlier ones)\n", "553 30");
        assertThat(result.out().lines()).hasSize(2 + 3 + 1 + 3 + 1 + 3);
    }

    @Test
    void memoryIsBoundedAndWhatWasForgottenIsSaid() {
        var stories = new HistoryFinder(TraceQuery.of("x@y", java.util.Set.of()), 100, 100_000);
        String recipient = "r".repeat(900);
        for (int i = 1; i <= 1_000; i++) {
            stories.see(new LogLine("", "info msg " + i + ": bytes 5 from <a@b> qp " + i + " uid 0"));
            for (int j = 0; j < 50; j++) {
                stories.see(new LogLine(
                        "", "starting delivery " + (i * 50 + j) + ": msg " + i + " to local " + recipient + j));
            }
        }
        stories.see(new LogLine("", "starting delivery 100000: msg 1000 to local x@y"));
        assertThat(stories.held()).isLessThan(110_000);
        var text = new StringBuilder();
        stories.tell(text::append);
        assertThat(text.toString()).contains("more messages were waiting at once than fit into memory", "to local x@y");
    }

    @Test
    void aMessageWithMoreRecipientsThanAreKeptCountsThem() {
        var log = new StringBuilder("new msg 1\ninfo msg 1: bytes 5 from <a@b> qp 1 uid 0\n");
        for (int i = 1; i <= 1_500; i++) {
            log.append(String.format(
                    Locale.ROOT, "starting delivery %d: msg 1 to local r%d@x\ndelivery %d: success: ok/\n", i, i, i));
        }
        log.append("starting delivery 2000: msg 1 to local last@x\ndelivery 2000: failure: no/\n");
        assertThat(trace(log.toString(), "a@b").out())
                .contains("to local r1000@x\n", "other recipients: 500 delivered, 1 failed\n")
                .doesNotContain("r1001@x");
        assertThat(trace(log.toString(), "last@x").out())
                .contains("to local last@x\n", "failed: no/\n", "other recipients: 1500 delivered\n");
    }

    @Test
    void foldersOfMultilogAndOfRotatedFilesAreReadInOrder() throws Exception {
        String[] lines = LOG.split("(?<=\n)");
        String first = String.join("", java.util.List.of(lines).subList(0, 8));
        String second = String.join("", java.util.List.of(lines).subList(8, 14));
        String third = String.join("", java.util.List.of(lines).subList(14, lines.length));
        Path multilog = Files.createDirectories(home.resolve("log"));
        Files.writeString(multilog.resolve("@400000006a64a41d075bcd15.s"), first);
        Files.writeString(multilog.resolve("@400000006a64a41e075bcd15.u"), second);
        Files.writeString(multilog.resolve("current"), third);
        Files.writeString(multilog.resolve("state"), "end msg 7\n");
        assertThat(trace("", "7")).as("HOME/log").isEqualTo(new Tool.Result(0, STORY, ""));
        Path rotated = Files.createDirectories(home.resolve("rotated"));
        var packed = new ByteArrayOutputStream();
        try (var gzip = new GZIPOutputStream(packed)) {
            gzip.write(first.getBytes(StandardCharsets.ISO_8859_1));
        }
        Path eldest = Files.write(rotated.resolve("mail.log.2.gz"), packed.toByteArray());
        Path elder = Files.writeString(rotated.resolve("mail.log.1"), second);
        Path youngest = Files.writeString(rotated.resolve("mail.log"), third);
        Files.setLastModifiedTime(eldest, FileTime.fromMillis(1_000));
        Files.setLastModifiedTime(elder, FileTime.fromMillis(2_000));
        assertThat(trace("", "7", rotated.toString()).out()).isEqualTo(STORY);
        assertThat(trace(third, "7", eldest.toString(), elder.toString(), "-").out())
                .isEqualTo(STORY);
        assertThat(trace("", "--home=" + home + "/x", "7", youngest.toString()).out())
                .contains("(its arrival is not in");
    }

    @Test
    void whatCannotBeReadIsSaidAndTheRestIsShown() throws Exception {
        Path log = Files.writeString(home.resolve("it"), LOG);
        Tool.Result result = trace("", "7", home + "/none", log.toString());
        assertThat(result).isEqualTo(new Tool.Result(111, STORY, "carteiro trace: " + home + "/none is not there\n"));
        Path folder = Files.createDirectories(home.resolve("empty"));
        assertThat(trace("", "7", folder.toString()).err()).contains("carteiro trace: " + folder + " holds no log\n");
        Path cut = Files.write(home.resolve("cut.gz"), new byte[] {0x1f, (byte) 0x8b, 8, 0});
        assertThat(trace("", "7", cut.toString()).code()).isEqualTo(111);
    }

    @Test
    void longLinesAreCut() {
        assertThat(trace("x".repeat(300_000) + "\n" + LOG + "x".repeat(70_000), "7")
                        .out())
                .isEqualTo(STORY);
    }

    @Test
    void wrongUse() {
        assertThat(trace(LOG).code()).isEqualTo(100);
        assertThat(trace(LOG, "7", "--most", "0").err()).startsWith("usage: carteiro trace");
        assertThat(trace(LOG, "7", "--most", "100001").code()).isEqualTo(100);
        assertThat(trace(LOG, "--fast", "7").code()).isEqualTo(100);
        assertThat(trace(LOG, "x".repeat(1001)).code()).isEqualTo(100);
        assertThat(trace(LOG, "7777"))
                .isEqualTo(new Tool.Result(1, "", "carteiro trace: nothing about 7777 in what was read\n"));
        Tool.Result nothingGiven = new Tool()
                .with("CARTEIRO_HOME", home.toString())
                .run(call -> Trace.run(call, ZONE, Input.TERMINAL), "7");
        assertThat(nothingGiven.code()).isEqualTo(100);
        assertThat(nothingGiven.err()).contains(home + "/log holds no log", "journalctl");
    }

    /** Who owns the folder may put it there after it was listed. */
    @Test
    @Timeout(60)
    void aPipeInAFolderIsNotWaitedFor() throws Exception {
        Path pipe = home.resolve("pipe");
        assertThat(new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor())
                .isZero();
        var reader = new LogInput(_ -> {});
        assertThatThrownBy(() -> reader.readFound(pipe)).hasMessage("it is no regular file");
    }
}
