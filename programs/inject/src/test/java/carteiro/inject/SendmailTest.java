package carteiro.inject;

import static org.assertj.core.api.Assertions.assertThat;

import carteiro.posix.Invocation;
import carteiro.testkit.Covers;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.ZonedDateTime;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What sendmail's options become; mailsubj, predate. */
class SendmailTest {
    private final Map<String, String> environment = new HashMap<>();
    private final List<Invocation> injected = new ArrayList<>();
    private final List<String> started = new ArrayList<>();
    private String complaint = "";

    private int sendmail(String... arguments) throws IOException {
        var err = new ByteArrayOutputStream();
        var call = new Invocation(
                List.of(arguments), environment, InputStream.nullInputStream(), new ByteArrayOutputStream(), err);
        int code = new Sendmail(
                        call,
                        inject -> {
                            injected.add(inject);
                            return 7;
                        },
                        (words, variables) -> {
                            started.add(String.join(" ", words) + " " + new TreeMap<>(variables));
                            return 9;
                        })
                .run();
        complaint = err.toString(StandardCharsets.ISO_8859_1);
        return code;
    }

    @ParameterizedTest(name = "sendmail {0}")
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            a b                                     | -a -- a b
            -t                                      | -H --
            -t -i a                                 | -H -- a
            -ti                                     | -H --
            -oi -oem -bm a                          | -a -- a
            -oem -oi -f x@y -- a b                  | -a -f x@y -- a b
            -i -fx@y a                              | -a -f x@y -- a
            -i -r x@y -- a                          | -a -f x@y -- a
            -FCronDaemon -i -B8BITMIME -oem root    | -a -- root
            -F CronDaemon -odi -oem -oi -t -f root  | -H -f root --
            -v -m -x -eq -p smtp -E -J -n -G -U a   | -a -- a
            -N never -R hdrs -V id -L tag -Ac a     | -a -- a
            """)
    @Covers("qmail:I17")
    void optionsBecomeThoseOfQmailInject(String arguments, String translated) throws Exception {
        assertThat(sendmail(arguments.split(" "))).isEqualTo(7);
        assertThat(String.join(" ", injected.getFirst().arguments())).isEqualTo(translated);
    }

    @Test
    @Covers("qmail:I17")
    void nameAndSenderMakeTheAuthor() throws Exception {
        environment.putAll(Map.of("QMAILNAME", "Old", "QMAILHOST", "old.example", "MAILHOST", "x", "USER", "me"));
        sendmail("-F", "Cron Daemon", "-f", "cron@new.example", "a");
        assertThat(injected.getFirst().environment())
                .containsEntry("QMAILUSER", "cron")
                .containsEntry("QMAILHOST", "new.example")
                .as("a name given beside -f is kept")
                .containsEntry("MAILNAME", "Cron Daemon")
                .doesNotContainKeys("QMAILNAME", "NAME", "MAILHOST");
        sendmail("-F", "Cron Daemon", "a");
        assertThat(injected.get(1).environment())
                .containsEntry("MAILNAME", "Cron Daemon")
                .containsEntry("QMAILHOST", "old.example");
        sendmail("-f", "", "a");
        assertThat(injected.get(2).arguments()).containsExactly("-a", "-f", "", "--", "a");
        assertThat(injected.get(2).environment()).containsEntry("QMAILHOST", "old.example");
    }

    @ParameterizedTest
    @ValueSource(strings = {"-bd", "-bt", "-bz", "-q", "-Z", "-f", "-b"})
    @Covers({"qmail:I17", "qmail:I18"})
    void whatItCannotDoIsRefused(String option) throws Exception {
        assertThat(sendmail(option)).isEqualTo(100);
        assertThat(injected).isEmpty();
        assertThat(started).isEmpty();
        assertThat(complaint)
                .contains(
                        switch (option) {
                            case "-bd" -> "carteiro start smtpd";
                            default -> "usage: sendmail";
                        });
    }

    @Test
    @Covers("qmail:I18")
    void newaliasesHasNothingToDo() throws Exception {
        var out = new ByteArrayOutputStream();
        var call = new Invocation(
                List.of("-bi"), environment, InputStream.nullInputStream(), out, new ByteArrayOutputStream());
        assertThat(new Sendmail(call, inject -> 7, (words, variables) -> 9).run())
                .isZero();
        assertThat(out.toString(StandardCharsets.ISO_8859_1)).contains("newaliases: aliases take effect at once");
    }

    @Test
    @Covers({"qmail:I17", "qmail:I18"})
    void queueListAndSmtpAreOtherCommands() throws Exception {
        assertThat(sendmail("-bp")).isEqualTo(9);
        assertThat(sendmail("-bs")).isEqualTo(9);
        environment.put("PROTO", "TCP");
        sendmail("-oi", "-bs");
        assertThat(started)
                .containsExactly(
                        "qmail-qread {}",
                        "qmail-smtpd --without-tls {DATABYTES=0, PROTO=TCP, RELAYCLIENT=, TCPLOCALHOST=localhost,"
                                + " TCPLOCALIP=127.0.0.1, TCPREMOTEHOST=localhost, TCPREMOTEINFO=sendmail-bs,"
                                + " TCPREMOTEIP=127.0.0.1}",
                        "qmail-smtpd {}");
    }

    @Test
    @Covers("qmail:I19")
    void mailsubjWritesTheHeader(@TempDir Path home) throws Exception {
        var injection = new Injection(home);
        var call = new Invocation(
                List.of("caf\u00e9\nBcc: victim", "bob", "ann@y.example"),
                Map.of("QMAILUSER", "joe"),
                new java.io.ByteArrayInputStream("body\n".getBytes()),
                new ByteArrayOutputStream(),
                new ByteArrayOutputStream());
        int code = Mailsubj.run(
                call, c -> new QmailInject(c, new carteiro.control.Installation(home), injection.queue).run());
        assertThat(code).isZero();
        assertThat(injection.queue.only().injected())
                .endsWith("Subject: caf\u00e9 Bcc: victim\nTo: bob@mail.example.org, ann@y.example\n\nbody\n");
        assertThat(injection.queue.only().recipients()).containsExactly("bob@mail.example.org", "ann@y.example");
        assertThat(Mailsubj.run(call.withArguments(List.of("only")))).isEqualTo(100);
    }

    @ParameterizedTest
    @CsvSource({
        "2026-11-04T03:08:09+01:00, 4 Nov 2026 03:08:09 +0100",
        "2026-11-24T23:59:00-03:30, 24 Nov 2026 23:59:00 -0330",
        "2026-11-24T00:00:00Z, 24 Nov 2026 00:00:00 +0000"
    })
    @Covers("qmail:I19")
    void predateWritesLocalTime(String time, String date) {
        assertThat(Predate.field(ZonedDateTime.parse(time))).isEqualTo("Date: " + date + "\n");
    }

    @Test
    @Covers("qmail:I19")
    void predateAnswersWhatItsProgramAnswers(@TempDir Path folder) throws Exception {
        Path seen = folder.resolve("seen");
        var call = new Invocation(
                List.of("sh", "-c", "cat >" + seen + "; exit 42"),
                Map.of(),
                new java.io.ByteArrayInputStream("Subject: x\n\n".getBytes()),
                new ByteArrayOutputStream(),
                new ByteArrayOutputStream());
        assertThat(Predate.run(call)).isEqualTo(42);
        assertThat(Files.readString(seen)).matches("Date: \\d{1,2} \\w{3} \\d{4} [\\d:]{8} [+-]\\d{4}\nSubject: x\n\n");
        assertThat(Predate.run(call.withArguments(List.of("/nowhere/at/all")))).isEqualTo(111);
        assertThat(Predate.run(call.withArguments(List.of("sh", "-c", "kill -9 $$"))))
                .isEqualTo(111);
        assertThat(Predate.run(call.withArguments(List.of()))).isEqualTo(100);
    }
}
