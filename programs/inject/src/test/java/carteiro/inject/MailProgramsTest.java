package carteiro.inject;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import carteiro.control.Installation;
import carteiro.log.EventLog;
import carteiro.protocol.SocketWires;
import carteiro.protocol.Spool;
import carteiro.testkit.Covers;
import java.io.ByteArrayOutputStream;
import java.io.Closeable;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Clock;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The commands as processes, called by the programs that call them everywhere; a queue of the test's behind the socket. */
class MailProgramsTest {
    @TempDir
    Path home;

    private final Recorded queue = new Recorded();
    private final EventLog log = new EventLog(new ByteArrayOutputStream(), EventLog.LogFormat.PLAIN, Clock.systemUTC());
    private SocketWires wires;
    private Closeable endpoint;

    @BeforeEach
    void installation() throws Exception {
        new Injection(home);
        wires = new SocketWires(new Installation(home), log);
        endpoint = wires.offer(queue);
        Files.createDirectories(home.resolve("bin"));
        command("sendmail", Sendmail.class);
        command("qmail-inject", QmailInject.class);
        command("qmail-queue", QmailQueue.class);
        command("mailsubj", Mailsubj.class);
        command("datemail", Datemail.class);
    }

    @AfterEach
    void close() throws Exception {
        endpoint.close();
        wires.close();
        log.close();
    }

    /** A command of the installation, as the launcher makes it. */
    private void command(String name, Class<?> type) throws IOException {
        script(
                name,
                "exec " + System.getProperty("java.home") + "/bin/java -XX:TieredStopAtLevel=1 -XX:+UseSerialGC"
                        + " -Xshare:auto --enable-native-access=ALL-UNNAMED -Dcarteiro.home=" + home + " -cp '"
                        + System.getProperty("java.class.path") + "' " + type.getName() + " \"$@\"");
    }

    private void script(String name, String text) throws IOException {
        Path file = home.resolve("bin").resolve(name);
        Files.writeString(file, "#!/bin/sh\n" + text + "\n");
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
    }

    private String bin(String name) {
        return home.resolve("bin").resolve(name).toString();
    }

    private record Ended(int code, String out, String err) {}

    private Ended run(String input, Map<String, String> variables, String... words) throws Exception {
        Path in = Files.writeString(home.resolve("input"), input, ISO_8859_1);
        File out = home.resolve("output").toFile();
        File err = home.resolve("errors").toFile();
        var builder = new ProcessBuilder(words)
                .redirectInput(in.toFile())
                .redirectOutput(out)
                .redirectError(err);
        builder.environment()
                .putAll(Map.of("LC_ALL", "C", "HOME", home.toString(), "QMAILUSER", "joe", "QUEUEWAIT", "0"));
        builder.environment().putAll(variables);
        Process process = builder.start();
        if (!process.waitFor(60, TimeUnit.SECONDS)) {
            process.destroyForcibly();
            throw new AssertionError(String.join(" ", words) + " does not end: " + Files.readString(err.toPath()));
        }
        return new Ended(
                process.exitValue(),
                Files.readString(out.toPath(), ISO_8859_1),
                Files.readString(err.toPath(), ISO_8859_1));
    }

    private static void need(String program) {
        boolean found = java.util.Arrays.stream(System.getenv("PATH").split(":"))
                .anyMatch(folder -> Files.isExecutable(Path.of(folder, program)));
        assumeThat(found).as(program + " is installed").isTrue();
    }

    @Test
    @Covers("qmail:I17")
    void cronsMailArrives() throws Exception {
        var ended = run(
                "From: root (Cron Daemon)\nTo: joe\nSubject: Cron <root@mail> backup\nX-Cron-Env: <SHELL=/bin/sh>\n"
                        + "\ndone\n.\nafter the dot\n",
                Map.of(),
                bin("sendmail"),
                "-FCronDaemon",
                "-i",
                "-B8BITMIME",
                "-oem",
                "joe");
        assertThat(ended).isEqualTo(new Ended(0, "", ""));
        assertThat(queue.only().recipients()).containsExactly("joe@mail.example.org");
        assertThat(queue.only().injected())
                .contains("From: root@mail.example.org (Cron Daemon)\n", "\n\ndone\n.\nafter the dot\n");
    }

    @Test
    @Covers("qmail:I17")
    void snailSends() throws Exception {
        need("s-nail");
        var ended = run(
                "body of s-nail\n",
                Map.of("LC_ALL", "C.UTF-8"),
                "s-nail",
                "-n",
                "-S",
                "mta=" + bin("sendmail"),
                "-S",
                "sendwait",
                "-r",
                "ann@x.example",
                "-s",
                "hello",
                "-b",
                "hidden@y.example",
                "bob@y.example");
        assertThat(ended.code()).as(ended.err()).isZero();
        assertThat(queue.only().sender()).isEqualTo("ann@x.example");
        assertThat(queue.only().recipients()).containsExactlyInAnyOrder("bob@y.example", "hidden@y.example");
        assertThat(queue.only().injected())
                .contains("Subject: hello\n", "To: bob@y.example\n", "\n\nbody of s-nail\n")
                .doesNotContain("hidden");
    }

    @Test
    @Covers("qmail:I17")
    void muttSends() throws Exception {
        need("mutt");
        var ended = run(
                "body of mutt\n",
                Map.of("LC_ALL", "C.UTF-8"),
                "mutt",
                "-n",
                "-F",
                "/dev/null",
                "-e",
                "set sendmail='" + bin("sendmail") + " -oem -oi'",
                "-e",
                "set copy=no use_envelope_from=yes from=ann@x.example",
                "-s",
                "hello",
                "bob@y.example");
        assertThat(ended.code()).as(ended.err()).isZero();
        assertThat(queue.only().sender()).isEqualTo("ann@x.example");
        assertThat(queue.only().recipients()).containsExactly("bob@y.example");
        assertThat(queue.only().injected()).contains("Subject: hello\n", "\n\nbody of mutt\n");
    }

    @Test
    @Covers("qmail:I17")
    void pythonSends() throws Exception {
        need("python3");
        var ended = run("", Map.of("SENDMAIL", bin("sendmail")), "python3", "-c", """
                import os, subprocess
                from email.message import EmailMessage
                m = EmailMessage()
                m['From'] = 'ann@x.example'
                m['To'] = 'Bob <bob@y.example>'
                m['Bcc'] = 'hidden@y.example'
                m['Subject'] = 'caf\\u00e9'
                m.set_content('body of python')
                subprocess.run([os.environ['SENDMAIL'], '-t', '-oi'], input=m.as_bytes(), check=True)
                """);
        assertThat(ended.code()).as(ended.err()).isZero();
        assertThat(queue.only().recipients()).containsExactlyInAnyOrder("bob@y.example", "hidden@y.example");
        assertThat(queue.only().injected()).contains("\n\nbody of python\n").doesNotContain("hidden");
    }

    /** PHP's mail() pipes such a message, with CR LF between the header fields, into {@code sendmail -t -i}. */
    @Test
    @Covers("qmail:I17")
    void whatPhpPipesArrives() throws Exception {
        var ended = run(
                "To: bob@y.example\r\nSubject: hello\r\nX-PHP-Originating-Script: 0:a.php\r\n"
                        + "From: web@x.example\r\nCc: carl@y.example\r\n\r\nfirst\nsecond\n",
                Map.of(),
                bin("sendmail"),
                "-t",
                "-i",
                "-fweb@x.example");
        assertThat(ended).isEqualTo(new Ended(0, "", ""));
        assertThat(queue.only().recipients()).containsExactly("bob@y.example", "carl@y.example");
        assertThat(queue.only().injected())
                .endsWith("From: web@x.example\nCc: carl@y.example\n\nfirst\nsecond\n")
                .doesNotContain("\r");
    }

    @Test
    @Covers("qmail:I17")
    void phpSends() throws Exception {
        need("php");
        var ended = run(
                "",
                Map.of(),
                "php",
                "-n",
                "-d",
                "sendmail_path=" + bin("sendmail") + " -t -i",
                "-r",
                "exit(mail('Bob <bob@y.example>', 'hello', \"first\\n.\\nlast\\n\","
                        + " ['From' => 'web@x.example', 'Bcc' => 'hidden@y.example'], '-fbounces@x.example') ? 0 : 1);");
        assertThat(ended).isEqualTo(new Ended(0, "", ""));
        assertThat(queue.only().sender()).isEqualTo("bounces@x.example");
        assertThat(queue.only().recipients()).containsExactlyInAnyOrder("bob@y.example", "hidden@y.example");
        assertThat(queue.only().injected())
                .contains("To: Bob <bob@y.example>\n", "Subject: hello\n", "From: web@x.example\n")
                .containsPattern("\n\nfirst\n\\.\nlast\n")
                .doesNotContain("hidden", "\r");
    }

    @Test
    void octetsAboveAsciiSurviveTheCLocale() throws Exception {
        var ended = run(
                "To: a\n\n",
                Map.of(),
                "sh",
                "-c",
                "QMAILNAME=$(printf 'Jos\\303\\251') exec " + bin("sendmail")
                        + " -t \"$(printf 'caf\\303\\251@y.example')\"");
        assertThat(ended).isEqualTo(new Ended(0, "", ""));
        assertThat(queue.only().recipients())
                .containsExactlyInAnyOrder("caf\u00c3\u00a9@y.example", "a@mail.example.org");
        assertThat(queue.only().injected()).contains("From: \"Jos\u00c3\u00a9\" <joe@mail.example.org>\n");
    }

    @Test
    @Covers({"qmail:Q02", "qmail:Q08"})
    void qmailQueueReadsItsEnvelopeFromDescriptorOne() throws Exception {
        Files.write(home.resolve("envelope"), "Fann@x\0Tbob@y\0\0".getBytes(ISO_8859_1));
        String redirected = bin("qmail-queue") + " 1<" + home.resolve("envelope");
        assertThat(run("binary \u0001\u00ff\r\nend", Map.of(), "sh", "-c", redirected))
                .isEqualTo(new Ended(0, "", ""));
        assertThat(queue.only().injected()).isEqualTo("binary \u0001\u00ff\r\nend");
        assertThat(queue.only().recipients()).containsExactly("bob@y");

        Files.write(home.resolve("envelope"), "Fann@x\0Tbob@y\0".getBytes(ISO_8859_1));
        var ended = run("x", Map.of(), "sh", "-c", redirected);
        assertThat(ended.code()).isEqualTo(54);
        assertThat(queue.messages).hasSize(1);
        assertThat(run("x", Map.of(), bin("qmail-queue")).code())
                .as("descriptor 1 is open for writing")
                .isEqualTo(54);
    }

    @Test
    void withoutAQueueItIsTroubleAndSaysSo() throws Exception {
        endpoint.close();
        var ended = run("To: a\n\n", Map.of(), bin("sendmail"), "-t");
        assertThat(ended.code()).isEqualTo(111);
        assertThat(ended.err()).startsWith("sendmail: fatal: ").contains("queue", "is it running?");
        Files.write(home.resolve("envelope"), "Fann@x\0Tbob@y\0\0".getBytes(ISO_8859_1));
        assertThat(run("x", Map.of(), "sh", "-c", bin("qmail-queue") + " 1<" + home.resolve("envelope"))
                        .code())
                .isEqualTo(62);
    }

    @Test
    void whileQueueIsDownMailWaitsInTheSpool() throws Exception {
        Files.writeString(home.resolve("control/queuediskfloor"), "1048576\n");
        Path spool = Spool.folder(new Installation(home));
        Spool.make(spool);
        endpoint.close();
        String large = "x".repeat(70) + "\n";
        for (String body : new String[] {"small\n", large.repeat(20_000)}) {
            assertThat(run("To: a\n\n" + body, Map.of(), bin("sendmail"), "-t")).isEqualTo(new Ended(0, "", ""));
        }
        assertThat(Spool.look(spool)).satisfies(content -> {
            assertThat(content.messages()).isEqualTo(2);
            assertThat(content.octets()).isGreaterThan(1_400_000);
            assertThat(content.drafts()).isZero();
        });
    }

    @Test
    void heapThatIsExhaustedIsTrouble() throws Exception {
        script(
                "qmail-inject",
                "exec " + System.getProperty("java.home") + "/bin/java -Xmx8m -XX:+UseSerialGC"
                        + " --enable-native-access=ALL-UNNAMED -Dcarteiro.home=" + home + " -cp '"
                        + System.getProperty("java.class.path") + "' carteiro.inject.QmailInject \"$@\"");
        var ended = run("To: " + "a,".repeat(90_000) + "\n\n", Map.of(), bin("qmail-inject"));
        assertThat(ended.code()).as(ended.err()).isEqualTo(111);
        assertThat(ended.err()).contains("out of memory");
    }

    @Test
    @Covers("qmail:I18")
    void logOfTheSmtpServerIsNotShownOnATerminal() throws Exception {
        need("script");
        script("qmail-smtpd", "read line; echo \"250 $line\"; echo a line of the log >&2");
        Files.writeString(home.resolve("conversation"), "HELO x\n");
        var ended = run(
                "",
                Map.of(),
                "script",
                "-qec",
                bin("sendmail") + " -bs <" + home.resolve("conversation"),
                home.resolve("typescript").toString());
        assertThat(ended.out()).contains("250 HELO x").doesNotContain("a line of the log");
        assertThat(run("HELO x\n", Map.of(), bin("sendmail"), "-bs").err()).isEqualTo("a line of the log\n");
    }

    @Test
    @Covers("qmail:I18")
    void childrenHaveASessionOfTheirOwn() throws Exception {
        script("qmail-qread", "ps -o sid= -p $$ | tr -d ' '; echo $$; read line && echo \"read $line\"; true");
        String[] lines = run("input\n", Map.of(), bin("sendmail"), "-bp").out().split("\n");
        assertThat(lines).as("its standard input is empty").hasSize(2);
        assertThat(lines[0]).isEqualTo(lines[1]);
    }

    @Test
    @Covers("qmail:I18")
    void smtpAndTheQueueListAreStartedAsChildren() throws Exception {
        script(
                "qmail-smtpd",
                "read line; echo \"$line $* $TCPREMOTEIP [${RELAYCLIENT-unset}] $CARTEIRO_HOME\"; exit 3");
        script("qmail-qread", "echo nothing waits");
        assertThat(run("HELO x\n", Map.of(), bin("sendmail"), "-bs"))
                .isEqualTo(new Ended(3, "HELO x --without-tls 127.0.0.1 [] " + home + "\n", ""));
        assertThat(run("", Map.of(), bin("sendmail"), "-bp")).isEqualTo(new Ended(0, "nothing waits\n", ""));
        Files.delete(home.resolve("bin/qmail-qread"));
        var ended = run("", Map.of(), bin("sendmail"), "-bp");
        assertThat(ended.code()).isEqualTo(111);
        assertThat(ended.err()).contains("cannot find qmail-qread");
    }

    @Test
    @Covers("qmail:I19")
    void mailsubjAndDatemailAreCommands() throws Exception {
        assertThat(run("body\n", Map.of(), bin("mailsubj"), "a subject", "bob").code())
                .isZero();
        assertThat(run("To: carl\n\nbody\n", Map.of("TZ", "Asia/Kolkata"), bin("datemail"), "-t")
                        .code())
                .isZero();
        assertThat(queue.messages).hasSize(2);
        assertThat(queue.messages.getFirst().injected())
                .endsWith("Subject: a subject\nTo: bob@mail.example.org\n\nbody\n");
        assertThat(queue.messages.getLast().injected())
                .containsPattern("\nDate: \\d{1,2} \\w{3} \\d{4} [\\d:]{8} \\+0530\nTo: carl@mail.example.org\n")
                .containsOnlyOnce("Date: ");
        assertThat(List.of(queue.messages.getLast().sender())).containsExactly("joe@mail.example.org");
    }
}
