package carteiro.tests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import carteiro.testkit.AlsoAsOrdinaryUser;
import carteiro.testkit.Covers;
import carteiro.tests.CarteiroProcess.Form;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The commands of a local user against the running product. */
@AlsoAsOrdinaryUser
class LocalCommandsTest {
    @ParameterizedTest
    @EnumSource
    @DisplayName("a session of sendmail -bs may relay; mailq and qmail-qstat show what waits")
    @Covers({"qmail:M26", "qmail:I17", "qmail:I18", "qmail:T01"})
    void smtpOnStandardInput(Form form) throws Exception {
        try (var carteiro = CarteiroProcess.prepare(form)) {
            carteiro.accounts("bob");
            carteiro.control("smtproutes", ":127.0.0.1:9"); // nobody listens there: it waits
            carteiro.start();
            String sendmail = carteiro.install("sendmail", "carteiro.inject.Sendmail");
            carteiro.install("qmail-smtpd", "carteiro.smtpd.QmailSmtpd");
            carteiro.install("qmail-qread", "carteiro.tools.QmailQread");
            var home = Map.of("CARTEIRO_HOME", carteiro.home().toString());

            var session = CarteiroProcess.run(
                    List.of(sendmail, "-bs"),
                    home,
                    "EHLO me\r\nMAIL FROM:<bob@example.org>\r\nRCPT TO:<bob@example.org>\r\n"
                            + "RCPT TO:<dora@far.example>\r\nDATA\r\nSubject: x\r\n\r\nby bs\r\n.\r\nQUIT\r\n");

            assertThat(session.output())
                    .as("both recipients, though far.example is not in rcpthosts")
                    .containsPattern("(?s)250 [^\n]*\r\n250 [^\n]*\r\n250 [^\n]*\r\n354 .*\r\n250 .*\r\n221 ");
            assertThat(carteiro.awaitMailbox("bob", 1))
                    .allMatch(message -> message.endsWith("\n\nby bs\n"))
                    .allMatch(message -> message.contains("127.0.0.1"));
            carteiro.awaitLog("delivery \\d+: deferral: .*");
            assertThat(CarteiroProcess.run(List.of(sendmail, "-bp"), home, "").output())
                    .matches(
                            "(?s)\\d{1,2} \\w{3} \\d{4} [\\d:]{8} GMT  #\\d+  \\d+  <bob@example.org> \n"
                                    + "  done\tlocal\tbob@example.org\n\tremote\tdora@far.example\n"
                                    + "\t\tnext try [^:]+:\\d\\d:\\d\\d GMT: [^\n]*wasn't able to establish an SMTP connection[^\n]*\n");
            String qread = carteiro.home().resolve("bin/qmail-qread").toString();
            assertThat(CarteiroProcess.run(List.of("/bin/sh", "-c", qread + " | true"), home, "")
                            .output())
                    .as("said when nobody reads the list to its end")
                    .isEmpty();
            assertThat(carteiro.command("carteiro.tools.QmailQstat").output())
                    .isEqualTo("messages in queue: 1\nmessages in queue but not yet preprocessed: 0\n");
            assertThat(carteiro.command("carteiro.tools.Check").output()).contains("no mistakes");
        }
    }

    @Test
    @DisplayName("qmail-qread shows what takes several pages, of messages and of recipients, each once and in order")
    void pages() throws Exception {
        try (var carteiro = CarteiroProcess.prepare(Form.ONE_PROCESS)) {
            carteiro.control("rcpthosts", "far.example");
            carteiro.control("maxrecipients", "5000");
            carteiro.start();
            carteiro.control(CarteiroProcess.Verb.STOP, "send");
            var wanted = new ArrayList<String>();
            try (var client = new SmtpClient(carteiro.smtp())) {
                for (int i = 0; i < 450; i++) {
                    var recipients = new ArrayList<String>();
                    for (int j = 0; j < (i == 300 ? 5000 : 1); j++) {
                        recipients.add("r" + i + "-" + j + "@far.example");
                    }
                    assertThat(client.send("s@near.example", recipients, "\nx\n"))
                            .startsWith("250 ");
                    wanted.addAll(recipients);
                }
            }
            List<String> lines = carteiro.command("carteiro.tools.QmailQread")
                    .output()
                    .lines()
                    .toList();
            assertThat(lines.stream().filter(line -> line.contains("  #"))).hasSize(450);
            assertThat(lines.stream()
                            .filter(line -> line.startsWith("\tremote\t"))
                            .map(line -> line.substring(8)))
                    .containsExactlyElementsOf(wanted);
        }
    }

    @Test
    @DisplayName("root looks into a queue whose owner is a number without an account, as in a container")
    void queueOfANumber() throws Exception {
        assumeTrue(CarteiroProcess.asRoot(), "SKIPPED: only root can be another user");
        try (var carteiro = CarteiroProcess.prepare(Form.ONE_PROCESS)) {
            carteiro.start();
            carteiro.killAll();
            Path queue = carteiro.home().resolve("queue");
            CarteiroProcess.run(List.of("chown", "-R", "45678:45678", queue.toString()), Map.of(), "");
            var checked = carteiro.attempt("", "carteiro.queuetool.QueueCommand", "check");
            assertThat(checked.output()).contains(queue + ": queue is not running");
            assertThat(checked.exit()).as(checked.output()).isZero();
        }
    }

    @ParameterizedTest
    @EnumSource
    @DisplayName("with queue stopped a local user's mail waits in the spool; started again, queue takes it in")
    void queueStopped(Form form) throws Exception {
        try (var carteiro = CarteiroProcess.prepare(form)) {
            carteiro.accounts("bob");
            carteiro.start();
            String sendmail = carteiro.install("sendmail", "carteiro.inject.Sendmail");
            var home = Map.of("CARTEIRO_HOME", carteiro.home().toString(), "QUEUEWAIT", "0");
            assertThat(carteiro.control(CarteiroProcess.Verb.STOP, "queue").exit())
                    .isZero();
            var spooled = CarteiroProcess.run(List.of(sendmail, "bob@example.org"), home, "\nfirst\n");
            assertThat(spooled.exit()).as(spooled.output()).isZero();
            assertThat(carteiro.command("carteiro.tools.Check").output()).contains("handed in while queue was down: 1");
            assertThat(carteiro.control(CarteiroProcess.Verb.START, "queue").exit())
                    .isZero();
            assertThat(carteiro.awaitMailbox("bob", 1)).hasSize(1).allMatch(m -> m.endsWith("\n\nfirst\n"));
            var sent = CarteiroProcess.run(List.of(sendmail, "bob@example.org"), home, "\nsecond\n");
            assertThat(sent.exit()).as(sent.output()).isZero();
            assertThat(carteiro.awaitMailbox("bob", 2)).hasSize(2).anyMatch(m -> m.endsWith("\n\nsecond\n"));
        }
    }

    @ParameterizedTest
    @EnumSource
    @DisplayName(
            "a user of the host cannot list the spool, but leave mail there while queue is down; it comes as that user's")
    void anotherUserWhileQueueIsStopped(Form form) throws Exception {
        assumeTrue(CarteiroProcess.asRoot(), "SKIPPED: only root can be another user");
        try (var carteiro = CarteiroProcess.prepare(form)) {
            carteiro.accounts("bob");
            carteiro.start();
            String sendmail = carteiro.install("sendmail", "carteiro.inject.Sendmail");
            var variables = Map.of("CARTEIRO_HOME", carteiro.home().toString(), "QUEUEWAIT", "0");
            List<String> nobody = List.of("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "sh", "-c");
            assertThat(carteiro.control(CarteiroProcess.Verb.STOP, "queue").exit())
                    .isZero();
            var spooled = CarteiroProcess.run(
                    with(nobody, "umask 077; " + sendmail + " bob@example.org"), variables, "\nby nobody\n");
            assertThat(spooled.exit()).as(spooled.output()).isZero();
            String spool = carteiro.home().resolve("spool").toString();
            assertThat(CarteiroProcess.run(with(nobody, "ls " + spool), variables, "")
                            .exit())
                    .isNotZero();
            assertThat(carteiro.control(CarteiroProcess.Verb.START, "queue").exit())
                    .isZero();
            carteiro.awaitLog("queue: spool: took in msg \\d+ from [0-9a-f]{32} uid 65534");
            assertThat(carteiro.awaitMailbox("bob", 1)).hasSize(1).allMatch(m -> m.endsWith("\n\nby nobody\n"));
        }
    }

    @ParameterizedTest
    @EnumSource
    @DisplayName(
            "local mail that is handed in while queue is stopped and started again is never refused and arrives once")
    void queueRestarted(Form form) throws Exception {
        try (var carteiro = CarteiroProcess.prepare(form)) {
            carteiro.accounts("bob");
            carteiro.start();
            String sendmail = carteiro.install("sendmail", "carteiro.inject.Sendmail");
            var home = Map.of("CARTEIRO_HOME", carteiro.home().toString());
            String large = ("x".repeat(70) + "\n").repeat(6_000);
            var handing = new FutureTask<List<CarteiroProcess.Result>>(() -> {
                var results = new ArrayList<CarteiroProcess.Result>();
                for (int i = 0; i < 10; i++) {
                    String body = "\nmessage " + i + "\n" + (i % 3 == 0 ? large : "");
                    results.add(CarteiroProcess.run(List.of(sendmail, "bob@example.org"), home, body));
                }
                return results;
            });
            Thread.ofPlatform().start(handing);
            carteiro.awaitMailbox("bob", 1);
            carteiro.control(CarteiroProcess.Verb.STOP, "queue");
            carteiro.control(CarteiroProcess.Verb.START, "queue");
            assertThat(handing.get(150, TimeUnit.SECONDS))
                    .allSatisfy(result ->
                            assertThat(result.exit()).as(result.output()).isZero());
            List<String> arrived = carteiro.awaitMailbox("bob", 10);
            assertThat(arrived).hasSize(10);
            for (int i = 0; i < 10; i++) {
                String line = "\nmessage " + i + "\n";
                assertThat(arrived)
                        .filteredOn(message -> message.contains(line))
                        .hasSize(1);
            }
        }
    }

    private static List<String> with(List<String> words, String last) {
        var all = new ArrayList<>(words);
        all.add(last);
        return all;
    }
}
